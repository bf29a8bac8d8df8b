"""A question from the first screen to the first letter: drafted for a visitor's browser, delivered once it is paid."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlmodel import select

from toubib import i18n
from toubib.contracts.common import ContractError, Message, Money
from toubib.contracts.media import Participant, ParticipantRole
from toubib.db import session, vault
from toubib.db.tables.directory import Organisation
from toubib.db.tables.journey import Encounter
from toubib.seams import clock, randomness
from toubib.services import directory, documents, letters, people, requests, room, room_files, search
from toubib.services.directory import RoleCard
from toubib.services.requests import Need, Wanted
from toubib_advice import basis
from toubib_advice.models import PendingFile, Question
from toubib_advice.settings import Product, current
from toubib_advice.texts import DOMAIN, say

QUESTION = "question"
AGES = ((2, say("under 2 years")), (12, say("2 to 11 years")), (18, say("12 to 17 years")), (40, say("18 to 39 years")), (65, say("40 to 64 years")))
OLDEST = say("65 years or more")
SEXES = {"female": say("woman"), "male": say("man")}


@dataclass(frozen=True, slots=True)
class Asked:
    """What a visitor filled in. `files` are written blobs with their names; `cap_minutes` is for a chat."""

    text: str
    product: Product
    specialty: str = ""
    cap_minutes: int = 0
    pseudonymous: bool = False
    files: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, as far as the practitioner may know."""

    name: str
    age: Message | None
    sex: Message | None


def house() -> Organisation | None:
    """The organisation that answers: the one named in the settings, else the only one that has practitioners."""
    wanted = current().organisation
    cards = directory.of_practice(wanted) if wanted else directory.bookable()
    return directory.organisation(cards[0].organisation_id) if cards else None


def pool(organisation_id: str) -> Sequence[RoleCard]:
    """Who may answer there now."""
    return directory.pool(organisation_id, current().profession)


def specialties(organisation_id: str) -> Sequence[tuple[str, str]]:
    """Specialties of those who may answer, with their names, in alphabetical order."""
    names = search.profession_labels()
    codes = {card.specialty for card in pool(organisation_id) if card.specialty}
    return sorted(((code, names.get(code, code)) for code in codes), key=lambda pair: pair[1])


def price_of(product: Product, cap_minutes: int, currency: str) -> Money:
    """The most that is paid: the product's price, or all minutes of a chat."""
    return Money(product.price_minor * (cap_minutes if product.kind == "chat" else 1), currency)


def draft(asked: Asked, visitor_key: str) -> str:
    """Keep a question for a visitor's browser; returns the encounter's id. Raises `ContractError` when it is not offered."""
    organisation, product = house(), asked.product
    if organisation is None or not basis.allowed(product.kind):
        raise ContractError(say("This is not offered at the moment. Nothing was sent and nothing is charged."))
    if product.kind == "chat" and asked.cap_minutes not in product.caps:
        raise ContractError(say("Choose how long the chat may last at most."))
    wanted = Wanted(
        plugin=DOMAIN,
        key=product.key,
        name=_name(product, asked.cap_minutes),
        price=price_of(product, asked.cap_minutes, organisation.currency),
        need=Need(profession=current().profession, specialty=asked.specialty, language=_language(organisation.id)),
        act_codes=(product.key.upper(),),
        within=product.promise,
    )
    encounter_id = requests.draft(organisation.id, current().journey, wanted, visitor_key, modality=room.TEXT)
    row = Question(
        organisation_id=organisation.id,
        encounter_id=encounter_id,
        product=product.key,
        kind=product.kind,
        price_minor=product.price_minor,
        answer_minutes=product.answer_minutes,
        cap_minutes=asked.cap_minutes if product.kind == "chat" else 0,
        pseudonym=_pseudonym() if asked.pseudonymous and current().pseudonyms else "",
    )
    vault().seal(row, "body", asked.text.strip()[: letters.LONGEST])
    session().add(row)
    for blob, filename in asked.files[: current().files]:
        session().add(PendingFile(organisation_id=organisation.id, encounter_id=encounter_id, blob=blob, filename=filename[:200]))
    session().flush()
    return encounter_id


def _language(organisation_id: str) -> str:
    """The asker's language where somebody who may answer speaks it; else any practitioner is better than none."""
    spoken = {language for card in pool(organisation_id) for language in card.languages}
    return i18n.locale() if i18n.locale() in spoken else ""


def _name(product: Product, cap_minutes: int) -> str:
    name = i18n.localised(product.name)
    return f"{name}, {cap_minutes} min" if product.kind == "chat" else name


def _pseudonym() -> str:
    """A name that says nothing: four digits."""
    return randomness.digits(4)


def of(encounter_id: str) -> Question:
    """What was bought with a question; it must be one of ours."""
    return session().exec(select(Question).where(Question.encounter_id == encounter_id)).one()


def deliver(encounter_id: str) -> None:
    """Make the paid text the first letter and the chosen files documents of the record. Doing it again changes nothing."""
    status = requests.locked(encounter_id).status
    row, encounter = of(encounter_id), session().get_one(Encounter, encounter_id)
    if row.sent_at is not None or status in ("draft", "revoked") or encounter.person_id is None:
        return
    letters.write(encounter_id, QUESTION, ParticipantRole.PATIENT, encounter.person_id, vault().read(row, "body"))
    row.sent_at = clock.now()
    vault().seal(row, "body", "")
    who = Participant(f"patient-{encounter.person_id}", ParticipantRole.PATIENT, "")
    for file in session().exec(select(PendingFile).where(PendingFile.encounter_id == encounter_id)).all():
        _keep(encounter_id, who, file)
    session().flush()


def _keep(encounter_id: str, who: Participant, file: PendingFile) -> None:
    try:
        content = documents.read_blob(file.blob)
    except FileNotFoundError:
        # an unfinished question of more than an hour: its file was swept, and the page lists what is there
        content = b""
    if content:
        room_files.keep(encounter_id, who, file.blob, content, file.filename)
    session().delete(file)


def forget(encounter_id: str) -> None:
    """Nothing came of a question that was never sent: its text and its files are not kept. Doing it again changes nothing."""
    row = of(encounter_id)
    if row.sent_at is None:
        vault().seal(row, "body", "")
        for file in session().exec(select(PendingFile).where(PendingFile.encounter_id == encounter_id)).all():
            session().delete(file)
        session().flush()


def asker(encounter_id: str) -> Asker:
    """Who asks, as the practitioner may know it: under a pseudonym the age group and the sex, else the name as well."""
    row, encounter = of(encounter_id), session().get_one(Encounter, encounter_id)
    if encounter.person_id is None:
        return Asker(row.pseudonym, None, None)
    known = people.traits(encounter.person_id)
    age = None
    if known.birth_date is not None:
        years = (clock.now().date() - known.birth_date) // timedelta(days=1) / 365.2425
        age = next((words for below, words in AGES if years < below), OLDEST)
    return Asker(row.pseudonym or known.name, age, SEXES.get(known.sex))
