"""Applications: sending one, giving a newer document, withdrawing. Everything joins the caller's unit of work."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from toubib import i18n
from toubib.db import session
from toubib.db.tables.directory import Practitioner
from toubib.seams import clock
from toubib.services import documents, room_files, standing
from toubib_credentialing import house, notices
from toubib_credentialing.models import Application, Credential, Question
from toubib_credentialing.texts import DOMAIN, KINDS, refused, say

LIVE = ("submitted", "accepted", "suspended")
ENDINGS = {"application/pdf": ".pdf", "image/jpeg": ".jpg", "image/png": ".png"}


@dataclass(frozen=True, slots=True)
class File:
    """A proof as it was given: written as a blob already, checked, with the last day on which it holds."""

    kind: str
    blob: str
    content: bytes
    expires_on: date | None


@dataclass(frozen=True, slots=True)
class Claim:
    """What an applicant says of themselves, checked."""

    name: str
    title: str
    profession: str
    specialty: str
    registry_key: str
    registry_number: str
    languages: tuple[str, ...]


def live(person_id: str, *, lock: bool = False) -> Application | None:
    """A person's live application, if there is one."""
    query = select(Application).where(Application.person_id == person_id, col(Application.state).in_(LIVE))
    return session().exec(query.with_for_update().execution_options(populate_existing=True) if lock else query).first()


def latest(person_id: str) -> Application | None:
    """A person's newest application, whatever became of it."""
    query = select(Application).where(Application.person_id == person_id)
    return session().exec(query.order_by(col(Application.submitted_at).desc())).first()


def locked(application_id: str) -> Application:
    """An application for a command: read anew, and nobody else's command touches it until the unit of work ends."""
    query = select(Application).where(Application.id == application_id)
    return session().exec(query.with_for_update().execution_options(populate_existing=True)).one()


def submit(person_id: str, claim: Claim, files: Sequence[File]) -> str:
    """Send an application to the reviewers; returns its id. Raises `ContractError` when one is live already, even one sent at this instant."""
    row = Application(
        organisation_id=house.organisation().id,
        person_id=person_id,
        display_name=claim.name,
        title=claim.title,
        profession=claim.profession,
        specialty=claim.specialty,
        registry_key=claim.registry_key,
        registry_number=claim.registry_number,
        languages=list(claim.languages),
        locale=i18n.locale(),
    )
    try:
        with session().begin_nested():
            session().add(row)
    except IntegrityError as error:
        raise refused(say("You have applied already. See where it stands on your page.")) from error
    for file in files:
        _keep(row, file)
    _ask(row, "application")
    return row.id


def _keep(row: Application, file: File) -> Credential:
    kind = room_files.media_type(file.content)
    document_id = documents.keep(
        file.blob,
        file.content,
        organisation_id=row.organisation_id,
        person_id=row.person_id,
        encounter_id=None,
        kind=f"{DOMAIN}.{file.kind}",
        filename=file.kind + ENDINGS[kind],
        media_type=kind,
    )
    credential = Credential(
        organisation_id=row.organisation_id, application_id=row.id, kind=file.kind, document_id=document_id, expires_on=file.expires_on
    )
    session().add(credential)
    session().flush()
    return credential


def _ask(row: Application, kind: str, credential: Credential | None = None) -> None:
    asked = Question(organisation_id=row.organisation_id, application_id=row.id, kind=kind, credential_id=credential.id if credential else None)
    session().add(asked)
    session().flush()
    notices.to_reviewers(row, "waiting", key=asked.id)


def renew(person_id: str, file: File) -> None:
    """Give a newer document of a kind. The former one counts until reviewers accept the newer."""
    row = live(person_id, lock=True)
    if row is None or row.state == "submitted":
        raise refused(say("A newer document can be given once your application was accepted."))
    if open_question(row.id, "renewal", file.kind):
        raise refused(say("A newer document of this kind waits for its decision already."))
    _ask(row, "renewal", _keep(row, file))


def ask_back(application_id: str) -> None:
    """Ask the reviewers whether a suspension may end. Asked once until it is decided."""
    row = locked(application_id)
    if row.state == "suspended" and not open_question(row.id, "reinstatement"):
        _ask(row, "reinstatement")


def open_question(application_id: str, kind: str, of: str = "") -> Question | None:
    """The undecided question of a kind, on a document of the kind `of`."""
    query = select(Question).where(Question.application_id == application_id, Question.kind == kind, col(Question.decided_at).is_(None))
    if of:
        query = query.join(Credential, col(Credential.id) == Question.credential_id).where(Credential.kind == of)
    return session().exec(query).first()


def withdraw(person_id: str) -> None:
    """Take one's application back. Who practised here may not any more from this instant; their record of care stays."""
    row = live(person_id, lock=True)
    if row is None:
        return
    if row.state != "submitted" and _practises(person_id):
        standing.say(person_id, standing.SUSPENDED, source=DOMAIN, reason="withdrawn")
        notices.to_house(row)
    close(row, "withdrawn")
    for question in session().exec(select(Question).where(Question.application_id == row.id, col(Question.decided_at).is_(None))):
        question.outcome, question.decided_at = "withdrawn", clock.now()
    session().flush()


def _practises(person_id: str) -> bool:
    return session().exec(select(Practitioner.id).where(Practitioner.id == person_id)).first() is not None


def close(row: Application, state: str) -> None:
    """End an application."""
    row.state, row.closed_at = state, clock.now()
    session().flush()


def credentials(application_id: str) -> Sequence[Credential]:
    """The documents of an application, newest first."""
    query = select(Credential).where(Credential.application_id == application_id)
    return session().exec(query.order_by(col(Credential.added_at).desc(), col(Credential.id))).all()


def current(application_id: str) -> Mapping[str, Credential]:
    """By kind, the accepted document that holds longest."""
    found: dict[str, Credential] = {}
    for row in credentials(application_id):
        former = found.get(row.kind)
        if row.state == "accepted" and (former is None or _longer(row, former)):
            found[row.kind] = row
    return found


def _longer(one: Credential, other: Credential) -> bool:
    return (one.expires_on or date.max) > (other.expires_on or date.max)


def ends_on(application_id: str) -> date | None:
    """The last day on which every accepted document still holds; `None` when nothing runs out."""
    return min((c.expires_on for c in current(application_id).values() if c.expires_on), default=None)


def same_number(row: Application) -> bool:
    """Whether somebody else uses this registry number: in a live application, or in the directory."""
    others = select(Application.id).where(
        Application.registry_number == row.registry_number, Application.person_id != row.person_id, col(Application.state).in_(LIVE)
    )
    known = select(Practitioner.id).where(Practitioner.registry_number == row.registry_number, Practitioner.id != row.person_id)
    return bool(session().exec(others).first() or session().exec(known).first())


def needed() -> tuple[str, ...]:
    """Kinds of documents that an application needs."""
    return tuple(KINDS)
