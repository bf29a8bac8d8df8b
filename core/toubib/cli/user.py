"""Accounts, from the command line: the first administrator, and recovery by a person."""

import click
from sqlmodel import func, select

from toubib import runtime
from toubib.audit import trail
from toubib.cli.context import migrated
from toubib.contracts.common import Ref
from toubib.db import database
from toubib.db.tables.access import RoleAssignment
from toubib.db.tables.directory import Organisation
from toubib.services import login

CORE_ROLES = frozenset({"administrator", "secretary", "reviewer"})


@click.group()
def user() -> None:
    """Accounts and roles."""


@user.command()
@click.argument("email")
@click.argument("organisation")
@click.option("--role", default="administrator", show_default=True, help="administrator, secretary, reviewer, or a role that a plugin's permissions name.")
@click.pass_context
def add(ctx: click.Context, email: str, organisation: str, role: str) -> None:
    """Give EMAIL a role in ORGANISATION (its slug). They sign in by code and set up a second factor."""
    known = CORE_ROLES | {name for part in migrated(ctx).registry.web.values() for p in part.permissions for name in p.roles}
    if role not in known:
        raise click.ClickException(f"no role {role!r}: choose one of {', '.join(sorted(known))}")
    with database().unit_of_work() as session:
        found = session.exec(select(Organisation).where(Organisation.slug == organisation)).first()
        if found is None:
            raise click.ClickException(f"there is no organisation {organisation!r}")
        account = login.account_for(login.normalise_email(email), "en")
        session.add(RoleAssignment(account_id=account.id, organisation_id=found.id, role=role))
        trail.wrote("give_role", Ref("account", account.id), organisation_id=found.id, person_id=account.person_id)
        several = session.exec(select(func.count()).select_from(Organisation)).one() > 1
    click.echo(f"{email} is now {role} of {organisation}")
    if role == "administrator" and several and not runtime.current().settings.site.operator:
        click.echo("Nobody opens /admin yet: several organisations are here, and [site] operator in the settings names none of them.")
