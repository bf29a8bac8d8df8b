"""Commands: open the desk of a sponsor, load its codes."""

import sys
from pathlib import Path

import click

from toubib import i18n
from toubib.contracts.common import ContractError
from toubib.db import database
from toubib_sponsor import house, members
from toubib_sponsor.settings import Plan


def _plan(key: str) -> Plan:
    found = house.settings().plan(key)
    if found is None:
        raise click.ClickException(f"no plan {key!r} in [settings.sponsor]")
    return found


@click.command("sponsor-open")
@click.argument("plan")
def open_desk(plan: str) -> None:
    """Make the organisation of PLAN, so that `toubib user add MAIL SLUG --role sponsor_desk` can open its desk."""
    with database().unit_of_work():
        made = house.organisation(_plan(plan), make=True)
    click.echo(f"{made.slug if made else plan} is ready")


@click.command("sponsor-codes")
@click.argument("plan")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--whole", is_flag=True, help="Codes that are not in the file end yesterday.")
@click.option("--dry-run", is_flag=True, help="Say what would change, and change nothing.")
def load_codes(plan: str, file: Path, whole: bool, dry_run: bool) -> None:  # noqa: FBT001  options of a command
    """Load the codes of PLAN from a CSV FILE (code, valid_from, valid_to). A wrong line stops all of it; exit code 1."""
    with database().unit_of_work():
        try:
            found = members.load(_plan(plan), file.read_text(encoding="utf-8"), whole=whole, dry=dry_run)
        except ContractError as error:
            raise click.ClickException(i18n.catalogues().render(error.message, "en")) from error
    for wrong in found.wrong:
        click.echo(f"line {wrong.line}: {i18n.catalogues().render(wrong.why, 'en')}")
    done = "would be" if dry_run or found.wrong else "were"
    click.echo(f"{found.added} codes {done} added, {found.changed} changed, {found.ended} ended; {found.unchanged} stay as they are")
    sys.exit(1 if found.wrong else 0)
