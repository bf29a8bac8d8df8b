"""The staff's board: every line with its longest wait by territory; opening, closing, and how many places there are."""

from typing import Any

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from toubib.contracts.identity import Actor
from toubib.web import acting, current_actor, looking, needs, not_found, problem, render
from toubib_queue import lines
from toubib_queue.lines import State
from toubib_queue.settings import LineSettings
from toubib_queue.texts import say
from toubib_queue.web.front import line_words
from toubib_queue.web.shared import blueprint, country_name, words

RUNNING = ("administrator", "secretary")
STANDS = {"hours": say("By its opening hours"), "open": say("Open now, whatever the hours"), "closed": say("Closed now, whatever the hours")}
MOST_PLACES = 10_000


def _runs(actor: Actor, line: LineSettings) -> bool:
    """Whether somebody opens and closes a line."""
    own = {organisation for role in RUNNING for organisation in actor.organisations(role)}
    return lines.organisation_id(line) in own


def _sees(actor: Actor, line: LineSettings) -> bool:
    """Whether somebody works where a line belongs."""
    return lines.organisation_id(line) in {role.organisation_id for role in actor.roles}


@blueprint.get("/board")
@needs("queue.board")
def board() -> ResponseReturnValue:
    """The lines of the viewer's organisations by territory, the longest wait of each told first; whoever runs them may change them."""
    actor = current_actor()
    with looking():
        states = [lines.state(line) for line in lines.offered() if _sees(actor, line)]
        shown = [_line(state) | {"runs": _runs(actor, state.line)} for state in states]
    codes = list(dict.fromkeys(state.line.territory for state in states))
    territories: list[dict[str, Any]] = [{"name": country_name(c), "lines": [s for s in shown if s["territory"] == c]} for c in codes]
    for territory in territories:
        territory["longest"] = max(line["longest"] for line in territory["lines"])
    return render("queue/board.html", territories=territories)


def _line(state: State) -> dict[str, Any]:
    decided = lines.row(state.line)
    longest = lines.longest_wait(state.line)
    return line_words(state) | {
        "territory": state.line.territory,
        "longest": longest,
        "facts": [
            {"term": words(say("Places taken")), "text": words(say("%(taken)s of %(capacity)s", taken=state.waiting, capacity=state.capacity))},
            {"term": words(say("Longest wait")), "text": words(say("%(minutes)s min", minutes=longest))},
            {"term": words(say("On duty")), "text": str(state.on_duty)},
        ],
        "stand": decided.stand,
        "stands": [{"value": key, "label": words(label)} for key, label in STANDS.items()],
        "capacity": "" if decided.capacity is None else str(decided.capacity),
        "usual": state.line.capacity,
        "post": url_for("queue.decide", key=state.line.key),
    }


@blueprint.post("/board/<key>")
@needs("queue.run")
def decide(key: str) -> ResponseReturnValue:
    """Open or close a line, or change how many places it has; an empty number is the usual one."""
    line, stand, typed = lines.line(key), request.form.get("stand", ""), request.form.get("capacity", "").strip()
    if stand not in STANDS or (typed and not (typed.isdecimal() and int(typed) <= MOST_PLACES)):
        back = {"label": words(say("Back to the queues")), "href": url_for("queue.board")}
        what = words(say("Choose open or closed, and write a number of places up to %(most)s, or none.", most=MOST_PLACES))
        return problem(422, words(say("This was not changed")), what, actions=[back])
    with acting():
        if not _runs(current_actor(), line):
            return not_found()
        lines.decide(key, stand, int(typed) if typed else None)
    flash(words(say("Changed. It counts from now on.")), "done")
    return redirect(url_for("queue.board"), 303)
