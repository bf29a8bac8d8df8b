"""The demo prescribes from the dated sample, unless a real file was loaded."""

from collections.abc import Sequence
from importlib import resources

from toubib.contracts.demo import Companion, DemoRole
from toubib_drugs_fr import importing
from toubib_drugs_fr.database import NAME, FrenchDrugs


class DemoDrugs:
    """Loads the sample that comes with the plugin."""

    name = NAME

    def companions(self, app_url: str, data: str) -> Sequence[Companion]:  # noqa: ARG002  the contract's signature
        """None."""
        return ()

    def seed(self, roles: Sequence[DemoRole]) -> None:  # noqa: ARG002  the contract's signature
        """Load the sample where nothing is loaded yet."""
        if FrenchDrugs().published_on() is None:
            with resources.as_file(resources.files(__package__).joinpath("data/bdpm")) as sample:
                importing.load(sample)
