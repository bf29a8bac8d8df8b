"""The room of a visit as the patient meets it: the mailed link, the wait, the call, the end. And the chat of both sides.

Entering is arriving: it may be done as often as one likes and changes nothing the second time. A mailed link opens
nothing until its button is pressed, because mail programs open links by themselves.
"""

from datetime import timedelta
from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from toubib import i18n, runtime
from toubib.audit import trail
from toubib.contracts.common import Refused
from toubib.contracts.identity import ActorKind
from toubib.contracts.journey import Phase, StepStatus, Who
from toubib.contracts.media import Participant, ParticipantRole
from toubib.db import session
from toubib.db.tables.access import JoinLink
from toubib.db.tables.journey import Encounter
from toubib.seams import clock
from toubib.services import care, directory, invitations, journey, missed, room_links, visits
from toubib.services import room as service
from toubib.services.journey import Standing
from toubib.services.visits import Visit
from toubib.web import acting, current_actor, looking, needs, public, render, text
from toubib.web.calls import LONGEST, call_of, chat_of, said_so_far
from toubib.web.entry import safe_path
from toubib.web.pages.visits import thread_of
from toubib.web.request import GUEST_COOKIE, secure_cookies
from toubib.web.shell import link_taken_back, problem, say, when

room = Blueprint("room", __name__)

TALKING = ("arrived", "in-progress")
VERDICTS = ("ok", "weak", "failed")


@room.get("/join/<token>")
@public("shows the button of a join link; opens nothing on GET")
def link(token: str) -> ResponseReturnValue:
    """A mail scanner that opens the link spends nothing: a person presses the button."""
    with looking():
        alive = room_links.find(token) is not None
        taken_back = None if alive else room_links.taken_back(token)
    if alive:
        return render("toubib/room/link.html", token=token)
    return link_taken_back(taken_back.status) if taken_back else _dead_link()


@room.post("/join/<token>")
@public("spends a join link")
def open_link(token: str) -> ResponseReturnValue:
    """Give this browser the key to one visit, then go to its test, or to its waiting room."""
    with acting():
        found = room_links.find(token)
        if found is not None and _somebody_else(found):
            return _signed_in_as_another()
        spent = room_links.spend(token) if found else None
        if spent is None:
            return _dead_link()
        target = _first_page(spent[0].encounter_id)
    response = redirect(target)
    lasts = int((spent[0].expires_at - clock.now()).total_seconds())
    response.set_cookie(GUEST_COOKIE, spent[1], max_age=lasts, httponly=True, samesite="Lax", secure=secure_cookies())
    return response


@room.post("/visits/<encounter_id>/link")
@needs("encounter.cancel", about="encounter_id")
def new_link(encounter_id: str) -> ResponseReturnValue:
    """Mail a new link and end the former ones, wherever they were forwarded to."""
    with acting():
        encounter, appointment = visits.locked(encounter_id)
        if appointment.status == "booked":
            invitations.send_new_link(encounter, appointment)
    if appointment.status != "booked":
        return problem(409, text("There is no link for this visit"), text("It is not booked, or it was cancelled."))
    flash(text("A new link is on its way. The former ones do not work any more."), "done")
    return redirect(url_for("visits.visit", encounter_id=encounter_id))


def _dead_link() -> ResponseReturnValue:
    return problem(
        410,
        text("This link does not open a visit any more"),
        text("The visit is over, or the link is incomplete."),
        kept=text("Your appointment itself has not changed."),
        todo=text("Open the link of the newest mail, or sign in with your mail address. Otherwise call."),
        actions=[{"label": text("Sign in"), "href": url_for("account.sign_in")}],
    )


def _call(telephone: str) -> dict[str, str]:
    return {"label": text("Call %(number)s", number=telephone), "href": f"tel:{telephone.replace(' ', '')}", "icon": "phone"}


def _somebody_else(link: JoinLink) -> bool:
    actor = current_actor()
    return actor.kind is ActorKind.USER and not runtime.current().policy.allows(actor, "encounter.join", link.encounter_id)


def _signed_in_as_another() -> ResponseReturnValue:
    out = {"label": text("Sign out on this browser"), "post": url_for("account.sign_out")}
    return problem(
        409,
        text("This browser is signed in as somebody else"),
        text("The link opens a visit of another person than the one who is signed in here."),
        kept=text("The link was not used up."),
        todo=text("Sign out and open the link again, or open it in another browser."),
        actions=[out],
    )


def _first_page(encounter_id: str) -> str:
    for standing in tests_of(encounter_id):
        if standing.state.status is StepStatus.OPEN and standing.step.endpoint:
            return url_for(standing.step.endpoint, encounter_id=encounter_id)
    return url_for("room.enter", encounter_id=encounter_id)


def tests_of(encounter_id: str) -> list[Standing]:
    """The steps by which patients make ready without being held back by them, such as testing a camera."""
    standings = journey.standings(journey.view(encounter_id))
    ready = [s for s in standings if s.step.phase is Phase.PREPARE and s.step.who is Who.PATIENT and s.step.endpoint]
    return [s for s in ready if not s.step.guards and s.state.status is not StepStatus.NOT_APPLICABLE]


@room.get("/visits/<encounter_id>/room")
@needs("encounter.join", about="encounter_id")
def enter(encounter_id: str) -> ResponseReturnValue:
    """The one address of the room: too early, waiting, talking or over, as the visit stands."""
    with acting():
        found = visits.visit(encounter_id)
        who = service.participant(encounter_id, current_actor())
        if who.role is ParticipantRole.PRACTITIONER:
            return redirect(url_for("practice.consultation", encounter_id=encounter_id))
        if blocked := _blocked(found) or _arrive(found):
            return blocked
        found = visits.visit(encounter_id)
        trail.read("encounter", [encounter_id], organisation_id=found.organisation_id, person_id=found.person_id or "")
        template, page = _page(found, who)
    return render(template, **page)


def _page(found: Visit, who: Participant) -> tuple[str, dict[str, Any]]:
    encounter_id = found.encounter_id
    card = directory.role(found.practitioner_role_id)
    page: dict[str, Any] = {"visit": found, "card": card, "reader": _may_read(encounter_id), "thread": None}
    if found.status == "in-progress":
        after, here = url_for("room.left", encounter_id=encounter_id), url_for("room.enter", encounter_id=encounter_id)
        return "toubib/room/call.html", page | {"call": call_of(encounter_id, who, after=after, here=here)}
    if page["reader"]:
        page["thread"] = _thread(found)
    if found.status in ("finished", "settled"):
        return "toubib/room/ended.html", page
    return "toubib/room/waiting.html", page | {"waiting": _waiting(found, who)}


def _may_read(encounter_id: str) -> bool:
    return runtime.current().policy.allows(current_actor(), "encounter.read", encounter_id)


def _thread(found: Visit) -> dict[str, Any]:
    """The thread without its action: the page itself is the action."""
    thread = thread_of(found)
    return thread | {"steps": [{k: v for k, v in step.items() if k != "action"} for step in thread["steps"]]}


def _opens_at(found: Visit) -> Any:
    return found.starts_at - timedelta(minutes=runtime.current().settings.rules.join_early_minutes)


def _blocked(found: Visit) -> ResponseReturnValue | None:
    """Why there is no room for this visit at all: not booked, at the practice, long over."""
    card = directory.role(found.practitioner_role_id)
    actions = [_call(card.phone)] if card.phone else []
    if _may_read(found.encounter_id):
        actions.append({"label": text("Go to the visit"), "href": url_for("visits.visit", encounter_id=found.encounter_id)})
    if found.appointment_status not in ("booked", "arrived", "fulfilled"):
        return problem(409, text("There is no waiting room for this visit"), text("It is not booked, or it was cancelled."), actions=actions)
    if found.modality == "in_person":
        place = f"{card.organisation}, {card.street}, {card.postcode} {card.city}"
        return problem(409, text("This visit takes place at the practice"), text("Come to %(place)s.", place=place), actions=actions)
    late = found.ends_at + timedelta(minutes=runtime.current().settings.rules.join_late_minutes)
    if found.status == "planned" and clock.now() > late:
        missed = text("It was planned for %(when)s and did not take place.", when=i18n.moment(found.starts_at, found.zone))
        return problem(410, text("The time of this visit is over"), missed, todo=text("Call the practice: it finds another time with you."), actions=actions)
    return None


def _arrive(found: Visit) -> ResponseReturnValue | None:
    """Arrive when the room is open; a step that must be done first is named."""
    if found.status != "planned" or clock.now() < _opens_at(found):
        return None
    refused = care.arrive(found.encounter_id)
    return _refused(found, refused) if refused else None


def _refused(found: Visit, refused: Refused) -> ResponseReturnValue:
    actions = []
    if _may_read(found.encounter_id):
        actions.append({"label": text("Go to the visit"), "href": url_for("visits.visit", encounter_id=found.encounter_id)})
    return problem(409, text("Something is missing before the waiting room"), say(refused.message), actions=actions)


def _waiting(found: Visit, who: Participant) -> dict[str, Any]:
    """The waiting room's words: who, since when, what happens next and when, what the test found."""
    card = directory.role(found.practitioner_role_id)
    early = found.status == "planned"
    if not early:
        service.arrive(found.encounter_id, who)
    region = _region(found, early=early, name=card.name)
    return region | {
        "title": text("What happens now"),
        "who": f"{card.name}, {card.organisation}",
        "since": _since(found),
        "tests": _test_lines(found.encounter_id),
        "again": _test_again(found.encounter_id),
        "meanwhile": _meanwhile(),
        "telephone": card.phone,
        "off": _call_off(found),
        "leave": None if early else {"label": text("Leave the waiting room"), "post": url_for("room.leave", encounter_id=found.encounter_id), "kind": "quiet"},
        "url": url_for("room.state", encounter_id=found.encounter_id),
        "every": 30 if early else 5,
        "always": True,
        "early": early,
    }


def _call_off(found: Visit) -> dict[str, str] | None:
    """The way out of a wait in vain."""
    if not missed.practitioner_is_late(found.encounter_id):
        return None
    return {
        "text": text("Nobody has come a quarter of an hour after your time. You may go on waiting, call, or end the visit: nothing is charged."),
        "label": text("Nobody came: end the visit"),
        "post": url_for("room.nobody_came", encounter_id=found.encounter_id),
        "kind": "danger",
    }


@room.post("/visits/<encounter_id>/room/nobody-came")
@needs("encounter.arrive", about="encounter_id")
def nobody_came(encounter_id: str) -> ResponseReturnValue:
    """End a wait in vain: recorded as the practitioner's absence, and nothing is charged."""
    with acting():
        refused = missed.practitioner_did_not_come(encounter_id)
        found = visits.visit(encounter_id)
        phone = directory.role(found.practitioner_role_id).phone
        if refused is not None:
            return _refused(found, refused)
    return problem(
        200,
        text("This visit is off"),
        text("It is recorded that the practitioner did not come."),
        kept=text("Nothing is charged: whatever was held on your card is released."),
        todo=text("Call the practice, or choose another time."),
        actions=[_call(phone)] if phone else [],
    )


def _region(found: Visit, *, early: bool, name: str) -> dict[str, str]:
    planned = i18n.clock_time(found.starts_at, found.zone)
    if early:
        opens = _opens_at(found)
        state = text("The waiting room is not open yet")
        opens_on = i18n.moment(opens, found.zone)
        following = text("It opens on %(when)s. The visit begins at %(planned)s. This page changes by itself.", when=opens_on, planned=planned)
        return {"state": state, "next": following}
    if _practitioner_here(found.encounter_id):
        following = text("%(name)s is in the room and lets you in now. This page changes by itself.", name=name)
    elif clock.now() < found.starts_at:
        following = text("%(name)s lets you in at about %(planned)s. Keep this page open: it changes by itself.", name=name, planned=planned)
    else:
        following = text(
            "%(name)s lets you in as soon as the visit before yours has ended. Yours was planned for %(planned)s. Keep this page open: it changes by itself.",
            name=name,
            planned=planned,
        )
    return {"state": text("You are in the waiting room"), "next": following}


def _practitioner_here(encounter_id: str) -> bool:
    present = service.present([encounter_id])[encounter_id]
    return any(p.here and p.role is ParticipantRole.PRACTITIONER for p in present)


def _since(found: Visit) -> dict[str, str] | None:
    arrived = session().get_one(Encounter, found.encounter_id).arrived_at
    return {"iso": when(arrived)["iso"], "text": i18n.clock_time(arrived, found.zone)} if arrived else None


def _meanwhile() -> list[str]:
    return [
        text("Look up the address where you are now: it is the first thing you are asked, in case of an emergency."),
        text("Lay out the names of your medicines."),
        text("Connect the charger, and sit where others do not hear you."),
    ]


def _test_lines(encounter_id: str) -> list[dict[str, str]]:
    """The verdict of the patient's last test, one line a device; one line in all where there is none yet."""
    labels = {"camera": text("Camera"), "microphone": text("Microphone"), "network": text("Network")}
    lines: list[dict[str, str]] = []
    for standing in tests_of(encounter_id):
        kept = journey.marks([encounter_id], standing.step.name)[encounter_id]
        found = [(d, kept[f"patient.{d}"]) for d in labels if kept.get(f"patient.{d}") in VERDICTS]
        lines += [{"key": d, "label": labels[d], "state": word, "verdict": ""} for d, word in found]
        if not found:
            summary = say(standing.state.summary) if standing.state.summary else ""
            lines.append({"key": standing.step.name, "label": say(standing.step.title), "state": _STATES[standing.state.status], "verdict": summary})
    return lines


_STATES = {StepStatus.DONE: "ok", StepStatus.FAILED: "failed", StepStatus.OPEN: "todo", StepStatus.WAITING: "todo"}


def _test_again(encounter_id: str) -> dict[str, str] | None:
    for standing in tests_of(encounter_id):
        done = standing.state.status in (StepStatus.DONE, StepStatus.FAILED)
        label = text("Test again") if done else say(standing.step.title)
        return {"label": label, "href": url_for(standing.step.endpoint or "", encounter_id=encounter_id), "kind": "secondary", "icon": "refresh-cw"}
    return None


@room.get("/visits/<encounter_id>/room/state")
@needs("encounter.join", about="encounter_id")
def state(encounter_id: str) -> ResponseReturnValue:
    """The waiting room's words alone, asked again every few seconds. Without them the page has become another."""
    with acting():
        found = visits.visit(encounter_id)
        who = service.participant(encounter_id, current_actor())
        if who.role is ParticipantRole.PRACTITIONER or _blocked(found) or _arrive(found):
            return render("toubib/room/moved_on.html")
        found = visits.visit(encounter_id)
        waiting = _waiting(found, who) if found.status in ("planned", "arrived") else None
    return render("toubib/room/state.html", waiting=waiting) if waiting else render("toubib/room/moved_on.html")


@room.post("/visits/<encounter_id>/room/leave")
@needs("encounter.join", about="encounter_id")
def leave(encounter_id: str) -> ResponseReturnValue:
    """Leave the waiting room or the call; one may come back."""
    with acting():
        who = service.participant(encounter_id, current_actor())
        service.leave(encounter_id, who.id)
    if who.role is ParticipantRole.PRACTITIONER:
        return redirect(url_for("practice.worklist"))
    return redirect(url_for("room.left", encounter_id=encounter_id))


@room.get("/visits/<encounter_id>/room/left")
@needs("encounter.join", about="encounter_id")
def left(encounter_id: str) -> ResponseReturnValue:
    """What it means to have left, and the way back."""
    with looking():
        found = visits.visit(encounter_id)
        if found.status not in TALKING:
            return redirect(url_for("room.enter", encounter_id=encounter_id))
        card = directory.role(found.practitioner_role_id)
        reader = _may_read(encounter_id)
    return render("toubib/room/left.html", visit=found, card=card, reader=reader)


@room.get("/visits/<encounter_id>/room/chat")
@needs("encounter.join", about="encounter_id")
def chat(encounter_id: str) -> ResponseReturnValue:
    """What was written since. Asking says that one is still here; where nothing is new, nothing is read."""
    with acting():
        found = visits.visit(encounter_id)
        if found.status != "in-progress":
            return render("toubib/room/moved_on.html")
        who = service.participant(encounter_id, current_actor())
        service.arrive(encounter_id, who)
        if request.args.get("seen", "") == str(said_so_far(encounter_id)):
            return "", 204
        written = chat_of(encounter_id, who, here=url_for("room.enter", encounter_id=encounter_id))
    return render("toubib/room/chat_log.html", chat=written)


@room.post("/visits/<encounter_id>/room/chat")
@needs("encounter.join", about="encounter_id")
def say_it(encounter_id: str) -> ResponseReturnValue:
    """Send a message; one that is too long stays in the field, with the reason."""
    message, here = request.form.get("message", "").strip(), safe_path(request.form.get("next", ""))
    error = ""
    with acting():
        if visits.visit(encounter_id).status not in TALKING:
            return _too_late(encounter_id)
        who = service.participant(encounter_id, current_actor())
        if len(message) > LONGEST:
            error = text("This message has %(count)s characters; %(longest)s are possible. Send it in parts.", count=len(message), longest=LONGEST)
        elif message:
            service.say(encounter_id, who, message)
        if not error and "HX-Request" not in request.headers:
            return redirect(f"{here}#chat")
        written = chat_of(encounter_id, who, here=here, error=error, typed=message if error else "")
    return render("toubib/room/chat.html", 200 if "HX-Request" in request.headers else 422, chat=written, back=here)


def _too_late(encounter_id: str) -> ResponseReturnValue:
    back = {"label": text("Back to the visit"), "href": url_for("room.enter", encounter_id=encounter_id)}
    return problem(409, text("The consultation has ended"), text("Your message was not sent: nobody is in the room any more."), actions=[back])
