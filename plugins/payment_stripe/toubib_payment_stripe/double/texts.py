"""The words of the hosted page: the plugin's catalogue, read without the application, since the double is a process of its own."""

from decimal import Decimal
from functools import cache
from pathlib import Path

from babel.messages.pofile import read_po
from babel.numbers import format_currency, get_currency_precision

LANGUAGES = ("fr", "en")
CATALOGUES = Path(__file__).parent.parent / "translations"


def _(msgid: str) -> str:
    """Mark a text for extraction; it is translated when the page is shown."""
    return msgid


def translate(language: str, msgid: str, **params: object) -> str:
    """The text in `language`, or the English key itself; `%(name)s` filled from `params`."""
    text = _catalogue(language).get(msgid, msgid)
    return text % params if params else text


def amount(language: str, minor: int, currency: str) -> str:
    """An amount in minor units as a person reads it: `25,00 €`."""
    code = currency.upper()
    return format_currency(Decimal(minor).scaleb(-get_currency_precision(code)), code, locale=language).replace("\u202f", "\u00a0")


@cache
def _catalogue(language: str) -> dict[str, str]:
    path = CATALOGUES / language / "LC_MESSAGES" / "payment_stripe.po"
    if not path.exists():
        return {}
    with path.open("rb") as file:
        return {str(entry.id): str(entry.string) for entry in read_po(file) if entry.id and entry.string}
