"""Everything this plugin registers. Read this first."""

from collections.abc import Sequence

from toubib.contracts.common import Message
from toubib.contracts.demo import DemoPart
from toubib.contracts.payment import PaymentProvider
from toubib.contracts.plugin import OutsideHost, PluginInfo
from toubib.contracts.registry import CONTRACT_VERSION, hookimpl
from toubib_payment_stripe import __version__
from toubib_payment_stripe.demo import DemoDouble
from toubib_payment_stripe.provider import StripeProvider
from toubib_payment_stripe.settings import LOOPBACK, Settings

STAND_IN = "python -m toubib_payment_stripe.double"


@hookimpl
def toubib_info() -> PluginInfo:
    """Who we are, and the two hosts that may be called."""
    return PluginInfo(
        name="payment_stripe",
        version=__version__,
        contract=CONTRACT_VERSION,
        title=Message("payment_stripe", "Card payment by Stripe"),
        description=Message("payment_stripe", "The payer authorises a card on Stripe's own page; the final amount is taken after the consultation."),
        settings=Settings,
        hosts=(
            OutsideHost("api.stripe.com", "card payments", stand_in=STAND_IN),
            OutsideHost(LOOPBACK, "the local double of Stripe", reached=True),
        ),
    )


@hookimpl
def toubib_payments(settings: Settings) -> Sequence[PaymentProvider]:
    """The one provider."""
    return [StripeProvider(settings)]


@hookimpl
def toubib_demo(settings: Settings) -> Sequence[DemoPart]:
    """The local double, beside a demonstration that speaks to it."""
    return [DemoDouble(settings)]
