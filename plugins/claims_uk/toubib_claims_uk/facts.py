"""What the British pack needs to know of a patient."""

from collections.abc import Callable

from toubib.contracts.common import ContractError, Message
from toubib.contracts.identity import FactType, Sensitivity
from toubib.services import countries
from toubib_claims_uk.messages import msg

NHS_NUMBER = "claims_uk.nhs_number"
SEEN_AS = "claims_uk.seen_as"
NATION = "claims_uk.nation"
NHS, PRIVATE = "nhs", "private"
WAYS = ((NHS, msg("As an NHS patient of this practice")), (PRIVATE, msg("Privately")))
NATIONS = (
    ("england", msg("England")),
    ("scotland", msg("Scotland")),
    ("wales", msg("Wales")),
    ("northern_ireland", msg("Northern Ireland")),
)


def _choice(choices: tuple[tuple[str, Message], ...]) -> Callable[[str], str]:
    allowed = frozenset(value for value, _ in choices)

    def normalise(text: str) -> str:
        if text not in allowed:
            raise ContractError(msg("Choose one of the answers."))
        return text

    return normalise


FACT_TYPES = (
    FactType(SEEN_AS, msg("How you are seen"), msg("It decides whether you pay."), Sensitivity.PERSONAL, _choice(WAYS), choices=WAYS),
    FactType(
        NHS_NUMBER,
        msg("NHS number"),
        msg("So that the practice finds your record; the visit is free without it too."),
        Sensitivity.PERSONAL,
        lambda text: countries.checked("GB", "nhs", text),
        hint=msg("Ten digits"),
        input_mode="numeric",
        lookup=True,
    ),
    FactType(NATION, msg("Where you are registered"), msg("It decides what a prescription costs."), Sensitivity.PERSONAL, _choice(NATIONS), choices=NATIONS),
)
