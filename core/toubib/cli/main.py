"""The entry of the command line. Commands are grouped by what they look after."""

import os
import sys
from pathlib import Path

import click

from toubib import runtime
from toubib.app import start
from toubib.cli import audit, claims, database, demonstration, keys, plugin, serving, standing, user
from toubib.cli.context import SETTINGS
from toubib.db.engine import UnsafeDatabase
from toubib.db.vault import VaultError
from toubib.plugins import PluginError
from toubib.policy.rules import PolicyError
from toubib.settings import SettingsError, load


class Commands(click.Group):
    """The core's commands, and after them the groups of the plugins that the settings list."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names; a plugin's only when the settings can be read."""
        return [*super().list_commands(ctx), *(_plugin_commands())]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """A core command, else a plugin's."""
        return super().get_command(ctx, cmd_name) or _plugin_commands().get(cmd_name)


def _plugin_commands() -> dict[str, click.Command]:
    if SETTINGS not in os.environ:
        return {}
    try:
        toubib = runtime.current()
    except runtime.NotConfigured:
        try:
            toubib = start(load(Path(os.environ[SETTINGS])))
        except (SettingsError, PluginError, VaultError) as error:
            click.echo(f"(commands of plugins are not shown: {error})", err=True)
            return {}
    return {str(c.name): c for part in toubib.registry.web.values() for c in part.commands}


@click.group(cls=Commands)
@click.option("--settings", type=click.Path(exists=True, dir_okay=False, path_type=Path), envvar=SETTINGS, help="The deployment's TOML file.")
@click.option("--safe", is_flag=True, help="Start without third-party plugins.")
@click.version_option(package_name="toubib")
@click.pass_context
def toubib(ctx: click.Context, settings: Path | None, *, safe: bool) -> None:
    """Toubib, a telehealth framework."""
    ctx.obj = (settings, safe)
    if settings is not None:
        os.environ[SETTINGS] = str(settings)


COMMANDS = (
    serving.serve,
    serving.worker,
    database.db,
    demonstration.demo,
    plugin.plugin,
    user.user,
    standing.standing,
    keys.keys,
    audit.audit,
    claims.claims,
)
for command in COMMANDS:
    toubib.add_command(command)


def main() -> None:
    """Run; whatever is wrong with settings or plugins is a sentence, never a stack trace."""
    try:
        toubib(standalone_mode=True)
    except (SettingsError, PluginError, VaultError, PolicyError, UnsafeDatabase) as error:
        click.echo(f"toubib: {error}", err=True)
        sys.exit(2)
