"""Invoices: numbered without a gap per organisation and year, their content kept as it was on the day they were issued.

The content is versioned JSON, sealed; what was paid since is read from the ledger whenever the document is shown, so the same
invoice is also the receipt. Amounts are shown with why a payer takes its share; texts are messages, translated when shown.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter
from sqlmodel import col, select

from toubib import runtime
from toubib.audit import trail
from toubib.contracts.common import Message, Money, Ref
from toubib.contracts.country import Billed
from toubib.db import session, vault
from toubib.db.tables.agenda import Appointment
from toubib.db.tables.directory import Organisation
from toubib.db.tables.journey import Encounter
from toubib.db.tables.money import ChargeItem, Invoice, LedgerTransfer, MoneyDue, PaymentAttempt
from toubib.seams import clock
from toubib.services import countries, coverage, directory, dues, ledger, people
from toubib.services.numbering import next_number

SCHEMA = 2
PAPER_JOB = "toubib.make_invoice_paper"
FEE = Message("toubib", "Fee for a missed appointment")


class NotInvoiceable(Exception):
    """There is no encounter or no final amount to invoice, or the encounter has another invoice."""


@dataclass(frozen=True, slots=True)
class Party:
    """A side of the invoice: name, address lines, numbers it must bear as (name, value)."""

    name: str
    lines: tuple[str, ...] = ()
    identifiers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class InvoiceLine:
    """An act with its amount; `label` is the rules' sentence for it, `text` what the performer wrote."""

    code: str
    text: str
    label: Message | None
    qty: int
    amount: Money


@dataclass(frozen=True, slots=True)
class PayerShare:
    """What a payer takes, or (a deduction) keeps from what it takes; `rule` and `sentence` say why."""

    payer: Message
    amount: Money
    deduction: bool
    rule: str
    sentence: Message | None


@dataclass(frozen=True, slots=True)
class InvoiceContent:
    """An invoice as issued. `due` is asked of the customer; shares come back to them unless the payer pays the issuer.

    `mentions` are what the law of the issuer's country wants said. What was issued by schema 1 billed care and had none.
    """

    schema: int
    issuer: Party
    customer: Party
    performer: Party
    care_at: datetime
    zone: str
    lines: tuple[InvoiceLine, ...]
    total: Money
    shares: tuple[PayerShare, ...]
    patient: Money
    due: Money
    specimen: bool
    kind: Billed = Billed.CARE
    mentions: tuple[Message, ...] = ()


@dataclass(frozen=True, slots=True)
class PaymentLine:
    """Money that moved for the invoice: positive when paid, negative when given back. `notice` says e.g. that no card was charged."""

    provider: Message
    amount: Money
    at: datetime
    notice: Message | None = None


@dataclass(frozen=True, slots=True)
class InvoiceDocument:
    """An invoice with what was paid until now, for page and PDF. With nothing left open it is a receipt."""

    id: str
    number: str
    issued_at: datetime
    organisation_id: str
    encounter_id: str
    person_id: str | None
    content: InvoiceContent
    payments: tuple[PaymentLine, ...]
    paid: Money
    open: Money

    @property
    def receipted(self) -> bool:
        """Whether nothing is left to pay."""
        return self.open.minor <= 0


_CONTENT: TypeAdapter[InvoiceContent] = TypeAdapter(InvoiceContent)


def issue(due_id: str, kind: Billed = Billed.CARE) -> str:
    """Issue the invoice of a due whose amount is final, in the open unit of work; returns its id. Once per due.

    Call it late in the unit of work: the organisation's numbering is locked until it ends. Raises `NotInvoiceable`.
    """
    due = dues.locked(due_id)
    if due.encounter_id is None or due.amount_minor is None:
        raise NotInvoiceable("only the final amount of an encounter is invoiced")
    known = session().exec(select(Invoice).where(Invoice.encounter_id == due.encounter_id)).first()
    if known is not None:
        if known.due_id != due_id:
            raise NotInvoiceable("the encounter has an invoice already")
        return known.id
    content = (_missed if kind is Billed.MISSED else _care)(due, session().get_one(Encounter, due.encounter_id))
    number = next_number(Invoice, due.organisation_id)
    row = Invoice(organisation_id=due.organisation_id, encounter_id=due.encounter_id, due_id=due.id, number=number)
    vault().seal(row, "content", _CONTENT.dump_json(content).decode())
    session().add(row)
    session().flush()
    trail.wrote("invoice.issued", Ref("invoice", row.id), organisation_id=due.organisation_id, person_id=due.debtor_person_id or "")
    make_papers(due.id)
    return row.id


def _care(due: MoneyDue, encounter: Encounter) -> InvoiceContent:
    """What was done, and what payers take of it."""
    snapshot, answer = coverage.context(encounter.id), coverage.stored(encounter.id, "final")
    lines = _lines(encounter, answer)
    total = Money(sum(line.amount.minor for line in lines), due.currency)
    bare = _bare(due, encounter, Billed.CARE)
    patient = answer.patient if answer else total
    return replace(bare, care_at=snapshot.care_at, zone=snapshot.zone, lines=lines, total=total, shares=_shares(answer), patient=patient)


def _missed(due: MoneyDue, encounter: Encounter) -> InvoiceContent:
    """The fee of a booked visit whose patient did not come: no act, and no payer."""
    bare = _bare(due, encounter, Billed.MISSED)
    booked = session().exec(select(Appointment).where(Appointment.encounter_id == encounter.id)).one()
    return replace(bare, care_at=booked.starts_at, zone=booked.zone, lines=(InvoiceLine("", "", FEE, 1, bare.due),))


def _bare(due: MoneyDue, encounter: Encounter, kind: Billed) -> InvoiceContent:
    """What every invoice says: who asks whom for how much, and what the law wants said."""
    card = directory.role(encounter.practitioner_role_id or "")
    organisation = directory.organisation(card.organisation_id)
    amount, now = Money(due.amount_minor or 0, due.currency), clock.now()
    return InvoiceContent(
        schema=SCHEMA,
        issuer=_issuer(card, organisation),
        customer=Party(people.traits(due.debtor_person_id).name if due.debtor_person_id else ""),
        performer=Party(card.signature, (), ((card.registry_key, card.registry_number),) if card.registry_number else ()),
        care_at=now,
        zone=organisation.zone,
        lines=(),
        total=amount,
        shares=(),
        patient=amount,
        due=amount,
        specimen=runtime.current().settings.demo,
        kind=kind,
        mentions=tuple(countries.invoice_mentions(organisation.country, kind, now.astimezone(ZoneInfo(organisation.zone)).date())),
    )


def _issuer(card: directory.RoleCard, organisation: Organisation) -> Party:
    lines = (card.street, f"{card.postcode} {card.city}".strip(), card.phone)
    return Party(organisation.name, tuple(line for line in lines if line), tuple((k, str(v)) for k, v in organisation.identifiers.items()))


def _lines(encounter: Encounter, answer: coverage.Estimate | None) -> tuple[InvoiceLine, ...]:
    labels = {line.code: line.label for quote in (answer.quotes if answer else ()) for line in quote.lines}
    stated = session().exec(select(ChargeItem).where(ChargeItem.encounter_id == encounter.id)).all()
    return tuple(InvoiceLine(c.code, c.label, labels.get(c.code), c.qty, Money(c.charged_minor * c.qty, c.currency)) for c in stated)


def _shares(answer: coverage.Estimate | None) -> tuple[PayerShare, ...]:
    return tuple(
        PayerShare(
            s.payer_label,
            s.amount,
            s.deduction,
            s.why[0].rule if s.why else "",
            s.why[0].sentence if s.why else None,
        )
        for s in (answer.shares if answer else ())
    )


def of_encounter(encounter_id: str) -> str | None:
    """The id of an encounter's invoice, if there is one."""
    return session().exec(select(Invoice.id).where(Invoice.encounter_id == encounter_id)).first()


def as_document_model(invoice_id: str) -> InvoiceDocument:
    """An invoice as page and PDF show it, with the payments until now. The reading is audited."""
    row = session().get_one(Invoice, invoice_id)
    due = session().get_one(MoneyDue, row.due_id)
    content = _CONTENT.validate_json(vault().read(row, "content"))
    trail.read("invoice", [row.id], organisation_id=row.organisation_id, person_id=due.debtor_person_id or "")
    payments = _payments(due)
    paid = Money(sum(p.amount.minor for p in payments), due.currency)
    return InvoiceDocument(
        id=row.id,
        number=row.number,
        issued_at=row.issued_at,
        organisation_id=row.organisation_id,
        encounter_id=row.encounter_id,
        person_id=due.debtor_person_id,
        content=content,
        payments=tuple(payments),
        paid=paid,
        open=content.due - paid - Money(ledger.given_up(due.id), due.currency),
    )


def _payments(due: MoneyDue) -> Sequence[PaymentLine]:
    """Every capture and refund of the due, oldest first, as the ledger has them."""
    query = (
        select(LedgerTransfer, PaymentAttempt.provider)
        .join(PaymentAttempt, col(PaymentAttempt.id) == LedgerTransfer.attempt_id)
        .where(LedgerTransfer.due_id == due.id, col(LedgerTransfer.why).in_(("capture", "refund")))
        .order_by(col(LedgerTransfer.at), LedgerTransfer.id)
    )
    return [
        PaymentLine(_title(provider), Money(t.amount_minor if t.why == "capture" else -t.amount_minor, t.currency), t.at, _notice(provider))
        for t, provider in session().exec(query)
    ]


def _title(provider: str) -> Message:
    loaded = runtime.current().registry.payments.get(provider)
    return loaded.title if loaded else Message("toubib", "Card or transfer")


def _notice(provider: str) -> Message | None:
    loaded = runtime.current().registry.payments.get(provider)
    return loaded.notice() if loaded else None


def make_papers(due_id: str) -> None:
    """Order the papers of a due's invoice that can be made now: the invoice, and the receipt once the due is settled."""
    found = session().exec(select(Invoice.id, MoneyDue.status).where(Invoice.due_id == MoneyDue.id, MoneyDue.id == due_id)).first()
    if found is not None:
        invoice_id, status = found
        for kind in ("invoice", "receipt") if status == "settled" else ("invoice",):
            runtime.enqueue(PAPER_JOB, {"invoice": invoice_id, "kind": kind}, key=f"paper:{kind}:{invoice_id}")
