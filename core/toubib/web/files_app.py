"""The second origin: documents by short-lived signed addresses, without cookies, so that no file can act as a page of ours."""

from flask import Flask, Response, abort

from toubib.db import database
from toubib.runtime import Toubib
from toubib.services import documents


def build(toubib: Toubib) -> Flask:
    """The application of the second origin."""
    app = Flask("toubib-files", static_folder=None)

    @app.get("/files/<document_id>/<int:until>/<proof>")
    def fetch(document_id: str, until: int, proof: str) -> Response:
        if not documents.address_holds(document_id, until, proof):
            abort(404)
        with database().reading():
            row, content = documents.content(document_id)
        response = Response(content, mimetype=row.media_type)
        response.headers["Content-Disposition"] = f'attachment; filename="{row.filename}"'
        response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Cache-Control"] = "private, no-store"
        return response

    return app
