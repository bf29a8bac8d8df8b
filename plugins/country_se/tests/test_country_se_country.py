"""Sweden keeps the contract of countries, and its numbers name the check that failed."""

from collections.abc import Callable
from datetime import date

import pytest

from toubib.contracts.common import ContractError, Place
from toubib.contracts.reasons import Confidence
from toubib.runtime import Toubib
from toubib.testing.conformance.country import CountryContract, CountrySubject
from toubib_country_se.country import Sweden


class TestSweden(CountryContract):
    @pytest.fixture
    def subject(self) -> CountrySubject:
        valid = {"personnummer": "880320-0016", "samordningsnummer": "19701063-2391"}
        invalid = {"personnummer": "880320-0017", "samordningsnummer": "701063-2392"}
        return CountrySubject(Sweden(), valid, invalid, place="Malmö")


@pytest.mark.parametrize(
    ("kind", "number", "check"),
    [
        ("personnummer", "880320-001", "Length"),
        ("personnummer", "88032X-0016", "Characters"),
        ("personnummer", "880332-0019", "Date of birth"),
        ("personnummer", "701063-2391", "Day of birth"),
        ("samordningsnummer", "880320-0016", "Day of birth"),
        ("personnummer", "880320-0017", "Check digit"),
        ("personnummer", "20270101-0019", "Date of birth"),
    ],
)
def test_each_refusal_names_its_check(kind: str, number: str, check: str) -> None:
    with pytest.raises(ContractError, match=f":{check}"):
        Sweden().check_identifier(kind, number, allow_test=True)


def test_ten_and_twelve_digits_are_one_number_and_a_centenarian_has_a_plus() -> None:
    short, long = (Sweden().check_identifier("personnummer", text, allow_test=True) for text in ("8803200016", "19880320-0016"))
    assert short == long
    assert (short.value, short.masked) == ("880320-0016", "•••••••••16")
    old = Sweden().check_identifier("personnummer", "191212121212", allow_test=True)
    assert old.value == "121212+1212"
    assert Sweden().check_identifier("personnummer", old.value, allow_test=True) == old


def test_numbers_of_the_test_series_stay_out_of_real_installations() -> None:
    assert Sweden().check_identifier("personnummer", "880320-9801", allow_test=True).test
    with pytest.raises(ContractError, match="Test number"):
        Sweden().check_identifier("personnummer", "880320-9801", allow_test=False)


def test_midsummer_is_a_saturday_and_the_emergency_number_is_the_european_one() -> None:
    names = {message.key: day for day, message in Sweden().holidays(2026).items()}
    assert (names["Midsummer Day"], names["All Saints' Day"]) == (date(2026, 6, 20), date(2026, 10, 31))
    assert [n.number for n in Sweden().emergency_numbers(None)] == ["112"]
    assert [n.number for n in Sweden().on_call_numbers(None)] == ["1177"]
    assert not Sweden().on_call_numbers(Place("US", "Boston"))
    assert [n.number for n in Sweden().emergency_numbers(Place("ES", "Madrid"))] == ["112"]
    assert not Sweden().emergency_numbers(Place("US", "Boston"))


def test_every_fact_says_where_it_was_read_and_how_sure_it_is() -> None:
    found = {fact.rule: fact for fact in Sweden().data()}
    assert all(fact.source and fact.sentence.key for fact in found.values())
    assert found["prescription.limits"].confidence is Confidence.LOW


def test_the_plugin_loads_in_an_installation(installation: Callable[..., Toubib]) -> None:
    toubib = installation("country_se", use={"countries": ["SE"]})
    country = toubib.country("SE")
    assert toubib.catalogues.render(country.name, "fr") == "Suède"
    assert toubib.catalogues.render(country.emergency_numbers(None)[0].label, "fr").startswith("Urgence")
