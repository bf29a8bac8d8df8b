"""Sealing the trail: a hash chain over the rows, and the head written outside the database.

One sealer at a time (a lease job) chains what was committed. `verify` recomputes everything and compares the
chain with the outside anchors, so that a changed byte, a missing tail and a whole recomputed chain are found.
"""

import hashlib
import hmac
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlmodel import Session, col, func, select

from toubib.db import work
from toubib.db.tables.machinery import AuditEvent, AuditSeal
from toubib.seams import clock

GENESIS = "0" * 64
BATCH = 500


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
        with self.path.open("a") as file:
            file.write(line + "\n")
            file.flush()
            os.fsync(file.fileno())

    def read(self) -> Iterator[Anchor]:
        """All heads, oldest first."""
        if self.path.exists():
            for line in self.path.read_text().splitlines():
                yield Anchor(**json.loads(line))

    def genuine(self, anchor: Anchor) -> bool:
        """Whether the line was written by us."""
        return hmac.compare_digest(anchor.proof, self._proof(anchor.position, anchor.link, anchor.at))

    def _proof(self, position: int, link: str, at: str) -> str:
        return hmac.new(self._key, f"{position}\0{link}\0{at}".encode(), hashlib.sha256).hexdigest()


def digest(event: AuditEvent, previous: str) -> str:
    """The link of an event: a hash over every column and the link before."""
    columns = {name: getattr(event, name) for name in AuditEvent.model_fields}
    columns["at"] = event.at.isoformat()
    text = json.dumps([previous, columns], sort_keys=True, ensure_ascii=False, separators=(",", ":"))
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
            position, previous, link = position + 1, link, digest(event, link)
            session.add(AuditSeal(position=position, event_id=event.id, previous=previous, link=link))
    if events:
        anchors.append(position, link)
    return len(events)


def _head(session: Session) -> AuditSeal | None:
    return session.exec(select(AuditSeal).order_by(col(AuditSeal.position).desc()).limit(1)).first()


def _unsealed(session: Session) -> Iterator[AuditEvent]:
    sealed = select(AuditSeal.event_id)
    query = select(AuditEvent).where(col(AuditEvent.id).not_in(sealed)).order_by(col(AuditEvent.at), AuditEvent.id).limit(BATCH)
    return iter(session.exec(query))


def verify(session: Session, anchors: AnchorFile) -> Verdict:
    """Recompute the whole chain and hold it against the outside anchors."""
    faults: list[str] = []
    links: dict[int, str] = {0: GENESIS}
    previous, expected = GENESIS, 1
    for mark in session.exec(select(AuditSeal).order_by(col(AuditSeal.position))):
        event = session.get(AuditEvent, mark.event_id)
        faults += _link_faults(mark, event, previous, expected)
        links[mark.position] = previous = mark.link
        expected = mark.position + 1
    known = list(anchors.read())
    for anchor in known:
        if not anchors.genuine(anchor):
            faults.append(f"anchor {anchor.position} was not written by this installation")
        elif links.get(anchor.position) != anchor.link:
            faults.append(f"link {anchor.position} is not the one that was anchored on {anchor.at}")
    total = session.exec(select(func.count()).select_from(AuditEvent)).one()
    if len(links) > 1 and not known:
        faults.append("the outside anchor is missing")
    return Verdict(len(links) - 1, total - (len(links) - 1), len(known), tuple(faults))


def _link_faults(mark: AuditSeal, event: AuditEvent | None, previous: str, expected: int) -> list[str]:
    faults = []
    if mark.position != expected:
        faults.append(f"links {expected} to {mark.position - 1} are missing")
    if mark.previous != previous:
        faults.append(f"link {mark.position} does not follow the one before")
    if event is None:
        faults.append(f"the event of link {mark.position} is missing")
    elif digest(event, mark.previous) != mark.link:
        faults.append(f"the event of link {mark.position} was changed")
    return faults
