"""Restricted modes: off until the operator records the legal basis, with who, when and in which words; the audit trail tells of it."""

from collections.abc import Sequence

from sqlmodel import col, select

from toubib.contracts.common import ContractError, Ref
from toubib.db import actor, session
from toubib.seams import clock
from toubib.services import trail
from toubib_advice.models import Basis
from toubib_advice.settings import Mode, current
from toubib_advice.texts import say

SHORTEST = 20
KIND, RECORDED, WITHDRAWN = "advice.basis", "advice.record_basis", "advice.withdraw_basis"
"""What the audit trail calls it, and what is done to it."""


def allowed(mode: str) -> bool:
    """Whether a mode may be offered now."""
    return mode not in current().restricted or live(mode) is not None


def live(mode: str) -> Basis | None:
    """The legal basis that is recorded for a mode and not withdrawn."""
    query = select(Basis).where(Basis.mode == mode, col(Basis.withdrawn_at).is_(None)).order_by(col(Basis.recorded_at).desc())
    return session().exec(query).first()


def history() -> Sequence[Basis]:
    """Everything ever recorded, newest first."""
    return session().exec(select(Basis).order_by(col(Basis.recorded_at).desc(), Basis.id)).all()


def record(mode: Mode, text: str) -> None:
    """Record why a mode may be offered; it is on from now. Raises `ContractError` for a text too short to name a basis."""
    if len(text.strip()) < SHORTEST:
        raise ContractError(say("Name the legal basis: the rule, the agreement or the opinion on which you rely."))
    row = Basis(mode=mode, text=text.strip()[:4000], recorded_by=actor().id)
    session().add(row)
    session().flush()
    trail.wrote(RECORDED, Ref(KIND, row.id), reason=mode)


def withdraw(mode: Mode) -> None:
    """Switch a restricted mode off from now on; what was asked before is still answered."""
    for row in session().exec(select(Basis).where(Basis.mode == mode, col(Basis.withdrawn_at).is_(None))).all():
        row.withdrawn_at, row.withdrawn_by = clock.now(), actor().id
        trail.wrote(WITHDRAWN, Ref(KIND, row.id), reason=mode)
    session().flush()
