"""Numbers of the United Kingdom: the NHS number, and the register numbers of doctors and nurses."""

import re

from stdnum.gb import nhs

from toubib.contracts.country import CheckedIdentifier, IdentifierType
from toubib.services.country_basics import grouped, masked
from toubib_country_uk.messages import msg, refused

TEST_RANGE = "999"
TYPES = (
    IdentifierType("nhs", "https://fhir.nhs.uk/Id/nhs-number", msg("NHS number"), "943 476 5919"),
    IdentifierType("gmc", "https://fhir.hl7.org.uk/Id/gmc-number", msg("Doctor's register number (GMC)"), "1234567"),
)


def check(key: str, value: str, *, allow_test: bool) -> CheckedIdentifier:
    """Normalise and check one number; `ContractError` names the failed check, or says that the kind is unknown."""
    bare = re.sub(r"[\s.\-\u00a0]", "", value)
    if key == "nhs":
        return _nhs(bare, allow_test=allow_test)
    if key == "gmc":
        return _gmc(bare)
    raise refused(msg("The United Kingdom knows no number of the kind “%(kind)s”.", kind=key))


def _nhs(value: str, *, allow_test: bool) -> CheckedIdentifier:
    _digits(value, 10)
    if not nhs.is_valid(value):
        raise refused(msg("Check digit: the last digit does not match the number. Look for a digit typed wrongly."))
    test = value.startswith(TEST_RANGE)
    if test and not allow_test:
        raise refused(msg("Test number: it is not accepted on a real installation."))
    return CheckedIdentifier(value, grouped(value, 3, 3, 4), masked(value, 4), test)


def _gmc(value: str) -> CheckedIdentifier:
    _digits(value, 7)
    return CheckedIdentifier(value, value, value, test=False)


def _digits(value: str, length: int) -> None:
    if not re.fullmatch(r"[0-9]*", value):
        raise refused(msg("Characters: this number is made of digits only."))
    if len(value) != length:
        raise refused(msg("Length: this number has %(length)s digits; here there are %(found)s.", length=length, found=len(value)))
