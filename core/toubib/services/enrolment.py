"""Enrolment: a person becomes a practitioner of an organisation's directory, with a role that patients can book.

Whether they may act is another question, answered by `toubib.services.standing`: somebody newly enrolled may not, until a source says so.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import col, select

from toubib.audit import trail
from toubib.contracts.common import ContractError, Message, Ref
from toubib.db import session
from toubib.db.tables.access import Account, RoleAssignment
from toubib.db.tables.directory import Location, Practitioner, PractitionerRole
from toubib.services.names import fold, slug


@dataclass(frozen=True, slots=True)
class Profile:
    """What the directory shows of a practitioner."""

    name: str
    profession: str
    title: str = ""
    specialty: str = ""
    registry_key: str = ""
    registry_number: str = ""
    languages: Sequence[str] = ()


def enrol(person_id: str, organisation_id: str, profile: Profile) -> str:
    """Enter a person with an account into the directory of an organisation; returns the practitioner role's id.

    Somebody who has an active role there keeps it. As every role it counts with a second factor only, which they set up when they
    sign in. Raises `ContractError` where the organisation has no address yet. Joins the open unit of work.
    """
    practitioner = session().get(Practitioner, person_id) or _entered(person_id, profile)
    query = select(PractitionerRole).where(PractitionerRole.practitioner_id == practitioner.id, PractitionerRole.organisation_id == organisation_id)
    role = session().exec(query.where(col(PractitionerRole.active))).first() or _role(practitioner, organisation_id, profile)
    _assign(person_id, organisation_id, role.id)
    trail.wrote("enrol", Ref("practitioner_role", role.id), organisation_id=organisation_id, person_id=person_id)
    return role.id


def _entered(person_id: str, profile: Profile) -> Practitioner:
    row = Practitioner(
        id=person_id,
        slug=_free(slug(profile.name)),
        display_name=profile.name,
        search_name=fold(profile.name),
        title=profile.title,
        registry_key=profile.registry_key,
        registry_number=profile.registry_number,
        languages=list(profile.languages),
    )
    session().add(row)
    session().flush()
    return row


def _free(wanted: str) -> str:
    """An address of a page that nobody has yet."""
    taken = set(session().exec(select(Practitioner.slug).where(col(Practitioner.slug).startswith(wanted, autoescape=True))))
    return next(name for name in (wanted, *(f"{wanted}-{number}" for number in range(2, len(taken) + 3))) if name not in taken)


def _role(practitioner: Practitioner, organisation_id: str, profile: Profile) -> PractitionerRole:
    place = session().exec(select(Location.id).where(Location.organisation_id == organisation_id)).first()
    if place is None:
        raise ContractError(Message("toubib", "This organisation has no address yet. Add one before anybody practises there."))
    row = PractitionerRole(
        practitioner_id=practitioner.id,
        organisation_id=organisation_id,
        location_id=place,
        profession=profile.profession,
        specialty=profile.specialty,
    )
    session().add(row)
    session().flush()
    return row


def _assign(person_id: str, organisation_id: str, role_id: str) -> None:
    account = session().exec(select(Account).where(Account.person_id == person_id)).one()
    if session().exec(select(RoleAssignment.id).where(RoleAssignment.account_id == account.id, RoleAssignment.practitioner_role_id == role_id)).first():
        return
    session().add(RoleAssignment(account_id=account.id, organisation_id=organisation_id, role="practitioner", practitioner_role_id=role_id))
    session().flush()
