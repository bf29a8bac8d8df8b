"""Numbers in words."""

import pytest

from toubib_eprescription_email.spelled import spelled


@pytest.mark.parametrize(
    ("number", "french", "english"),
    [
        (0, "zéro", "zero"),
        (1, "un", "one"),
        (16, "seize", "sixteen"),
        (21, "vingt et un", "twenty-one"),
        (28, "vingt-huit", "twenty-eight"),
        (71, "soixante et onze", "seventy-one"),
        (77, "soixante-dix-sept", "seventy-seven"),
        (80, "quatre-vingts", "eighty"),
        (81, "quatre-vingt-un", "eighty-one"),
        (90, "quatre-vingt-dix", "ninety"),
        (91, "quatre-vingt-onze", "ninety-one"),
        (99, "quatre-vingt-dix-neuf", "ninety-nine"),
        (100, "cent", "one hundred"),
        (180, "cent quatre-vingts", "one hundred and eighty"),
        (200, "deux cents", "two hundred"),
        (365, "trois cent soixante-cinq", "three hundred and sixty-five"),
    ],
)
def test_numbers_in_words(number: int, french: str, english: str) -> None:
    assert (spelled(number, "fr"), spelled(number, "en")) == (french, english)


def test_every_number_has_words_of_its_own() -> None:
    for language in ("fr", "en"):
        assert len({spelled(n, language) for n in range(1000)}) == 1000


def test_what_cannot_be_spelled_stays_a_figure() -> None:
    assert [spelled(1000, "fr"), spelled(-1, "en"), spelled(5, "sv")] == ["", "", ""]
