"""Who the patient is, and what they agree to."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date

from sqlmodel import col, select

from toubib import runtime
from toubib.contracts.common import ContractError, Message
from toubib.contracts.journey import Command, EncounterView, Field, FormErrors, FormSpec, Phase, StepState, StepStatus, Who
from toubib.contracts.scheduling import Modality
from toubib.db import actor, session
from toubib.db.tables.people import Consent as ConsentRow
from toubib.seams import clock
from toubib.services import countries, external, people

CORE = "toubib"
OPEN = StepState(StepStatus.OPEN)
DONE = StepState(StepStatus.DONE)


def _(key: str) -> Message:
    return Message(CORE, key)


class Traits:
    """The identity traits that a record needs."""

    name = "identity.traits"
    title = _("Who you are")
    phase = Phase.PREPARE
    who = Who.PATIENT
    guards = frozenset({Command.CONFIRM})
    endpoint = None

    def states(self, encounters: Sequence[EncounterView]) -> Mapping[str, StepState]:
        """Done once every trait is known."""
        return {e.id: DONE if e.person_id and people.traits(e.person_id).complete else OPEN for e in encounters}

    def form(self, view: EncounterView) -> FormSpec | None:
        """Names, birth date, sex and telephone, prefilled with what is known."""
        known = people.traits(view.person_id) if view.person_id else people.Traits()
        settled = _settled(view.person_id)
        reach = _("To reach you if something changes.") if view.modality == Modality.IN_PERSON else _("To call you back if the picture fails.")
        own = actor().person_id in (None, view.person_id)
        return FormSpec(
            _("Who you are") if own else _("Who the patient is"),
            tuple(field for field in trait_fields(known, reach) if field.name not in settled),
            note=_("An identity service confirmed who you are; what it stated is not asked again.") if settled else None,
        )

    def submit(self, view: EncounterView, values: Mapping[str, str]) -> FormErrors | None:
        """Keep the traits; every field says what is wrong with it."""
        if view.person_id is None:
            return FormErrors({"identity.family_name": _("Sign in first.")})
        read = typed_traits({**values, **_settled(view.person_id)})
        if isinstance(read, FormErrors):
            return read
        people.set_traits(view.person_id, read)
        return None


def trait_fields(known: people.Traits, phone_hint: Message) -> tuple[Field, ...]:
    """The fields for somebody's traits, with what is known of them; `phone_hint` says what the number is for."""
    sexes = (("female", _("Female")), ("male", _("Male")), ("unknown", _("Not stated")))
    born = known.birth_date.isoformat() if known.birth_date else ""
    return (
        Field("identity.family_name", _("Birth name"), known=known.family_name, autocomplete="family-name"),
        Field("identity.given_names", _("First names"), known=known.given_names, autocomplete="given-name"),
        Field("identity.birth_date", _("Birth date"), kind="date", known=born, autocomplete="bday"),
        Field("identity.sex", _("Sex on your identity document"), kind="choice", choices=sexes, known=known.sex),
        Field("identity.phone", _("Telephone"), kind="tel", known=known.phone, autocomplete="tel", hint=phone_hint),
    )


def typed_traits(values: Mapping[str, str]) -> people.Traits | FormErrors:
    """The traits of a form; every field says what is wrong with it."""
    errors = {name: sentence for name, sentence in _REQUIRED.items() if not values.get(name, "").strip()}
    born = _birth_date(values.get("identity.birth_date", ""), errors)
    phone = values.get("identity.phone", "")
    if phone and not 6 <= sum(c.isdigit() for c in phone) <= 15:
        errors["identity.phone"] = _("This telephone number is not complete.")
    if errors or born is None:
        return FormErrors(errors)
    return people.Traits(values["identity.family_name"], values["identity.given_names"], born, values["identity.sex"], phone)


def _settled(person_id: str | None) -> dict[str, str]:
    """What an identity service stated of somebody, by field: nobody types over it."""
    if person_id is None or not external.proved([person_id]):
        return {}
    known = people.traits(person_id)
    born = known.birth_date.isoformat() if known.birth_date else ""
    stated = {"family_name": known.family_name, "given_names": known.given_names, "birth_date": born, "sex": known.sex}
    return {f"identity.{name}": value for name, value in stated.items() if value}


_REQUIRED = {
    "identity.family_name": _("Write your birth name, as on your identity document."),
    "identity.given_names": _("Write your first names, as on your identity document."),
    "identity.birth_date": _("Write your birth date: day, month and year."),
    "identity.sex": _("Choose what stands on your identity document."),
    "identity.phone": _("Write a telephone number where you can be called back."),
}


def _birth_date(text: str, errors: dict[str, Message]) -> date | None:
    if "identity.birth_date" in errors:
        return None
    try:
        born = date.fromisoformat(text)
        countries.check_birth_date(born, clock.today(runtime.current().settings.site.zone))
    except ValueError:
        errors["identity.birth_date"] = _("This date does not exist. Write day, month and year, as in 15 06 1980.")
        return None
    except ContractError as error:
        errors["identity.birth_date"] = error.message
        return None
    return born


TERMS_VERSION = "2026-11"
TERMS = _("I agree to a consultation at a distance. I can stop it at any time and ask for a visit in person.")


def _terms_hash() -> str:
    return hashlib.sha256(TERMS.key.encode()).hexdigest()


class Consent:
    """The patient's agreement to care at a distance, in the words of a version."""

    name = "consent.remote_care"
    title = _("Your agreement")
    phase = Phase.PREPARE
    who = Who.PATIENT
    guards = frozenset({Command.CONFIRM})
    endpoint = "booking_flow.details"

    def states(self, encounters: Sequence[EncounterView]) -> Mapping[str, StepState]:
        """Done once agreed for this encounter; not asked for a visit in person, asked again when the words change before it begins."""
        query = select(ConsentRow.encounter_id).where(
            col(ConsentRow.encounter_id).in_([e.id for e in encounters]), col(ConsentRow.withdrawn_at).is_(None)
        )
        ahead = [e.id for e in encounters if e.status == "planned"]
        present = (col(ConsentRow.version) == TERMS_VERSION) & (col(ConsentRow.text_hash) == _terms_hash())
        query = query.where(present | col(ConsentRow.encounter_id).not_in(ahead))
        given = set(session().exec(query))
        return {e.id: self._state(e, given) for e in encounters}

    @staticmethod
    def _state(view: EncounterView, given: set[str | None]) -> StepState:
        if view.modality == "in_person":
            return StepState(StepStatus.NOT_APPLICABLE)
        return DONE if view.id in given else OPEN

    def form(self, view: EncounterView) -> FormSpec | None:
        """One box, never ticked beforehand."""
        if self.states([view])[view.id].status is not StepStatus.OPEN:
            return None
        return FormSpec(_("Your agreement"), (Field("consent.remote_care", TERMS, kind="checkbox"),))

    def submit(self, view: EncounterView, values: Mapping[str, str]) -> FormErrors | None:
        """Keep the agreement with the version and a hash of its words."""
        if self.states([view])[view.id].status is not StepStatus.OPEN:
            return None
        if values.get("consent.remote_care") != "1" or view.person_id is None:
            return FormErrors({"consent.remote_care": _("Tick the box to agree, or book a visit in person instead.")})
        session().add(
            ConsentRow(
                organisation_id=view.organisation_id,
                person_id=view.person_id,
                encounter_id=view.id,
                purpose=self.name,
                version=TERMS_VERSION,
                text_hash=_terms_hash(),
            )
        )
        session().flush()
        return None
