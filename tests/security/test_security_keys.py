"""Keys: a text opens in its own row alone; the ring is rotated while people read and write, and nothing is lost."""
# ruff: noqa: S608  table and column names come from the schema itself

import json
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import LargeBinary, inspect, text
from sqlmodel import select

from toubib.contracts.common import Money, Period
from toubib.contracts.scheduling import OfferQuery
from toubib.db import database, rotation, session, vault
from toubib.db.tables.journey import Encounter
from toubib.db.tables.machinery import NotificationRow
from toubib.db.tables.people import Person
from toubib.db.tables.prescriptions import Document
from toubib.db.vault import Vault, VaultError, key_id_of
from toubib.runtime import Toubib
from toubib.seams import clock
from toubib.services import documents, people
from toubib.services.people import Traits
from toubib.testing.commands import Site
from toubib.testing.http_browser import HttpBrowser
from toubib.testing.practices import practice
from toubib.testing.servers import servers
from toubib_booking.seed import ROUND_THE_CLOCK, consultation, seed

Start = Callable[..., Toubib]
SETTLE = 0.5
"""Longer than the longest unit of work of these tests."""
BOOKING: Mapping[str, Any] = {"use": {"scheduler": "booking"}, "journeys": {"booked": {"steps": ["identity.traits"]}}}
TRAITS = {"given_names": "Ada", "birth_date_day": "1", "birth_date_month": "5", "birth_date_year": "1980", "sex": "female", "phone": "01 99 00 00 01"}


def person(name: str) -> str:
    """A person with sealed traits, in the open unit of work."""
    row = people.newcomer()
    people.set_traits(row.id, Traits(name, "Ada"))
    return row.id


def keys_in_use(toubib: Toubib) -> set[str]:
    """The key of every sealed text and file that there is, found without the program's own list of sealed columns."""
    used = {key_id_of(path.read_bytes()) for path in toubib.settings.storage.data.glob("blobs/??/*")}
    with database().engine.connect() as connection:
        found = inspect(connection)
        for table in found.get_table_names():
            for column in found.get_columns(table):
                if isinstance(column["type"], LargeBinary) or str(column["type"]) in ("BYTEA", "BLOB"):
                    rows = connection.execute(text(f'SELECT "{column["name"]}" FROM "{table}" WHERE "{column["name"]}" IS NOT NULL')).scalars()
                    used |= {key_id_of(bytes(content)) for content in rows}
    return used


def keep_document(toubib: Toubib, organisation_id: str, person_id: str, content: bytes) -> str:
    """A document of a record; opens its own unit of work."""
    assert toubib.settings.storage.data.exists()
    blob = documents.write_blob(content)
    with database().unit_of_work():
        return documents.keep(
            blob, content, organisation_id=organisation_id, person_id=person_id, encounter_id=None, kind="report", filename="a.txt", media_type="text/plain"
        )


def read_document(document_id: str) -> bytes:
    with database().reading():
        return documents.read_blob(session().get_one(Document, document_id).blob)


def name_of(person_id: str) -> str:
    with database().reading():
        return people.traits(person_id).family_name


def test_rotating_under_way_loses_nothing_and_leaves_nothing_on_the_old_key(installation: Start) -> None:
    toubib = installation()
    with database().unit_of_work():
        organisation = practice().organisation_id
        old = [person(f"Old {number}") for number in range(30)]
    paper = keep_document(toubib, organisation, old[0], b"an old report")
    former = vault().key_ring.ring().active
    written: dict[str, str] = {}
    papers: dict[str, bytes] = {}
    faults: list[Exception] = []
    stop = threading.Event()

    def journey(worker: int) -> None:
        number = 0
        try:
            while not stop.is_set():
                number += 1
                with database().unit_of_work():
                    made = person(f"New {worker}-{number}")
                    stop.wait(0.02)
                written[made] = f"New {worker}-{number}"
                assert name_of(made) == written[made]
                assert name_of(old[number % len(old)]).startswith("Old")
                if worker == 0 and number % 4 == 0:
                    papers[keep_document(toubib, organisation, made, b"%d" % number)] = b"%d" % number
                    assert read_document(paper) == b"an old report"
        except Exception as fault:  # noqa: BLE001  a thread's fault is the test's
            faults.append(fault)

    threads = [threading.Thread(target=journey, args=(worker,)) for worker in range(3)]
    for thread in threads:
        thread.start()
    try:
        resealed = [rotation.rotate(settle=SETTLE) for _ in range(2)]
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert faults == []
    assert resealed[0] >= 30
    assert len(written) > 5
    ring = vault().key_ring.ring()
    assert set(ring.keys) == {ring.active}
    assert former not in ring.keys
    assert keys_in_use(toubib) == {ring.active}
    assert {made: name_of(made) for made in written} == written
    assert [name_of(made) for made in old] == [f"Old {number}" for number in range(30)]
    assert {made: read_document(made) for made in papers} == papers


@dataclass
class Visitors:
    """People who book at a server process, one after the other, each with traits of their own."""

    port: int
    service: str
    starts: Sequence[datetime]
    booked: dict[str, str] = field(default_factory=dict)

    def book(self, number: int) -> None:
        """One whole booking of what costs nothing: a time, a code from the mail, the details."""
        browser = HttpBrowser(self.port)
        held = browser.post("/hold", "/search", {"service": self.service, "start": self.starts[number].isoformat()})
        visit = held.location.removesuffix("/who")
        browser.post(f"{visit}/who", f"{visit}/who", {"email": f"visitor-{number}@patient.test"})
        browser.post(f"{visit}/code", f"{visit}/who", {"code": code_for(f"visitor-{number}@patient.test")})
        traits = {f"identity.{name}": value for name, value in TRAITS.items()}
        told = browser.post(f"{visit}/details", f"{visit}/details", {**traits, "identity.family_name": f"Visitor {number}"})
        assert (told.status, told.location) == (302, visit)
        assert "Booked" in browser.get(visit).text
        self.booked[visit.rpartition("/")[2]] = f"Visitor {number}"


def code_for(address: str) -> str:
    """The code in the mail that waits for somebody."""
    with database().reading() as reading:
        rows = [row for row in reading.exec(select(NotificationRow)) if vault().read(row, "address") == address]
        return str(json.loads(vault().read(rows[-1], "body"))["params"]["code"])


def test_the_command_rotates_while_people_book_at_a_server(installation: Start, database_url: str, tmp_path: Path) -> None:
    toubib = installation("booking", **BOOKING)
    with database().unit_of_work():
        (service,) = seed(practice().role_id, week=ROUND_THE_CLOCK, services=[consultation(Money(0, "EUR"))])
    with database().reading():
        offers = toubib.scheduler.offers(OfferQuery(service, Period(clock.now() + timedelta(hours=5), clock.now() + timedelta(days=5)), 300))
    former = vault().key_ring.ring().active
    with servers(database_url, tmp_path, ["booking"], BOOKING, processes=1) as (port,):
        visitors = Visitors(port, service, [offer.period.start for offer in offers[::6]])
        visitors.book(0)
        command = Site.laid_out(tmp_path, database_url, "booking", use=BOOKING["use"]).command("keys", "rotate", "--settle", "2")
        running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        number = 0
        while running.poll() is None:
            number += 1
            visitors.book(number)
        said, _ = running.communicate()
        visitors.book(number + 1)
    assert (running.returncode, said.splitlines()[-1].endswith("the old keys are forgotten.")) == (0, True), said
    assert number >= 2
    active = vault().key_ring.ring().active
    assert active != former
    assert keys_in_use(toubib) == {active}
    with database().reading() as reading:
        people_of = {encounter: str(reading.get_one(Encounter, encounter).person_id) for encounter in visitors.booked}
    assert {encounter: name_of(person_id) for encounter, person_id in people_of.items()} == visitors.booked


def test_what_was_sealed_before_and_committed_after_the_new_key_is_kept(installation: Start) -> None:
    """The dangerous moment: a text sealed under the old key, not committed yet when the rotation looks."""
    installation()
    sealed, go = threading.Event(), threading.Event()
    made: list[str] = []

    def slow() -> None:
        row = Person(locale="fr", zone="Europe/Paris")
        vault().seal(row, "family_name", "Late")
        sealed.set()
        assert go.wait(10)
        with database().unit_of_work() as work:
            work.add(row)
        made.append(row.id)

    thread = threading.Thread(target=slow)
    thread.start()
    assert sealed.wait(10)
    threading.Timer(0.3, go.set).start()
    rotation.rotate(settle=1.0)
    thread.join()
    assert name_of(made[0]) == "Late"


def test_a_rotation_that_was_stopped_is_simply_run_again(installation: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    toubib = installation()
    with database().unit_of_work():
        organisation, made = practice().organisation_id, person("Kept")
    paper = keep_document(toubib, organisation, made, b"content")

    def power_cut(*_given: object) -> int:
        raise KeyboardInterrupt

    with monkeypatch.context() as cut:
        cut.setattr(Path, "replace", power_cut)
        with pytest.raises(KeyboardInterrupt):
            rotation._reseal_blob(next(rotation._blobs()), "00000000")
    with monkeypatch.context() as cut:
        cut.setattr(rotation, "_reseal_blob", power_cut)
        with pytest.raises(KeyboardInterrupt):
            rotation.rotate(settle=0)
    assert (name_of(made), read_document(paper)) == ("Kept", b"content")
    rotation.rotate(settle=0)
    assert (name_of(made), read_document(paper)) == ("Kept", b"content")
    assert keys_in_use(toubib) == {vault().key_ring.ring().active}
    assert [path for path in rotation._blobs() if path.suffix] == []


def test_texts_of_a_plugin_that_is_not_listed_now_are_kept_readable(installation: Start) -> None:
    toubib = installation()
    sealed = vault().seal_bytes(b"a key of its own", "absent_store.secret:row-1")
    kind = "BYTEA" if database().engine.dialect.name == "postgresql" else "BLOB"
    with database().unit_of_work() as work:
        work.execute(text(f"CREATE TABLE absent_store (id VARCHAR PRIMARY KEY, secret {kind}, picture {kind})"))
        work.execute(text("INSERT INTO absent_store VALUES ('row-1', :sealed, :picture)"), {"sealed": sealed, "picture": b"no sealed text, just bytes"})
    rotation.rotate(settle=0)
    with database().reading() as reading:
        content, picture = reading.execute(text("SELECT secret, picture FROM absent_store")).one()
    assert vault().open_bytes(bytes(content), "absent_store.secret:row-1") == b"a key of its own"
    assert bytes(picture) == b"no sealed text, just bytes"
    assert toubib.settings.keys_path.stat().st_mode & 0o077 == 0


def test_a_ciphertext_opens_in_its_own_row_and_column_alone(installation: Start) -> None:
    installation()
    with database().unit_of_work():
        ada, otto = person("Ada"), person("Otto")
    with database().unit_of_work():
        first, second = session().get_one(Person, ada), session().get_one(Person, otto)
        second.family_name = first.family_name
    with pytest.raises(VaultError):
        name_of(otto)
    with database().unit_of_work():
        second = session().get_one(Person, otto)
        second.family_name = second.given_names
    with pytest.raises(VaultError):
        name_of(otto)
    assert name_of(ada) == "Ada"


@pytest.mark.parametrize("place", [0, 3, 10, 20, -1])
def test_a_changed_byte_does_not_open(installation: Start, place: int) -> None:
    installation()
    sealed = bytearray(vault().seal_bytes(b"some health text", "here"))
    sealed[place] ^= 1
    with pytest.raises(VaultError):
        vault().open_bytes(bytes(sealed), "here")


def test_nothing_of_a_person_stands_in_the_database_in_clear(installation: Start) -> None:
    installation()
    with database().unit_of_work():
        person("Zyxwvut")
    with database().reading():
        rows = [row.model_dump() for row in session().exec(select(Person))]
    assert b"Zyxwvut" not in repr(rows).encode()


def test_another_process_sees_a_rotation_at_once(installation: Start) -> None:
    installation()
    other = Vault(type(vault().key_ring)(vault().key_ring.path))
    sealed = other.seal_bytes(b"text", "here")
    for _ in range(20):
        vault().key_ring.add_key()
        assert other.key_ring.ring().active == vault().key_ring.ring().active
    vault().key_ring.retire()
    with pytest.raises(VaultError, match="unknown key"):
        other.open_bytes(sealed, "here")
