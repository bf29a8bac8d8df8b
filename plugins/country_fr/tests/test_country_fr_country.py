"""France keeps the contract of countries."""

from datetime import date

import pytest

from toubib.contracts.common import ContractError, Place
from toubib.contracts.reasons import Confidence
from toubib.testing.conformance.country import CountryContract, CountrySubject
from toubib_country_fr.country import France

TODAY = date(2026, 11, 21)


class TestFrance(CountryContract):
    @pytest.fixture
    def subject(self) -> CountrySubject:
        valid = {"nir": "2 69 05 49 588 157 80", "rpps": "10 000 001 916", "finess": "750712184", "siren": "732829320", "siret": "73282932000074"}
        invalid = {"nir": "269054958815781", "rpps": "10001234567", "finess": "750712185", "siren": "732829321", "siret": "73282932000075"}
        return CountrySubject(France(), valid, invalid, place="Lyon")


def test_the_medical_number_comes_first_and_the_deaf_have_theirs() -> None:
    numbers = [number.number for number in France().emergency_numbers(None)]
    assert numbers[0] == "15"
    assert {"112", "114"} <= set(numbers)


def test_another_country_answers_for_its_own_places_and_only_112_works_abroad() -> None:
    assert [number.number for number in France().emergency_numbers(Place("ES", "Madrid"))] == ["112"]
    assert not France().emergency_numbers(Place("US", "Boston"))
    assert [number.number for number in France().on_call_numbers(None)] == ["116 117"]
    assert not France().on_call_numbers(Place("US", "Boston"))


@pytest.mark.parametrize("born", [date(2026, 11, 22), date(1900, 1, 1), date(1, 1, 1)])
def test_an_impossible_birth_date_is_refused(born: date) -> None:
    with pytest.raises(ContractError, match="Birth date"):
        France().check_birth_date(born, TODAY)


def test_specialties_have_words_of_patients() -> None:
    professions = France().professions()
    assert professions["01"].key == "General practitioner"
    assert professions["33"].key == "Psychiatrist"
    assert professions["24"].key == "Nurse"
    assert "99" not in professions


def test_an_unread_number_is_said_to_be_so() -> None:
    found = {fact.rule: fact for fact in France().data()}
    assert found["emergency.116117"].confidence is Confidence.LOW
    assert found["majority.age"].source


def test_fee_sectors_are_told_in_words() -> None:
    assert list(France().fee_sectors()) == ["1", "optam", "2"]


def test_nothing_is_recorded_and_records_are_kept() -> None:
    assert France().recording_allowed() is False
    assert France().retention_years("record") == 20
    assert France().retention_years("chat") is None
