"""Which visits may a patient see? One query that the policy makes, against asking the policy for each visit."""

from datetime import timedelta

from installed import installed
from measuring import Size, Way, asked, compare
from sqlmodel import select

from toubib.contracts.identity import Actor, ActorKind
from toubib.db import database, session
from toubib.db.tables.journey import Encounter
from toubib.policy.rules import Policy
from toubib.seams import clock
from toubib.testing.booked import booked
from toubib.testing.practices import practice

VISITS = 200
PERMISSION = "encounter.read"


def patient(visits: int) -> Actor:
    """The patient of the first of so many visits."""
    with database().unit_of_work():
        made, begin = practice(), clock.now()
        found = [booked(made, begin + timedelta(hours=n)) for n in range(visits)]
        return Actor(ActorKind.USER, "account", found[0].person_id)


def as_a_query(policy: Policy, actor: Actor) -> object:
    """The way of the house."""
    with database().reading():
        return sorted(row.id for row in session().exec(policy.visible(actor, PERMISSION)))


def one_by_one(policy: Policy, actor: Actor) -> object:
    """Every visit, and then the question whether this one may be seen."""
    with database().reading():
        return sorted(visit for visit in session().exec(select(Encounter.id)).all() if policy.allows(actor, PERMISSION, visit))


def run(size: Size) -> None:
    """Compare for one patient among others."""
    with installed() as toubib:
        actor = patient(size.of(VISITS))
        query = Way("one query", lambda: as_a_query(toubib.policy, actor))
        compare(f"a patient's visits among {size.of(VISITS)}", size, query, Way("one by one", lambda: one_by_one(toubib.policy, actor)))


if __name__ == "__main__":
    run(asked(__doc__ or ""))
