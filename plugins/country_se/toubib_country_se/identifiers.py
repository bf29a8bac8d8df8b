"""Numbers of Sweden: personnummer and samordningsnummer, each refusal naming the check that failed.

The stored form has ten digits and the sign that tells centuries apart (`880320-0016`; `+` from the year one turns 100).
"""

import re
from datetime import date

from stdnum import luhn

from toubib.contracts.common import Message
from toubib.contracts.country import CheckedIdentifier, IdentifierType
from toubib.seams import clock
from toubib.services.country_basics import masked
from toubib_country_se.messages import msg, refused

SYSTEMS = {"personnummer": "1.2.752.129.2.1.3.1", "samordningsnummer": "1.2.752.129.2.1.3.3"}
TYPES = (
    IdentifierType("personnummer", "urn:oid:1.2.752.129.2.1.3.1", msg("Personal identity number (personnummer)"), "19880320-0016"),
    IdentifierType("samordningsnummer", "urn:oid:1.2.752.129.2.1.3.3", msg("Coordination number (samordningsnummer)"), "19701063-2391"),
)
SHAPE = re.compile(r"(\d{2})?(\d{6})([-+]?)(\d{4})")
ADDED_TO_THE_DAY = 60
FIRST_TEST = 980


def check(key: str, value: str, *, allow_test: bool) -> CheckedIdentifier:
    """Normalise and check one number; `ContractError` names the failed check, or says that the kind is unknown."""
    if key not in SYSTEMS:
        raise refused(msg("Sweden knows no number of the kind “%(kind)s”.", kind=key))
    century, born, sign, last = _parts(value)
    added = ADDED_TO_THE_DAY if key == "samordningsnummer" else 0
    birth = _birth(century, born, sign, added)
    if not luhn.is_valid(born + last):
        raise refused(msg("Check digit: the last digit does not match the number. Look for a digit typed wrongly."))
    test = int(last[:3]) >= FIRST_TEST
    if test and not allow_test:
        raise refused(msg("Test number: it is not accepted on a real installation."))
    stored = f"{born}{_sign(birth)}{last}"
    return CheckedIdentifier(stored, f"{birth.year // 100}{stored}", masked(stored, 2), test)


def _parts(value: str) -> tuple[str, str, str, str]:
    bare = re.sub(r"[\s\u00a0]", "", value)
    if re.search(r"[^0-9+-]", bare):
        raise refused(msg("Characters: the number is made of digits, with a hyphen before the last four."))
    match = SHAPE.fullmatch(bare)
    if match is None:
        digits = sum(c.isdigit() for c in bare)
        raise refused(msg("Length: the number has 10 or 12 digits; here there are %(found)s.", found=digits))
    return match[1] or "", match[2], match[3], match[4]


def _birth(century: str, born: str, sign: str, added: int) -> date:
    month, day = int(born[2:4]), int(born[4:6]) - added
    if added and day < 1:
        raise refused(msg("Day of birth: a coordination number adds 60 to the day. Is this a personal identity number?"))
    if not added and day > ADDED_TO_THE_DAY:
        raise refused(msg("Day of birth: no month has so many days. A day above 60 makes it a coordination number."))
    today = clock.now().date()
    year = int(century + born[:2]) if century else _year(int(born[:2]), today.year, older=sign == "+")
    try:
        found = date(year, month, day)
    except ValueError:
        raise refused(_no_day()) from None
    if found > today:
        raise refused(msg("Date of birth: it lies in the future."))
    return found


def _no_day() -> Message:
    return msg("Date of birth: the first digits are no date. They are year, month and day.")


def _year(two_digits: int, this_year: int, *, older: bool) -> int:
    """The year that two digits mean: within the last hundred years, or before them with a plus sign."""
    year = this_year - (this_year - two_digits) % 100
    return year - 100 if older else year


def _sign(birth: date) -> str:
    return "+" if clock.now().year - birth.year >= 100 else "-"
