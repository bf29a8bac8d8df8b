"""What steps without a form of their own have in common."""

from collections.abc import Mapping

from toubib.contracts.journey import EncounterView, FormErrors, FormSpec


class NoForm:
    """A step with a page of its own, or none: nothing is typed on the combined screen."""

    def form(self, view: EncounterView) -> FormSpec | None:  # noqa: ARG002  the contract's signature
        """No form."""
        return None

    def submit(self, view: EncounterView, values: Mapping[str, str]) -> FormErrors | None:  # noqa: ARG002  the contract's signature
        """Nothing to keep."""
        return None
