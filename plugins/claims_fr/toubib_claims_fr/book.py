"""Looking rules up for one profile: absent or unverified rows stop the calculation instead of guessing."""

from dataclasses import dataclass

from toubib_claims_fr.dated import Row, Trust
from toubib_claims_fr.profile import Profile, Service
from toubib_claims_fr.ruleset import Act, Kind, Ruleset, Speciality

AUXILIARIES = frozenset({"nurse", "auxiliary"})
RAW = Act("RAW", Kind.RAW, "Amount given by the source", frozenset(), 100, 100)


class UnknownRuleError(Exception):
    """No row of the data answers for that day, or only one that nobody has verified."""

    def __init__(self, rule: str) -> None:
        super().__init__(rule)
        self.rule = rule


@dataclass(frozen=True, slots=True)
class Book:
    """The ruleset as one profile may use it."""

    rules: Ruleset
    profile: Profile

    def parameter(self, rule: str) -> Row:
        """The parameter on the care date; `UnknownRuleError` when absent or of unconfirmed low confidence."""
        return self._trusted(rule, self.rules.parameter(rule, self.profile.care_date))

    def value(self, rule: str) -> int:
        """The parameter's value on the care date."""
        return self.parameter(rule).value

    def tariff(self, code: str) -> Row:
        """The tariff of a code for this performer on the care date; errors as for `parameter`."""
        profile = self.profile
        zone = profile.zone or ""
        row = self.rules.tariff(code, zone, profile.speciality, profile.care_date)
        return self._trusted(f"tariff.{code}.{zone}", row)

    def reference_consultation(self) -> Row:
        """The general practitioner's consultation that caps the pathway majoration (metropolitan tariff)."""
        row = self.rules.tariff("G", "metro", "01", self.profile.care_date)
        return self._trusted("tariff.G.metro", row)

    def act(self, service: Service) -> Act:
        """The act of a service; `UnknownRuleError` for a code that is not in the nomenclature."""
        if service.raw_base is not None:
            return RAW
        act = self.rules.acts.get(service.code)
        if act is None:
            raise UnknownRuleError(f"act.{service.code}")
        return act

    @property
    def speciality(self) -> Speciality:
        """The performer's speciality; `UnknownRuleError` when not in the B2 list."""
        found = self.rules.specialities.get(self.profile.speciality)
        if found is None:
            raise UnknownRuleError("performer.specialty")
        return found

    @property
    def is_doctor(self) -> bool:
        """Whether the performer is a physician; `UnknownRuleError` when the speciality does not say."""
        if self.speciality.kind == "unknown":
            raise UnknownRuleError("performer.specialty")
        return self.speciality.kind == "doctor"

    @property
    def is_auxiliary(self) -> bool:
        """Whether the performer is a nurse or another auxiliary."""
        return self.speciality.kind in AUXILIARIES

    def _trusted(self, rule: str, row: Row | None) -> Row:
        if row is None:
            raise UnknownRuleError(rule)
        confirmed = self.profile.all_confirmed or row.rule in self.profile.confirmed
        if row.trust is Trust.LOW and not confirmed:
            raise UnknownRuleError(row.rule)
        return row
