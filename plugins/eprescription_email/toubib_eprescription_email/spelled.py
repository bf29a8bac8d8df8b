"""Numbers in words, so that a figure on a prescription cannot be altered or misread. French and English, up to 999."""

_WORDS = """
zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen
- - twenty thirty forty fifty sixty seventy eighty ninety
zéro un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize dix-sept dix-huit dix-neuf
- - vingt trente quarante cinquante soixante soixante quatre-vingt quatre-vingt
"""
_EN_UNITS, _EN_TENS, _FR_UNITS, _FR_TENS = (row.split() for row in _WORDS.strip().splitlines())


def spelled(number: int, language: str) -> str:
    """`number` in words; "" where the language or the size is not known here (the figure then stands alone)."""
    if not 0 <= number <= 999 or language not in {"fr", "en"}:
        return ""
    return _french(number) if language == "fr" else _english(number)


def _english(n: int) -> str:
    hundreds, rest = divmod(n, 100)
    if hundreds:
        return f"{_EN_UNITS[hundreds]} hundred" + (f" and {_english(rest)}" if rest else "")
    tens, unit = divmod(n, 10)
    if n < 20:
        return _EN_UNITS[n]
    return _EN_TENS[tens] + (f"-{_EN_UNITS[unit]}" if unit else "")


def _french(n: int) -> str:
    hundreds, rest = divmod(n, 100)
    if hundreds:
        head = "cent" if hundreds == 1 else f"{_FR_UNITS[hundreds]} cent" + ("" if rest else "s")
        return head + (f" {_french_below_hundred(rest)}" if rest else "")
    return _french_below_hundred(rest)


def _french_below_hundred(n: int) -> str:
    if n < 20:
        return _FR_UNITS[n]
    tens, unit = divmod(n, 10)
    if tens in {7, 9}:  # soixante-dix, quatre-vingt-dix: the teens are counted on
        unit += 10
    if not unit:
        return _FR_TENS[tens] + ("s" if tens == 8 else "")
    link = " et " if unit in {1, 11} and tens < 8 else "-"
    return f"{_FR_TENS[tens]}{link}{_FR_UNITS[unit]}"
