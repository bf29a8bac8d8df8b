"""What the regions need to know of a patient."""

import re
from datetime import date

from toubib.contracts.common import ContractError, Message
from toubib.contracts.identity import FactType, Sensitivity
from toubib.services import countries
from toubib.services.answers import one_of
from toubib_claims_se.messages import msg
from toubib_claims_se.regions import REGIONS

PERSONNUMMER = "claims_se.personnummer"
REGION = "claims_se.region"
FREE_CARD = "claims_se.free_card_until"
CHOICES = tuple((code, Message("claims_se", name)) for code, name in REGIONS.items())


def normalise_number(text: str) -> str:
    """A personal identity number or, with a day above 60, a coordination number; the country's pack checks it."""
    digits = re.sub(r"[^0-9]", "", text)
    kind = "samordningsnummer" if digits[-6:-4] > "60" else "personnummer"
    return countries.checked("SE", kind, text)


def _day(text: str) -> str:
    try:
        return date.fromisoformat(text.strip()).isoformat()
    except ValueError:
        raise ContractError(msg("Date: write year, month and day, as in 2026-08-31.")) from None


FACT_TYPES = (
    FactType(
        PERSONNUMMER,
        msg("Personal identity number"),
        msg("Your region is invoiced under this number; the estimate does without it."),
        Sensitivity.PERSONAL,
        normalise_number,
        hint=msg("Personnummer or samordningsnummer, 10 or 12 digits"),
        input_mode="numeric",
        lookup=True,
    ),
    FactType(
        REGION,
        msg("Region where you are registered"),
        msg("That region pays your visit, wherever you are."),
        Sensitivity.PERSONAL,
        one_of(CHOICES),
        choices=CHOICES,
    ),
    FactType(
        FREE_CARD,
        msg("Free card (frikort) valid until"),
        msg("With a free card you pay no patient fee. Leave it empty if you have none."),
        Sensitivity.PERSONAL,
        _day,
        hint=msg("As in 2026-08-31"),
    ),
)
