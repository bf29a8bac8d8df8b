"""The words for rows of the audit trail: who acted, what they did, with what. For the patient's page and the administrator's."""

from collections.abc import Mapping

from toubib.contracts.identity import ActorKind
from toubib.db import session
from toubib.db.tables.directory import Practitioner
from toubib.db.tables.machinery import AuditEvent
from toubib.services import people, trail
from toubib.web.shell import say, text


def _(key: str) -> str:
    """Mark a msgid for extraction."""
    return key


def who(event: AuditEvent, person_id: str) -> str:
    """Who acted, as the person `person_id` is told."""
    if event.actor_person_id == person_id:
        return text("You")
    if event.actor_kind == ActorKind.USER and event.actor_person_id:
        practitioner = session().get(Practitioner, event.actor_person_id)
        return practitioner.display_name if practitioner else people.traits(event.actor_person_id).name or text("A member of staff")
    return text(ACTORS.get(event.actor_kind, OTHER_ACTOR))


def kind_of_actor(event: AuditEvent) -> str:
    """What kind of actor it was, for somebody who sees no names of patients."""
    return text(ACTOR_KINDS.get(event.actor_kind, OTHER_ACTOR))


def action(event: AuditEvent) -> str:
    """What was done; what has no word of its own was a change."""
    return _named(event.action, ACTIONS, OTHER_ACTION)


def read() -> str:
    """The word for reading."""
    return text(ACTIONS["read"])


def thing(event: AuditEvent) -> str:
    """With what it was done."""
    return _named(event.object_kind, KINDS, OTHER_KIND)


def _named(name: str, known: Mapping[str, str], other: str) -> str:
    """The core's word, else that of the plugin whose name it bears, else a general one."""
    words = trail.words(name) if name not in known else None
    return say(words) if words else text(known.get(name, other))


ACTORS = {"guest": _("You, by the link of the mail"), "pharmacist": _("A pharmacy"), "anonymous": _("You, before signing in")}
ACTOR_KINDS = {
    "user": _("An account"),
    "guest": _("By the link of a mail"),
    "pharmacist": _("A pharmacy"),
    "anonymous": _("Not signed in"),
    "job": _("A job"),
    "system": _("The platform"),
}
OTHER_ACTOR, OTHER_ACTION, OTHER_KIND = _("The platform"), _("Changed"), _("Record")
ACTIONS = {
    "read": _("Read"),
    "sign_in": _("Signed in"),
    "recovery_codes": _("Made new recovery codes"),
    "recovery_code_used": _("Used a recovery code"),
    "give_role": _("Gave a role"),
    "take_role": _("Took a role back"),
    "connect_identity": _("Connected an identity service"),
    "sign_out_by_provider": _("Signed out by the identity service"),
    "delegate": _("Let somebody run an agenda"),
    "end_delegation": _("Took an agenda back"),
    "patient_no_show": _("Marked: the patient did not come"),
    "practitioner_no_show": _("Marked: the practitioner did not come"),
    "set_traits": _("Changed identity"),
    "prove_traits": _("Confirmed the identity"),
    "declare_fact": _("Recorded a fact"),
    "hold": _("Held a time"),
    "adopt": _("Booked"),
    "appointment.booked": _("Booked"),
    "appointment.moved": _("Moved"),
    "appointment.cancelled": _("Cancelled"),
    "appointment.hold_expired": _("Let the held time go"),
    "arrive": _("Entered the waiting room"),
    "admit": _("Admitted"),
    "correct_admission": _("Corrected who and where"),
    "segment_started": _("Began to talk"),
    "note": _("Wrote a note"),
    "state_acts": _("Stated the acts"),
    "unsuitable": _("Ended without a fee"),
    "end": _("Ended the consultation"),
    "settle": _("Settled"),
    "issue_prescription": _("Signed a prescription"),
    "revoke_prescription": _("Revoked a prescription"),
    "replace_prescription": _("Replaced a prescription"),
    "dispense": _("Recorded what was handed out"),
    "undo_dispense": _("Marked an entry as wrong"),
    "declare_relation": _("Declared to act for somebody"),
    "end_relation": _("Stopped acting for somebody"),
    "book_for": _("Booked for somebody"),
    "ask_export": _("Asked for an archive"),
    "export": _("Made an archive"),
    "erase": _("Erased the data"),
    "add_document": _("Added a document"),
    "draft_claim": _("Drafted a claim"),
    "open_link": _("Opened the mailed link"),
    "revoke_links": _("Took back the mailed links"),
    "invoice.issued": _("Issued an invoice"),
    "credit_note.issued": _("Issued a credit note"),
    "money_due.opened": _("Asked for a payment"),
    "money_due.final": _("Made the amount final"),
    "money_due.secured": _("Secured the payment"),
    "money_due.settled": _("Was paid"),
    "money_due.cancelled": _("Gave the payment up"),
    "money_due.refunded": _("Paid back"),
    "payment.attempted": _("Began a payment"),
    "payment.received_at_desk": _("Received at the desk"),
    "payment.returned_at_desk": _("Gave back at the desk"),
}
KINDS = {
    "person": _("Identity"),
    "person_export": _("Archive"),
    "person_fact": _("Coverage"),
    "encounter": _("Visit"),
    "appointment": _("Appointment"),
    "note": _("Note"),
    "prescription": _("Prescription"),
    "prescription_authenticity": _("Authenticity of a prescription"),
    "document": _("Document"),
    "claim": _("Claim"),
    "chat": _("Messages"),
    "account": _("Account"),
    "related_person": _("Acting for somebody"),
    "invoice": _("Invoice"),
    "credit_note": _("Credit note"),
    "money_due": _("Payment"),
    "payment_attempt": _("Payment"),
    "media_session": _("Call"),
    "job": _("Job"),
}
