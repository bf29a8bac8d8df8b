"""What an invoice must say in France beside names, numbers and amounts. Not verified against an official list of mentions."""

from collections.abc import Mapping, Sequence

from toubib.contracts.country import Billed
from toubib.contracts.reasons import Confidence, Why
from toubib_country_fr.messages import msg

EXEMPT = Why(
    "country_fr.invoice.vat",
    msg("Exempt from VAT (code général des impôts, article 261, 4, 1°)."),
    "code général des impôts, article 261, 4, 1°",
    confidence=Confidence.MEDIUM,
)
NO_CARE = Why(
    "country_fr.invoice.missed",
    msg("This fee is no care: neither the health insurance nor a complementary one pays it back."),
    "code de la sécurité sociale, article L160-8: only care is covered",
    confidence=Confidence.MEDIUM,
)
OF: Mapping[Billed, Sequence[Why]] = {Billed.CARE: (EXEMPT,), Billed.MISSED: (NO_CARE,)}
