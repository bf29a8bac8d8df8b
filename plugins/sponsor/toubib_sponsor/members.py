"""A sponsor's list of codes from a CSV file, tried dry first: columns `code`, `valid_from`, `valid_to` (ISO dates; the last may be empty)."""

import csv
import io
from dataclasses import dataclass
from datetime import date, timedelta

from sqlmodel import col as column
from sqlmodel import func, or_, select

from toubib.contracts.common import ContractError, Message
from toubib.db import session, vault
from toubib.seams import clock
from toubib_sponsor import entitlements, house, pack
from toubib_sponsor.models import Member
from toubib_sponsor.settings import Plan
from toubib_sponsor.texts import say

COLUMNS = ["code", "valid_from", "valid_to"]
MOST_FAULTS = 20


@dataclass(frozen=True, slots=True)
class Wrong:
    """A line that cannot be taken, and why."""

    line: int
    why: Message


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a file changes (or would change): nothing at all while a line is wrong."""

    added: int
    changed: int
    unchanged: int
    ended: int
    wrong: tuple[Wrong, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """One line, checked."""

    code: str
    valid_from: date
    valid_to: date | None


def read(plan: Plan, text: str) -> tuple[list[Row], list[Wrong]]:
    """The lines of a file; raises `ContractError` when it has other columns."""
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")), delimiter=";" if ";" in text.split("\n", 1)[0] else ",")
    if [name.strip().lower() for name in reader.fieldnames or ()] != COLUMNS:
        raise ContractError(say("The first line must name the columns code, valid_from, valid_to."))
    rows: dict[str, Row] = {}
    wrong: list[Wrong] = []
    for number, line in enumerate(reader, 2):
        try:
            row = _row(plan, {key.strip().lower(): (value or "").strip() for key, value in line.items() if key})
        except ContractError as error:
            wrong.append(Wrong(number, error.message))
            continue
        if row.code in rows:
            wrong.append(Wrong(number, say("This code stands in the file twice.")))
        rows[row.code] = row
    return list(rows.values()), wrong


def _row(plan: Plan, values: dict[str, str]) -> Row:
    code = pack.normalise(values["code"])
    if not code.startswith(plan.prefix):
        raise ContractError(say("Codes of this sponsor begin with %(prefix)s.", prefix=plan.prefix))
    try:
        first = date.fromisoformat(values["valid_from"])
        last = date.fromisoformat(values["valid_to"]) if values["valid_to"] else None
    except ValueError as error:
        raise ContractError(say("A date looks like 2026-12-31.")) from error
    if last is not None and last < first:
        raise ContractError(say("The last day lies before the first."))
    return Row(code, first, last)


def load(plan: Plan, text: str, *, whole: bool, dry: bool) -> Outcome:
    """Take a file; `whole` says that codes which are not in it end yesterday; `dry` changes nothing. Joins the unit of work.

    Nothing is changed while a line is wrong.
    """
    rows, wrong = read(plan, text)
    organisation = house.organisation(plan, make=not dry)
    known = {m.code_index: m for m in session().exec(select(Member).where(Member.plan == plan.key).with_for_update())}
    indexed = {entitlements.index_of(row.code): row for row in rows}
    added = [i for i in indexed if i not in known]
    changed = [i for i, r in indexed.items() if i in known and (known[i].valid_from, known[i].valid_to) != (r.valid_from, r.valid_to)]
    yesterday = clock.now().date() - timedelta(days=1)
    ended = [i for i, m in known.items() if whole and i not in indexed and (m.valid_to is None or m.valid_to > yesterday)]
    outcome = Outcome(len(added), len(changed), len(indexed) - len(added) - len(changed), len(ended), tuple(wrong[:MOST_FAULTS]))
    if dry or wrong or organisation is None:
        return outcome
    for index in added:
        session().add(_member(organisation.id, plan, index, indexed[index]))
    for index in changed:
        known[index].valid_from, known[index].valid_to = indexed[index].valid_from, indexed[index].valid_to
    for index in ended:
        known[index].valid_to = max(yesterday, known[index].valid_from - timedelta(days=1))
    session().flush()
    return outcome


def _member(organisation_id: str, plan: Plan, index: str, row: Row) -> Member:
    made = Member(organisation_id=organisation_id, plan=plan.key, code_index=index, valid_from=row.valid_from, valid_to=row.valid_to)
    vault().seal(made, "code", row.code)
    return made


def count(plan: Plan) -> int:
    """How many codes are valid today."""
    today = clock.now().date()
    live = (column(Member.valid_from) <= today, or_(column(Member.valid_to).is_(None), column(Member.valid_to) >= today))
    return session().exec(select(func.count()).select_from(Member).where(Member.plan == plan.key, *live)).one()
