"""Germany keeps the contract of countries, and its numbers name the check that failed."""

from collections.abc import Callable
from datetime import date

import pytest

from toubib.contracts.common import ContractError, Place
from toubib.contracts.reasons import Confidence
from toubib.runtime import Toubib
from toubib.testing.conformance.country import CountryContract, CountrySubject
from toubib_country_de.country import Germany


class TestGermany(CountryContract):
    @pytest.fixture
    def subject(self) -> CountrySubject:
        valid = {"kvnr": "X110411319", "lanr": "123456601"}
        invalid = {"kvnr": "A123456781", "lanr": "12345660"}
        return CountrySubject(Germany(), valid, invalid, place="München")


@pytest.mark.parametrize(
    ("kind", "number", "check"),
    [
        ("kvnr", "A12345678", "Length"),
        ("kvnr", "1123456780", "Characters"),
        ("kvnr", "ÄÖ23456780", "Characters"),
        ("kvnr", "A123456781", "Check digit"),
        ("bsnr", "12", "Length"),
    ],
)
def test_each_refusal_names_its_check(kind: str, number: str, check: str) -> None:
    with pytest.raises(ContractError, match=f":{check}"):
        Germany().check_identifier(kind, number, allow_test=True)


def test_a_card_number_is_read_with_spaces_and_small_letters() -> None:
    found = Germany().check_identifier("kvnr", "a 123 456 780", allow_test=False)
    assert (found.value, found.masked) == ("A123456780", "••••••••80")


def test_states_have_holidays_of_their_own() -> None:
    assert len(Germany().holidays(2026)) == 9
    assert date(2026, 6, 4) in Germany().holidays(2026, "BY")
    assert date(2026, 11, 18) in Germany().holidays(2026, "SN")
    assert date(2026, 3, 8) in Germany().holidays(2026, "BE")
    assert date(2017, 10, 31) in Germany().holidays(2017, "BY")
    assert date(2025, 5, 8) in Germany().holidays(2025, "BE")


def test_nothing_is_recorded_and_112_works_in_the_union() -> None:
    assert Germany().recording_allowed() is False
    assert [n.number for n in Germany().emergency_numbers(None)] == ["112"]
    assert [n.number for n in Germany().on_call_numbers(None)] == ["116117"]
    assert not Germany().on_call_numbers(Place("US", "Boston"))
    assert [n.number for n in Germany().emergency_numbers(Place("PL", "Gdynia"))] == ["112"]


def test_every_fact_says_where_it_was_read_and_how_sure_it_is() -> None:
    found = {fact.rule: fact for fact in Germany().data()}
    assert all(fact.source and fact.sentence.key for fact in found.values())
    assert found["prescription.limits"].confidence is Confidence.LOW


def test_the_plugin_loads_in_an_installation(installation: Callable[..., Toubib]) -> None:
    toubib = installation("country_de", use={"countries": ["DE"]})
    country = toubib.country("DE")
    assert toubib.catalogues.render(country.name, "fr") == "Allemagne"
    assert toubib.catalogues.render(country.emergency_numbers(None)[0].label, "fr").startswith("Urgence")


def test_professions_name_women_and_men(installation: Callable[..., Toubib]) -> None:
    toubib = installation("country_de", use={"countries": ["DE"]})
    said = {code: toubib.catalogues.render(label, "de") for code, label in Germany().professions().items()}
    assert said["general_practice"] == "Hausärztin oder Hausarzt"
    neutral = {"nurse", "midwife"}
    assert all("oder" in words for code, words in said.items() if code not in neutral)
