"""French numbers and their checks. Each refusal names the check that failed, so that a typing error can be found."""

import re
from collections.abc import Callable

from stdnum import luhn
from stdnum.fr import nir, siren, siret

from toubib.contracts.common import Message
from toubib.contracts.country import CheckedIdentifier, IdentifierType
from toubib.services.country_basics import grouped, masked
from toubib_country_fr.messages import msg, refused

NIR_OID = "1.2.250.1.213.1.4.8"
NIA_OID = "1.2.250.1.213.1.4.9"
INS_TEST_OID = "1.2.250.1.213.1.4.10"
INS_DEMO_OID = "1.2.250.1.213.1.4.11"
PROFESSIONAL_OID = "1.2.250.1.71.4.2.1"
STRUCTURE_OID = "1.2.250.1.71.4.2.2"
COMPANIES = "https://sirene.fr"

TYPES = (
    IdentifierType("nir", NIR_OID, msg("Social security number (NIR)"), "2 69 05 49 588 157 80"),
    IdentifierType("nia", NIA_OID, msg("Temporary social security number (NIA)"), "7 69 05 49 588 157 24"),
    IdentifierType("ins_test", INS_TEST_OID, msg("Health identity number (INS), test domain"), "2 79 03 51 215 189 89"),
    IdentifierType("ins_demo", INS_DEMO_OID, msg("Health identity number (INS), demonstration domain"), "2 79 03 51 215 189 89"),
    IdentifierType("rpps", PROFESSIONAL_OID, msg("Register number of a health professional (RPPS)"), "10 000 001 916"),
    IdentifierType("finess", STRUCTURE_OID, msg("Register number of a health facility (FINESS)"), "750 712 184"),
    IdentifierType("siren", COMPANIES, msg("Company number (SIREN)"), "732 829 320"),
    IdentifierType("siret", COMPANIES, msg("Establishment number (SIRET)"), "732 829 320 00074"),
)


def check(key: str, value: str, *, allow_test: bool) -> CheckedIdentifier:
    """Normalise and check one number; `ContractError` names the failed check, or says that the kind is unknown."""
    checker = CHECKS.get(key)
    if checker is None:
        raise refused(msg("France knows no number of the kind “%(kind)s”.", kind=key))
    bare = re.sub(r"[\s.\-\u00a0\u202f]", "", value).upper()
    found = checker(bare)
    if found.test and not allow_test:
        raise refused(msg("Test number: it is not accepted on a real installation."))
    return found


def _digits(value: str, length: int, name: Message) -> None:
    if not re.fullmatch(r"[0-9]*", value):
        raise refused(msg("Characters: %(name)s is made of digits only.", name=name))
    if len(value) != length:
        raise refused(msg("Length: %(name)s has %(length)s digits; here there are %(found)s.", name=name, length=length, found=len(value)))


def _social_security(value: str, sexes: str, *, test: bool) -> CheckedIdentifier:
    if not re.fullmatch(r"[0-9AB]*", value) or re.search(r"[AB]", value[:5] + value[7:]):
        raise refused(msg("Characters: a social security number is made of digits; only Corsica's department is written 2A or 2B."))
    if len(value) == 13:
        raise refused(msg("Key: its two digits are missing. They follow the number on the card."))
    if len(value) != 15:
        raise refused(msg("Length: a social security number has 15 characters, key included; here there are %(found)s.", found=len(value)))
    if value[0] not in sexes:
        raise refused(msg("First digit: it is one of %(digits)s.", digits=", ".join(sexes)))
    if not _month_exists(int(value[3:5])):
        raise refused(msg("Month of birth: digits 4 and 5 are no month."))
    if not nir.is_valid(value):
        raise refused(msg("Key: the last two digits do not match the number. Look for a digit typed wrongly."))
    return CheckedIdentifier(value, grouped(value, 1, 2, 2, 2, 3, 3, 2), masked(value, 2), test)


def _month_exists(month: int) -> bool:
    """01 to 12, and the codes used when the month is not known (20, 30 to 42, 50 to 99)."""
    return 1 <= month <= 12 or month == 20 or 30 <= month <= 42 or 50 <= month <= 99


def _nir(value: str) -> CheckedIdentifier:
    return _social_security(value, "12", test=False)


def _nia(value: str) -> CheckedIdentifier:
    return _social_security(value, "3478", test=False)


def _ins_test(value: str) -> CheckedIdentifier:
    return _social_security(value, "123478", test=True)


def _rpps(value: str) -> CheckedIdentifier:
    """Real numbers begin with 1 and pass Luhn; those of the test range begin with 99 and need not."""
    name = msg("a register number (RPPS)")
    _digits(value, 11, name)
    test = value.startswith("99")
    if not test and not value.startswith("1"):
        raise refused(msg("First digit: a register number (RPPS) begins with 1."))
    if not test and not luhn.is_valid(value):
        raise refused(msg("Check digit: the last digit does not match the number. Look for a digit typed wrongly."))
    return CheckedIdentifier(value, grouped(value, 2, 3, 3, 3), masked(value, 3), test)


def _finess(value: str) -> CheckedIdentifier:
    """Nine characters with a Luhn digit; the rule for Corsica's 2A and 2B is not documented, so their digit is not judged."""
    name = msg("a facility number (FINESS)")
    corsica = value[:2] in ("2A", "2B")
    _digits("20" + value[2:] if corsica else value, 9, name)
    if not corsica and not luhn.is_valid(value):
        raise refused(msg("Check digit: the last digit does not match the number. Look for a digit typed wrongly."))
    return CheckedIdentifier(value, grouped(value, 3, 3, 3), value, test=False)


def _siren(value: str) -> CheckedIdentifier:
    _digits(value, 9, msg("a company number (SIREN)"))
    if not siren.is_valid(value):
        raise refused(msg("Check digit: the last digit does not match the number. Look for a digit typed wrongly."))
    return CheckedIdentifier(value, grouped(value, 3, 3, 3), value, test=False)


def _siret(value: str) -> CheckedIdentifier:
    _digits(value, 14, msg("an establishment number (SIRET)"))
    if not siret.is_valid(value):
        raise refused(msg("Check digit: the last digit does not match the number. Look for a digit typed wrongly."))
    return CheckedIdentifier(value, grouped(value, 3, 3, 3, 5), value, test=False)


CHECKS: dict[str, Callable[[str], CheckedIdentifier]] = {
    "nir": _nir,
    "nia": _nia,
    "ins_test": _ins_test,
    "ins_demo": _ins_test,
    "rpps": _rpps,
    "finess": _finess,
    "siren": _siren,
    "siret": _siret,
}
