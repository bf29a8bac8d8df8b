"""An invented practice with one practitioner, for tests that need somebody to book."""

from dataclasses import dataclass

from sqlmodel import select

from toubib.db import session, vault
from toubib.db.tables.access import Account, AuthSession, RoleAssignment
from toubib.db.tables.directory import Location, Organisation, Practitioner, PractitionerRole, Standing
from toubib.seams import clock
from toubib.services import people, sessions


@dataclass(frozen=True, slots=True)
class Practice:
    """Ids of what `practice` made."""

    organisation_id: str
    practitioner_id: str
    role_id: str


def practice(name: str = "praxis", *, zone: str = "Europe/Paris", country: str = "", currency: str = "EUR") -> Practice:
    """Make a practice with one practitioner in the open unit of work."""
    organisation = Organisation(name=f"Practice {name}", slug=name, zone=zone, country=country, currency=currency)
    session().add(organisation)
    person = people.newcomer()
    person.zone = zone
    location = Location(organisation_id=organisation.id, name=f"Practice {name}", city="Testville", country=country)
    practitioner = Practitioner(id=person.id, slug=f"{name}-dr", display_name=f"Dr {name.title()}", search_name=name)
    session().add_all([location, practitioner])
    session().flush()
    session().add(Standing(practitioner_id=person.id, state="good", source="test"))
    session().flush()
    role = PractitionerRole(practitioner_id=person.id, organisation_id=organisation.id, location_id=location.id, profession="physician")
    session().add(role)
    session().flush()
    return Practice(organisation.id, person.id, role.id)


def patient_session(given_name: str = "Ada") -> tuple[str, str]:
    """Sign a patient in; gives back the person's id and the token for the session cookie. In the open unit of work."""
    person = people.newcomer()
    people.set_traits(person.id, people.Traits("Test", given_name))
    account = Account(person_id=person.id, email_index=f"index of {person.id}")
    vault().seal(account, "email", f"{given_name.lower()}@patient.test")
    session().add(account)
    session().flush()
    return person.id, sessions.begin(account, "test")


def practitioner_session(made: Practice) -> str:
    """Sign the practitioner in, second factor included; gives back the token for the session cookie. In the open unit of work."""
    account = Account(person_id=made.practitioner_id, email_index=f"index of {made.practitioner_id}")
    session().add(account)
    session().flush()
    session().add(RoleAssignment(account_id=account.id, organisation_id=made.organisation_id, role="practitioner", practitioner_role_id=made.role_id))
    token = sessions.begin(account, "test")
    session().flush()
    row = session().exec(select(AuthSession).where(AuthSession.account_id == account.id)).one()
    row.second_factor_at = clock.now()
    return token
