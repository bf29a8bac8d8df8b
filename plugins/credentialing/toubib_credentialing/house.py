"""The house: the organisation that vets, its settings, and who its reviewers are."""

from sqlmodel import col, select

from toubib import runtime
from toubib.contracts.identity import Actor
from toubib.db import session, vault
from toubib.db.tables.access import Account, RoleAssignment
from toubib.db.tables.directory import Organisation
from toubib.db.tables.people import Person
from toubib_credentialing.settings import CredentialingSettings
from toubib_credentialing.texts import DOMAIN, refused, say

REVIEWER = "reviewer"

def settings() -> CredentialingSettings:
    """The installation's settings."""
    found = runtime.current().registry.plugins[DOMAIN].settings
    if not isinstance(found, CredentialingSettings):
        raise TypeError("the settings of another plugin")
    return found


def organisation() -> Organisation:
    """The organisation that vets: the one that the settings name, or the only one there is. Raises `ContractError` otherwise."""
    wanted = settings().organisation
    query = select(Organisation).where(Organisation.slug == wanted) if wanted else select(Organisation)
    found = session().exec(query.limit(2)).all()
    if len(found) != 1:
        raise refused(say("No organisation receives applications here yet. The operator names it in the settings."))
    return found[0]


def reviews(actor: Actor, organisation_id: str) -> bool:
    """Whether somebody reviews for an organisation."""
    return actor.strong and organisation_id in actor.organisations(REVIEWER)


def reviewers(organisation_id: str) -> list[tuple[str, str]]:
    """Addresses of an organisation's reviewers, each with the language of its owner."""
    query = (
        select(Account, Person)
        .join(RoleAssignment, col(RoleAssignment.account_id) == Account.id)
        .join(Person, col(Person.id) == Account.person_id)
        .where(RoleAssignment.organisation_id == organisation_id, RoleAssignment.role == REVIEWER, col(Account.disabled_at).is_(None))
        .distinct()
    )
    return [(vault().read(account, "email"), person.locale) for account, person in session().exec(query)]
