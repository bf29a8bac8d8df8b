"""Signing in at other houses: whose account an external identity opens, and what it may do there.

An identity is its issuer and its subject. It belongs to one account for ever; a mail address that a provider states opens
nothing: an account that exists already is connected only by somebody who signed in to it. Roles that a provider gives rest
on its identity and count in its sessions alone (`services.sessions`); `services.vouching` asks for them again.
"""

from collections.abc import Collection, Sequence
from datetime import timedelta

import structlog
from sqlmodel import col, or_, select

from toubib import runtime
from toubib.audit import trail
from toubib.contracts.common import ContractError, Message, Ref
from toubib.contracts.identity import Audience, IdentityLevel, IdentityProvider, Leaving, Verification, Vouched
from toubib.db import actor, database, session, vault
from toubib.db.tables.access import Account, AuthSession, ExternalIdentity
from toubib.db.tables.people import Person, RelatedPerson
from toubib.seams import clock
from toubib.services import grants, people, sessions
from toubib.services.names import fold

log = structlog.get_logger("toubib.external")


class NotAllowed(ContractError):
    """The house answered for somebody who may not enter here; the sentence says what to do."""


def houses(audience: Audience | None = None, country: str = "") -> Sequence[IdentityProvider]:
    """The identity providers of the deployment, in the order of its plugins; only those for an audience, or that prove a country's patients."""
    found = runtime.current().registry.identity_providers.values()
    return [p for p in found if audience in (None, p.audience) and (not country or country in p.countries)]


def house(name: str) -> IdentityProvider | None:
    """A loaded identity provider."""
    return runtime.current().registry.identity_providers.get(name)


def known(vouched: Vouched) -> ExternalIdentity | None:
    """The identity that is kept of an issuer's subject."""
    index = subject_index(vouched)
    query = select(ExternalIdentity).where(ExternalIdentity.issuer == vouched.issuer, ExternalIdentity.subject_index == index)
    return session().exec(query).first()


def subject_index(vouched: Vouched) -> str:
    """The blind index of a subject: some issuers use a person's national number."""
    return vault().blind("external_subject", f"{vouched.issuer}\0{vouched.subject}")


def sign_in_with(provider: str, vouched: Vouched, device: str) -> sessions.Begun | None:
    """Open a session on the word of a provider, in the open unit of work.

    `None` when an account has to be proved first: sign in to it, then `connect`. Raises `NotAllowed`.
    """
    from_house = runtime.current().registry.identity_providers[provider]
    wanted = grants.allowed(from_house, vouched)
    if from_house.audience is Audience.STAFF:
        _check_staff(vouched, wanted)
    identity = known(vouched)
    if identity is None:
        account = _account_of_staff(vouched, wanted) if from_house.audience is Audience.STAFF else _account_of_patient(vouched)
        if account is None:
            return None
        identity = _keep(provider, vouched, account)
    return _enter(identity, vouched, wanted, device)


def _check_staff(vouched: Vouched, wanted: Collection[grants.Grant]) -> None:
    if not wanted:
        raise NotAllowed(_("You have no role here. Ask whoever looks after your account to give you one, then sign in again."))
    if not vouched.renewable:
        raise NotAllowed(_("This service does not say whether you still work there, so it cannot give a role. Tell whoever runs this site."))


def _(key: str) -> Message:
    return Message("toubib", key)


def _enter(identity: ExternalIdentity, vouched: Vouched, wanted: Collection[grants.Grant], device: str) -> sessions.Begun:
    account = session().get_one(Account, identity.account_id)
    if account.disabled_at is not None:
        raise NotAllowed(_("This account is closed. Call the practice."))
    identity.vouched_at = clock.now()
    _prove(identity, account, vouched)
    given = grants.keep(identity.id, account, wanted)
    if wanted and not given:
        raise NotAllowed(_("You have no role here. Ask whoever looks after your account to give you one, then sign in again."))
    until = clock.now() + timedelta(seconds=runtime.current().settings.rules.vouched_seconds) if given else None
    begun = sessions.begin_vouched(account, device, identity.id, until=until, second_factor=vouched.second_factor)
    trail.wrote("sign_in", Ref("account", account.id), person_id=account.person_id, reason=identity.provider)
    return begun


def _prove(identity: ExternalIdentity, account: Account, vouched: Vouched) -> None:
    """Take over proved traits, unless they are another person's than the record was kept on."""
    if vouched.level is not IdentityLevel.VERIFIED:
        return
    former = people.traits(account.person_id).birth_date
    if former and vouched.traits.birth_date and former != vouched.traits.birth_date:
        raise NotAllowed(_("This identity has another birth date than your account. Correct the birth date in your account, or use an account of your own."))
    people.prove_traits(account.person_id, vouched.traits)
    _prove_facts(account.person_id, vouched)
    identity.level = IdentityLevel.VERIFIED


def _prove_facts(person_id: str, vouched: Vouched) -> None:
    """Keep what the service states of known fact types; a value that fails its check is asked of the person as usual."""
    for key, value in vouched.facts:
        if key in runtime.current().registry.fact_types:
            try:
                people.declare_fact(person_id, key, value, Verification.VERIFIED)
            except ContractError as error:
                log.warning("a stated fact fails its check", fact=key, check=error.message.key)


def _account_of_staff(vouched: Vouched, wanted: Collection[grants.Grant]) -> Account:
    """The practitioner's own account, found in the directory by registry number; else a new one, whatever mail address is stated."""
    ids = {g.practitioner_id for g in wanted if g.practitioner_id}
    if len(ids) > 1:
        raise NotAllowed(_("The directory has your registry number twice. Tell whoever runs this site."))
    if not ids:
        return _new_account(people.newcomer(), vouched)
    person = session().get_one(Person, ids.pop())
    found = session().exec(select(Account).where(Account.person_id == person.id)).first()
    return found or _new_account(person, vouched)


def _account_of_patient(vouched: Vouched) -> Account | None:
    """A new account, when the provider vouches for an address that nobody has here."""
    if not vouched.email or _taken(vouched.email):
        return None
    return _new_account(people.newcomer(), vouched)


def _taken(email: str) -> bool:
    return session().exec(select(Account.id).where(Account.email_index == vault().blind("email", email.lower()))).first() is not None


def _new_account(person: Person, vouched: Vouched) -> Account:
    """An account without an address, unless the provider vouches for one that is free."""
    if not person.family_name:
        vault().seal(person, "family_name", vouched.traits.family_name)
        vault().seal(person, "given_names", vouched.traits.given_names)
        person.name_index = vault().blind("name", fold(vouched.traits.family_name)) if vouched.traits.family_name else ""
    free = vouched.email if vouched.email and not _taken(vouched.email) else ""
    account = Account(person_id=person.id, email_index=vault().blind("email", free.lower()) if free else subject_index(vouched))
    vault().seal(account, "email", free)
    session().add(account)
    session().flush()
    return account


def _keep(provider: str, vouched: Vouched, account: Account) -> ExternalIdentity:
    """Connect an identity to an account, which may have none of this issuer yet."""
    query = select(ExternalIdentity.id).where(ExternalIdentity.issuer == vouched.issuer, ExternalIdentity.account_id == account.id)
    if session().exec(query).first() is not None:
        raise NotAllowed(_("This account is connected with another identity of the same service. Call the practice."))
    row = ExternalIdentity(account_id=account.id, provider=provider, issuer=vouched.issuer, subject_index=subject_index(vouched))
    vault().seal(row, "subject", vouched.subject)
    session().add(row)
    session().flush()
    trail.wrote("connect_identity", Ref("account", account.id), person_id=account.person_id, reason=provider)
    return row


def connect(provider: str, vouched: Vouched) -> None:
    """Connect a patient's identity to the account of the acting user, who has seen both and said so. Raises `NotAllowed`."""
    account = session().get_one(Account, actor().id)
    if runtime.current().registry.identity_providers[provider].audience is Audience.STAFF:
        raise NotAllowed(_("This service opens accounts of its own. Sign out first, then sign in with it."))
    identity = known(vouched)
    if identity is not None and identity.account_id != account.id:
        raise NotAllowed(_("This identity belongs to another account here. Sign out, then sign in with it."))
    identity = identity or _keep(provider, vouched, account)
    identity.vouched_at = clock.now()
    _prove(identity, account, vouched)


def is_actors(vouched: Vouched) -> bool:
    """Whether this identity is the acting user's own already."""
    identity = known(vouched)
    return identity is not None and identity.account_id == actor().id


def proved(person_ids: Collection[str]) -> frozenset[str]:
    """Which of these persons proved their identity at a service."""
    query = (
        select(Account.person_id)
        .join(ExternalIdentity, col(ExternalIdentity.account_id) == Account.id)
        .where(col(Account.person_id).in_(person_ids), ExternalIdentity.level == IdentityLevel.VERIFIED)
    )
    return frozenset(session().exec(query))


def answered_for(person_ids: Collection[str]) -> frozenset[str]:
    """Which of these persons proved their identity, themselves or whoever acts for them now."""
    own, now = proved(person_ids), clock.now()
    live = or_(col(RelatedPerson.valid_to).is_(None), col(RelatedPerson.valid_to) > now)
    query = select(RelatedPerson.person_id, RelatedPerson.helper_id).where(
        col(RelatedPerson.person_id).in_(set(person_ids) - own), RelatedPerson.valid_from <= now, live
    )
    helped = session().exec(query).all()
    helpers = proved({helper for _, helper in helped})
    return own | {person for person, helper in helped if helper in helpers}


def connected(person_id: str) -> frozenset[str]:
    """Names of the providers with which a person's account is connected."""
    query = select(ExternalIdentity.provider).join(Account, col(Account.id) == ExternalIdentity.account_id)
    return frozenset(session().exec(query.where(Account.person_id == person_id)))


def leaving(session_id: str) -> tuple[IdentityProvider, Leaving] | None:
    """How to leave the house that opened a session too. Outside any unit of work; opens its own."""
    name = opened_by(session_id)
    found = house(name) if name else None
    way = found.leaving(session_id) if found else None
    return (found, way) if found and way else None


def opened_by(session_id: str) -> str:
    """The provider that opened a session; "" for one of our own. Opens its own unit of work."""
    query = select(ExternalIdentity.provider).join(AuthSession, col(AuthSession.external_identity_id) == ExternalIdentity.id)
    with database().reading() as reading:
        return reading.exec(query.where(AuthSession.id == session_id)).first() or ""
