"""The practitioner's desk: being on duty, whom they may take with what they said, taking, giving back."""

from typing import Any

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from toubib import i18n
from toubib.contracts.common import Refused
from toubib.seams import clock
from toubib.services import directory
from toubib.web import acting, current_actor, looking, needs, not_found, problem, render
from toubib.web.shell import say as spoken
from toubib_queue import desk as service
from toubib_queue import duty, lines, questions
from toubib_queue.desk import Waits
from toubib_queue.texts import say
from toubib_queue.web.shared import blueprint, country_name, words

LONGEST_REASON = 200
URGENCY = {1: say("more urgent"), 2: say("urgent")}
AGES = {choice.key: choice.word for choice in questions.AGE.choices}


@blueprint.get("/desk")
@needs("queue.desk")
def desk() -> ResponseReturnValue:
    """Who waits that this practitioner may take, in order. Asked again every few seconds, it reads answers only when the list changed."""
    actor = current_actor()
    if not actor.practitioner_roles:
        return redirect(url_for("queue.board"))
    with looking():
        seen = service.glimpse(actor)
        if request.args.get("seen", "") == seen:
            return "", 204
        waiting = [_shown(one) for one in service.waiting(actor)]
        taken = [url_for("practice.consultation", encounter_id=encounter_id) for encounter_id in service.own(actor)]
        until = [row.until for role_id in actor.practitioner_roles if (row := duty.of(role_id))]
        zone = next(iter(directory.roles(actor.practitioner_roles).values())).zone
    shift = words(say("On duty until %(until)s", until=i18n.moment(max(until), zone))) if until else words(say("You are off duty"))
    return render("queue/desk.html", waiting=waiting, taken=taken, on_duty=bool(until), shift=shift, again=url_for("queue.desk", seen=seen))


def _shown(waits: Waits) -> dict[str, Any]:
    minutes = int((clock.now() - waits.since).total_seconds() // 60)
    about = [words(AGES[waits.age_group])] if waits.age_group in AGES else []
    about += [country_name(waits.territory)] if waits.territory else []
    return {
        "id": waits.encounter_id,
        "line": waits.line,
        "about": " · ".join(about),
        "urgency": words(URGENCY[waits.priority]) if waits.priority in URGENCY else "",
        "since": words(say("waits for %(minutes)s min", minutes=minutes)),
        "answers": [{"term": answer.question, "text": answer.answer} for answer in waits.answers],
        "take": url_for("queue.take", encounter_id=waits.encounter_id),
    }


@blueprint.post("/desk/duty")
@needs("queue.desk")
def be_on_duty() -> ResponseReturnValue:
    """Begin or end one's duty."""
    actor = current_actor()
    with acting():
        for role_id in actor.practitioner_roles:
            if request.form.get("duty") == "begin":
                duty.begin(role_id, lines.settings().duty_hours)
            else:
                duty.end(role_id)
    return redirect(url_for("queue.desk"), 303)


@blueprint.post("/desk/<encounter_id>/take")
@needs("queue.take", about="encounter_id")
def take(encounter_id: str) -> ResponseReturnValue:
    """Take a patient now, then go to their consultation. Where the agenda has a visit, a reason is asked for."""
    reason = request.form.get("reason", "").strip()[:LONGEST_REASON]
    with acting():
        refused = service.take(encounter_id, current_actor(), reason)
    if refused is None:
        return redirect(url_for("practice.consultation", encounter_id=encounter_id), 303)
    if refused.rule == "busy" and not reason:
        return render("queue/busy.html", 409, why=spoken(refused.message), post=url_for("queue.take", encounter_id=encounter_id), back=url_for("queue.desk"))
    return _refused(refused)


def _refused(refused: Refused) -> ResponseReturnValue:
    back = {"label": words(say("Back to the queue")), "href": url_for("queue.desk")}
    return problem(409, words(say("This patient was not taken")), spoken(refused.message), actions=[back])


@blueprint.get("/desk/<encounter_id>/back")
@needs("queue.give_back", about="encounter_id")
def ask_back(encounter_id: str) -> ResponseReturnValue:
    """Say what giving back does, and ask why."""
    return render("queue/back.html", encounter_id=encounter_id, errors={})


@blueprint.post("/desk/<encounter_id>/back")
@needs("queue.give_back", about="encounter_id")
def give_back(encounter_id: str) -> ResponseReturnValue:
    """Give a patient back: they keep their rank, and are told."""
    reason = request.form.get("reason", "").strip()[:LONGEST_REASON]
    if not reason:
        return render("queue/back.html", 422, encounter_id=encounter_id, errors={"reason": words(say("Say why, in a few words."))})
    with acting():
        if not lines.is_place(encounter_id):
            return not_found()
        refused = service.give_back(encounter_id, reason)
    if refused is not None:
        return _refused(refused)
    flash(words(say("Given back. The patient keeps their rank and is told.")), "done")
    return redirect(url_for("queue.desk"), 303)
