"""Care: arriving, admitting, noting, stating acts, ending. Each command asks the journey's guards first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from toubib import runtime
from toubib.audit import trail
from toubib.contracts.common import Message, Money, Ref, Refused
from toubib.contracts.identity import IdentityLevel
from toubib.contracts.journey import Command
from toubib.contracts.reimbursement import Charge
from toubib.db import actor, session, vault
from toubib.db.once import found_or_added
from toubib.db.states import move as move_state
from toubib.db.tables.journey import Admission, Encounter
from toubib.db.tables.money import MoneyDue
from toubib.db.tables.room import Note
from toubib.seams import clock
from toubib.services import checkout, coverage, journey, people, requests, room, visits
from toubib.services.locking import lock_agreement


@dataclass(frozen=True, slots=True)
class AdmissionLine:
    """The one line asked at admission."""

    identity_checked: bool
    country: str
    place: str
    phone: str
    others_present: str = ""


def arrive(encounter_id: str) -> Refused | None:
    """The patient waits. Waiting twice is no error."""
    encounter, appointment = visits.locked(encounter_id)
    if encounter.status == "planned":
        if refused := journey.guard(Command.ARRIVE, journey.view(encounter_id)):
            return refused
        if appointment.status != "booked":
            return Refused("state", Message("toubib", "This appointment is not booked."))
        move_state("encounter", encounter, "arrived")
        move_state("appointment", appointment, "arrived")
        encounter.arrived_at = clock.now()
        _wrote("arrive", encounter)
    return None


def admit(encounter_id: str, line: AdmissionLine) -> Refused | None:
    """The practitioner lets the patient in, having checked who and where they are."""
    encounter, _ = visits.locked(encounter_id)
    if encounter.status == "in-progress":
        return None
    if encounter.status != "arrived":
        return Refused("state", Message("toubib", "The patient is not in the waiting room yet."))
    for command in (Command.ADMIT, Command.START):
        if refused := journey.guard(command, journey.view(encounter_id)):
            return refused
    _keep_line(encounter, line)
    move_state("encounter", encounter, "in-progress")
    encounter.admitted_at = clock.now()
    if line.identity_checked and encounter.person_id:
        people.raise_level(encounter.person_id, IdentityLevel.SEEN)
    _wrote("admit", encounter)
    runtime.current().publisher.publish("encounter.admitted", Ref("encounter", encounter_id), encounter.organisation_id)
    return None


def _keep_line(encounter: Encounter, line: AdmissionLine) -> None:
    row = admission(encounter.id) or Admission(
        organisation_id=encounter.organisation_id, encounter_id=encounter.id, identity_checked=False, country=""
    )
    row.identity_checked, row.country, row.by, row.at = line.identity_checked, line.country, actor().id, clock.now()
    vault().seal(row, "place", line.place)
    vault().seal(row, "phone", line.phone)
    vault().seal(row, "others_present", line.others_present)
    session().add(row)


def correct_line(encounter_id: str, line: AdmissionLine) -> Refused | None:
    """Correct the admission line while they talk: the patient says where they are, or moves. Later it is part of the record."""
    encounter, _ = visits.locked(encounter_id)
    if encounter.status != "in-progress":
        return Refused("state", Message("toubib", "Who the patient is and where is corrected only while the consultation runs."))
    _keep_line(encounter, line)
    if line.identity_checked and encounter.person_id:
        people.raise_level(encounter.person_id, IdentityLevel.SEEN)
    _wrote("correct_admission", encounter)
    return None


def admission(encounter_id: str) -> Admission | None:
    """The admission line of an encounter, if it was asked."""
    return session().exec(select(Admission).where(Admission.encounter_id == encounter_id)).first()


def admission_line(encounter_id: str) -> AdmissionLine | None:
    """The admission line in clear, for those who care for the patient."""
    row = admission(encounter_id)
    if row is None:
        return None
    read = vault().read
    return AdmissionLine(row.identity_checked, row.country, read(row, "place"), read(row, "phone"), read(row, "others_present"))


def save_note(encounter_id: str, text: str, *, private: bool = True) -> datetime:
    """Keep the practitioner's note as it is now; returns when it was kept."""
    encounter = session().get_one(Encounter, encounter_id)
    new = Note(
        organisation_id=encounter.organisation_id,
        encounter_id=encounter_id,
        practitioner_role_id=encounter.practitioner_role_id or "",
        private=private,
        version=0,
    )
    row = found_or_added(_notes(encounter_id, private=private).with_for_update(), new)
    vault().seal(row, "body", text)
    row.version, row.updated_at = row.version + 1, clock.now()
    session().flush()
    if row.version == 1:
        _wrote("note", encounter)
    return row.updated_at


def note(encounter_id: str, *, private: bool = True) -> str:
    """The note's text; "" when there is none."""
    row = _note(encounter_id, private=private)
    return vault().read(row, "body") if row else ""


def _note(encounter_id: str, *, private: bool) -> Note | None:
    return session().exec(_notes(encounter_id, private=private)).first()


def _notes(encounter_id: str, *, private: bool) -> SelectOfScalar[Note]:
    return select(Note).where(Note.encounter_id == encounter_id, col(Note.private) == private).execution_options(populate_existing=True)


def state_acts(encounter_id: str, charges: Sequence[Charge]) -> Refused | None:
    """State what was done, in place of what was stated before. Never above what the patient accepted."""
    lock_agreement(encounter_id)
    encounter = session().get_one(Encounter, encounter_id, populate_existing=True)
    if encounter.status in ("settled", "cancelled"):
        return Refused("state", Message("toubib", "The acts of this visit are frozen."))
    limit, billed = maximum(encounter_id), coverage.with_charges(coverage.context(encounter_id), charges)
    if limit is not None and coverage.estimate(billed).asked > limit:
        return Refused("maximum", Message("toubib", "The patient accepted at most %(maximum)s. State acts within it.", {"maximum": limit}))
    coverage.state_charges(encounter, billed.charges)
    _wrote("state_acts", encounter)
    return None


def state_emergency(encounter_id: str, *, stated: bool) -> None:
    """The performer says whether it was an emergency, before the acts are frozen; some payers ask less of one."""
    journey.mark(encounter_id, coverage.EMERGENCY, "stated", "1" if stated else "")


def maximum(encounter_id: str) -> Money | None:
    """The most that the patient accepted to pay for this visit; `None` when nothing is due."""
    due = session().exec(
        select(MoneyDue).where(MoneyDue.encounter_id == encounter_id, MoneyDue.purpose == checkout.PURPOSE, MoneyDue.status != "cancelled")
    ).first()
    return Money(due.max_minor, due.currency) if due else None


def end(encounter_id: str) -> Refused | None:
    """End the consultation: the room closes, the appointment is fulfilled. Money and claims follow at settle."""
    encounter, appointment = visits.locked(encounter_id)
    if encounter.status in ("finished", "settled"):
        return None
    if encounter.status != "in-progress":
        return Refused("state", Message("toubib", "This consultation has not begun."))
    if refused := journey.guard(Command.END, journey.view(encounter_id)):
        return refused
    move_state("encounter", encounter, "finished")
    move_state("appointment", appointment, "fulfilled")
    encounter.ended_at = clock.now()
    requests.follow(encounter_id, "completed")
    room.close(encounter_id)
    _wrote("end", encounter)
    runtime.current().publisher.publish("encounter.ended", Ref("encounter", encounter_id), encounter.organisation_id)
    return None


def unsuitable(encounter_id: str) -> Refused | None:
    """Video does not suit what the patient needs: recorded, ended without a fee, and whatever was held is released."""
    encounter, _ = visits.locked(encounter_id)
    if encounter.status not in ("arrived", "in-progress"):
        return Refused("state", Message("toubib", "Only a visit that waits or runs can be ended without a fee."))
    if refused := visits.cancel(encounter_id, "practitioner", "video not suitable"):
        return refused
    row = admission(encounter_id) or Admission(
        organisation_id=encounter.organisation_id, encounter_id=encounter_id, identity_checked=False, country=""
    )
    row.suitable, row.by, row.at = False, actor().id, clock.now()
    session().add(row)
    room.close(encounter_id)
    encounter.ended_at = clock.now()
    _wrote("unsuitable", encounter)
    return None


def found_unsuitable(encounter_id: str) -> bool:
    """Whether the practitioner found that video did not suit this visit."""
    row = admission(encounter_id)
    return row is not None and not row.suitable


def _wrote(action: str, encounter: Encounter) -> None:
    trail.wrote(
        action, Ref("encounter", encounter.id), organisation_id=encounter.organisation_id, person_id=encounter.person_id or ""
    )
