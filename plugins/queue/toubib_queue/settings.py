"""The plugin's settings, under `[settings.queue]`; each line of the queue is a `[[settings.queue.lines]]`."""

from typing import Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from toubib.contracts.plugin import PluginSettings
from toubib_queue import hours


class LineSettings(BaseModel):
    """One product in one territory: who may be seen, when, by whom, at which price. `key` stands in addresses and never changes.

    `territory` is the ISO country where the patient is; `organisation` the slug of who bills; an empty `specialty` excludes nobody;
    `languages` are those in which the consultation may be asked for, in order; `minutes` is what one visit takes of a practitioner.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    key: str = Field(pattern=r"^[a-z0-9-]{1,40}$")
    territory: str = Field(pattern=r"^[A-Z]{2}$")
    organisation: str
    title: dict[str, str]
    hours: tuple[str, ...]
    zone: str
    closed_on_holidays: bool = False
    capacity: int = Field(default=20, ge=1)
    minutes: int = Field(default=15, ge=5, le=120)
    price_minor: int = Field(ge=0)
    currency: str = Field(pattern=r"^[A-Z]{3}$")
    act_codes: tuple[str, ...] = ()
    profession: str = "physician"
    specialty: str = ""
    languages: tuple[str, ...] = ()
    ages: tuple[Literal["infant", "child", "adult"], ...] = ("infant", "child", "adult")
    modality: Literal["video", "phone"] = "video"

    @field_validator("hours")
    @classmethod
    def _readable(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for line in value:
            hours.parse(line)
        return value

    @field_validator("zone")
    @classmethod
    def _known(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"there is no zone {value!r}") from error
        return value


class QueueSettings(PluginSettings):
    """Lines of the queue and the rules that hold for all of them; each is explained in the README."""

    lines: tuple[LineSettings, ...] = ()
    journey: str = "queue"
    questions: Literal["together", "one by one"] = "together"
    head_start_minutes: int = Field(default=20, ge=0)
    come_within_minutes: int = Field(default=5, ge=1)
    expires_after_minutes: int = Field(default=240, ge=5)
    duty_hours: int = Field(default=8, ge=1, le=24)
    alert_mails: tuple[str, ...] = ()
    alert_after_minutes: tuple[int, ...] = (30,)
    alert_rest_minutes: int = Field(default=15, ge=0)

    @model_validator(mode="after")
    def _keys_differ(self) -> Self:
        keys = [line.key for line in self.lines]
        if len(keys) != len(set(keys)):
            raise ValueError("two lines have the same key")
        return self
