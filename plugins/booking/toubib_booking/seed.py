"""Hours and visit reasons for a demo or a test: a believable week in a few words."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from toubib.contracts.common import Money
from toubib.contracts.scheduling import Modality
from toubib_booking import editing
from toubib_booking.editing import Hours, ServiceDraft

WORKDAYS = range(5)
EVERY_DAY = range(7)


@dataclass(frozen=True, slots=True)
class Week:
    """The same hours on several weekdays, with one break. Minutes of the wall clock."""

    days: Iterable[int] = WORKDAYS
    start: int = 9 * 60
    end: int = 18 * 60
    pause: tuple[int, int] | None = (12 * 60, 13 * 60 + 30)
    every: int = 20
    modalities: tuple[Modality, ...] = (Modality.VIDEO, Modality.IN_PERSON)


ROUND_THE_CLOCK = Week(days=EVERY_DAY, start=0, end=24 * 60, pause=None, every=5, modalities=(Modality.VIDEO,))
"""Somebody who is free every few minutes, so that a journey can be walked at once."""


def seed(role_id: str, *, week: Week | None = None, services: Iterable[ServiceDraft] = ()) -> list[str]:
    """Open a schedule with a week of hours and some visit reasons; gives back the ids of the reasons.

    The reasons stand in the order given. Inside a unit of work. Does nothing to a role that has a schedule already, and then gives back no ids.
    """
    if editing.schedule_of(role_id) is not None:
        return []
    editing.open_schedule(role_id)
    week = week or Week()
    for day in week.days:
        editing.add_opening(role_id, Hours(day, week.start, week.end), week.modalities, week.every)
        if week.pause:
            editing.add_break(role_id, Hours(day, *week.pause))
    return [editing.save_service(role_id, replace(draft, position=place)).id for place, draft in enumerate(services)]


def consultation(price: Money, *, minutes: int = 20, modality: Modality = Modality.VIDEO, act_codes: tuple[str, ...] = (), notice: int = 0) -> ServiceDraft:
    """A plain consultation in French and English, by video or in person."""
    names = {
        Modality.VIDEO: {"fr": "Consultation par vidéo", "en": "Consultation by video"},
        Modality.IN_PERSON: {"fr": "Consultation au cabinet", "en": "Consultation at the practice"},
        Modality.PHONE: {"fr": "Consultation par téléphone", "en": "Consultation by telephone"},
    }
    return ServiceDraft(
        names[modality],
        minutes,
        modality,
        price,
        act_codes,
        notice_minutes=notice,
        cancel_until_minutes=4 * 60,
    )
