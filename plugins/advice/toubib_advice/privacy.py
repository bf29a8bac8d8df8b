"""What the plugin holds on persons: bought questions of patients, drafts and choices of practitioners. Letters and money are the core's."""

from collections.abc import Iterable, Sequence
from typing import TypeVar

from sqlmodel import col, select

from toubib.contracts.privacy import ExportedItem
from toubib.db import session, vault
from toubib.db.tables.access import Account
from toubib.db.tables.directory import PractitionerRole
from toubib.db.tables.journey import Encounter
from toubib_advice.models import TABLES, Basis, Draft, Forward, PendingFile, Question, Quiet


class AdviceData:
    """Exports a patient's questions and a practitioner's drafts; erases whatever was not sent."""

    name = "advice"
    tables = TABLES

    def export(self, person_id: str) -> Iterable[ExportedItem]:
        """Questions with their unsent text, chosen files, to whom an answer was sent, unsent answers, mails switched off, recorded legal bases."""
        for question in _questions(person_id):
            yield ExportedItem("advice_question", question.id, f"{question.product} {vault().read(question, 'body')}".strip())
        for file in _of_patient(PendingFile, person_id):
            yield ExportedItem("advice_file", file.id, file.filename)
        for forward in _of_patient(Forward, person_id):
            yield ExportedItem("advice_forward", forward.id, vault().read(forward, "doctor"))
        for quiet in _of_practitioner(Quiet, person_id):
            yield ExportedItem("advice_quiet", quiet.id, quiet.since.isoformat())
        for draft in _of_practitioner(Draft, person_id):
            yield ExportedItem("advice_draft", draft.id, vault().read(draft, "body"))
        recorded = select(Basis).join(Account, col(Account.id) == Basis.recorded_by).where(Account.person_id == person_id)
        for row in session().exec(recorded).all():
            yield ExportedItem("advice_basis", row.id, row.text)

    def erase(self, person_id: str) -> None:
        """Remove unsent texts and files. A recorded legal basis stays: the law wants to know who answered for it."""
        for question in _questions(person_id):
            vault().seal(question, "body", "")
        for row in (
            *_of_patient(PendingFile, person_id),
            *_of_patient(Forward, person_id),
            *_of_practitioner(Draft, person_id),
            *_of_practitioner(Quiet, person_id),
        ):
            session().delete(row)
        session().flush()


def _questions(person_id: str) -> Sequence[Question]:
    return _of_patient(Question, person_id)


Row = TypeVar("Row", Question, PendingFile, Forward)


def _of_patient(kind: type[Row], person_id: str) -> Sequence[Row]:
    query = select(kind).join(Encounter, col(Encounter.id) == kind.encounter_id).where(Encounter.person_id == person_id)
    return session().exec(query).all()


Own = TypeVar("Own", Draft, Quiet)


def _of_practitioner(kind: type[Own], person_id: str) -> Sequence[Own]:
    query = select(kind).join(PractitionerRole, col(PractitionerRole.id) == kind.practitioner_role_id)
    return session().exec(query.where(PractitionerRole.practitioner_id == person_id)).all()
