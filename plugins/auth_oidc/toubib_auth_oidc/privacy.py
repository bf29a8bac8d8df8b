"""What the plugin's rows hold on a person: the tokens of their open sessions. Secrets stay out of an export."""

import json
from collections.abc import Iterable

from sqlalchemy import delete
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from toubib.contracts.privacy import ExportedItem
from toubib.db import session
from toubib.db.tables.access import Account, AuthSession
from toubib_auth_oidc.models import TABLES, Grant


class SignInData:
    """Grants of the person's sessions. Sign-ins under way are bound to a browser, not to a person, and are forgotten within minutes."""

    name = "auth_oidc"
    tables = TABLES

    def export(self, person_id: str) -> Iterable[ExportedItem]:
        """At which provider each session was opened."""
        for row in session().exec(select(Grant).where(col(Grant.session_id).in_(_sessions(person_id)))):
            yield ExportedItem(TABLES[1], row.id, json.dumps({"provider": row.provider, "session": row.session_id}))

    def erase(self, person_id: str) -> None:
        """Forget the tokens; their sessions lapse within a minute."""
        session().execute(delete(Grant).where(col(Grant.session_id).in_(_sessions(person_id))))


def _sessions(person_id: str) -> SelectOfScalar[str]:
    return select(AuthSession.id).join(Account, col(Account.id) == AuthSession.account_id).where(Account.person_id == person_id)
