"""The demonstration: one command from nothing to a running platform with invented people."""

import os
from pathlib import Path

import click
import pyotp

from toubib.demo.run import DemoPorts, prepare, run, settings_for
from toubib.demo.seed import SECOND_FACTOR
from toubib.seams import clock


@click.command()
@click.option("--deployment", default="doctolib", show_default=True, help="A folder of deployments/.")
@click.option("--deployments", type=click.Path(path_type=Path), default=Path("deployments"), envvar="TOUBIB_DEPLOYMENTS", show_default=True)
@click.option("--data", type=click.Path(path_type=Path), default=None, help="Where the demo keeps its data (default var/demo-NAME).")
@click.option("--port", default=8000, show_default=True)
@click.option("--files-port", default=8001, show_default=True)
@click.option("--smtp-port", default=1025, show_default=True)
@click.option("--mailbox-port", default=8025, show_default=True)
@click.option("--code", is_flag=True, help="Print the second factor's code of the moment, and nothing else.")
def demo(deployment: str, deployments: Path, data: Path | None, port: int, files_port: int, smtp_port: int, mailbox_port: int, *, code: bool) -> None:
    """Set up, seed and serve a demonstration on this machine."""
    if code:
        click.echo(pyotp.TOTP(SECOND_FACTOR).at(clock.now()))
        return
    folder = deployments / deployment
    if not (folder / "deployment.toml").exists():
        raise click.ClickException(f"there is no deployment {folder}; run this from the root of the project, or give --deployments")
    ports = DemoPorts(port, files_port, smtp_port, mailbox_port)
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    settings = settings_for(folder, data or Path("var") / f"demo-{deployment}", ports)
    run(settings, ports, prepare(settings, ports))
