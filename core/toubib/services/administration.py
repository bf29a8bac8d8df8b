"""What an administrator sees and may mend: jobs, mail, the trail, staff. No content of any record or message."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col, func, or_, select

from toubib.audit import trail
from toubib.contracts.common import Ref
from toubib.db import session, vault
from toubib.db.tables.access import Account, RoleAssignment
from toubib.db.tables.directory import Organisation, Practitioner
from toubib.db.tables.machinery import AuditEvent, JobRow, NotificationRow
from toubib.seams import clock

DEAD, READY, RUNNING, DONE, DISCARDED = "dead", "ready", "running", "done", "discarded"


def job_counts() -> Mapping[str, int]:
    """How many jobs are in each state."""
    return dict(session().exec(select(JobRow.state, func.count()).group_by(JobRow.state)).all())


def troubled_jobs(limit: int = 50) -> Sequence[JobRow]:
    """Jobs that gave up, then those that failed and will be tried again."""
    failing = (col(JobRow.state) == READY) & (col(JobRow.last_error) != "")
    query = select(JobRow).where(or_(col(JobRow.state) == DEAD, failing)).order_by(col(JobRow.state), col(JobRow.run_at).desc())
    return session().exec(query.limit(limit)).all()


def waiting_jobs(limit: int = 50) -> Sequence[JobRow]:
    """Jobs that run or wait, those that run first."""
    query = select(JobRow).where(col(JobRow.state).in_((READY, RUNNING)), JobRow.last_error == "")
    return session().exec(query.order_by(col(JobRow.state).desc(), col(JobRow.run_at)).limit(limit)).all()


def faults_of(plugin: str, limit: int = 3) -> Sequence[JobRow]:
    """The last faults of a plugin's jobs and observers."""
    mine = or_(*(col(JobRow.name).startswith(prefix, autoescape=True) for prefix in (f"{plugin}.", f"observe:{plugin}.")))
    return session().exec(select(JobRow).where(mine, col(JobRow.last_error) != "").order_by(col(JobRow.run_at).desc()).limit(limit)).all()


def retry(job_id: str) -> bool:
    """Let a job that gave up begin anew; false when it is not one."""
    return _move(job_id, READY, "retry_job")


def discard(job_id: str) -> bool:
    """Never run a job that gave up; false when it is not one. The row stays, for whoever asks later."""
    return _move(job_id, DISCARDED, "discard_job")


def _move(job_id: str, state: str, action: str) -> bool:
    row = session().get(JobRow, job_id, with_for_update=True)
    if row is None or row.state != DEAD:
        return False
    row.state, row.attempts, row.run_at = state, 0, clock.now()
    trail.wrote(action, Ref("job", job_id), reason=row.name)
    return True


def mail_counts() -> Mapping[str, int]:
    """How many messages are in each state."""
    return dict(session().exec(select(NotificationRow.status, func.count()).group_by(NotificationRow.status)).all())


def last_mail(limit: int = 50) -> Sequence[NotificationRow]:
    """The newest messages; addresses and contents stay sealed."""
    return session().exec(select(NotificationRow).order_by(col(NotificationRow.created_at).desc()).limit(limit)).all()


def last_events(limit: int = 50) -> Sequence[AuditEvent]:
    """The newest rows of the trail."""
    return session().exec(select(AuditEvent).order_by(col(AuditEvent.at).desc(), col(AuditEvent.id).desc()).limit(limit)).all()


def practitioner_names(person_ids: Sequence[str]) -> Mapping[str, str]:
    """Public names of those of these persons who practise."""
    return {p.id: p.display_name for p in session().exec(select(Practitioner).where(col(Practitioner.id).in_(person_ids)))}


@dataclass(frozen=True, slots=True)
class StaffLine:
    """Somebody with a role in an organisation."""

    organisation: str
    role: str
    email: str
    name: str
    second_factor: bool
    disabled_at: datetime | None


def staff() -> list[StaffLine]:
    """Everybody with a role, by organisation."""
    query = (
        select(RoleAssignment, Account, Organisation)
        .join(Account, col(Account.id) == RoleAssignment.account_id)
        .join(Organisation, col(Organisation.id) == RoleAssignment.organisation_id)
        .order_by(col(Organisation.name), col(RoleAssignment.role))
    )
    rows = session().exec(query).all()
    names = practitioner_names([account.person_id for _, account, _ in rows])
    read = vault().read
    return [
        StaffLine(o.name, r.role, read(a, "email"), names.get(a.person_id, ""), a.totp_secret is not None, a.disabled_at) for r, a, o in rows
    ]


def organisations() -> Sequence[Organisation]:
    """Every organisation, by name."""
    return session().exec(select(Organisation).order_by(col(Organisation.name))).all()
