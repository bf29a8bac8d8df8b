"""Credit notes: the paper of invoiced money that was given up again. Numbered without a gap, beside the invoices, never changed.

What it says is the invoice's own content and one movement of the ledger; both are kept as they were, so it stores nothing more.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col, select

from toubib import runtime
from toubib.audit import trail
from toubib.contracts.common import Money, Ref
from toubib.db import session
from toubib.db.tables.money import CreditNote, Invoice, LedgerTransfer, MoneyDue
from toubib.services import invoices, ledger
from toubib.services.invoices import InvoiceDocument
from toubib.services.numbering import next_number

KIND = "credit_note"
PREFIX = "CN-"


@dataclass(frozen=True, slots=True)
class CreditNoteDocument:
    """A credit note for page and PDF: by `amount` the invoice is less than it was when issued."""

    id: str
    number: str
    issued_at: datetime
    amount: Money
    invoice: InvoiceDocument


def issue_missing(due_id: str) -> Sequence[str]:
    """Issue what is missing of a due's credit notes, in the open unit of work: one for each movement that gave up invoiced money.

    Returns the ids of the new ones; none while the due has no invoice. Call it late in the unit of work: the organisation's
    numbering is locked until it ends.
    """
    invoice = session().exec(select(Invoice).where(Invoice.due_id == due_id)).first()
    if invoice is None:
        return []
    known = select(CreditNote.transfer_id).where(CreditNote.invoice_id == invoice.id)
    moved = select(LedgerTransfer).where(LedgerTransfer.due_id == due_id, LedgerTransfer.why == ledger.GIVEN_UP)
    missing = moved.where(col(LedgerTransfer.id).not_in(known)).order_by(col(LedgerTransfer.at), LedgerTransfer.id)
    return [_issue(invoice, transfer) for transfer in session().exec(missing).all()]


def _issue(invoice: Invoice, transfer: LedgerTransfer) -> str:
    row = CreditNote(
        organisation_id=invoice.organisation_id,
        invoice_id=invoice.id,
        transfer_id=transfer.id,
        number=next_number(CreditNote, invoice.organisation_id, PREFIX),
    )
    session().add(row)
    session().flush()
    debtor = session().get_one(MoneyDue, invoice.due_id).debtor_person_id or ""
    trail.wrote("credit_note.issued", Ref(KIND, row.id), organisation_id=row.organisation_id, person_id=debtor)
    runtime.enqueue(invoices.PAPER_JOB, {KIND: row.id}, key=f"paper:{KIND}:{row.id}")
    return row.id


def of_invoice(invoice_id: str) -> Sequence[str]:
    """The ids of an invoice's credit notes, oldest first."""
    return session().exec(select(CreditNote.id).where(CreditNote.invoice_id == invoice_id).order_by(col(CreditNote.number))).all()


def as_document_model(credit_note_id: str) -> CreditNoteDocument:
    """A credit note as page and PDF show it. The reading is audited, as that of its invoice."""
    row = session().get_one(CreditNote, credit_note_id)
    moved = session().get_one(LedgerTransfer, row.transfer_id)
    invoice = invoices.as_document_model(row.invoice_id)
    trail.read(KIND, [row.id], organisation_id=row.organisation_id, person_id=invoice.person_id or "")
    return CreditNoteDocument(row.id, row.number, row.issued_at, Money(moved.amount_minor, moved.currency), invoice)
