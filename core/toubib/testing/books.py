"""Books against papers, for tests: what was earned has its invoices, what was given up its credit notes, to the cent."""

from sqlmodel import col, select

from toubib.db import session
from toubib.db.tables.money import Invoice, MoneyDue
from toubib.services import credit_notes, invoices, ledger


def papers_and_books() -> dict[str, tuple[int, int]]:
    """For each due whose amount is final: what its papers say in all, and what the ledger says was earned. Inside a unit of work."""
    final = select(MoneyDue.id).where(col(MoneyDue.amount_minor).is_not(None))
    return {due_id: (_on_paper(due_id), ledger.earned(due_id)) for due_id in session().exec(final).all()}


def differences() -> dict[str, tuple[int, int]]:
    """Those of `papers_and_books` that differ: none in a house where every cent has its paper."""
    return {due_id: sums for due_id, sums in papers_and_books().items() if sums[0] != sums[1]}


def _on_paper(due_id: str) -> int:
    issued = session().exec(select(Invoice.id).where(Invoice.due_id == due_id)).all()
    asked = sum(invoices.as_document_model(invoice_id).content.due.minor for invoice_id in issued)
    return asked - sum(credit_notes.as_document_model(note).amount.minor for i in issued for note in credit_notes.of_invoice(i))
