"""Webhooks change nothing by themselves: whatever comes, in whatever order, the same truth is read."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from toubib.contracts.common import Money
from toubib.contracts.payment import Attempt, Observed, Redirect, WebhookFact, WebhookForged
from toubib.seams import network
from toubib.seams.clock import FixedClock
from toubib.testing.conformance.payment import BACK, PaymentSubject, attempt
from toubib_payment_stripe import webhook
from toubib_payment_stripe.double.launcher import Double, start_double
from toubib_payment_stripe.double.webhooks import sign
from toubib_payment_stripe.plugin import toubib_info
from toubib_payment_stripe.provider import StripeProvider
from toubib_payment_stripe.settings import Settings

SECRET = "whsec_own"
Posted = tuple[Mapping[str, str], bytes]


@pytest.fixture(scope="module")
def double() -> Iterator[Double]:
    before = list(network.declared().values())
    network.declare(toubib_info().hosts)
    with start_double() as running:
        yield running
    network.declare(before)


@pytest.fixture(scope="module")
def provider(double: Double) -> StripeProvider:
    return StripeProvider(Settings.model_validate({"api_base": double.base_url}))


@pytest.fixture(scope="module")
def story(double: Double, provider: StripeProvider) -> tuple[Attempt, Sequence[Posted]]:
    """A payment from page to refund, and all its webhooks; each also genuinely signed with a wrong amount, currency and account."""
    tried = attempt(PaymentSubject(provider))
    answer = provider.begin(tried, BACK)
    assert isinstance(answer, Redirect)
    double.pay(answer.url)
    tried = replace(tried, provider_ref=answer.provider_ref)
    provider.capture(tried, Money(2000, "EUR"), "story:capture")
    provider.refund(tried, Money(500, "EUR"), "story:refund")
    posted = double.signed_events()
    return tried, [*posted, *(_lying(double, body) for _headers, body in posted)]


def _lying(double: Double, body: bytes) -> Posted:
    event = json.loads(body)
    event["account"] = "acct_somebody"
    event["id"] += "lie"
    event["data"]["object"] |= {"amount": 1, "amount_received": 999_999, "currency": "jpy", "status": "succeeded", "refunded": True}
    false = json.dumps(event).encode()
    at = int(datetime.now(UTC).timestamp())
    return {"Stripe-Signature": sign(double.webhook_secret, false, at)}, false


class Application:
    """What an application does with webhooks: each event once, then it looks, and believes what it sees."""

    def __init__(self, provider: StripeProvider, tried: Attempt) -> None:
        self.provider, self.tried = provider, tried
        self.inbox: set[str] = set()
        self.seen: Observed | None = None

    def receive(self, posted: Posted) -> None:
        """Take one webhook in."""
        fact = self.provider.parse_webhook(*posted)
        if fact is None or fact.event_id in self.inbox:
            return
        self.inbox.add(fact.event_id)
        if fact.provider_ref == self.tried.provider_ref:
            self.seen = self.provider.fetch(self.tried)
            self.tried = replace(self.tried, provider_ref=self.seen.provider_ref or self.tried.provider_ref)


@pytest.mark.feature("PAY-08:a", "PAY-08:b", "PAY-08:c")
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_every_order_and_every_repetition_ends_in_the_same_truth(
    data: st.DataObject, provider: StripeProvider, story: tuple[Attempt, Sequence[Posted]]
) -> None:
    tried, posted = story
    completed = [one for one in posted if b'"checkout.session.completed"' in one[1]]
    chosen = data.draw(st.permutations([*completed, *data.draw(st.lists(st.sampled_from(posted), max_size=12))]))
    application = Application(provider, tried)
    for one in chosen:
        application.receive(one)
    assert application.seen is not None
    assert (application.seen.state.value, application.seen.currency) == ("captured", "EUR")
    assert (application.seen.authorised, application.seen.captured, application.seen.refunded) == (2500, 2000, 500)


@pytest.mark.feature("PAY-08:d")
@pytest.mark.parametrize("age", [-301, 301, -90_000])
def test_a_signature_of_another_time_is_forged(now: FixedClock, age: int) -> None:
    at = int(now.now().timestamp()) + age
    with pytest.raises(WebhookForged, match="old"):
        webhook.parse({"Stripe-Signature": sign(SECRET, b"{}", at)}, b"{}", [SECRET], live=False)


BODY = json.dumps({"id": "evt_1", "type": "payment_intent.succeeded", "livemode": False, "data": {"object": {"id": "pi_1"}}}).encode()


@pytest.fixture
def at(now: FixedClock) -> int:
    return int(now.now().timestamp())


def test_header_names_are_read_in_any_case(at: int) -> None:
    fact = webhook.parse({"stripe-signature": sign(SECRET, BODY, at)}, BODY, [SECRET], live=False)
    assert fact == WebhookFact("evt_1", "pi_1", "payment_intent.succeeded")


def test_an_old_and_a_new_secret_are_both_good_while_one_is_replaced(at: int) -> None:
    for secret in ("whsec_old", "whsec_new"):
        assert webhook.parse({"Stripe-Signature": sign(secret, BODY, at)}, BODY, ["whsec_old", "whsec_new"], live=False)
    several = sign("whsec_x", BODY, at) + "," + sign("whsec_new", BODY, at).split(",")[1] + ",v0=00"
    assert webhook.parse({"Stripe-Signature": several}, BODY, ["whsec_new"], live=False)


@pytest.mark.feature("PAY-08:d")
@pytest.mark.parametrize("header", ["", "t=,v1=", "v1=00", "t=1", "t=1,t=2", "t=x,v1=y", "t=\u0661,v1=y", "nonsense", "t=9999999999999999,v1=0"])
def test_a_header_without_proof_is_forged(at: int, header: str) -> None:
    assert at
    with pytest.raises(WebhookForged):
        webhook.parse({"Stripe-Signature": header}, BODY, [SECRET], live=False)


@pytest.mark.feature("PAY-08:d")
def test_another_secret_another_body_or_no_secret_is_forged(at: int) -> None:
    signature = {"Stripe-Signature": sign(SECRET, BODY, at)}
    for body, secrets in ((BODY, ["whsec_other"]), (BODY + b" ", [SECRET]), (BODY, [])):
        with pytest.raises(WebhookForged):
            webhook.parse(signature, body, secrets, live=False)


def test_an_event_of_the_other_world_is_nobodys(at: int) -> None:
    assert webhook.parse({"Stripe-Signature": sign(SECRET, BODY, at)}, BODY, [SECRET], live=True) is None


@pytest.mark.parametrize(
    "event",
    [
        [],
        "text",
        {"id": "evt_1", "type": "customer.created", "data": {"object": {"id": "cus_1"}}},
        {"id": "evt_1", "type": "refund.created", "data": {"object": {"id": "re_1", "payment_intent": None}}},
        {"id": 1, "type": "payment_intent.succeeded", "data": {"object": {"id": "pi_1"}}},
        {"id": "evt_1", "type": "payment_intent.succeeded", "data": []},
    ],
)
def test_what_concerns_no_attempt_is_nobodys(at: int, event: object) -> None:
    body = json.dumps(event | {"livemode": False} if isinstance(event, dict) else event).encode()
    assert webhook.parse({"Stripe-Signature": sign(SECRET, body, at)}, body, [SECRET], live=False) is None
