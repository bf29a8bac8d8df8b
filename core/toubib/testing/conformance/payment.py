"""What every payment provider must do. A plugin's test inherits one class and says what to try:

    class TestDesk(PaymentContract):
        @pytest.fixture
        def subject(self) -> PaymentSubject:
            return PaymentSubject(DeskProvider())

`OnlinePaymentContract` adds what holds for providers with a page: it also needs a payer, `pay` and `refuse`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from toubib.contracts.common import ContractError, Message, Money, Period
from toubib.contracts.payment import (
    Attempt,
    Done,
    Instruction,
    Observed,
    ObservedState,
    PaymentMode,
    PaymentProvider,
    Redirect,
    WebhookForged,
)
from toubib.seams import clock, randomness

BACK = "https://practice.test/back"
TAKEN = {ObservedState.AUTHORISED, ObservedState.CAPTURED}
GARBAGE: Sequence[tuple[Mapping[str, str], bytes]] = (
    ({}, b""),
    ({}, b"{}"),
    ({"Content-Type": "application/json"}, b'{"id": "evt_1", "type": "payment"}'),
    ({"X-Signature": "\u00e9", "Stripe-Signature": "t=\u0661,v1=\u00e9"}, b"\xff\xfe\x00"),
)


def nobody(_url: str) -> None:
    """A payer that a provider without a page does not have."""
    raise NotImplementedError("give the subject a payer")


@dataclass(frozen=True, slots=True)
class PaymentSubject:
    """The provider under test; the payer's acts by the page's address; and every webhook that it has sent so far, oldest first."""

    provider: PaymentProvider
    currency: str = "EUR"
    account: str = ""
    pay: Callable[[str], None] = nobody
    refuse: Callable[[str], None] = nobody
    webhooks: Callable[[], Sequence[tuple[Mapping[str, str], bytes]]] = tuple


def attempt(subject: PaymentSubject, mode: PaymentMode = PaymentMode.AUTHORISE, minor: int = 2500, **more: str) -> Attempt:
    """A fresh attempt over an amount, held for a quarter of an hour."""
    made = Attempt(
        id=randomness.new_id(),
        due_id=randomness.new_id(),
        amount=Money(minor, subject.currency),
        mode=mode,
        key=randomness.new_id(),
        account=subject.account,
        label="Appointment",
        payer_email="payer@practice.test",
        payee_name="Dr Example",
        locale="en",
        expires_at=clock.now() + timedelta(minutes=15),
    )
    return replace(made, **more)  # type: ignore[arg-type]


class PaymentContract:
    """The promises of `toubib.contracts.payment.PaymentProvider` that hold for every provider."""

    @pytest.fixture
    def subject(self) -> PaymentSubject:
        """The provider under test; to be overridden."""
        raise NotImplementedError("give the fixture `subject`")

    def begun(self, subject: PaymentSubject, tried: Attempt) -> Attempt:
        """The attempt after `begin`, with the provider's reference, as the core keeps it."""
        return replace(tried, provider_ref=subject.provider.begin(tried, BACK).provider_ref)

    def test_it_says_what_it_is_and_can(self, subject: PaymentSubject) -> None:
        provider = subject.provider
        assert provider.name
        assert isinstance(provider.title, Message)
        assert isinstance(provider.notice(), Message | None)
        assert PaymentMode.AUTHORISE in provider.capabilities.modes
        assert subject.currency in provider.capabilities.currencies
        assert all(len(currency) == 3 and currency.isupper() for currency in provider.capabilities.currencies)

    def test_begin_answers_and_takes_nothing(self, subject: PaymentSubject) -> None:
        tried = attempt(subject)
        answer = subject.provider.begin(tried, BACK)
        assert isinstance(answer, Redirect | Instruction | Done)
        seen = subject.provider.fetch(replace(tried, provider_ref=answer.provider_ref))
        assert (seen.state, seen.authorised, seen.captured, seen.refunded) == (ObservedState.PENDING, 0, 0, 0)

    def test_begin_repeated_with_its_key_answers_the_same(self, subject: PaymentSubject) -> None:
        tried = attempt(subject)
        assert subject.provider.begin(tried, BACK) == subject.provider.begin(tried, BACK)

    def test_an_unknown_currency_is_refused(self, subject: PaymentSubject) -> None:
        with pytest.raises(ContractError):
            subject.provider.begin(replace(attempt(subject), amount=Money(2500, "XTS")), BACK)

    def test_abandon_can_be_repeated_and_takes_nothing(self, subject: PaymentSubject) -> None:
        tried = self.begun(subject, attempt(subject))
        for key in ("one", "one", "two"):
            assert subject.provider.abandon(tried, f"{tried.key}:{key}").state not in TAKEN

    def test_void_of_nothing_takes_nothing(self, subject: PaymentSubject) -> None:
        tried = self.begun(subject, attempt(subject))
        assert subject.provider.void(tried, f"{tried.key}:void").state not in TAKEN

    @pytest.mark.parametrize(("headers", "body"), GARBAGE, ids=range(len(GARBAGE)))
    def test_a_strange_webhook_is_nobodys_or_forged(self, subject: PaymentSubject, headers: Mapping[str, str], body: bytes) -> None:
        try:
            assert subject.provider.parse_webhook(headers, body) is None
        except WebhookForged:
            return

    def test_an_empty_period_has_no_movements(self, subject: PaymentSubject) -> None:
        long_ago = clock.now() - timedelta(days=4000)
        assert list(subject.provider.movements(Period(long_ago, long_ago + timedelta(days=1)))) == []


class OnlinePaymentContract(PaymentContract):
    """The promises of a provider with a page of its own, manual capture, refunds and saved methods."""

    def page(self, subject: PaymentSubject, tried: Attempt) -> tuple[Attempt, str]:
        """The attempt and the address of its page."""
        answer = subject.provider.begin(tried, BACK)
        assert isinstance(answer, Redirect)
        assert answer.host in answer.url
        return replace(tried, provider_ref=answer.provider_ref), answer.url

    def paid(self, subject: PaymentSubject, mode: PaymentMode = PaymentMode.AUTHORISE) -> Attempt:
        """An attempt whose payer has paid; with the reference that the provider then reports, if it does."""
        tried, url = self.page(subject, attempt(subject, mode))
        subject.pay(url)
        return replace(tried, provider_ref=subject.provider.fetch(tried).provider_ref or tried.provider_ref)

    def amounts(self, seen: Observed) -> tuple[ObservedState, int, int]:
        """State, captured, refunded."""
        return seen.state, seen.captured, seen.refunded

    def test_a_paid_page_is_an_authorisation_of_the_amount(self, subject: PaymentSubject) -> None:
        seen = subject.provider.fetch(self.paid(subject))
        assert (seen.state, seen.authorised, seen.currency, seen.captured) == (ObservedState.AUTHORISED, 2500, subject.currency, 0)
        assert seen.expires_at is not None
        assert seen.expires_at > clock.now() + (subject.provider.capabilities.authorise_max_age or timedelta())

    def test_what_fetch_reported_as_reference_finds_the_same(self, subject: PaymentSubject) -> None:
        tried, url = self.page(subject, attempt(subject))
        subject.pay(url)
        first = subject.provider.fetch(tried)
        assert subject.provider.fetch(replace(tried, provider_ref=first.provider_ref or tried.provider_ref)) == first

    def test_a_charge_takes_at_once(self, subject: PaymentSubject) -> None:
        assert self.amounts(subject.provider.fetch(self.paid(subject, PaymentMode.CHARGE))) == (ObservedState.CAPTURED, 2500, 0)

    def test_a_capture_takes_the_real_amount_once(self, subject: PaymentSubject) -> None:
        tried = self.paid(subject)
        for key in ("one", "one", "two"):
            seen = subject.provider.capture(tried, Money(2000, subject.currency), f"{tried.key}:{key}")
            assert self.amounts(seen) == (ObservedState.CAPTURED, 2000, 0)

    def test_no_more_than_authorised_is_captured(self, subject: PaymentSubject) -> None:
        tried = self.paid(subject)
        with pytest.raises(ContractError):
            subject.provider.capture(tried, Money(2501, subject.currency), f"{tried.key}:capture")
        with pytest.raises(ContractError):
            subject.provider.capture(tried, Money(2500, "XTS"), f"{tried.key}:other")
        assert self.amounts(subject.provider.fetch(tried)) == (ObservedState.AUTHORISED, 0, 0)

    def test_a_void_releases_and_forbids_capture(self, subject: PaymentSubject) -> None:
        tried = self.paid(subject)
        for key in ("one", "one", "two"):
            assert self.amounts(subject.provider.void(tried, f"{tried.key}:{key}")) == (ObservedState.VOIDED, 0, 0)
        assert self.amounts(subject.provider.capture(tried, Money(100, subject.currency), f"{tried.key}:late")) == (ObservedState.VOIDED, 0, 0)

    def test_a_void_after_the_capture_says_so(self, subject: PaymentSubject) -> None:
        tried = self.paid(subject)
        subject.provider.capture(tried, Money(2500, subject.currency), f"{tried.key}:capture")
        assert self.amounts(subject.provider.void(tried, f"{tried.key}:void")) == (ObservedState.CAPTURED, 2500, 0)

    def test_a_refund_is_made_once_for_each_key(self, subject: PaymentSubject) -> None:
        tried = self.paid(subject)
        subject.provider.capture(tried, Money(2000, subject.currency), f"{tried.key}:capture")
        for key, total in (("one", 500), ("one", 500), ("two", 1000)):
            seen = subject.provider.refund(tried, Money(500, subject.currency), f"{tried.key}:{key}")
            assert self.amounts(seen) == (ObservedState.CAPTURED, 2000, total)
        with pytest.raises(ContractError):
            subject.provider.refund(tried, Money(1001, subject.currency), f"{tried.key}:three")
        assert self.amounts(subject.provider.fetch(tried)) == (ObservedState.CAPTURED, 2000, 1000)

    def test_an_abandoned_page_cannot_be_paid(self, subject: PaymentSubject) -> None:
        tried, url = self.page(subject, attempt(subject))
        assert subject.provider.abandon(tried, f"{tried.key}:abandon").state is ObservedState.EXPIRED
        subject.pay(url)
        assert subject.provider.fetch(tried).state is ObservedState.EXPIRED

    def test_a_payment_that_came_before_the_abandon_is_reported(self, subject: PaymentSubject) -> None:
        tried, url = self.page(subject, attempt(subject))
        subject.pay(url)
        assert subject.provider.abandon(tried, f"{tried.key}:abandon").state is ObservedState.AUTHORISED

    def test_after_a_refused_card_another_one_may_pay(self, subject: PaymentSubject) -> None:
        tried, url = self.page(subject, attempt(subject))
        subject.refuse(url)
        seen = subject.provider.fetch(tried)
        assert (seen.state, seen.authorised) == (ObservedState.PENDING, 0)
        assert seen.reason is not None
        subject.pay(url)
        assert subject.provider.fetch(tried).state is ObservedState.AUTHORISED

    def test_a_saved_method_is_authorised_later_without_the_payer(self, subject: PaymentSubject) -> None:
        if PaymentMode.SAVE_METHOD not in subject.provider.capabilities.modes:
            return
        saved = subject.provider.fetch(self.paid(subject, PaymentMode.SAVE_METHOD))
        assert (saved.state, saved.authorised, saved.captured) == (ObservedState.METHOD_SAVED, 0, 0)
        later = attempt(subject, saved_method=saved.saved_method)
        answer = subject.provider.begin(later, BACK)
        assert isinstance(answer, Done)
        assert subject.provider.begin(later, BACK) == answer
        assert subject.provider.fetch(replace(later, provider_ref=answer.provider_ref)).authorised == 2500

    def test_a_saved_method_can_be_forgotten(self, subject: PaymentSubject) -> None:
        if PaymentMode.SAVE_METHOD not in subject.provider.capabilities.modes:
            return
        tried = self.paid(subject, PaymentMode.SAVE_METHOD)
        saved = subject.provider.fetch(tried).saved_method
        for key in ("one", "one", "two"):
            assert subject.provider.void(tried, f"{tried.key}:{key}").state is ObservedState.VOIDED
        assert subject.provider.fetch(tried).state is ObservedState.VOIDED
        with pytest.raises(ContractError):
            subject.provider.begin(attempt(subject, saved_method=saved), BACK)

    def test_movements_add_up_to_captured_minus_refunded(self, subject: PaymentSubject) -> None:
        tried = self.paid(subject)
        subject.provider.capture(tried, Money(2000, subject.currency), f"{tried.key}:capture")
        subject.provider.refund(tried, Money(300, subject.currency), f"{tried.key}:refund")
        day = Period(clock.now() - timedelta(days=1), clock.now() + timedelta(days=1))
        moved = [m.amount for m in subject.provider.movements(day) if m.provider_ref == tried.provider_ref]
        assert sum(amount.minor for amount in moved) == 1700
        assert {amount.currency for amount in moved} == {subject.currency}

    def test_webhooks_name_the_attempt_and_nothing_else(self, subject: PaymentSubject) -> None:
        tried, url = self.page(subject, attempt(subject))
        before = len(subject.webhooks())
        subject.pay(url)
        refs = {tried.provider_ref, subject.provider.fetch(tried).provider_ref}
        facts = [subject.provider.parse_webhook(headers, body) for headers, body in list(subject.webhooks())[before:]]
        named = [fact for fact in facts if fact is not None]
        assert named
        assert tried.provider_ref in {fact.provider_ref for fact in named}
        assert {fact.provider_ref for fact in named} <= refs
        assert all(fact.event_id and fact.kind for fact in named)
        assert len({fact.event_id for fact in named}) == len(named)

    def test_a_changed_webhook_is_forged(self, subject: PaymentSubject) -> None:
        self.paid(subject)
        headers, body = subject.webhooks()[-1]
        with pytest.raises(WebhookForged):
            subject.provider.parse_webhook(headers, body + b" ")
        with pytest.raises(WebhookForged):
            subject.provider.parse_webhook({}, body)
