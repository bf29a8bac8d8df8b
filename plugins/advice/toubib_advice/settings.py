"""The plugin's settings: what is offered at which price, and what the deployment allows."""

from datetime import timedelta
from typing import Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, model_validator

from toubib.contracts.plugin import PluginSettings

Mode: TypeAlias = Literal["written", "chat"]


class Product(BaseModel):
    """Something to buy: an answer in writing within `promise_minutes`, or a chat at a price per minute.

    `answer_minutes` is how long a practitioner keeps what they accepted before it goes back to the others. `price_minor` is in minor
    units of the organisation's currency; a chat's is per minute, and `caps` are the limits in minutes that a patient may choose.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    key: str = Field(pattern="^[a-z0-9]{1,20}$")
    name: dict[str, str]
    kind: Mode = "written"
    price_minor: int = Field(gt=0)
    promise_minutes: int = Field(gt=0)
    answer_minutes: int = Field(gt=0)
    caps: tuple[int, ...] = (5, 10, 20)

    @property
    def promise(self) -> timedelta:
        """How long after payment the answer is promised."""
        return timedelta(minutes=self.promise_minutes)


PRODUCTS = (
    Product(key="h48", name={"fr": "Réponse sous 48 heures", "en": "Answer within 48 hours"}, price_minor=299, promise_minutes=2880, answer_minutes=720),
    Product(key="m15", name={"fr": "Réponse sous 15 minutes", "en": "Answer within 15 minutes"}, price_minor=499, promise_minutes=15, answer_minutes=10),
    Product(key="chat", name={"fr": "Messagerie en direct", "en": "Live chat"}, kind="chat", price_minor=199, promise_minutes=15, answer_minutes=10),
)


class AdviceSettings(PluginSettings):
    """See the README for what each means."""

    organisation: str = ""
    journey: str = "advice"
    profession: str = "physician"
    products: tuple[Product, ...] = PRODUCTS
    pseudonyms: bool = False
    restricted: tuple[Mode, ...] = ("written", "chat")
    silence_seconds: int = Field(default=45, ge=2)
    abandoned_minutes: int = Field(default=3, ge=0)
    watch_seconds: int = Field(default=10, ge=1)
    follow_up_days: int = Field(default=30, ge=0)
    files: int = Field(default=5, ge=0)
    forward_days: int = Field(default=14, ge=1)
    alert_minutes: int = Field(default=60, ge=0)

    @model_validator(mode="after")
    def _keys_differ(self) -> "AdviceSettings":
        keys = [product.key for product in self.products]
        if len(set(keys)) != len(keys):
            raise ValueError("two products have the same key")
        return self

    def product(self, key: str) -> Product | None:
        """A product by its key; `None` for one that is not offered any more."""
        return next((product for product in self.products if product.key == key), None)


_running = AdviceSettings()


def use(settings: AdviceSettings) -> None:
    """Keep the settings of the installation that starts; called once, before anything of the plugin runs."""
    global _running  # noqa: PLW0603  one installation runs in a process
    _running = settings


def current() -> AdviceSettings:
    """The settings of the running installation."""
    return _running
