"""What every command begins with: the settings that the command line named, and an installation started from them."""

from pathlib import Path

import click

from toubib import checks, runtime
from toubib.app import start
from toubib.settings import Settings, load

SETTINGS = "TOUBIB_SETTINGS"


def settings_of(ctx: click.Context) -> tuple[Settings, bool]:
    """The settings that the command line named, and whether to start safely."""
    path, safe = ctx.find_root().obj or (None, False)
    if path is None:
        raise click.UsageError(f"Which deployment? Give --settings FILE, or set {SETTINGS}.")
    return load(Path(path)), safe


def started(ctx: click.Context) -> runtime.Toubib:
    """The installation that the command line named, started without the web."""
    settings, safe = settings_of(ctx)
    return start(settings, safe=safe)


def migrated(ctx: click.Context) -> runtime.Toubib:
    """The same for a command that reads or writes rows: refused in words while migrations wait."""
    toubib = started(ctx)
    checks.database_is_current()
    return toubib
