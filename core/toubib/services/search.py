"""Finding a practitioner: what, where, how; earliest first. The order cannot be bought, and the page explains it."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from toubib import i18n, runtime
from toubib.contracts.common import Place
from toubib.contracts.scheduling import Modality, Service
from toubib.seams import clock
from toubib.services import directory
from toubib.services.directory import RoleCard
from toubib.services.names import fold

NEAR_METRES = 30_000
EARTH_METRES = 6_371_000


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """What a visitor asks for. Empty means any."""

    what: str = ""
    where: str = ""
    language: str = ""
    sector: str = ""
    modality: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """A practitioner who fits: their visit reasons that fit, the soonest start, and how far they are."""

    card: RoleCard
    services: tuple[Service, ...]
    earliest: datetime | None
    earliest_service: Service | None
    distance_metres: int | None


@dataclass(frozen=True, slots=True)
class SearchResult:
    """Results with what was understood, and how many each filter would leave."""

    found: tuple[Found, ...]
    place: Place | None
    place_unknown: bool
    counts: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    elsewhere: int = 0


def search(query: SearchQuery) -> SearchResult:
    """Who fits the query, earliest first, then nearest, then by name. Video has no distance."""
    place = find_place(query.where)
    cards = list(_what(directory.bookable(), query.what))
    services = runtime.current().scheduler.services([c.id for c in cards])
    fits = [f for c in cards if (f := _fit(c, services.get(c.id, ()), query, place))]
    near = [n for f in fits if (n := _reachable(f, place))]
    return SearchResult(
        tuple(sorted(_with_earliest(near), key=_order)), place, bool(query.where) and place is None, _counts(near), len(fits) - len(near)
    )


def find_place(text: str) -> Place | None:
    """The place that a visitor means, of the deployment's own country first."""
    if not text.strip():
        return None
    toubib = runtime.current()
    codes = [toubib.settings.site.country, *toubib.registry.countries]
    for code in dict.fromkeys(c for c in codes if c in toubib.registry.countries):
        if found := toubib.registry.countries[code].places(text.strip(), 1):
            return found[0]
    return None


def profession_labels(language: str | None = None) -> Mapping[str, str]:
    """Professions by code in the words of patients."""
    toubib = runtime.current()
    return {
        code: toubib.catalogues.render(label, language)
        for country in toubib.registry.countries.values()
        for code, label in country.professions().items()
    }


def _what(cards: Iterable[RoleCard], what: str) -> Iterator[RoleCard]:
    """Those whom the words mean: a profession by its code or in words, a name, a practice."""
    wanted = fold(what)
    spoken = [profession_labels(language) for language in dict.fromkeys(("en", i18n.locale()))] if what else []
    for card in cards:
        labels = (words.get(card.specialty or card.profession, "") for words in spoken)
        if not what or what in (card.specialty, card.profession) or any(wanted in fold(text) for text in (*labels, card.name, card.organisation)):
            yield card


def _fit(card: RoleCard, services: Sequence[Service], query: SearchQuery, place: Place | None) -> Found | None:
    if query.language and query.language not in card.languages:
        return None
    if query.sector and card.sector != query.sector:
        return None
    kept = tuple(s for s in services if not query.modality or s.modality == query.modality)
    if not kept:
        return None
    return Found(card, kept, None, None, distance(card, place) if place else None)


def _reachable(found: Found, place: Place | None) -> Found | None:
    """All that is offered nearby; of somebody far away only what needs no travel."""
    if place is None or (found.distance_metres or 0) <= NEAR_METRES:
        return found
    remote = tuple(s for s in found.services if s.modality is not Modality.IN_PERSON)
    return replace(found, services=remote) if remote else None


def distance(card: RoleCard, place: Place) -> int:
    """Metres between a practice and a place, along the great circle."""
    lat1, lon1, lat2, lon2 = (math.radians(v / 1e6) for v in (card.lat_e6, card.lon_e6, place.lat_e6, place.lon_e6))
    half = math.sin((lat2 - lat1) / 2) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    return round(2 * EARTH_METRES * math.asin(math.sqrt(half)))


def _with_earliest(fits: Sequence[Found]) -> list[Found]:
    ids = [s.id for f in fits for s in f.services]
    starts = runtime.current().scheduler.earliest(ids, clock.now())
    made = []
    for fit in fits:
        soonest = min((s for s in fit.services if s.id in starts), key=lambda s: starts[s.id], default=None)
        made.append(Found(fit.card, fit.services, starts[soonest.id] if soonest else None, soonest, fit.distance_metres))
    return made


def _order(found: Found) -> tuple[datetime, int, str]:
    never = clock.now() + timedelta(days=3650)
    return (found.earliest or never, found.distance_metres or 0, found.card.name)


def _counts(fits: Sequence[Found]) -> Mapping[str, Mapping[str, int]]:
    counts: dict[str, dict[str, int]] = {"language": {}, "sector": {}, "modality": {}}
    for fit in fits:
        for language in fit.card.languages:
            counts["language"][language] = counts["language"].get(language, 0) + 1
        counts["sector"][fit.card.sector] = counts["sector"].get(fit.card.sector, 0) + 1
        for modality in {s.modality.value for s in fit.services}:
            counts["modality"][modality] = counts["modality"].get(modality, 0) + 1
    return counts
