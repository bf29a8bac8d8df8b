"""Invoices: numbers without a gap whoever comes first, and content that stays as it was."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest
from sqlalchemy.exc import DBAPIError
from sqlmodel import select

from toubib.contracts.common import Money
from toubib.db import database, session, vault
from toubib.db.tables.journey import Encounter
from toubib.db.tables.machinery import AuditEvent
from toubib.db.tables.money import ChargeItem, Invoice
from toubib.seams import clock
from toubib.services import dues, invoices, payments, people
from toubib.services.invoices import InvoiceDocument
from toubib.services.numbering import next_number
from toubib.testing.practices import practice
from toubib.testing.tills import Till

THREADS = 12


def numbers() -> list[str]:
    with database().reading():
        return sorted(session().exec(select(Invoice.number)))


def document(invoice_id: str) -> InvoiceDocument:
    with database().reading():
        return invoices.as_document_model(invoice_id)


@pytest.mark.feature("PAY-07:a", "PAY-07:b")
def test_an_invoice_says_who_what_how_much_and_what_was_paid(till: Till) -> None:
    with database().unit_of_work():
        people.set_traits(till.person_id, people.Traits("Martin", "Alix", None, "female", "0100000000"))
    due = till.final_due(2500, 500)
    invoice = till.order(invoices.issue, due)
    seen = document(invoice)
    content = seen.content
    assert (seen.number, content.issuer.name, content.customer.name, content.performer.name) == ("2026-000001", "Practice praxis", "Alix Martin", "Dr Praxis")
    assert [(line.code, line.text, line.amount) for line in content.lines] == [("C0", "Act 0", Money(2500, "EUR")), ("C1", "Act 1", Money(500, "EUR"))]
    assert (content.total, content.patient, content.due, content.schema) == (Money(3000, "EUR"), Money(3000, "EUR"), Money(3000, "EUR"), 2)
    assert (seen.payments, seen.paid, seen.open, seen.receipted) == ((), Money(0, "EUR"), Money(3000, "EUR"), False)
    till.secured(due)
    till.work()
    paid = document(invoice)
    assert [(p.provider.key, p.amount) for p in paid.payments] == [("Card (in memory)", Money(3000, "EUR"))]
    assert (paid.open, paid.receipted, paid.content) == (Money(0, "EUR"), True, content)


def test_a_refund_stands_on_the_invoice_and_leaves_nothing_open(till: Till) -> None:
    due = till.final_due(2500)
    invoice = till.order(invoices.issue, due)
    attempt = till.secured(due)
    till.work()
    till.clock.advance(timedelta(minutes=1))
    payments.execute(till.order(payments.order_refund, attempt, 1000, "goodwill"))
    seen = document(invoice)
    assert ([p.amount.minor for p in seen.payments], seen.paid.minor, seen.open.minor) == ([2500, -1000], 1500, 0)


def test_an_invoice_keeps_what_it_said(till: Till) -> None:
    due = till.final_due(2500)
    invoice = till.order(invoices.issue, due)
    before = document(invoice)
    with database().unit_of_work() as writing:
        for act in writing.exec(select(ChargeItem)):
            act.charged_minor, act.label = 1, "changed"
        people.set_traits(till.person_id, people.Traits("Other", "Name"))
    assert document(invoice) == before
    assert till.order(invoices.issue, due) == invoice


def test_the_content_is_sealed_and_its_reading_is_audited(till: Till) -> None:
    invoice = till.order(invoices.issue, till.final_due(2500))
    with database().reading() as reading:
        row = reading.get_one(Invoice, invoice)
        assert row.content is not None
        assert b"Practice" not in row.content
        assert "Practice" in vault().read(row, "content")
    document(invoice)
    with database().reading() as reading:
        assert [e.action for e in reading.exec(select(AuditEvent).where(AuditEvent.object_kind == "invoice"))] == ["invoice.issued", "read"]


def test_only_a_final_amount_of_a_visit_is_invoiced(till: Till) -> None:
    for due in (till.due(), dues_of_a_visit_without_amount(till)):
        with pytest.raises(invoices.NotInvoiceable):
            till.order(invoices.issue, due)
    assert numbers() == []


def dues_of_a_visit_without_amount(till: Till) -> str:
    with database().unit_of_work():
        return dues.open_due(till.organisation_id, till_visit(till), "test", till.person_id, "EUR", 9000)


def till_visit(till: Till) -> str:
    row = Encounter(organisation_id=till.organisation_id, journey="booked", locale="fr", person_id=till.person_id)
    session().add(row)
    session().flush()
    return row.id


def test_numbers_have_no_gap_when_many_are_issued_at_once_and_some_fail(till: Till) -> None:
    made = [till.final_due(100 + n) for n in range(THREADS)]
    barrier = Barrier(THREADS)

    def issue(position: int) -> str:
        barrier.wait()
        with suppress(ZeroDivisionError), database().unit_of_work():
            invoice = invoices.issue(made[position])
            return invoice if 1 // (position % 3) >= 0 else ""
        return ""

    with ThreadPoolExecutor(THREADS) as threads:
        issued = [i for i in threads.map(issue, range(THREADS)) if i]
    assert numbers() == [f"2026-{n:06d}" for n in range(1, len(issued) + 1)]
    assert len(issued) == THREADS - THREADS // 3


def test_each_organisation_and_each_of_its_years_counts_from_one(till: Till) -> None:
    till.clock.advance(datetime(2026, 12, 31, 22, 59, tzinfo=UTC) - clock.now())
    first = [till.order(invoices.issue, till.final_due(100)) for _ in range(2)]
    till.clock.advance(timedelta(minutes=2))
    second = till.order(invoices.issue, till.final_due(100))
    assert [document(i).number for i in (*first, second)] == ["2026-000001", "2026-000002", "2027-000001"]
    with database().unit_of_work():
        assert next_number(Invoice, till.organisation_id) == "2027-000002"
        assert next_number(Invoice, practice("other").organisation_id) == "2027-000001"


def test_the_database_refuses_a_number_twice(till: Till) -> None:
    till.order(invoices.issue, till.final_due(100))
    due = till.final_due(100)
    with database().reading():
        encounter = dues.read(due).encounter_id or ""
    twin = Invoice(organisation_id=till.organisation_id, encounter_id=encounter, due_id=due, number="2026-000001")
    with pytest.raises(DBAPIError), database().unit_of_work() as writing:
        writing.add(twin)
