"""Entry point `claims_de`: registers the pack and the facts it asks for."""

from collections.abc import Sequence

from toubib.contracts.identity import FactType
from toubib.contracts.plugin import PluginInfo
from toubib.contracts.registry import CONTRACT_VERSION, hookimpl
from toubib.contracts.reimbursement import ReimbursementPack
from toubib_claims_de.facts import FACT_TYPES
from toubib_claims_de.messages import msg
from toubib_claims_de.pack import GermanPack
from toubib_claims_de.settings import Settings

VERSION = "0.1.0"


@hookimpl
def toubib_info() -> PluginInfo:
    """The plugin's identity card: no tables, no hosts."""
    return PluginInfo(
        name="claims_de",
        version=VERSION,
        contract=CONTRACT_VERSION,
        title=msg("German health insurance"),
        description=msg("What the statutory health insurance is billed in points, and the claim of each quarter."),
        settings=Settings,
    )


@hookimpl
def toubib_reimbursement(settings: Settings) -> Sequence[ReimbursementPack]:
    """The pack."""
    return [GermanPack(settings)]


@hookimpl
def toubib_fact_types(settings: Settings) -> Sequence[FactType]:  # noqa: ARG001  the hook's signature
    """What the pack asks."""
    return FACT_TYPES
