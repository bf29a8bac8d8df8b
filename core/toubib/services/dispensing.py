"""Dispensing: what pharmacies handed out of a prescription, line by line, and never twice.

The code under the square says only that a prescription is authentic. Whoever wants to read its lines or record what they hand
out shows the patient's own code beside it: six digits that the patient reads on the visit's page, other ones every day. A wrong
entry is not deleted: it is marked as undone, and the trail keeps who did what.
"""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlmodel import col, select

from toubib.audit import trail
from toubib.contracts.common import Message, Ref, Refused
from toubib.contracts.prescription import MedicationLine
from toubib.db import session, vault
from toubib.db.tables.prescriptions import Dispense, Prescription, PrescriptionLine
from toubib.seams import clock
from toubib.services import directory, limits, prescriptions

PATIENT_DIGITS = 6
WRONG_PER_HOUR = 5
"""Wrong codes for one prescription; whoever guesses needs years."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What one pharmacy recorded of a line. `quantity` is empty for all of it; `undone_at` marks a wrong entry."""

    id: str
    quantity: str
    pharmacy: str
    at: datetime
    undone_at: datetime | None


@dataclass(frozen=True, slots=True)
class Line:
    """A line with what was recorded of it, oldest first. `left` is how often all of it may still be handed out."""

    id: str
    drug: MedicationLine
    entries: tuple[Entry, ...]
    left: int


def patient_code(prescription_id: str, day: date | None = None) -> str:
    """The code that the patient shows at the pharmacy: six digits, other ones every day; nothing of it is stored."""
    keyed = vault().blind("pharmacy", f"{prescription_id}:{(day or _today(prescription_id)).isoformat()}")
    return str(int(keyed, 16) % 10**PATIENT_DIGITS).zfill(PATIENT_DIGITS)


def _today(prescription_id: str) -> date:
    row = session().get_one(Prescription, prescription_id)
    return clock.today(directory.role(row.practitioner_role_id).zone)


def confirmed(prescription_id: str, typed: str) -> bool:
    """Whether the patient's code of today or yesterday was typed. After five wrong ones in an hour any raises `TooMany`, the right one too.

    Writes: a wrong try is counted in the open unit of work, which the caller lets end well.
    """
    limits.check("pharmacy", prescription_id, per_hour=WRONG_PER_HOUR)
    digits, today = "".join(c for c in typed if c.isdigit()), _today(prescription_id)
    known = [patient_code(prescription_id, day) for day in (today, today - timedelta(days=1))]
    if any(hmac.compare_digest(digits, code) for code in known):
        return True
    limits.count("pharmacy", prescription_id, per_hour=WRONG_PER_HOUR)
    return False


def lines(prescription_id: str) -> Sequence[Line]:
    """The lines of a prescription with what was handed out of each. The caller has audited that they are read."""
    query = select(PrescriptionLine).where(PrescriptionLine.prescription_id == prescription_id).order_by(col(PrescriptionLine.position))
    rows = session().exec(query).all()
    return [_line(row, drug) for row, drug in zip(rows, prescriptions.lines(prescription_id), strict=True)]


def _line(row: PrescriptionLine, drug: MedicationLine) -> Line:
    found = session().exec(select(Dispense).where(Dispense.line_id == row.id).order_by(col(Dispense.at), Dispense.id)).all()
    entries = tuple(Entry(d.id, "" if d.whole else d.quantity, d.pharmacy, d.at, d.undone_at) for d in found)
    whole = sum(1 for d in found if d.whole and d.undone_at is None)
    return Line(row.id, drug, entries, max(0, 1 + drug.repeats - whole))


def dispense(prescription_id: str, line_id: str, pharmacy: str, quantity: str = "") -> Refused | None:
    """Record that a pharmacy handed out a line: all that is left of it, or only `quantity` of it. Never twice.

    Two pharmacies at the same moment: the prescription's row is locked, and the second one reads what the first one recorded.
    """
    row = session().get_one(Prescription, prescription_id, with_for_update=True, populate_existing=True)
    if refused := _not_now(row) or _nothing_left(prescription_id, line_id):
        return refused
    entry = Dispense(organisation_id=row.organisation_id, line_id=line_id, whole=not quantity, quantity=quantity, pharmacy=pharmacy)
    session().add(entry)
    session().flush()
    _wrote("dispense", row, pharmacy)
    return None


def _not_now(row: Prescription) -> Refused | None:
    if row.status != "issued":
        return Refused("status", Message("toubib", "This prescription was withdrawn or replaced meanwhile. Do not dispense on it."))
    if row.valid_until and clock.today(directory.role(row.practitioner_role_id).zone) > row.valid_until:
        return Refused("expired", Message("toubib", "The time of this prescription is over. Do not dispense on it."))
    return None


def _nothing_left(prescription_id: str, line_id: str) -> Refused | None:
    line = next((line for line in lines(prescription_id) if line.id == line_id), None)
    if line is None:
        return Refused("line", Message("toubib", "This line does not stand on the prescription."))
    if line.left == 0:
        return Refused("dispensed", Message("toubib", "All of this line was handed out already. Nothing more may be dispensed on it."))
    return None


def undo(prescription_id: str, entry_id: str, pharmacy: str) -> Refused | None:
    """Mark an entry as wrong: it stays readable and counts no more. Undoing it twice changes nothing."""
    row = session().get_one(Prescription, prescription_id, with_for_update=True, populate_existing=True)
    entry = session().get(Dispense, entry_id)
    if entry is None or session().get_one(PrescriptionLine, entry.line_id).prescription_id != prescription_id:
        return Refused("entry", Message("toubib", "This entry does not stand on the prescription."))
    if entry.undone_at is None:
        entry.undone_at = clock.now()
        session().flush()
        _wrote("undo_dispense", row, pharmacy)
    return None


def _wrote(action: str, row: Prescription, pharmacy: str) -> None:
    about = Ref("prescription", row.id)
    trail.wrote(action, about, organisation_id=row.organisation_id, person_id=row.person_id, reason=pharmacy)
