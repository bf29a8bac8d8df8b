"""The smallest provider keeps every promise of the contract, and says what it cannot do."""

import pytest

from toubib.contracts.common import ContractError, Money
from toubib.contracts.payment import Instruction, ObservedState
from toubib.testing.conformance.payment import BACK, PaymentContract, PaymentSubject, attempt
from toubib_payment_manual.plugin import toubib_info, toubib_payments
from toubib_payment_manual.settings import Settings


class TestDesk(PaymentContract):
    """The desk keeps the contract."""

    @pytest.fixture
    def subject(self) -> PaymentSubject:
        """The provider as the plugin registers it."""
        return PaymentSubject(toubib_payments(Settings())[0])

    @pytest.mark.feature("PAY-09:b")
    def test_the_payer_reads_how_much_and_that_nothing_is_taken(self, subject: PaymentSubject) -> None:
        told = subject.provider.begin(attempt(subject, minor=2500), BACK)
        assert isinstance(told, Instruction)
        assert told.text.params == {"amount": Money(2500, "EUR")}
        assert "Nothing is taken now" in told.text.key

    def test_no_capture_is_ever_claimed(self, subject: PaymentSubject) -> None:
        tried = self.begun(subject, attempt(subject))
        seen = subject.provider.capture(tried, tried.amount, "key")
        assert (seen.state, seen.captured) == (ObservedState.PENDING, 0)

    def test_a_refund_is_the_desks_own_affair(self, subject: PaymentSubject) -> None:
        with pytest.raises(ContractError, match="at the desk"):
            subject.provider.refund(self.begun(subject, attempt(subject)), Money(100, "EUR"), "key")

    def test_it_calls_nobody_and_stores_nothing(self) -> None:
        assert (toubib_info().hosts, toubib_info().stores, toubib_info().migrations) == ((), (), "")
