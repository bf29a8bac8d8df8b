"""From a chosen time to a booked visit: hold, who, details, price, paid. Three short screens beside the card page."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue

from toubib import i18n, runtime
from toubib.contracts.common import ContractError, Message, Refused
from toubib.contracts.identity import ActorKind, Audience
from toubib.contracts.journey import EncounterView, Field, FormSpec, StepStatus
from toubib.contracts.payment import Instruction, Redirect
from toubib.seams import clock
from toubib.services import accompaniment, agreements, checkout, coverage, directory, holding, journey, login, payments, room, sessions, visits
from toubib.services.agreements import Agreement
from toubib.services.coverage import Estimate
from toubib.web import acting, current_actor, for_whom, looking, needs, public, render, text
from toubib.web import request as req
from toubib.web.entry import safe_path, set_session_cookie, ways_in
from toubib.web.pages.account import try_typed_code
from toubib.web.receipts import receipt_of
from toubib.web.shell import allow_form_host, problem, say, when
from toubib.web.typed import instant

booking_flow = Blueprint("booking_flow", __name__)
JOURNEY = "booked"


@booking_flow.post("/hold")
@public("holds a time for a visitor's own browser")
def hold() -> ResponseReturnValue:
    """Hold the chosen start; a refusal says why and offers others."""
    service_id, actor = request.form.get("service", ""), current_actor()
    start = instant(request.form.get("start", ""))
    with acting():
        holding.count(req.ensure_visitor(), request.remote_addr or "")
        held: str | Refused
        held = visits.hold(service_id, start, req.ensure_visitor(), JOURNEY) if start else OFF_GRID
        if not isinstance(held, Refused) and actor.kind is ActorKind.USER and actor.person_id:
            visits.adopt(held, actor.person_id)
    if isinstance(held, Refused):
        return _refused(held, service_id)
    return redirect(url_for("booking_flow.details" if actor.kind is ActorKind.USER else "booking_flow.who", encounter_id=held))


OFF_GRID = Refused("off_grid", Message("toubib", "This time cannot be read. Choose one of the times on the page."))


def _refused(refused: Refused, service_id: str) -> ResponseReturnValue:
    with looking():
        service = runtime.current().scheduler.service(service_id)
        card = directory.role(service.practitioner_role_id) if service else None
    back = url_for("search.profile", slug=card.slug, role=card.id, reason=service_id) + "#slots" if card else "/"
    status = 409 if refused.rule == "taken" else 422
    return problem(
        status,
        text("This time cannot be booked"),
        say(refused.message),
        kept=text("Nothing was charged."),
        actions=[{"label": text("Choose another time"), "href": back}],
    )


@booking_flow.get("/visits/<encounter_id>/who")
@needs("encounter.prepare", about="encounter_id")
def who(encounter_id: str) -> ResponseReturnValue:
    """Screen 1: the mail address, then the code on the same page. The address can be corrected.

    Whoever signed in meanwhile, by the link of the mail or on another page, goes on as themselves.
    """
    actor = current_actor()
    if _plans(encounter_id):
        return redirect(url_for("planning.patient", encounter_id=encounter_id))
    if actor.kind is ActorKind.USER and actor.person_id:
        with acting():
            if agreements.of(encounter_id).person_id is None:
                visits.adopt(encounter_id, actor.person_id)
        return redirect(url_for("booking_flow.details", encounter_id=encounter_id))
    with looking():
        if agreements.of(encounter_id).person_id:
            return redirect(url_for("booking_flow.details", encounter_id=encounter_id))
        address = "" if request.args.get("correct") else login.pending_address(req.ensure_visitor())
        return render("toubib/booking/who.html", **_frame(encounter_id, 1), address=address, email="", errors={})


def _plans(encounter_id: str) -> bool:
    """Whether staff book this visit for somebody else."""
    with looking():
        return runtime.current().policy.allows(current_actor(), "encounter.plan", encounter_id)


@booking_flow.post("/visits/<encounter_id>/who")
@needs("encounter.prepare", about="encounter_id")
def ask_code(encounter_id: str) -> ResponseReturnValue:
    """Send the code."""
    email = request.form.get("email", "")
    try:
        with acting():
            login.ask_code(email, req.ensure_visitor(), url_for("booking_flow.details", encounter_id=encounter_id), i18n.locale())
            checkout.prolong(encounter_id)
    except ContractError as error:
        with looking():
            frame = _frame(encounter_id, 1)
        return render("toubib/booking/who.html", 422, **frame, address="", email=email, errors={"email": say(error.message)})
    return redirect(url_for("booking_flow.who", encounter_id=encounter_id))


@booking_flow.post("/visits/<encounter_id>/code")
@needs("encounter.prepare", about="encounter_id")
def take_code(encounter_id: str) -> ResponseReturnValue:
    """Open with the code; the held visit becomes this person's."""
    opened, error = try_typed_code(request.form.get("code", ""))
    if opened is None or opened.account is None:
        with looking():
            frame = _frame(encounter_id, 1)
            address = login.pending_address(req.ensure_visitor())
        return render("toubib/booking/who.html", 422, **frame, address=address, email="", errors={"code" if address else "email": error})
    with acting():
        token = sessions.begin(opened.account, request.user_agent.string)
        visits.adopt(encounter_id, opened.account.person_id)
    response = redirect(url_for("booking_flow.details", encounter_id=encounter_id))
    set_session_cookie(response, token)
    return response


@booking_flow.post("/visits/<encounter_id>/prolong")
@needs("encounter.prepare", about="encounter_id")
def prolong(encounter_id: str) -> ResponseReturnValue:
    """Keep the held time longer."""
    with acting():
        checkout.prolong(encounter_id)
    return redirect(safe_path(request.form.get("next", f"/visits/{encounter_id}/details")))


@booking_flow.get("/visits/<encounter_id>/details")
@needs("encounter.prepare", about="encounter_id")
def details(encounter_id: str) -> ResponseReturnValue:
    """Screen 2: every small form of the journey on one page, prefilled with what is known."""
    with looking():
        if agreements.of(encounter_id).person_id is None:
            return redirect(url_for("booking_flow.who", encounter_id=encounter_id))
        view = journey.view(encounter_id)
        whom = for_whom.choices(encounter_id)
        return render("toubib/booking/details.html", **_frame(encounter_id, 2), groups=_groups(view, {}, {}), errors={}, for_whom=whom)


@booking_flow.post("/visits/<encounter_id>/details")
@needs("encounter.prepare", about="encounter_id")
def keep_details(encounter_id: str) -> ResponseReturnValue:
    """Keep the answers; what is wrong is said at the field, and what was typed stays."""
    values = posted_values()
    errors = _keep_answers(encounter_id, values) or dict(journey.conduct(encounter_id))
    if not errors:
        return _after_details(encounter_id)
    with looking():
        view = journey.view(encounter_id)
        said = {name: say(message) for name, message in errors.items()}
        page = {**_frame(encounter_id, 2), "groups": _groups(view, values, said), "errors": said, "for_whom": for_whom.choices(encounter_id)}
        return render("toubib/booking/details.html", 422, **page)


def _keep_answers(encounter_id: str, values: Mapping[str, str]) -> dict[str, Message]:
    """All of them, or none and what is wrong."""
    errors: dict[str, Message] = {}
    with acting() as session:
        view = journey.view(encounter_id)
        with session.begin_nested() as savepoint:
            for step in journey.steps(view.journey):
                if step.form(view) is not None and (wrong := step.submit(view, values)):
                    errors |= wrong.by_field
            if errors:
                savepoint.rollback()
        checkout.prolong(encounter_id)
    return errors


def _after_details(encounter_id: str) -> ResponseReturnValue:
    """On to the price; a journey without one is agreed now."""
    with acting():
        refused = checkout.confirm(encounter_id) if _screens(journey.view(encounter_id)) == DETAILS else None
        agreed = agreements.of(encounter_id)
        following = page_of(agreed) if agreed.state == "agreed" else url_for("booking_flow.price", encounter_id=encounter_id)
    if refused is not None:
        return problem(409, text("This cannot be booked"), say(refused.message), actions=[_again(agreed)])
    return redirect(following)


DETAILS = 2
"""The screen of forms."""


def posted_values() -> dict[str, str]:
    """The form's values; a date in three parts becomes one ISO date."""
    values = dict(request.form.items())
    for name in [n.removesuffix("_year") for n in values if n.endswith("_year")]:
        day, month, year = (values.get(f"{name}_{part}", "").strip() for part in ("day", "month", "year"))
        values[name] = f"{year.zfill(4)}-{month.zfill(2)}-{day.zfill(2)}" if day or month or year else ""
    return values


def _groups(view: EncounterView, values: Mapping[str, str], errors: Mapping[str, str]) -> list[dict[str, Any]]:
    groups = []
    for step in journey.steps(view.journey):
        form = step.form(view)
        if form is not None:
            groups.append(group_of(form, values, errors) | {"key": step.name})
    return groups


def group_of(form: FormSpec, values: Mapping[str, str], errors: Mapping[str, str]) -> dict[str, Any]:
    """A form that a step describes, as the macro `form_fields` takes it: what was typed, what is known, what is wrong."""
    fields = [_field(f, values.get(f.name, f.known), errors.get(f.name, "")) for f in form.fields]
    links = [{"href": link.path, "label": say(link.label)} for link in form.links]
    return {"legend": say(form.heading), "note": say(form.note) if form.note else "", "fields": fields, "links": links}


def _field(field: Field, value: str, error: str) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "name": field.name,
        "label": say(field.label),
        "kind": field.kind,
        "required": field.required,
        "hint": say(field.hint) if field.hint else "",
        "value": value,
        "error": error,
        "autocomplete": field.autocomplete,
        "inputmode": field.input_mode if field.input_mode != "text" else "",
        "options": [{"value": v, "label": say(m)} for v, m in field.choices],
    }
    if field.kind == "date":
        year, month, day = [*value.split("-"), "", "", ""][:3]
        shown |= {"day": day.lstrip("0"), "month": month.lstrip("0"), "year": year}
    return shown


@booking_flow.get("/visits/<encounter_id>/price")
@needs("encounter.prepare", about="encounter_id")
def price(encounter_id: str) -> ResponseReturnValue:
    """Screen 3: what it costs, what comes back, from whom and why; then how to pay."""
    with looking():
        if elsewhere := _not_payable(encounter_id):
            return redirect(elsewhere)
        return _price_page(encounter_id, checkout.estimate(encounter_id), "")


def _not_payable(encounter_id: str) -> str | None:
    """Where to go instead of paying: the visit when it is decided already, an earlier screen when something is open there."""
    agreed = agreements.of(encounter_id)
    if agreed.state != "pending":
        return page_of(agreed)
    view = journey.view(encounter_id)
    if view.person_id is None:
        return url_for("booking_flow.who", encounter_id=encounter_id)
    for standing in journey.standings(view):
        if standing.step.form(view) is not None and standing.state.status is StepStatus.OPEN:
            return url_for("booking_flow.details", encounter_id=encounter_id)
    return None


def _price_page(encounter_id: str, answer: Estimate, error: str, status: int = 200) -> ResponseReturnValue:
    providers = []
    for provider in runtime.current().payments if answer.asked.minor else ():
        notice = provider.notice()
        providers.append({"name": provider.name, "label": say(provider.title), "notice": say(notice) if notice else "", "online": provider.capabilities.online})
        for origin in provider.capabilities.redirect_origins:
            allow_form_host(origin)
    return render(
        "toubib/booking/price.html",
        status,
        **_frame(encounter_id, 3),
        receipt=receipt_of(answer, estimate=True, written=journey.view(encounter_id).modality == room.TEXT),
        total=i18n.money(answer.asked),
        shown=coverage.shown_hash(answer),
        providers=providers,
        error=error,
    )


@booking_flow.post("/visits/<encounter_id>/pay")
@needs("encounter.prepare", about="encounter_id")
def pay(encounter_id: str) -> ResponseReturnValue:
    """Accept the price and go to the provider's page (or book at once where nothing is paid online)."""
    names = [p.name for p in runtime.current().payments]
    chosen = request.form.get("provider", names[0] if names else "")
    with acting():
        if elsewhere := _not_payable(encounter_id):
            return redirect(elsewhere)
        checkout.prolong(encounter_id)
        outcome = checkout.accept(encounter_id, request.form.get("shown", ""))
        attempt = outcome or (checkout.prepare(encounter_id, chosen) if chosen in names else checkout.confirm(encounter_id))
    if isinstance(attempt, Refused):
        with looking():
            return _price_page(encounter_id, checkout.estimate(encounter_id), say(attempt.message), 409)
    if attempt is None:
        return _agreed(encounter_id)
    return _begin(encounter_id, attempt)


def _begin(encounter_id: str, attempt_id: str) -> ResponseReturnValue:
    public_url = runtime.current().settings.web.public_url.rstrip("/")
    begun = checkout.begin(attempt_id, public_url + url_for("booking_flow.paid", encounter_id=encounter_id))
    if isinstance(begun, Redirect):
        return redirect(begun.url, 303)
    if isinstance(begun, Instruction):
        return _agreed(encounter_id)
    return redirect(url_for("booking_flow.paid", encounter_id=encounter_id))


@booking_flow.get("/visits/<encounter_id>/paid")
@needs("encounter.prepare", about="encounter_id")
def paid(encounter_id: str) -> ResponseReturnValue:
    """Back from the provider's page: ask the provider for the truth, then say where things stand."""
    with looking():
        open_attempts = [a.id for a in checkout.attempts_of(encounter_id) if a.status in ("created", "pending", "abandoned")]
    for attempt_id in open_attempts:
        payments.look(attempt_id)
    with looking():
        agreed = agreements.of(encounter_id)
        if agreed.state == "agreed":
            return redirect(page_of(agreed))
        last = checkout.attempts_of(encounter_id)[-1:]
        if agreed.kept_until is None:
            return _lapsed(agreed)
        reason = text("The payment was not completed. Nothing was charged. Try again, or choose another way to pay.")
        if last and last[0].status == "failed":
            reason = text("The card was refused. Nothing was charged. Try another card, or choose another way to pay.")
        return _price_page(encounter_id, checkout.estimate(encounter_id), reason, 402)


def page_of(agreed: Agreement) -> str:
    """Where an agreement lives after the booking screens: its visit's page, that of the plugin that asked or of what it is part of, or staff's day."""
    if not runtime.current().policy.allows(current_actor(), "encounter.read", agreed.encounter_id):
        return url_for("practice.worklist")
    return url_for("visits.visit", encounter_id=agreed.encounter_id) if agreed.timed else _untimed(agreed)


def _untimed(agreed: Agreement) -> str:
    main = accompaniment.main_of(agreed.encounter_id)
    if main is None:
        return url_for(runtime.current().registry.web[agreed.plugin].request_page, encounter_id=agreed.encounter_id)
    own = runtime.current().policy.allows(current_actor(), "encounter.care", agreed.encounter_id)
    return url_for("side.page", encounter_id=agreed.encounter_id) if own else url_for("visits.visit", encounter_id=main)


@booking_flow.app_errorhandler(visits.NoVisit)
def _elsewhere(error: visits.NoVisit) -> ResponseReturnValue:
    """Whoever comes to the visit or the room of what has no time of its own is led to where it stands."""
    with looking():
        return redirect(_untimed(agreements.of(error.encounter_id)))


def _agreed(encounter_id: str) -> ResponseReturnValue:
    with looking():
        return redirect(page_of(agreements.of(encounter_id)))


def _again(agreed: Agreement) -> dict[str, str]:
    """Where to begin anew."""
    if not agreed.timed:
        return {"label": text("Begin again"), "href": url_for(runtime.current().registry.web[agreed.plugin].request_start)}
    card = directory.role(agreed.practitioner_role_id or "")
    href = url_for("search.profile", slug=card.slug, role=card.id, reason=agreed.service_id) + "#slots"
    return {"label": text("Choose another time"), "href": href}


def _lapsed(agreed: Agreement) -> ResponseReturnValue:
    what = text("Your payment did not arrive in time, and the time was given to somebody else.")
    if not agreed.timed:
        what = text("Your payment did not arrive in time, so your request was not sent.")
    return problem(
        410,
        text("The time held for you is over"),
        what,
        kept=text("Nothing is charged: whatever was held on your card is released."),
        actions=[_again(agreed)],
    )


def _summary(agreed: Agreement) -> str:
    if not agreed.timed:
        return agreed.name
    name = directory.role(agreed.practitioner_role_id or "").name
    return text("%(reason)s with %(name)s, %(when)s", reason=agreed.name, name=name, when=i18n.moment(agreed.at, agreed.zone))


def _frame(encounter_id: str, screen: int) -> dict[str, Any]:
    """What every screen of the booking shows: what it is for, how long it is kept, which screen of how many."""
    agreed = agreements.of(encounter_id)
    return {
        "agreed": agreed,
        "screen": screen,
        "screens": _screens(journey.view(encounter_id)),
        "summary": _summary(agreed),
        "encounter_id": encounter_id,
        "ways": ways_in(url_for("booking_flow.who", encounter_id=encounter_id), Audience.PATIENTS) if screen == 1 else [],
        "hold": _hold_line(agreed),
    }


def _screens(view: EncounterView) -> int:
    """Two where the journey asks nobody to read a price or to pay, else three."""
    return 3 if journey.priced(view.journey) else DETAILS


def _hold_line(agreed: Agreement) -> dict[str, Any]:
    over = text("The time held for you is over. Nothing was charged.")
    line: dict[str, Any] = {"text": over, "remaining": 0, "ended": over, "choose": _again(agreed), "held": agreed.kept_until is not None}
    if agreed.kept_until is None:
        return line
    until = agreed.kept_until
    held = text("This time is held for you until %(until)s", until=i18n.clock_time(until, agreed.zone))
    kept = text("Your request is kept until %(until)s", until=i18n.clock_time(until, agreed.zone))
    line |= {
        "text": held if agreed.timed else kept,
        "until": when(until, agreed.zone),
        "remaining": max(0, int((until - clock.now()).total_seconds())),
    }
    if until >= agreed.kept_at_most_until:
        return line | {"text": f"{line['text']}. {text('It cannot be kept longer: finish by then, or choose again later.')}"}
    return line | {
        "prolong": {
            "label": text("Hold it longer") if agreed.timed else text("Keep it longer"),
            "post": url_for("booking_flow.prolong", encounter_id=agreed.encounter_id),
            "fields": {"next": request.path},
            "kind": "secondary",
        },
    }
