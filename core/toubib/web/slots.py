"""Named slots of core pages: plugins give lines of data, the core renders them. See `PAGE_SLOTS` for the list."""

from collections.abc import Sequence

import structlog

from toubib import runtime
from toubib.contracts.web import SlotFiller, SlotItem
from toubib.db import session

log = structlog.get_logger("toubib.slots")


def fill(slot: str, ids: Sequence[str]) -> dict[str, list[SlotItem]]:
    """What all plugins put into a slot for several ids, in the deployment's order of plugins.

    A filler that fails is left out and named in the log: a page never goes down for a line beside it.
    """
    found: dict[str, list[SlotItem]] = {one: [] for one in ids}
    for owner, part in runtime.current().registry.web.items():
        for filler in part.slots:
            if filler.slot == slot:
                _add(found, owner, filler, ids)
    return found


def _add(found: dict[str, list[SlotItem]], owner: str, filler: SlotFiller, ids: Sequence[str]) -> None:
    try:
        with session().begin_nested():
            answer = filler.items(ids)
        for one, lines in answer.items():
            found.get(one, []).extend(lines)
    except Exception:
        log.exception("a slot was left empty", plugin=owner)
