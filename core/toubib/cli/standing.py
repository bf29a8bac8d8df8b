"""Standing by hand: what an operator says of a practitioner where no plugin speaks, and what everybody said so far."""

from datetime import datetime

import click
from sqlmodel import select

from toubib.cli.context import migrated
from toubib.db import database
from toubib.db.tables.directory import Practitioner
from toubib.services import standing as service

OPERATOR = "operator"


@click.group()
def standing() -> None:
    """Who may act."""


def _practitioner(slug: str) -> Practitioner:
    with database().reading() as session:
        found = session.exec(select(Practitioner).where(Practitioner.slug == slug)).first()
    if found is None:
        raise click.ClickException(f"there is no practitioner {slug!r}")
    return found


@standing.command()
@click.argument("practitioner")
@click.argument("state", type=click.Choice([service.GOOD, service.SUSPENDED]))
@click.option("--until", type=click.DateTime(["%Y-%m-%dT%H:%M:%S%z"]), help="The instant at which this word ends, with its offset.")
@click.option("--scope", default=service.PRACTISE, show_default=True, help="What it is about: practise, answer, a command, practise:SE …")
@click.option("--reason", required=True, help="Read by reviewers and operators; no health data.")
@click.pass_context
def say(ctx: click.Context, practitioner: str, state: str, until: datetime | None, scope: str, reason: str) -> None:
    """Say that PRACTITIONER (the last part of their page's address) is STATE from now on."""
    migrated(ctx)
    person = _practitioner(practitioner)
    with database().unit_of_work():
        service.say(person.id, state, source=OPERATOR, reason=reason, scope=scope, valid_to=until)
    with database().reading():
        able = service.may(person.id, scope)
    click.echo(f"{person.display_name} {'may' if able else 'may not'} act ({scope})")


@standing.command()
@click.argument("practitioner")
@click.pass_context
def show(ctx: click.Context, practitioner: str) -> None:
    """Everything that was said of PRACTITIONER, newest first."""
    migrated(ctx)
    person = _practitioner(practitioner)
    with database().reading():
        for row in service.history(person.id):
            until = row.valid_to.isoformat() if row.valid_to else "no end"
            click.echo(f"{row.valid_from.isoformat()} to {until}  {row.scope}: {row.state} ({row.source}) {row.reason}")
        click.echo("may act" if service.may(person.id) else "may not act")
