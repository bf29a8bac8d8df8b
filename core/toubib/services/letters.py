"""Letters: what patient and practitioner write to each other about an encounter. Sealed, never changed, marked when read.

A correction is another letter that names the one it corrects; both stay, and each side sees when the other read which.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col, select

from toubib.audit import trail
from toubib.contracts.common import ContractError, Message, Ref
from toubib.contracts.media import ParticipantRole
from toubib.db import session, vault
from toubib.db.tables.journey import Encounter
from toubib.db.tables.requests import Communication
from toubib.seams import clock

LONGEST = 10_000


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter with its state: when the other side read it, and which later letter corrects it."""

    id: str
    kind: str
    author_role: ParticipantRole
    author_id: str
    text: str
    sent_at: datetime
    corrects_id: str | None
    corrected_by: str | None
    read_at: datetime | None


def write(encounter_id: str, kind: str, role: ParticipantRole, author_id: str, text: str, corrects_id: str | None = None) -> str:
    """Keep a letter and return its id. `kind` is a word of the plugin (`question`, `answer`, `follow_up`), no health data.

    `author_id` is the person's id or the practitioner's role. Raises `ContractError` for an empty or too long text, or a correction
    of somebody else's letter.
    """
    body = text.strip()
    if not body:
        raise ContractError(Message("toubib", "Write something first."))
    if len(body) > LONGEST:
        raise ContractError(Message("toubib", "This text is longer than %(most)s characters. Shorten it.", {"most": LONGEST}))
    encounter = session().get_one(Encounter, encounter_id)
    if corrects_id is not None:
        corrected = session().get_one(Communication, corrects_id)
        if (corrected.encounter_id, corrected.author_id) != (encounter_id, author_id):
            raise ContractError(Message("toubib", "Only its author corrects a letter."))
    row = Communication(
        organisation_id=encounter.organisation_id,
        encounter_id=encounter_id,
        kind=kind,
        author_role=role,
        author_id=author_id,
        corrects_id=corrects_id,
    )
    vault().seal(row, "body", body)
    session().add(row)
    session().flush()
    trail.wrote("write_letter", Ref("communication", row.id), organisation_id=row.organisation_id, person_id=encounter.person_id or "")
    return row.id


def of_encounter(encounter_id: str, reader: ParticipantRole | None = None) -> Sequence[Letter]:
    """The letters of an encounter, oldest first. Those that `reader`'s side reads for the first time are marked as read now."""
    encounter = session().get_one(Encounter, encounter_id)
    query = select(Communication).where(Communication.encounter_id == encounter_id).order_by(col(Communication.sent_at), Communication.id)
    rows = session().exec(query).all()
    if rows:
        trail.read("communication", [r.id for r in rows], organisation_id=encounter.organisation_id, person_id=encounter.person_id or "")
    for row in rows:
        if reader is not None and row.author_role != reader and row.read_at is None:
            row.read_at = clock.now()
    corrections = {row.corrects_id: row.id for row in rows if row.corrects_id}
    return [_letter(row, corrections.get(row.id)) for row in rows]


def _letter(row: Communication, corrected_by: str | None) -> Letter:
    return Letter(
        row.id,
        row.kind,
        ParticipantRole(row.author_role),
        row.author_id,
        vault().read(row, "body"),
        row.sent_at,
        row.corrects_id,
        corrected_by,
        row.read_at,
    )
