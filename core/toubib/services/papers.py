"""Invoice, receipt and credit note as PDF: made by a job after the commit, kept among the documents of the visit.

The invoice is made when it is issued, the receipt once nothing is left to pay, a credit note whenever invoiced money was given up.
Each is made once.
"""

from collections.abc import Mapping
from dataclasses import dataclass
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
from toubib.contracts.country import Billed
from toubib.contracts.jobs import Job, Payload
from toubib.db import database, session
from toubib.db.tables.journey import Encounter
from toubib.db.tables.prescriptions import Document
from toubib.services import credit_notes, documents, invoices
from toubib.services.credit_notes import CreditNoteDocument
from toubib.services.invoices import InvoiceContent, InvoiceDocument, InvoiceLine, PayerShare, PaymentLine

log = structlog.get_logger("toubib.papers")
FOLDER = "toubib/papers"


@dataclass(frozen=True, slots=True)
class Paper:
    """What is to be printed: an invoice as it was issued (`kind` is `invoice` or `receipt`), or a credit note to it."""

    kind: str
    invoice: InvoiceDocument
    credit: CreditNoteDocument | None = None

    @property
    def filename(self) -> str:
        """The file's name, which tells papers of one visit apart."""
        return f"{self.kind}-{self.credit.number if self.credit else self.invoice.number}.pdf"


def make(payload: Payload) -> None:
    """Job: make one PDF and keep it: `{invoice, kind}` or `{credit_note}`. Without WeasyPrint there is only the page."""
    if find_spec("weasyprint") is None:
        log.warning("no paper is made: the extra `documents` is not installed")
        return
    with database().reading() as reading:
        paper = _paper(payload)
        language = reading.get_one(Encounter, paper.invoice.encounter_id).locale
        known = _known(paper)
    if known or paper.invoice.person_id is None:
        return
    from toubib.services import pdf

    _keep(paper, pdf.render(html(paper, language), _style()))


def _paper(payload: Payload) -> Paper:
    if credit_notes.KIND in payload:
        credit = credit_notes.as_document_model(str(payload[credit_notes.KIND]))
        return Paper(credit_notes.KIND, credit.invoice, credit)
    return Paper(str(payload["kind"]), invoices.as_document_model(str(payload["invoice"])))


def _known(paper: Paper) -> bool:
    query = select(Document.id).where(Document.encounter_id == paper.invoice.encounter_id, Document.kind == paper.kind)
    return session().exec(query.where(Document.filename == paper.filename)).first() is not None


def _keep(paper: Paper, content: bytes) -> None:
    blob = documents.write_blob(content)
    with database().unit_of_work():
        if not _known(paper):
            documents.keep(
                blob,
                content,
                organisation_id=paper.invoice.organisation_id,
                person_id=paper.invoice.person_id or "",
                encounter_id=paper.invoice.encounter_id,
                kind=paper.kind,
                filename=paper.filename,
                media_type="application/pdf",
            )


def html(paper: Paper, language: str) -> str:
    """The paper as a page in a language: what the PDF is made from."""
    words = Words(language, paper.invoice.content.zone)
    shown = _head(paper, words) | (_credit(paper.credit, words) if paper.credit else _invoice(paper.invoice, words))
    template = "credit_note" if paper.credit else "invoice"
    return _environment().get_template(f"{FOLDER}/{template}.html").render(shown, _=words.gettext)


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


def _head(paper: Paper, words: Words) -> dict[str, Any]:
    content, written = paper.invoice.content, paper.credit or paper.invoice
    return {
        "language": words.language,
        "title": _title(paper, words),
        "specimen": content.specimen,
        "issuer": content.issuer,
        "customer": content.customer,
        "performer": content.performer,
        "number": written.number,
        "issued": i18n.day(written.issued_at, content.zone, words.language),
        "subject": _subject(content, words),
        "mentions": [words.message(mention) for mention in content.mentions],
    }


def _title(paper: Paper, words: Words) -> str:
    _ = words.gettext
    if paper.kind == "receipt":
        return _("Receipt")
    if paper.credit:
        return _("Credit note")
    return _("Invoice for a missed appointment") if paper.invoice.content.kind is Billed.MISSED else _("Invoice")


def _subject(content: InvoiceContent, words: Words) -> str:
    _, day = words.gettext, i18n.day(content.care_at, content.zone, words.language)
    if content.kind is Billed.MISSED:
        return _("Missed appointment of %(date)s with %(name)s", date=day, name=content.performer.name)
    return _("Consultation of %(date)s with %(name)s", date=day, name=content.performer.name)


def _invoice(invoice: InvoiceDocument, words: Words) -> dict[str, Any]:
    content = invoice.content
    return {
        "missed": content.kind is Billed.MISSED,
        "lines": [_line(line, words) for line in content.lines],
        "total": words.money(content.total),
        "due": words.money(content.due),
        "payments": [_payment(payment, words) for payment in invoice.payments],
        "notices": dict.fromkeys(words.message(p.notice) for p in invoice.payments if p.notice),
        "open": words.money(invoice.open),
        "shares": [_share(s, words) for s in sorted(content.shares, key=lambda s: s.deduction) if s.amount.minor],
    }


def _credit(credit: CreditNoteDocument, words: Words) -> dict[str, Any]:
    zone = credit.invoice.content.zone
    return {
        "invoice_number": credit.invoice.number,
        "invoice_issued": i18n.day(credit.invoice.issued_at, zone, words.language),
        "amount": words.money(credit.amount),
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
    payer = words.message(share.payer)
    text = words.gettext("Already taken off above: %(what)s", what=payer) if share.deduction else payer
    return {"text": text, "why": words.message(share.sentence), "amount": words.money(share.amount)}


def _style() -> str:
    return resources.files("toubib").joinpath("templates", *FOLDER.split("/"), "invoice.css").read_text("utf-8")


@cache
def _environment() -> Environment:
    loader = PackageLoader("toubib", "templates")
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)


JOBS: tuple[Job, ...] = (Job(invoices.PAPER_JOB, make, max_attempts=6, backoff=timedelta(seconds=5), timeout=timedelta(seconds=120)),)
"""The job of papers, to be registered with the core's."""
