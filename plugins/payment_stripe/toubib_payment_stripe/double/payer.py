"""What the payer does on the hosted page: type a card, answer a challenge."""

from typing import Any

from toubib_payment_stripe.double import charges, intents, setups
from toubib_payment_stripe.double.cardholder import attach_now, card_of, new_method
from toubib_payment_stripe.double.cards import Card
from toubib_payment_stripe.double.store import Record
from toubib_payment_stripe.double.world import Scope

Json = dict[str, Any]


def submit(scope: Scope, session: Record, card: Card) -> str | None:
    """Try the card for an open session. Returns the page of a challenge, or None when done; raises `ApiError` 402 when refused."""
    method = new_method(scope, card)
    intent = _setup(scope, session) if session.body["mode"] == "setup" else _payment(scope, session)
    if session.body["mode"] == "setup":
        setups.try_card(scope, intent, method, None)
    else:
        charges.try_card(scope, intent, method, off_session=False, return_url=None)
    if intent.body["status"] == "requires_action":
        page: str = intent.body["next_action"]["redirect_to_url"]["url"]
        return page
    complete(scope, session, intent)
    return None


def answer(scope: Scope, intent: Record, *, passed: bool) -> None:
    """The payer answered the bank's challenge; raises `ApiError` 402 when it failed."""
    method = scope.get("payment_method", intent.body["payment_method"])
    setup = intent.kind == "setup_intent"
    if not passed:
        raise setups.refuse(scope, intent, "authentication_failed") if setup else charges.refuse(scope, intent, None, "authentication_failed")
    method.hidden["authenticated"] = card_of(method).authentication == "until_saved"
    if setup:
        setups.approve(scope, intent, method)
    else:
        charges.approve(scope, intent, method)
    if intent.hidden["session"]:
        complete(scope, scope.get("checkout.session", intent.hidden["session"]), intent)


def complete(scope: Scope, session: Record, intent: Record) -> None:
    """The session is done; whoever asked for it learns it by webhook and by the return of the payer."""
    session.body |= {"status": "complete", "url": None}
    if session.body["mode"] == "payment":
        session.body["payment_status"] = "paid" if intent.body["status"] == "succeeded" else "unpaid"
    if not session.body["customer"] and session.body["customer_creation"] == "always":
        _customer(scope, session, intent)
    scope.save(session)
    scope.emit("checkout.session.completed", session)


def _customer(scope: Scope, session: Record, intent: Record) -> None:
    customer = scope.make("customer", {"email": session.body["customer_email"], "name": None, "metadata": {}, "balance": 0})
    scope.emit("customer.created", customer)
    session.body["customer"] = customer.id
    intent.body["customer"] = customer.id
    scope.save(intent)
    if session.body["mode"] == "setup" or intent.body.get("setup_future_usage"):
        attach_now(scope, scope.get("payment_method", intent.body["payment_method"]), customer.id)


def _payment(scope: Scope, session: Record) -> Record:
    if session.body["payment_intent"]:
        return scope.get("payment_intent", session.body["payment_intent"])
    data = session.hidden["payment_intent_data"] or {}
    wanted = {"amount": session.body["amount_total"], "currency": session.body["currency"], "customer": session.body["customer"]}
    intent = intents.new_intent(scope, data | wanted)
    intent.hidden["session"] = session.id
    scope.save(intent)
    session.body["payment_intent"] = intent.id
    scope.save(session)
    return intent


def _setup(scope: Scope, session: Record) -> Record:
    return scope.get("setup_intent", session.body["setup_intent"])
