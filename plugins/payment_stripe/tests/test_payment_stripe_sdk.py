"""What the double must do as Stripe does. The same tests run against Stripe's test mode for whoever has a test key:

`TOUBIB_STRIPE_TEST_KEY=sk_test_... pytest plugins/payment_stripe -m stripe_live`

They were never run against Stripe by this project: no such key was at hand.
"""

import os
from collections.abc import Iterator
from typing import Any

import pytest
import stripe

from toubib.seams import randomness
from toubib_payment_stripe.double.launcher import Double, start_double

HOLD: dict[str, Any] = {
    "amount": 2500,
    "currency": "eur",
    "capture_method": "manual",
    "confirm": True,
    "payment_method": "pm_card_visa",
    "return_url": "https://merchant.test/back",
}
WORLDS = ["double", pytest.param("stripe", marks=pytest.mark.stripe_live)]


@pytest.fixture(scope="module")
def double() -> Iterator[Double]:
    with start_double() as running:
        yield running


@pytest.fixture(params=WORLDS)
def client(request: pytest.FixtureRequest) -> stripe.StripeClient:
    if request.param == "double":
        double: Double = request.getfixturevalue("double")
        return stripe.StripeClient(double.secret_key, base_addresses={"api": double.base_url}, max_network_retries=0)
    key = os.environ.get("TOUBIB_STRIPE_TEST_KEY", "")
    if not key.startswith(("sk_test_", "rk_test_")):
        pytest.skip("TOUBIB_STRIPE_TEST_KEY holds no test key of Stripe")
    return stripe.StripeClient(key)


def held(client: stripe.StripeClient, **more: Any) -> stripe.PaymentIntent:
    return client.v1.payment_intents.create({**HOLD, **more})  # type: ignore[typeddict-item]


def test_authorise_holds_without_taking(client: stripe.StripeClient) -> None:
    intent = held(client)
    assert (intent.status, intent.amount_capturable, intent.amount_received) == ("requires_capture", 2500, 0)


def test_the_same_key_is_answered_with_the_same_object(client: stripe.StripeClient) -> None:
    key = randomness.new_id()
    first = client.v1.payment_intents.create(HOLD, {"idempotency_key": key})  # type: ignore[arg-type]
    again = client.v1.payment_intents.create(HOLD, {"idempotency_key": key})  # type: ignore[arg-type]
    assert first.id == again.id
    assert again.last_response is not None
    assert again.last_response.headers["Idempotent-Replayed"] == "true"


def test_the_same_key_with_other_parameters_is_an_error(client: stripe.StripeClient) -> None:
    key = randomness.new_id()
    client.v1.payment_intents.create(HOLD, {"idempotency_key": key})  # type: ignore[arg-type]
    with pytest.raises(stripe.IdempotencyError):
        client.v1.payment_intents.create({**HOLD, "amount": 2600}, {"idempotency_key": key})  # type: ignore[typeddict-item]


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"colour": "blue"}, "parameter_unknown"),
        ({"payment_method_options": {"card": {"colour": "blue"}}}, "parameter_unknown"),
        ({"amount": "much"}, "parameter_invalid_integer"),
        ({"amount": 49}, "amount_too_small"),
        ({"amount": -1}, "parameter_invalid_integer"),
        ({"currency": "EUR"}, None),
        ({"currency": "xxy"}, None),
        ({"capture_method": "someday"}, None),
        ({"metadata": {"key": "v" * 501}}, None),
    ],
)
def test_what_stripe_refuses_is_refused(client: stripe.StripeClient, more: dict[str, Any], code: str | None) -> None:
    with pytest.raises(stripe.InvalidRequestError) as caught:
        held(client, **more)
    assert code is None or caught.value.code == code


def test_a_missing_parameter_is_named(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="Missing required param: currency"):
        client.v1.payment_intents.create({"amount": 2500})  # type: ignore[typeddict-item]


def test_partial_capture_takes_once_and_releases_the_rest(client: stripe.StripeClient) -> None:
    intent = client.v1.payment_intents.capture(held(client).id, {"amount_to_capture": 2000, "expand": ["latest_charge"]})
    assert (intent.status, intent.amount_received, intent.amount_capturable) == ("succeeded", 2000, 0)
    assert isinstance(intent.latest_charge, stripe.Charge)
    assert (intent.latest_charge.amount_captured, intent.latest_charge.amount_refunded) == (2000, 0)
    with pytest.raises(stripe.InvalidRequestError) as caught:
        client.v1.payment_intents.capture(intent.id, {"amount_to_capture": 500})
    assert caught.value.code == "payment_intent_unexpected_state"


def test_no_more_than_authorised_can_be_captured(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError) as caught:
        client.v1.payment_intents.capture(held(client).id, {"amount_to_capture": 2501})
    assert caught.value.code == "amount_too_large"


def test_cancel_releases_and_forbids_capture(client: stripe.StripeClient) -> None:
    intent = client.v1.payment_intents.cancel(held(client).id)
    assert (intent.status, intent.amount_capturable) == ("canceled", 0)
    for late in (client.v1.payment_intents.capture, client.v1.payment_intents.cancel):
        with pytest.raises(stripe.InvalidRequestError) as caught:
            late(intent.id)
        assert caught.value.code == "payment_intent_unexpected_state"


def test_refunds_never_exceed_what_was_captured(client: stripe.StripeClient) -> None:
    intent = client.v1.payment_intents.capture(held(client).id, {"amount_to_capture": 2000})
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.refunds.create({"payment_intent": intent.id, "amount": 2001})
    client.v1.refunds.create({"payment_intent": intent.id, "amount": 500})
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.refunds.create({"payment_intent": intent.id, "amount": 1501})
    client.v1.refunds.create({"payment_intent": intent.id})
    with pytest.raises(stripe.InvalidRequestError) as caught:
        client.v1.refunds.create({"payment_intent": intent.id})
    assert caught.value.code == "charge_already_refunded"
    assert sum(refund.amount for refund in client.v1.refunds.list({"payment_intent": intent.id}).data) == 2000


def test_an_authorisation_cannot_be_refunded(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.refunds.create({"payment_intent": held(client).id})


@pytest.mark.parametrize(
    ("method", "code"),
    [("pm_card_chargeDeclined", "generic_decline"), ("pm_card_visa_chargeDeclinedInsufficientFunds", "insufficient_funds")],
)
def test_a_refused_card_is_refused_without_being_attached(client: stripe.StripeClient, method: str, code: str) -> None:
    with pytest.raises(stripe.CardError) as caught:
        held(client, payment_method=method)
    error = caught.value.json_body["error"]  # type: ignore[index]
    assert error["decline_code"] == code
    intent = client.v1.payment_intents.retrieve(error["payment_intent"]["id"])
    assert (intent.status, intent.amount_capturable) == ("requires_payment_method", 0)


def test_a_card_that_always_asks_for_authentication_is_refused_off_session(client: stripe.StripeClient) -> None:
    customer = client.v1.customers.create()
    client.v1.payment_methods.attach("pm_card_authenticationRequired", {"customer": customer.id})
    method = client.v1.payment_methods.list({"customer": customer.id}).data[0]
    with pytest.raises(stripe.CardError) as caught:
        held(client, payment_method=method.id, customer=customer.id, off_session=True)
    assert caught.value.code == "authentication_required"


def test_the_book_holds_every_movement(client: stripe.StripeClient) -> None:
    intent = client.v1.payment_intents.capture(held(client).id, {"amount_to_capture": 2000})
    refund = client.v1.refunds.create({"payment_intent": intent.id, "amount": 300})
    found = {entry.source: (entry.type, entry.amount) for entry in client.v1.balance_transactions.list({"limit": 2}).data}
    assert found == {str(intent.latest_charge): ("charge", 2000), refund.id: ("refund", -300)}
