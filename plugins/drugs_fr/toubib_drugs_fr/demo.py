"""The plugin's share in a demonstration: its small dated subset of the official file."""

from collections.abc import Sequence
from importlib import resources

from toubib.contracts.demo import Companion, DemoRole
from toubib_drugs_fr import importing
from toubib_drugs_fr.database import FrenchDrugs


class DemoDrugs:
    """Loads the subset where nothing is loaded yet."""

    name = "drugs_fr"

    def companions(self, public_url: str, data: str) -> Sequence[Companion]:  # noqa: ARG002  the contract's signature
        """No process of its own."""
        return ()

    def seed(self, roles: Sequence[DemoRole]) -> None:  # noqa: ARG002  drugs belong to nobody
        """Load the subset unless a file is loaded already."""
        if FrenchDrugs().published_on() is None:
            with resources.as_file(resources.files(__package__).joinpath("data/bdpm")) as folder:
                importing.load(folder)
