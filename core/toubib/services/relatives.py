"""Acting for somebody else: a parent for a child, somebody with authority for another adult. Declared, dated, and ended by the clock.

Whoever is acted for is a person of their own, with their own traits, coverage and record; what the other one may do with it follows
from the relation (`toubib.policy.core`), from its first moment to its last and no longer. Whether the declaration is true is not
known here: the practice may ask for the paper, and every act stands in the trail of the person it concerns.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from sqlmodel import col, or_, select

from toubib import runtime
from toubib.audit import trail
from toubib.contracts.common import ContractError, Message, Ref, Refused
from toubib.db import actor, session
from toubib.db.tables.journey import Encounter, StepMark
from toubib.db.tables.people import Consent, RelatedPerson
from toubib.seams import clock
from toubib.services import agreements, countries, insured, people
from toubib.services.people import Traits

CHILD, ADULT = "child", "adult"
PROOFS = {CHILD: ("parental_authority", "guardianship_order"), ADULT: ("guardianship_order", "written_mandate")}
"""On what one may act for whom; the practice may ask to see it."""
MANDATE_YEARS = 1
"""How long a declaration for an adult holds before it has to be made anew."""


@dataclass(frozen=True, slots=True)
class Relative:
    """Somebody for whom one may act, until `until`."""

    id: str
    person_id: str
    name: str
    birth_date: date | None
    relation: str
    proof: str
    until: datetime | None


def add(helper_id: str, traits: Traits, relation: str, proof: str) -> str | Refused:
    """Declare that one acts for somebody with these traits; returns the new person's id, or why not."""
    if proof not in PROOFS.get(relation, ()):
        return Refused("proof", Message("toubib", "Choose on what you may act for this person."))
    if traits.birth_date is None:
        return Refused("birth_date", Message("toubib", "Write the birth date: day, month and year."))
    grown = _majority(helper_id, traits.birth_date) if relation == CHILD else None
    if relation == CHILD and grown is None:
        return Refused("birth_date", Message("toubib", "Until what age a parent decides is not known here, so no child can be added."))
    if grown is not None and grown <= clock.now():
        return Refused("birth_date", Message("toubib", "This person is of age. Choose “an adult”, and on what you act."))
    person = people.newcomer()
    people.set_traits(person.id, traits)
    until = grown or _in_years(clock.now(), MANDATE_YEARS)
    row = RelatedPerson(person_id=person.id, helper_id=helper_id, relation=relation, proof=proof, valid_to=until)
    session().add(row)
    session().flush()
    trail.wrote("declare_relation", Ref("related_person", row.id), person_id=person.id, reason=proof)
    return person.id


def _majority(helper_id: str, born: date) -> datetime | None:
    """When a parent's authority ends, by the law where the parent is insured; of the child nothing is known yet."""
    age = countries.majority(insured.country_of(helper_id))
    if age is None:
        return None
    day = _in_years(datetime.combine(born, time(), UTC), age).date()
    return datetime.combine(day, time(), ZoneInfo(runtime.current().settings.site.zone)).astimezone(UTC)


def _in_years(at: datetime, years: int) -> datetime:
    """The same day some years later; whoever was born on 29 February comes of age on 1 March."""
    try:
        return at.replace(year=at.year + years)
    except ValueError:
        return at.replace(year=at.year + years, month=3, day=1)


def of(helper_id: str) -> Sequence[Relative]:
    """Those for whom somebody may act now, by name."""
    now = clock.now()
    live = (col(RelatedPerson.valid_from) <= now) & or_(col(RelatedPerson.valid_to).is_(None), col(RelatedPerson.valid_to) > now)
    rows = session().exec(select(RelatedPerson).where(RelatedPerson.helper_id == helper_id, live)).all()
    return sorted((_relative(row) for row in rows), key=lambda r: r.name)


def _relative(row: RelatedPerson) -> Relative:
    known = people.traits(row.person_id)
    return Relative(row.id, row.person_id, known.name, known.birth_date, row.relation, row.proof, row.valid_to)


def end(helper_id: str, relation_id: str) -> None:
    """Stop acting for somebody, at once. Only one's own relation; anything else changes nothing."""
    row = session().get(RelatedPerson, relation_id)
    if row is not None and row.helper_id == helper_id and (row.valid_to is None or row.valid_to > clock.now()):
        row.valid_to = clock.now()
        session().flush()
        trail.wrote("end_relation", Ref("related_person", row.id), person_id=row.person_id)


def book_for(encounter_id: str, person_id: str) -> Refused | None:
    """The visit that the acting one is booking is for this person: oneself, or somebody one acts for now.

    What the former person had answered for this visit is asked anew. Refused once the visit is agreed.
    """
    booker = actor().person_id
    if booker is None:
        raise ContractError(Message("toubib", "Sign in first, so that the visit has a patient."))
    if person_id != booker and not people.acts_for(booker, person_id):
        raise ContractError(Message("toubib", "You may not book for this person."))
    if agreements.of(encounter_id).state != "pending":
        return Refused("state", Message("toubib", "This visit is booked already. Cancel it and book anew for the other person."))
    encounter = session().get_one(Encounter, encounter_id)
    if encounter.person_id == person_id:
        return None
    encounter.person_id, encounter.booked_by = person_id, booker
    _forget_answers(encounter_id)
    session().flush()
    trail.wrote("book_for", Ref("encounter", encounter_id), organisation_id=encounter.organisation_id, person_id=person_id)
    return None


def _forget_answers(encounter_id: str) -> None:
    for mark in session().exec(select(StepMark).where(StepMark.encounter_id == encounter_id)).all():
        session().delete(mark)
    for consent in session().exec(select(Consent).where(Consent.encounter_id == encounter_id, col(Consent.withdrawn_at).is_(None))):
        consent.withdrawn_at = clock.now()

