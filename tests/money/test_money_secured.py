"""Money is secured before the visit and taken after it: what is authorised, what is captured, what goes back, and what the books say."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlmodel import select

from toubib.contracts.common import Money
from toubib.contracts.payment import Done, ObservedState, PaymentMode, Redirect
from toubib.db import UnitOfWorkOpen, database, session
from toubib.db.tables.machinery import AuditEvent
from toubib.services import dues, ledger, payments, reconciliation
from toubib.testing.tills import BACK, PURPOSE, Till

LATER = timedelta(days=21)


def books(till: Till) -> dict[str, int]:
    """What stands on each kind of account."""
    with database().reading():
        assert set(ledger.trial_balance().values()) <= {0}
        assert reconciliation.faults() == []
        return {found.account.kind: found.balance.minor for found in ledger.balances(till.organisation_id) if found.balance.minor}


@pytest.mark.feature("PAY-03:a")
def test_a_paid_page_secures_the_due_and_moves_no_money(till: Till) -> None:
    due = till.due(6000)
    attempt = till.secured(due)
    assert till.view(attempt).mode is PaymentMode.AUTHORISE
    assert (till.view(attempt).status, till.view(attempt).authorised, till.status(due)) == ("authorised", Money(6000, "EUR"), "secured")
    assert till.decided == [(attempt, "authorised")]
    assert till.events() == ["payment.authorised"]
    assert books(till) == {}


@pytest.mark.feature("PAY-03:b", "PAY-13:a")
def test_the_real_amount_is_captured_and_the_rest_released(till: Till) -> None:
    due = till.due(6000)
    attempt = till.secured(due)
    assert till.settle(due, 2500)
    page = till.provider.of(attempt)[0]
    assert (page.captured, page.state) == (2500, ObservedState.CAPTURED)
    assert (till.view(attempt).status, till.status(due)) == ("captured", "settled")
    assert books(till) == {"practice_revenue": -2500, "provider_clearing": 2500}
    assert till.events() == ["payment.authorised", "payment.captured"]
    assert till.decided == [(attempt, "authorised")]


@pytest.mark.feature("PAY-03:c")
def test_beyond_the_window_the_method_is_saved_and_authorised_two_days_before(till: Till) -> None:
    due = till.due(6000)
    attempt = till.secured(due, visit_in=LATER)
    assert (till.view(attempt).status, till.status(due)) == ("method_saved", "secured")
    till.work(minutes=18 * 24 * 60)
    assert till.view(attempt).status == "method_saved"
    till.work(minutes=24 * 60 + 1)
    assert (till.view(attempt).status, till.view(attempt).authorised.minor) == ("authorised", 6000)
    till.work(minutes=2 * 24 * 60)
    assert till.settle(due, 2500)
    assert books(till) == {"practice_revenue": -2500, "provider_clearing": 2500}


@pytest.mark.feature("PAY-03:c")
@pytest.mark.parametrize(("days", "mode"), [(1, PaymentMode.AUTHORISE), (7, PaymentMode.AUTHORISE), (8, PaymentMode.SAVE_METHOD)])
def test_a_visit_beyond_the_window_is_not_authorised_now(till: Till, days: int, mode: PaymentMode) -> None:
    attempt = till.attempt(till.due(), visit_in=timedelta(days=days))
    assert till.view(attempt).mode is mode


def test_a_moved_visit_moves_the_authorisation(till: Till) -> None:
    due = till.due()
    attempt = till.secured(due, visit_in=LATER)
    till.order(payments.visit_moved, due, till.clock.now() + timedelta(days=1))
    till.work(minutes=2)
    assert till.view(attempt).status == "authorised"


def test_a_saved_method_can_be_charged_after_the_visit(till: Till) -> None:
    due = till.due(6000)
    attempt = till.secured(due, visit_in=LATER)
    assert till.settle(due, 4000)
    assert (till.view(attempt).status, till.view(attempt).captured.minor, till.status(due)) == ("captured", 4000, "settled")
    assert books(till) == {"practice_revenue": -4000, "provider_clearing": 4000}


def test_a_saved_method_that_is_refused_leaves_the_due_open_and_says_why(till: Till) -> None:
    due = till.due()
    attempt = till.secured(due, visit_in=LATER)
    till.provider.broken_methods |= till.provider.methods
    till.work(minutes=20 * 24 * 60)
    seen = till.view(attempt)
    assert (seen.status, till.status(due), till.decided[-1]) == ("failed", "open", (attempt, "failed"))
    assert seen.failure is not None
    assert "refused" in seen.failure.key
    again = till.secured(due)
    assert (till.view(again).status, till.status(due)) == ("authorised", "secured")


def test_a_bank_that_wants_to_see_the_payer_makes_us_ask_again(till: Till) -> None:
    due = till.due()
    attempt = till.secured(due, visit_in=LATER)
    till.provider.shy_methods |= till.provider.methods
    till.work(minutes=20 * 24 * 60)
    seen = till.view(attempt)
    assert (seen.status, till.status(due), till.decided[-1]) == ("expired", "open", (attempt, "expired"))
    assert seen.failure is not None
    assert "confirm" in seen.failure.key
    assert all(page.state is not ObservedState.PENDING for page in till.provider.of(attempt))


@pytest.mark.feature("PAY-04:a")
def test_nothing_is_asked_when_nothing_is_due(till: Till) -> None:
    due = till.due(0)
    with pytest.raises(payments.CannotPay):
        till.attempt(due)
    assert till.settle(due, 0)
    assert (till.status(due), till.provider.calls) == ("settled", [])


def test_a_free_visit_releases_what_was_held(till: Till) -> None:
    due = till.due()
    attempt = till.secured(due)
    assert till.settle(due, 0)
    assert (till.view(attempt).status, till.status(due)) == ("voided", "settled")
    assert till.events() == ["payment.authorised", "payment.released"]
    assert books(till) == {}


def test_a_no_show_fee_is_earned_on_an_account_of_its_own(till: Till) -> None:
    due = till.due(6000)
    till.secured(due)
    assert till.settle(due, 1500, "no_show")
    assert books(till) == {"no_show_fees": -1500, "provider_clearing": 1500}


@pytest.mark.feature("PAY-13:a")
def test_a_refund_gives_earned_money_up(till: Till) -> None:
    due = till.due(6000)
    attempt = till.secured(due)
    till.settle(due, 2500)
    call = till.order(payments.order_refund, attempt, 1000, "goodwill")
    payments.execute(call)
    assert books(till) == {"practice_revenue": -2500, "provider_clearing": 1500, "refunds": 1000}
    assert (till.view(attempt).status, till.status(due)) == ("captured", "settled")
    payments.execute_all(till.order(payments.release, due, "practitioner_absent"))
    assert books(till) == {"practice_revenue": -2500, "refunds": 2500}
    assert (till.view(attempt).status, till.status(due)) == ("refunded", "refunded")
    assert till.events() == ["payment.authorised", "payment.captured", "payment.refunded", "payment.refunded"]


def test_money_charged_before_the_amount_was_final_goes_back_in_part(till: Till) -> None:
    till.provider.capabilities = type(till.provider.capabilities)(frozenset({"EUR"}), frozenset({PaymentMode.CHARGE}), None, refunds=True)
    due = till.due(6000)
    attempt = till.secured(due)
    assert (till.view(attempt).status, till.status(due)) == ("captured", "secured")
    assert books(till) == {"patient_receivable": -6000, "provider_clearing": 6000}
    assert till.settle(due, 2500)
    assert books(till) == {"practice_revenue": -2500, "provider_clearing": 2500}
    assert till.status(due) == "settled"


def test_the_same_refund_is_never_made_twice_and_never_too_large(till: Till) -> None:
    due = till.due(6000)
    attempt = till.secured(due)
    till.settle(due, 2500)
    first = till.order(payments.order_refund, attempt, 2000, "goodwill")
    assert till.order(payments.order_refund, attempt, 2000, "goodwill") == first
    for wrong in (501, 0, -1):
        with pytest.raises(payments.CannotOrder):
            till.order(payments.order_refund, attempt, wrong, "another")
    till.work()
    payments.execute(first)
    assert till.provider.of(attempt)[0].refunded == 2000


def test_nothing_is_captured_above_what_was_agreed(till: Till) -> None:
    due = till.due(6000)
    attempt = till.secured(due)
    for wrong in (6001, -1):
        with pytest.raises(dues.WrongAmount):
            till.order(dues.set_final, due, wrong)
    for wrong in (6001, 0, -1):
        with pytest.raises(payments.CannotOrder):
            till.order(payments.order_capture, attempt, wrong)
    call = till.order(payments.order_capture, attempt, 100)
    assert till.order(payments.order_capture, attempt, 100) == call
    with pytest.raises(payments.CannotOrder):
        till.order(payments.order_capture, attempt, 200)


def test_a_final_amount_stays(till: Till) -> None:
    due = till.due(6000)
    till.secured(due)
    till.settle(due, 2500)
    assert till.settle(due, 2500)
    with pytest.raises(dues.WrongAmount):
        till.order(dues.set_final, due, 2600)
    with pytest.raises(dues.WrongAmount):
        till.order(dues.cancel, due)


def test_the_maximum_may_change_until_somebody_pays(till: Till) -> None:
    def due(max_minor: int) -> str:
        with database().unit_of_work():
            return dues.open_due(till.organisation_id, visit, PURPOSE, till.person_id, "EUR", max_minor)

    visit = till.encounter()
    first = due(2500)
    assert due(2500) == first
    assert due(6000) == first
    till.secured(first)
    assert due(6000) == first
    with pytest.raises(dues.AlreadyDue, match=first):
        due(7000)
    with pytest.raises(dues.WrongAmount):
        due(-1)
    payments.execute_all(till.order(payments.release, first))
    assert due(7000) != first


def test_a_cancelled_visit_gives_everything_back(till: Till) -> None:
    for visit_in in (timedelta(days=1), LATER):
        due = till.due()
        attempt = till.secured(due, visit_in=visit_in)
        assert payments.execute_all(till.order(payments.release, due))
        assert (till.view(attempt).status, till.status(due)) == ("voided", "cancelled")
    assert books(till) == {}


def test_a_refused_card_may_be_followed_by_another(till: Till) -> None:
    due = till.due()
    attempt, url = till.begun(due)
    till.provider.refuse(url)
    seen = payments.look(attempt)
    assert seen.failure is not None
    assert (seen.status, till.status(due), till.decided) == ("pending", "open", [])
    till.provider.pay(url)
    seen = payments.look(attempt)
    assert (seen.status, seen.failure, till.status(due)) == ("authorised", None, "secured")


def test_whoever_asks_twice_gets_the_same_attempt_and_page(till: Till) -> None:
    due = till.due()
    attempt, url = till.begun(due)
    assert till.attempt(due) == attempt
    answer = payments.begin(attempt, BACK)
    assert isinstance(answer, Redirect)
    assert (answer.url, len(till.provider.pages)) == (url, 1)
    till.provider.pay(url)
    payments.look(attempt)
    assert isinstance(payments.begin(attempt, BACK), Done)
    with pytest.raises(payments.CannotPay):
        till.attempt(due)


def test_another_way_of_paying_closes_the_page_of_the_first(till: Till) -> None:
    due = till.due()
    first, url = till.begun(due)
    second = till.attempt(due, visit_in=LATER)
    assert second != first
    till.work()
    assert till.view(first).status == "expired"
    till.provider.pay(url)
    assert till.provider.of(first)[0].authorised == 0


def test_whoever_pays_twice_is_charged_once(till: Till) -> None:
    due = till.due()
    first, url = till.begun(due)
    till.provider.pay(url)
    second = till.secured(due, visit_in=LATER)
    assert (till.view(second).status, till.status(due)) == ("method_saved", "secured")
    till.work()
    assert (till.view(first).status, till.view(second).status, till.status(due)) == ("voided", "method_saved", "secured")
    assert till.decided == [(second, "method_saved")]
    assert till.settle(due, 2500)
    assert books(till) == {"practice_revenue": -2500, "provider_clearing": 2500}


def test_conductors_stay_outside_a_unit_of_work(till: Till) -> None:
    due = till.due()
    attempt = till.secured(due)
    call = till.order(payments.order_capture, attempt, 100)
    acts: list[Callable[[], object]] = [
        lambda: payments.begin(attempt, BACK),
        lambda: payments.look(attempt),
        lambda: payments.execute(call),
        lambda: payments.receive("memory", {}, b""),
    ]
    for act in acts:
        with database().unit_of_work(), pytest.raises(UnitOfWorkOpen):
            act()


def test_every_step_leaves_a_line_in_the_audit_trail(till: Till) -> None:
    due = till.due()
    attempt = till.secured(due)
    till.settle(due, 2500)
    with database().reading():
        found = {row.action for row in session().exec(select(AuditEvent)) if row.object_ids in ([attempt], [due])}
    assert found == {
        "money_due.opened",
        "payment.attempted",
        "payment.authorised",
        "money_due.secured",
        "money_due.final",
        "payment.capture_ordered",
        "payment.captured",
        "money_due.settled",
    }
