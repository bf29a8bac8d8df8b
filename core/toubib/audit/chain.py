"""Sealing the trail: a hash chain over the rows, and the head written outside the database.

One sealer at a time (a lease job) chains what was committed. `verify` recomputes everything and compares the
chain with the outside anchors, so that a changed byte, a missing tail and a whole recomputed chain are found.
"""

import hashlib
import hmac
import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import delete
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session, col, func, select

from toubib.db import work
from toubib.db.tables.machinery import AuditEvent, AuditPending, AuditSeal
from toubib.seams import clock

GENESIS = "0" * 64
BATCH = 500
Progress = Callable[[int, int], None]
UNREADABLE = (ValueError, TypeError, SQLAlchemyError)


@dataclass(frozen=True, slots=True)
class Anchor:
    """A head of the chain as it was written outside: how many links, which link, authenticated."""

    position: int
    link: str
    at: str
    proof: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What `verify` found: rows sealed, rows not yet sealed, and every fault in words."""

    sealed: int
    unsealed: int
    anchors: int
    faults: tuple[str, ...]


class AnchorFile:
    """The heads outside the database: an append-only file, each line authenticated with a key kept elsewhere."""

    def __init__(self, path: Path, key: bytes) -> None:
        self.path = path
        self._key = key

    def append(self, position: int, link: str) -> None:
        """Write one head and make it durable."""
        at = clock.now().isoformat()
        line = json.dumps({"position": position, "link": link, "at": at, "proof": self._proof(position, link, at)})
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("ab+") as file:
            whole = file.tell() == 0 or file.seek(-1, os.SEEK_END) < 0 or file.read(1) == b"\n"
            file.write((b"" if whole else b"\n") + line.encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())

    def read(self) -> Iterator[Anchor | None]:
        """All heads, oldest first; `None` for a line that cannot be read."""
        if self.path.exists():
            for line in self.path.read_bytes().splitlines():
                yield _anchor(line)

    def genuine(self, anchor: Anchor) -> bool:
        """Whether the line was written by us."""
        return hmac.compare_digest(anchor.proof, self._proof(anchor.position, anchor.link, anchor.at))

    def _proof(self, position: int, link: str, at: str) -> str:
        return hmac.new(self._key, f"{position}\0{link}\0{at}".encode(), hashlib.sha256).hexdigest()


def _anchor(line: bytes) -> Anchor | None:
    try:
        return Anchor(**json.loads(line))
    except (ValueError, TypeError):
        return None


def digest(event: AuditEvent, mark: AuditSeal) -> str:
    """The link of an event: a hash over its every column, its seal's, and the link before."""
    columns = {name: getattr(event, name) for name in AuditEvent.model_fields}
    seal_columns = {name: getattr(mark, name) for name in AuditSeal.model_fields if name != "link"}
    text = json.dumps([seal_columns, columns], sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=datetime.isoformat)
    return hashlib.sha256(text.encode()).hexdigest()


def seal(anchors: AnchorFile) -> int:
    """Chain every committed row that has no link yet; returns how many. Opens its own unit of work."""
    from toubib.db import database

    work.require_outside("sealing")
    with database().unit_of_work() as session:
        head = _head(session)
        events = list(_unsealed(session))
        position, link = (head.position, head.link) if head else (0, GENESIS)
        for event in events:
            position, mark = position + 1, AuditSeal(position=position + 1, event_id=event.id, previous=link, link="")
            mark.link = link = digest(event, mark)
            session.add(mark)
        session.execute(delete(AuditPending).where(col(AuditPending.id).in_([event.id for event in events])))
    if events:
        anchors.append(position, link)
    return len(events)


def _head(session: Session) -> AuditSeal | None:
    return session.exec(select(AuditSeal).order_by(col(AuditSeal.position).desc()).limit(1)).first()


def _unsealed(session: Session) -> Iterator[AuditEvent]:
    """Events that the database noted as new; the trail itself, which grows for ever, is not searched."""
    query = select(AuditEvent).where(col(AuditEvent.id).in_(select(AuditPending.id)))
    return iter(session.exec(query.order_by(col(AuditEvent.at), AuditEvent.id).limit(BATCH)))


def verify(session: Session, anchors: AnchorFile, progress: Progress = lambda _now, _total: None) -> Verdict:
    """Recompute the whole chain and hold it against the outside anchors. Rows that cannot even be read are faults too.

    `progress` hears how many of how many links were looked at.
    """
    faults: list[str] = []
    links: dict[int, str] = {0: GENESIS}
    previous, expected = GENESIS, 1
    for mark, event in _chained(session, progress):
        if mark is None:
            faults.append("a link cannot be read")
            continue
        faults += _link_faults(mark, event, previous, expected)
        links[mark.position] = previous = mark.link
        expected = mark.position + 1
    known = list(anchors.read())
    faults += [fault for anchor in known if (fault := _anchor_fault(anchor, anchors, links))]
    if len(links) > 1 and not known:
        faults.append("the outside anchor is missing")
    unsealed = select(func.count()).select_from(AuditEvent).where(col(AuditEvent.id).not_in(select(AuditSeal.event_id)))
    forgotten = session.exec(unsealed.where(col(AuditEvent.id).not_in(select(AuditPending.id)))).one()
    if forgotten:
        faults.append(f"{forgotten} events have no link and do not wait for one")
    return Verdict(len(links) - 1, session.exec(unsealed).one(), len(known), tuple(faults))


def _chained(session: Session, progress: Progress) -> Iterator[tuple[AuditSeal | None, AuditEvent | None]]:
    """Each link with its event, in order and in batches; what does not open stands as `None`."""
    try:
        ids = session.exec(select(AuditSeal.id).order_by(col(AuditSeal.position))).all()
    except UNREADABLE:
        yield None, None
        return
    for start in range(0, len(ids), BATCH):
        batch = ids[start : start + BATCH]
        query = select(AuditSeal, AuditEvent).join(AuditEvent, col(AuditEvent.id) == AuditSeal.event_id, isouter=True)
        try:
            yield from session.exec(query.where(col(AuditSeal.id).in_(batch)).order_by(col(AuditSeal.position))).all()
        except UNREADABLE:
            yield from (_one(session, mark_id) for mark_id in batch)
        session.expunge_all()
        progress(start + len(batch), len(ids))


def _one(session: Session, mark_id: str) -> tuple[AuditSeal | None, AuditEvent | None]:
    """A link read by itself, when its batch does not open."""
    session.expunge_all()
    try:
        mark = session.get(AuditSeal, mark_id)
    except UNREADABLE:
        return None, None
    try:
        return mark, session.get(AuditEvent, mark.event_id) if mark else None
    except UNREADABLE:
        return mark, None


def _anchor_fault(anchor: Anchor | None, anchors: AnchorFile, links: Mapping[int, str]) -> str:
    if anchor is None:
        return "a line of the outside anchor cannot be read"
    if not anchors.genuine(anchor):
        return f"anchor {anchor.position} was not written by this installation"
    return "" if links.get(anchor.position) == anchor.link else f"link {anchor.position} is not the one that was anchored on {anchor.at}"


def _link_faults(mark: AuditSeal, event: AuditEvent | None, previous: str, expected: int) -> list[str]:
    faults = []
    if mark.position != expected:
        faults.append(f"links {expected} to {mark.position - 1} are missing")
    if mark.previous != previous:
        faults.append(f"link {mark.position} does not follow the one before")
    if event is None:
        faults.append(f"the event of link {mark.position} is missing or cannot be read")
    elif digest(event, mark) != mark.link:
        faults.append(f"link {mark.position} or its event was changed")
    return faults
