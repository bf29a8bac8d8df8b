"""Every cent has its paper: fees for missed visits are invoiced, and whatever is given up of an invoice has a credit note, once."""

import io
from pathlib import Path

import pytest
from pypdf import PdfReader
from sqlmodel import select

from toubib.contracts.common import Money
from toubib.contracts.country import Billed
from toubib.db import database, session
from toubib.db.states import move
from toubib.db.tables.agenda import Appointment
from toubib.db.tables.machinery import AuditEvent
from toubib.db.tables.money import CreditNote
from toubib.services import credit_notes, documents, dues, invoices, payments
from toubib.services.credit_notes import CreditNoteDocument
from toubib.testing import books
from toubib.testing.doubles.payment import NAME
from toubib.testing.tills import Till


def notes() -> list[CreditNoteDocument]:
    with database().reading():
        return [credit_notes.as_document_model(i) for i in session().exec(select(CreditNote.id).order_by(CreditNote.number))]


def on_paper() -> list[tuple[int, int]]:
    with database().reading():
        return list(books.papers_and_books().values())


def paid(till: Till, minor: int = 2500) -> tuple[str, str]:
    """A settled consultation: its due and the attempt that paid it."""
    due = till.visit_due(minor)
    attempt = till.secured(due)
    assert till.bill(due, minor)
    return due, attempt


def refund(till: Till, attempt: str, minor: int, why: str) -> None:
    payments.execute(till.order(payments.order_refund, attempt, minor, why))


def printed(due: str) -> dict[str, str]:
    """The papers of a due's visit as text, by file name."""
    found = {}
    with database().reading():
        for card in documents.of_encounter(dues.read(due).encounter_id or ""):
            pages = PdfReader(io.BytesIO(documents.content(card.id)[1])).pages
            found[card.filename] = " ".join(" ".join(page.extract_text().split()) for page in pages).replace("\u00a0", " ")
    return found


@pytest.mark.feature("PAY-07:a")
def test_each_refund_of_invoiced_money_has_a_numbered_credit_note_of_its_own(till: Till) -> None:
    due, attempt = paid(till)
    assert (notes(), on_paper()) == ([], [(2500, 2500)])
    refund(till, attempt, 1000, "goodwill")
    refund(till, attempt, 500, "error")
    assert [(n.number, n.amount, n.invoice.number) for n in notes()] == [
        ("CN-2026-000001", Money(1000, "EUR"), "2026-000001"),
        ("CN-2026-000002", Money(500, "EUR"), "2026-000001"),
    ]
    assert on_paper() == [(1000, 1000)]
    till.work()
    found = printed(due)
    assert {"credit_note-CN-2026-000001.pdf", "credit_note-CN-2026-000002.pdf"} <= set(found)
    for expected in ("Avoir", "CN-2026-000001", "facture 2026-000001", "Practice praxis", "10,00 €"):
        assert expected in found["credit_note-CN-2026-000001.pdf"]


def test_news_that_come_twice_make_no_second_credit_note(till: Till) -> None:
    due, attempt = paid(till)
    refund(till, attempt, 1000, "goodwill")
    for headers, body in till.provider.sent * 2:
        assert payments.receive(NAME, headers, body) == 200
    till.work(10)
    payments.look(attempt)
    assert till.order(credit_notes.issue_missing, due) == []
    assert len(notes()) == 1


def test_a_whole_refund_leaves_nothing_on_paper(till: Till) -> None:
    due, _ = paid(till)
    payments.execute_all(till.order(payments.release, due, "practitioner_absent"))
    assert ([n.amount.minor for n in notes()], on_paper(), till.status(due)) == ([2500], [(0, 0)], "refunded")


def test_what_was_paid_too_much_or_never_earned_needs_no_credit_note(till: Till) -> None:
    cancelled, held = till.visit_due(2500), till.visit_due(2500)
    till.secured(cancelled)
    payments.execute_all(till.order(payments.release, cancelled))
    till.secured(held)
    assert till.bill(held, 1500)
    till.work()
    assert (notes(), on_paper()) == ([], [(1500, 1500)])


@pytest.mark.feature("PAY-07:a", "PAY-07:b")
def test_a_missed_visit_has_an_invoice_that_says_what_it_is(till: Till) -> None:
    due = till.visit_due(6000)
    till.secured(due)
    with database().unit_of_work():
        move("appointment", session().exec(select(Appointment)).one(), "booked")
        session().flush()
        move("appointment", session().exec(select(Appointment)).one(), "noshow")
    assert till.bill(due, 1500, Billed.MISSED)
    till.work()
    assert on_paper() == [(1500, 1500)]
    found = printed(due)
    for expected in ("Facture pour rendez-vous non honoré", "2026-000001", "Indemnité pour rendez-vous non honoré", "15,00 €"):
        assert expected in found["invoice-2026-000001.pdf"]
    for absent in ("Consultation", "Act 0", "60,00"):
        assert absent not in found["invoice-2026-000001.pdf"]
    assert "Reçu" in found["receipt-2026-000001.pdf"]


def test_issuing_and_reading_stand_in_the_trail(till: Till) -> None:
    _, attempt = paid(till)
    refund(till, attempt, 1000, "goodwill")
    assert len(notes()) == 1
    with database().reading() as reading:
        found = reading.exec(select(AuditEvent).where(AuditEvent.object_kind == "credit_note")).all()
    assert [(e.action, e.person_id) for e in found] == [("credit_note.issued", till.person_id), ("read", till.person_id)]


def test_an_amount_becomes_final_in_one_place_only() -> None:
    """Whoever makes an amount final without billing it would take money that has no paper."""
    root = Path(invoices.__file__).parents[2]
    callers = {path.name for path in [*root.rglob("toubib/**/*.py"), *root.parent.glob("plugins/*/toubib_*/**/*.py")] if "set_final(" in path.read_text()}
    assert callers == {"dues.py", "billing.py", "tills.py"}
