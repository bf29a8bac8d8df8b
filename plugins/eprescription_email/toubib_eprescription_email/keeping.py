"""Where seals are kept: made once, found again by every process, encrypted at rest."""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import timedelta

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from toubib.db import database, is_open, require_outside, session, vault
from toubib.seams import clock
from toubib_eprescription_email.models import SealRow
from toubib_eprescription_email.seal import Seal, certificate, make

LAST_YEAR = timedelta(days=365)


def current(operator: str) -> Seal:
    """The seal in use; the very first call makes it, and the first one in its last year makes the next. Outside any unit of work."""
    require_outside("sealing")
    found = _newest()
    if found and certificate(found.certificate).not_valid_after - clock.now() > LAST_YEAR:
        return found
    try:
        return renew(operator)
    except IntegrityError:  # another process made it in the same instant: its seal is the installation's
        found = _newest()
        if found is None:
            raise
        return found


def renew(operator: str) -> Seal:
    """Make a new authority and key, with which everything is sealed from now on. Older documents stay checkable."""
    fresh = make(operator)
    with database().unit_of_work() as work:
        last = work.exec(select(SealRow.number).order_by(col(SealRow.number).desc())).first() or 0
        row = SealRow(number=last + 1, certificate=fresh.certificate.decode(), authority=fresh.authority.decode())
        vault().seal(row, "key", fresh.key.decode())
        work.add(row)
    return fresh


def authorities() -> Sequence[bytes]:
    """Certificates of every authority of this installation, newest first, in PEM. Inside or outside a unit of work."""
    with _reading() as work:
        rows = work.exec(select(SealRow.authority).order_by(col(SealRow.number).desc())).all()
    return [row.encode() for row in rows]


def _newest() -> Seal | None:
    with _reading() as work:
        row = work.exec(select(SealRow).order_by(col(SealRow.number).desc())).first()
        return Seal(vault().read(row, "key").encode(), row.certificate.encode(), row.authority.encode()) if row else None


def _reading() -> AbstractContextManager[Session]:
    return nullcontext(session()) if is_open() else database().reading()
