"""What every country pack must do. A plugin's test inherits the class and gives numbers that are right and wrong:

class TestFrance(CountryContract):
    @pytest.fixture
    def subject(self) -> CountrySubject:
        return CountrySubject(France(), valid={"nir": "269054958815780"}, invalid={"nir": "269054958815781"}, place="Lyon")

The example of each kind of number must pass its own check, test numbers being allowed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest

from toubib.contracts.common import ContractError, Place
from toubib.contracts.country import Country, PrescriptionContext
from toubib.contracts.prescription import MedicationLine

TODAY = date(2026, 3, 2)


@dataclass(frozen=True, slots=True)
class CountrySubject:
    """The pack under test, numbers by kind, and a place that it should find (empty when it has no gazetteer)."""

    country: Country
    valid: Mapping[str, str] = field(default_factory=dict)
    invalid: Mapping[str, str] = field(default_factory=dict)
    place: str = ""


class CountryContract:
    """The promises of `toubib.contracts.country.Country`."""

    @pytest.fixture
    def subject(self) -> CountrySubject:
        """The pack under test; to be overridden."""
        raise NotImplementedError("give the fixture `subject`")

    def test_says_where_and_when_it_is(self, subject: CountrySubject) -> None:
        country = subject.country
        assert len(country.code) == 2
        assert country.code.isupper()
        assert len(country.currency) == 3
        assert ZoneInfo(country.zone).key == country.zone
        assert country.languages

    def test_every_kind_of_number_has_its_own_key(self, subject: CountrySubject) -> None:
        keys = [kind.key for kind in subject.country.identifier_types]
        assert len(keys) == len(set(keys))
        assert {*subject.valid, *subject.invalid} <= set(keys)

    def test_the_example_of_each_number_passes_its_own_check(self, subject: CountrySubject) -> None:
        for kind in subject.country.identifier_types:
            assert subject.country.check_identifier(kind.key, kind.example, allow_test=True).value

    def test_a_right_number_keeps_its_value_when_checked_again(self, subject: CountrySubject) -> None:
        for key, value in subject.valid.items():
            found = subject.country.check_identifier(key, value, allow_test=True)
            assert subject.country.check_identifier(key, found.value, allow_test=True) == found
            assert subject.country.check_identifier(key, found.display, allow_test=True) == found

    def test_a_wrong_number_is_refused_with_the_name_of_the_check(self, subject: CountrySubject) -> None:
        for key, value in subject.invalid.items():
            with pytest.raises(ContractError) as caught:
                subject.country.check_identifier(key, value, allow_test=True)
            assert ":" in caught.value.message.key

    def test_an_unknown_kind_of_number_is_refused(self, subject: CountrySubject) -> None:
        with pytest.raises(ContractError):
            subject.country.check_identifier("no such kind", "1", allow_test=True)

    def test_nobody_is_born_tomorrow_or_two_centuries_ago(self, subject: CountrySubject) -> None:
        subject.country.check_birth_date(TODAY, TODAY)
        subject.country.check_birth_date(date(1940, 2, 29), TODAY)
        for impossible in (TODAY + timedelta(days=1), date(1826, 1, 1)):
            with pytest.raises(ContractError):
                subject.country.check_birth_date(impossible, TODAY)

    def test_there_is_a_number_to_call(self, subject: CountrySubject) -> None:
        found = subject.country.emergency_numbers(None)
        assert found
        assert all(number.number.isdigit() and number.label.key for number in found)
        assert subject.country.emergency_numbers(Place(subject.country.code, "")) == found

    def test_holidays_lie_in_their_year(self, subject: CountrySubject) -> None:
        for year in range(2019, 2040):
            found = subject.country.holidays(year)
            assert found
            assert all(day.year == year for day in found)

    def test_an_age_of_majority_has_its_source(self, subject: CountrySubject) -> None:
        facts = {fact.rule: fact for fact in subject.country.data()}
        assert subject.country.majority() is None or facts["majority.age"].source

    def test_professions_are_told_apart(self, subject: CountrySubject) -> None:
        assert subject.country.professions()
        assert all(code and label.key for code, label in subject.country.professions().items())

    def test_a_prescription_line_without_dose_is_blocked(self, subject: CountrySubject) -> None:
        context = PrescriptionContext(TODAY, "video", oral_contact=True)
        whole = MedicationLine("Paracétamol 1 g", "1 comprimé", duration_days=5)
        assert not subject.country.prescription_rules(context, [whole]).blocks
        assert subject.country.prescription_rules(context, [MedicationLine("Paracétamol 1 g", "")]).blocks

    def test_places_are_found_whatever_the_case(self, subject: CountrySubject) -> None:
        if not subject.place:
            assert subject.country.gazetteer is None
            return
        found = subject.country.places(subject.place.upper(), 5)
        assert found
        assert found == subject.country.places(subject.place.lower(), 5)
        assert len(subject.country.places(subject.place, 1)) == 1
        assert all(place.country == subject.country.code and place.lat_e6 and place.lon_e6 for place in found)
        gazetteer = subject.country.gazetteer
        assert gazetteer is not None
        assert gazetteer.source
        assert gazetteer.licence

    def test_nothing_is_found_for_nothing(self, subject: CountrySubject) -> None:
        assert not subject.country.places("", 5)
        assert not subject.country.places("zzqx", 5)
