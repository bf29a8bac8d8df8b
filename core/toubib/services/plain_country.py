"""A country whose pack is mostly data. A pack inherits, says what is its own, and overrides whatever is more than data."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import cache
from types import MappingProxyType

from toubib.contracts.common import Message, Place
from toubib.contracts.country import Country, EmergencyNumber, PrescriptionContext, PrescriptionRules
from toubib.contracts.prescription import MedicationLine
from toubib.contracts.reasons import Why
from toubib.i18n import CORE
from toubib.services import country_basics

UNCHECKED = Message(CORE, "The national limits by kind of drug are not checked here. Check them before you sign.")


class PlainCountry(Country):
    """What packs without rules of their own answer. Left to the pack: names and codes, `check_identifier`, `holidays`.

    `domain` is its catalogue, `package` the Python package whose `data` folder holds `places.csv` and `facts.csv`. `emergency` are the
    numbers to dial, which also work in the countries `emergency_abroad`; `on_call` those for what is no emergency. `adult_at` is the
    age of majority, `retention` how many years each kind of record is kept, `mentions` what a prescription must say.
    """

    domain: str
    package: str
    emergency: tuple[EmergencyNumber, ...]
    emergency_abroad: frozenset[str] = frozenset()
    on_call: tuple[EmergencyNumber, ...] = ()
    adult_at: int | None = None
    retention: Mapping[str, int] = MappingProxyType({})
    mentions: tuple[Message, ...] = ()

    def check_birth_date(self, value: date, today: date) -> None:
        """Not in the future, and not longer ago than anybody has lived."""
        country_basics.check_birth_date(value, today)

    def emergency_numbers(self, place: Place | None) -> Sequence[EmergencyNumber]:
        """The country's own numbers; elsewhere only where they are known to work."""
        return self.emergency if self._here(place) or (place is not None and place.country in self.emergency_abroad) else ()

    def on_call_numbers(self, place: Place | None) -> Sequence[EmergencyNumber]:
        """Whom to ask when it is no emergency, for somebody in the country."""
        return self.on_call if self._here(place) else ()

    def _here(self, place: Place | None) -> bool:
        return place is None or place.country in ("", self.code)

    def professions(self) -> Mapping[str, Message]:
        """Families of professions, and the specialties asked for most."""
        return country_basics.PROFESSIONS

    def fee_sectors(self) -> Mapping[str, Message]:
        """There are none."""
        return {}

    def prescription_rules(self, context: PrescriptionContext, lines: Sequence[MedicationLine]) -> PrescriptionRules:  # noqa: ARG002  no rule here depends on it
        """What no prescription may lack, and what the document is not. Limits by kind of drug are not known, and every draft says so."""
        return PrescriptionRules(blocks=country_basics.line_faults(lines), warnings=(UNCHECKED,), mentions=self.mentions)

    def places(self, text: str, limit: int) -> Sequence[Place]:
        """Places of the data file by name."""
        return _places(self.code, self.package).find(text, limit)

    def recording_allowed(self) -> bool:
        """Not recorded, unless a pack knows that it may be."""
        return False

    def retention_years(self, kind: str) -> int | None:
        """See the list of facts for how sure they are."""
        return self.retention.get(kind)

    def majority(self, region: str = "") -> int | None:  # noqa: ARG002  the same in every region, unless a pack knows better
        """See the list of facts for its source."""
        return self.adult_at

    def data(self) -> Iterable[Why]:
        """The facts of the data file, with source and confidence."""
        return country_basics.facts_of(self.package, self.domain)


@cache
def _places(country: str, package: str) -> country_basics.Places:
    return country_basics.Places(country, country_basics.rows_of(package, "places.csv"))
