"""The plugin's tables: sign-ins that are under way, and what a provider gave to ask it again. Nothing here must outlive the plugin."""

from datetime import datetime
from typing import ClassVar

from sqlmodel import Field

from toubib.db import Table, instant, sealed

TABLES: tuple[str, ...] = ("auth_oidc_attempt", "auth_oidc_grant")
OF_A_LOGIN = "a login serves one person in every organisation"


class Attempt(Table, table=True):
    """A sign-in under way, bound to the browser that began it. Its state is spent by the first answer, whatever it holds.

    `vouched` waits for an account that is proved first.
    """

    __tablename__ = "auth_oidc_attempt"
    global_because: ClassVar[str] = OF_A_LOGIN
    provider: str
    state_hash: str = Field(unique=True)
    binding_hash: str
    secrets: bytes | None = sealed()
    vouched: bytes | None = sealed()
    return_to: str
    expires_at: datetime = instant(index=True)
    used_at: datetime | None = instant(optional=True)


class Grant(Table, table=True):
    """The tokens of a session that a provider opened: to ask again, and to sign out there. Sealed, and removed with the session."""

    __tablename__ = "auth_oidc_grant"
    global_because: ClassVar[str] = OF_A_LOGIN
    provider: str
    session_id: str = Field(foreign_key="auth_session.id", unique=True)
    subject_hash: str = Field(index=True)
    sid_hash: str = Field(default="", index=True)
    tokens: bytes | None = sealed()
