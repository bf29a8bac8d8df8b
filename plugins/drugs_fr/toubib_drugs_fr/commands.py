"""Commands `toubib drugs_fr ...`."""

from datetime import datetime
from importlib import resources
from pathlib import Path

import click

from toubib_drugs_fr import importing
from toubib_drugs_fr.database import FrenchDrugs
from toubib_drugs_fr.official import BadFile


def group() -> click.Group:
    """The plugin's commands."""
    return click.Group("drugs_fr", commands=[_import, _status], help="The official French drug file.")


@click.command("import")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path), required=False)
@click.option("--date", "published", type=click.DateTime(["%Y-%m-%d"]), help="Day on which the files were published.")
@click.option("--sample", is_flag=True, help="Load the dated subset that comes with the plugin (demonstration).")
@click.option("--replace", is_flag=True, help="Replace what is loaded even by an older or much smaller edition.")
def _import(folder: Path | None, published: datetime | None, *, sample: bool, replace: bool) -> None:
    """Load CIS_bdpm, CIS_COMPO_bdpm, CIS_CPD_bdpm and CIS_GENER_bdpm (.txt or .txt.gz) from FOLDER."""
    if sample == (folder is not None):
        raise click.UsageError("Give either the folder of the official files, or --sample.")
    try:
        with resources.as_file(resources.files(__package__).joinpath("data/bdpm")) as sampled, click.progressbar(length=100, label="Drugs") as bar:
            done = importing.load(
                folder or sampled,
                published.date() if published else None,
                allow_smaller=replace,
                progress=lambda now, total: bar.update(100 * now // max(total, 1) - bar.pos),
            )
    except BadFile as error:
        raise click.ClickException(f"{error}.\nNothing was changed.") from error
    click.echo(f"{done.specialities} specialities of {done.published_on} are loaded, {done.prescribable} of them on the market.")
    if done.stray_lines:
        click.echo(f"{done.stray_lines} lines about specialities that the edition does not have were left out.")
    if done.replaced:
        click.echo(f"They replace the edition of {done.replaced}.")


@click.command("status")
def _status() -> None:
    """Say which edition is loaded."""
    published = FrenchDrugs().published_on()
    click.echo(f"The edition of {published} is loaded." if published else "No drug file is loaded: toubib drugs_fr import FOLDER --date YYYY-MM-DD")
