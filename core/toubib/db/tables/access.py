"""Access: accounts, sessions, codes, second factors and links. Secrets are stored hashed or sealed."""

from datetime import datetime
from typing import ClassVar

from sqlalchemy import UniqueConstraint
from sqlmodel import Field

from toubib.db.types import Table, instant, sealed

LOGIN = "a login serves one person in every organisation"


class Account(Table, table=True):
    """A login: a mail address that receives codes, and for staff a second factor."""

    __tablename__ = "account"
    global_because: ClassVar[str] = LOGIN
    person_id: str = Field(foreign_key="person.id", unique=True)
    email: bytes | None = sealed()
    email_index: str = Field(unique=True)
    totp_secret: bytes | None = sealed()
    totp_last_step: int = 0
    second_factor_required: bool = False
    created_at: datetime = instant(default_now=True)
    disabled_at: datetime | None = instant(optional=True)
    bounced_at: datetime | None = instant(optional=True)


class ExternalIdentity(Table, table=True):
    """Somebody as an identity provider knows them: its issuer and its subject, never the mail address.

    It belongs to one account for ever, and an account has at most one with an issuer. It outlives the plugin that made it.
    """

    __tablename__ = "external_identity"
    __table_args__ = (UniqueConstraint("issuer", "subject_index"), UniqueConstraint("issuer", "account_id"))
    global_because: ClassVar[str] = LOGIN
    account_id: str = Field(foreign_key="account.id", index=True)
    provider: str
    issuer: str
    subject: bytes | None = sealed()
    subject_index: str
    level: str = ""
    created_at: datetime = instant(default_now=True)
    vouched_at: datetime = instant(default_now=True)


class RoleAssignment(Table, table=True):
    """What an account is in an organisation: practitioner, secretary, reviewer, administrator.

    With an external identity, it counts only in sessions that this identity opened.
    """

    __tablename__ = "role_assignment"
    account_id: str = Field(foreign_key="account.id", index=True)
    organisation_id: str = Field(foreign_key="organisation.id", index=True)
    role: str
    practitioner_role_id: str | None = Field(default=None, foreign_key="practitioner_role.id")
    external_identity_id: str | None = Field(default=None, foreign_key="external_identity.id", index=True)


class Delegation(Table, table=True):
    """An account works on a practitioner's agenda for them (a secretary, a replacement), for a time.

    With an external identity, it counts only in sessions that this identity opened.
    """

    __tablename__ = "delegation"
    organisation_id: str = Field(foreign_key="organisation.id", index=True)
    practitioner_role_id: str = Field(foreign_key="practitioner_role.id", index=True)
    account_id: str = Field(foreign_key="account.id", index=True)
    valid_from: datetime = instant(default_now=True)
    valid_to: datetime | None = instant(optional=True)
    external_identity_id: str | None = Field(default=None, foreign_key="external_identity.id", index=True)


class AuthSession(Table, table=True):
    """A browser that proved who it is. The cookie holds a token, the row its hash.

    One that an identity provider answers for is alive until `vouched_until`, unless the provider answers again.
    """

    __tablename__ = "auth_session"
    global_because: ClassVar[str] = LOGIN
    account_id: str = Field(foreign_key="account.id", index=True)
    token_hash: str = Field(unique=True)
    device: str = ""
    created_at: datetime = instant(default_now=True)
    last_seen_at: datetime = instant(default_now=True)
    second_factor_at: datetime | None = instant(optional=True)
    revoked_at: datetime | None = instant(optional=True)
    external_identity_id: str | None = Field(default=None, foreign_key="external_identity.id", index=True)
    vouched_at: datetime | None = instant(optional=True)
    vouched_until: datetime | None = instant(optional=True)


class LoginCode(Table, table=True):
    """A code sent by mail, with its link: one use, few tries, short life, bound to the page that asked.

    The page that asked holds `binding`; the code alone, typed elsewhere, opens nothing.
    """

    __tablename__ = "login_code"
    global_because: ClassVar[str] = LOGIN
    email_index: str = Field(index=True)
    email: bytes | None = sealed()
    code_hash: str
    link_hash: str = Field(unique=True)
    binding_hash: str = Field(index=True)
    return_to: str = "/"
    locale: str
    tries: int = 0
    created_at: datetime = instant(default_now=True)
    expires_at: datetime = instant()
    used_at: datetime | None = instant(optional=True)


class RecoveryCode(Table, table=True):
    """One of the single-use codes that stand in for a lost second factor."""

    __tablename__ = "recovery_code"
    global_because: ClassVar[str] = LOGIN
    account_id: str = Field(foreign_key="account.id", index=True)
    code_hash: str
    used_at: datetime | None = instant(optional=True)


class JoinLink(Table, table=True):
    """A link to one encounter for one participant, without an account. Spent on POST, dies with the visit."""

    __tablename__ = "join_link"
    organisation_id: str = Field(foreign_key="organisation.id", index=True)
    encounter_id: str = Field(foreign_key="encounter.id", index=True)
    person_id: str | None = Field(default=None, foreign_key="person.id")
    participant_role: str = "patient"
    token_hash: str = Field(unique=True)
    expires_at: datetime = instant()
    used_at: datetime | None = instant(optional=True)
    revoked_at: datetime | None = instant(optional=True)
