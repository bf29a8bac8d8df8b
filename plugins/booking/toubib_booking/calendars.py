"""Schedules read from the tables and kept as calendars of bits, as long as their version stands."""

from collections import defaultdict
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from datetime import date
from threading import Lock
from typing import TypeAlias, TypeVar

from sqlmodel import col, select

from toubib.contracts.common import Period
from toubib.contracts.scheduling import Modality
from toubib.db import session
from toubib_booking.engine.masks import Calendar
from toubib_booking.engine.rules import Extra, Opening, Schedule, Weekly, no_holidays
from toubib_booking.models import BreakRow, ExceptionRow, OfRole, OpeningRow, ScheduleRow

HolidaysOf: TypeAlias = Callable[[str, str, int], Container[date]]
"""Public holidays by country, region and year."""
Row = TypeVar("Row", bound=OfRole)


class Calendars:
    """The calendars of practitioner roles, rebuilt when a schedule's version changes.

    The version is read with every question, so an edit counts at once in every process. At most `keep`
    calendars stay in memory.
    """

    def __init__(self, holidays: HolidaysOf, keep: int) -> None:
        self._holidays = holidays
        self._keep = keep
        self._kept: dict[str, tuple[str, Calendar | None]] = {}
        self._lock = Lock()

    def of(self, role_ids: Iterable[str]) -> Mapping[str, Calendar]:
        """The calendars of those roles that have a schedule. Inside a unit of work."""
        rows = session().exec(select(ScheduleRow).where(col(ScheduleRow.practitioner_role_id).in_(set(role_ids)))).all()
        found, stale = {}, []
        for row in rows:
            version, calendar = self._kept.get(row.practitioner_role_id, ("", None))
            if calendar is not None and version == row.version:
                found[row.practitioner_role_id] = calendar
            else:
                stale.append(row)
        return {**found, **self._build(stale)} if stale else found

    def _build(self, rows: Sequence[ScheduleRow]) -> Mapping[str, Calendar]:
        roles = [row.practitioner_role_id for row in rows]
        openings, breaks, exceptions = _by_role(_openings(roles)), _by_role(_breaks(roles)), _by_role(_exceptions(roles))
        built = {}
        for row in rows:
            role = row.practitioner_role_id
            built[role] = Calendar(
                Schedule(
                    row.zone,
                    tuple(map(_opening, openings[role])),
                    tuple(map(_weekly, breaks[role])),
                    tuple(_extra(extra) for extra in exceptions[role] if extra.kind == "extra"),
                    tuple(Period(away.starts_at, away.ends_at) for away in exceptions[role] if away.kind == "absence"),
                    self._holidays_of(row),
                )
            )
        self._remember({row.practitioner_role_id: (row.version, built[row.practitioner_role_id]) for row in rows})
        return built

    def _remember(self, built: Mapping[str, tuple[str, Calendar]]) -> None:
        with self._lock:
            self._kept.update(built)
            for role in list(self._kept)[: max(0, len(self._kept) - self._keep)]:
                del self._kept[role]

    def _holidays_of(self, row: ScheduleRow) -> Callable[[int], Container[date]]:
        if row.open_on_holidays or not row.country:
            return no_holidays
        country, region = row.country, row.region
        return lambda year: self._holidays(country, region, year)


def _by_role(rows: Iterable[Row]) -> defaultdict[str, list[Row]]:
    """The rows of each role, sorted out once: a search page builds the calendars of everybody."""
    found = defaultdict[str, list[Row]](list)
    for row in rows:
        found[row.practitioner_role_id].append(row)
    return found


def _openings(roles: Sequence[str]) -> Sequence[OpeningRow]:
    return session().exec(select(OpeningRow).where(col(OpeningRow.practitioner_role_id).in_(roles))).all()


def _breaks(roles: Sequence[str]) -> Sequence[BreakRow]:
    return session().exec(select(BreakRow).where(col(BreakRow.practitioner_role_id).in_(roles))).all()


def _exceptions(roles: Sequence[str]) -> Sequence[ExceptionRow]:
    return session().exec(select(ExceptionRow).where(col(ExceptionRow.practitioner_role_id).in_(roles))).all()


def _weekly(row: OpeningRow | BreakRow) -> Weekly:
    return Weekly(row.weekday, row.start_minute, row.end_minute, row.valid_from, row.valid_to)


def _opening(row: OpeningRow) -> Opening:
    return Opening(_weekly(row), frozenset(map(Modality, row.modalities)), row.every)


def _extra(row: ExceptionRow) -> Extra:
    return Extra(Period(row.starts_at, row.ends_at), frozenset(map(Modality, row.modalities)), row.every)
