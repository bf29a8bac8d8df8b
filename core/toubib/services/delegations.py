"""Delegation: a practitioner lets somebody run their agenda, and takes it back. What that opens is in `toubib.policy.core`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col, or_, select

from toubib import runtime
from toubib.audit import trail
from toubib.contracts.common import Message, Ref, Refused
from toubib.contracts.identity import Actor
from toubib.db import actor, session, vault
from toubib.db.tables.access import Account, Delegation, RoleAssignment
from toubib.db.tables.directory import PractitionerRole
from toubib.seams import clock
from toubib.services import directory, login, notices, people


@dataclass(frozen=True, slots=True)
class Helper:
    """Somebody who runs an agenda for its practitioner. `by_provider`: an identity service gave it, and takes it back."""

    delegation_id: str
    name: str
    email: str
    since: datetime
    by_provider: bool


def _live() -> tuple[object, ...]:
    now = clock.now()
    return col(Delegation.valid_from) <= now, or_(col(Delegation.valid_to).is_(None), col(Delegation.valid_to) > now)


def of_role(role_id: str) -> Sequence[Helper]:
    """Who runs an agenda now, beside its practitioner; the first ones first."""
    query = select(Delegation, Account).where(Delegation.practitioner_role_id == role_id, Delegation.account_id == Account.id, *_live())  # type: ignore[arg-type]
    return [_helper(row, account) for row, account in session().exec(query.order_by(col(Delegation.valid_from)))]


def _helper(row: Delegation, account: Account) -> Helper:
    email = vault().read(account, "email")
    return Helper(row.id, people.traits(account.person_id).name, email, row.valid_from, bool(row.external_identity_id))


def agendas_of(who: Actor) -> list[str]:
    """Ids of the practitioner roles whose agendas an actor runs: their own, and those delegated to them. No others."""
    query = runtime.current().policy.visible(who, "agenda.manage")
    return [row.id for row in session().exec(query)]


def give(role_id: str, email: str) -> Refused | None:
    """Let whoever has this address run the agenda; they sign in by code and set up a second factor. Twice is once.

    Raises `ContractError` for an address that cannot be one.
    """
    # one at a time for an agenda, so that pressing twice at once is once too
    role = session().get_one(PractitionerRole, role_id, with_for_update={"key_share": True})
    account = login.account_for(login.normalise_email(email), runtime.current().settings.site.default_language)
    if account.id == actor().id:
        return Refused("self", Message("toubib", "This is your own address: your agenda is yours already."))
    if any(helper.email.lower() == vault().read(account, "email").lower() for helper in of_role(role_id)):
        return None
    _make_staff(account, role.organisation_id)
    row = Delegation(organisation_id=role.organisation_id, practitioner_role_id=role_id, account_id=account.id)
    session().add(row)
    session().flush()
    trail.wrote("delegate", Ref("account", account.id), organisation_id=role.organisation_id, person_id=account.person_id, reason=role_id)
    notices.queue(
        "delegation_given",
        vault().read(account, "email"),
        locale=runtime.current().settings.site.default_language,
        params={"who": directory.role(role_id).name},
        link="/practice",
        organisation_id=role.organisation_id,
        key=f"delegation_given:{row.id}",
    )
    return None


def _make_staff(account: Account, organisation_id: str) -> None:
    """Whoever runs an agenda is a secretary of the practice, unless they have a role there already."""
    query = select(RoleAssignment.id).where(RoleAssignment.account_id == account.id, RoleAssignment.organisation_id == organisation_id)
    if session().exec(query).first() is None:
        session().add(RoleAssignment(account_id=account.id, organisation_id=organisation_id, role="secretary"))
        about = Ref("account", account.id)
        trail.wrote("give_role", about, organisation_id=organisation_id, person_id=account.person_id, reason="secretary")


def take(role_id: str, delegation_id: str) -> None:
    """Take an agenda back, from this moment; a delegation of another agenda changes nothing."""
    row = session().get(Delegation, delegation_id)
    if row is None or row.practitioner_role_id != role_id or (row.valid_to is not None and row.valid_to <= clock.now()):
        return
    row.valid_to = clock.now()
    session().flush()
    account = session().get_one(Account, row.account_id)
    trail.wrote("end_delegation", Ref("account", account.id), organisation_id=row.organisation_id, person_id=account.person_id, reason=role_id)
