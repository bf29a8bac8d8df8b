"""Which organisations an actor has something to do with: the second wall (`toubib.db.wall`) shows rows of these only."""

from collections.abc import Iterable

from sqlalchemy import union
from sqlmodel import Session, col, or_, select

from toubib.contracts.identity import Actor
from toubib.db.tables.directory import PractitionerRole
from toubib.db.tables.journey import Encounter
from toubib.db.tables.money import MoneyDue
from toubib.db.tables.people import Chart
from toubib.policy import core

VISITS = (core.own_encounter, core.draft_encounter, core.link_encounter, core.once_accompanied_encounter)
"""What makes an organisation known to a patient, a visitor, a guest, or somebody at a patient's side."""


def organisations_of(session: Session, actor: Actor) -> Iterable[str]:
    """Where the actor has a role or an agenda to run; where they have a file, a debt or, as those they act for, a visit."""
    yield from (role.organisation_id for role in actor.roles)
    visits = [c for rule in VISITS if (c := rule(actor)) is not None]
    queries = [select(Encounter.organisation_id).where(or_(*visits))] if visits else []
    if actor.person_id:
        queries.append(select(Chart.organisation_id).where(Chart.person_id == actor.person_id))
        queries.append(select(MoneyDue.organisation_id).where(MoneyDue.debtor_person_id == actor.person_id))
    if (delegated := core.delegated_role(actor)) is not None:
        queries.append(select(col(PractitionerRole.organisation_id)).where(delegated))
    if queries:
        # on the connection itself: the session's own queries are what is being narrowed
        yield from session.connection().execute(union(*queries)).scalars()
