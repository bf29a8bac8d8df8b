"""Roles and agendas that an identity provider gives: found in the directory, kept under the identity, taken back when it says so."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from sqlmodel import col, or_, select

from toubib.audit import trail
from toubib.contracts.common import Ref
from toubib.contracts.identity import GrantedRole, IdentityProvider, Vouched
from toubib.db import session
from toubib.db.tables.access import Account, Delegation, RoleAssignment
from toubib.db.tables.directory import Organisation, Practitioner, PractitionerRole
from toubib.seams import clock

ROLES = ("practitioner", "secretary", "reviewer", "administrator")


@dataclass(frozen=True, slots=True)
class Grant:
    """A role that a provider may give, with the directory's ids. `agendas`: the practitioner roles whose agendas may be run."""

    role: str
    organisation_id: str
    practitioner_id: str = ""
    practitioner_role_id: str | None = None
    agendas: frozenset[str] = frozenset()


def allowed(provider: IdentityProvider, vouched: Vouched) -> tuple[Grant, ...]:
    """What of the stated roles this provider may give: known roles, in its own organisations, to whom the directory names."""
    mine = [r for r in vouched.roles if r.name in ROLES and r.organisation in provider.organisations]
    return tuple(dict.fromkeys(g for role in mine for g in _found(role, vouched)))


def _found(role: GrantedRole, vouched: Vouched) -> Iterator[Grant]:
    organisation = session().exec(select(Organisation).where(Organisation.slug == role.organisation)).first()
    if organisation is None:
        return
    agendas = _agendas(organisation.id) if role.agendas else frozenset()
    if role.name != "practitioner":
        yield Grant(role.name, organisation.id, agendas=agendas)
    elif vouched.number:
        query = (
            select(PractitionerRole)
            .join(Practitioner, col(Practitioner.id) == PractitionerRole.practitioner_id)
            .where(PractitionerRole.organisation_id == organisation.id, Practitioner.registry_number == vouched.number, col(PractitionerRole.active))
        )
        for row in session().exec(query):
            yield Grant("practitioner", organisation.id, row.practitioner_id, row.id, agendas)


def _agendas(organisation_id: str) -> frozenset[str]:
    return frozenset(session().exec(select(PractitionerRole.id).where(PractitionerRole.organisation_id == organisation_id, col(PractitionerRole.active))))


def keep(identity_id: str, account: Account, wanted: Collection[Grant]) -> tuple[Grant, ...]:
    """Make the identity's roles and agendas exactly the wanted ones; returns those given. A practitioner's role goes to that person only."""
    mine = tuple(g for g in wanted if not g.practitioner_id or g.practitioner_id == account.person_id)
    _keep_roles(identity_id, account, {(g.role, g.organisation_id, g.practitioner_role_id) for g in mine})
    _keep_agendas(identity_id, account, {(g.organisation_id, role_id) for g in mine for role_id in g.agendas})
    return mine


def _keep_roles(identity_id: str, account: Account, wanted: set[tuple[str, str, str | None]]) -> None:
    rows = session().exec(select(RoleAssignment).where(RoleAssignment.external_identity_id == identity_id)).all()
    held = {(r.role, r.organisation_id, r.practitioner_role_id): r for r in rows}
    for key in held.keys() - wanted:
        session().delete(held[key])
        trail.wrote("take_role", Ref("account", account.id), organisation_id=key[1], person_id=account.person_id, reason=key[0])
    for role, organisation_id, practitioner_role_id in wanted - held.keys():
        session().add(
            RoleAssignment(
                account_id=account.id,
                organisation_id=organisation_id,
                role=role,
                practitioner_role_id=practitioner_role_id,
                external_identity_id=identity_id,
            )
        )
        trail.wrote("give_role", Ref("account", account.id), organisation_id=organisation_id, person_id=account.person_id, reason=role)


def _keep_agendas(identity_id: str, account: Account, wanted: set[tuple[str, str]]) -> None:
    now = clock.now()
    live = or_(col(Delegation.valid_to).is_(None), col(Delegation.valid_to) > now)
    rows = session().exec(select(Delegation).where(Delegation.external_identity_id == identity_id, live)).all()
    held = {(r.organisation_id, r.practitioner_role_id): r for r in rows}
    for key in held.keys() - wanted:
        held[key].valid_to = now
    for organisation_id, role_id in wanted - held.keys():
        session().add(
            Delegation(organisation_id=organisation_id, practitioner_role_id=role_id, account_id=account.id, external_identity_id=identity_id)
        )
