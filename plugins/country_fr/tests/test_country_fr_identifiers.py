"""Numbers: what passes, and which check each wrong one fails."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toubib.contracts.common import ContractError
from toubib_country_fr.country import France

FRANCE = France()
RIGHT = [
    ("nir", "285057512345029"),
    ("nir", "185057512345673"),
    ("nir", "1 85 05 2A 123 456 33"),
    ("nir", "185052b12345660"),
    ("nir", "2-69-05-49-588-157-80"),
    ("ins_test", "279035121518989"),
    ("ins_demo", "279035121518989"),
    ("rpps", "10000001916"),
    ("rpps", "10000005479"),
    ("rpps", "10001234565"),
    ("rpps", "10100000008"),
    ("rpps", "99700218896"),
    ("rpps", "99999999999"),
    ("finess", "750712184"),
    ("finess", "690781810"),
    ("finess", "750100125"),
    ("finess", "130786049"),
    ("finess", "750803447"),
    ("finess", "2A0000014"),
    ("siren", "732 829 320"),
    ("siret", "732 829 320 00074"),
    ("siret", "35600000000048"),
]
WRONG = [
    ("nir", "285057512345030", "Key"),
    ("nir", "2850575123450", "Key"),
    ("nir", "28505751234502", "Length"),
    ("nir", "", "Length"),
    ("nir", "28505751234502X", "Characters"),
    ("nir", "2B5057512345029", "Characters"),
    ("nir", "585057512345029", "First digit"),
    ("nir", "285137512345029", "Month"),
    ("nir", "²85057512345029", "Characters"),
    ("rpps", "10001234567", "Check digit"),
    ("rpps", "1000123456", "Length"),
    ("rpps", "20001234565", "First digit"),
    ("rpps", "1000A234565", "Characters"),
    ("finess", "750712185", "Check digit"),
    ("finess", "75071218", "Length"),
    ("siren", "732829321", "Check digit"),
    ("siret", "73282932000075", "Check digit"),
    ("siret", "732829320", "Length"),
    ("adeli", "123456789", "France knows no number"),
]


@pytest.mark.parametrize(("key", "value"), RIGHT)
def test_a_right_number_passes_in_any_spelling(key: str, value: str) -> None:
    found = FRANCE.check_identifier(key, value, allow_test=True)
    assert found.value.isalnum()
    assert found.value not in found.masked or key in ("finess", "siren", "siret")


@pytest.mark.parametrize(("key", "value", "check"), WRONG)
def test_a_wrong_number_names_the_check_that_failed(key: str, value: str, check: str) -> None:
    with pytest.raises(ContractError) as caught:
        FRANCE.check_identifier(key, value, allow_test=True)
    assert caught.value.message.key.startswith(check)


@pytest.mark.parametrize(("key", "value"), [("rpps", "99700218896"), ("ins_test", "279035121518989")])
def test_test_numbers_are_refused_on_a_real_installation(key: str, value: str) -> None:
    assert FRANCE.check_identifier(key, value, allow_test=True).test
    with pytest.raises(ContractError, match="Test number"):
        FRANCE.check_identifier(key, value, allow_test=False)


@given(st.integers(0, 14), st.integers(1, 9))
def test_any_single_mistyped_digit_of_a_social_security_number_is_found(at: int, by: int) -> None:
    right = "269054958815780"
    wrong = right[:at] + str((int(right[at]) + by) % 10) + right[at + 1 :]
    with pytest.raises(ContractError):
        FRANCE.check_identifier("nir", wrong, allow_test=True)


@given(st.text(max_size=30), st.sampled_from([kind.key for kind in FRANCE.identifier_types]))
def test_whatever_is_typed_gives_an_answer_or_a_sentence(text: str, key: str) -> None:
    with suppress(ContractError):
        assert FRANCE.check_identifier(key, text, allow_test=True).value.isascii()
