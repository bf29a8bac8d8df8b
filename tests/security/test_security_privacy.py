"""A person's rights: an export with all of their own and nothing of anybody else's, and erasure as far as the law allows."""

import json
import os
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from io import BytesIO
from typing import Any

import pytest
from sqlmodel import select

from toubib.audit import chain
from toubib.contracts.identity import Verification
from toubib.contracts.privacy import ExportedItem
from toubib.core_parts import anchors
from toubib.db import database, session, vault, wall
from toubib.db.tables.access import Account, AuthSession, Delegation, ExternalIdentity, RoleAssignment
from toubib.db.tables.agenda import Appointment
from toubib.db.tables.directory import Organisation
from toubib.db.tables.journey import Encounter
from toubib.db.tables.machinery import AuditEvent, NotificationRow
from toubib.db.tables.money import LedgerTransfer, MoneyDue, PaymentAttempt
from toubib.db.tables.people import PersonExport, PersonFact, RelatedPerson
from toubib.db.tables.prescriptions import Document
from toubib.db.tables.room import ChatMessage, Note
from toubib.runtime import Toubib
from toubib.seams import clock
from toubib.seams.clock import FixedClock
from toubib.services import documents, ledger, sessions
from toubib.services.privacy import erasure, exports, walk
from toubib.services.privacy.erasure import CannotErase, Erasure
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
        sealed(NotificationRow(**own, person_id=visit.person_id, template="document_ready", status="sent"), "body", f'{{"to": "{word}-mail"}}')
        account = sealed(Account(person_id=visit.person_id, email_index=f"index-{word}"), "email", f"{word}-account")
        sessions.begin(account, "phone")
        due = MoneyDue(**own, debtor_person_id=visit.person_id, purpose="consultation", currency="EUR", max_minor=2500)
        session().add(due)
        session().flush()
        attempt = PaymentAttempt(
            organisation_id=made.organisation_id, due_id=due.id, provider="p", mode="authorise", amount_minor=2500, currency="EUR", locale="fr",
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


def finished(visit: Booked) -> None:
    """The visit took place, and its attempt to pay came to nothing."""
    with database().unit_of_work() as writing:
        encounter = writing.get_one(Encounter, visit.encounter_id)
        appointment = writing.exec(select(Appointment).where(Appointment.encounter_id == visit.encounter_id)).one()
        attempt = writing.exec(select(PaymentAttempt).join(MoneyDue).where(MoneyDue.encounter_id == visit.encounter_id)).one()
        attempt.status, appointment.status = "failed", "fulfilled"
        for status in ("arrived", "in-progress", "finished"):
            encounter.status = status
            writing.flush()
        encounter.ended_at = clock.now()


def erase(person_id: str) -> Erasure:
    with database().unit_of_work():
        return erasure.erase(person_id)


def held(toubib: Toubib) -> str:
    """Every word that the core holds of anybody, whatever was sealed opened, and every file that is left."""
    for path in (toubib.settings.storage.data / "blobs").glob("??/*"):
        os.utime(path, (0, 0))
    documents.sweep({})
    with database().reading() as reading:
        rows = [walk.as_json(row) for table in walk.core_tables() for row in reading.exec(select(table))]
        names = set(reading.exec(select(Document.blob).where(Document.status != documents.ERASED)))
    files = [path.name for path in (toubib.settings.storage.data / "blobs").glob("??/*")]
    assert set(files) == names, "no file stays without its document"
    return json.dumps(rows, ensure_ascii=False) + "".join(documents.read_blob(name).decode() for name in files)


@pytest.mark.feature("REC-06:b", "REC-06:c")
def test_what_the_law_keeps_stays_and_is_named_and_goes_when_its_time_is_over(two: tuple[Toubib, Known, Known], now: FixedClock) -> None:
    toubib, mine, other = two
    finished(mine.visit)
    person = mine.visit.person_id
    with database().reading():
        planned = erasure.plan(person)
    left = erase(person)
    assert left == planned
    assert [(kept.kind, kept.organisation, kept.until) for kept in left.kept] == [("record", "Practice praxis", date(2046, 3, 2)), ("trail", "", None)]
    assert toubib.catalogues.render(left.kept[0].why, "en").startswith("The law of the practice's country makes it keep this for 20 years")
    text = held(toubib)
    assert {word for word in mine.canaries if word in text} == {f"mine-{place}" for place in ("name", "chat", "note", "fact", "file")}
    assert not left.whole
    now.advance(timedelta(days=365 * 20))
    erasure.forget({})
    assert "mine-chat" in held(toubib), "not a day too early"
    now.advance(timedelta(days=7))
    erasure.forget({})
    text = held(toubib)
    assert {word for word in mine.canaries if word in text} == set()
    assert "mine-private" not in text
    assert {word for word in other.canaries if word not in text} == set(), "nobody else lost a word"


def test_whoever_was_never_treated_is_forgotten_at_once(two: tuple[Toubib, Known, Known], now: FixedClock) -> None:
    toubib, mine, other = two
    now.advance(timedelta(hours=2))
    with database().unit_of_work() as writing:
        writing.exec(select(PaymentAttempt).join(MoneyDue).where(MoneyDue.encounter_id == mine.visit.encounter_id)).one().status = "failed"
    assert erase(mine.visit.person_id).whole
    text = held(toubib)
    assert {word for word in mine.canaries if word in text} == set()
    assert {word for word in other.canaries if word not in text} == set()
    trails = count(AuditEvent)
    assert erase(mine.visit.person_id).whole
    assert count(AuditEvent) == trails, "doing it again changes nothing"


def count(table: Any) -> int:
    with database().reading() as reading:
        return len(reading.exec(select(table)).all())


def test_the_login_ends_and_the_address_is_free_again(two: tuple[Toubib, Known, Known]) -> None:
    _, mine, _other = two
    finished(mine.visit)
    erase(mine.visit.person_id)
    with database().reading() as reading:
        account = reading.exec(select(Account).where(Account.person_id == mine.visit.person_id)).one()
        assert (account.email, account.disabled_at) == (None, clock.now())
        assert reading.exec(select(AuthSession).where(AuthSession.account_id == account.id)).all() == []
        assert reading.exec(select(Account).where(Account.email_index == "index-mine")).first() is None
        relation = reading.exec(select(RelatedPerson)).one()
    assert relation.valid_to is not None


def test_whoever_worked_here_by_another_houses_word_can_be_forgotten_once_that_is_over(two: tuple[Toubib, Known, Known], now: FixedClock) -> None:
    """Of a former member of staff, agendas that were taken back still name the identity on which they rested."""
    _, mine, _other = two
    finished(mine.visit)
    with database().unit_of_work():
        account = session().exec(select(Account).where(Account.person_id == mine.visit.person_id)).one()
        identity = ExternalIdentity(account_id=account.id, provider="oidc.house", issuer="house", subject_index="subject")
        session().add(identity)
        session().flush()
        visit = session().get_one(Encounter, mine.visit.encounter_id)
        over: dict[str, Any] = {"valid_from": now.now() - timedelta(days=9), "valid_to": now.now() - timedelta(days=1)}
        role: dict[str, Any] = {"organisation_id": visit.organisation_id, "practitioner_role_id": visit.practitioner_role_id}
        session().add(Delegation(**role, **over, account_id=account.id, external_identity_id=identity.id))
        session().add(AuthSession(account_id=account.id, token_hash="of the house", external_identity_id=identity.id))
    erase(mine.visit.person_id)
    assert [count(table) for table in (ExternalIdentity, Delegation)] == [0, 1]


def test_the_books_and_the_chain_hold(two: tuple[Toubib, Known, Known]) -> None:
    toubib, mine, _other = two
    finished(mine.visit)
    chain.seal(anchors(toubib.settings))
    books = count(LedgerTransfer), count(MoneyDue), count(PaymentAttempt)
    erase(mine.visit.person_id)
    chain.seal(anchors(toubib.settings))
    with database().reading() as reading:
        verdict = chain.verify(reading, anchors(toubib.settings))
        assert set(ledger.trial_balance().values()) <= {0}
    assert (verdict.faults, verdict.unsealed) == ((), 0)
    assert (count(LedgerTransfer), count(MoneyDue), count(PaymentAttempt)) == books


def test_without_a_rule_of_the_country_nothing_is_guessed(two: tuple[Toubib, Known, Known], now: FixedClock) -> None:
    toubib, mine, _other = two
    finished(mine.visit)
    with database().unit_of_work() as writing:
        writing.get_one(Organisation, mine.visit.practice.organisation_id).country = "XX"
    (record, _trail) = erase(mine.visit.person_id).kept
    assert (record.kind, record.until) == ("record", None)
    now.advance(timedelta(days=365 * 100))
    erasure.forget({})
    assert "mine-chat" in held(toubib)


def test_while_something_is_open_nobody_is_erased(two: tuple[Toubib, Known, Known]) -> None:
    _, mine, _other = two
    with database().unit_of_work(), pytest.raises(CannotErase, match="still open"):
        erasure.erase(mine.visit.person_id)
    finished(mine.visit)
    with database().unit_of_work() as writing:
        account = writing.exec(select(Account).where(Account.person_id == mine.visit.person_id)).one()
        writing.add(RoleAssignment(account_id=account.id, organisation_id=mine.visit.practice.organisation_id, role="secretary"))
    with database().unit_of_work(), pytest.raises(CannotErase, match="works here"):
        erasure.erase(mine.visit.person_id)
