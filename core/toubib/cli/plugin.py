"""Plugins: listed, examined, removed, detached."""

import sys

import click
from sqlalchemy import delete, or_
from sqlmodel import col

from toubib import i18n, runtime
from toubib.cli.context import migrated, settings_of, started
from toubib.db import database, migrate
from toubib.db.tables.machinery import JobRow
from toubib.plugins import PluginError, available
from toubib.services import breaker, payments

CORE = "core"
"""The name of the core's own branch of migrations."""


@click.group()
def plugin() -> None:
    """Plugins of this deployment."""


@plugin.command("list")
@click.pass_context
def list_(ctx: click.Context) -> None:
    """Installed plugins, with * for the listed ones."""
    settings, _ = settings_of(ctx)
    for name, point in sorted(available().items()):
        mark = "*" if name in settings.plugins else " "
        click.echo(f"{mark} {name:24} {point.dist.version if point.dist else '?':10} {point.value}")


@plugin.command()
@click.pass_context
def doctor(ctx: click.Context) -> None:
    """Start everything and say what is wrong, plugin by plugin; exit code 1 when something is."""
    toubib = started(ctx)
    faults = 0
    for name, loaded in toubib.registry.plugins.items():
        click.echo(f"{name} {loaded.info.version}: loaded from {loaded.source}")
    for name in toubib.registry.media:
        health = breaker.media_health(name)
        faults += not health.ok
        click.echo(f"media {name}: {'works' if health.ok else toubib.catalogues.render(health.message, 'en') if health.message else 'fails'}")
    faults += _services()
    waiting = migrate.pending()
    faults += bool(waiting)
    click.echo(f"pending migrations: {', '.join(waiting)}" if waiting else "the database is current")
    sys.exit(1 if faults else 0)


def _services() -> int:
    """Say how outside services answer; returns how many are left alone."""
    with database().reading():
        states = breaker.states()
    for state in states:
        until = f", left alone until {state.rests_until:%H:%M:%S} UTC" if state.rests_until else ""
        last = f"{state.failures} calls without an answer ({state.last_error})" if state.failures else f"answered in {state.last_ms} ms"
        click.echo(f"service {state.concern} {state.name}: {state.state}, {last}{until}")
    return sum(state.state == "rests" for state in states)


@plugin.command()
@click.argument("name")
@click.pass_context
def remove(ctx: click.Context, name: str) -> None:
    """Take a plugin's own tables away. Legal records are the core's and stay. Refused while money of it is live."""
    toubib = migrated(ctx)
    if name not in toubib.registry.plugins:
        raise click.ClickException(f"{name} is not listed: list it once more, remove it, then take it off the list")
    _refuse_live_money(name)
    if toubib.registry.plugins[name].info.migrations:
        migrate.downgrade(f"{name}@base")
    _forget_jobs(name)
    click.echo(f"the tables of {name} are gone. Now take it off the list `plugins` and uninstall it.")


def _forget_jobs(name: str) -> None:
    """Nobody could run them any more."""
    with database().unit_of_work() as writing:
        mine = or_(col(JobRow.name).startswith(f"{name}.", autoescape=True), col(JobRow.name).startswith(f"observe:{name}.", autoescape=True))
        writing.execute(delete(JobRow).where(mine))


def _refuse_live_money(name: str) -> None:
    toubib = runtime.current()
    providers = [key for (concern, key), owner in toubib.registry.owners.items() if concern == "payments" and owner == name]
    with database().reading():
        for why in filter(None, map(payments.keeps, providers)):
            raise PluginError(f"{name} still holds live payments: {toubib.catalogues.render(why, i18n.SOURCE)}")


@plugin.command()
@click.argument("name")
@click.pass_context
def detach(ctx: click.Context, name: str) -> None:
    """Forget the migrations of a plugin that is off the list; its tables are kept. Refused for one that is listed, and for the core."""
    toubib = started(ctx)
    if name in (CORE, *toubib.registry.plugins):
        raise click.ClickException(f"{name} is in use: without its revisions nothing would start. Take a plugin off the list first")
    gone = migrate.detach(name)
    if not gone:
        raise click.ClickException(f"no revisions of {name} are known to this database")
    click.echo(f"forgot {gone} revisions of {name}; its tables are kept")
