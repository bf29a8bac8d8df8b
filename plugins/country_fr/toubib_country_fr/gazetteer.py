"""Places by name or postcode: accents, case, hyphens and “St” for “Saint” do not matter; the largest comes first."""

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache

from toubib.contracts.common import Place
from toubib.contracts.country import Gazetteer
from toubib.services.country_basics import rows_of

SOURCE = Gazetteer(
    "INSEE, La Poste (Etalab, découpage administratif 2026) ; GeoNames",
    "Licence Ouverte 2.0 ; CC BY 4.0",
    date(2026, 9, 26),
)
SHORT = {"st": "saint", "ste": "sainte", "s": "sur"}
ORDINAL = re.compile(r"^(\d{1,2})(er|e|eme|ere)?$")
ARTICLES = ("le ", "la ", "les ", "l ")


@dataclass(frozen=True, slots=True)
class Entry:
    """A place with what ranks it and the postcodes it may be asked for by."""

    place: Place
    population: int
    postcodes: tuple[str, ...]


@cache
def entries() -> tuple[Entry, ...]:
    """Every place, the largest first."""
    return tuple(_entry(cell) for cell in rows_of("toubib_country_fr", "places.csv"))


def _entry(cell: dict[str, str]) -> Entry:
    postcodes = tuple(cell["postcodes"].split())
    place = Place("FR", cell["name"], postcodes[0], cell["department"], int(cell["lat_e6"]), int(cell["lon_e6"]))
    return Entry(place, int(cell["population"]), postcodes)


def fold(text: str) -> str:
    """Lower case without accents or punctuation; ordinals lose their ending (`3ème` and `3e` become `3`)."""
    spelled = text.casefold().replace("œ", "oe").replace("æ", "ae")
    plain = "".join(c for c in unicodedata.normalize("NFKD", spelled) if not unicodedata.combining(c))
    words = [w for w in re.split(r"[^a-z0-9]+", plain) if w and w not in ("arrondissement", "arr")]
    return " ".join(_word(word) for word in words)


def _word(word: str) -> str:
    ordinal = ORDINAL.match(word)
    return ordinal[1] if ordinal else SHORT.get(word, word)


@cache
def _index() -> tuple[tuple[str, int], ...]:
    """Folded names (with and without article) and postcodes, sorted, each with the rank of its place."""
    keys = [(key, rank) for rank, entry in enumerate(entries()) for key in _keys(entry)]
    return tuple(sorted(set(keys)))


def _keys(entry: Entry) -> Iterator[str]:
    name = fold(entry.place.name)
    yield name
    for article in ARTICLES:
        if name.startswith(article):
            yield name.removeprefix(article)
    yield from entry.postcodes


def places(text: str, limit: int) -> Sequence[Place]:
    """Places whose name or postcode begins with `text`, an exact match first, then the largest. Empty text finds none.

    A whole postcode finds the smallest place first: `69003` is Lyon 3e before Lyon.
    """
    wanted = _without_postcode(fold(text))
    if not wanted or limit <= 0:
        return ()
    keys = _index()
    found: dict[int, bool] = {}
    at = bisect_left(keys, (wanted, -1))
    while at < len(keys) and keys[at][0].startswith(wanted):
        key, rank = keys[at]
        found[rank] = min(found.get(rank, True), key != wanted)
        at += 1
    whole = re.fullmatch(r"\d{5}", wanted) is not None
    ranked = sorted(found.items(), key=lambda item: (item[1], len(entries()[item[0]].postcodes) if whole else 0, item[0]))[:limit]
    return tuple(_as_asked(entries()[rank], wanted) for rank, _ in ranked)


def _without_postcode(text: str) -> str:
    """`69003 lyon` and `lyon 69003` are asked by postcode, which says more than the name."""
    codes = re.findall(r"\b\d{5}\b", text)
    return codes[0] if codes else text


def _as_asked(entry: Entry, wanted: str) -> Place:
    """The place under the postcode that was typed, when it is one of several."""
    if wanted in entry.postcodes:
        place = entry.place
        return Place(place.country, place.name, wanted, place.region, place.lat_e6, place.lon_e6)
    return entry.place
