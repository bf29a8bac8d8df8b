"""The reviewers' pages: the list, one application with its decision, suspending, and the visits that a bar leaves behind."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlmodel import col, select

from toubib import i18n
from toubib.contracts.common import ContractError
from toubib.db import session
from toubib.web import acting, current_actor, looking, needs, not_found, render
from toubib_credentialing import applications, coming, forms, house, reviews
from toubib_credentialing.models import Application, Question
from toubib_credentialing.texts import DOMAIN, say, words
from toubib_credentialing.web.shared import asked, badge, blueprint, day, documents_table, state_of, thread, zone_of

STAFF = (house.REVIEWER, "administrator", "secretary")
NOTES = {
    "accepted": say("Accepted. The applicant is told by mail."),
    "refused": say("Refused. The applicant is told by mail and reads your reason."),
    "": say("Your word is kept. Another reviewer must look at it too."),
    "suspended": say("Suspended from this instant. The practice is told of their coming visits."),
    "asked": say("The reviewers are asked whether this person may practise again."),
}
WAYS = {"video": say("Video"), "in_person": say("In person"), "phone": say("Telephone")}


@blueprint.get("/review", endpoint="review")
@needs("credentialing.review")
def review() -> ResponseReturnValue:
    """Applications of the organisations that one reviews for; what waits first."""
    with looking():
        mine = current_actor().organisations(house.REVIEWER)
        rows = session().exec(select(Application).where(col(Application.organisation_id).in_(mine)).order_by(col(Application.submitted_at))).all()
        waiting = {question.application_id: question for question in _waiting(mine)}
        rows = sorted(rows, key=lambda row: (row.id not in waiting, row.submitted_at))
        return render("credentialing/review.html", table=_table(rows, waiting), visits=url_for(f"{DOMAIN}.visits"))


def _waiting(organisations: Sequence[str]) -> Sequence[Question]:
    query = select(Question).where(col(Question.organisation_id).in_(organisations), col(Question.decided_at).is_(None))
    return session().exec(query).all()


def _table(rows: Sequence[Application], waiting: Mapping[str, Question]) -> Mapping[str, Any]:
    labels = (say("Name"), say("Registry number"), say("State"), say("Documents hold until"), say("Waits for you"))
    cells: list[list[object]] = []
    for row in rows:
        last = applications.ends_on(row.id)
        link = {"text": row.display_name, "href": url_for(f"{DOMAIN}.one", application_id=row.id)}
        question = asked(waiting[row.id]) if row.id in waiting else ""
        cells.append([link, f"{row.registry_key} {row.registry_number}".strip(), badge(state_of(row)), day(last) if last else "", question])
    return {
        "caption": words(say("Applications")),
        "columns": [{"label": words(label)} for label in labels],
        "rows": cells,
        "empty": words(say("Nobody has applied yet.")),
    }


def _mine(application_id: str) -> Application | None:
    """An application of an organisation that one reviews for."""
    row = session().get(Application, application_id)
    return row if row and house.reviews(current_actor(), row.organisation_id) else None


@blueprint.get("/review/<application_id>", endpoint="one")
@needs("credentialing.review")
def one(application_id: str) -> ResponseReturnValue:
    """One application: who, what was given, what was decided, and what is asked now."""
    with looking():
        row = _mine(application_id)
        return _page(row, "") if row else not_found()


def _page(row: Application, error: str) -> ResponseReturnValue:
    note = NOTES.get(request.args.get("done", "none"))
    page: dict[str, Any] = {
        "row": row,
        "facts": _facts(row),
        "double": applications.same_number(row),
        "state": badge(state_of(row)),
        "thread": thread(row, reviewer=True),
        "documents": documents_table(applications.credentials(row.id)),
        "questions": [_question(q) for q in reviews.questions(row.id) if q.decided_at is None],
        "own": row.person_id == current_actor().person_id,
        "may_suspend": row.state == "accepted",
        "may_ask_back": row.state == "suspended" and not applications.open_question(row.id, "reinstatement"),
        "error": error,
        "reason": request.form.get("reason", ""),
        "reviewers": house.settings().reviewers,
        "notices": [{"kind": "done", "text": words(note)}] if note else [],
    }
    return render("credentialing/one.html", 422 if error else 200, **page)


def _facts(row: Application) -> list[dict[str, str]]:
    professions, specialties = forms.choices()
    known = {**professions, **specialties}
    labels = [words(known[code]) if code in known and known[code].domain else code for code in (row.profession, row.specialty) if code]
    entries = [
        (say("Name"), ", ".join(part for part in (row.display_name, row.title) if part)),
        (say("Profession"), ", ".join(labels)),
        (say("Registry number"), f"{row.registry_key} {row.registry_number}".strip()),
        (say("Languages"), ", ".join(row.languages)),
        (say("Sent"), i18n.moment(row.submitted_at, zone_of(row))),
    ]
    return [{"term": words(term), "text": text} for term, text in entries]


def _question(question: Question) -> dict[str, Any]:
    said = reviews.votes(question.id)
    return {"id": question.id, "title": asked(question), "said": [vote.reason for vote in said]}


@blueprint.post("/review/<application_id>/questions/<question_id>")
@needs("credentialing.review")
def decide(application_id: str, question_id: str) -> ResponseReturnValue:
    """Give one's word, with its reason."""
    outcome = ""

    def act(row: Application) -> None:
        nonlocal outcome
        question = session().get(Question, question_id)
        if question is None or question.application_id != row.id:
            raise ContractError(reviews.STALE)
        outcome = reviews.vote(question_id, accept=request.form.get("word") == "accept", reason=request.form.get("reason", ""))

    return _did(application_id, act) or _back(application_id, outcome)


@blueprint.post("/review/<application_id>/suspend")
@needs("credentialing.review")
def suspend(application_id: str) -> ResponseReturnValue:
    """Suspend from this instant."""
    return _did(application_id, lambda row: reviews.suspend(row.id, request.form.get("reason", ""))) or _back(application_id, "suspended")


@blueprint.post("/review/<application_id>/reinstate")
@needs("credentialing.review")
def ask_back(application_id: str) -> ResponseReturnValue:
    """Ask the reviewers whether the suspension may end."""
    return _did(application_id, lambda row: applications.ask_back(row.id)) or _back(application_id, "asked")


def _did(application_id: str, act: Any) -> ResponseReturnValue | None:
    """Run a command; a refusal shows the page again with its sentence, and nothing changed."""
    try:
        with acting():
            row = _mine(application_id)
            if row is None:
                return not_found()
            act(row)
    except ContractError as error:
        with looking():
            return _page(session().get_one(Application, application_id), words(error.message))
    return None


def _back(application_id: str, done: str) -> ResponseReturnValue:
    return redirect(url_for(f"{DOMAIN}.one", application_id=application_id, done=done), 303)


@blueprint.get("/visits", endpoint="visits")
@needs("credentialing.visits")
def visits() -> ResponseReturnValue:
    """Coming visits with practitioners who may not act now, for the practice that must move or cancel them."""
    with looking():
        actor = current_actor()
        rows = coming.affected([organisation for role in STAFF for organisation in actor.organisations(role)])
    labels = (say("When"), say("With"), say("How"), say("Reason"))
    cells = [[i18n.moment(v.starts_at, v.zone), v.practitioner, words(WAYS[v.modality]) if v.modality in WAYS else v.modality, v.service] for v in rows]
    table = {
        "caption": words(say("Coming visits with somebody who may not act")),
        "columns": [{"label": words(label)} for label in labels],
        "rows": cells,
        "empty": words(say("None: everybody who is booked may act.")),
    }
    return render("credentialing/visits.html", table=table)
