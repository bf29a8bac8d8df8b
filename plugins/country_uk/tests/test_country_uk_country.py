"""The United Kingdom keeps the contract of countries, and its numbers name the check that failed."""

from collections.abc import Callable
from datetime import date

import pytest

from toubib.contracts.common import ContractError, Place
from toubib.contracts.reasons import Confidence
from toubib.runtime import Toubib
from toubib.testing.conformance.country import CountryContract, CountrySubject
from toubib_country_uk.country import UnitedKingdom


class TestUnitedKingdom(CountryContract):
    @pytest.fixture
    def subject(self) -> CountrySubject:
        valid = {"nhs": "943 476 5919", "gmc": "1234567"}
        invalid = {"nhs": "943 476 5918", "gmc": "123456"}
        return CountrySubject(UnitedKingdom(), valid, invalid, place="Glasgow")


@pytest.mark.parametrize(
    ("kind", "number", "check"),
    [
        ("nhs", "943476591", "Length"),
        ("nhs", "94347659I9", "Characters"),
        ("nhs", "9434765918", "Check digit"),
        ("gmc", "12", "Length"),
    ],
)
def test_each_refusal_names_its_check(kind: str, number: str, check: str) -> None:
    with pytest.raises(ContractError, match=f":{check}"):
        UnitedKingdom().check_identifier(kind, number, allow_test=True)


def test_test_numbers_stay_out_of_real_installations() -> None:
    assert UnitedKingdom().check_identifier("nhs", "999 000 0018", allow_test=True).test
    with pytest.raises(ContractError, match="Test number"):
        UnitedKingdom().check_identifier("nhs", "999 000 0018", allow_test=False)


def test_nations_have_bank_holidays_of_their_own_and_weekends_move_them() -> None:
    found = UnitedKingdom().holidays(2022)
    assert {date(2022, 1, 3), date(2022, 6, 2), date(2022, 6, 3), date(2022, 9, 19), date(2022, 12, 27)} <= set(found)
    assert date(2021, 12, 28) in UnitedKingdom().holidays(2021)
    assert date(2026, 1, 2) in UnitedKingdom().holidays(2026, "SCT")
    assert date(2026, 4, 6) not in UnitedKingdom().holidays(2026, "SCT")
    assert date(2026, 3, 17) in UnitedKingdom().holidays(2026, "NIR")


def test_999_comes_first_and_nothing_is_promised_abroad() -> None:
    assert UnitedKingdom().emergency_numbers(None)[0].number == "999"
    assert not UnitedKingdom().emergency_numbers(Place("ES", "Madrid"))
    assert [n.number for n in UnitedKingdom().on_call_numbers(None)] == ["111"]


def test_one_decides_alone_earlier_in_scotland() -> None:
    assert [UnitedKingdom().majority(region) for region in ("", "ENG", "SCT")] == [18, 18, 16]


def test_every_fact_says_where_it_was_read_and_how_sure_it_is() -> None:
    found = {fact.rule: fact for fact in UnitedKingdom().data()}
    assert all(fact.source and fact.sentence.key for fact in found.values())
    assert found["prescription.limits"].confidence is Confidence.LOW


def test_the_plugin_loads_in_an_installation(installation: Callable[..., Toubib]) -> None:
    toubib = installation("country_uk", use={"countries": ["GB"]})
    country = toubib.country("GB")
    assert toubib.catalogues.render(country.name, "fr") == "Royaume-Uni"
    assert toubib.catalogues.render(country.emergency_numbers(None)[0].label, "fr").startswith("Urgence")
