"""The promises of the payment contract, kept over HTTP against the double, on the platform's account and on a connected one."""

from collections.abc import Iterator

import pytest

from toubib.contracts.plugin import OutsideHost
from toubib.seams import network
from toubib.testing.conformance.payment import OnlinePaymentContract, PaymentSubject
from toubib_payment_stripe.double.launcher import POOR_CARD, SAVED_AFTER_CHALLENGE, Double, start_double
from toubib_payment_stripe.plugin import toubib_info
from toubib_payment_stripe.provider import StripeProvider
from toubib_payment_stripe.settings import Settings


@pytest.fixture(scope="module")
def double() -> Iterator[Double]:
    with start_double(accounts={"acct_lemaire": "Dr Claire Lemaire"}) as running:
        yield running


@pytest.fixture
def declared() -> Iterator[None]:
    before: list[OutsideHost] = list(network.declared().values())
    network.declare(toubib_info().hosts)
    yield
    network.declare(before)


@pytest.mark.usefixtures("declared")
class TestStripe(OnlinePaymentContract):
    """Stripe keeps the contract."""

    @pytest.fixture(params=["", "acct_lemaire"], ids=["platform", "connected"])
    def subject(self, double: Double, request: pytest.FixtureRequest) -> PaymentSubject:
        """The provider, and a payer whose bank asks for authentication."""
        settings = Settings.model_validate(
            {"api_base": double.base_url, "secret_key": double.secret_key, "webhook_secrets": [double.webhook_secret], "connect": True}
        )

        def pay(url: str) -> None:
            double.pay(url, SAVED_AFTER_CHALLENGE)

        def refuse(url: str) -> None:
            double.pay(url, POOR_CARD)

        return PaymentSubject(StripeProvider(settings), account=request.param, pay=pay, refuse=refuse, webhooks=double.signed_events)
