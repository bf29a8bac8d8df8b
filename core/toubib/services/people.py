"""Persons: their traits, their facts, and the chart an organisation keeps on them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from sqlmodel import col, or_, select

from toubib import i18n, runtime
from toubib.audit import trail
from toubib.contracts.common import Ref
from toubib.contracts.identity import Fact, IdentityLevel, ProvedTraits, Verification
from toubib.db import actor, session, vault
from toubib.db.tables.access import Account
from toubib.db.tables.journey import Encounter
from toubib.db.tables.people import Chart, Person, PersonFact, RelatedPerson
from toubib.seams import clock
from toubib.services.names import fold


@dataclass(frozen=True, slots=True)
class Traits:
    """Who somebody is, as declared or checked. `complete` when all that a record needs is known."""

    family_name: str = ""
    given_names: str = ""
    birth_date: date | None = None
    sex: str = ""
    phone: str = ""
    level: IdentityLevel = IdentityLevel.MAIL

    @property
    def complete(self) -> bool:
        """Whether a record can be kept under these traits."""
        return bool(self.family_name and self.given_names and self.birth_date and self.sex and self.phone)

    @property
    def name(self) -> str:
        """The name to call somebody by."""
        return i18n.person_name(self.given_names.split(" ")[0], self.family_name)


def newcomer(locale: str = "") -> Person:
    """Somebody of whom nothing is known yet: in this language, or the site's first, and in the site's zone, until they say otherwise."""
    site = runtime.current().settings.site
    person = Person(locale=locale or site.default_language, zone=site.zone)
    session().add(person)
    session().flush()
    return person


def traits(person_id: str) -> Traits:
    """The traits of a person; empty ones when not known yet."""
    row = session().get_one(Person, person_id)
    born = vault().read(row, "birth_date")
    return Traits(
        vault().read(row, "family_name"),
        vault().read(row, "given_names"),
        date.fromisoformat(born) if born else None,
        vault().read(row, "sex"),
        vault().read(row, "phone"),
        IdentityLevel(row.identity_level),
    )


def set_traits(person_id: str, given: Traits) -> None:
    """Keep a person's traits as they declared them. Saying the same again keeps the level reached; another identity was not seen."""
    row, former = session().get_one(Person, person_id), traits(person_id)
    vault().seal(row, "family_name", given.family_name.strip())
    vault().seal(row, "given_names", given.given_names.strip())
    vault().seal(row, "birth_date", given.birth_date.isoformat() if given.birth_date else "")
    vault().seal(row, "sex", given.sex)
    vault().seal(row, "phone", given.phone.strip())
    row.name_index = vault().blind("name", fold(given.family_name))
    if former.level is IdentityLevel.MAIL or _identity(traits(person_id)) != _identity(former):
        row.identity_level = IdentityLevel.TRAITS
    trail.wrote("set_traits", Ref("person", person_id), person_id=person_id)


def _identity(known: Traits) -> tuple[object, ...]:
    return known.family_name, known.given_names, known.birth_date, known.sex


def prove_traits(person_id: str, proved: ProvedTraits) -> None:
    """Keep the traits that an identity service stated, in place of what was declared. What it did not state stays.

    Whoever a practitioner saw under the same traits stays seen. Proving the same again changes nothing.
    """
    row, former = session().get_one(Person, person_id), traits(person_id)
    born = proved.birth_date.isoformat() if proved.birth_date else ""
    said = {"family_name": proved.family_name, "given_names": proved.given_names, "birth_date": born, "sex": proved.sex}
    if not former.phone and proved.phone:
        vault().seal(row, "phone", proved.phone)
    for column, value in said.items():
        if value:
            vault().seal(row, column, value)
    same = _identity(traits(person_id)) == _identity(former)
    if same and former.level in (IdentityLevel.VERIFIED, IdentityLevel.SEEN):
        return
    row.name_index = vault().blind("name", fold(vault().read(row, "family_name")))
    row.identity_level = IdentityLevel.VERIFIED
    trail.wrote("prove_traits", Ref("person", person_id), person_id=person_id)


def raise_level(person_id: str, level: IdentityLevel) -> None:
    """Note that a person is known better than before."""
    session().get_one(Person, person_id).identity_level = level


def email_of(person_id: str) -> str:
    """The person's mail address; "" for somebody without an account."""
    account = session().exec(select(Account).where(Account.person_id == person_id)).first()
    return vault().read(account, "email") if account else ""


def acts_for(helper_id: str, person_id: str) -> bool:
    """Whether somebody may act for a person now: a parent for a child, say."""
    now = clock.now()
    live = (col(RelatedPerson.valid_from) <= now) & or_(col(RelatedPerson.valid_to).is_(None), col(RelatedPerson.valid_to) > now)
    query = select(RelatedPerson.id).where(RelatedPerson.helper_id == helper_id, RelatedPerson.person_id == person_id, live)
    return session().exec(query).first() is not None


def mail_of(encounter: Encounter) -> str:
    """Where the messages of a visit go: to whoever booked it for somebody they still act for, else to the patient; "" for nobody."""
    person_id, booker = encounter.person_id or "", encounter.booked_by or ""
    if booker != person_id and booker and acts_for(booker, person_id):
        return email_of(booker)
    return email_of(person_id)


def declare_fact(person_id: str, key: str, text: str, verification: Verification = Verification.DECLARED) -> None:
    """Keep a fact as the person states it, from now on; the former value ends. Raises `ContractError` when it fails its check.

    The same value again changes nothing, unless it is verified by now.
    """
    kind = runtime.current().registry.fact_types[key]
    value = kind.normalise(text)
    known = list(_current(person_id, [key]))
    said = {vault().read(former, "value") for former in known} or {""}
    if said == {value} and (verification is Verification.DECLARED or all(former.verification == verification for former in known)):
        return
    now = clock.now()
    for former in known:
        former.valid_to = now
    row = PersonFact(person_id=person_id, key=key, valid_from=now, source=str(actor().kind), recorded_by=actor().id)
    row.verification = verification
    vault().seal(row, "value", value)
    if kind.lookup and value:
        row.value_index = vault().blind(key, value)
    session().add(row)
    session().flush()
    trail.wrote("declare_fact", Ref("person_fact", row.id), person_id=person_id)


def _current(person_id: str, keys: Iterable[str]) -> Iterable[PersonFact]:
    return session().exec(
        select(PersonFact).where(PersonFact.person_id == person_id, col(PersonFact.key).in_(list(keys)), col(PersonFact.valid_to).is_(None))
    )


def facts_of(person_id: str, keys: Iterable[str]) -> Mapping[str, str]:
    """Present values of facts, by key; what was never said is absent."""
    return {row.key: vault().read(row, "value") for row in _current(person_id, keys) if row.value is not None}


def dated_facts(person_id: str) -> list[Fact]:
    """Every fact ever recorded on a person, oldest first; for their own view and export."""
    rows = session().exec(select(PersonFact).where(PersonFact.person_id == person_id).order_by(col(PersonFact.valid_from)))
    return [
        Fact(r.key, vault().read(r, "value"), r.valid_from, r.valid_to, r.source, Verification(r.verification)) for r in rows
    ]


def open_chart(organisation_id: str, person_id: str) -> None:
    """Make the person one of the organisation's patients, once."""
    known = select(Chart.id).where(Chart.organisation_id == organisation_id, Chart.person_id == person_id)
    if session().exec(known).first() is None:
        session().add(Chart(organisation_id=organisation_id, person_id=person_id))
