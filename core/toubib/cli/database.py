"""The database: migrations, by explicit command only."""

import sys

import click

from toubib.cli.context import started
from toubib.db import migrate


@click.group()
def db() -> None:
    """Migrations of the core and of every listed plugin."""


@db.command()
@click.pass_context
def upgrade(ctx: click.Context) -> None:
    """Apply what is pending."""
    started(ctx)
    waiting = migrate.pending()
    click.echo(f"applying {len(waiting)} migrations" if waiting else "the database is current")
    migrate.upgrade(progress=lambda revision: click.echo(f"  {revision}"))


@db.command()
@click.pass_context
def status(ctx: click.Context) -> None:
    """Say what is pending; exit code 1 when something is."""
    started(ctx)
    waiting = migrate.pending()
    click.echo("\n".join(waiting) if waiting else "the database is current")
    sys.exit(1 if waiting else 0)
