"""Prescriptions: lines, status, document and dispenses. What may be written comes from country and carrier.

The prescription is a legal record of the core; the document is made by the chosen carrier, in a job or while
the practitioner waits, and can be made again.
"""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime

from pydantic import TypeAdapter
from sqlmodel import col, select

from toubib import runtime
from toubib.audit import trail
from toubib.contracts.common import ContractError, Message, Ref, Refused
from toubib.contracts.country import PrescriptionContext, PrescriptionRules
from toubib.contracts.jobs import Payload
from toubib.contracts.journey import Command
from toubib.contracts.prescription import IssuedPrescription, MedicationLine, Party, Subject
from toubib.db import database, require_outside, session, vault
from toubib.db.states import move as move_state
from toubib.db.tables.journey import Encounter
from toubib.db.tables.prescriptions import Prescription, PrescriptionLine
from toubib.seams import clock, randomness
from toubib.services import countries, directory, documents, journey, notices, people, room
from toubib.services.locking import lock_agreement
from toubib.services.secrets import fingerprint

_LINE: TypeAdapter[MedicationLine] = TypeAdapter(MedicationLine)
_ISSUED: TypeAdapter[IssuedPrescription] = TypeAdapter(IssuedPrescription)
CODE_DIGITS = 16
LATELY = 60
"""Lines looked at for favourites."""


@dataclass(frozen=True, slots=True)
class PrescriptionCard:
    """A prescription as lists show it."""

    id: str
    encounter_id: str
    status: str
    issued_at: datetime | None
    valid_until: date | None
    document_id: str | None
    version: int
    revoked_at: datetime | None
    reason: str


def draft(encounter_id: str) -> str:
    """The encounter's open draft, made now if there is none; returns its id."""
    row = _draft(encounter_id)
    if row is None:
        encounter = session().get_one(Encounter, encounter_id)
        if encounter.person_id is None or encounter.practitioner_role_id is None:
            raise ContractError(Message("toubib", "A prescription needs a patient and a practitioner."))
        row = Prescription(
            organisation_id=encounter.organisation_id,
            encounter_id=encounter_id,
            practitioner_role_id=encounter.practitioner_role_id,
            person_id=encounter.person_id,
            carrier=runtime.current().settings.use.carrier,
        )
        session().add(row)
        session().flush()
    return row.id


def open_draft(encounter_id: str) -> str | None:
    """The id of the encounter's unsigned prescription; `None` when there is none."""
    row = _draft(encounter_id)
    return row.id if row else None


def _draft(encounter_id: str) -> Prescription | None:
    return session().exec(
        select(Prescription).where(Prescription.encounter_id == encounter_id, Prescription.status == "draft")
    ).first()


def lines(prescription_id: str) -> list[MedicationLine]:
    """The lines of a prescription, in order."""
    rows = session().exec(
        select(PrescriptionLine).where(PrescriptionLine.prescription_id == prescription_id).order_by(col(PrescriptionLine.position))
    )
    return [_LINE.validate_json(vault().read(row, "body")) for row in rows]


def set_lines(prescription_id: str, given: Sequence[MedicationLine]) -> None:
    """Replace a draft's lines; an issued prescription cannot change any more. Raises `ContractError`."""
    row = _locked(prescription_id)
    if row.status != "draft":
        raise ContractError(Message("toubib", "A signed prescription cannot be changed. Replace it by another."))
    for former in session().exec(select(PrescriptionLine).where(PrescriptionLine.prescription_id == prescription_id)).all():
        session().delete(former)
    session().flush()
    for position, line in enumerate(given):
        body = PrescriptionLine(organisation_id=row.organisation_id, prescription_id=prescription_id, position=position)
        vault().seal(body, "body", json.dumps({**asdict(line), "classes": sorted(line.classes)}))
        session().add(body)
    session().flush()


def _locked(prescription_id: str) -> Prescription:
    """A prescription for a command: read anew, and nobody else's changes or signs any of its visit until the unit of work ends."""
    lock_agreement(session().get_one(Prescription, prescription_id).encounter_id)
    return session().get_one(Prescription, prescription_id, populate_existing=True, with_for_update=True)


def favourites(practitioner_role_id: str, limit: int = 4) -> list[MedicationLine]:
    """The lines that a practitioner signed most often lately, without whom they were for."""
    query = (
        select(PrescriptionLine)
        .join(Prescription, col(Prescription.id) == PrescriptionLine.prescription_id)
        .where(Prescription.practitioner_role_id == practitioner_role_id, Prescription.status == "issued")
        .order_by(col(Prescription.issued_at).desc(), col(PrescriptionLine.position))
        .limit(LATELY)
    )
    counted = Counter(_LINE.validate_json(vault().read(row, "body")) for row in session().exec(query))
    return [line for line, _ in counted.most_common(limit)]


CANCELLED = Refused("cancelled", Message("toubib", "This visit was cancelled, so nothing can be signed for it. Prescribe in another visit of this patient."))


def incomplete(given: Sequence[MedicationLine]) -> dict[str, Message]:
    """What each line still lacks, by `INDEX-field`."""
    faults: dict[str, Message] = {}
    for index, line in enumerate(given):
        if not line.text.strip():
            faults[f"{index}-drug"] = Message("toubib", "Name the drug.")
        if not line.dose.strip():
            faults[f"{index}-dose"] = Message("toubib", "Write the dose, as in “1 tablet”.")
        if not line.timing.strip():
            faults[f"{index}-when"] = Message("toubib", "Write when to take it, as in “morning and evening”.")
        if line.duration_days is None and not line.quantity.strip():
            faults[f"{index}-duration"] = Message("toubib", "Write for how many days, or how many units.")
    return faults


def rules(encounter_id: str, given: Sequence[MedicationLine]) -> PrescriptionRules:
    """What the country and the carrier say of these lines: blocks, warnings, mentions."""
    return _rules(encounter_id, given, spoken=room.spoke(encounter_id))


def waits_for_call(encounter_id: str, given: Sequence[MedicationLine]) -> bool:
    """Whether nothing but the call that has not connected yet stands against signing these lines."""
    blocked = not room.spoke(encounter_id) and _rules(encounter_id, given, spoken=False).blocks
    return bool(blocked) and not _rules(encounter_id, given, spoken=True).blocks


def _rules(encounter_id: str, given: Sequence[MedicationLine], *, spoken: bool) -> PrescriptionRules:
    toubib = runtime.current()
    encounter = session().get_one(Encounter, encounter_id)
    card = directory.role(encounter.practitioner_role_id or "")
    today = clock.today(card.zone)
    context = PrescriptionContext(today, encounter.modality, oral_contact=encounter.modality == "in_person" or spoken)
    found = countries.prescription_rules(card.country, context, given)
    carrier = toubib.registry.carriers[toubib.settings.use.carrier]
    refusals = [m for m in carrier.refusals(given) if m not in found.blocks]
    return PrescriptionRules((*found.blocks, *refusals), found.warnings, found.mentions, found.valid_until)


def issue(prescription_id: str) -> Refused | None:
    """Sign: the lines are final, the code under the QR is made, the document is ordered. Signing twice signs once.

    Refused for a visit that was cancelled since the lines were written.
    """
    row = _locked(prescription_id)
    if row.status == "issued":
        return None
    if session().get_one(Encounter, row.encounter_id, populate_existing=True).status == "cancelled":
        return CANCELLED
    given = lines(prescription_id)
    if not given:
        return Refused("empty", Message("toubib", "This prescription has no line yet."))
    if faults := incomplete(given):
        return Refused("incomplete", next(iter(faults.values())))
    if refused := journey.guard(Command.ISSUE_PRESCRIPTION, journey.view(row.encounter_id)):
        return refused
    found = rules(row.encounter_id, given)
    if found.blocks:
        return Refused("rule", found.blocks[0])
    if refused := _replace_former(row):
        return refused
    code = randomness.digits(CODE_DIGITS)
    move_state("prescription", row, "issued")
    row.issued_at, row.valid_until, row.verify_hash = clock.now(), found.valid_until, fingerprint(code)
    vault().seal(row, "verify_code", code)
    vault().seal(row, "issued", _ISSUED.dump_json(_issued(row, given, found, code)).decode())
    session().flush()
    _wrote("issue_prescription", row)
    runtime.current().publisher.publish("prescription.issued", Ref("prescription", row.id), row.organisation_id)
    runtime.enqueue("toubib.render_prescription", {"prescription": row.id}, key=f"render:{row.id}")
    return None


def _issued(row: Prescription, given: Sequence[MedicationLine], found: PrescriptionRules, code: str) -> IssuedPrescription:
    card = directory.role(row.practitioner_role_id)
    organisation = directory.organisation(row.organisation_id)
    who = people.traits(row.person_id)
    encounter = session().get_one(Encounter, row.encounter_id)
    settings = runtime.current().settings
    address = (card.street, f"{card.postcode} {card.city}", countries.name(card.country, settings.site.default_language))
    return IssuedPrescription(
        id=row.id,
        author=Party(card.name, address, {card.registry_key: card.registry_number}, card.phone, organisation.email, card.title),
        organisation=Party(organisation.name, address, dict(organisation.identifiers), organisation.phone, organisation.email),
        subject=Subject(f"{who.given_names} {who.family_name}", who.birth_date or date.min, who.sex),
        issued_at=row.issued_at or clock.now(),
        zone=card.zone,
        lines=tuple(given),
        mentions=found.mentions,
        modality=encounter.modality,
        locale=settings.site.default_language,
        verify_url=f"{settings.web.public_url.rstrip('/')}/verify?code={code}",
        verify_code=code,
        valid_until=found.valid_until,
        specimen=settings.demo,
        replaces=row.replaces_id or "",
    )


def issued(prescription_id: str) -> IssuedPrescription:
    """The signed decision, complete, as it was."""
    return _ISSUED.validate_json(vault().read(session().get_one(Prescription, prescription_id), "issued"))


def render_document(payload: Payload) -> None:
    """Job: have the carrier make the document, keep it, tell the patient. Making it again changes nothing."""
    make_document(str(payload["prescription"]))


def make_document(prescription_id: str) -> str:
    """Make the document of an issued prescription now, unless it is made; returns its id. Outside any unit of work."""
    require_outside("rendering a document")
    with database().reading() as reading:
        row = reading.get_one(Prescription, prescription_id)
        if row.document_id:
            return row.document_id
        decided = issued(prescription_id)
    rendered = runtime.current().registry.carriers[row.carrier].render(decided)
    blob = documents.write_blob(rendered.content)
    with database().unit_of_work() as writing:
        fresh = writing.get_one(Prescription, prescription_id, with_for_update=True)
        if fresh.document_id is None:
            fresh.document_id = documents.keep(
                blob,
                rendered.content,
                organisation_id=row.organisation_id,
                person_id=row.person_id,
                encounter_id=row.encounter_id,
                kind="prescription",
                filename=rendered.filename,
                media_type=rendered.media_type,
            )
            _tell(fresh, "document_ready")
        return fresh.document_id


def _tell(row: Prescription, template: str) -> None:
    encounter = session().get_one(Encounter, row.encounter_id)
    notices.queue(
        template,
        people.mail_of(encounter),
        locale=encounter.locale,
        params={"who": directory.role(row.practitioner_role_id).name},
        link=f"/visits/{row.encounter_id}",
        organisation_id=row.organisation_id,
        person_id=row.person_id,
        key=f"{template}:{row.id}",
    )


def revoke(prescription_id: str, reason: str) -> Refused | None:
    """Withdraw an issued prescription: whoever verifies it reads so at once, and the patient gets a mail. Twice is no error."""
    row = session().get_one(Prescription, prescription_id, populate_existing=True, with_for_update=True)
    if row.status == "revoked":
        return None
    if row.status != "issued":
        return NOT_VALID
    _end(row, "revoked", reason)
    runtime.current().publisher.publish("prescription.revoked", Ref("prescription", row.id), row.organisation_id)
    _tell(row, "prescription_withdrawn")
    return None


def _end(row: Prescription, status: str, reason: str) -> None:
    """A signed prescription does not hold any more, and why; its author, its patient and whoever verifies it read so."""
    move_state("prescription", row, status)
    row.revoked_at = clock.now()
    vault().seal(row, "revoked_reason", reason)
    session().flush()
    _wrote("revoke_prescription" if status == "revoked" else "replace_prescription", row)


NOT_VALID = Refused("state", Message("toubib", "This prescription does not hold any more: it was withdrawn or replaced."))


def begin_replacing(prescription_id: str, reason: str) -> Refused | None:
    """Open a draft with the same lines in the place of an issued prescription, which holds until the draft is signed."""
    row = _locked(prescription_id)
    if row.status != "issued":
        return NOT_VALID
    opened = session().get_one(Prescription, draft(row.encounter_id))
    if opened.replaces_id == row.id:
        return None
    if lines(opened.id):
        return Refused("draft", Message("toubib", "Another prescription of this visit is written and not signed. Sign it, or remove its lines, first."))
    opened.replaces_id, opened.version = row.id, row.version + 1
    vault().seal(opened, "revoked_reason", reason)
    set_lines(opened.id, lines(row.id))
    return None


def stop_replacing(draft_id: str) -> None:
    """Let the former prescription hold; what the draft says is an additional one from now on. Once it is signed, nothing changes."""
    row = _locked(draft_id)
    if row.status != "draft":
        return
    row.replaces_id, row.version = None, 1
    vault().seal(row, "revoked_reason", "")
    session().flush()


def replaced_by(draft_id: str) -> PrescriptionCard | None:
    """The signed prescription that a draft is to replace; `None` when it replaces none."""
    former = session().get_one(Prescription, draft_id).replaces_id
    return card(former) if former else None


def _replace_former(row: Prescription) -> Refused | None:
    """With its successor signed, the former prescription is over, for the reason that was written when it was begun."""
    if row.replaces_id is None:
        return None
    former = session().get_one(Prescription, row.replaces_id, populate_existing=True, with_for_update=True)
    if former.status != "issued":
        return NOT_VALID
    _end(former, "replaced", vault().read(row, "revoked_reason"))
    vault().seal(row, "revoked_reason", "")
    return None


def verify(code: str) -> Prescription | None:
    """The prescription behind a verification code; `None` when there is none. Says nothing of its content."""
    digits = "".join(c for c in code if c.isdigit())
    row = session().exec(select(Prescription).where(Prescription.verify_hash == fingerprint(digits))).first()
    if row is not None:
        trail.read("prescription_authenticity", [row.id], organisation_id=row.organisation_id, person_id=row.person_id)
    return row


def of_encounter(encounter_id: str) -> Sequence[PrescriptionCard]:
    """Signed prescriptions of a visit, newest first."""
    query = (
        select(Prescription)
        .where(Prescription.encounter_id == encounter_id, col(Prescription.status).in_(("issued", "revoked", "replaced")))
        .order_by(col(Prescription.issued_at).desc())
    )
    return [_card(p) for p in session().exec(query)]


def card(prescription_id: str) -> PrescriptionCard:
    """One signed prescription as lists show it."""
    return _card(session().get_one(Prescription, prescription_id))


def _card(row: Prescription) -> PrescriptionCard:
    reason = vault().read(row, "revoked_reason")
    return PrescriptionCard(
        row.id, row.encounter_id, row.status, row.issued_at, row.valid_until, row.document_id, row.version, row.revoked_at, reason
    )


def _wrote(action: str, row: Prescription) -> None:
    trail.wrote(action, Ref("prescription", row.id), organisation_id=row.organisation_id, person_id=row.person_id)
