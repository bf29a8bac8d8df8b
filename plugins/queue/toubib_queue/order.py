"""The order of a queue, and how long one waits in it. Pure; the whole fairness of the queue stands here.

Who is more urgent counts as if they had come earlier, by a fixed number of minutes for each level. So urgent patients go first
among those who came at about the same time, and nobody starves: whoever has waited longer than the largest head start stands
before everybody who comes from then on.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

MOST_URGENT = 2


@dataclass(frozen=True, slots=True)
class Waiting:
    """Somebody in the queue: the encounter, since when, how urgent (0 to 2)."""

    encounter_id: str
    since: datetime
    priority: int = 0


def in_order(places: Iterable[Waiting], head_start: timedelta) -> list[Waiting]:
    """Who comes first. The order of two never changes while they wait."""

    def key(place: Waiting) -> tuple[datetime, datetime, str]:
        level = max(0, min(place.priority, MOST_URGENT))
        return place.since - level * head_start, place.since, place.encounter_id

    return sorted(places, key=key)


def minutes_to_wait(ahead: int, on_duty: int, busy: int, minutes: int) -> int:
    """About how many minutes until somebody with so many before them is taken; 0 when a practitioner is free for them now.

    `on_duty` practitioners are there, `busy` of them with a patient; a visit takes `minutes`, and one that runs is half over on
    average. With nobody on duty it counts as if one were, and busy.
    """
    there = max(1, on_duty)
    occupied = min(busy, there) if on_duty else there
    if ahead < there - occupied:
        return 0
    return ceil(minutes * (2 * ahead + occupied) / (2 * there))
