"""What the British pack needs to know of a patient."""


from toubib.contracts.identity import FactType, Sensitivity
from toubib.services import countries
from toubib.services.answers import one_of
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


FACT_TYPES = (
    FactType(SEEN_AS, msg("How you are seen"), msg("It decides whether you pay."), Sensitivity.PERSONAL, one_of(WAYS), choices=WAYS),
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
    FactType(NATION, msg("Where you are registered"), msg("It decides what a prescription costs."), Sensitivity.PERSONAL, one_of(NATIONS), choices=NATIONS),
)
