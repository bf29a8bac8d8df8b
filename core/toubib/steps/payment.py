"""Securing the price before the visit: an authorised card, a saved one, or the desk."""

from collections.abc import Mapping, Sequence

from sqlalchemy import ColumnElement
from sqlmodel import col, select

from toubib import runtime
from toubib.contracts.common import Message
from toubib.contracts.journey import Command, EncounterView, Phase, StepState, StepStatus, Who
from toubib.db import session
from toubib.db.tables.money import MoneyDue, PaymentAttempt
from toubib.services import checkout, dues
from toubib.steps.base import NoForm


class Authorise(NoForm):
    """The most that the patient may pay is secured, or will be paid at the desk."""

    name = "payment.authorise"
    title = Message("toubib", "Payment")
    phase = Phase.PREPARE
    who = Who.PATIENT
    guards = frozenset({Command.CONFIRM})
    endpoint = "booking_flow.price"

    def states(self, encounters: Sequence[EncounterView]) -> Mapping[str, StepState]:
        """Done once an attempt is secured, or one by instruction (at the desk) was chosen, or nothing is due."""
        ids = [e.id for e in encounters]
        secured = select(MoneyDue.encounter_id).join(PaymentAttempt, col(PaymentAttempt.due_id) == MoneyDue.id)
        secured = secured.where(*self._asked(ids), self._is_secured())
        done = set(session().exec(secured)) | self._nothing_due(ids)
        return {e.id: StepState(StepStatus.DONE if e.id in done else StepStatus.OPEN) for e in encounters}

    @staticmethod
    def _is_secured() -> ColumnElement[bool]:
        offline = [name for name, p in runtime.current().registry.payments.items() if not p.capabilities.online]
        return col(PaymentAttempt.status).in_(dues.SECURING) | (
            col(PaymentAttempt.provider).in_(offline) & (col(PaymentAttempt.status) == "pending")
        )

    def _nothing_due(self, ids: Sequence[str]) -> set[str | None]:
        return set(session().exec(select(MoneyDue.encounter_id).where(*self._asked(ids), MoneyDue.max_minor == 0)))

    @staticmethod
    def _asked(ids: Sequence[str]) -> tuple[ColumnElement[bool], ...]:
        """What is asked for these visits now; what was asked before, for another price, secures nothing."""
        return col(MoneyDue.encounter_id).in_(ids), col(MoneyDue.purpose) == checkout.PURPOSE, col(MoneyDue.status) != "cancelled"
