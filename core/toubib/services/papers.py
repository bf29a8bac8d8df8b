"""Invoice and receipt as PDF: made by a job after the commit, kept among the documents of the visit.

The invoice is made when it is issued, the receipt once nothing is left to pay. Each is made once.
"""

from collections.abc import Mapping
from datetime import timedelta
from functools import cache
from importlib import resources
from importlib.util import find_spec
from typing import Any

import structlog
from jinja2 import Environment, PackageLoader, StrictUndefined
from sqlmodel import select

from toubib import i18n, runtime
from toubib.contracts.common import Message, Money
from toubib.contracts.jobs import Job, Payload
from toubib.db import database, session
from toubib.db.tables.journey import Encounter
from toubib.db.tables.prescriptions import Document
from toubib.services import documents, invoices
from toubib.services.invoices import InvoiceDocument, InvoiceLine, PayerShare, PaymentLine

log = structlog.get_logger("toubib.papers")
FOLDER = "toubib/papers"


def make(payload: Payload) -> None:
    """Job: make the PDF of an invoice (`kind` is `invoice` or `receipt`) and keep it. Without WeasyPrint there is only the page."""
    if find_spec("weasyprint") is None:
        log.warning("no paper is made: the extra `documents` is not installed")
        return
    kind = str(payload["kind"])
    with database().reading() as reading:
        invoice = invoices.as_document_model(str(payload["invoice"]))
        language = reading.get_one(Encounter, invoice.encounter_id).locale
        known = _known(invoice, kind)
    if known or invoice.person_id is None:
        return
    from toubib.services import pdf

    content = pdf.render(html(invoice, kind, language), _style())
    _keep(invoice, kind, content)


def _known(invoice: InvoiceDocument, kind: str) -> bool:
    query = select(Document.id).where(Document.encounter_id == invoice.encounter_id, Document.kind == kind)
    return session().exec(query).first() is not None


def _keep(invoice: InvoiceDocument, kind: str, content: bytes) -> None:
    blob = documents.write_blob(content)
    with database().unit_of_work():
        if not _known(invoice, kind):
            documents.keep(
                blob,
                content,
                organisation_id=invoice.organisation_id,
                person_id=invoice.person_id or "",
                encounter_id=invoice.encounter_id,
                kind=kind,
                filename=f"{kind}-{invoice.number}.pdf",
                media_type="application/pdf",
            )


def html(invoice: InvoiceDocument, kind: str, language: str) -> str:
    """The paper as a page in a language: what the PDF is made from."""
    words = Words(language, invoice.content.zone)
    return _environment().get_template(f"{FOLDER}/invoice.html").render(_context(invoice, kind, words), _=words.gettext)


class Words:
    """Says texts, amounts and dates in the paper's language."""

    def __init__(self, language: str, zone: str) -> None:
        self.language, self.zone = language, zone

    def gettext(self, key: str, **params: object) -> str:
        """A text of the core."""
        return runtime.current().catalogues.gettext(i18n.CORE, key, self.language) % params

    def message(self, message: Message | None) -> str:
        """A message of any part; "" for none."""
        return runtime.current().catalogues.render(message, self.language, self.zone) if message else ""

    def money(self, amount: Money) -> str:
        """An amount."""
        return i18n.money(amount, self.language)


def _context(invoice: InvoiceDocument, kind: str, words: Words) -> Mapping[str, Any]:
    _, content = words.gettext, invoice.content
    return {
        "language": words.language,
        "title": _("Receipt") if kind == "receipt" else _("Invoice"),
        "specimen": content.specimen,
        "issuer": content.issuer,
        "customer": content.customer,
        "performer": content.performer,
        "number": invoice.number,
        "issued": i18n.day(invoice.issued_at, content.zone, words.language),
        "care": i18n.day(content.care_at, content.zone, words.language),
        "lines": [_line(line, words) for line in content.lines],
        "total": words.money(content.total),
        "due": words.money(content.due),
        "payments": [_payment(payment, words) for payment in invoice.payments],
        "notices": dict.fromkeys(words.message(p.notice) for p in invoice.payments if p.notice),
        "open": words.money(invoice.open),
        "shares": [_share(share, words) for share in content.shares if share.amount.minor],
    }


def _line(line: InvoiceLine, words: Words) -> Mapping[str, str]:
    named = line.text or words.message(line.label) or words.gettext("Consultation")
    parts = (named, f"× {line.qty}" if line.qty > 1 else "", f"({line.code})" if line.code else "")
    return {"text": " ".join(part for part in parts if part), "amount": words.money(line.amount)}


def _payment(payment: PaymentLine, words: Words) -> Mapping[str, str]:
    day = i18n.day(payment.at, words.zone, words.language)
    text = words.gettext("Given back on %(date)s", date=day) if payment.amount.minor < 0 else words.gettext("Paid on %(date)s", date=day)
    return {"text": f"{text} · {words.message(payment.provider)}", "amount": words.money(payment.amount)}


def _share(share: PayerShare, words: Words) -> Mapping[str, str]:
    return {"text": words.message(share.payer), "why": words.message(share.sentence), "amount": words.money(share.amount)}


def _style() -> str:
    return resources.files("toubib").joinpath("templates", *FOLDER.split("/"), "invoice.css").read_text("utf-8")


@cache
def _environment() -> Environment:
    loader = PackageLoader("toubib", "templates")
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)


JOBS: tuple[Job, ...] = (Job(invoices.PAPER_JOB, make, max_attempts=6, backoff=timedelta(seconds=5), timeout=timedelta(seconds=120)),)
"""The job of papers, to be registered with the core's."""
