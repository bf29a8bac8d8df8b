"""A person's rights: an export with all of their own and nothing of anybody else's, and erasure as far as the law allows."""

import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from sqlmodel import select

from toubib.contracts.identity import Verification
from toubib.contracts.privacy import ExportedItem
from toubib.db import database, session, vault, wall
from toubib.db.tables.access import Account
from toubib.db.tables.machinery import NotificationRow
from toubib.db.tables.money import MoneyDue, PaymentAttempt
from toubib.db.tables.people import PersonExport, PersonFact, RelatedPerson
from toubib.db.tables.room import ChatMessage, Note
from toubib.runtime import Toubib
from toubib.seams import clock
from toubib.seams.clock import FixedClock
from toubib.services import documents, sessions
from toubib.services.privacy import exports, walk
from toubib.testing.booked import Booked, booked
from toubib.testing.practices import Practice, practice
from toubib.web.files_app import build as build_files

PLACES = ("name", "chat", "note", "fact", "file", "mail", "account", "payer")


@dataclass
class Known:
    """A patient of whom every kind of thing is held, each with a word of its own."""

    visit: Booked
    word: str

    @property
    def canaries(self) -> set[str]:
        return {f"{self.word}-{place}" for place in PLACES}


def sealed(row: Any, column: str, text: str) -> Any:
    vault().seal(row, column, text)
    session().add(row)
    session().flush()
    return row


def known(made: Practice, word: str, hours: int) -> Known:
    """Everything that a visit leaves behind, in words that nobody else's has."""
    blob = documents.write_blob(f"{word}-file".encode())
    with database().unit_of_work():
        visit = booked(made, clock.now() + timedelta(hours=hours), names=f"Ada {word}-name")
        own: dict[str, Any] = {"organisation_id": made.organisation_id, "encounter_id": visit.encounter_id}
        sealed(ChatMessage(**own, author_id="x", author_role="patient"), "body", f"{word}-chat")
        sealed(Note(**own, practitioner_role_id=made.role_id, private=False), "body", f"{word}-note")
        sealed(Note(**own, practitioner_role_id=made.role_id, private=True), "body", f"{word}-private")
        fact = PersonFact(person_id=visit.person_id, key="test.fact", valid_from=clock.now(), source="test", verification=Verification.DECLARED)
        sealed(fact, "value", f"{word}-fact")
        documents.keep(
            blob,
            f"{word}-file".encode(),
            organisation_id=made.organisation_id,
            person_id=visit.person_id,
            encounter_id=visit.encounter_id,
            kind="letter",
            filename="letter.txt",
            media_type="text/plain",
        )
        sealed(NotificationRow(**own, person_id=visit.person_id, template="document_ready"), "body", f'{{"to": "{word}-mail"}}')
        account = sealed(Account(person_id=visit.person_id, email_index=f"index-{word}"), "email", f"{word}-account")
        sessions.begin(account, "phone")
        due = MoneyDue(**own, debtor_person_id=visit.person_id, purpose="consultation", currency="EUR", max_minor=2500)
        session().add(due)
        session().flush()
        attempt = PaymentAttempt(
            organisation_id=made.organisation_id, due_id=due.id, provider="p", mode="authorise", amount_minor=2500, currency="EUR",
            key=f"{word}:1", expires_at=clock.now(),
        )  # fmt: skip
        sealed(attempt, "payer_email", f"{word}-payer")
    return Known(visit, word)


@pytest.fixture
def two(installation: Callable[..., Toubib], now: FixedClock) -> tuple[Toubib, Known, Known]:
    assert now.now().tzinfo
    toubib = installation("country_fr", site={"name": "Test", "country": "FR"})
    with database().unit_of_work():
        made = practice(country="FR")
    mine, other = known(made, "mine", 1), known(made, "other", 3)
    with database().unit_of_work():
        session().add(RelatedPerson(person_id=other.visit.person_id, helper_id=mine.visit.person_id, relation="guardian"))
        other_visit = session().get_one(walk_table("encounter"), other.visit.encounter_id)
        other_visit.booked_by = mine.visit.person_id
    return toubib, mine, other


def walk_table(name: str) -> Any:
    return next(table for table in walk.core_tables() if table.__tablename__ == name)


def archived(toubib: Toubib, person_id: str) -> dict[str, str]:
    """The archive as its person gets it: over the files origin, name by name."""
    with database().unit_of_work():
        export_id = exports.ask(person_id)
        assert exports.ask(person_id) == export_id, "asked twice, made once"
        assert exports.address(export_id, person_id) is None, "it is not made yet"
    toubib.jobs.run_due()
    with database().unit_of_work():
        address = exports.address(export_id, person_id)
        assert exports.address(export_id, "somebody else") is None
        (found,) = exports.of_person(person_id)
    assert address
    answer = build_files(toubib).test_client().get(address.partition("/files/")[1] + address.partition("/files/")[2])
    assert (answer.status_code, answer.content_type, len(answer.data)) == (200, "application/zip", found.size)
    with zipfile.ZipFile(BytesIO(answer.data)) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


@pytest.mark.feature("REC-06:a")
def test_the_export_holds_all_of_ones_own_and_nothing_of_others(two: tuple[Toubib, Known, Known]) -> None:
    toubib, mine, other = two
    files = archived(toubib, mine.visit.person_id)
    text = "\n".join(files.values())
    assert {word for word in mine.canaries if word not in text} == set()
    assert {word for word in other.canaries if word in text} == set(), "whom one helps or booked for is somebody else"
    assert "mine-private" not in text
    manifest = json.loads(files["manifest.json"])
    assert manifest["left_out"] == [{"what": "note", "count": 1, "why": manifest["left_out"][0]["why"]}]
    for name in ("person", "encounter", "appointment", "document", "money_due", "payment_attempt", "audit_event", "chart", "related_person"):
        assert manifest["core"][name] >= 1, name
    for secret in ("token_hash", "totp_secret", "email_index", "_hash"):
        assert secret not in text


def test_plugins_add_what_they_hold(two: tuple[Toubib, Known, Known]) -> None:
    class Data:
        name = "test"
        tables: tuple[str, ...] = ("test_thing",)

        def export(self, person_id: str) -> list[ExportedItem]:
            return [ExportedItem("test_thing", "1", json.dumps({"of": person_id}))]

        def erase(self, person_id: str) -> None:
            """Nothing is kept."""

    toubib, mine, _ = two
    toubib.registry.personal_data["test"] = Data()
    files = archived(toubib, mine.visit.person_id)
    assert json.loads(files["plugins/test.json"]) == [{"table": "test_thing", "id": "1", "content": {"of": mine.visit.person_id}}]


def test_no_table_about_people_is_forgotten(installation: Callable[..., Toubib]) -> None:
    """Whatever points to a person or visit, by whatever way, is walked to."""
    installation()
    reached, before = {"person"}, 0
    while before != len(reached):
        before = len(reached)
        reached |= {str(t.__tablename__) for t in walk.core_tables() if any(k.column.table.name in reached for k in walk._keys(t))}
    about = {str(t.__tablename__) for t in walk.core_tables() if wall.walled(t)}
    assert about - reached == set()
    assert {"account", "auth_session", "person_fact", "recovery_code", "notification"} <= reached
    assert reached & walk.SHARED == set()


def test_an_export_lives_a_week(two: tuple[Toubib, Known, Known], now: FixedClock) -> None:
    toubib, mine, _ = two
    archived(toubib, mine.visit.person_id)
    now.advance(timedelta(days=7, seconds=1))
    exports.sweep({})
    with database().reading() as reading:
        assert reading.exec(select(PersonExport)).all() == []
