"""Advice's share in a demonstration: an invented legal basis, a question that waits and one that is being answered."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlmodel import select

from toubib.contracts.demo import Companion, DemoRole
from toubib.db import database, session
from toubib.db.tables.journey import Encounter
from toubib.seams import randomness
from toubib.services import checkout, login, people, shares, visits
from toubib.services import journey as journeys
from toubib_advice import answering, basis, questions
from toubib_advice.questions import Asked
from toubib_advice.settings import current
from toubib_advice.steps import READ, NotAConsultation

BASIS = "Démonstration : base juridique inventée, aucune vraie question n’est traitée ici."


@dataclass(frozen=True, slots=True)
class Invented:
    """A question of nobody."""

    email: str
    name: tuple[str, str]
    born: date
    sex: str
    text: str
    draft: str = ""


QUESTIONS = (
    Invented(
        "louise.question@demo.test",
        ("Essai", "Louise"),
        date(1988, 4, 12),
        "female",
        "Bonjour, je prends un antihistaminique depuis une semaine et je me sens fatiguée le matin. Vaut-il mieux le prendre le soir ?",
    ),
    Invented(
        "marc.question@demo.test",
        ("Essai", "Marc"),
        date(1971, 9, 3),
        "male",
        "Bonjour, ma fille de six ans a été vaccinée hier et son bras est un peu rouge. Combien de temps est-ce normal ?",
        draft="Bonjour, une rougeur de quelques centimètres est habituelle pendant deux à trois jours.",
    ),
)


class DemoQuestions:
    """Seeds questions without a price, labelled so, since nobody paid for them."""

    name = "advice"

    def companions(self, app_url: str, data: str) -> Sequence[Companion]:  # noqa: ARG002  the contract's signature
        """No process of its own."""
        return ()

    def seed(self, roles: Sequence[DemoRole]) -> None:
        """Record the legal bases, then ask; run again it changes nothing."""
        with database().unit_of_work():
            for mode in current().restricted:
                if basis.live(mode) is None:
                    basis.record(mode, BASIS)
        for invented in QUESTIONS:
            with database().unit_of_work():
                encounter_id = _ask(invented)
                if encounter_id and invented.draft and roles:
                    answering.take(encounter_id, roles[0].id)
                    answering.keep_draft(encounter_id, roles[0].id, invented.draft)


def _ask(invented: Invented) -> str | None:
    account = login.account_for(invented.email, "fr")
    known = session().exec(select(Encounter.id).where(Encounter.person_id == account.person_id)).first()
    written = next((p for p in current().products if p.kind == "written"), None)
    if known or written is None or questions.house() is None:
        return None
    people.set_traits(account.person_id, people.Traits(*invented.name, invented.born, invented.sex, "01 99 00 00 02"))
    free = written.model_copy(update={"price_minor": 0, "name": {"fr": "Question d’essai, gratuite", "en": "Trial question, free"}})
    encounter_id = questions.draft(Asked(invented.text, free, pseudonymous=True), randomness.token())
    visits.adopt(encounter_id, account.person_id)
    journeys.mark(encounter_id, NotAConsultation.name, READ)
    if shares.rule_of(current().journey) is not None:
        shares.name_treating_doctor(encounter_id, "", "")
    checkout.accept(encounter_id, checkout.shown_now(encounter_id))
    checkout.confirm(encounter_id)
    questions.deliver(encounter_id)
    return encounter_id
