"""Invoice and receipt as PDF: made once, in the patient's language, with the sentences of honesty."""

import io
from dataclasses import replace

import pytest
from pypdf import PdfReader

from toubib.contracts.common import Message, Money
from toubib.db import database
from toubib.services import documents, invoices, papers
from toubib.services.invoices import InvoiceDocument, PayerShare
from toubib.services.papers import Paper
from toubib.testing.doubles.payment import use_memory_payments
from toubib.testing.tills import Till


def kept(encounter: str) -> dict[str, str]:
    """The papers of a visit, by kind, as text."""
    with database().reading():
        return {card.kind: text_of(card.id) for card in documents.of_encounter(encounter)}


def text_of(document_id: str) -> str:
    row, content = documents.content(document_id)
    assert (row.media_type, content[:5]) == ("application/pdf", b"%PDF-")
    return " ".join(" ".join(page.extract_text().split()) for page in PdfReader(io.BytesIO(content)).pages).replace("\u00a0", " ")


def document(invoice_id: str) -> InvoiceDocument:
    with database().reading():
        return invoices.as_document_model(invoice_id)


@pytest.mark.feature("PAY-07:a", "PAY-07:b")
def test_the_invoice_is_made_when_issued_and_the_receipt_when_paid(till: Till) -> None:
    due = till.final_due(2500, 500)
    invoice = till.order(invoices.issue, due)
    till.work()
    encounter = document(invoice).encounter_id
    first = kept(encounter)
    assert set(first) == {"invoice"}
    for expected in ("2026-000001", "Practice praxis", "Act 0 (C0)", "30,00 €"):
        assert expected in first["invoice"]
    assert "Card (in memory)" not in first["invoice"]
    till.secured(due)
    till.work()
    till.work(minutes=5)
    papers.make({"invoice": invoice, "kind": "invoice"})
    both = kept(encounter)
    assert set(both) == {"invoice", "receipt"}
    assert both["invoice"] == first["invoice"]
    for expected in ("2026-000001", "Card (in memory)", "30,00 €", "0,00 €", "A double in memory: no card is charged."):
        assert expected in both["receipt"]
    with database().reading():
        assert len(documents.of_encounter(encounter)) == 2


def test_demonstration_data_say_specimen(till: Till) -> None:
    use_memory_payments(replace(till.toubib, settings=till.toubib.settings.model_copy(update={"demo": True})), till.provider)
    invoice = till.order(invoices.issue, till.final_due(2500))
    till.work()
    assert "SPECIMEN" in kept(document(invoice).encounter_id)["invoice"]


def test_what_comes_back_is_said_to_be_information_only(till: Till) -> None:
    seen = document(till.order(invoices.issue, till.final_due(2500)))
    share = PayerShare(Message("toubib", "Your fund"), Money(1650, "EUR"), deduction=False, rule="r", sentence=Message("toubib", "It pays 70 %%."))
    page = papers.html(Paper("invoice", replace(seen, content=replace(seen.content, shares=(share,)))), "en")
    for expected in ("Your fund", "It pays 70 %.", "€16.50", "(information only)", "This paper is no claim form."):
        assert expected in page
    assert "<script" not in page


def test_names_cannot_become_markup(till: Till) -> None:
    seen = document(till.order(invoices.issue, till.final_due(2500)))
    page = papers.html(Paper("invoice", replace(seen, content=replace(seen.content, customer=invoices.Party("<b>X</b>")))), "en")
    assert "&lt;b&gt;X&lt;/b&gt;" in page
    assert "<b>X</b>" not in page


def test_a_paper_loads_nothing_from_outside() -> None:
    from toubib.services.pdf import PackedOnly

    for url in ("https://example.test/font.woff2", "file:///etc/hostname", "packed:../keys.json", "packed:a/b.woff2"):
        with pytest.raises((ValueError, OSError)):
            PackedOnly().fetch(url)
