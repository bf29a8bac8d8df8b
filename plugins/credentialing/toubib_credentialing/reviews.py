"""Decisions: reviewers vote with a reason; enough of them accept, or one refuses. Suspending needs one, and counts from its instant.

Every command locks the application first, so that two votes, or a vote and a withdrawal, never decide at the same time.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlmodel import col, select

from toubib.db import actor, session
from toubib.db.tables.directory import Organisation
from toubib.seams import clock
from toubib.services import enrolment, standing
from toubib_credentialing import applications, house, notices
from toubib_credentialing.models import Application, Credential, Question, Vote
from toubib_credentialing.texts import DOMAIN, refused, say

STALE = say("This was decided meanwhile. Nothing was changed.")


def vote(question_id: str, *, accept: bool, reason: str) -> str:
    """Give one's word on a question; returns its outcome: `accepted`, `refused`, or "" while another reviewer must look.

    Raises `ContractError`: without a reason, on one's own application, a second time, or after the decision.
    """
    question = session().get_one(Question, question_id)
    row = applications.locked(question.application_id)
    session().refresh(question)
    reviewer = _reviewer(row)
    if question.decided_at is not None:
        raise refused(STALE)
    if not reason.strip():
        raise refused(say("Write the reason: the applicant reads it, and so does whoever looks at the decision later."))
    if any(v.reviewer_id == reviewer for v in votes(question.id)):
        raise refused(say("You have voted already. Another reviewer must look at it."))
    session().add(
        Vote(organisation_id=row.organisation_id, question_id=question.id, reviewer_id=reviewer, accept=accept, reason=reason.strip()[:2000])
    )
    session().flush()
    if accept and sum(v.accept for v in votes(question.id)) < house.settings().reviewers:
        return ""
    _decide(row, question, "accepted" if accept else "refused")
    return question.outcome


def _reviewer(row: Application) -> str:
    """The person who reviews; never the applicant, and only for their own organisation."""
    person_id = actor().person_id
    if person_id is None or not house.reviews(actor(), row.organisation_id):
        raise refused(say("Only the reviewers of this organisation decide."))
    if person_id == row.person_id:
        raise refused(say("Nobody decides on themselves."))
    return person_id


def votes(question_id: str) -> Sequence[Vote]:
    """What was said on a question, oldest first."""
    return session().exec(select(Vote).where(Vote.question_id == question_id).order_by(col(Vote.at), col(Vote.id))).all()


def questions(application_id: str) -> Sequence[Question]:
    """Everything that was asked on an application, oldest first."""
    query = select(Question).where(Question.application_id == application_id)
    return session().exec(query.order_by(col(Question.opened_at), col(Question.id))).all()


def _decide(row: Application, question: Question, outcome: str) -> None:
    question.outcome, question.decided_at = outcome, clock.now()
    if question.credential_id:
        session().get_one(Credential, question.credential_id).state = outcome
    if question.kind == "application":
        for credential in applications.credentials(row.id):
            credential.state = outcome
        session().flush()
        _admit(row) if outcome == "accepted" else applications.close(row, "refused")
    elif outcome == "accepted":
        session().flush()
        if question.kind == "reinstatement":
            row.state = "accepted"
        if row.state == "accepted":
            good(row)
    session().flush()
    notices.to_applicant(row, "decided", key=f"decided:{question.id}")


def _admit(row: Application) -> None:
    """The applicant enters the directory, and may act as long as their documents hold."""
    if applications.same_number(row):
        raise refused(say("Another person is registered under this number. Find out which of them it belongs to before you accept."))
    row.state = "accepted"
    profile = enrolment.Profile(
        row.display_name, row.profession, row.title, row.specialty, row.registry_key, row.registry_number, tuple(row.languages)
    )
    enrolment.enrol(row.person_id, row.organisation_id, profile)
    good(row)


def good(row: Application) -> None:
    """Say that a practitioner may act until the first of their documents runs out, at the end of its last day."""
    standing.say(row.person_id, standing.GOOD, source=DOMAIN, reason="documents accepted", valid_to=ends_at(row))


def ends_at(row: Application) -> datetime | None:
    """The instant at which the first document runs out, by the clock of the organisation."""
    last = applications.ends_on(row.id)
    if last is None:
        return None
    zone = ZoneInfo(session().get_one(Organisation, row.organisation_id).zone)
    return datetime.combine(last + timedelta(days=1), time(0), zone).astimezone(UTC)


def suspend(application_id: str, reason: str) -> None:
    """Suspend a practitioner from this instant; one reviewer is enough. Their coming visits are told to the practice."""
    row = applications.locked(application_id)
    _reviewer(row)
    if not reason.strip():
        raise refused(say("Write the reason: the applicant reads it, and so does whoever looks at the decision later."))
    if row.state != "accepted":
        raise refused(STALE)
    row.state = "suspended"
    standing.say(row.person_id, standing.SUSPENDED, source=DOMAIN, reason=reason.strip()[:2000])
    notices.to_applicant(row, "suspended", key=f"suspended:{row.id}:{clock.now().isoformat()}")
    notices.to_house(row)
    session().flush()
