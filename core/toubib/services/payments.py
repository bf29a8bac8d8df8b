"""Payments: the one door for pages, jobs and other services. Money is secured before a visit and taken after it.

**Two kinds of functions.** *Services* join the open unit of work: `create_attempt`, the orders (`order_capture`, `order_void`,
`order_refund`, `order_abandon`, `collect`, `release`, `give_up`), `visit_moved` and everything that reads. *Conductors* talk to a
provider and are called outside any unit of work: `begin`, `look`, `execute`, `execute_all`, `receive`. They commit what
they will do first, call the provider with a key made of business facts, and apply what it says in a unit of work of their own;
after a crash at any point the same call, made again by the user or by a job, continues where it stopped.

**One path for every news.** The user's return, a webhook, a job and the answer to an order all end in `observations.apply`, which
checks the provider's words against the agreement, enters the ledger, publishes the event and then, in the same unit of work,
calls whoever decides on the due's purpose (`decide_with(purpose, decide)`). So a booking is confirmed and its money secured in
one transaction, or neither is; and money that arrives after its time lapsed is taken or given back at once.

**A whole payment**: `dues.open_due` and `create_attempt` (commit), `begin` (send the payer where it says), `look` when the payer
returns; after the visit `dues.set_final` and `collect` (commit), `execute_all` while the user waits, else the job does it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

import structlog

from toubib import runtime
from toubib.contracts.common import ContractError, Money
from toubib.contracts.jobs import Job, Payload
from toubib.contracts.payment import (
    Attempt,
    Done,
    Instruction,
    Observed,
    ObservedState,
    PaymentMode,
    PaymentProvider,
    ProviderUnavailable,
    Redirect,
)
from toubib.db import database, require_outside
from toubib.db.tables.money import PaymentAttempt, ProviderCall
from toubib.seams import clock
from toubib.services import attempts, dues, observations, orders, papers, waiting, webhooks
from toubib.services.attempts import AttemptView, NotLoaded, keeps, live_at, of_due, stranded, view
from toubib.services.desk import received_at_desk, returned_at_desk
from toubib.services.observations import decide_with
from toubib.services.orders import (
    CannotOrder,
    collect,
    give_up,
    open_calls,
    order_abandon,
    order_capture,
    order_refund,
    order_void,
    release,
)
from toubib.services.securing import CannotPay, choose_mode, create_attempt
from toubib.services.waiting import visit_moved
from toubib.services.webhooks import receive

__all__ = [
    "JOBS",
    "AttemptOver",
    "AttemptView",
    "CannotOrder",
    "CannotPay",
    "NotLoaded",
    "begin",
    "choose_mode",
    "collect",
    "create_attempt",
    "decide_with",
    "execute",
    "execute_all",
    "give_up",
    "keeps",
    "live_at",
    "look",
    "of_due",
    "open_calls",
    "order_abandon",
    "order_capture",
    "order_refund",
    "order_void",
    "receive",
    "received_at_desk",
    "release",
    "returned_at_desk",
    "stranded",
    "view",
    "visit_moved",
]

log = structlog.get_logger("toubib.payments")


class AttemptOver(ContractError):
    """This attempt cannot be begun (again): it was given up, refused or has lapsed. Make a new one."""

    def __init__(self) -> None:
        super().__init__(dues.sentence("This payment page is closed. Nothing was charged. Choose again how you want to pay."))


def begin(attempt_id: str, return_url: str) -> Redirect | Instruction | Done:
    """Start an attempt at its provider and say what the payer does next. Conductor; safe to repeat, also after a crash.

    `return_url` is the page to which the provider sends the payer; give the same one each time. `Done` also answers for an
    attempt that is secured already. Raises `AttemptOver`, `ProviderUnavailable` (try again), `ContractError`.
    """
    require_outside("beginning a payment")
    attempt, row = _read(attempt_id)
    if row.status in dues.SECURING:
        return Done(row.provider_ref)
    if row.status not in attempts.UNDECIDED or row.expires_at <= clock.now():
        raise AttemptOver
    # the call itself says whether it was the first: the same key gives the same page
    provider = attempts.provider_of(row.provider)
    answer = provider.begin(replace(attempt, provider_ref=""), return_url)
    if not _begun(attempt_id, answer.provider_ref):
        raise AttemptOver
    if isinstance(answer, Done):
        look(attempt_id)
    return answer


def _begun(attempt_id: str, provider_ref: str) -> bool:
    """Store the provider's reference; false when the attempt was given up meanwhile, and its page is closed by an order."""
    with database().unit_of_work():
        _, row = attempts.locked(attempt_id)
        row.provider_ref = provider_ref
        if row.status == "abandoned":
            orders.order_abandon(attempt_id)
            return False
        if row.status == "created":
            attempts.go(row, "pending")
    return True


def look(attempt_id: str) -> AttemptView:
    """Ask the provider for the truth about an attempt and apply it; returns the attempt afterwards. Conductor.

    Called when the payer returns, for each webhook, and by a job for what waits too long. Raises `ProviderUnavailable`.
    """
    require_outside("looking at a payment")
    attempt, row = _read(attempt_id)
    if row.provider_ref or not attempts.provider_of(row.provider).capabilities.online:
        observed = attempts.provider_of(row.provider).fetch(attempt)
        with database().unit_of_work():
            observations.apply(attempt_id, observed)
    with database().reading():
        return attempts.view(attempt_id)


def _read(attempt_id: str) -> tuple[Attempt, PaymentAttempt]:
    with database().reading() as reading:
        row = reading.get_one(PaymentAttempt, attempt_id)
        return attempts.as_contract(row), row


def execute(call_id: str) -> AttemptView:
    """Make an ordered call, unless it was answered already; returns the attempt afterwards. Conductor.

    Raises `ProviderUnavailable` when nothing is known of the effect: the job repeats it with the same key.
    """
    require_outside("a call to a payment provider")
    with database().reading() as reading:
        call = reading.get_one(ProviderCall, call_id)
    attempt, row = _read(call.attempt_id)
    if call.status == orders.ORDERED:
        if call.verb == "abandon" and not row.provider_ref:
            _close(call, orders.DROPPED)
        else:
            _make(call, attempt, attempts.provider_of(row.provider))
    with database().reading():
        return attempts.view(call.attempt_id)


def _make(call: ProviderCall, attempt: Attempt, provider: PaymentProvider) -> None:
    try:
        observed = VERBS[call.verb](provider, attempt, call)
    except ContractError as refusal:
        log.warning("order refused", attempt=attempt.id, verb=call.verb, said=str(refusal))
        _close(call, orders.REFUSED)
        look(attempt.id)
        return
    if not _done(call, attempt, observed):
        with database().unit_of_work():
            observations.apply(attempt.id, observed)
        raise ProviderUnavailable(f"{call.verb} is not done yet")
    _close(call, orders.ANSWERED, observed)


def _close(call: ProviderCall, status: str, observed: Observed | None = None) -> None:
    with database().unit_of_work() as writing:
        attempts.locked(call.attempt_id)
        row = writing.get_one(ProviderCall, call.id)
        row.status, row.answered_at = status, clock.now()
        writing.flush()
        if observed is not None:
            observations.apply(call.attempt_id, observed)


def _done(call: ProviderCall, attempt: Attempt, observed: Observed) -> bool:
    """Whether the provider's answer shows the ordered effect."""
    if call.verb in ("capture", "charge"):
        return observed.captured > 0 or observed.state is ObservedState.FAILED
    if call.verb == "refund":
        with database().reading() as reading:
            return observed.refunded > reading.get_one(PaymentAttempt, attempt.id).refunded_minor
    return observed.state is not ObservedState.PENDING


def _capture(provider: PaymentProvider, attempt: Attempt, call: ProviderCall) -> Observed:
    return provider.capture(attempt, Money(call.amount_minor, attempt.amount.currency), call.key)


def _refund(provider: PaymentProvider, attempt: Attempt, call: ProviderCall) -> Observed:
    return provider.refund(attempt, Money(call.amount_minor, attempt.amount.currency), call.key)


def _void(provider: PaymentProvider, attempt: Attempt, call: ProviderCall) -> Observed:
    observed = provider.void(attempt, call.key)
    # a saved method holds no money: a provider has nothing to release, and we forget it
    return replace(observed, state=ObservedState.VOIDED, saved_method="") if observed.state is ObservedState.METHOD_SAVED else observed


def _abandon(provider: PaymentProvider, attempt: Attempt, call: ProviderCall) -> Observed:
    return provider.abandon(attempt, call.key)


def _use_saved(provider: PaymentProvider, attempt: Attempt, call: ProviderCall) -> Observed:
    """Authorise or charge with the saved method, in the payer's absence."""
    mode = PaymentMode.AUTHORISE if call.verb == "authorise" else PaymentMode.CHARGE
    amount = Money(call.amount_minor, attempt.amount.currency)
    asked = replace(attempt, mode=mode, amount=amount, key=call.key, provider_ref="")
    answer = provider.begin(asked, runtime.current().settings.web.public_url)
    with database().unit_of_work():
        observations.asked_again(attempt.id, mode, answer.provider_ref)
        if not isinstance(answer, Done):
            observations.needs_the_payer(attempt.id)
    return provider.fetch(replace(asked, provider_ref=answer.provider_ref))


VERBS: Mapping[str, Callable[[PaymentProvider, Attempt, ProviderCall], Observed]] = {
    "capture": _capture,
    "refund": _refund,
    "void": _void,
    "abandon": _abandon,
    "authorise": _use_saved,
    "charge": _use_saved,
}


def execute_all(call_ids: Sequence[str]) -> bool:
    """Make several ordered calls while the user waits; whether all were answered. Conductor.

    A provider that does not answer is no error here: the job goes on trying with the same keys.
    """
    answered = True
    for call_id in call_ids:
        try:
            execute(call_id)
        except ProviderUnavailable:
            answered = False
    return answered


def provider_call(payload: Payload) -> None:
    """Job: make one ordered call, again and again until it is answered."""
    execute(str(payload["call"]))


def look_at_waiting(_payload: Payload) -> None:
    """Job, every minute: close lapsed attempts, ask about those that wait, authorise saved methods before their visit."""
    with database().unit_of_work():
        waiting.close_lapsed()
        waiting.authorise_saved()
    with database().reading():
        ids = waiting.to_look_at()
    for attempt_id in ids:
        try:
            look(attempt_id)
        except (ProviderUnavailable, ContractError, NotLoaded) as error:
            log.warning("will look again", attempt=attempt_id, error=type(error).__name__)
            with database().unit_of_work():
                waiting.looked(attempt_id)


JOBS: tuple[Job, ...] = (
    Job(orders.JOB, provider_call, max_attempts=20, backoff=timedelta(seconds=2), timeout=timedelta(seconds=120)),
    Job(webhooks.JOB, webhooks.handle, max_attempts=20, backoff=timedelta(seconds=2), timeout=timedelta(seconds=120)),
    Job("toubib.look_at_payments", look_at_waiting, every=timedelta(minutes=1), timeout=timedelta(minutes=10)),
    *papers.JOBS,
)
"""The jobs of payments and their papers, to be registered with the core's."""
