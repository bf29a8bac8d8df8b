"""The room of an encounter: who waits, who is in, what was said, and which media session carries the picture.

Media backends report facts here; the core decides what they mean.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from toubib import runtime
from toubib.audit import trail
from toubib.contracts.common import Ref
from toubib.contracts.identity import Actor
from toubib.contracts.media import JoinPane, JoinPurpose, MediaBackend, Participant, ParticipantRole, SessionSpec
from toubib.db import session, vault
from toubib.db.once import found_or_added
from toubib.db.tables.journey import Encounter
from toubib.db.tables.room import ChatMessage, MediaQuality, MediaSession, Presence, Segment
from toubib.seams import clock
from toubib.services import accompaniment, directory, people

HERE_FOR = timedelta(seconds=45)
TEXT = "text"
"""Care in writing: the modality of its encounters and segments, and the name of its sessions."""


@dataclass(frozen=True, slots=True)
class Present:
    """Somebody in the room, with when they came and whether they are here now."""

    participant_id: str
    role: ParticipantRole
    name: str
    since: datetime
    here: bool


@dataclass(frozen=True, slots=True)
class Said:
    """A chat message."""

    author_role: str
    mine: bool
    text: str
    at: datetime


def channel(encounter_id: str) -> str:
    """The bus channel of a room."""
    return f"room:{encounter_id}"


def notify(encounter_id: str, what: str) -> None:
    """Tell the pages of a room that something changed; they read the state again."""
    runtime.current().bus.publish(channel(encounter_id), {"type": what})


def participant(encounter_id: str, actor: Actor) -> Participant:
    """The actor's seat in the room: stable over reloads and devices. Whoever stands at the patient's side shares the patient's."""
    encounter = session().get_one(Encounter, encounter_id)
    if encounter.practitioner_role_id in actor.practitioner_roles:
        name = directory.role(encounter.practitioner_role_id or "").name
        return Participant(f"practitioner-{encounter.practitioner_role_id}", ParticipantRole.PRACTITIONER, name)
    beside = accompaniment.of(encounter_id, actor.practitioner_roles) is not None
    if encounter.person_id is not None and (beside or _stands_for(actor, encounter.person_id)):
        return Participant(f"patient-{encounter.person_id}", ParticipantRole.PATIENT, people.traits(encounter.person_id).name)
    return Participant(f"guest-{actor.id}", ParticipantRole.GUEST, "")


def _stands_for(actor: Actor, person_id: str) -> bool:
    """Whether this is the patient, or who sits beside them and acts for them: they share one seat."""
    return actor.person_id is not None and (actor.person_id == person_id or people.acts_for(actor.person_id, person_id))


def arrive(encounter_id: str, who: Participant) -> None:
    """Somebody entered the waiting room or the room; again after a reload changes nothing but the time."""
    encounter = session().get_one(Encounter, encounter_id)
    row = _presence(encounter_id, who.id)
    if row is None:
        new = Presence(organisation_id=encounter.organisation_id, encounter_id=encounter_id, participant_id=who.id, role=who.role)
        vault().seal(new, "display_name", who.display_name)
        row = found_or_added(_seat(encounter_id, who.id), new)
    row.last_seen_at, row.left_at = clock.now(), None
    session().flush()


def leave(encounter_id: str, participant_id: str) -> None:
    """Somebody left the room."""
    if row := _presence(encounter_id, participant_id):
        row.left_at = clock.now()


def _presence(encounter_id: str, participant_id: str) -> Presence | None:
    return session().exec(_seat(encounter_id, participant_id)).first()


def _seat(encounter_id: str, participant_id: str) -> SelectOfScalar[Presence]:
    return select(Presence).where(Presence.encounter_id == encounter_id, Presence.participant_id == participant_id)


def present(encounter_ids: Sequence[str]) -> dict[str, list[Present]]:
    """Who is or was in the rooms of several encounters."""
    found: dict[str, list[Present]] = {encounter_id: [] for encounter_id in encounter_ids}
    fresh = clock.now() - HERE_FOR
    for row in session().exec(select(Presence).where(col(Presence.encounter_id).in_(encounter_ids))):
        here = row.left_at is None and row.last_seen_at >= fresh
        name = vault().read(row, "display_name")
        found[row.encounter_id].append(Present(row.participant_id, ParticipantRole(row.role), name, row.joined_at, here))
    return found


def say(encounter_id: str, who: Participant, text: str) -> None:
    """Keep a chat message of at most 4000 characters."""
    encounter = session().get_one(Encounter, encounter_id)
    row = ChatMessage(organisation_id=encounter.organisation_id, encounter_id=encounter_id, author_id=who.id, author_role=who.role)
    vault().seal(row, "body", text[:4000])
    session().add(row)
    session().flush()


def chat(encounter_id: str, who: Participant) -> Sequence[Said]:
    """Everything said in writing, oldest first."""
    rows = session().exec(select(ChatMessage).where(ChatMessage.encounter_id == encounter_id).order_by(col(ChatMessage.at))).all()
    return [Said(r.author_role, r.author_id == who.id, vault().read(r, "body"), r.at) for r in rows]


def backend() -> MediaBackend | None:
    """The first media backend of the deployment's chain; `None` where it has none."""
    toubib = runtime.current()
    return toubib.registry.media[toubib.settings.use.media[0]] if toubib.settings.use.media else None


def media_session(encounter_id: str) -> str:
    """The open media session of an encounter, opened now if there is none."""
    chosen = backend()
    if chosen is None:
        raise LookupError("this deployment has no media backend")
    row = session().exec(
        select(MediaSession).where(
            MediaSession.encounter_id == encounter_id, MediaSession.backend == chosen.name, col(MediaSession.closed_at).is_(None)
        )
    ).first()
    if row is None:
        encounter = session().get_one(Encounter, encounter_id)
        row = MediaSession(organisation_id=encounter.organisation_id, encounter_id=encounter_id, backend=chosen.name)
        session().add(row)
        session().flush()
        chosen.open(SessionSpec(row.id, encounter_id))
    return row.id


def text_session(encounter_id: str) -> str:
    """The open session of an encounter in writing, which no media backend carries; opened now if there is none."""
    query = select(MediaSession).where(MediaSession.encounter_id == encounter_id, MediaSession.backend == TEXT)
    row = session().exec(query.where(col(MediaSession.closed_at).is_(None))).first()
    if row is None:
        row = MediaSession(organisation_id=session().get_one(Encounter, encounter_id).organisation_id, encounter_id=encounter_id, backend=TEXT)
        session().add(row)
        session().flush()
    return row.id


def pane(encounter_id: str, who: Participant, purpose: JoinPurpose) -> JoinPane | None:
    """What the page needs to join; `None` where the deployment has no media backend."""
    chosen = backend()
    return chosen.join(media_session(encounter_id), who, purpose) if chosen else None


def close(encounter_id: str) -> None:
    """End the media of an encounter for everybody, and the segments that still ran.

    A backend that was taken off the deployment meanwhile has nothing to end here: its own service ends the room in time.
    """
    query = select(MediaSession).where(MediaSession.encounter_id == encounter_id, col(MediaSession.closed_at).is_(None))
    for row in session().exec(query).all():
        if chosen := runtime.current().registry.media.get(row.backend):
            chosen.close(row.id)
        segment_ended(row.id, "encounter ended")
        row.closed_at = clock.now()


def encounter_of(session_id: str) -> str:
    """The encounter that a media session belongs to."""
    return session().get_one(MediaSession, session_id).encounter_id


def segment_started(session_id: str, modality: str) -> None:
    """Fact: both sides see or hear each other from now on. One segment runs at a time."""
    row = session().get_one(MediaSession, session_id)
    if _running(session_id) is None:
        session().add(Segment(organisation_id=row.organisation_id, session_id=session_id, modality=modality, started_at=clock.now()))
        trail.wrote("segment_started", Ref("media_session", session_id), organisation_id=row.organisation_id)


def segment_ended(session_id: str, reason: str, at: datetime | None = None) -> None:
    """Fact: they no longer do, since `at` (now, when none is given). Ending twice is no error."""
    if running := _running(session_id):
        running.ended_at, running.reason = at or clock.now(), reason


def _running(session_id: str) -> Segment | None:
    return session().exec(select(Segment).where(Segment.session_id == session_id, col(Segment.ended_at).is_(None))).first()


def quality(session_id: str, role: ParticipantRole, connect_ms: int, lost_permille: int, reconnections: int) -> None:
    """Fact: what a participant's browser measured. Numbers are clamped to what is possible."""
    row = session().get_one(MediaSession, session_id)
    session().add(
        MediaQuality(
            organisation_id=row.organisation_id,
            session_id=session_id,
            participant_role=role,
            connect_ms=max(0, min(connect_ms, 600_000)),
            lost_permille=max(0, min(lost_permille, 1000)),
            reconnections=max(0, min(reconnections, 10_000)),
        )
    )


def spoke(encounter_id: str) -> bool:
    """Whether both heard each other at some time (the law asks it for prescriptions)."""
    query = (
        select(Segment.id)
        .join(MediaSession, col(MediaSession.id) == Segment.session_id)
        .where(MediaSession.encounter_id == encounter_id, col(Segment.modality).in_(("video", "audio", "phone")))
    )
    return session().exec(query).first() is not None
