"""Documents: encrypted files of a record. The file is written before its row; an orphan is swept later.

Files leave from the second origin only, by a short-lived signed address, without any cookie.
"""

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlmodel import col, select

from toubib import runtime
from toubib.audit import trail
from toubib.contracts.common import Ref
from toubib.contracts.jobs import Payload
from toubib.db import database, session, vault
from toubib.db.tables.people import PersonExport
from toubib.db.tables.prescriptions import Document
from toubib.seams import clock, randomness
from toubib.services.secrets import matches

ADDRESS_LIFE = timedelta(minutes=2)
ORPHAN_AGE_SECONDS = 3600
ERASED = "erased"
"""The state of a document whose file is gone; its row stays as the mark of what was."""


@dataclass(frozen=True, slots=True)
class DocumentCard:
    """A document as a list shows it."""

    id: str
    kind: str
    filename: str
    size: int
    created_at: datetime
    organisation_id: str


def _folder() -> Path:
    return runtime.current().settings.storage.data / "blobs"


def write_blob(content: bytes) -> str:
    """Encrypt and store bytes under a random name; returns the name. Belongs before the unit of work that keeps it."""
    name = randomness.new_id()
    path = _folder() / name[:2] / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("xb") as file:
        file.write(vault().seal_bytes(content, f"blob:{name}"))
        file.flush()
        os.fsync(file.fileno())
    return name


def read_blob(name: str) -> bytes:
    """The bytes behind a name."""
    return vault().open_bytes((_folder() / name[:2] / name).read_bytes(), f"blob:{name}")


def keep(
    blob: str, content: bytes, *, organisation_id: str, person_id: str, encounter_id: str | None, kind: str, filename: str, media_type: str
) -> str:
    """Make a written blob a document of a record; returns its id."""
    row = Document(
        organisation_id=organisation_id,
        person_id=person_id,
        encounter_id=encounter_id,
        kind=kind,
        filename=filename,
        media_type=media_type,
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        blob=blob,
    )
    session().add(row)
    session().flush()
    trail.wrote("add_document", Ref("document", row.id), organisation_id=organisation_id, person_id=person_id)
    return row.id


def of_encounter(encounter_id: str) -> Sequence[DocumentCard]:
    """Documents of a visit, newest first."""
    query = select(Document).where(Document.encounter_id == encounter_id, Document.status != ERASED).order_by(col(Document.created_at).desc())
    return [DocumentCard(d.id, d.kind, d.filename, d.size, d.created_at, d.organisation_id) for d in session().exec(query)]


def of_person(person_id: str) -> Sequence[DocumentCard]:
    """Documents of a person, newest first."""
    query = select(Document).where(Document.person_id == person_id, Document.status != ERASED).order_by(col(Document.created_at).desc())
    return [DocumentCard(d.id, d.kind, d.filename, d.size, d.created_at, d.organisation_id) for d in session().exec(query)]


def content(document_id: str) -> tuple[Document, bytes]:
    """A document with its bytes; the reading is audited."""
    row = session().get_one(Document, document_id)
    trail.read("document", [row.id], organisation_id=row.organisation_id, person_id=row.person_id)
    return row, read_blob(row.blob)


def handed(document_id: str) -> str:
    """An address for a reader whose right was checked; the reading is audited."""
    row = session().get_one(Document, document_id)
    trail.read("document", [row.id], organisation_id=row.organisation_id, person_id=row.person_id)
    return address(document_id)


def address(document_id: str) -> str:
    """A short-lived address on the second origin; whoever holds it may fetch the file until it ends."""
    until = int((clock.now() + ADDRESS_LIFE).timestamp())
    base = runtime.current().settings.web.files_url.rstrip("/")
    return f"{base}/files/{document_id}/{until}/{_proof(document_id, until)}"


def address_holds(document_id: str, until: int, proof: str) -> bool:
    """Whether an address was made by us and is still good."""
    return until >= clock.now().timestamp() and matches(_proof(document_id, until), proof)


def _proof(document_id: str, until: int) -> str:
    return vault().blind("file-address", f"{document_id}:{until}")


def sweep(_payload: Payload) -> None:
    """Job: remove blobs that no row names, an hour after they were written."""
    limit = clock.now().timestamp() - ORPHAN_AGE_SECONDS
    old = [p for p in _folder().glob("??/*") if p.stat().st_mtime < limit]
    with database().reading() as reading:
        kept = {*reading.exec(select(Document.blob)), *reading.exec(select(PersonExport.blob))}
    for path in old:
        if path.name not in kept:
            path.unlink(missing_ok=True)
