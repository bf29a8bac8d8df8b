"""The trail: history that the database refuses to change, and changes by its owner that the outside anchor shows."""
# ruff: noqa: S608  table and column names come from the schema itself

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, create_engine, event, text
from sqlalchemy.exc import DBAPIError
from sqlmodel import select

from toubib.audit import chain, trail
from toubib.audit.chain import AnchorFile, Verdict
from toubib.contracts.common import Ref
from toubib.contracts.identity import Actor, ActorKind
from toubib.core_parts import anchors
from toubib.db import database, session
from toubib.db.tables.machinery import AuditEvent, AuditPending, AuditSeal
from toubib.db.types import Table
from toubib.runtime import Toubib
from toubib.seams.clock import FixedClock
from toubib.testing.access_world import World, make_world

ACTOR = Actor(ActorKind.USER, "account-1", "person-é", acting_for="person-2")
EVENTS = 7
TABLES: tuple[tuple[type[Table], str], ...] = ((AuditEvent, "audit_event"), (AuditSeal, "audit_seal"))


@dataclass
class Trail:
    """A sealed trail, and the hands of somebody who owns the database."""

    file: AnchorFile

    def verdict(self) -> Verdict:
        """What the check says."""
        with database().reading() as reading:
            return chain.verify(reading, self.file)

    @contextmanager
    def owner(self) -> Iterator[Connection]:
        """A connection past every trigger and key."""
        engine = create_engine(database().engine.url)
        try:
            with engine.connect() as connection:
                if engine.dialect.name == "sqlite":
                    for name in connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name LIKE 'audit%'")).scalars().all():
                        connection.exec_driver_sql(f"DROP TRIGGER {name}")
                else:
                    connection.exec_driver_sql("ALTER TABLE audit_seal DROP CONSTRAINT IF EXISTS fk_audit_seal_event_id")
                    connection.exec_driver_sql("ALTER TABLE audit_seal DISABLE TRIGGER USER")
                    connection.exec_driver_sql("ALTER TABLE audit_event DISABLE TRIGGER USER")
                connection.commit()
                yield connection
                connection.commit()
        finally:
            engine.dispose()


def write(count: int) -> None:
    """Acts of a person, one unit of work each."""
    for number in range(count):
        with database().unit_of_work(ACTOR):
            trail.wrote(f"act {number}", Ref("encounter", f"encounter-{number}"), organisation_id="practice", person_id="person-3", reason="because")


@pytest.fixture
def sealed(installation: Callable[..., Toubib], now: FixedClock) -> Trail:
    toubib = installation()
    assert now.now().tzinfo
    write(EVENTS - 1)
    with database().unit_of_work(ACTOR):
        trail.read("document", ["document-2", "document-1"], organisation_id="practice", person_id="person-3")
    file = anchors(toubib.settings)
    assert chain.seal(file) == EVENTS
    made = Trail(file)
    assert made.verdict() == Verdict(EVENTS, 0, 1, ())
    return made


def row_of(model: type[Table], row_id: str) -> dict[str, Any] | None:
    """A row as the program reads it; `None` when it cannot."""
    try:
        with database().reading() as reading:
            found = reading.get(model, row_id)
            return found.model_dump() if found else None
    except (ValueError, TypeError, DBAPIError):
        return None


def damaged(raw: Any, where: int, byte: int, *, sqlite: bool) -> tuple[str, Any]:
    """A column's stored value with one byte changed: an SQL expression and its parameter."""
    if isinstance(raw, int):
        return ":v", raw ^ (1 << byte % 8)
    if sqlite:
        content = bytearray(str(raw).encode())
        content[where % len(content) : where % len(content) + 1] = bytes([byte])
        return "CAST(:v AS TEXT)", bytes(content)
    if not isinstance(raw, str | list):
        return "CAST(:v AS TIMESTAMPTZ)", str(raw.replace(microsecond=raw.microsecond ^ (1 << byte % 8)))
    content = bytearray((json.dumps(raw) if isinstance(raw, list) else raw).encode("ascii", "replace"))
    content[where % len(content) : where % len(content) + 1] = bytes([33 + byte % 90])
    return ("CAST(:v AS JSON)" if isinstance(raw, list) else ":v"), content.decode()


@pytest.mark.feature("REC-05:b")
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.filter_too_much])
@given(table=st.sampled_from(TABLES), number=st.integers(0, EVENTS - 1), column=st.integers(0, 20), where=st.integers(0, 70), byte=st.integers(0, 255))
def test_a_changed_byte_in_any_column_of_any_row_is_found(
    sealed: Trail, table: tuple[type[Table], str], number: int, column: int, where: int, byte: int
) -> None:
    model, name = table
    columns = list(model.model_fields)
    changed = columns[column % len(columns)]
    with sealed.owner() as connection:
        sqlite = connection.dialect.name == "sqlite"
        row_id = connection.execute(text(f"SELECT id FROM {name} ORDER BY id LIMIT 1 OFFSET {number}")).scalar_one()
        raw = connection.execute(text(f"SELECT {changed} FROM {name} WHERE id = :id"), {"id": row_id}).scalar_one()
        assume(raw != "")
        before = row_of(model, row_id)
        expression, value = damaged(raw, where, byte, sqlite=sqlite)
        mark = connection.execute(text(f"SELECT {'ctid' if not sqlite else 'rowid'} FROM {name} WHERE id = :id"), {"id": row_id}).scalar_one()
        with_id = {"v": value, "id": row_id}
        try:
            connection.execute(text(f"UPDATE {name} SET {changed} = {expression} WHERE id = :id"), with_id)
        except DBAPIError:
            assume(False)
        connection.commit()
    assert mark
    found = sealed.verdict().faults
    now = row_of(model, row_id)
    with sealed.owner() as connection:
        place = "id = :was" if changed != "id" else "id = :is"
        is_now: Any = value.decode(errors="surrogateescape") if isinstance(value, bytes) else value
        if sqlite:
            connection.execute(text(f"UPDATE {name} SET {changed} = :raw WHERE rowid = :mark"), {"raw": raw, "mark": mark})
        else:
            back = json.dumps(raw) if isinstance(raw, list) else raw
            cast = "CAST(:raw AS JSON)" if isinstance(raw, list) else ":raw"
            given_id = {"was": row_id} if changed != "id" else {"is": is_now}
            connection.execute(text(f"UPDATE {name} SET {changed} = {cast} WHERE {place}"), {"raw": back, **given_id})
    assert sealed.verdict().faults == (), "the repair must be whole, or the next example means nothing"
    assume(now is None or now != before)
    assert found != (), f"{name}.{changed}: {raw!r} became {value!r}"


def test_an_empty_column_that_is_filled_is_found(sealed: Trail) -> None:
    write(1)
    chain.seal(sealed.file)
    with sealed.owner() as connection:
        connection.execute(text("UPDATE audit_event SET reason = 'x' WHERE action = 'read'"))
    (fault,) = sealed.verdict().faults
    assert "or its event was changed" in fault


@pytest.mark.feature("REC-05:b")
@pytest.mark.parametrize("kept", [0, 1, EVENTS - 1])
def test_a_deleted_tail_is_found(sealed: Trail, kept: int) -> None:
    with sealed.owner() as connection:
        gone = connection.execute(text("SELECT event_id FROM audit_seal WHERE position > :kept"), {"kept": kept}).scalars().all()
        connection.execute(text("DELETE FROM audit_seal WHERE position > :kept"), {"kept": kept})
        for event_id in gone:
            connection.execute(text("DELETE FROM audit_event WHERE id = :id"), {"id": event_id})
    assert len(gone) == EVENTS - kept
    assert any(f"link {EVENTS} is not the one that was anchored" in fault for fault in sealed.verdict().faults)


def test_a_row_taken_from_the_middle_is_found(sealed: Trail) -> None:
    with sealed.owner() as connection:
        connection.execute(text("DELETE FROM audit_event WHERE id = (SELECT event_id FROM audit_seal WHERE position = 3)"))
    assert "the event of link 3 is missing or cannot be read" in sealed.verdict().faults
    with sealed.owner() as connection:
        connection.execute(text("DELETE FROM audit_seal WHERE position = 3"))
    assert "links 3 to 3 are missing" in sealed.verdict().faults


@pytest.mark.feature("REC-05:b")
def test_a_whole_recomputed_chain_is_found_from_outside(sealed: Trail) -> None:
    with sealed.owner() as connection:
        connection.execute(text("UPDATE audit_event SET actor_id = 'somebody else' WHERE action = 'act 1'"))
        connection.execute(text("DELETE FROM audit_seal"))
        connection.execute(text("INSERT INTO audit_pending (id) SELECT id FROM audit_event"))
    forged = AnchorFile(Path(f"{sealed.file.path}.forged"), b"a key that the owner of the database does not have")
    assert chain.seal(forged) == EVENTS
    with database().reading() as reading:
        assert chain.verify(reading, forged).faults == (), "the forger's own check is content"
    assert any("is not the one that was anchored" in fault for fault in sealed.verdict().faults)
    sealed.file.path.write_bytes(forged.path.read_bytes())
    assert f"anchor {EVENTS} was not written by this installation" in sealed.verdict().faults
    sealed.file.path.unlink()
    assert sealed.verdict().faults == ("the outside anchor is missing",)


def test_a_torn_anchor_line_is_said_and_spoils_no_other(sealed: Trail) -> None:
    with sealed.file.path.open("ab") as file:
        file.write(b'{"position": 8, "li')
    assert sealed.verdict().faults == ("a line of the outside anchor cannot be read",)
    write(1)
    chain.seal(sealed.file)
    verdict = sealed.verdict()
    assert (verdict.sealed, verdict.anchors, verdict.faults) == (EVENTS + 1, 3, ("a line of the outside anchor cannot be read",))


def test_what_is_not_sealed_yet_is_counted(sealed: Trail) -> None:
    write(3)
    assert sealed.verdict() == Verdict(EVENTS, 3, 1, ())
    chain.seal(sealed.file)
    assert sealed.verdict() == Verdict(EVENTS + 3, 0, 2, ())
    assert chain.seal(sealed.file) == 0


def test_what_was_taken_from_the_sealers_list_is_found(sealed: Trail) -> None:
    write(2)
    with sealed.owner() as connection:
        connection.execute(text("DELETE FROM audit_pending"))
    assert chain.seal(sealed.file) == 0
    assert sealed.verdict().faults == ("2 events have no link and do not wait for one",)


def test_sealing_reads_only_what_is_new(sealed: Trail) -> None:
    write(1)
    read: list[str] = []
    engine = database().engine
    event.listen(engine, "before_cursor_execute", lambda _c, _k, statement, *_rest: read.append(statement))
    chain.seal(sealed.file)
    assert not [statement for statement in read if "NOT IN" in statement]
    with database().reading() as reading:
        assert reading.exec(select(AuditPending)).all() == []


@pytest.mark.feature("REC-05:b")
@pytest.mark.parametrize("statement", [
    "UPDATE audit_event SET action = 'nothing'",
    "DELETE FROM audit_event",
    "UPDATE audit_seal SET link = ''",
    "DELETE FROM audit_seal",
    "INSERT OR REPLACE INTO audit_event SELECT * FROM audit_event",
    "TRUNCATE audit_event CASCADE",
    "TRUNCATE audit_seal",
])  # fmt: skip
def test_the_database_refuses_to_change_history(sealed: Trail, statement: str) -> None:
    if "REPLACE" in statement and database().engine.dialect.name == "postgresql":
        statement = "INSERT INTO audit_event SELECT * FROM audit_event ON CONFLICT (id) DO UPDATE SET action = 'nothing'"
    if "TRUNCATE" in statement and database().engine.dialect.name == "sqlite":
        statement = statement.removesuffix(" CASCADE").replace("TRUNCATE", "DELETE FROM")
    with pytest.raises(DBAPIError, match="append_only"), database().unit_of_work() as work:
        work.execute(text(statement))
    assert sealed.verdict() == Verdict(EVENTS, 0, 1, ())


def test_an_act_that_fails_leaves_no_trace_of_itself(sealed: Trail) -> None:
    with pytest.raises(ZeroDivisionError), database().unit_of_work(ACTOR):  # noqa: PT012  one unit of work
        trail.wrote("failed", Ref("encounter", "1"))
        raise ZeroDivisionError
    assert sealed.verdict().unsealed == 0


def test_what_one_page_reads_is_one_row(installation: Callable[..., Toubib]) -> None:
    installation()
    with database().reading(ACTOR):
        for number in range(200):
            trail.read("appointment", [f"a{number % 50}"], organisation_id="practice", person_id="p")
        trail.read("appointment", ["x"], organisation_id="practice", person_id="another")
    with database().reading():
        rows = session().exec(select(AuditEvent)).all()
    assert sorted((r.person_id, len(r.object_ids), r.actor_id) for r in rows) == [("another", 1, "account-1"), ("p", 50, "account-1")]


# --- the record's owner sees who read it


@pytest.fixture
def walked(app: Callable[..., Flask], now: FixedClock) -> tuple[Flask, World]:
    assert now.now().tzinfo
    return app(journeys={"booked": {"steps": []}}), make_world()


def read_by(world: World) -> list[tuple[str, str, str]]:
    """Actor, action and kind of every row about the patient of A, without what made the world."""
    with database().reading():
        rows = session().exec(select(AuditEvent).where(AuditEvent.person_id == world.objects["person"]["A"], AuditEvent.actor_kind != "system")).all()
    return sorted((row.actor_person_id, row.action, row.object_kind) for row in rows)


@pytest.mark.feature("REC-05:a", "REC-05:c")
def test_the_patient_sees_who_read_the_record(walked: tuple[Flask, World]) -> None:
    app, world = walked
    visit, document = world.objects["encounter"]["A"], world.objects["document"]["A"]
    patient, doctor = world.client(app, "patient"), world.client(app, "practitioner")
    english = {"Accept-Language": "en"}
    assert "Dr One" not in patient.get("/account/access", headers=english).text
    assert doctor.get(f"/practice/visits/{visit}", headers=english).status_code == 200
    assert doctor.get(f"/documents/{document}").status_code == 303
    assert patient.get(f"/visits/{visit}", headers=english).status_code == 200
    assert patient.get("/visits", headers=english).status_code == 200
    me, other = world.objects["person"]["A"], doctor_of(world)
    seen = read_by(world)
    assert {(other, "read", "encounter"), (other, "read", "document"), (me, "read", "encounter")} <= set(seen)
    assert seen.count((other, "read", "document")) == 1
    page = patient.get("/account/access", headers=english).text
    assert page.count("Dr One") >= 2
    assert "You" in page
    stranger = world.client(app, "other_patient").get("/account/access", headers=english).text
    assert "Dr One" not in stranger


def doctor_of(world: World) -> str:
    """The person of the practitioner of A."""
    from toubib.db.tables.directory import PractitionerRole

    with database().reading() as reading:
        return reading.get_one(PractitionerRole, world.objects["practitioner_role"]["A"]).practitioner_id


def test_a_refused_reading_reads_nothing(walked: tuple[Flask, World]) -> None:
    app, world = walked
    before = read_by(world)
    for role in ("anonymous", "other_patient", "other_practitioner", "secretary", "administrator", "weak"):
        client = world.client(app, role)
        assert client.get(f"/practice/visits/{world.objects['encounter']['A']}").status_code in (302, 404)
        assert client.get(f"/documents/{world.objects['document']['A']}").status_code in (302, 404)
    assert read_by(world) == before
