"""Who read or changed a record, as its person reads it: by day and by who it was, each thing once with its times."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from toubib import i18n
from toubib.db.tables.machinery import AuditEvent
from toubib.web import trail_words
from toubib.web.shell import text


@dataclass(slots=True)
class _Reader:
    """What one reader did on one day, newest first."""

    name: str
    times: list[datetime] = field(default_factory=list)
    acts: dict[tuple[str, str], list[datetime]] = field(default_factory=dict)


def by_day(events: Iterable[AuditEvent], person_id: str) -> list[dict[str, Any]]:
    """Days with their readers, newest first; `events` come newest first. Inside a unit of work."""
    zone = ZoneInfo(i18n.zone())
    days = groupby(events, key=lambda event: event.at.astimezone(zone).date())
    return [_day(list(of_day), person_id) for _date, of_day in days]


def _day(events: Sequence[AuditEvent], person_id: str) -> dict[str, Any]:
    readers: dict[str, _Reader] = {}
    for event in events:
        name = trail_words.who(event, person_id)
        reader = readers.setdefault(name, _Reader(name))
        reader.times.append(event.at)
        reader.acts.setdefault((trail_words.action(event), trail_words.thing(event)), []).append(event.at)
    return {"label": i18n.day(events[0].at, i18n.zone()), "readers": [_reader(reader) for reader in readers.values()]}


def _reader(reader: _Reader) -> dict[str, Any]:
    read = [thing for (action, thing) in reader.acts if action == trail_words.read()]
    done = dict.fromkeys(action for action, _thing in reader.acts if action != trail_words.read())
    return {
        "name": reader.name,
        "times": _times(reader.times),
        "read": ", ".join(dict.fromkeys(read)),
        "done": ", ".join(done),
        "rows": [[_times(times), action, thing] for (action, thing), times in reader.acts.items()],
    }


def _times(times: Sequence[datetime]) -> str:
    """From when to when, how often; `times` come newest first."""
    last, first = (i18n.clock_time(at, i18n.zone()) for at in (times[0], times[-1]))
    if first == last:
        return first if len(times) == 1 else text("%(time)s, %(count)s times", time=first, count=len(times))
    if len(times) == 1:
        return first
    return text("%(first)s to %(last)s, %(count)s times", first=first, last=last, count=len(times))
