"""The second origin: it serves files, and nothing else. No cookie, no session, no script ever runs here.

Who may read a document was asked, and who reads it noted, when its address was made; the address holds two minutes. A page
that somebody smuggled into a document would therefore find neither a session nor a page of ours beside it.
"""

from pathlib import PurePath

from flask import Flask, Response, redirect
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException
from werkzeug.http import dump_options_header

from toubib.contracts.identity import SYSTEM
from toubib.db import database, session
from toubib.db.tables.people import PersonExport
from toubib.db.tables.prescriptions import Document
from toubib.runtime import Toubib
from toubib.seams import clock
from toubib.services import documents

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; sandbox; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}
PLAIN = "text/plain; charset=utf-8"


def build(toubib: Toubib) -> Flask:
    """The application of the files origin, for a started installation."""
    app = Flask("toubib.files", static_folder=None, template_folder=None)
    app.config["TRUSTED_HOSTS"] = toubib.settings.web.served_hosts(toubib.settings.web.files_url)
    again = toubib.settings.web.public_url.rstrip("/")

    @app.get("/files/<document_id>/<int:until>/<proof>")
    def file(document_id: str, until: int, proof: str) -> ResponseReturnValue:
        if until < clock.now().timestamp():
            return redirect(f"{again}/documents/{PurePath(document_id).name}", 303)
        found = _read(document_id, until, proof)
        return found if found is not None else Response("404\n", 404, content_type=PLAIN)

    app.register_error_handler(HTTPException, _plain)
    app.after_request(_finish)
    return app


def _read(document_id: str, until: int, proof: str) -> Response | None:
    if not documents.address_holds(document_id, until, proof):
        return None
    with database().reading(SYSTEM):
        row = session().get(Document, document_id)
        export = session().get(PersonExport, document_id) if row is None else None
    if row is not None:
        return None if row.status == documents.ERASED else _file(row.blob, row.media_type, row.filename)
    return _file(export.blob, "application/zip", EXPORT) if export is not None and export.blob else None


EXPORT = "export.zip"


def _file(blob: str, media_type: str, filename: str) -> Response:
    response = Response(documents.read_blob(blob), content_type=media_type)
    response.headers["Content-Disposition"] = disposition(filename)
    return response


def disposition(filename: str) -> str:
    """The header that makes a browser keep the file under its name, whatever signs the name has."""
    name = PurePath(filename.replace("\\", "/")).name or "document"
    plain = "".join(c if c.isascii() and (c.isalnum() or c in " ._-") else "_" for c in name)
    options = {"filename": plain} if plain == name else {"filename": plain, "filename*": f"UTF-8''{_quoted(name)}"}
    return dump_options_header("attachment", options)


def _quoted(name: str) -> str:
    return "".join(chr(b) if (chr(b).isalnum() and b < 128) or b in b"._-" else f"%{b:02X}" for b in name.encode())


def _plain(error: Exception) -> ResponseReturnValue:
    code = (error.code if isinstance(error, HTTPException) else None) or 500
    return Response(f"{code}\n", code, content_type=PLAIN)


def _finish(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers[name] = value
    return response
