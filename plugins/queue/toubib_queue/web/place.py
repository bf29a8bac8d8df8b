"""A patient's place: the number in the queue and the wait, live and by reload; coming in when it is one's turn; leaving."""

from typing import Any

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from toubib import i18n
from toubib.db import session
from toubib.db.tables.journey import Encounter
from toubib.db.tables.requests import ServiceRequest
from toubib.services import dues, requests
from toubib.web import acting, current_actor, looking, needs, not_found, problem, render
from toubib.web.shell import say as spoken
from toubib_queue import places
from toubib_queue.places import Place
from toubib_queue.texts import DOMAIN, say
from toubib_queue.web.shared import blueprint, numbers, words

EVERY = 5
"""Seconds between two looks of an open page."""

ENDED = {
    "patient": say("You left the queue."),
    "abandoned": say("It was your turn, and you did not come in time."),
    "expired": say("We are sorry: nobody could see you in time."),
    "visit": say("The visit that came of it was cancelled."),
}
LAPSED = say("It was not finished in time.")


@blueprint.get("/places/<encounter_id>")
@needs("queue.wait", about="encounter_id")
def place(encounter_id: str) -> ResponseReturnValue:
    """Where the patient stands: waiting, called (then it is the room), unfinished (then the next screen), or over."""
    with looking():
        row = _place(encounter_id)
        if row is None:
            return not_found()
        if elsewhere := _elsewhere(row) or _desk(row):
            return redirect(elsewhere)
        stands = places.stands(encounter_id)
        if stands is None:
            session().refresh(row)
            return redirect(elsewhere) if (elsewhere := _elsewhere(row)) else _over(row)
        return render("queue/place.html", queue=_waiting(row, stands), numbers=numbers(row.territory), encounter_id=encounter_id)


def _place(encounter_id: str) -> ServiceRequest | None:
    """The request behind a place; `None` for one that another plugin drafted."""
    row = requests.of(encounter_id)
    return row if row is not None and row.plugin == DOMAIN else None


def _elsewhere(row: ServiceRequest) -> str | None:
    if row.status == "draft":
        return url_for("booking_flow.who", encounter_id=row.encounter_id)
    if row.status == "accepted":
        return url_for("room.enter", encounter_id=row.encounter_id)
    return url_for("visits.visit", encounter_id=row.encounter_id) if row.status == "completed" else None


def _desk(row: ServiceRequest) -> str | None:
    """The practitioner of a visit that came to nothing reads no patient's page."""
    role_id = session().get_one(Encounter, row.encounter_id).practitioner_role_id
    if row.status != "revoked" or role_id not in current_actor().practitioner_roles:
        return None
    flash(words(say("This patient did not come, or left. The place has ended.")), "info")
    return url_for("queue.desk")


def _waiting(row: ServiceRequest, stands: Place) -> dict[str, Any]:
    after = words(say("About %(minutes)s minutes. You may close this page: a mail calls you when it is your turn.", minutes=stands.wait))
    at_once = words(say("A practitioner is free: it is a matter of a moment. Stay on this page."))
    since = row.active_at or row.created_at
    return {
        "id": "queue-place",
        "state": words(say("You are number %(position)s", position=stands.position)),
        "next": after if stands.wait else at_once,
        "who": row.service_name,
        "since": {"iso": since.isoformat(), "text": i18n.clock_time(since, row.zone)},
        "meanwhile": [
            words(say("Lay out the names of your medicines.")),
            words(say("Look up the address where you are now: it is the first thing you are asked.")),
        ],
        "leave": {"label": words(say("Leave the queue")), "post": url_for("queue.leave", encounter_id=row.encounter_id), "kind": "quiet"},
        "url": url_for("queue.place_state", encounter_id=row.encounter_id, seen=_seen(stands)),
        "every": EVERY,
        "always": True,
    }


def _seen(stands: Place) -> str:
    return f"{stands.position}-{stands.wait}"


@blueprint.get("/places/<encounter_id>/state")
@needs("queue.wait", about="encounter_id")
def place_state(encounter_id: str) -> ResponseReturnValue:
    """The number and the wait alone; nothing where both are as before. Without the region, the page has become another."""
    with looking():
        row, stands = requests.of(encounter_id), places.stands(encounter_id)
        if row is None or stands is None:
            return render("toubib/room/moved_on.html")
        if request.args.get("seen", "") == _seen(stands):
            return "", 204
        return render("toubib/room/state.html", waiting=_waiting(row, stands))


def _over(row: ServiceRequest) -> ResponseReturnValue:
    """How a place ended, what became of the money, whom to call."""
    open_dues = [due for due in dues.of_encounter(row.encounter_id) if due.status != "cancelled"]
    money = say("What was held on your card is being released.") if open_dues else say("Nothing was charged.")
    return render(
        "queue/over.html", what=words(ENDED.get(row.close_reason, LAPSED)), money=words(money), numbers=numbers(row.territory), again=url_for("queue.start")
    )


@blueprint.post("/places/<encounter_id>/leave")
@needs("queue.leave", about="encounter_id")
def leave(encounter_id: str) -> ResponseReturnValue:
    """Leave the queue: one press, the place is free and the money goes back."""
    with acting():
        row = _place(encounter_id)
        if row is None:
            return not_found()
        refused = places.leave(encounter_id)
        status = session().get_one(Encounter, encounter_id).status
    if refused is not None:
        back = {"label": words(say("Back to my place")), "href": url_for("visits.visit" if status != "cancelled" else "queue.place", encounter_id=encounter_id)}
        return problem(409, words(say("You cannot leave any more")), spoken(refused.message), actions=[back])
    flash(words(say("You left the queue. Your place is free for somebody else.")), "done")
    return redirect(url_for("queue.place", encounter_id=encounter_id), 303)
