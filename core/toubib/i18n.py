"""Translations: one gettext domain per plugin, `.po` files read at start, no compiled files to forget.

A message is looked up in the deployment's own texts, in its own domain, in the core's, then in any other. Nothing is translated before it is
shown.
"""

import io
import re
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_datetime, format_time
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_currency, get_currency_precision
from babel.support import NullTranslations, Translations

from toubib.contracts.common import Localised, Message, MessageParam, Money

CORE = "toubib"
DEPLOYMENT = "deployment"
NBSP = "\u00a0"
_locale: ContextVar[str] = ContextVar("toubib_locale", default="en")
_zone: ContextVar[str] = ContextVar("toubib_zone", default="UTC")


@dataclass(frozen=True, slots=True)
class TextState:
    """Who answers for a translation: `original` (the English text itself), `machine`, `reviewed` (by whom, when), or `unstated`.

    Catalogues say it in a comment of the entry: `#. state: machine` or `#. state: reviewed (NAME, DATE)`.
    """

    state: str
    by: str = ""
    on: str = ""


@dataclass(frozen=True, slots=True)
class SafetyText:
    """A text on which somebody's safety hangs, as it has to be shown: `original` stands beside it unless a person has reviewed it.

    `language` is that of `text`; `original` is English, and empty where nothing needs to stand beside.
    """

    text: str
    language: str
    original: str
    state: TextState


_STATE = re.compile(r"^state: (machine|reviewed)(?: \(([^,()]+), ([^()]+)\))?$")


class Catalogues:
    """All catalogues by domain and language; `texts/LANGUAGE.po` of the deployment has the first word in every domain."""

    def __init__(self, folders: Mapping[str, Path], texts: Path | None = None) -> None:
        self._domains = tuple(folders)
        self._catalogues: dict[tuple[str, str], NullTranslations] = {}
        self._own = {path.stem: _read(path, DEPLOYMENT) for path in sorted(texts.glob("*.po"))} if texts else {}
        self._files = {(DEPLOYMENT, path.stem): path for path in sorted(texts.glob("*.po"))} if texts else {}
        for domain, folder in folders.items():
            for path in sorted(folder.glob(f"*/LC_MESSAGES/{domain}.po")):
                self._catalogues[domain, path.parts[-3]] = _read(path, domain)
                self._files[domain, path.parts[-3]] = path

    def of(self, domain: str, locale: str) -> NullTranslations:
        """The catalogue of a domain; an empty one (English msgids) when there is none."""
        return self._catalogues.get((domain, locale)) or _EMPTY

    def gettext(self, domain: str, key: str, locale: str | None = None) -> str:
        """Translate `key` in its domain, then in the core's, then in any other (a plugin's part of a core page)."""
        language = locale or _locale.get()
        if language in self._own and (text := self._own[language].gettext(key)) != key:
            return text
        for candidate in (domain, CORE, *self._domains):
            text = self.of(candidate, language).gettext(key)
            if text != key:
                return text
        return key

    def state(self, domain: str, key: str, locale: str | None = None) -> TextState:
        """Who answers for the text that `gettext` gives for `key`."""
        language = locale or _locale.get()
        for candidate in (DEPLOYMENT, domain, CORE, *self._domains):
            path = self._files.get((candidate, language))
            if path is not None and (found := _states(path).get(key)):
                return found
        return ORIGINAL

    def safety(self, message: Message, locale: str | None = None) -> SafetyText:
        """A text on which somebody's safety hangs: where no person reviewed the translation, the original comes with it."""
        language = locale or _locale.get()
        text, state = self.render(message, language), self.state(message.domain, message.key, language)
        original = self.render(message, SOURCE)
        if language == SOURCE or state is ORIGINAL:
            return SafetyText(original, SOURCE, "", ORIGINAL)
        return SafetyText(text, language, "" if state.state == "reviewed" else original, state)

    def ngettext(self, domain: str, one: str, many: str, n: int, locale: str | None = None) -> str:
        """Translate a countable message, in the deployment's texts first and then domain by domain, as `gettext` does."""
        language = locale or _locale.get()
        for catalogue in (self._own.get(language, _EMPTY), *(self.of(candidate, language) for candidate in (domain, CORE, *self._domains))):
            text = catalogue.ngettext(one, many, n)
            if text not in (one, many):
                return text
        return one if n == 1 else many

    def render(self, message: Message, locale: str | None = None, zone: str | None = None) -> str:
        """The sentence of a message in a language, its parameters formatted for it."""
        language = locale or _locale.get()
        text = self.gettext(message.domain, message.key, language)
        if not message.params:
            return text.replace("%%", "%")
        return text % {k: self._param(v, language, zone) for k, v in message.params.items()}

    def _param(self, value: MessageParam, locale: str, zone: str | None) -> str | int:
        if isinstance(value, Message):
            return self.render(value, locale, zone)
        if isinstance(value, Money):
            return money(value, locale)
        if isinstance(value, datetime):
            return moment(value, zone or _zone.get(), locale)
        return value


_EMPTY = NullTranslations()
SOURCE = "en"
ORIGINAL = TextState("original")
UNSTATED = TextState("unstated")


@cache
def _states(path: Path) -> Mapping[str, TextState]:
    """What a catalogue says of each of its translated texts; those that stand as in the original are left out."""
    with path.open("rb") as file:
        catalogue = read_po(file)
    return {m.id: _state([*m.auto_comments, *m.user_comments]) for m in catalogue if isinstance(m.id, str) and m.id and m.string not in ("", m.id)}


def _state(comments: list[str]) -> TextState:
    for line in comments:
        if said := _STATE.match(line.strip()):
            signed = bool(said[2])
            return TextState(said[1] if signed or said[1] == "machine" else "unstated", said[2] or "", (said[3] or "").strip())
    return UNSTATED


@cache
def _read(path: Path, domain: str) -> NullTranslations:
    with path.open("rb") as file:
        catalogue = read_po(file, locale=path.stem if domain == DEPLOYMENT else path.parts[-3], domain=domain)
    buffer = io.BytesIO()
    write_mo(buffer, catalogue)
    buffer.seek(0)
    return Translations(buffer, domain=domain)


class NoCatalogues(Exception):
    """The application was not started: nothing to translate with."""


_catalogues: Catalogues | None = None


def install(catalogues: Catalogues | None) -> None:
    """Set the catalogues of the process. Called by the start and by tests only."""
    global _catalogues  # noqa: PLW0603  one set of catalogues per process
    _catalogues = catalogues


def catalogues() -> Catalogues:
    """The catalogues of the process, for what is written outside a request: documents made by jobs."""
    if _catalogues is None:
        raise NoCatalogues("start the application first (toubib.app.create_app)")
    return _catalogues


def set_locale(locale: str, zone: str) -> None:
    """Set the reader's language and zone for the current context."""
    _locale.set(locale)
    _zone.set(zone)


def locale() -> str:
    """The reader's language in the current context."""
    return _locale.get()


def zone() -> str:
    """The reader's zone in the current context."""
    return _zone.get()


def money(amount: Money, language: str | None = None) -> str:
    """An amount with its currency, two decimals (or what the currency has), never through a float."""
    value = Decimal(amount.minor).scaleb(-get_currency_precision(amount.currency))
    return _spaces(format_currency(value, amount.currency, locale=language or _locale.get()))


def moment(at: datetime, zone_name: str, language: str | None = None) -> str:
    """An instant in words: weekday, day, month and time in a zone."""
    chosen = language or _locale.get()
    return f"{weekday(at.astimezone(ZoneInfo(zone_name)).date(), chosen)} {_AT.get(chosen, '')}{clock_time(at, zone_name, chosen)}"


_AT = {"fr": "à ", "en": "at ", "sv": "kl. ", "de": "um "}


def weekday(on: date, language: str | None = None, *, short: bool = False) -> str:
    """A date in words without its year: weekday, day and month, in the order of the language."""
    chosen = language or _locale.get()
    return _spaces(format_date(on, _pattern("MMMEd", chosen, short=short), locale=chosen))


def _pattern(skeleton: str, language: str, *, short: bool = False) -> str:
    """The language's own order (Unicode CLDR), its names in full unless `short`. English is written with the day first, as its texts are British."""
    locale = Locale.parse(language)
    found = _BRITISH[skeleton] if locale.language == "en" else locale.datetime_skeletons[skeleton].pattern
    return found if short else re.sub("M+", "MMMM", re.sub("E+", "EEEE", found))


_BRITISH = {"MMMEd": "E d MMM", "yMMMEd": "E d MMM y"}


def day(at: datetime, zone_name: str, language: str | None = None) -> str:
    """The date of an instant in words, with the year."""
    chosen = language or _locale.get()
    return _spaces(format_date(at.astimezone(ZoneInfo(zone_name)).date(), _pattern("yMMMEd", chosen), locale=chosen))


def clock_time(at: datetime, zone_name: str, language: str | None = None) -> str:
    """The time of day of an instant: "14 h 20" in French, the locale's short form elsewhere."""
    local = at.astimezone(ZoneInfo(zone_name))
    chosen = language or _locale.get()
    if chosen == "fr":
        return f"{local.hour}{NBSP}h{NBSP}{local.minute:02d}" if local.minute else f"{local.hour}{NBSP}h"
    return _spaces(format_time(local.time(), "short", locale=chosen))


def stamp(at: datetime, zone_name: str, language: str | None = None) -> str:
    """An instant as a short technical stamp with date and time."""
    return _spaces(format_datetime(at, "short", tzinfo=ZoneInfo(zone_name), locale=language or _locale.get()))


def localised(text: Localised, language: str | None = None) -> str:
    """The text in the reader's language, else in English, else whatever there is."""
    chosen = language or _locale.get()
    return text.get(chosen) or text.get("en") or next(iter(text.values()), "")


def person_name(given: str, family: str, language: str | None = None) -> str:
    """A person's name in the order of the reader's language."""
    family_first = Locale.parse(language or _locale.get()).language in _FAMILY_FIRST
    return " ".join(part for part in ((family, given) if family_first else (given, family)) if part)


_FAMILY_FIRST = frozenset({"hu", "ja", "km", "ko", "mn", "si", "ta", "te", "vi", "yue", "zh"})
"""Languages that say the family name first (Unicode CLDR, root, nameOrderLocales surnameFirst)."""


def direction(language: str) -> str:
    """`rtl` or `ltr`."""
    return str(Locale.parse(language).text_direction)


def _spaces(text: str) -> str:
    """The chosen typeface lacks the narrow no-break space."""
    return text.replace("\u202f", NBSP)
