"""What country packs say, for services, pages and plugins. A country without a pack says nothing of its own.

No installation has *the* country: each function takes the one that matters, or says what holds in all that are in use.
"""

from collections.abc import Mapping, Sequence
from datetime import date

from babel import Locale

from toubib import i18n, runtime
from toubib.contracts.common import ContractError, Message, Place
from toubib.contracts.country import Billed, Country, EmergencyNumber, PrescriptionContext, PrescriptionRules
from toubib.contracts.prescription import MedicationLine


def in_use() -> Sequence[Country]:
    """The packs of the countries that the deployment serves: those it lists, or its own."""
    toubib = runtime.current()
    codes = toubib.settings.use.countries or (toubib.settings.site.country,)
    own = toubib.settings.site.country
    return [toubib.registry.countries[code] for code in sorted(codes, key=lambda code: code != own) if code in toubib.registry.countries]


def only() -> str:
    """The code of the country where everybody is, as long as nobody says otherwise; empty where several are served."""
    codes = [country.code for country in in_use()]
    return codes[0] if len(codes) == 1 else ""


def emergency_numbers(code: str) -> Sequence[EmergencyNumber]:
    """Numbers for somebody who is in a country now: its pack's own, else those of other packs that are known to work there.

    Empty when nothing is known: never a number of another country.
    """
    known = runtime.current().registry.countries
    if code in known:
        return known[code].emergency_numbers(None)
    found = [number for pack in known.values() for number in pack.emergency_numbers(Place(code, ""))] if code else []
    return list({number.number: number for number in found}.values())


def on_call_numbers(code: str) -> Sequence[EmergencyNumber]:
    """Where somebody who is in a country now gets medical help by telephone at night and on holidays; empty when its pack says nothing."""
    pack = runtime.current().registry.countries.get(code)
    return pack.on_call_numbers(None) if pack else ()


def emergency_anywhere() -> Sequence[EmergencyNumber]:
    """Numbers for a visitor of whom no place is known: those that work in every country in use, in the order of the first."""
    lists = [country.emergency_numbers(None) for country in in_use()]
    return [number for number in lists[0] if all(number.number in {n.number for n in others} for others in lists)] if lists else []


def named(locale: str) -> Sequence[tuple[str, str]]:
    """Every country by code with its name in a language: those with a pack first, then all others by name."""
    known = {code: i18n.catalogues().render(pack.name, locale) for code, pack in runtime.current().registry.countries.items()}
    territories = Locale.parse(locale).territories
    others = sorted((str(name), code) for code, name in territories.items() if len(code) == 2 and code.isalpha() and code not in {*known, *NO_COUNTRY})
    return [*known.items(), *((code, name) for name, code in others)]


NO_COUNTRY = frozenset({"EU", "EZ", "UN", "XA", "XB", "ZZ", "QO"})
"""Two-letter codes of Unicode CLDR that are no country."""


def holidays(country: str, region: str, year: int) -> Mapping[date, Message]:
    """Public holidays of a year in a country's region; empty when no pack knows the country."""
    try:
        return runtime.current().country(country).holidays(year, region)
    except runtime.NotConfigured:
        return {}


def prescription_rules(code: str, context: PrescriptionContext, lines: Sequence[MedicationLine]) -> PrescriptionRules:
    """What the practice's country says of a draft; where no pack knows it, that nothing can be signed."""
    known = runtime.current().registry.countries
    pack = known.get(code or runtime.current().settings.site.country)
    if pack is not None:
        return pack.prescription_rules(context, lines)
    where = name(code, i18n.locale()) or "?"
    said = Message(i18n.CORE, "The rules of prescriptions in %(country)s are not known here, so none can be signed.", {"country": where})
    return PrescriptionRules(blocks=(said,))


def majority(code: str) -> int | None:
    """Years from which nobody acts for somebody as a parent, in a country; without its pack the lowest of the countries in use.

    `None` where no pack knows.
    """
    known = runtime.current().registry.countries
    ages = [pack.majority() for pack in ([known[code]] if code in known else in_use())]
    return min((age for age in ages if age is not None), default=None)


def invoice_mentions(code: str, kind: Billed, on: date) -> Sequence[Message]:
    """Sentences that an invoice must bear by the law of the billing practice's country; none where no pack knows it."""
    pack = runtime.current().registry.countries.get(code)
    return pack.invoice_mentions(kind, on) if pack else ()


def places(text: str, limit: int) -> Sequence[Place]:
    """Places whose name or postcode begins with `text`, in the countries in use, the deployment's own first."""
    return [place for country in in_use() for place in country.places(text, limit)][:limit]


def check_birth_date(born: date, today: date) -> None:
    """Raises `ContractError` for a date that no country in use takes for a living person's."""
    refusals = [error for country in in_use() if (error := _refusal(country, born, today)) is not None]
    if refusals and len(refusals) == len(in_use()):
        raise refusals[0]


def _refusal(country: Country, born: date, today: date) -> ContractError | None:
    try:
        country.check_birth_date(born, today)
    except ContractError as error:
        return error
    return None


def checked(country: str, key: str, text: str) -> str:
    """A number in its stored form, checked by the country's pack; as typed where no pack knows the country.

    Raises `ContractError` whose message names the check that failed. Test numbers pass everywhere but in production.
    """
    toubib = runtime.current()
    pack = toubib.registry.countries.get(country)
    return pack.check_identifier(key, text, allow_test=not toubib.settings.web.production).value if pack else text.strip()


def name(country: str, locale: str) -> str:
    """A country's name in a language, as printed in addresses; from Unicode CLDR when no pack knows it."""
    known = runtime.current().registry.countries
    if country in known:
        return i18n.catalogues().render(known[country].name, locale)
    return str(Locale.parse(locale).territories.get(country, country))
