"""What country packs say, for services and plugins. A country without a pack says nothing."""

from collections.abc import Mapping
from datetime import date

from toubib import i18n, runtime
from toubib.contracts.common import Message


def holidays(country: str, region: str, year: int) -> Mapping[date, Message]:
    """Public holidays of a year in a country's region; empty when no pack knows the country."""
    try:
        return runtime.current().country(country).holidays(year, region)
    except runtime.NotConfigured:
        return {}


def name(country: str, locale: str) -> str:
    """A country's name in a language, as printed in addresses; its code when no pack knows it."""
    try:
        return i18n.catalogues().render(runtime.current().country(country).name, locale)
    except runtime.NotConfigured:
        return country
