"""What can go wrong between us and Stripe: lost answers, late orders, refused cards, foreign objects, bad settings."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import stripe

from toubib.contracts.common import ContractError, Money
from toubib.contracts.payment import Attempt, Done, ObservedState, PaymentMode, ProviderUnavailable, Redirect
from toubib.db import database
from toubib.db.work import UnitOfWorkOpen
from toubib.runtime import Toubib
from toubib.seams import clock, network
from toubib.testing.conformance.payment import BACK, PaymentSubject, attempt
from toubib_payment_stripe import start
from toubib_payment_stripe.client import connect
from toubib_payment_stripe.double.launcher import CHALLENGED_CARD, REFUSED_LATER, SAVED_AFTER_CHALLENGE, TEST_CARD, Double, start_double
from toubib_payment_stripe.plugin import toubib_info
from toubib_payment_stripe.provider import StripeProvider
from toubib_payment_stripe.settings import Settings, World

EURO = 100


@pytest.fixture(scope="module")
def running() -> Iterator[Double]:
    with start_double() as double:
        yield double


@pytest.fixture
def double(running: Double) -> Iterator[Double]:
    before = list(network.declared().values())
    network.declare(toubib_info().hosts)
    yield running
    running.ask("clock", {"reset": True})
    running.ask("settings", {"outage": None})
    network.declare(before)


@pytest.fixture
def provider(double: Double) -> StripeProvider:
    return StripeProvider(Settings.model_validate({"api_base": double.base_url}))


@pytest.fixture
def tried(provider: StripeProvider) -> Attempt:
    return attempt(PaymentSubject(provider))


def paid(double: Double, provider: StripeProvider, tried: Attempt, card: str = TEST_CARD) -> Attempt:
    answer = provider.begin(tried, BACK)
    assert isinstance(answer, Redirect)
    double.pay(answer.url, card)
    return replace(tried, provider_ref=answer.provider_ref)


@pytest.mark.parametrize("mode", ["before", "after"])
@pytest.mark.parametrize(
    ("path", "order", "expected"),
    [
        ("capture", lambda p, a: p.capture(a, Money(20 * EURO, "EUR"), "lost:capture:" + a.id), (2000, 0)),
        ("refunds", lambda p, a: p.refund(a, Money(5 * EURO, "EUR"), "lost:refund:" + a.id), (2000, 500)),
    ],
    ids=["capture", "refund"],
)
def test_a_lost_answer_is_asked_for_again(
    double: Double, provider: StripeProvider, tried: Attempt, mode: str, path: str, order: Callable[[StripeProvider, Attempt], Any], expected: tuple[int, int]
) -> None:
    tried = paid(double, provider, tried)
    if path == "refunds":
        provider.capture(tried, Money(20 * EURO, "EUR"), "lost:first:" + tried.id)
    double.break_next("POST", path, mode)
    with pytest.raises(ProviderUnavailable):
        order(provider, tried)
    for _time in range(2):
        seen = order(provider, tried)
        assert (seen.captured, seen.refunded) == expected


@pytest.mark.parametrize("mode", ["before", "after"])
def test_a_page_is_made_once_though_its_answer_was_lost(double: Double, provider: StripeProvider, tried: Attempt, mode: str) -> None:
    double.break_next("POST", "checkout/sessions", mode)
    with pytest.raises(ProviderUnavailable):
        provider.begin(tried, BACK)
    assert provider.begin(tried, BACK) == provider.begin(tried, BACK)
    sessions = connect(provider._settings).v1.checkout.sessions.list({"limit": 100}).data
    assert [session.client_reference_id for session in sessions].count(tried.id) == 1


def test_silence_is_not_a_refusal(tried: Attempt) -> None:
    deaf = StripeProvider(Settings(api_base="http://127.0.0.1:9"))
    with pytest.raises(ProviderUnavailable):
        deaf.begin(tried, BACK)


def test_a_refund_repeated_after_stripe_forgot_the_key_is_made_once(double: Double, provider: StripeProvider, tried: Attempt) -> None:
    tried = paid(double, provider, tried)
    provider.capture(tried, Money(20 * EURO, "EUR"), "late:capture:" + tried.id)
    for _day in range(3):
        assert provider.refund(tried, Money(5 * EURO, "EUR"), "late:refund:" + tried.id).refunded == 500
        double.advance(86_401)


def test_an_authorisation_that_died_is_reported_not_captured(double: Double, provider: StripeProvider, tried: Attempt) -> None:
    tried = paid(double, provider, tried)
    double.advance(7 * 86_400)
    seen = provider.capture(tried, tried.amount, "dead:" + tried.id)
    assert (seen.state, seen.captured) == (ObservedState.EXPIRED, 0)


@pytest.mark.feature("PAY-03:c")
def test_the_margin_lies_inside_stripes_seven_days(provider: StripeProvider) -> None:
    assert provider.capabilities.authorise_max_age == timedelta(days=6)
    assert PaymentMode.SAVE_METHOD in provider.capabilities.modes


@pytest.mark.parametrize("card", [REFUSED_LATER, CHALLENGED_CARD])
def test_a_saved_card_that_is_refused_leads_the_payer_to_a_page(double: Double, provider: StripeProvider, tried: Attempt, card: str) -> None:
    saved = provider.fetch(paid(double, provider, replace(tried, mode=PaymentMode.SAVE_METHOD), card))
    later = replace(attempt(PaymentSubject(provider)), saved_method=saved.saved_method)
    answer = provider.begin(later, BACK)
    assert isinstance(answer, Redirect)
    assert provider.begin(later, BACK) == answer
    double.pay(answer.url)
    assert provider.fetch(replace(later, provider_ref=answer.provider_ref)).authorised == 2500


def test_a_saved_card_that_was_authenticated_needs_no_payer(double: Double, provider: StripeProvider, tried: Attempt) -> None:
    saved = provider.fetch(paid(double, provider, replace(tried, mode=PaymentMode.SAVE_METHOD), SAVED_AFTER_CHALLENGE))
    later = replace(attempt(PaymentSubject(provider)), saved_method=saved.saved_method, mode=PaymentMode.CHARGE)
    answer = provider.begin(later, BACK)
    assert isinstance(answer, Done)
    seen = provider.fetch(replace(later, provider_ref=answer.provider_ref))
    assert (seen.state, seen.captured) == (ObservedState.CAPTURED, 2500)


@pytest.mark.feature("PAY-01:b")
def test_a_refused_check_is_told_and_nothing_is_debited(double: Double, provider: StripeProvider, tried: Attempt) -> None:
    answer = provider.begin(tried, BACK)
    assert isinstance(answer, Redirect)
    double.pay(answer.url, CHALLENGED_CARD, agree=False)
    seen = provider.fetch(replace(tried, provider_ref=answer.provider_ref))
    assert (seen.state, seen.authorised, seen.captured) == (ObservedState.PENDING, 0, 0)
    assert seen.reason is not None
    assert "could not confirm that it is you" in seen.reason.key


def test_another_attempts_payment_is_never_ours(double: Double, provider: StripeProvider, tried: Attempt) -> None:
    other = attempt(PaymentSubject(provider))
    taken = paid(double, provider, tried)
    with pytest.raises(ContractError):
        provider.fetch(replace(other, provider_ref=taken.provider_ref))
    with pytest.raises(ContractError):
        provider.capture(replace(other, provider_ref=taken.provider_ref), other.amount, "theft")
    assert provider.fetch(taken).state is ObservedState.AUTHORISED


def test_a_connected_account_is_refused_where_none_is_set_up(provider: StripeProvider, tried: Attempt) -> None:
    with pytest.raises(ContractError, match="not set up"):
        provider.begin(replace(tried, account="acct_lemaire"), BACK)


def test_a_hold_that_is_over_gets_no_page(provider: StripeProvider, tried: Attempt) -> None:
    with pytest.raises(ContractError, match="time held"):
        provider.begin(replace(tried, expires_at=clock.now() - timedelta(minutes=2)), BACK)


def test_a_page_outlives_its_hold_and_never_a_day(provider: StripeProvider, tried: Attempt) -> None:
    now = clock.now()
    page = start.page(tried, BACK, now)
    assert page["expires_at"] == int((tried.expires_at + timedelta(minutes=31)).timestamp())
    assert "expires_at" not in start.page(replace(tried, expires_at=now + timedelta(days=20)), BACK, now)
    assert isinstance(provider.begin(replace(tried, expires_at=now + timedelta(days=20)), BACK), Redirect)


@pytest.mark.parametrize(("asked", "shown"), [("fr", "fr"), ("ar", "auto"), ("", "auto")])
def test_the_page_speaks_the_payers_language_if_stripe_does(tried: Attempt, asked: str, shown: str) -> None:
    assert start.page(replace(tried, locale=asked), BACK, clock.now())["locale"] == shown


def test_what_describes_this_machine_is_not_sent(provider: StripeProvider, tried: Attempt, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[str] = []
    real = network.http_request

    def watched(method: str, url: str, **more: Any) -> network.Response:
        sent.extend(f"{name}: {value}" for name, value in more["headers"].items())
        return real(method, url, **more)

    monkeypatch.setattr(network, "http_request", watched)
    provider.begin(tried, BACK)
    provider.begin(attempt(PaymentSubject(provider)), BACK)
    assert "User-Agent: Toubib" in sent
    assert [line for line in sent if "uname" in line or "Telemetry" in line or "Client-User-Agent" in line] == []


def test_no_call_is_made_inside_a_unit_of_work(double: Double, installation: Callable[..., Toubib], tried: Attempt) -> None:
    started = installation("payment_stripe", use={"payment": ["payment_stripe"]}, settings={"payment_stripe": {"api_base": double.base_url}})
    provider = started.payments[0]
    with database().reading(), pytest.raises(UnitOfWorkOpen):
        provider.begin(tried, BACK)
    assert isinstance(provider.begin(tried, BACK), Redirect)


OWN = {"secret_key": "sk_test_own", "webhook_secrets": ["whsec_own"]}


@pytest.mark.parametrize(
    ("given", "word"),
    [
        ({"api_base": "https://api.stripe.com"}, "of your own"),
        ({"api_base": "https://api.stripe.com", "secret_key": "sk_test_own"}, "of your own"),
        ({**OWN, "api_base": "https://stripe.example"}, "api_base is"),
        ({**OWN, "api_base": "http://localhost.example:80"}, "api_base is"),
        ({"secret_key": "sk_live" + "_own"}, "never goes to the local double"),
        ({"secret_key": "pk_test_own"}, "begins with"),
        ({"webhook_secrets": []}, "webhook_secrets"),
        ({"colour": "blue"}, "colour"),
        ({"authorisation_margin_hours": 0}, "authorisation_margin_hours"),
    ],
)
def test_unsafe_settings_stop_the_start(given: dict[str, Any], word: str) -> None:
    with pytest.raises(ValueError, match=word):
        Settings.model_validate(given)


@pytest.mark.parametrize(
    ("given", "world", "words"),
    [
        ({}, World.DOUBLE, "Local payment double: no card is charged."),
        ({**OWN, "api_base": "https://api.stripe.com"}, World.TEST, "Stripe test mode: no real card is charged."),
        ({**OWN, "api_base": "https://api.stripe.com", "secret_key": "sk_live" + "_own"}, World.LIVE, None),
    ],
)
def test_the_page_says_which_world_it_is(given: dict[str, Any], world: World, words: str | None) -> None:
    settings = Settings.model_validate(given)
    notice = StripeProvider(settings).notice()
    assert settings.world is world
    assert (notice.key if notice else None) == words


@pytest.mark.feature("PAY-14:a")
def test_every_currency_on_offer_is_counted_as_iso_does(provider: StripeProvider, double: Double) -> None:
    assert {"EUR", "JPY", "TND"} <= provider.capabilities.currencies
    for currency in ("EUR", "JPY", "TND"):
        tried = replace(attempt(PaymentSubject(provider)), amount=Money(12340, currency))
        assert provider.fetch(paid(double, provider, tried)).authorised == 12340


def test_stripes_own_words_stay_in_the_log(provider: StripeProvider, tried: Attempt, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(ContractError) as caught:
        provider.fetch(replace(tried, provider_ref="pi_unknown"))
    assert "No such" not in caught.value.message.key
    assert "resource_missing" in caplog.text
    assert tried.payer_email not in caplog.text
    assert isinstance(caught.value.__cause__, stripe.InvalidRequestError)
