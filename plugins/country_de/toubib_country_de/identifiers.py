"""Numbers of Germany: the insured person's number (Krankenversichertennummer), the doctor's (LANR) and the practice's (BSNR)."""

import re

from toubib.contracts.country import CheckedIdentifier, IdentifierType
from toubib.services.country_basics import grouped, masked
from toubib_country_de.messages import msg, refused

TYPES = (
    IdentifierType("kvnr", "http://fhir.de/sid/gkv/kvid-10", msg("Health insurance number (Versichertennummer)"), "A123456780"),
    IdentifierType("lanr", "https://fhir.kbv.de/NamingSystem/KBV_NS_Base_ANR", msg("Doctor's number (LANR)"), "123456601"),
    IdentifierType("bsnr", "https://fhir.kbv.de/NamingSystem/KBV_NS_Base_BSNR", msg("Practice's number (BSNR)"), "031234567"),
)


def check(key: str, value: str, *, allow_test: bool) -> CheckedIdentifier:  # noqa: ARG001  no test range is known
    """Normalise and check one number; `ContractError` names the failed check, or says that the kind is unknown."""
    checkers = {"kvnr": _kvnr, "lanr": _lanr, "bsnr": _bsnr}
    if key not in checkers:
        raise refused(msg("Germany knows no number of the kind “%(kind)s”.", kind=key))
    return checkers[key](re.sub(r"[\s.\-\u00a0]", "", value).upper())


def _kvnr(value: str) -> CheckedIdentifier:
    if len(value) != 10:
        raise refused(msg("Length: a health insurance number has 10 characters; here there are %(found)s.", found=len(value)))
    if not re.fullmatch(r"[A-Z][0-9]{9}", value):
        raise refused(msg("Characters: a health insurance number is one letter and nine digits, as on the card."))
    if kvnr_check_digit(value[:9]) != int(value[9]):
        raise refused(msg("Check digit: the last digit does not match the number. Look for a digit typed wrongly."))
    return CheckedIdentifier(value, grouped(value, 1, 3, 3, 3), masked(value, 2), test=False)


def kvnr_check_digit(body: str) -> int:
    """The check digit of a letter and eight digits: the letter as 01 to 26, weights 1 and 2 in turn, sum of digit sums modulo 10."""
    digits = f"{ord(body[0]) - ord('A') + 1:02d}{body[1:]}"
    products = [int(digit) * (1 + position % 2) for position, digit in enumerate(digits)]
    return sum(product // 10 + product % 10 for product in products) % 10


def _lanr(value: str) -> CheckedIdentifier:
    """Nine digits; the check digit is not judged, since its rule was not verified."""
    _nine_digits(value)
    return CheckedIdentifier(value, grouped(value, 7, 2), masked(value, 3), test=False)


def _bsnr(value: str) -> CheckedIdentifier:
    _nine_digits(value)
    return CheckedIdentifier(value, grouped(value, 2, 7), value, test=False)


def _nine_digits(value: str) -> None:
    if not re.fullmatch(r"[0-9]{9}", value):
        raise refused(msg("Length: this number has 9 digits; here there are %(found)s characters.", found=len(value)))
