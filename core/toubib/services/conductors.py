"""Conductors: what talks to a provider. Each commits what it will do, calls outside any unit of work, and applies the answer.

Called through `toubib.services.payments`, which says how the parts play together.
"""


from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import structlog

from toubib import runtime
from toubib.contracts.common import ContractError, Money
from toubib.contracts.jobs import Payload
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
from toubib.services import attempts, breaker, dues, observations, orders, waiting
from toubib.services.attempts import AttemptView, NotLoaded
from toubib.services.piecemeal import one_by_one

log = structlog.get_logger("toubib.payments")
CONCERN = "payment"


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
    with breaker.calling(CONCERN, row.provider):
        answer = attempts.provider_of(row.provider).begin(replace(attempt, provider_ref=""), return_url)
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
        with breaker.calling(CONCERN, row.provider):
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
        with breaker.calling(CONCERN, provider.name):
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
        due, attempt = attempts.locked(call.attempt_id)
        row = writing.get_one(ProviderCall, call.id)
        row.status, row.answered_at = status, clock.now()
        if status == orders.REFUSED:
            attempts.noted(attempt, due, f"payment.{call.verb}_refused")
        writing.flush()
        if observed is not None:
            observations.apply(call.attempt_id, observed)


def _done(call: ProviderCall, attempt: Attempt, observed: Observed) -> bool:
    """Whether the provider's answer shows the ordered effect."""
    if call.verb in ("capture", "charge"):
        return observed.captured > 0 or observed.state is ObservedState.FAILED
    if call.verb == "refund":
        # not against what is booked: news of this very refund may have come before its answer
        with database().reading():
            return observed.refunded >= orders.refunded_by_orders(attempt.id) + call.amount_minor
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
    with database().reading():
        overdue = list(waiting.overdue())
    try:
        one_by_one(overdue)
    finally:
        _look_at_all()


def _look_at_all() -> None:
    with database().reading():
        ids = waiting.to_look_at()
    for attempt_id in ids:
        try:
            look(attempt_id)
        except (ProviderUnavailable, ContractError, NotLoaded) as error:
            log.warning("will look again", attempt=attempt_id, error=type(error).__name__)
            with database().unit_of_work():
                waiting.looked(attempt_id)
