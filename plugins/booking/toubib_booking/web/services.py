"""The editor of visit reasons."""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal

from babel.numbers import format_decimal, get_currency_precision
from flask import request, url_for
from flask.typing import ResponseReturnValue

from toubib import i18n
from toubib.contracts.common import Money
from toubib.contracts.scheduling import Modality
from toubib.services import directory
from toubib.web import acting, looking, needs, not_found
from toubib_booking import editing
from toubib_booking.editing import ServiceDraft
from toubib_booking.forms import Reader
from toubib_booking.models import ServiceRow
from toubib_booking.texts import say
from toubib_booking.web.shared import blueprint, done, page, spoken, way, way_options, words

_NAME = re.compile(r"name_([a-z]{2})")
_CODE = re.compile(r"[A-Z0-9.+/-]{1,20}")
PLAIN = ("minutes", "modality", "price", "act_codes", "buffer_before", "buffer_after", "notice", "horizon", "cancel_hours", "no_show_fee", "position")
FLAGS = ("new_patients", "known_patients", "active")


@blueprint.get("/roles/<role_id>/services")
@needs("booking.manage", "role_id")
def services(role_id: str) -> ResponseReturnValue:
    """Every visit reason, the closed ones too."""
    with looking():
        rows = sorted(editing.of_role(ServiceRow, role_id), key=lambda row: (not row.active, row.position, row.minutes))
        return page("services", role_id, "services", table=_table(role_id, rows), add=url_for("booking.new_service", role_id=role_id))


@blueprint.get("/roles/<role_id>/services/new")
@needs("booking.manage", "role_id")
def new_service(role_id: str) -> ResponseReturnValue:
    """An empty form."""
    with looking():
        return _form(role_id, None, _empty(), {})


@blueprint.get("/roles/<role_id>/services/<service_id>")
@needs("booking.manage", "role_id")
def service(role_id: str, service_id: str) -> ResponseReturnValue:
    """A visit reason in its form."""
    with looking():
        row = _row(role_id, service_id)
        return not_found() if row is None else _form(role_id, service_id, _typed_of(row), {})


@blueprint.post("/roles/<role_id>/services/new")
@needs("booking.manage", "role_id")
def add_service(role_id: str) -> ResponseReturnValue:
    """Add a visit reason."""
    return _save(role_id, None)


@blueprint.post("/roles/<role_id>/services/<service_id>")
@needs("booking.manage", "role_id")
def change_service(role_id: str, service_id: str) -> ResponseReturnValue:
    """Change a visit reason."""
    with looking():
        known = _row(role_id, service_id) is not None
    return _save(role_id, service_id) if known else not_found()


def _save(role_id: str, service_id: str | None) -> ResponseReturnValue:
    with looking():
        currency = directory.organisation(directory.role(role_id).organisation_id).currency
    reader = Reader(request.form)
    draft = _draft(reader, currency)
    if reader.errors:
        with looking():
            return _form(role_id, service_id, _typed(reader), spoken(reader.errors))
    with acting():
        editing.open_schedule(role_id)
        editing.save_service(role_id, draft, service_id)
    return done("services", "saved" if service_id else "added", role_id=role_id)


def _draft(reader: Reader, currency: str) -> ServiceDraft:
    names = {match[1]: value.strip()[:200] for key, value in request.form.items() if (match := _NAME.fullmatch(key)) and value.strip()}
    if not names:
        first = next((key for key in request.form if _NAME.fullmatch(key)), "name_en")
        reader.errors[first] = say("Please give the reason a name, in one language at least.")
    codes = tuple(reader.values.get("act_codes", "").upper().replace(",", " ").split())
    if not all(_CODE.fullmatch(code) for code in codes):
        reader.errors["act_codes"] = say("Codes are letters and digits, with spaces between them.")
    return ServiceDraft(
        names,
        reader.whole("minutes", 5, 720, step=5),
        Modality(reader.choice("modality", list(Modality))),
        Money(reader.amount("price", currency) or 0, currency),
        codes,
        buffer_before=reader.whole("buffer_before", 0, 120, step=5),
        buffer_after=reader.whole("buffer_after", 0, 120, step=5),
        notice_minutes=reader.whole("notice", 0, 40320),
        horizon_days=reader.whole("horizon", 1, 730),
        cancel_until_minutes=reader.whole("cancel_hours", 0, 336) * 60,
        no_show_fee_minor=reader.amount("no_show_fee", currency, optional=True),
        position=reader.whole("position", 0, 999),
        new_patients=reader.given("new_patients"),
        known_patients=reader.given("known_patients"),
        active=reader.given("active"),
    )


def _row(role_id: str, service_id: str) -> ServiceRow | None:
    return next((row for row in editing.of_role(ServiceRow, role_id) if row.id == service_id), None)


def _form(role_id: str, service_id: str | None, typed: Mapping[str, object], errors: Mapping[str, str]) -> ResponseReturnValue:
    add = url_for("booking.add_service", role_id=role_id)
    return page(
        "service",
        role_id,
        "services",
        422 if errors else 200,
        title=say("Change a visit reason") if service_id else say("Add a visit reason"),
        action=url_for("booking.change_service", role_id=role_id, service_id=service_id) if service_id else add,
        back=url_for("booking.services", role_id=role_id),
        typed=typed,
        errors=errors,
        ways=way_options(),
        currency=directory.organisation(directory.role(role_id).organisation_id).currency,
    )


def _typed(reader: Reader) -> Mapping[str, object]:
    names = {match[1]: value for key, value in request.form.items() if (match := _NAME.fullmatch(key))}
    return {**{name: reader.values.get(name, "") for name in PLAIN}, **{flag: reader.given(flag) for flag in FLAGS}, "names": names}


def _empty() -> Mapping[str, object]:
    numbers = {"minutes": "20", "buffer_before": "0", "buffer_after": "0", "notice": "60", "horizon": "60", "cancel_hours": "4", "position": "0"}
    return {**dict.fromkeys(PLAIN, ""), **numbers, **dict.fromkeys(FLAGS, True), "names": {}}


def _typed_of(row: ServiceRow) -> Mapping[str, object]:
    return {
        "names": row.name,
        "minutes": row.minutes,
        "modality": row.modality,
        "price": _plain(row.price_minor, row.currency),
        "act_codes": " ".join(row.act_codes),
        "buffer_before": row.buffer_before,
        "buffer_after": row.buffer_after,
        "notice": row.notice_minutes,
        "horizon": row.horizon_days,
        "cancel_hours": row.cancel_until_minutes // 60,
        "no_show_fee": "" if row.no_show_fee_minor is None else _plain(row.no_show_fee_minor, row.currency),
        "position": row.position,
        **{flag: getattr(row, flag) for flag in FLAGS},
    }


def _plain(minor: int, currency: str) -> str:
    decimals = get_currency_precision(currency)
    pattern = "0." + "0" * decimals if decimals else "0"
    return str(format_decimal(Decimal(minor).scaleb(-decimals), pattern, locale=i18n.locale()))


def _table(role_id: str, rows: Sequence[ServiceRow]) -> Mapping[str, object]:
    labels = (say("Reason"), say("Length"), say("How"), say("Price"), say("State"))
    cells: list[list[object]] = [
        [
            {"text": i18n.localised(row.name), "href": url_for("booking.service", role_id=role_id, service_id=row.id)},
            words(say("%(minutes)s minutes", minutes=row.minutes)),
            way(row.modality)["label"],
            i18n.money(Money(row.price_minor, row.currency)),
            {"text": words(say("bookable")), "state": "done"} if row.active else {"text": words(say("closed")), "state": "plain"},
        ]
        for row in rows
    ]
    return {
        "caption": words(say("Visit reasons")),
        "columns": [{"label": words(label)} for label in labels],
        "rows": cells,
        "empty": words(say("No visit reason yet: nobody can book. Add the first one.")),
    }
