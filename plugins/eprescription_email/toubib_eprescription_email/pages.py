"""Two public pages: is this file genuine, and the certificate with which anybody else can check it."""

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue

from toubib.contracts.web import PublicRoute
from toubib.db import database
from toubib.services import limits
from toubib.services.secrets import fingerprint
from toubib.web import public, render
from toubib_eprescription_email import checking, keeping
from toubib_eprescription_email.refusals import DOMAIN

PER_HOUR = 60
ROUTES = (
    PublicRoute(f"{DOMAIN}.form", "where a pharmacist gives a file to check"),
    PublicRoute(f"{DOMAIN}.check", "says whether a file is sealed by this installation and unchanged; keeps nothing of it"),
    PublicRoute(f"{DOMAIN}.authority", "the certificate of the seal's authority, for checks elsewhere"),
)


def blueprint() -> Blueprint:
    """The pages under `/eprescription_email/`."""
    pages = Blueprint(DOMAIN, __name__)
    pages.get("/check", endpoint="form")(public("where a pharmacist gives a file to check")(_form))
    pages.post("/check", endpoint="check")(public("checks the seal of a file")(_check))
    pages.get("/authority.pem", endpoint="authority")(public("a public certificate")(_authority))
    return pages


def _form() -> ResponseReturnValue:
    return render("eprescription_email/check.html", result=None, missing=False)


def _check() -> ResponseReturnValue:
    with database().unit_of_work():
        limits.count(f"{DOMAIN}.check", fingerprint(request.remote_addr or ""), per_hour=PER_HOUR)
    upload = request.files.get("file")
    content = upload.read() if upload else b""
    if not content:
        return render("eprescription_email/check.html", 422, result=None, missing=True)
    faults = checking.faults(content, keeping.authorities())
    return render("eprescription_email/check.html", result={"faults": faults}, missing=False)


def _authority() -> ResponseReturnValue:
    return Response(b"".join(keeping.authorities()), mimetype="application/x-pem-file")
