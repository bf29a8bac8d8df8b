"""Everything this plugin registers. Read this first; then `provider`."""

from collections.abc import Sequence

from toubib.contracts.common import Message
from toubib.contracts.payment import PaymentProvider
from toubib.contracts.plugin import PluginInfo
from toubib.contracts.registry import CONTRACT_VERSION, hookimpl
from toubib_payment_manual import __version__
from toubib_payment_manual.provider import DeskProvider
from toubib_payment_manual.settings import Settings


@hookimpl
def toubib_info() -> PluginInfo:
    """Who we are. No host is called and nothing is stored."""
    return PluginInfo(
        name="payment_manual",
        version=__version__,
        contract=CONTRACT_VERSION,
        title=Message("payment_manual", "Pay at the desk"),
        description=Message("payment_manual", "The payer pays at the practice; this program moves no money."),
        settings=Settings,
    )


@hookimpl
def toubib_payments(settings: Settings) -> Sequence[PaymentProvider]:
    """The one provider."""
    return [DeskProvider(settings)]
