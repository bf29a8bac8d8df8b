"""What the German pack needs to know of a patient."""

from toubib.contracts.identity import FactType, Sensitivity
from toubib.services import countries
from toubib.services.answers import one_of
from toubib_claims_de.messages import msg

INSURANCE = "claims_de.insurance"
KVNR = "claims_de.kvnr"
STATUTORY, PRIVATE, SELF_PAYING = "statutory", "private", "self"
INSURANCES = (
    (STATUTORY, msg("A statutory health insurance (gesetzliche Krankenkasse)")),
    (PRIVATE, msg("A private health insurance")),
    (SELF_PAYING, msg("None: I pay myself")),
)


FACT_TYPES = (
    FactType(
        INSURANCE,
        msg("Your health insurance in Germany"),
        msg("It decides whether you get a bill at all."),
        Sensitivity.PERSONAL,
        one_of(INSURANCES),
        choices=INSURANCES,
    ),
    FactType(
        KVNR,
        msg("Health insurance number"),
        msg("Needed on the claim to your fund; you pay nothing either way."),
        Sensitivity.PERSONAL,
        lambda text: countries.checked("DE", "kvnr", text),
        hint=msg("One letter and nine digits, on your card"),
        lookup=True,
    ),
)
