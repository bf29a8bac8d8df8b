"""The words of one document in one locale, over the house's catalogues."""

from dataclasses import dataclass
from datetime import date, datetime

from babel.dates import format_date

from toubib import i18n
from toubib.contracts.common import Message
from toubib_eprescription_email.refusals import DOMAIN


@dataclass(frozen=True, slots=True)
class Reader:
    """Translates and formats for whoever reads the document. `locale` as the prescription was issued in."""

    catalogues: i18n.Catalogues
    locale: str

    @property
    def language(self) -> str:
        """The language alone, without region."""
        return self.locale.replace("_", "-").split("-")[0]

    def gettext(self, key: str, /, **params: str | int) -> str:
        """A sentence of this plugin's catalogue."""
        sentence = self.catalogues.gettext(DOMAIN, key, self.language)
        return sentence % params if params else sentence

    def ngettext(self, one: str, many: str, number: int, /, **params: str | int) -> str:
        """A sentence of this plugin's catalogue that depends on a number."""
        return self.catalogues.ngettext(DOMAIN, one, many, number, self.language) % params

    def message(self, message: Message) -> str:
        """A sentence of any catalogue."""
        return self.catalogues.render(message, self.language)

    def day(self, day: date) -> str:
        """A date in full, without weekday."""
        return format_date(day, "long", locale=self.language).replace("\u202f", i18n.NBSP)

    def hour(self, at: datetime, zone: str) -> str:
        """The clock time in a zone."""
        return i18n.clock_time(at, zone, self.language)
