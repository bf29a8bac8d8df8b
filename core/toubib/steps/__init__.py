"""The core's own steps, which deployments list beside those of plugins."""

from toubib.contracts.journey import Step
from toubib.steps.coverage import AcceptEstimate, CoverageFacts
from toubib.steps.identity import Consent, Traits
from toubib.steps.payment import Authorise
from toubib.steps.proof import Proof
from toubib.steps.room import CONSULT, SETTLE, WAIT

CORE_STEPS: tuple[Step, ...] = (Traits(), Proof(), Consent(), CoverageFacts(), AcceptEstimate(), Authorise(), WAIT, CONSULT, SETTLE)
