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

from datetime import timedelta

from toubib.contracts.jobs import Job
from toubib.services import orders, papers, webhooks
from toubib.services.attempts import AttemptView, NotLoaded, keeps, live_at, of_due, stranded, view
from toubib.services.conductors import AttemptOver, begin, execute, execute_all, look, look_at_waiting, provider_call
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
from toubib.services.refused import RefusedRefund, refund_again, refused_refunds
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
    "RefusedRefund",
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
    "refund_again",
    "refused_refunds",
    "release",
    "returned_at_desk",
    "stranded",
    "view",
    "visit_moved",
]

JOBS: tuple[Job, ...] = (
    Job(orders.JOB, provider_call, max_attempts=20, backoff=timedelta(seconds=2), timeout=timedelta(seconds=120)),
    Job(webhooks.JOB, webhooks.handle, max_attempts=20, backoff=timedelta(seconds=2), timeout=timedelta(seconds=120)),
    Job("toubib.look_at_payments", look_at_waiting, every=timedelta(minutes=1), timeout=timedelta(minutes=10)),
    *papers.JOBS,
)
"""The jobs of payments and their papers, to be registered with the core's."""
