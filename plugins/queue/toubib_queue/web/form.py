"""The symptom form: signs of an emergency first, each a button that ends the form at once; then questions with pictures.

Nothing is stored before the last screen: answers travel in the page's own form, never in an address.
"""

from collections.abc import Mapping
from typing import Any

from babel import Locale
from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue

from toubib import i18n
from toubib.contracts.common import Refused
from toubib.contracts.identity import ActorKind
from toubib.services import limits, visits
from toubib.web import acting, current_actor, looking, problem, public, render
from toubib.web.entry import visitor
from toubib_queue import lines, places, questions
from toubib_queue.questions import Question
from toubib_queue.settings import LineSettings
from toubib_queue.texts import say
from toubib_queue.web.shared import blueprint, country_name, numbers, other_ways, safely, words

PLACES_AN_HOUR = 20


@blueprint.get("/lines/<key>")
@public("asks for signs of an emergency")
def ask(key: str) -> ResponseReturnValue:
    """The first screen. A line that is not open is told on the front page, before anything is asked."""
    line = lines.line(key)
    with looking():
        if not lines.state(line).open:
            return redirect(url_for("queue.start"))
    return _signs(line)


def _signs(line: LineSettings) -> ResponseReturnValue:
    return render(
        "queue/signs.html",
        **_frame(line, 1),
        signs=[{"key": sign.key, "picture": sign.picture, **safely(sign.word)} for sign in questions.SIGNS],
        no_signs=safely(questions.NO_SIGNS),
    )


def _frame(line: LineSettings, screen: int) -> dict[str, Any]:
    screens = questions.screens(line, lines.settings().questions)
    return {
        "line": {"key": line.key, "title": i18n.localised(line.title), "territory": country_name(line.territory)},
        "screen": screen,
        "screens": len(screens) + 1,
        "post": url_for("queue.answer", key=line.key),
        "back": url_for("queue.start"),
    }


@blueprint.post("/lines/<key>")
@public("takes the answers of a visitor's own browser")
def answer(key: str) -> ResponseReturnValue:
    """Take the answers of a screen: a sign ends the form at once, the last screen keeps a place, every other leads to the next."""
    line, form = lines.line(key), request.form
    if form.get("sign", "none") != "none":
        return _stop(line)
    screens = questions.screens(line, lines.settings().questions)
    number = int(form["screen"]) if form.get("screen", "").isdecimal() else 1
    if number < 2 or number > len(screens) + 1:
        return _questions(line, 2, form, {})
    asked = screens[number - 2]
    if "back" in form:
        return _questions(line, number - 1, form, {}) if number > 2 else _signs(line)
    errors = {name: words(message) for name, message in questions.wrong(asked, form).items()}
    if errors:
        return _questions(line, number, form, errors)
    if number <= len(screens):
        return _questions(line, number + 1, form, {})
    return _join(line, form)


def _stop(line: LineSettings) -> ResponseReturnValue:
    """The end of the form: whom to call where the patient is. Nothing was kept and nothing is charged."""
    return render("queue/stop.html", numbers=numbers(line.territory), stop=safely(questions.STOP), again=url_for("queue.ask", key=line.key))


def _questions(line: LineSettings, number: int, given: Mapping[str, str], errors: Mapping[str, str]) -> ResponseReturnValue:
    screens = questions.screens(line, lines.settings().questions)
    asked, everything = screens[number - 2], questions.of_line(line)
    kept = {q.key: given[q.key] for q in everything if q not in asked and given.get(q.key)}
    shown = [_shown(question, given.get(question.key, ""), errors.get(question.key, "")) for question in asked]
    return render("queue/questions.html", 422 if errors else 200, **_frame(line, number), number=number, asked=shown, kept=kept, errors=errors)


def _shown(question: Question, value: str, error: str) -> dict[str, Any]:
    named = Locale.parse(i18n.locale()).languages
    chosen = value or (i18n.locale() if question.key == "language" else "")
    options = [
        {"value": c.key, "label": str(named.get(c.key, c.key)) if question.key == "language" else words(c.word), "picture": c.picture} for c in question.choices
    ]
    hint = words(question.hint) if question.hint else ""
    return {"key": question.key, "text": words(question.text), "options": options, "value": chosen, "error": error, "hint": hint, "required": question.required}


def _join(line: LineSettings, given: Mapping[str, str]) -> ResponseReturnValue:
    """Keep the place, then say who one is. Whoever waits in this line already is led to their place."""
    actor, key = current_actor(), visitor()
    with acting():
        limits.count("queue", key, per_hour=PLACES_AN_HOUR)
        held: str | Refused | None = None
        for former in places.own(actor):
            if former.service_key == line.key and former.status != "draft":
                held = former.encounter_id
            elif former.status == "draft":
                places.leave(former.encounter_id, "replaced")
        if held is not None:
            return redirect(url_for("queue.place", encounter_id=held))
        held = places.join(line, given, key)
        if isinstance(held, str) and actor.kind is ActorKind.USER and actor.person_id:
            visits.adopt(held, actor.person_id)
    if isinstance(held, Refused):
        return _refused(line, held)
    return redirect(url_for("booking_flow.details" if actor.kind is ActorKind.USER else "booking_flow.who", encounter_id=held))


def _refused(line: LineSettings, refused: Refused) -> ResponseReturnValue:
    """What changed meanwhile, and whom to call instead."""
    known = numbers(line.territory)
    calls = [{"label": f"{n['number']} · {n['label']}", "href": n["href"], "icon": "phone"} for n in (*known["on_call"], *known["emergency"])]
    return problem(
        409,
        words(say("No place can be given now")),
        words(refused.message),
        kept=words(say("Nothing was charged.")),
        todo=words(say("If it cannot wait, call. Otherwise try again later.")),
        actions=[*calls, *other_ways()],
    )
