"""The first page: open or not, until when, how long the wait is, what it costs; told before anything is asked."""

from typing import Any

from flask import request, url_for
from flask.typing import ResponseReturnValue

from toubib import i18n
from toubib.contracts.common import Money
from toubib.services import countries
from toubib.web import current_actor, looking, public, render
from toubib_queue import lines, places
from toubib_queue.lines import State
from toubib_queue.texts import say
from toubib_queue.web.shared import about, blueprint, country_name, numbers, other_ways, words


@blueprint.get("/")
@public("says whether somebody can be seen now, and whom to call otherwise")
def start() -> ResponseReturnValue:
    """Every territory with its lines as they stand now, each with one action; where it is closed or full, whom to call."""
    with looking():
        states = lines.states()
        mine = [{"name": row.service_name, "href": url_for("queue.place", encounter_id=row.encounter_id)} for row in places.own(current_actor())]
    codes = list(dict.fromkeys(state.line.territory for state in states))
    return render(
        "queue/start.html",
        territories=[_territory(code, [s for s in states if s.line.territory == code], several=len(codes) > 1) for code in codes],
        mine=mine[:1],
        ways=other_ways(),
        elsewhere=url_for("queue.elsewhere"),
    )


def _territory(code: str, states: list[State], *, several: bool) -> dict[str, Any]:
    shut = not any(state.open for state in states)
    return {
        "code": code,
        "name": country_name(code),
        "several": several,
        "lines": [line_words(state) for state in states],
        "numbers": numbers(code) if shut else None,
    }


def line_words(state: State) -> dict[str, Any]:
    """A line as the front page and the board show it."""
    line = state.line
    return {
        "key": line.key,
        "title": i18n.localised(line.title),
        "open": state.open,
        "state": _state(state),
        "wait": about(state.wait) if state.open else "",
        "opens": _opens(state),
        "price": i18n.money(Money(line.price_minor, line.currency)),
        "href": url_for("queue.ask", key=line.key),
    }


def _state(state: State) -> str:
    if state.open:
        if state.until is None:
            return words(say("Open now"))
        return words(say("Open until %(until)s", until=i18n.clock_time(state.until, state.line.zone)))
    return words(lines.REFUSALS[state.word])


def _opens(state: State) -> str:
    if state.opens is None or state.word not in (lines.CLOSED, lines.UNSTAFFED):
        return ""
    return words(say("It opens again: %(when)s", when=i18n.moment(state.opens, state.line.zone)))


@blueprint.get("/elsewhere")
@public("gives the numbers to call in another place")
def elsewhere() -> ResponseReturnValue:
    """For somebody who is where no line is: choose the place, read whom to call there, and what else is possible here."""
    chosen = request.args.get("country", "")
    named = countries.named(i18n.locale())
    known = chosen if chosen in dict(named) else ""
    with looking():
        here = [line_words(state) | {"territory": state.line.territory} for state in lines.states() if state.line.territory == known]
    return render(
        "queue/elsewhere.html",
        options=[{"value": code, "label": name} for code, name in named],
        chosen=known,
        name=country_name(known) if known else "",
        numbers=numbers(known) if known else None,
        here=here,
        ways=other_ways(),
    )
