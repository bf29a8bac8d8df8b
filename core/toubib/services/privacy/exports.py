"""Exports that persons asked for: made by a job, kept encrypted for a week, handed out from the second origin."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from tempfile import TemporaryFile

from sqlmodel import col, select

from toubib import runtime
from toubib.audit import trail
from toubib.contracts.common import Ref
from toubib.contracts.jobs import Payload
from toubib.db import database, session
from toubib.db.tables.people import PersonExport
from toubib.seams import clock
from toubib.services import documents
from toubib.services.privacy import archive

JOB, SWEEP = "toubib.export_person", "toubib.sweep_exports"
KEPT = timedelta(days=7)
ASKED, READY = "asked", "ready"


@dataclass(frozen=True, slots=True)
class Export:
    """An export as its person sees it: `asked` while it is made, `ready` until `expires_at`. `size` in bytes."""

    id: str
    state: str
    size: int
    asked_at: datetime
    expires_at: datetime | None


def ask(person_id: str) -> str:
    """Order an export of everything held on a person, in the open unit of work; returns its id.

    The caller has checked that the actor is this person, or may act for them. While one is being made, asking again
    returns that one.
    """
    waiting = select(PersonExport).where(PersonExport.person_id == person_id, PersonExport.state == ASKED)
    if (row := session().exec(waiting).first()) is not None:
        return row.id
    row = PersonExport(person_id=person_id)
    session().add(row)
    session().flush()
    trail.wrote("ask_export", Ref("person", person_id), person_id=person_id)
    runtime.enqueue(JOB, {"export": row.id}, key=f"export:{row.id}")
    return row.id


def of_person(person_id: str) -> Sequence[Export]:
    """A person's exports, newest first. Inside a unit of work."""
    query = select(PersonExport).where(PersonExport.person_id == person_id).order_by(col(PersonExport.asked_at).desc())
    return [Export(row.id, row.state, row.size, row.asked_at, row.expires_at) for row in session().exec(query)]


def address(export_id: str, person_id: str) -> str | None:
    """A short-lived address of a ready export on the files origin; `None` when it is another's or gone. Audited; in a unit of work."""
    row = session().get(PersonExport, export_id)
    if row is None or row.person_id != person_id or row.state != READY:
        return None
    trail.read("person_export", [export_id], person_id=person_id)
    return documents.address(export_id)


def make(payload: Payload) -> None:
    """Job: write the archive. Again after a crash it writes it anew; the file of the first try is swept."""
    export_id = str(payload["export"])
    with TemporaryFile() as file:
        with database().reading() as reading:
            row = reading.get(PersonExport, export_id)
            if row is None or row.state == READY:
                return
            archive.write(row.person_id, file)
        file.seek(0)
        content = file.read()
    blob = documents.write_blob(content)
    with database().unit_of_work() as writing:
        fresh = writing.get_one(PersonExport, export_id)
        fresh.state, fresh.blob, fresh.size, fresh.expires_at = READY, blob, len(content), clock.now() + KEPT
        trail.wrote("export", Ref("person", fresh.person_id), person_id=fresh.person_id)


def sweep(_payload: Payload) -> None:
    """Job, every hour: forget exports whose week is over; their files are swept with all orphans."""
    with database().unit_of_work() as writing:
        for row in writing.exec(select(PersonExport).where(col(PersonExport.expires_at) <= clock.now())).all():
            writing.delete(row)
