"""One ZIP with all that is held on a person: the core's rows and every plugin's as JSON, and the documents as they are."""

import json
import zipfile
from collections.abc import Mapping, Sequence
from typing import IO, Any

from toubib import runtime
from toubib.contracts.common import Message
from toubib.contracts.privacy import ExportedItem
from toubib.db import session
from toubib.db.tables.people import Person
from toubib.db.tables.prescriptions import Document
from toubib.db.tables.room import Note
from toubib.db.types import Table
from toubib.seams import clock
from toubib.services import documents
from toubib.services.privacy import walk

FORMAT = 1
PRIVATE_NOTES = Message("toubib", "Notes that a practitioner keeps for themselves are no part of the record.")


def write(person_id: str, file: IO[bytes]) -> None:
    """Write the archive. Inside a reading unit of work of the machine; the caller has checked and recorded who asks.

    `manifest.json` says what is inside and what was left out, and why; `core/TABLE.json` and `plugins/NAME.json` hold the
    rows, `documents/` the files.
    """
    found = dict(walk.rows_about(person_id))
    notes = [row for row in found.get(Note, ()) if not row.private]
    left_out = len(found.get(Note, ())) - len(notes)
    found[Note] = notes
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        plugins = {name: list(data.export(person_id)) for name, data in runtime.current().registry.personal_data.items()}
        _put(archive, "manifest.json", _manifest(person_id, found, plugins, left_out))
        for table, rows in found.items():
            if rows:
                _put(archive, f"core/{table.__tablename__}.json", [walk.as_json(row) for row in rows])
        for name, items in plugins.items():
            _put(archive, f"plugins/{name}.json", [{"table": i.table, "id": i.id, "content": _content(i.content)} for i in items])
        for row in found.get(Document, ()):
            if row.status != documents.ERASED:
                archive.writestr(f"documents/{row.id}-{row.filename.replace('/', '_')}", documents.read_blob(row.blob))


def _manifest(
    person_id: str, found: Mapping[type[Table], Sequence[Any]], plugins: Mapping[str, Sequence[ExportedItem]], private_notes: int
) -> dict[str, Any]:
    toubib = runtime.current()
    locale = session().get_one(Person, person_id).locale
    left_out = [{"what": "note", "count": private_notes, "why": toubib.catalogues.render(PRIVATE_NOTES, locale)}] if private_notes else []
    return {
        "format": FORMAT,
        "site": toubib.settings.site.name,
        "person": person_id,
        "made_at": clock.now().isoformat(),
        "core": {str(table.__tablename__): len(rows) for table, rows in found.items() if rows},
        "plugins": {name: len(items) for name, items in plugins.items()},
        "left_out": left_out,
    }


def _content(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _put(archive: zipfile.ZipFile, name: str, content: Any) -> None:
    archive.writestr(name, json.dumps(content, ensure_ascii=False, indent=1))
