"""Golden cases of reimbursement packs."""

import csv
import sys
from pathlib import Path

import click

from toubib import hooks, plugins
from toubib.cli.context import settings_of
from toubib.contracts.common import ContractError
from toubib.contracts.reimbursement import CaseResult, CaseRunner, ReimbursementPack
from toubib.services import unverified as rules
from toubib.settings import Settings, Site


@click.group()
def claims() -> None:
    """National reimbursement."""


@claims.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def check(file: Path) -> None:
    """Run the golden cases of FILE (CSV); the header tells which pack. Exit code 1 unless all pass."""
    header, rows = _read(file)
    pack, run = _runner(header, file)
    passed = failed = 0
    for row in rows:
        faults = _run(pack, run, row)
        for column, expected, got in faults:
            click.echo(f"{row.get('id', '?')}: {column}: expected {expected}, got {got}")
        passed, failed = passed + (not faults), failed + bool(faults)
    click.echo(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


@claims.command()
@click.pass_context
def unverified(ctx: click.Context) -> None:
    """List the rules and tariffs in use that were not read at their source, those that wait for a person first."""
    settings, safe = settings_of(ctx)
    known = hooks.collect(*plugins.load(settings, safe=safe))
    packs = [known.packs[name] for name in settings.use.reimbursement if name in known.packs]
    found = rules.unverified(packs, known.countries.values())
    for entry in found:
        effect = "used, and said so" if entry.moves_money else "moves no money until a person confirms it"
        dated = f" from {entry.rule.valid_from.isoformat()}" if entry.rule.valid_from else ""
        click.echo(f"{entry.pack}: {entry.rule.rule}{dated}: {effect} ({entry.rule.source})")
    click.echo(f"{len(found)} rules in use are not verified")


def _read(file: Path) -> tuple[list[str], list[dict[str, str]]]:
    """The columns and the cases of a file; a complaint that says what is wrong with it instead of a file of cases."""
    try:
        with file.open(newline="", encoding="utf-8-sig") as opened:
            reader = csv.DictReader(opened)
            header, rows = list(reader.fieldnames or ()), list(reader)
    except (UnicodeDecodeError, csv.Error) as error:
        raise click.ClickException(f"{file} is no CSV file in UTF-8: {error}") from error
    twice = sorted({column for column in header if header.count(column) > 1})
    if twice:
        raise click.ClickException(f"{file} has columns twice: {', '.join(twice)}")
    return header, rows


def _packs() -> list[ReimbursementPack]:
    """Every installed pack: the check needs no deployment. A plugin without packs, or one that does not load, is passed over."""
    found: list[ReimbursementPack] = []
    for name in plugins.available():
        try:
            manager, loaded = plugins.load(Settings(site=Site(name="check"), plugins=(name,)))
            found += hooks.collect(manager, loaded).packs.values()
        except plugins.PluginError as error:
            click.echo(f"({error})", err=True)
    return found


def _runner(header: list[str], file: Path) -> tuple[ReimbursementPack, CaseRunner]:
    fitting = [(pack, runner) for pack in _packs() if (runner := pack.cases(header)) is not None]
    if len(fitting) != 1:
        names = ", ".join(pack.name for pack, _ in fitting) or "none"
        raise click.ClickException(f"the columns of {file} fit {names} of the installed packs; exactly one is needed")
    return fitting[0]


def _run(pack: ReimbursementPack, run: CaseRunner, row: dict[str, str]) -> tuple[tuple[str, str, str], ...]:
    if row.get("in_pack") != pack.name:
        return (("in_pack", row.get("in_pack", ""), pack.name),)
    try:
        result: CaseResult = run(row)
    except ContractError as error:
        return (("vocabulary", "a value of the vocabulary", _sentence(error)),)
    return result.differences


def _sentence(error: ContractError) -> str:
    params = {key: str(value) for key, value in error.message.params.items()}
    return error.message.key % params if params else error.message.key
