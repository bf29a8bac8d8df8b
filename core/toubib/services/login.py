"""Passwordless login: a code by mail, typed on the page that asked; a link as well, spent on POST.

Asking never tells whether an address is known. A code opens only from the browser that asked for it.
"""

import re
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

import pyotp
from sqlalchemy import delete
from sqlmodel import col, select

from toubib import runtime
from toubib.audit import trail
from toubib.contracts.common import ContractError, Message, Ref
from toubib.contracts.jobs import Payload
from toubib.db import database, session, vault
from toubib.db.once import found_or_added
from toubib.db.tables.access import Account, LoginCode, RecoveryCode
from toubib.seams import clock, randomness
from toubib.services import limits, notices, people
from toubib.services.secrets import code_fingerprint, fingerprint, matches

MAX_TRIES = 5
KEPT = timedelta(days=1)
"""How long a code that is over is kept, so that whoever types it late reads that it is over."""

TOTP_SECONDS = 30
ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
"""One address as HTML's own mail field takes it: no list, no line break, nothing that another header could hide in."""


class CodeOutcome(StrEnum):
    """What came of a typed code or a link."""

    OPEN = "open"
    WRONG = "wrong"
    SPENT = "spent"


@dataclass(frozen=True, slots=True)
class Opened:
    """The account that a code or link opened, and where its owner wanted to go."""

    outcome: CodeOutcome
    account: Account | None = None
    return_to: str = "/"
    tries_left: int = 0


def normalise_email(text: str) -> str:
    """The address as stored; raises `ContractError` when it cannot be one."""
    address = text.strip()
    local, _, domain = address.rpartition("@")
    if len(address) > 254 or not ADDRESS.fullmatch(address):
        raise ContractError(Message("toubib", "This mail address is not complete. It looks like name@example.org."))
    return f"{local}@{domain.lower()}"


def ask_code(email: str, binding: str, return_to: str, locale: str) -> None:
    """Send a code and a link to an address. Older codes of this page stop working."""
    address = normalise_email(email)
    index = vault().blind("email", address.lower())
    limits.count("code", index, per_hour=8)
    now = clock.now()
    for older in session().exec(select(LoginCode).where(LoginCode.binding_hash == fingerprint(binding), col(LoginCode.used_at).is_(None))):
        older.used_at = now
    code, link = randomness.digits(6), randomness.token()
    minutes = runtime.current().settings.rules.code_minutes
    row = LoginCode(
        email_index=index,
        code_hash="",
        link_hash=fingerprint(link),
        binding_hash=fingerprint(binding),
        return_to=return_to,
        locale=locale,
        expires_at=now + timedelta(minutes=minutes),
    )
    row.code_hash = code_fingerprint(code, row.id)
    vault().seal(row, "email", address)
    session().add(row)
    notices.queue("login_code", address, locale=locale, params={"code": code, "minutes": str(minutes)}, link=f"/sign-in/link/{link}")


def pending_address(binding: str) -> str:
    """The address to which the page's latest code went, to show and correct it; "" when there is none."""
    row = _latest(binding)
    return vault().read(row, "email") if row else ""


def _latest(binding: str, *, locked: bool = False) -> LoginCode | None:
    query = (
        select(LoginCode)
        .where(LoginCode.binding_hash == fingerprint(binding), col(LoginCode.used_at).is_(None), LoginCode.expires_at > clock.now())
        .order_by(col(LoginCode.created_at).desc())
    )
    return session().exec(query.with_for_update() if locked else query).first()


def try_code(binding: str, code: str) -> Opened:
    """Open with a typed code; five wrong ones spend it, however many are sent at the same moment."""
    row = _latest(binding, locked=True)
    if row is None:
        return Opened(CodeOutcome.SPENT)
    row.tries += 1
    digits = "".join(c for c in code if c.isdigit())
    if not matches(row.code_hash, code_fingerprint(digits, row.id)):
        if row.tries >= MAX_TRIES:
            row.used_at = clock.now()
            return Opened(CodeOutcome.SPENT)
        return Opened(CodeOutcome.WRONG, tries_left=MAX_TRIES - row.tries)
    return _open(row)


def try_link(link: str) -> Opened:
    """Open with the link of the mail, on POST. It opens once."""
    row = session().exec(select(LoginCode).where(LoginCode.link_hash == fingerprint(link)).with_for_update()).first()
    if row is None or row.used_at is not None or row.expires_at <= clock.now():
        return Opened(CodeOutcome.SPENT)
    return _open(row)


def _open(row: LoginCode) -> Opened:
    row.used_at = clock.now()
    account = account_for(vault().read(row, "email"), row.locale)
    trail.wrote("sign_in", Ref("account", account.id), person_id=account.person_id)
    return Opened(CodeOutcome.OPEN, account, row.return_to)


def sweep(_payload: Payload) -> None:
    """Job, every hour: forget codes that open nothing any more, with the addresses to which they went; and the tries of hours that are over."""
    with database().unit_of_work() as writing:
        limits.forget()
        writing.execute(delete(LoginCode).where(col(LoginCode.expires_at) < clock.now() - KEPT))


def account_for(email: str, locale: str) -> Account:
    """The account of a proven address, made on its first use."""
    index = vault().blind("email", email.lower())
    query = select(Account).where(Account.email_index == index)
    known = session().exec(query).first()
    if known is not None:
        return known
    person = people.newcomer(locale)
    new = Account(person_id=person.id, email_index=index)
    vault().seal(new, "email", email)
    account = found_or_added(query, new)
    if account is not new:
        # somebody proved the same address at the same moment: the person is theirs
        session().delete(person)
    return account


def enrol_second_factor(account: Account) -> str:
    """Give the account a new TOTP secret; returns it for the QR code. It counts once a code was shown."""
    secret = pyotp.random_base32()
    vault().seal(account, "totp_secret", secret)
    account.totp_last_step = 0
    return secret


def check_second_factor(account: Account, code: str) -> bool:
    """Whether a TOTP code is right now; each step counts once, so a code seen over a shoulder is spent."""
    limits.count("totp", account.id, per_hour=30)
    session().refresh(account, with_for_update=True)
    secret = vault().read(account, "totp_secret")
    digits = "".join(c for c in code if c.isdigit())
    now = int(clock.now().timestamp())
    for step in (now // TOTP_SECONDS - 1, now // TOTP_SECONDS, now // TOTP_SECONDS + 1):
        if step > account.totp_last_step and secret and matches(pyotp.TOTP(secret).generate_otp(step), digits):
            account.totp_last_step = step
            return True
    return False


def new_recovery_codes(account: Account, count: int = 8) -> list[str]:
    """Fresh single-use recovery codes, shown once; older ones stop working."""
    for row in session().exec(select(RecoveryCode).where(RecoveryCode.account_id == account.id, col(RecoveryCode.used_at).is_(None))):
        row.used_at = clock.now()
    codes = [f"{randomness.digits(5)}-{randomness.digits(5)}" for _ in range(count)]
    for code in codes:
        row = RecoveryCode(account_id=account.id, code_hash="")
        row.code_hash = code_fingerprint(code, row.id)
        session().add(row)
    trail.wrote("recovery_codes", Ref("account", account.id), person_id=account.person_id)
    return codes


def use_recovery_code(account: Account, code: str) -> bool:
    """Spend a recovery code in place of the second factor."""
    limits.count("recovery", account.id, per_hour=10)
    unused = select(RecoveryCode).where(RecoveryCode.account_id == account.id, col(RecoveryCode.used_at).is_(None))
    for row in session().exec(unused.with_for_update()):
        if matches(row.code_hash, code_fingerprint(code.strip(), row.id)):
            row.used_at = clock.now()
            trail.wrote("recovery_code_used", Ref("account", account.id), person_id=account.person_id)
            return True
    return False
