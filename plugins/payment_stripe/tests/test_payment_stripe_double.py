"""The double as the real SDK sees it: as strict as Stripe, and honest about what it does not do."""

import http.client
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import stripe

from toubib_payment_stripe.double.launcher import CHALLENGED_CARD, DECLINED_CARD, Double, start_double

WEEK = 7 * 86_400
HOLD: dict[str, Any] = {"amount": 2500, "currency": "eur", "capture_method": "manual", "confirm": True, "payment_method": "pm_card_visa", "off_session": False}
HOLD = {**HOLD, "return_url": "https://merchant.test/back"}
SESSION: dict[str, Any] = {
    "mode": "payment",
    "success_url": "https://merchant.test/back?session={CHECKOUT_SESSION_ID}",
    "cancel_url": "https://merchant.test/cancel",
    "line_items": [{"quantity": 1, "price_data": {"currency": "eur", "unit_amount": 2500, "product_data": {"name": "Consultation"}}}],
    "payment_intent_data": {"capture_method": "manual", "metadata": {"attempt": "a1"}},
    "locale": "fr",
}


class Inbox:
    """An application that notes what reaches its webhook."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, bytes]] = []
        self.answers: list[int] = []
        inbox = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                """Note it and answer what the test wants."""
                body = self.rfile.read(int(self.headers["Content-Length"]))
                inbox.seen.append((self.headers.get("Stripe-Signature", ""), body))
                self.send_response(inbox.answers.pop(0) if inbox.answers else 200)
                self.end_headers()

            def log_message(self, *_args: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def types(self) -> list[str]:
        """The types of the events seen."""
        return [json.loads(body)["type"] for _signature, body in self.seen]


@pytest.fixture(scope="module")
def inbox() -> Iterator[Inbox]:
    box = Inbox()
    yield box
    box.server.shutdown()
    box.server.server_close()


@pytest.fixture(scope="module")
def running(inbox: Inbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Double]:
    with start_double(webhook_url=inbox.url, state=tmp_path_factory.mktemp("double") / "state.sqlite", retry_after="0.1,0.1") as double:
        double.hold_webhooks()
        yield double


@pytest.fixture
def double(running: Double, inbox: Inbox) -> Iterator[Double]:
    yield running
    running.ask("clock", {"reset": True})
    running.ask("settings", {"hold": True, "sign_with": "machine", "outage": None})
    running.release()
    inbox.seen.clear()


@pytest.fixture
def client(double: Double) -> stripe.StripeClient:
    return sdk(double)


def sdk(double: Double, account: str | None = None) -> stripe.StripeClient:
    return stripe.StripeClient(double.secret_key, stripe_account=account, base_addresses={"api": double.base_url}, max_network_retries=0)


def held(client: stripe.StripeClient, **more: Any) -> stripe.PaymentIntent:
    return client.v1.payment_intents.create({**HOLD, **more})  # type: ignore[typeddict-item]


def test_a_key_is_forgotten_after_a_day(double: Double, client: stripe.StripeClient) -> None:
    first = client.v1.payment_intents.create(HOLD, {"idempotency_key": "visit-3"})  # type: ignore[arg-type]
    double.advance(86_401)
    assert client.v1.payment_intents.create(HOLD, {"idempotency_key": "visit-3"}).id != first.id  # type: ignore[arg-type]


def test_a_parameter_the_double_does_not_heed_is_never_ignored(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.APIError, match="does not implement `transfer_group`"):
        held(client, transfer_group="g")


def test_authentication_is_asked_for_and_given_on_a_page(double: Double, client: stripe.StripeClient) -> None:
    intent = held(client, payment_method="pm_card_authenticationRequired")
    assert intent.status == "requires_action"
    assert intent.next_action is not None
    assert intent.next_action.redirect_to_url is not None
    assert double._post(str(intent.next_action.redirect_to_url.url), {"answer": "yes"}) == "https://merchant.test/back"
    assert client.v1.payment_intents.retrieve(intent.id).status == "requires_capture"


def test_an_authorisation_dies_after_seven_days(double: Double, client: stripe.StripeClient) -> None:
    intent = held(client)
    double.advance(WEEK - 60)
    assert client.v1.payment_intents.retrieve(intent.id).status == "requires_capture"
    double.advance(61)
    intent = client.v1.payment_intents.retrieve(intent.id)
    assert (intent.status, intent.cancellation_reason, intent.amount_capturable) == ("canceled", "expired", 0)
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.payment_intents.capture(intent.id)


def test_a_session_is_paid_on_its_page(double: Double, client: stripe.StripeClient) -> None:
    session = client.v1.checkout.sessions.create(SESSION)  # type: ignore[arg-type]
    assert (session.status, session.payment_intent) == ("open", None)
    assert double.pay(str(session.url)) == f"https://merchant.test/back?session={session.id}"
    session = client.v1.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent"]})
    assert (session.status, session.payment_status) == ("complete", "unpaid")
    assert isinstance(session.payment_intent, stripe.PaymentIntent)
    assert (session.payment_intent.status, session.payment_intent.metadata["attempt"]) == ("requires_capture", "a1")
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.checkout.sessions.expire(session.id)


def test_a_refused_card_leaves_the_session_open_for_another(double: Double, client: stripe.StripeClient) -> None:
    session = client.v1.checkout.sessions.create(SESSION)  # type: ignore[arg-type]
    assert double.pay(str(session.url), DECLINED_CARD) == ""
    assert double.pay(str(session.url), CHALLENGED_CARD, agree=False) == ""
    assert client.v1.checkout.sessions.retrieve(session.id).status == "open"
    assert double.pay(str(session.url), CHALLENGED_CARD).endswith(session.id)


def test_an_expired_session_cannot_be_paid(double: Double, client: stripe.StripeClient) -> None:
    session = client.v1.checkout.sessions.create(SESSION)  # type: ignore[arg-type]
    assert client.v1.checkout.sessions.expire(session.id).status == "expired"
    assert double.pay(f"{double.base_url}/c/pay/{session.id}") == ""
    by_time = client.v1.checkout.sessions.create({**SESSION, "expires_at": double.advance(0) + 1900})  # type: ignore[arg-type]
    double.advance(1900)
    assert client.v1.checkout.sessions.retrieve(by_time.id).status == "expired"


@pytest.mark.parametrize("ahead", [1700, 86_500])
def test_a_session_lives_between_half_an_hour_and_a_day(double: Double, client: stripe.StripeClient, ahead: int) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="expires_at"):
        client.v1.checkout.sessions.create({**SESSION, "expires_at": double.advance(0) + ahead})  # type: ignore[arg-type]


def test_a_saved_card_is_charged_later_without_the_payer(double: Double, client: stripe.StripeClient) -> None:
    customer = client.v1.customers.create({"metadata": {"due": "d1"}})
    session = client.v1.checkout.sessions.create(
        {"mode": "setup", "currency": "eur", "customer": customer.id, "success_url": SESSION["success_url"], "setup_intent_data": {"metadata": {"a": "b"}}}
    )
    double.pay(str(session.url), "4000002500003155")
    session = client.v1.checkout.sessions.retrieve(session.id, {"expand": ["setup_intent"]})
    assert isinstance(session.setup_intent, stripe.SetupIntent)
    assert session.setup_intent.status == "succeeded"
    saved = str(session.setup_intent.payment_method)
    intent = held(client, payment_method=saved, customer=customer.id, off_session=True)
    assert intent.status == "requires_capture"
    with pytest.raises(stripe.InvalidRequestError):
        held(client, payment_method=saved, off_session=True)


def test_accounts_do_not_see_each_other(double: Double, client: stripe.StripeClient) -> None:
    other = sdk(double, "acct_doctor")
    intent = held(other)
    with pytest.raises(stripe.InvalidRequestError) as caught:
        client.v1.payment_intents.retrieve(intent.id)
    assert caught.value.http_status == 404
    assert other.v1.payment_intents.retrieve(intent.id).id == intent.id
    assert {event.account for event in other.v1.events.list().data} == {"acct_doctor"}


@pytest.mark.parametrize("key", ["sk_test_other", "sk_live" + "_real", ""])
def test_only_its_own_test_key_opens_the_double(double: Double, key: str) -> None:
    client = stripe.StripeClient(key or "x", base_addresses={"api": double.base_url}, max_network_retries=0)
    with pytest.raises(stripe.AuthenticationError):
        held(client)


def test_lists_are_paged(client: stripe.StripeClient) -> None:
    refs = [held(client).id for _ in range(3)]
    page = client.v1.payment_intents.list({"limit": 2})
    assert page.has_more
    assert [one.id for one in page.data] == refs[:0:-1]
    assert client.v1.payment_intents.list({"limit": 1, "starting_after": page.data[-1].id}).data[0].id == refs[0]


def test_webhooks_are_signed_as_the_sdk_verifies_them(double: Double, client: stripe.StripeClient, inbox: Inbox) -> None:
    held(client)
    double.release(order="shuffle", copies=3, seed=7)
    assert len(inbox.seen) == 9
    for signature, body in inbox.seen:
        stripe.Webhook.construct_event(body, signature, double.webhook_secret)
    assert sorted(set(inbox.types())) == ["charge.succeeded", "payment_intent.amount_capturable_updated", "payment_intent.created"]


@pytest.mark.parametrize("kind", ["unsigned", "wrong_secret", "tampered", "stale"])
def test_forged_webhooks_do_not_pass_the_sdk(double: Double, client: stripe.StripeClient, inbox: Inbox, kind: str) -> None:
    held(client)
    inbox.seen.clear()
    double.forge(kind, amount=1)
    signature, body = inbox.seen.pop()
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(body, signature, double.webhook_secret)


def test_a_webhook_is_tried_again_until_it_is_accepted(double: Double, client: stripe.StripeClient, inbox: Inbox) -> None:
    double.release()
    inbox.seen.clear()
    client.v1.customers.create()
    inbox.answers[:] = [500, 500]
    assert [one["status"] for one in double.release()] == [500]
    assert [one["status"] for one in double.release()] == [500]
    assert [one["status"] for one in double.release()] == [200]
    assert double.release() == []


def test_a_lost_answer_is_given_again_for_the_same_key(double: Double, client: stripe.StripeClient) -> None:
    intent = held(client)
    double.break_next("POST", "capture", "after")
    with pytest.raises(stripe.APIError):
        client.v1.payment_intents.capture(intent.id, {"amount_to_capture": 1000}, {"idempotency_key": "lost-1"})
    again = client.v1.payment_intents.capture(intent.id, {"amount_to_capture": 1000}, {"idempotency_key": "lost-1"})
    assert (again.status, again.amount_received) == ("succeeded", 1000)


def test_a_kill_loses_nothing(inbox: Inbox, tmp_path: Path) -> None:
    with start_double(webhook_url=inbox.url, state=tmp_path / "state.sqlite") as double:
        double.hold_webhooks()
        client = sdk(double)
        intent = client.v1.payment_intents.create(HOLD, {"idempotency_key": "kill-1"})  # type: ignore[arg-type]
        double.restart()
        assert client.v1.payment_intents.create(HOLD, {"idempotency_key": "kill-1"}).id == intent.id  # type: ignore[arg-type]
        assert client.v1.payment_intents.capture(intent.id).status == "succeeded"
        assert len(double.release()) == 5


def page(double: Double, url: str, language: str = "fr") -> tuple[int, dict[str, str], str]:
    connection = http.client.HTTPConnection(urlsplit(double.base_url).netloc, timeout=10)
    connection.request("GET", urlsplit(url).path, headers={"Accept-Language": language})
    answer = connection.getresponse()
    found = answer.status, dict(answer.getheaders()), answer.read().decode()
    connection.close()
    return found


def test_the_page_says_what_it_is_what_it_costs_and_for_whom(double: Double, client: stripe.StripeClient) -> None:
    named = {**SESSION, "branding_settings": {"display_name": "Dr Claire Lemaire"}}
    session = client.v1.checkout.sessions.create(named)  # type: ignore[arg-type]
    status, headers, text = page(double, str(session.url))
    assert status == 200
    honesty = "Double local de paiement\u00a0: aucune carte n’est débitée."
    for words in (honesty, "Autoriser 25,00\u00a0€", "Dr Claire Lemaire", "4000 0027 6000 3184", 'lang="fr"'):
        assert words in text
    assert "script" not in text
    assert "form-action 'self' https://merchant.test" in headers["Content-Security-Policy"]


def test_a_real_card_number_is_refused_and_not_kept(tmp_path: Path) -> None:
    with start_double(state=tmp_path / "state.sqlite") as double:
        session = sdk(double).v1.checkout.sessions.create(SESSION)  # type: ignore[arg-type]
        assert double.pay(str(session.url), "4970101234567890") == ""
        assert double.pay(str(session.url)) != ""
    kept = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"4970101234567890" not in kept
    assert b"4242424242424242" not in kept
