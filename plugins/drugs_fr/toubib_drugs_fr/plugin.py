"""What the plugin registers. Read this first."""

from collections.abc import Sequence

from toubib.contracts.common import Message
from toubib.contracts.demo import DemoPart
from toubib.contracts.plugin import PluginInfo
from toubib.contracts.prescription import DrugDatabase
from toubib.contracts.registry import CONTRACT_VERSION, hookimpl
from toubib.contracts.web import WebPart
from toubib_drugs_fr import __version__, models
from toubib_drugs_fr.commands import group
from toubib_drugs_fr.database import NAME, FrenchDrugs
from toubib_drugs_fr.demo import DemoDrugs
from toubib_drugs_fr.settings import DrugSettings


@hookimpl
def toubib_info() -> PluginInfo:
    """Who we are. The file comes by command, from the operator's disk: no outside host."""
    return PluginInfo(
        name=NAME,
        version=__version__,
        contract=CONTRACT_VERSION,
        title=Message(NAME, "French drugs"),
        description=Message(NAME, "Drugs of the official French file, to prescribe from; loaded by one command."),
        settings=DrugSettings,
        migrations="toubib_drugs_fr.migrations",
        stores=models.TABLES,
    )


@hookimpl
def toubib_drug_databases(settings: DrugSettings) -> Sequence[DrugDatabase]:  # noqa: ARG001  the hook's signature
    """The database called `drugs_fr`."""
    return [FrenchDrugs()]


@hookimpl
def toubib_web(settings: DrugSettings) -> WebPart:  # noqa: ARG001  the hook's signature
    """No pages; the commands of the import."""
    return WebPart(commands=(group(),))


@hookimpl
def toubib_demo(settings: DrugSettings) -> Sequence[DemoPart]:  # noqa: ARG001  the hook's signature
    """The dated subset that comes with the plugin."""
    return [DemoDrugs()]
