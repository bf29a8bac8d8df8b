"""The key ring: made once, rotated while the installation runs."""

import click

from toubib.cli.context import migrated, settings_of
from toubib.db import rotation
from toubib.db.vault import KeyRing


@click.group()
def keys() -> None:
    """The keys under which records are sealed."""


@keys.command()
@click.pass_context
def create(ctx: click.Context) -> None:
    """Make the key ring of a new installation. Keep a copy elsewhere: without it no record can be read."""
    settings, _ = settings_of(ctx)
    KeyRing(settings.keys_path).create()
    click.echo(f"made {settings.keys_path}. Keep a copy in another place: without it no record can be read.")


@keys.command()
@click.option(
    "--settle", default=rotation.SETTLE_SECONDS, show_default=True, help="Seconds to wait for work that began under the old key. 0 only when nothing runs."
)
@click.pass_context
def rotate(ctx: click.Context, settle: float) -> None:
    """Seal everything under a new key, while the installation runs; forget the old ones at the end."""
    migrated(ctx)
    click.echo(f"The old keys are kept {settle:.0f} seconds longer, for work that is under way.")
    with click.progressbar(length=100, label="Sealing anew") as bar:
        done = rotation.rotate(progress=lambda now, total: bar.update(100 * now // max(total, 1) - bar.pos), settle=settle)
    click.echo(f"{done} texts and files are sealed under the new key; the old keys are forgotten.")
