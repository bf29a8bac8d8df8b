"""What the core registers beside the plugins: its own jobs, steps and personal data."""

from datetime import timedelta

from toubib.contracts.jobs import Job
from toubib.hooks import Registry

CORE = "toubib"


def register(registry: Registry) -> None:
    """Add the core's own parts to the registry."""
    from toubib.services import checkout, notices, payments

    payments.decide_with(checkout.PURPOSE, checkout.decide)

    jobs = [
        Job("toubib.send_mail", notices.send_mail, max_attempts=12, backoff=timedelta(seconds=2)),
        *payments.JOBS,
    ]
    for job in jobs:
        registry.add("jobs", registry.jobs, job.name, job, CORE)
