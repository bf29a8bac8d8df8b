"""Work of a job on several things, one at a time: each is kept or undone by itself, and what fails holds up no other."""

from collections.abc import Callable, Iterable

import structlog

from toubib.db import database, require_outside

log = structlog.get_logger("toubib.jobs")


def one_by_one(acts: Iterable[Callable[[], object]]) -> None:
    """Do each in a unit of work of its own, so that none holds locks while it waits for another's. Outside any unit of work.

    The first fault is raised once all were tried, so that the job that calls this is seen to fail and tries again.
    """
    require_outside("work in pieces")
    faults: list[Exception] = []
    for act in acts:
        try:
            with database().unit_of_work():
                act()
        except Exception as fault:
            log.warning("one of several could not be done", error=type(fault).__name__, exc_info=True)
            faults.append(fault)
    if faults:
        raise faults[0]
