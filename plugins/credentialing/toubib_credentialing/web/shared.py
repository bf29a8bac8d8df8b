"""What all pages of the plugin share: the blueprint, and an application as lines of a thread."""

from collections.abc import Mapping, Sequence
from typing import Any

from babel.dates import format_date
from flask import Blueprint, url_for

from toubib import i18n
from toubib.db import session
from toubib.db.tables.directory import Organisation
from toubib.seams import clock
from toubib_credentialing import applications, reviews
from toubib_credentialing.models import Application, Credential, Question
from toubib_credentialing.texts import DOMAIN, KINDS, QUESTIONS, STATES, TONES, say, words

blueprint = Blueprint(DOMAIN, __name__)

STATE_OF = {"": "now", "accepted": "done", "refused": "failed", "withdrawn": "failed"}
TITLES = {"application": say("Decision of the reviewers"), "renewal": say("A newer document"), "reinstatement": say("End of the suspension")}


def zone_of(row: Application) -> str:
    """The clock of the organisation."""
    return session().get_one(Organisation, row.organisation_id).zone


def state_of(row: Application) -> str:
    """The state to show: accepted documents that have run out are expired, by the clock."""
    last = applications.ends_on(row.id)
    return "expired" if row.state == "accepted" and last is not None and last < clock.today(zone_of(row)) else row.state


def badge(state: str) -> dict[str, str]:
    """A state as symbol and word."""
    return {"text": words(STATES[state]), "state": TONES[state]}


def thread(row: Application, *, reviewer: bool = False) -> dict[str, Any]:
    """Where an application stands: sent, each question with its reasons, until when the documents hold; in words to the applicant or a reviewer."""
    zone = zone_of(row)
    steps: list[dict[str, Any]] = [{"title": words(say("Application sent")), "state": "done", "when": _when(row.submitted_at, zone)}]
    steps += [_step(question, zone, reviewer=reviewer) for question in reviews.questions(row.id)]
    if row.state == "suspended":
        text = "" if reviewer else words(say("You may not act here from this instant on."))
        steps.append({"title": words(STATES["suspended"]), "state": "failed", "text": text})
    last = applications.ends_on(row.id)
    if row.state == "accepted" and last is not None:
        over = state_of(row) == "expired"
        told = say("A document has ended: you may not act here.") if over else say("Give a newer document before this day.")
        title = words(say("Documents hold until %(date)s", date=day(last)))
        steps.append({"title": title, "state": "failed" if over else "next", "text": "" if reviewer else words(told)})
    return {"label": words(say("Where it stands")), "steps": steps}


def _step(question: Question, zone: str, *, reviewer: bool) -> dict[str, Any]:
    """A question with the reasons once it is decided: a first of two words is no decision yet."""
    text = "" if reviewer else words(say("Reviewers read what you sent. You get a mail when they have decided."))
    if question.outcome:
        text = " · ".join(vote.reason for vote in reviews.votes(question.id))
    step = {"title": words(TITLES[question.kind]), "state": STATE_OF[question.outcome], "text": text}
    return step | {"when": _when(question.decided_at or question.opened_at, zone)}


def _when(at: Any, zone: str) -> dict[str, str]:
    return {"iso": at.isoformat(), "text": i18n.moment(at, zone)}


def day(value: Any) -> str:
    """A calendar date in words."""
    return str(format_date(value, "long", locale=i18n.locale()))


def documents_table(rows: Sequence[Credential]) -> Mapping[str, Any]:
    """The documents of an application, each with a way to open it."""
    labels = (say("Document"), say("Holds until"), say("State"))
    cells: list[list[object]] = [
        [
            {"text": words(KINDS[row.kind]), "href": url_for(f"{DOMAIN}.open_file", credential_id=row.id)},
            day(row.expires_on) if row.expires_on else words(say("no end")),
            badge(row.state),
        ]
        for row in rows
    ]
    return {"caption": words(say("Documents")), "columns": [{"label": words(label)} for label in labels], "rows": cells}


def asked(question: Question) -> str:
    """What reviewers are asked, in words."""
    return words(QUESTIONS[question.kind])
