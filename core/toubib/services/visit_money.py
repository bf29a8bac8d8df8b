"""What a change of a visit means for its money: observers that order, after the commit, what follows from the event.

A visit that is cancelled gives back what was held; a hold that lapsed closes open pages and gives back what was secured without a
booking; a visit that moved moves the authorisation of a saved card with it.
"""

from collections.abc import Callable

from sqlmodel import col, select

from toubib.contracts.events import Event, Observer
from toubib.db import database, session
from toubib.db.tables.agenda import Appointment
from toubib.db.tables.money import MoneyDue
from toubib.services import checkout, dues, orders, waiting

KEPT = ("booked", "arrived", "fulfilled", "noshow")


def release_cancelled(event: Event) -> None:
    """The visit is off: whatever is not earned already goes back."""
    _each_unearned(event, orders.release)


def close_lapsed(event: Event) -> None:
    """The held time is over: close what waits; what was secured all the same bought nothing, unless the visit was booked since."""

    def close(due_id: str) -> None:
        due = dues.locked(due_id)
        if _appointment(event.subject.id).status in KEPT:
            return
        orders.give_up(due_id)
        if due.status == "secured":
            orders.release(due_id)
            checkout.tell_released(event.subject.id)

    _each_unearned(event, close)


def follow_move(event: Event) -> None:
    """The visit has another time: a saved card is authorised before that one."""

    def follow(due_id: str) -> None:
        waiting.visit_moved(due_id, _appointment(event.subject.id).starts_at)

    _each_unearned(event, follow)


def _each_unearned(event: Event, act: Callable[[str], object]) -> None:
    with database().unit_of_work():
        query = select(MoneyDue.id).where(
            MoneyDue.encounter_id == event.subject.id, col(MoneyDue.amount_minor).is_(None), MoneyDue.status != "cancelled"
        )
        for due_id in session().exec(query).all():
            act(due_id)


def _appointment(encounter_id: str) -> Appointment:
    query = select(Appointment).where(Appointment.encounter_id == encounter_id).order_by(col(Appointment.created_at).desc())
    return session().exec(query.execution_options(populate_existing=True)).one()


OBSERVERS: tuple[Observer, ...] = (
    Observer("toubib.release_cancelled", frozenset({"appointment.cancelled"}), release_cancelled),
    Observer("toubib.close_lapsed", frozenset({"appointment.hold_expired"}), close_lapsed),
    Observer("toubib.follow_move", frozenset({"appointment.moved"}), follow_move),
)
"""The core's observers of visits, to be registered with those of plugins."""
