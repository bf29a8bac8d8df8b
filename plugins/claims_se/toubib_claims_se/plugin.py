"""Entry point `claims_se`: registers the pack and the facts it asks for."""

from collections.abc import Sequence

from toubib.contracts.identity import FactType
from toubib.contracts.plugin import PluginInfo
from toubib.contracts.registry import CONTRACT_VERSION, hookimpl
from toubib.contracts.reimbursement import ReimbursementPack
from toubib_claims_se.facts import FACT_TYPES
from toubib_claims_se.messages import msg
from toubib_claims_se.pack import SwedishPack
from toubib_claims_se.settings import Settings

VERSION = "0.1.0"


@hookimpl
def toubib_info() -> PluginInfo:
    """The plugin's identity card: no tables, no hosts."""
    return PluginInfo(
        name="claims_se",
        version=VERSION,
        contract=CONTRACT_VERSION,
        title=msg("Swedish regions"),
        description=msg("What the regions pay of a digital visit, up to the twelve-month ceiling, and the monthly invoice to each region."),
        settings=Settings,
    )


@hookimpl
def toubib_reimbursement(settings: Settings) -> Sequence[ReimbursementPack]:
    """The pack."""
    return [SwedishPack(settings)]


@hookimpl
def toubib_fact_types(settings: Settings) -> Sequence[FactType]:  # noqa: ARG001  the hook's signature
    """What the pack asks."""
    return FACT_TYPES
