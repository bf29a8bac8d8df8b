"""What the core registers beside the plugins: its own jobs and steps, and who decides about money."""

from datetime import timedelta

from toubib import bus_table
from toubib.audit import chain
from toubib.contracts.common import Message
from toubib.contracts.jobs import Job, Payload
from toubib.contracts.web import Entry
from toubib.db import vault
from toubib.hooks import Registry
from toubib.services import (
    checkout,
    documents,
    guarantees,
    insured,
    login,
    notices,
    payments,
    prescriptions,
    requests,
    settlement,
    visit_money,
    visits,
    vouching,
)
from toubib.services.privacy import erasure, exports
from toubib.settings import Settings
from toubib.steps import CORE_STEPS

CORE = "toubib"


CORE_ENTRIES = (
    Entry("search.find", Message(CORE, "Find a practitioner"), "search.home"),
    Entry("week.of_practice", Message(CORE, "The week"), "week.of_practice"),
    Entry("visits.mine", Message(CORE, "My visits"), "visits.mine", "patient"),
    Entry("practice.worklist", Message(CORE, "Today"), "practice.worklist", "staff"),
    Entry("planning.choose", Message(CORE, "Book for a patient"), "planning.choose", "staff"),
)
"""The core's own front doors."""


def register(registry: Registry, settings: Settings) -> None:
    """Add the core's own parts to the registry."""
    payments.decide_with(checkout.PURPOSE, checkout.decide)
    asked = insured.fact_type(settings, registry)
    if asked is not None:
        registry.add("fact_types", registry.fact_types, asked.key, asked, CORE)
    for step in CORE_STEPS:
        registry.add("steps", registry.steps, step.name, step, CORE)
    for job in (*_jobs(settings), *payments.JOBS):
        registry.add("jobs", registry.jobs, job.name, job, CORE)
    for entry in CORE_ENTRIES:
        registry.add("entries", registry.entries, entry.name, entry, CORE)
    for observer in (*visit_money.OBSERVERS, *guarantees.OBSERVERS):
        registry.add("observers", registry.observers, observer.name, observer, CORE)


def _jobs(settings: Settings) -> tuple[Job, ...]:
    return (
        Job("toubib.send_mail", notices.send_mail, max_attempts=12),
        Job("toubib.expire_holds", visits.expire_holds, every=timedelta(seconds=15)),
        Job("toubib.ask_identity_providers", vouching.ask_all, every=vouching.EVERY),
        Job("toubib.lapse_requests", requests.lapse, every=timedelta(seconds=15)),
        Job("toubib.render_prescription", prescriptions.render_document),
        Job("toubib.assemble_claims", settlement.assemble_claims),
        Job("toubib.close_claims", settlement.close_claims, every=timedelta(hours=6)),
        Job("toubib.sweep_blobs", documents.sweep, every=timedelta(hours=1)),
        Job(exports.JOB, exports.make, timeout=timedelta(minutes=10)),
        Job(erasure.JOB, erasure.forget, every=timedelta(days=1), timeout=timedelta(minutes=30)),
        Job(exports.SWEEP, exports.sweep, every=timedelta(hours=1)),
        Job("toubib.sweep_codes", login.sweep, every=timedelta(hours=1)),
        Job("toubib.sweep_bus", bus_table.sweep, every=timedelta(minutes=1)),
        Job("toubib.seal_audit", lambda payload: _seal(settings, payload), every=timedelta(seconds=1)),
    )


def anchors(settings: Settings) -> chain.AnchorFile:
    """The outside anchors of the audit chain, authenticated with a key that is not in the database."""
    key = vault().key_ring.ring().index_key
    return chain.AnchorFile(settings.anchor_path, key)


def _seal(settings: Settings, _payload: Payload) -> None:
    while chain.seal(anchors(settings)):
        pass
