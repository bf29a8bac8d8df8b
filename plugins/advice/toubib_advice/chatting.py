"""The chat by the minute: it runs while both are there, ends at the patient's limit or when one stops it, and costs what the meter shows."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from toubib.contracts.common import Message, Money, Refused
from toubib.contracts.media import Participant, ParticipantRole
from toubib.contracts.reimbursement import Charge
from toubib.db import session
from toubib.db.tables.journey import Encounter
from toubib.seams import clock
from toubib.services import care, letters, meter, requests, room, standing, written
from toubib.services.meter import Metered, MeterRule
from toubib_advice import notices, questions
from toubib_advice.models import Question
from toubib_advice.settings import current
from toubib_advice.texts import say

RULE = say("All the time during which both of you are here is added up, and each minute begun counts as one. Without any such time you pay nothing.")


@dataclass(frozen=True, slots=True)
class Bill:
    """What the meter shows in minutes and money: by this and nothing else the chat is billed."""

    minutes: int
    amount: Money
    most: Money
    running: bool


def rule_of(row: Question) -> MeterRule:
    """The patient's limit, and after how much silence somebody is gone."""
    return MeterRule(timedelta(minutes=row.cap_minutes), timedelta(seconds=current().silence_seconds))


def bill(row: Question, metered: Metered, currency: str) -> Bill:
    """The meter as everybody reads it. Pure."""
    minutes = meter.minutes_begun(metered.total)
    return Bill(minutes, Money(row.price_minor * minutes, currency), Money(row.price_minor * row.cap_minutes, currency), metered.running)


def here(encounter_id: str, who: Participant) -> Metered | None:
    """A sign of life of one side; `None` when there is no chat (any more). The first time both are there, it begins."""
    row, request = questions.of(encounter_id), requests.locked(encounter_id)
    if request.status != "accepted" or row.kind != "chat":
        return None
    encounter = session().get_one(Encounter, encounter_id, populate_existing=True)
    if encounter.status == "planned" and _may_not_begin(encounter, request.due_at):
        return None
    seen = meter.present(encounter_id, who, rule_of(row))
    if seen.running and encounter.status == "planned" and written.begin(encounter_id) is not None:
        meter.stop(encounter_id, rule_of(row), "refused")
        return None
    if seen.full:
        _end(encounter_id, row)
        return None
    return seen


def _may_not_begin(encounter: Encounter, due_at: datetime | None) -> bool:
    late = due_at is not None and due_at <= clock.now()
    return late or standing.refusal(encounter.practitioner_role_id, standing.ANSWER) is not None


def look(encounter_id: str) -> Metered:
    """What the meter shows, without saying that anybody is here."""
    return meter.look(encounter_id, rule_of(questions.of(encounter_id)))


def say_it(encounter_id: str, who: Participant, text: str) -> Refused | None:
    """Write a line; only while the chat is open."""
    if not text.strip():
        return Refused("empty", say("Write something first."))
    if here(encounter_id, who) is None:
        return Refused("over", say("The chat is over. Your line was not sent."))
    room.say(encounter_id, who, text.strip()[: letters.LONGEST])
    return None


def stop(encounter_id: str, who: Participant) -> None:
    """One of the two ends the chat; stopping twice is no error."""
    row = questions.of(encounter_id)
    if requests.locked(encounter_id).status != "accepted" or row.kind != "chat":
        return
    if session().get_one(Encounter, encounter_id, populate_existing=True).status == "in-progress":
        meter.stop(encounter_id, rule_of(row), f"stopped by {who.role}")
        _end(encounter_id, row)
    elif who.role is ParticipantRole.PATIENT:
        requests.revoke(encounter_id, "patient")


def _end(encounter_id: str, row: Question) -> None:
    """Bill what the meter shows; a chat without a second costs nothing."""
    minutes = meter.minutes_begun(meter.total_of(encounter_id))
    if minutes == 0:
        room.close(encounter_id)
        requests.revoke(encounter_id, "nothing")
        notices.patient(encounter_id, "advice.refunded", "nothing")
        return
    request = requests.locked(encounter_id)
    charge = Charge(row.product.upper(), Money(row.price_minor, request.currency), qty=min(minutes, row.cap_minutes))
    if refused := care.state_acts(encounter_id, [charge]):
        raise ChatNotBillable(refused.message.key)
    written.finish(encounter_id)
    notices.patient(encounter_id, "advice.waiting", "chat")


class ChatNotBillable(Exception):
    """The minutes are above what the patient accepted; they never are, because the meter stops at the limit."""


def watch(encounter_id: str) -> None:
    """Stop the meter where it should have stopped, and end a chat at its limit or long after somebody was gone. For the job."""
    row = questions.of(encounter_id)
    seen = meter.look(encounter_id, rule_of(row))
    patience = timedelta(minutes=current().abandoned_minutes)
    if seen.full or (seen.quiet_since is not None and seen.quiet_since + patience <= clock.now()):
        _end(encounter_id, row)


def words_of(metered: Metered) -> Message:
    """The time on the meter, as minutes and seconds."""
    seconds = metered.total // timedelta(seconds=1)
    return say("%(minutes)s min %(seconds)s s", minutes=seconds // 60, seconds=f"{seconds % 60:02d}")
