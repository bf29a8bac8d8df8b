"""Entry point `claims_fr`: registers the French reimbursement pack and the facts it asks for."""

from collections.abc import Sequence

from toubib.contracts.identity import FactType
from toubib.contracts.plugin import PluginInfo
from toubib.contracts.registry import CONTRACT_VERSION, hookimpl
from toubib.contracts.reimbursement import ReimbursementPack
from toubib_claims_fr.facts import FACT_TYPES
from toubib_claims_fr.messages import msg
from toubib_claims_fr.pack import FrenchPack
from toubib_claims_fr.settings import Settings

VERSION = "0.1.0"


@hookimpl
def toubib_info() -> PluginInfo:
    """The plugin's identity card: no tables, no hosts."""
    return PluginInfo(
        name="claims_fr",
        version=VERSION,
        contract=CONTRACT_VERSION,
        title=msg("French health insurance"),
        description=msg("What the French health insurance pays of a visit, line by line, and the draft of the claim."),
        settings=Settings,
    )


@hookimpl
def toubib_reimbursement(settings: Settings) -> Sequence[ReimbursementPack]:
    """The French pack."""
    return [FrenchPack(settings)]


@hookimpl
def toubib_fact_types(settings: Settings) -> Sequence[FactType]:  # noqa: ARG001  the hook's signature
    """Insurance number, scheme, treating doctor, cover."""
    return FACT_TYPES
