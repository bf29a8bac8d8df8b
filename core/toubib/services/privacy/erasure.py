"""Erasure: what may go is blanked or deleted, what the law keeps stays and is named with its reason.

Rows stay where they are, so that ledger, invoices and the chain of the trail hold; texts, traits, files and the login go.
Whoever asked once is looked at again every day: what the law kept goes when its time is over.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from sqlmodel import col, select

from toubib import runtime
from toubib.audit import trail
from toubib.contracts.common import ContractError, Message, Ref
from toubib.contracts.jobs import Payload
from toubib.db import database, session
from toubib.db.tables.access import Account, AuthSession, Delegation, ExternalIdentity, JoinLink, LoginCode, RecoveryCode, RoleAssignment
from toubib.db.tables.agenda import Appointment
from toubib.db.tables.claims import Claim, ClaimItem
from toubib.db.tables.journey import Encounter, StepMark
from toubib.db.tables.machinery import NotificationRow
from toubib.db.tables.money import Invoice, PaymentAttempt
from toubib.db.tables.people import Person, PersonExport, PersonFact, RelatedPerson
from toubib.db.tables.prescriptions import Document
from toubib.db.tables.requests import ServiceRequest
from toubib.db.types import Table
from toubib.seams import clock
from toubib.services import attempts, documents
from toubib.services.privacy import retention, walk
from toubib.services.privacy.retention import INVOICE, RECORD, Kept
from toubib.services.privacy.walk import Found

log = structlog.get_logger("toubib.privacy")
JOB = "toubib.forget_persons"
BOOKS = (Invoice, Claim, ClaimItem)
"""Sealed texts that belong to the books; every other text of a visit belongs to the record."""

OF_NOBODY = (Person, PersonFact, Account, NotificationRow, PaymentAttempt)
"""Tables with sealed texts that neither record nor books need, treated by name below."""


class CannotErase(ContractError):
    """Something is still open; the sentence says what to end first."""


@dataclass(frozen=True, slots=True)
class Erasure:
    """What an erasure leaves: everything else goes. Empty of record and books, nothing names the person any more."""

    kept: Sequence[Kept]

    @property
    def whole(self) -> bool:
        """Whether nothing stays that names the person."""
        return not [kept for kept in self.kept if kept.kind in (RECORD, INVOICE)]


def plan(person_id: str) -> Erasure:
    """What would stay now, and why; changes nothing. Inside a unit of work. Raises `CannotErase` as `erase` would.

    The caller has checked that the actor is this person, or acts for them.
    """
    found = walk.rows_about(person_id)
    _check_nothing_open(found)
    return Erasure([*retention.kept(found), retention.TRAIL])


def erase(person_id: str) -> Erasure:
    """Erase what may go, in the open unit of work; says what stays. Doing it again changes nothing.

    The login ends at once, on every device. The caller has checked that the actor is this person, or acts for them, and
    proved it freshly. Raises `CannotErase` while a visit or payment is open, or while the person works here.
    """
    found = walk.rows_about(person_id)
    left = plan(person_id)
    keeps = {(kept.kind, kept.organisation_id) for kept in left.kept}
    changed = _end_login(found) + _forget_messages(found) + _blank_texts(found, keeps)
    changed += _forget_person(found, whole=left.whole)
    for data in runtime.current().registry.personal_data.values():
        data.erase(person_id)
    person = session().get_one(Person, person_id)
    first, person.erase_asked_at = person.erase_asked_at is None, person.erase_asked_at or clock.now()
    if first or changed:
        trail.wrote("erase", Ref("person", person_id), person_id=person_id, reason="everything" if left.whole else "what the law does not keep")
    session().flush()
    return left


def _check_nothing_open(found: Found) -> None:
    if found.get(RoleAssignment):
        raise CannotErase(Message("toubib", "This person works here. Their roles must be ended first, by the administrator of the practice."))
    caring = [row for row in found.get(Encounter, ()) if row.status in ("arrived", "in-progress")]
    booked = [row for row in found.get(Appointment, ()) if row.status in ("pending", "booked", "arrived") and row.ends_at > clock.now()]
    asked = [row for row in found.get(ServiceRequest, ()) if row.status in ("active", "accepted")]
    paying = [row for row in found.get(PaymentAttempt, ()) if row.status in attempts.LIVE]
    if caring or booked or asked or paying:
        raise CannotErase(Message("toubib", "A visit, a request or a payment is still open. Cancel it or wait until it is over, then ask again."))


def _end_login(found: Found) -> int:
    """Sessions, links and codes are deleted; the address is forgotten and never signs in again. Agendas that were run once stay as history."""
    for account in found.get(Account, ()):
        for code in session().exec(select(LoginCode).where(LoginCode.email_index == account.email_index)).all():
            session().delete(code)
        account.email, account.totp_secret, account.email_index = None, None, f"erased:{account.id}"
        account.disabled_at = account.disabled_at or clock.now()
    for row in found.get(Delegation, ()):
        row.external_identity_id, row.valid_to = None, row.valid_to or clock.now()
    session().flush()
    gone = [row for table in (AuthSession, RecoveryCode, ExternalIdentity, JoinLink, PersonExport) for row in found.get(table, ())]
    for row in gone:
        session().delete(row)
    return len(gone)


def _forget_messages(found: Found) -> int:
    """What was sent is forgotten; what waits to be sent goes out first."""
    changed = 0
    for row in found.get(NotificationRow, ()):
        changed += _blank(row) if row.status == "sent" else 0
    for row in found.get(PaymentAttempt, ()):
        changed += _blank(row)
    return changed


def _blank_texts(found: Found, keeps: set[tuple[str, str]]) -> int:
    """Empty the sealed texts, files and remarks of each practice that need not keep them."""

    def free(kind: str, row: Any) -> bool:
        return (kind, row.organisation_id) not in keeps

    changed = 0
    for table, rows in found.items():
        kind = INVOICE if table in BOOKS else RECORD
        if table in OF_NOBODY or "organisation_id" not in table.model_fields:
            continue
        changed += sum(_blank(row) for row in rows if free(kind, row) and not _of_others_too(row))
    for mark in _free(found.get(StepMark, ()), free):
        mark.value = ""
    for visit in _free(found.get(Appointment, ()), free):
        visit.cancel_reason = ""
    for document in _free(found.get(Document, ()), free):
        changed += _drop_file(document)
    return changed


def _free(rows: Iterable[Any], free: Callable[[str, Any], bool]) -> list[Any]:
    return [row for row in rows if free(RECORD, row)]


def _of_others_too(row: Table) -> bool:
    """A claim may hold the items of several patients."""
    if not isinstance(row, Claim):
        return False
    others = select(ClaimItem.id).where(ClaimItem.claim_id == row.id, ClaimItem.person_id != row.person_id)
    return session().exec(others).first() is not None


def _blank(row: Table) -> int:
    """Empty the sealed columns of a row; whether there was anything."""
    full = [name for name in walk.sealed_columns(type(row)) if getattr(row, name) is not None]
    for name in full:
        setattr(row, name, None)
    return int(bool(full))


def _drop_file(row: Document) -> int:
    """The row stays as the mark of a document that was; its file has no name any more and is swept."""
    if row.status == documents.ERASED:
        return 0
    row.status, row.filename, row.sha256, row.size, row.blob = documents.ERASED, "", "", 0, f"{documents.ERASED}-{row.id}"
    return 1


def _forget_person(found: Found, *, whole: bool) -> int:
    """Ways to reach them go always; the traits and facts that a kept record needs go with the last one."""
    (person,) = found[Person]
    changed = int(person.phone is not None)
    person.phone = None
    for row in found.get(RelatedPerson, ()):
        row.valid_to = row.valid_to or clock.now()
    if whole:
        changed += _blank(person)
        person.name_index = ""
        for fact in found.get(PersonFact, ()):
            session().delete(fact)
            changed += 1
    return changed


def forget(_payload: Payload) -> None:
    """Job, every day: erase what the law kept of whoever asked, once its time is over."""
    with database().reading() as reading:
        asked = col(Person.erase_asked_at).is_not(None) & col(Person.family_name).is_not(None)
        ids = reading.exec(select(Person.id).where(asked)).all()
    for person_id in ids:
        try:
            with database().unit_of_work():
                erase(person_id)
        except CannotErase:
            log.warning("a person who asked to be erased came back", person=person_id)
