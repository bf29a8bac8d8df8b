"""The hosted pages: checkout, 3-D Secure challenge and a front page that says what this is."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, abort, make_response, redirect, render_template, request
from werkzeug.wrappers import Response as BaseResponse

from toubib_payment_stripe.double import payer, texts
from toubib_payment_stripe.double.api import sweep, world
from toubib_payment_stripe.double.cardholder import card_numbered
from toubib_payment_stripe.double.cards import CARDS, Card
from toubib_payment_stripe.double.store import Record
from toubib_payment_stripe.double.texts import _
from toubib_payment_stripe.double.wire import ApiError
from toubib_payment_stripe.double.world import Scope, instant

PACKAGE = Path(__file__).parent.parent
pages = Blueprint("hosted", __name__, template_folder=str(PACKAGE / "templates"), static_folder=str(PACKAGE / "static"), static_url_path="/static")
BUTTONS = {"manual": _("Authorise %(amount)s"), "automatic": _("Pay %(amount)s"), "setup": _("Save the card")}
AFTER = {
    "manual": _("The amount is held, not taken. It is taken after the consultation, and never more than this."),
    "automatic": _("The amount is taken at once."),
    "setup": _("Nothing is taken now. The card may be charged later, up to the amount you agreed to."),
}


@dataclass(frozen=True, slots=True)
class Typed:
    """What the payer typed, and what is wrong with it by field. The number lives as long as the request."""

    card: Card | None
    errors: dict[str, str]


@pages.get("/")
def front() -> str:
    """What this program is, for whoever opens its address."""
    return render_template("payment_stripe/double/front.html", cards=CARDS, **_words(_language(None)))


@pages.route("/c/pay/<ref>", methods=["GET", "POST"])
def pay(ref: str) -> BaseResponse:
    """The checkout page: shown, or submitted with a card."""
    with world().store.transaction():
        sweep(world())
        session = _session(ref)
        if session.body["status"] != "open":
            return _closed(session)
        if request.method == "GET":
            return _page(session, Typed(None, {}), 200)
        typed = _read_form(_language(session))
        if typed.card is None or typed.errors:
            return _page(session, typed, 422)
        return _try(session, typed.card)


@pages.route("/3ds/<ref>", methods=["GET", "POST"])
def challenge(ref: str) -> BaseResponse:
    """The bank's page: the payer agrees or does not."""
    with world().store.transaction():
        sweep(world())
        intent = world().store.find(ref) or abort(404)
        session = _session(intent.hidden["session"]) if intent.hidden.get("session") else None
        if intent.body["status"] != "requires_action":
            return _closed(session) if session else abort(410)
        if request.method == "GET":
            page = render_template("payment_stripe/double/challenge.html", **_facts(intent, session), **_words(_language(session)))
            return _guarded(page, 200, session)
        return _answered(world().scope(intent.account), intent, session)


def _try(session: Record, card: Card) -> BaseResponse:
    try:
        challenge_page = payer.submit(world().scope(session.account), session, card)
    except ApiError as error:
        return _page(session, Typed(card, {"card": texts.translate(_language(session), error.fields["message"])}), 402)
    return redirect(challenge_page or _success(session), 303)


def _answered(scope: Scope, intent: Record, session: Record | None) -> BaseResponse:
    try:
        payer.answer(scope, intent, passed=request.form.get("answer") == "yes")
    except ApiError as error:
        if session:
            return _page(session, Typed(None, {"card": texts.translate(_language(session), error.fields["message"])}), 402)
    return redirect(_success(_session(session.id)) if session else str(intent.hidden["return_url"] or "/"), 303)


def _session(ref: str) -> Record:
    found = world().store.find(ref)
    return found if found and found.kind == "checkout.session" else abort(404)


def _success(session: Record) -> str:
    return str(session.body["success_url"]).replace("{CHECKOUT_SESSION_ID}", session.id)


def _closed(session: Record) -> BaseResponse:
    paid = session.body["status"] == "complete"
    target = _success(session) if paid else session.body["cancel_url"]
    page = render_template("payment_stripe/double/closed.html", paid=paid, target=target, creditor=_creditor(session), **_words(_language(session)))
    return _guarded(page, 200 if paid else 410, session)


def _page(session: Record, typed: Typed, status: int) -> BaseResponse:
    kind = _kind(session)
    words = _words(_language(session))
    page = render_template(
        "payment_stripe/double/pay.html", errors=typed.errors, cards=CARDS, button=BUTTONS[kind], after=AFTER[kind], cancel_url=session.body["cancel_url"],
        email=session.body["customer_email"], until=instant(session.body["expires_at"]), typed=request.form if typed.errors else {},
        **_facts(None, session), **words,
    )  # fmt: skip
    return _guarded(page, status, session)


def _facts(intent: Record | None, session: Record | None) -> dict[str, Any]:
    """Amount, purpose and creditor as the payer reads them; the amount is None when a card is only saved."""
    body = session.body if session else intent.body if intent else {}
    minor, currency = body.get("amount_total", body.get("amount")), body.get("currency")
    items = (session.hidden.get("line_items") or []) if session else []
    purpose = [item["price_data"]["product_data"]["name"] for item in items]
    amount = texts.amount(_language(session), minor, currency) if minor and currency else None
    return {"amount": amount, "purpose": purpose, "creditor": _creditor(session) if session else world().config.creditor}


def _kind(session: Record) -> str:
    if session.body["mode"] == "setup":
        return "setup"
    return "manual" if (session.hidden.get("payment_intent_data") or {}).get("capture_method") == "manual" else "automatic"


def _creditor(session: Record) -> str:
    named = (session.hidden.get("branding_settings") or {}).get("display_name")
    config = world().config
    return str(named or config.accounts.get(session.account) or config.creditor)


def _read_form(language: str) -> Typed:
    card, errors = card_numbered(request.form.get("number", "")), {}
    if card is None:
        errors["number"] = _("This is not one of the test cards below. Never type a real card here.")
    expiry = request.form.get("expiry", "").replace(" ", "").split("/")
    if len(expiry) != 2 or not all(part.isdecimal() for part in expiry) or not 1 <= int(expiry[0]) <= 12:
        errors["expiry"] = _("Type the expiry date as month and year, for example 12 / 34.")
    elif (2000 + int(expiry[1][-2:]), int(expiry[0])) < (instant(world().now()).year, instant(world().now()).month):
        errors["expiry"] = _("This card has expired. Type a later date.")
    if not (request.form.get("cvc", "").isdigit() and 3 <= len(request.form["cvc"]) <= 4):
        errors["cvc"] = _("Type the three or four digits of the security code.")
    return Typed(card, {field: texts.translate(language, text) for field, text in errors.items()})


def _language(session: Record | None) -> str:
    asked = (session.body.get("locale") or "auto") if session else "auto"
    if asked == "auto":
        return request.accept_languages.best_match(texts.LANGUAGES) or "en"
    return "fr" if asked.startswith("fr") else "en"


def _words(language: str) -> dict[str, Any]:
    return {"_": partial(texts.translate, language), "language": language}


def _guarded(page: str, status: int, session: Record | None) -> Response:
    """Forms may post here and, since browsers check redirects too, lead back to the merchant."""
    response = make_response(page, status)
    targets = [session.body["success_url"], session.body["cancel_url"]] if session else []
    origins = sorted({f"{urlsplit(target).scheme}://{urlsplit(target).netloc}" for target in targets if target})
    policy = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action "
    response.headers["Content-Security-Policy"] = policy + " ".join(["'self'", *origins])
    return response
