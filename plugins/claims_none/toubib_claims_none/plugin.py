"""Entry point `claims_none`: registers the pack that pays nothing."""

from collections.abc import Sequence

from toubib.contracts.plugin import PluginInfo, PluginSettings
from toubib.contracts.registry import CONTRACT_VERSION, hookimpl
from toubib.contracts.reimbursement import ReimbursementPack
from toubib_claims_none.pack import NoPack, msg

VERSION = "0.1.0"


@hookimpl
def toubib_info() -> PluginInfo:
    """The plugin's identity card: no tables, no hosts, no settings."""
    return PluginInfo(
        name="claims_none",
        version=VERSION,
        contract=CONTRACT_VERSION,
        title=msg("No reimbursement"),
        description=msg("The patient pays the price and nothing is claimed."),
    )


@hookimpl
def toubib_reimbursement(settings: PluginSettings) -> Sequence[ReimbursementPack]:  # noqa: ARG001  the hook's signature
    """The pack without a scheme."""
    return [NoPack()]
