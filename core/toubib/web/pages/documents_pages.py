"""Opening a document: after the permission check the browser is sent to the second origin, by an address of two minutes."""

from flask import Blueprint, redirect
from flask.typing import ResponseReturnValue

from toubib.audit import trail
from toubib.db import session
from toubib.db.tables.prescriptions import Document
from toubib.services import documents as service
from toubib.web import looking, needs

documents = Blueprint("documents", __name__)


@documents.get("/documents/<document_id>", endpoint="open")
@needs("document.read", about="document_id")
def open_document(document_id: str) -> ResponseReturnValue:
    """Note who reads the document, then send them to it."""
    with looking():
        row = session().get_one(Document, document_id)
        trail.read("document", [row.id], organisation_id=row.organisation_id, person_id=row.person_id)
        address = service.address(document_id)
    return redirect(address, 303)
