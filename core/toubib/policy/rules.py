"""Permissions as queries: a rule turns an actor into a condition on a table.

The same condition answers “may X do Y with this one” and “everything X may do Y with”, so the two cannot differ.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, or_
from sqlmodel import col, false, select, true
from sqlmodel.sql.expression import SelectOfScalar

from toubib.contracts.identity import Actor
from toubib.contracts.web import Permission
from toubib.db.types import Table
from toubib.db.work import session

Rule: TypeAlias = Callable[[Actor], ColumnElement[bool] | None]
"""A condition on the table that the permission is about, or `None` when the rule grants this actor nothing."""


class PolicyError(Exception):
    """The policy is incomplete or contradictory: the start stops."""


class Denied(Exception):
    """The actor may not do this, or the thing does not exist: nobody learns which."""


class Policy:
    """Every permission with the rules that grant it."""

    def __init__(self, tables: Mapping[str, type[Table]]) -> None:
        self._tables = dict(tables)
        self._permissions: dict[str, Permission] = {}
        self._grants: dict[str, list[Rule]] = {}

    @property
    def permissions(self) -> Mapping[str, Permission]:
        """All declared permissions by name."""
        return dict(self._permissions)

    def declare(self, permission: Permission) -> None:
        """Add a permission. One declared `like` another is granted as that one is."""
        if permission.name in self._permissions:
            raise PolicyError(f"permission {permission.name!r} is declared twice")
        if permission.like:
            model = self._permissions.get(permission.like)
            if model is None or model.about != permission.about:
                raise PolicyError(f"permission {permission.name!r} is like {permission.like!r}, which is not about a {permission.about}")
            self._grants[permission.name] = self._grants[permission.like]
        elif permission.roles and permission.about not in ("site", "organisation"):
            raise PolicyError(f"permission {permission.name!r} names roles, so it is about the site or an organisation")
        elif permission.about != "site" and permission.about not in self._tables:
            raise PolicyError(f"permission {permission.name!r} is about {permission.about!r}, which is no table")
        self._permissions[permission.name] = permission
        self._grants.setdefault(permission.name, [])
        if permission.roles:
            self._grants[permission.name].append(self._holding(permission))

    def _holding(self, permission: Permission) -> Rule:
        """Whoever holds one of the permission's roles, with a fresh second factor."""
        everywhere = permission.about == "site"

        def rule(actor: Actor) -> ColumnElement[bool] | None:
            held = [o for role in permission.roles for o in actor.organisations(role)] if actor.strong else []
            if not held:
                return None
            return true() if everywhere else col(self._tables[permission.about].id).in_(held)

        return rule

    def grant(self, name: str, *rules: Rule) -> None:
        """Allow a permission to whom the rules say."""
        self._grants[self._known(name).name] += rules

    def condition(self, actor: Actor, name: str) -> ColumnElement[bool]:
        """The condition under which `actor` has the permission; false when no rule grants it."""
        conditions = [c for rule in self._grants[self._known(name).name] if (c := rule(actor)) is not None]
        return or_(*conditions) if conditions else false()

    def visible(self, actor: Actor, name: str) -> SelectOfScalar[Any]:
        """A query for everything that `actor` has the permission on."""
        table = self._tables[self._known(name).about]
        return select(table).where(self.condition(actor, name))

    def allows(self, actor: Actor, name: str, object_id: str = "") -> bool:
        """Whether `actor` has the permission on one object (or on the site). Needs an open unit of work."""
        permission = self._known(name)
        if permission.about == "site":
            return session().execute(select(self.condition(actor, name))).scalar_one() in (True, 1)
        table = self._tables[permission.about]
        query = select(table.id).where(col(table.id) == object_id, self.condition(actor, name))
        return session().exec(query).first() is not None

    def opens(self, actor: Actor, name: str) -> bool:
        """Whether `actor` has a permission about the site; true for one about objects, which each decide. Needs an open unit of work."""
        return self._known(name).about != "site" or self.allows(actor, name)

    def require(self, actor: Actor, name: str, object_id: str = "") -> None:
        """Raise `Denied` unless `actor` has the permission."""
        if not self.allows(actor, name, object_id):
            raise Denied(name)

    def _known(self, name: str) -> Permission:
        try:
            return self._permissions[name]
        except KeyError as error:
            raise PolicyError(f"permission {name!r} was never declared") from error

    def check(self, used: Iterable[str]) -> None:
        """Raise `PolicyError` for a permission that is used and undeclared, or that nobody can ever have."""
        for name in used:
            if not self._grants[self._known(name).name]:
                raise PolicyError(f"permission {name!r} is granted to nobody")
