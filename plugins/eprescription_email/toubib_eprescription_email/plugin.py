"""What the plugin registers. Read this first."""

from collections.abc import Sequence

from toubib.contracts.common import Message
from toubib.contracts.plugin import PluginInfo
from toubib.contracts.prescription import Carrier
from toubib.contracts.registry import CONTRACT_VERSION, hookimpl
from toubib.contracts.web import WebPart
from toubib_eprescription_email import __version__, models, pages
from toubib_eprescription_email.carrier import SealedPdf
from toubib_eprescription_email.commands import group
from toubib_eprescription_email.refusals import DOMAIN
from toubib_eprescription_email.settings import CarrierSettings


@hookimpl
def toubib_info() -> PluginInfo:
    """Who we are. No outside host: the core's mail carries the link."""
    return PluginInfo(
        name=DOMAIN,
        version=__version__,
        contract=CONTRACT_VERSION,
        title=Message(DOMAIN, "Prescriptions as sealed PDF"),
        description=Message(DOMAIN, "Makes the prescription's document, seals it, and tells whether a file is one of ours."),
        settings=CarrierSettings,
        migrations="toubib_eprescription_email.migrations",
        stores=(models.SealRow.__tablename__,),
    )


@hookimpl
def toubib_carriers(settings: CarrierSettings) -> Sequence[Carrier]:
    """The carrier called `eprescription_email`."""
    return [SealedPdf(settings)]


@hookimpl
def toubib_web(settings: CarrierSettings) -> WebPart:
    """The check of a file, and the commands of the seal."""
    return WebPart(blueprint=pages.blueprint(), public=pages.ROUTES, commands=(group(settings),))
