"""`/v1`: authentication, accounts, idempotency keys and errors, around the operations."""

import hashlib
import json
from typing import Any

from flask import Blueprint, Response, current_app, request

from toubib.seams import randomness
from toubib_payment_stripe.double import charges, checkout, listings, operations
from toubib_payment_stripe.double.wire import ApiError, unfold
from toubib_payment_stripe.double.world import Scope, World

Json = dict[str, Any]
KEY_LIFE = 24 * 3600
pages = Blueprint("api", __name__, url_prefix="/v1")


def world() -> World:
    """The double that answers this request."""
    found: World = current_app.extensions["stripe_double"]
    return found


@pages.route("/<path:path>", methods=["GET", "POST", "DELETE"])
def call(path: str) -> Response:
    """Any call of the SDK: one transaction; its answer is kept under its idempotency key."""
    outage = _outage(path)
    if outage == "before":
        return _answer(503, {"error": {"type": "api_error", "message": "The double was told to be out of order."}})
    with world().store.transaction():
        sweep(world())
        response = _once(path)
    if outage == "after":
        return _answer(500, {"error": {"type": "api_error", "message": "The double was told to lose this answer."}})
    return response


def sweep(here: World) -> None:
    """Let pass what time ends: open sessions and uncaptured authorisations. Inside a transaction."""
    for session in here.store.every("checkout.session", match={"status": "open"}):
        checkout.lapse(here.scope(session.account), session)
    for intent in here.store.every("payment_intent", match={"status": "requires_capture"}):
        charges.lapse(here.scope(intent.account), intent)


def _once(path: str) -> Response:
    key = request.headers.get("Idempotency-Key") if request.method == "POST" else None
    try:
        account = _account()
        if not key:
            return _answer(200, _run(path, Scope(world(), account)))
        return _replay(path, account, key) or _first(path, account, key)
    except ApiError as error:
        return _answer(error.status, error.body())


def _replay(path: str, account: str, key: str) -> Response | None:
    kept = world().store.answer(account, key)
    if kept is None or kept[3] <= world().now() - KEY_LIFE:
        return None
    if kept[0] != _digest(path):
        message = f"Keys for idempotent requests can only be used with the same parameters they were first used with. Key: {key}"
        raise ApiError(400, "idempotency_error", message)
    return _answer(kept[1], json.loads(kept[2]), replayed=True)


def _first(path: str, account: str, key: str) -> Response:
    """Validation errors are not kept, refusals of a card are: as Stripe does."""
    try:
        status, body = 200, _run(path, Scope(world(), account, key))
    except ApiError as error:
        if error.status != 402:
            raise
        status, body = error.status, error.body()
    world().store.keep_answer(account, key, _digest(path), status, json.dumps(body), world().now())
    return _answer(status, body)


def _run(path: str, scope: Scope) -> Json:
    found = operations.find(request.method, path)
    if found is None:
        raise ApiError(404, "invalid_request_error", f"Unrecognized request URL ({request.method}: /v1/{path}).", code="double_not_implemented")
    operation, ref = found
    source = request.args if request.method != "POST" else request.form
    params = operation.check(unfold(source.items(multi=True)))
    return listings.expand(scope, operation.handler(scope, ref, params), params.get("expand", []))


def _account() -> str:
    given = request.headers.get("Authorization", "")
    secret = given.removeprefix("Bearer ")
    if secret.startswith(("sk_live_", "rk_live_")):
        raise ApiError(401, "invalid_request_error", "A live key was sent to the local double. Check api_base and secret_key.")
    if secret != world().config.secret_key:
        raise ApiError(401, "invalid_request_error", "Invalid API Key provided.")
    account = request.headers.get("Stripe-Account", "")
    known = world().config.accounts
    if account and (not account.startswith("acct_") or (known and account not in known)):
        message = f"The provided key does not have access to account '{account}' (or that account does not exist)."
        raise ApiError(403, "invalid_request_error", message, code="account_invalid")
    return account


def _digest(path: str) -> str:
    source = sorted(request.form.items(multi=True))
    return hashlib.sha256(json.dumps([request.method, path, source]).encode()).hexdigest()


def _outage(path: str) -> str | None:
    with world().store.transaction():
        told = world().store.setting("outage") or {}
        if not told or told["times"] < 1 or told["path"] not in path or told["method"] != request.method:
            return None
        world().store.set("outage", told | {"times": told["times"] - 1})
    mode: str = told["mode"]
    return mode


def _answer(status: int, body: Json, *, replayed: bool = False) -> Response:
    headers = {"Request-Id": f"req_double{randomness.random_bytes(7).hex()}", "Stripe-Version": request.headers.get("Stripe-Version", "")}
    if replayed:
        headers["Idempotent-Replayed"] = "true"
    return Response(json.dumps(body), status, headers, content_type="application/json")
