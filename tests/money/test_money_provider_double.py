"""The provider in memory keeps the contract that every provider keeps, so that what is proven with it is proven."""

import pytest

from toubib.testing.conformance.payment import OnlinePaymentContract, PaymentSubject
from toubib.testing.doubles.payment import MemoryProvider


class TestMemoryProvider(OnlinePaymentContract):
    """All promises of a provider with a page."""

    @pytest.fixture
    def subject(self) -> PaymentSubject:
        provider = MemoryProvider()
        return PaymentSubject(provider, pay=provider.pay, refuse=provider.refuse, webhooks=provider.webhooks)
