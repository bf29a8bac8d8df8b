"""Commands `toubib eprescription_email ...`."""

import click

from toubib_eprescription_email import keeping
from toubib_eprescription_email.settings import CarrierSettings


def group(settings: CarrierSettings) -> click.Group:
    """The plugin's commands."""
    commands = click.Group("eprescription_email", help="The seal of prescriptions.")

    @commands.command("renew-seal", help="Make a new seal; what the old ones sealed can still be checked.")
    def renew_seal() -> None:
        keeping.renew(settings.operator)
        click.echo(f"A new seal of {settings.operator} is in use. The former ones are kept for checks.")

    @commands.command("authority", help="Print the certificates of the seal's authorities (PEM), newest first.")
    def authority() -> None:
        click.echo(b"".join(keeping.authorities()).decode(), nl=False)

    return commands
