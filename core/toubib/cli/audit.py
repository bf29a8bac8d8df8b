"""The audit trail, seen from outside."""

import sys

import click

from toubib.audit import chain
from toubib.cli.context import migrated
from toubib.core_parts import anchors
from toubib.db import database


@click.group()
def audit() -> None:
    """The trail of who read and changed what."""


@audit.command()
@click.pass_context
def verify(ctx: click.Context) -> None:
    """Recompute the chain and hold it against the outside anchor; exit code 1 when anything does not fit."""
    toubib = migrated(ctx)
    with database().reading() as reading, click.progressbar(length=100, label="Recomputing the chain") as bar:
        verdict = chain.verify(reading, anchors(toubib.settings), progress=lambda now, total: bar.update(100 * now // max(total, 1) - bar.pos))
    click.echo(f"{verdict.sealed} rows sealed, {verdict.unsealed} not yet sealed, {verdict.anchors} anchors")
    for fault in verdict.faults:
        click.echo(f"FAULT: {fault}")
    click.echo("the chain does not verify" if verdict.faults else "the chain verifies")
    sys.exit(1 if verdict.faults else 0)
