"""Writing the trail: one row per change in the transaction of the change, one row per page for what it read."""

from collections.abc import Iterable
from weakref import WeakKeyDictionary

from sqlmodel import Session

from toubib.contracts.common import Ref
from toubib.db import work
from toubib.db.tables.machinery import AuditEvent

_reads: "WeakKeyDictionary[Session, dict[tuple[str, str, str], set[str]]]" = WeakKeyDictionary()


def wrote(action: str, about: Ref, *, organisation_id: str = "", person_id: str = "", reason: str = "") -> None:
    """Record that the acting one did `action` to `about`, concerning `person_id` if anybody."""
    work.session().add(_event(action, about.kind, [about.id], organisation_id, person_id, reason))


def read(kind: str, ids: Iterable[str], *, organisation_id: str = "", person_id: str = "") -> None:
    """Record that records were read; the reads of one page become one row per kind, person and organisation."""
    current = work.current()
    if current.session not in _reads:
        collected: dict[tuple[str, str, str], set[str]] = {}
        _reads[current.session] = collected
        current.last_acts.append(lambda: _write(collected))
    _reads[current.session].setdefault((kind, organisation_id, person_id), set()).update(ids)


def _write(collected: dict[tuple[str, str, str], set[str]]) -> None:
    for (kind, organisation_id, person_id), ids in collected.items():
        work.session().add(_event("read", kind, sorted(ids), organisation_id, person_id, ""))


def _event(action: str, kind: str, ids: list[str], organisation_id: str, person_id: str, reason: str) -> AuditEvent:
    actor = work.actor()
    return AuditEvent(
        organisation_id=organisation_id,
        actor_kind=actor.kind.value,
        actor_id=actor.id,
        actor_person_id=actor.person_id or "",
        acting_for=actor.acting_for or "",
        action=action,
        object_kind=kind,
        object_ids=ids,
        person_id=person_id,
        reason=reason,
    )
