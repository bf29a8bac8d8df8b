"""The double's one page."""

from collections.abc import Collection
from datetime import date
from typing import Any

from flask import Flask, Response, jsonify, request
from flask.typing import ResponseReturnValue

from toubib.web import stand_in

KEYS = {"code", "reference", "on"}


def build(codes: Collection[str], token: str = "") -> Flask:
    """The application: codes in `codes` are entitled. `app.extensions["asked"]` lists what was asked."""
    app = stand_in.application(__name__)
    asked: list[dict[str, str]] = []
    known: dict[str, str] = {}
    app.extensions["asked"] = asked

    @app.post("/entitlements")
    def entitlements() -> ResponseReturnValue:
        if token and request.headers.get("Authorization") != f"Bearer {token}":
            return _wrong("the bearer token is not ours", 401)
        body: Any = request.get_json(silent=True)
        if fault := _fault(body):
            return _wrong(fault, 400)
        if known.setdefault(body["reference"], body["code"]) != body["code"]:
            return _wrong("this reference was used for another code", 409)
        asked.append(body)
        return jsonify(reference=body["reference"], entitled=body["code"] in codes)

    @app.get("/")
    def ready() -> str:
        return "ready"

    return app


def _wrong(why: str, status: int) -> Response:
    answer = jsonify(error=why)
    answer.status_code = status
    return answer


def _fault(body: Any) -> str:
    if not isinstance(body, dict) or set(body) != KEYS or not all(isinstance(value, str) and value for value in body.values()):
        return "exactly code, reference and on are taken"
    try:
        date.fromisoformat(body["on"])
    except ValueError:
        return "on is no date"
    return ""
