"""The plugin's share in a demonstration: the local double, unless the settings lead to Stripe itself."""

import sys
from collections.abc import Sequence
from urllib.parse import urlsplit

from toubib.contracts.demo import Companion, DemoRole
from toubib_payment_stripe.settings import Settings, World


class DemoDouble:
    """Starts the double where the settings expect it."""

    name = "payment_stripe"

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def companions(self, app_url: str, data: str) -> Sequence[Companion]:
        """The double, with its webhooks turned to the demonstration. None when a key of Stripe is given."""
        if self._settings.world is not World.DOUBLE:
            return ()
        port = urlsplit(self._settings.api_base).port or 80
        command = (
            *(sys.executable, "-m", "toubib_payment_stripe.double", "--port", str(port), "--state", f"{data}/stripe-double.db"),
            *("--webhook-url", f"{app_url}/webhooks/payment_stripe"),
            *("--webhook-secret", self._settings.webhook_secrets[0].get_secret_value()),
            *("--secret-key", self._settings.secret_key.get_secret_value()),
        )
        return (Companion("payment_stripe", command, self._settings.api_base, about="a strict local double of Stripe: no card is charged"),)

    def seed(self, roles: Sequence[DemoRole]) -> None:
        """Nothing to seed."""
