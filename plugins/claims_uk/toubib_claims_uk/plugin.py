"""Entry point `claims_uk`: registers the pack and the facts it asks for."""

from collections.abc import Sequence

from toubib.contracts.identity import FactType
from toubib.contracts.plugin import PluginInfo
from toubib.contracts.registry import CONTRACT_VERSION, hookimpl
from toubib.contracts.reimbursement import ReimbursementPack
from toubib_claims_uk.facts import FACT_TYPES
from toubib_claims_uk.messages import msg
from toubib_claims_uk.pack import BritishPack
from toubib_claims_uk.settings import Settings

VERSION = "0.1.0"


@hookimpl
def toubib_info() -> PluginInfo:
    """The plugin's identity card: no tables, no hosts."""
    return PluginInfo(
        name="claims_uk",
        version=VERSION,
        contract=CONTRACT_VERSION,
        title=msg("NHS and private care in the United Kingdom"),
        description=msg("NHS visits that are free, private ones that are paid, and what a prescription costs."),
        settings=Settings,
    )


@hookimpl
def toubib_reimbursement(settings: Settings) -> Sequence[ReimbursementPack]:
    """The pack."""
    return [BritishPack(settings)]


@hookimpl
def toubib_fact_types(settings: Settings) -> Sequence[FactType]:  # noqa: ARG001  the hook's signature
    """What the pack asks."""
    return FACT_TYPES
