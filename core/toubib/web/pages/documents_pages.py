"""Opening a document: after the permission check the browser is sent to the second origin, by an address of two minutes."""

from flask import Blueprint, redirect
from flask.typing import ResponseReturnValue

from toubib.services import documents as service
from toubib.web import looking, needs

documents = Blueprint("documents", __name__)


@documents.get("/documents/<document_id>", endpoint="open")
@needs("document.read", about="document_id")
def open_document(document_id: str) -> ResponseReturnValue:
    """Note who reads the document, then send them to it."""
    with looking():
        return redirect(service.handed(document_id), 303)
