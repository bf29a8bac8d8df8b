"""Where Stripe is and how to prove who we are; which world we are in follows from both."""

from collections.abc import Sequence
from datetime import timedelta
from enum import StrEnum
from typing import Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, model_validator

from toubib.contracts.plugin import PluginSettings
from toubib_payment_stripe.double import DEFAULT_PORT, DEFAULT_SECRET_KEY, DEFAULT_WEBHOOK_SECRET

STRIPE = "https://api.stripe.com"
PAGES = "https://checkout.stripe.com"
LOOPBACK = "127.0.0.1"
PUBLIC = {DEFAULT_SECRET_KEY, DEFAULT_WEBHOOK_SECRET, ""}
STRIPES_LONGEST_HOLD = timedelta(days=7)


class World(StrEnum):
    """Who answers: the double on this machine, Stripe's test mode, or Stripe with real cards."""

    DOUBLE = "double"
    TEST = "test"
    LIVE = "live"


class Settings(PluginSettings):
    """Settings of `[settings.payment_stripe]`. Without any, the local double is spoken to: no money moves until somebody decides otherwise."""

    api_base: str = f"http://{LOOPBACK}:{DEFAULT_PORT}"
    secret_key: SecretStr = SecretStr(DEFAULT_SECRET_KEY)
    webhook_secrets: tuple[SecretStr, ...] = Field(default=(SecretStr(DEFAULT_WEBHOOK_SECRET),), min_length=1)
    connect: bool = False
    authorisation_margin_hours: int = Field(default=24, ge=1, le=120)

    @property
    def world(self) -> World:
        """Which world the settings lead to."""
        if self.api_base != STRIPE:
            return World.DOUBLE
        return World.LIVE if "_live_" in self.secret_key.get_secret_value() else World.TEST

    @property
    def pages_origin(self) -> str:
        """Where the hosted page stands: the double's own address, or Stripe's."""
        return self.api_base.rstrip("/") if self.world is World.DOUBLE else PAGES

    @property
    def authorise_max_age(self) -> timedelta:
        """How long before the visit a card may be authorised: Stripe's seven days, less a margin to capture in."""
        return STRIPES_LONGEST_HOLD - timedelta(hours=self.authorisation_margin_hours)

    def unsafe(self) -> Sequence[str]:
        """The double charges no card, so every visit would be free."""
        return [f"api_base leads to the local double, which charges no card: set it to {STRIPE}, with keys of your own"] if self.world is World.DOUBLE else []

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        address = urlsplit(self.api_base)
        if self.api_base != STRIPE and (address.scheme != "http" or address.hostname != LOOPBACK or address.path not in {"", "/"}):
            raise ValueError(f"api_base is {STRIPE}, or http://{LOOPBACK}:PORT for the local double")
        if not self.secret_key.get_secret_value().startswith(("sk_", "rk_")):
            raise ValueError("secret_key begins with sk_ or rk_")
        if self.world is not World.DOUBLE and PUBLIC & {secret.get_secret_value() for secret in (self.secret_key, *self.webhook_secrets)}:
            raise ValueError("Stripe needs a secret_key and webhook_secrets of your own; those of the local double are public")
        if self.world is World.DOUBLE and "_live_" in self.secret_key.get_secret_value():
            raise ValueError("a live key never goes to the local double")
        return self
