"""The first screen: the question as a letter, the products as tickets with price and hour. Then the booking screens of every visit."""

from typing import Any

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue

from toubib import i18n
from toubib.contracts.common import ContractError, Money
from toubib.contracts.identity import ActorKind
from toubib.db.tables.directory import Organisation
from toubib.seams import clock
from toubib.services import documents, limits, room_files, visits
from toubib.services.secrets import fingerprint
from toubib.web import acting, current_actor, looking, public, render
from toubib.web.entry import visitor
from toubib_advice import basis, questions
from toubib_advice.questions import Asked
from toubib_advice.settings import Product, current
from toubib_advice.steps import NOT_CARE
from toubib_advice.texts import say, words
from toubib_advice.web.shared import ACCEPTED, LONGEST, blueprint

SHORTEST = 15
PER_HOUR = 60
"""Questions begun from one address of the network in an hour, so that nobody fills the disk with files."""


@blueprint.get("/")
@public("where a question is written; nothing is kept before it is sent")
def ask() -> ResponseReturnValue:
    """The text area comes first."""
    with looking():
        return _page({}, {})


@blueprint.post("/")
@public("keeps a question for a visitor's own browser")
def begin() -> ResponseReturnValue:
    """Keep the question as a draft and go on to who asks; whatever is wrong is said at its field."""
    with looking():
        offered = _offered()
        errors = _errors(offered)
    with acting():
        limits.count("advice.ask", fingerprint(request.remote_addr or ""), per_hour=PER_HOUR)
    product = offered.get(request.form.get("product", ""))
    if errors or product is None:
        with looking():
            return _page(dict(request.form.items()), errors, 422)
    asked = Asked(
        text=request.form["question"],
        product=product,
        specialty=request.form.get("specialty", ""),
        cap_minutes=_cap(),
        pseudonymous=request.form.get("pseudonym") == "1",
        files=_written_files(),
    )
    actor = current_actor()
    known = actor.person_id if actor.kind is ActorKind.USER else None
    try:
        with acting():
            encounter_id = questions.draft(asked, visitor())
            if known:
                visits.adopt(encounter_id, known)
    except ContractError as error:
        with looking():
            return _page(dict(request.form.items()), {"product": words(error.message)}, 422)
    return redirect(url_for("booking_flow.details" if known else "booking_flow.who", encounter_id=encounter_id), 303)


def _cap() -> int:
    typed = request.form.get("cap", "")
    return int(typed) if typed.isdecimal() and len(typed) < 5 else 0


def _errors(offered: dict[str, Product]) -> dict[str, str]:
    errors = {}
    if len(request.form.get("question", "").strip()) < SHORTEST:
        errors["question"] = words(say("Write your question in a sentence or two."))
    elif len(request.form["question"]) > LONGEST:
        errors["question"] = words(say("Your question is longer than %(most)s characters. Shorten it.", most=LONGEST))
    product = offered.get(request.form.get("product", ""))
    if product is None:
        errors["product"] = words(say("Choose by when you want the answer."))
    elif product.kind == "chat" and _cap() not in product.caps:
        errors["cap"] = words(say("Choose how long the chat may last at most."))
    files = [file for file in request.files.getlist("files") if file.filename]
    if len(files) > current().files:
        errors["files"] = words(say("Send at most %(most)s files.", most=current().files))
    elif any(not room_files.media_type(_head(file)) for file in files):
        errors["files"] = words(say("Only PDF files and pictures (JPEG, PNG) can be sent. Nothing was stored."))
    return errors


def _head(file: Any) -> bytes:
    head: bytes = file.stream.read(16)
    file.stream.seek(0)
    return head


def _written_files() -> tuple[tuple[str, str], ...]:
    files = [file for file in request.files.getlist("files") if file.filename]
    return tuple((documents.write_blob(file.read()), file.filename or "") for file in files)


def _offered() -> dict[str, Product]:
    return {p.key: p for p in current().products if basis.allowed(p.kind)} if questions.house() else {}


def _page(typed: dict[str, str], errors: dict[str, str], status: int = 200) -> ResponseReturnValue:
    house = questions.house()
    offered = _offered()
    tickets = [_ticket(product, house) for product in offered.values()] if house else []
    caps = sorted({cap for p in offered.values() if p.kind == "chat" for cap in p.caps})
    chat = next((p for p in offered.values() if p.kind == "chat"), None)
    return render(
        "advice/ask.html",
        status,
        typed=typed,
        errors=errors,
        tickets=tickets,
        caps=[_cap_option(chat, cap, house) for cap in caps] if chat and house else [],
        specialties=[{"value": code, "label": name} for code, name in questions.specialties(house.id)] if house else [],
        pseudonyms=current().pseudonyms,
        files=current().files,
        accepted=ACCEPTED,
        not_care=words(NOT_CARE),
        longest=LONGEST,
    )


def _ticket(product: Product, house: Organisation) -> dict[str, Any]:
    """A ticket: what, for how much, by which hour."""
    until = clock.now() + product.promise
    hour = i18n.clock_time(until, house.zone) if product.promise_minutes < 720 else i18n.moment(until, house.zone)
    price = i18n.money(Money(product.price_minor, house.currency))
    chat = product.kind == "chat"
    return {
        "value": product.key,
        "label": i18n.localised(product.name),
        "price": words(say("%(price)s a minute", price=price)) if chat else price,
        "until": words(say("Somebody answers before %(hour)s", hour=hour) if chat else say("Answer before %(hour)s", hour=hour)),
        "iso": until.isoformat(),
    }


def _cap_option(product: Product, cap: int, house: Organisation) -> dict[str, Any]:
    most = i18n.money(questions.price_of(product, cap, house.currency))
    return {"value": str(cap), "label": words(say("%(minutes)s minutes, %(most)s at most", minutes=cap, most=most))}
