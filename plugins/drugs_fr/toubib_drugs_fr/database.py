"""The drug database as the core sees it: search and fetch in the current edition."""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import date

import sqlalchemy as sa
from sqlmodel import Session, col, select

from toubib.contracts.common import Message
from toubib.contracts.prescription import Drug
from toubib.db import database, is_open, session
from toubib_drugs_fr.models import WORDS, Edition, SpecialityRow
from toubib_drugs_fr.words import fold

NAME = "drugs_fr"
SYSTEM = "http://base-donnees-publique.medicaments.gouv.fr"
MOST_WORDS = 6
AFTER_Z = "{"
"""The character after `z`: the end of the range of words that begin with a prefix."""


class FrenchDrugs:
    """Specialities of the official file; only those authorised and on the market are found."""

    name = NAME

    def published_on(self) -> date | None:
        """Day of the loaded edition."""
        with _reading() as work:
            return work.exec(select(col(Edition.published_on)).where(Edition.state == "current")).first()

    def source(self) -> Message:
        """Whose data."""
        return Message(NAME, "Public drug database of ANSM, HAS and UNCAM (France), unaltered")

    def search(self, text: str, limit: int) -> Sequence[Drug]:
        """Whatever has all the words; names that begin with the first of them come first; each in the order of names."""
        words = fold(text[:200]).split()[:MOST_WORDS]
        if not words or limit < 1:
            return ()
        with _reading() as work:
            edition = work.exec(select(Edition.number).where(Edition.state == "current")).first()
            if edition is None:
                return ()
            positions = _by_name(work, edition, words, limit)
            if len(positions) < limit:
                positions += [p for p in _by_words(work, edition, words, limit) if p not in positions]
            return _drugs(work, edition, positions[:limit])

    def get(self, code: str) -> Drug | None:
        """The speciality with a CIS code, on the market or not."""
        if not (code.isascii() and code.isdigit()):
            return None
        with _reading() as work:
            current = select(Edition.number).where(Edition.state == "current").scalar_subquery()
            row = work.exec(select(SpecialityRow).where(SpecialityRow.code == code, SpecialityRow.edition == current)).first()
            return _drug(row) if row else None


def _by_name(work: Session, edition: int, words: Sequence[str], limit: int) -> list[int]:
    folded, position = col(SpecialityRow.folded), col(SpecialityRow.position)
    query = sa.select(position).where(col(SpecialityRow.edition) == edition, col(SpecialityRow.prescribable))
    query = query.where(folded >= words[0], folded < words[0] + AFTER_Z, *(_has(edition, position, other) for other in words[1:]))
    return list(work.connection().execute(query.order_by(position).limit(limit)).scalars())


def _by_words(work: Session, edition: int, words: Sequence[str], limit: int) -> list[int]:
    """Positions that have every word, found from the longest one, which is the rarest as a rule."""
    first, *others = sorted(words, key=len, reverse=True)
    position = WORDS.c.position
    query = sa.select(position).distinct().where(WORDS.c.edition == edition, _begins(WORDS, first))
    query = query.where(*(_has(edition, position, other) for other in others))
    return list(work.connection().execute(query.order_by(position).limit(limit)).scalars())


def _has(edition: int, position: sa.SQLColumnExpression[int], word: str) -> sa.ColumnElement[bool]:
    again = WORDS.alias()
    return sa.exists().where(again.c.edition == edition, again.c.position == position, _begins(again, word))


def _begins(words: sa.FromClause, prefix: str) -> sa.ColumnElement[bool]:
    return sa.and_(words.c.word >= prefix, words.c.word < prefix + AFTER_Z)


def _drugs(work: Session, edition: int, positions: Sequence[int]) -> Sequence[Drug]:
    query = select(SpecialityRow).where(SpecialityRow.edition == edition, col(SpecialityRow.position).in_(positions))
    rows = {row.position: row for row in work.exec(query)}
    return tuple(_drug(rows[position]) for position in positions)


def _drug(row: SpecialityRow) -> Drug:
    return Drug(SYSTEM, row.code, row.name, row.form, row.route, tuple(row.substances), frozenset(row.classes))


def _reading() -> AbstractContextManager[Session]:
    return nullcontext(session()) if is_open() else database().reading()
