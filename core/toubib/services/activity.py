"""What a practice and its practitioners did for the insured of each pack, against the limits that the pack knows."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlmodel import col, select

from toubib import runtime
from toubib.contracts.activity import ActivityCounts, ActivitySubject, Cap, CapRule
from toubib.contracts.counters import CounterWindow
from toubib.contracts.reimbursement import ReimbursementPack
from toubib.db import session
from toubib.db.tables.claims import ClaimItem
from toubib.db.tables.journey import Encounter
from toubib.services import counting, directory

REMOTE = frozenset({"video", "phone", "text", "async", "mixed"})


@dataclass(frozen=True, slots=True)
class Stand:
    """A limit with whose it is and until when it counts. `role_id` is empty for the whole organisation."""

    pack: str
    organisation_id: str
    role_id: str
    start: date
    end: date
    cap: Cap


def stands(organisation_id: str, day: date) -> Sequence[Stand]:
    """Limits of the organisation and of its practitioners in the windows that hold `day`, wherever something was settled here."""
    return [stand for pack in runtime.current().packs for rule in pack.cap_rules for stand in _of_rule(pack, rule, organisation_id, day)]


def _of_rule(pack: ReimbursementPack, rule: CapRule, organisation_id: str, day: date) -> Iterator[Stand]:
    start, end = span(rule.window, day)
    done = _settled(pack.name, organisation_id, start, end)
    roles = sorted({row.role_id if rule.subject is ActivitySubject.PRACTITIONER else "" for row in done})
    for role_id in roles:
        rows = [row for row in done if not role_id or row.role_id == role_id]
        specialty = directory.role(role_id).specialty if role_id else ""
        for cap in pack.caps(_counts(rule.subject, start, end, rows, specialty)):
            yield Stand(pack.name, organisation_id, role_id, start, end, cap)


def span(window: CounterWindow, day: date) -> tuple[date, date]:
    """First and last day of the calendar year or quarter that holds `day`."""
    start = counting.first_day(counting.name_of(window, day))
    months = 3 if window is CounterWindow.QUARTER else 12
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    return start, date(year, month + 1, 1) - timedelta(days=1)


@dataclass(frozen=True, slots=True)
class _Act:
    encounter_id: str
    person_id: str
    role_id: str
    code: str
    modality: str


def _settled(pack: str, organisation_id: str, start: date, end: date) -> Sequence[_Act]:
    zone = ZoneInfo(directory.organisation(organisation_id).zone)
    first, after = datetime.combine(start, time(), zone), datetime.combine(end + timedelta(days=1), time(), zone)
    query = (
        select(ClaimItem, Encounter.modality)
        .where(ClaimItem.encounter_id == Encounter.id, ClaimItem.organisation_id == organisation_id, ClaimItem.pack == pack)
        .where(col(ClaimItem.care_at) >= first, col(ClaimItem.care_at) < after)
    )
    return [_Act(item.encounter_id, item.person_id, item.performer_role_id, item.code, modality) for item, modality in session().exec(query)]


def _counts(subject: ActivitySubject, start: date, end: date, rows: Sequence[_Act], specialty: str) -> ActivityCounts:
    """An act is a visit: its codes are counted apart. A case is a patient; one by distance only has no visit in person."""
    visits = {row.encounter_id: row for row in rows}.values()
    in_person = {row.person_id for row in visits if row.modality not in REMOTE}
    cases = {row.person_id for row in visits}
    return ActivityCounts(
        subject=subject,
        start=start,
        end=end,
        acts=len(visits),
        acts_remote=sum(row.modality in REMOTE for row in visits),
        cases=len(cases),
        cases_remote=len(cases - in_person),
        codes=dict(Counter(row.code for row in rows)),
        specialty=specialty,
    )
