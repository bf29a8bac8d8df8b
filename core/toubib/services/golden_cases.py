"""Golden cases of a pack: its columns, each cell against the vocabulary, and the comparison of a row with what the rules give."""

import re
from collections.abc import Callable, Collection, Container, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeAlias

from toubib.contracts.common import ContractError, Message
from toubib.contracts.reimbursement import CaseResult, CaseRunner
from toubib.i18n import CORE


@dataclass(frozen=True, slots=True)
class Row:
    """The input cells of one case. Every reader raises `ContractError`, naming the column, for what the vocabulary does not have."""

    cells: Mapping[str, str]

    def text(self, column: str) -> str:
        """A cell without surrounding blanks; empty for one that is missing."""
        return (self.cells.get(column) or "").strip()

    def one_of(self, column: str, allowed: Container[str]) -> str:
        """One of these words."""
        if self.text(column) not in allowed:
            raise self.outside(column)
        return self.text(column)

    def day(self, column: str) -> date:
        """A date as `2026-08-31`."""
        try:
            if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", self.text(column)):
                raise self.outside(column)
            return date.fromisoformat(self.text(column))
        except ValueError:
            raise self.outside(column) from None

    def whole(self, column: str, default: str = "") -> int:
        """A whole number, or an amount in minor units; `default` for an empty cell."""
        text = self.text(column) or default
        if not re.fullmatch(r"[0-9]{1,15}", text):
            raise self.outside(column)
        return int(text)

    def outside(self, column: str) -> ContractError:
        """The error for this cell."""
        return outside(column, self.text(column))


Outputs: TypeAlias = Callable[[Row], Mapping[str, str]]
"""What the rules give for a row, by output column."""


def outside(column: str, value: str) -> ContractError:
    """A value that the vocabulary does not know."""
    return ContractError(Message(CORE, "%(column)s: “%(value)s” is outside the vocabulary.", {"column": column, "value": value}))


def runner(pack: str, header: Sequence[str], inputs: Collection[str], outputs: Collection[str], give: Outputs) -> CaseRunner | None:
    """A runner when the input columns are these, all of them, and no expected column is foreign; else `None`.

    An empty expected cell is not compared. A row of another pack, or with more cells than columns, is refused.
    """
    wanted = {column for column in header if column.startswith("out_")}
    if {column for column in header if column.startswith("in_")} != set(inputs) or not wanted or not wanted <= set(outputs):
        return None

    def run_case(row: Mapping[str, str]) -> CaseResult:
        if None in row:  # csv.DictReader gathers surplus cells under None
            raise outside("row", row.get("id", ""))
        read = Row(row)
        read.one_of("in_pack", (pack,))
        got = give(read)
        expected = {column: (row.get(column) or "").strip() for column in outputs}
        return CaseResult(row.get("id", ""), tuple((c, v, got[c]) for c, v in expected.items() if v and v != got[c]))

    return run_case
