"""One month's statement as rows for a page, and as a file: the same for the sponsor's desk and for whoever records its payments."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from babel.dates import format_date
from flask import Response, render_template

from toubib import i18n
from toubib.contracts.common import Message
from toubib_sponsor import statements
from toubib_sponsor.statements import Statement
from toubib_sponsor.texts import say, words

FILES = ("csv", "pdf")
CSS = "@page { size: A4; margin: 2cm } body { font-family: sans-serif; font-size: 10pt } table { width: 100%; border-collapse: collapse }"
CSS += " th, td { text-align: left; padding: 4pt; border-bottom: 0.5pt solid #999 } .n { text-align: right }"


def of(found: Statement) -> dict[str, Any]:
    """Title, table of consultations, table of what arrived, and the sums."""
    return {
        "title": words(say("%(name)s, %(month)s", name=found.plan.name, month=found.month)),
        "table": _consultations(found),
        "arrived": _arrived(found),
        "total": i18n.money(found.total),
        "received": i18n.money(found.received),
        "open": i18n.money(found.open),
    }


def file(found: Statement, sheet: Mapping[str, Any], kind: str) -> Response:
    """The month as CSV or PDF. Outside any unit of work."""
    name = f"{found.plan.key}-{found.month}.{kind}"
    if kind == "csv":
        return _sent(statements.as_csv(found).encode(), "text/csv; charset=utf-8", name)
    from toubib.services import pdf

    return _sent(pdf.render(render_template("sponsor/statement_pdf.html", **sheet), CSS), "application/pdf", name)


def _sent(content: bytes, kind: str, filename: str) -> Response:
    return Response(content, content_type=kind, headers={"Content-Disposition": f'attachment; filename="{filename}"'})


def _consultations(found: Statement) -> dict[str, Any]:
    labels = (say("Reference"), say("Day"), say("Kind"), say("Amount"))
    rows = [[line.reference, day(line.on), words(line.kind), i18n.money(line.amount)] for line in found.lines]
    return _table(say("Settled consultations"), labels, rows, say("Nothing was settled in this month."))


def _arrived(found: Statement) -> dict[str, Any]:
    labels = (say("Bank reference"), say("Day"), say("Amount"))
    rows = [[paid.reference, day(paid.on), i18n.money(paid.amount)] for paid in found.arrived]
    return _table(say("Payments received"), labels, rows, say("No payment was recorded yet."))


def _table(caption: Message, labels: Sequence[Message], rows: Sequence[Sequence[str]], empty: Message) -> dict[str, Any]:
    columns = [{"label": words(label), "numeric": label is labels[-1]} for label in labels]
    return {"caption": words(caption), "columns": columns, "rows": rows, "empty": words(empty)}


def day(on: date) -> str:
    """A day in the reader's language."""
    return format_date(on, "medium", locale=i18n.locale())
