"""Checkout: the price accepted, the payment begun, and the booking decided by what the provider says.

The user's return and the provider's webhook take the same path (`decide`): secured money confirms the visit;
money that arrives after the time was lost, by whatever rule, is released at once and the patient is told.
"""

from sqlmodel import select

from toubib import i18n, runtime
from toubib.contracts.common import Message, Money, Refused
from toubib.contracts.payment import Done, Instruction, Redirect
from toubib.db import database, require_outside, session
from toubib.db.tables.journey import Encounter
from toubib.db.tables.money import MoneyDue, PaymentAttempt
from toubib.services import agreements, coverage, directory, dues, guarantees, journey, notices, payments, people, requests, visits
from toubib.services.coverage import Estimate

PURPOSE = "consultation"


def estimate(encounter_id: str) -> Estimate:
    """What the patient reads now: price, shares, rest."""
    return coverage.estimate(coverage.context(encounter_id))


def accept(encounter_id: str, shown: str) -> Refused | None:
    """The patient accepted what they read; `shown` is its hash. Something else by now is shown again first."""
    snapshot = coverage.context(encounter_id)
    answer = coverage.estimate(snapshot)
    if coverage.shown_hash(answer) != shown:
        return Refused("changed", Message("toubib", "The price changed while you read. Read it again, then go on."))
    if refused := guarantees.reserve(encounter_id, answer.quotes):
        return refused
    coverage.keep(snapshot, answer, "accepted")
    journey.mark(encounter_id, "coverage.estimate", "accepted")
    encounter = session().get_one(Encounter, encounter_id)
    _open_due(encounter, answer.asked)
    return None


def _open_due(encounter: Encounter, asked: Money) -> None:
    """Open what the patient is asked for. Another price than one that is being paid already releases that one first."""
    wanted = (encounter.organisation_id, encounter.id, PURPOSE, encounter.person_id, asked.currency, asked.minor)
    try:
        dues.open_due(*wanted)
    except dues.AlreadyDue as former:
        payments.release(former.due_id, "price changed")
        dues.open_due(*wanted)


def prepare(encounter_id: str, provider: str) -> str | Refused | None:
    """An attempt with a provider, for the due of the visit; returns its id. The hold must still live.

    `None`: there was nothing to secure (nothing is due, or it is secured already), and the visit is booked now.
    """
    agreed = agreements.of(encounter_id)
    due = next(d for d in dues.of_encounter(encounter_id) if d.purpose == PURPOSE and d.status != "cancelled")
    if due.maximum.minor == 0 or due.status == "secured":
        return confirm(encounter_id)
    if agreed.kept_until is None and agreed.state != "agreed":
        return Refused("lapsed", Message("toubib", "The time that was held for you is over. Nothing was charged. Choose another time."))
    return payments.create_attempt(
        due.id,
        provider,
        payer_email=people.mail_of(session().get_one(Encounter, encounter_id)),
        locale=i18n.locale(),
        expires_at=agreed.kept_until or agreed.at,
        visit_at=agreed.at,
        label=runtime.current().settings.site.statement or directory.organisation(agreed.organisation_id).name,
    )


def confirm(encounter_id: str) -> Refused | None:
    """Make it certain: book the held time, or let practitioners take the request. Doing it again changes nothing."""
    accepted = coverage.stored(encounter_id, "accepted")
    if accepted is not None and (refused := guarantees.reserve(encounter_id, accepted.quotes)):
        return refused
    return visits.confirm(encounter_id) if agreements.of(encounter_id).timed else requests.activate(encounter_id)


def prolong(encounter_id: str) -> bool:
    """Keep an unfinished one for as long again; false when it lapsed already."""
    return visits.prolong(encounter_id) if agreements.of(encounter_id).timed else requests.prolong(encounter_id)


def begin(attempt_id: str, return_url: str) -> Redirect | Instruction | Done:
    """Start at the provider; outside any unit of work. At the desk or with a saved card, the visit is booked at once."""
    require_outside("beginning a payment")
    begun = payments.begin(attempt_id, return_url)
    if isinstance(begun, Instruction):
        with database().unit_of_work():
            attempt = session().get_one(PaymentAttempt, attempt_id)
            decide(session().get_one(MoneyDue, attempt.due_id), attempt)
    elif isinstance(begun, Done):
        payments.look(attempt_id)
    return begun


def decide(due: MoneyDue, attempt: PaymentAttempt) -> None:
    """What a payment means for its visit; joins the unit of work in which the provider's truth was applied."""
    if due.purpose != PURPOSE or due.encounter_id is None:
        return
    offline = not runtime.current().registry.payments[attempt.provider].capabilities.online
    if attempt.status not in dues.SECURING and not (offline and attempt.status == "pending"):
        return
    if confirm(due.encounter_id) is not None and agreements.of(due.encounter_id).kept_until is None:
        payments.release(due.id)
        tell_released(due.encounter_id)


def tell_released(encounter_id: str) -> None:
    """Tell the patient that their money arrived for a time that was lost, and goes back. Told once."""
    encounter = session().get_one(Encounter, encounter_id)
    if encounter.person_id is None:
        return
    again = f"/practitioners/{directory.role(encounter.practitioner_role_id).slug}" if encounter.practitioner_role_id else "/"
    notices.queue(
        "payment_released",
        people.mail_of(encounter),
        locale=encounter.locale,
        params={},
        link=again,
        organisation_id=encounter.organisation_id,
        person_id=encounter.person_id,
        encounter_id=encounter_id,
        key=f"payment_released:{encounter_id}",
    )


def attempts_of(encounter_id: str) -> list[PaymentAttempt]:
    """The payment attempts of a visit, oldest first."""
    query = select(PaymentAttempt).join(MoneyDue).where(MoneyDue.encounter_id == encounter_id).order_by("created_at")
    return list(session().exec(query))


def money_of(attempt: PaymentAttempt, minor: int) -> Money:
    """An amount in the attempt's currency."""
    return Money(minor, attempt.currency)


def shown_now(encounter_id: str) -> str:
    """The hash of what the patient would read now."""
    return coverage.shown_hash(estimate(encounter_id))
