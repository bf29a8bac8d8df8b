"""Files that the two sides of a room give each other: documents of the visit, shown among the messages."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col, select

from toubib.contracts.media import Participant, ParticipantRole
from toubib.db import session
from toubib.db.tables.journey import Encounter
from toubib.db.tables.prescriptions import Document
from toubib.services import documents

BY_PRACTITIONER, BY_PATIENT = "sent_by_practitioner", "sent_by_patient"
TYPES = {b"%PDF-": "application/pdf", b"\xff\xd8\xff": "image/jpeg", b"\x89PNG\r\n\x1a\n": "image/png"}
ENDINGS = {"application/pdf": ".pdf", "image/jpeg": ".jpg", "image/png": ".png"}


@dataclass(frozen=True, slots=True)
class SentFile:
    """A file in the room. `by_practitioner` tells the side it came from."""

    document_id: str
    filename: str
    by_practitioner: bool
    at: datetime


def media_type(content: bytes) -> str:
    """What a file is by its first bytes, whatever its name says; "" for anything but PDF, JPEG and PNG."""
    return next((kind for begin, kind in TYPES.items() if content.startswith(begin)), "")


def keep(encounter_id: str, who: Participant, blob: str, content: bytes, filename: str) -> str:
    """Make a written blob a file of the room; returns the document's id. The encounter must have a patient, the type be known."""
    encounter, kind = session().get_one(Encounter, encounter_id), media_type(content)
    stem = filename.rpartition(".")[0].strip()[:80] or "document"
    return documents.keep(
        blob,
        content,
        organisation_id=encounter.organisation_id,
        person_id=encounter.person_id or "",
        encounter_id=encounter_id,
        kind=BY_PRACTITIONER if who.role is ParticipantRole.PRACTITIONER else BY_PATIENT,
        filename=stem + ENDINGS[kind],
        media_type=kind,
    )


def sent(encounter_id: str) -> Sequence[SentFile]:
    """The files of a room, oldest first."""
    query = select(Document).where(Document.encounter_id == encounter_id, col(Document.kind).in_((BY_PRACTITIONER, BY_PATIENT)))
    rows = session().exec(query.order_by(col(Document.created_at)))
    return [SentFile(row.id, row.filename, row.kind == BY_PRACTITIONER, row.created_at) for row in rows]
