"""Questionnaires: what a patient answered before the visit, kept with the questions as they were put. Health text, sealed.

A plugin owns its questions; the answers belong to the record, and the practitioner reads them before letting the patient in.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlmodel import col, select

from toubib.audit import trail
from toubib.contracts.common import Ref
from toubib.db import session, vault
from toubib.db.tables.journey import Encounter
from toubib.db.tables.requests import QuestionnaireResponse
from toubib.seams import clock

SCHEMA = 1


@dataclass(frozen=True, slots=True)
class Answer:
    """One question, in the words and the language in which it was read, with what was answered."""

    link_id: str
    question: str
    answer: str


@dataclass(frozen=True, slots=True)
class Answered:
    """A questionnaire's answers, in the order of its questions."""

    questionnaire: str
    answers: tuple[Answer, ...]
    at: datetime


def keep(encounter_id: str, questionnaire: str, answers: Sequence[Answer]) -> None:
    """Keep the answers to a questionnaire (`PLUGIN.name`) of an encounter; answering again replaces them until care begins."""
    encounter = session().get_one(Encounter, encounter_id)
    row = session().exec(
        select(QuestionnaireResponse).where(
            QuestionnaireResponse.encounter_id == encounter_id, QuestionnaireResponse.questionnaire == questionnaire
        )
    ).first() or QuestionnaireResponse(organisation_id=encounter.organisation_id, encounter_id=encounter_id, questionnaire=questionnaire)
    row.schema_version, row.authored_at = SCHEMA, clock.now()
    vault().seal(row, "body", json.dumps([asdict(a) for a in answers]))
    session().add(row)
    session().flush()
    trail.wrote("answer", Ref("encounter", encounter_id), organisation_id=row.organisation_id, person_id=encounter.person_id or "")


def of_encounter(encounter_id: str) -> Sequence[Answered]:
    """What was answered for an encounter. Reading it is audited."""
    encounter = session().get_one(Encounter, encounter_id)
    query = select(QuestionnaireResponse).where(QuestionnaireResponse.encounter_id == encounter_id)
    rows = session().exec(query.order_by(col(QuestionnaireResponse.authored_at), QuestionnaireResponse.id)).all()
    if rows:
        ids = [row.id for row in rows]
        trail.read("questionnaire_response", ids, organisation_id=encounter.organisation_id, person_id=encounter.person_id or "")
    return [Answered(r.questionnaire, tuple(Answer(**a) for a in json.loads(vault().read(r, "body"))), r.authored_at) for r in rows]
