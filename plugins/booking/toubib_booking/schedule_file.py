"""Schedules and visit reasons from a TOML file, and the command that loads it (a demo, a practice that moves in).

Each `[[schedule]]` names a practitioner and a practice by their slugs; one that has a schedule already is left as it is.
"""

import tomllib
from pathlib import Path
from typing import Annotated, TypeAlias

import click
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from sqlmodel import select

from toubib.contracts.common import Money
from toubib.contracts.scheduling import Modality
from toubib.db import database, session
from toubib.db.tables.directory import Organisation, Practitioner, PractitionerRole
from toubib_booking.editing import ServiceDraft
from toubib_booking.seed import Week, seed

_CLOCK = r"^([01]\d|2[0-3]):[0-5][05]$|^24:00$"
Clock: TypeAlias = Annotated[str, Field(pattern=_CLOCK)]
Weekday: TypeAlias = Annotated[int, Field(ge=0, le=6)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ServiceEntry(_Strict):
    """A visit reason: name by language, minutes, way, price in minor units; notice and cut-off in minutes."""

    name: dict[str, str] = Field(min_length=1)
    minutes: int = Field(ge=5, le=720, multiple_of=5)
    modality: Modality
    price: int = Field(ge=0)
    currency: str = Field(pattern=r"^[A-Z]{3}$")
    act_codes: tuple[str, ...] = ()
    buffer_before: int = Field(default=0, ge=0, le=120, multiple_of=5)
    buffer_after: int = Field(default=0, ge=0, le=120, multiple_of=5)
    notice: int = Field(default=0, ge=0)
    horizon: int = Field(default=60, ge=1, le=730)
    cancel_until: int = Field(default=240, ge=0, multiple_of=60)
    no_show_fee: int | None = Field(default=None, ge=0)


class ScheduleEntry(_Strict):
    """The same hours on several weekdays (0 is Monday), wall-clock, with one break at most."""

    practitioner: str
    practice: str
    days: tuple[Weekday, ...] = (0, 1, 2, 3, 4)
    start: Clock = "09:00"
    end: Clock = "18:00"
    pause: tuple[Clock, Clock] | None = None
    every: int = Field(default=20, ge=5, le=120, multiple_of=5)
    modalities: tuple[Modality, ...] = (Modality.VIDEO, Modality.IN_PERSON)
    services: tuple[ServiceEntry, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _in_order(self) -> "ScheduleEntry":
        if self.start >= self.end or (self.pause and self.pause[0] >= self.pause[1]):
            raise ValueError("the end must be after the start")
        return self


class ScheduleFile(_Strict):
    """All of a file."""

    schedule: tuple[ScheduleEntry, ...]


class UnknownRole(Exception):
    """Nobody of this name receives at this practice."""


class OtherCurrency(Exception):
    """A price is not in the currency of the practice, which its forms and invoices use."""


def read(path: Path) -> ScheduleFile:
    """A file, checked; raises `ValueError` naming what is wrong."""
    return ScheduleFile.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))


def apply(file: ScheduleFile) -> int:
    """Open the schedules that do not exist yet, in the open unit of work; how many that were."""
    return sum(bool(_apply(entry)) for entry in file.schedule)


def _apply(entry: ScheduleEntry) -> list[str]:
    pause = (_minute(entry.pause[0]), _minute(entry.pause[1])) if entry.pause else None
    week = Week(entry.days, _minute(entry.start), _minute(entry.end), pause, entry.every, entry.modalities)
    role_id, currency = _role(entry)
    if any(service.currency != currency for service in entry.services):
        raise OtherCurrency(f"{entry.practice!r} asks prices in {currency}")
    return seed(role_id, week=week, services=map(_draft, entry.services))


def _role(entry: ScheduleEntry) -> tuple[str, str]:
    """The role, and the currency of its practice."""
    query = (
        select(PractitionerRole.id, Organisation.currency)
        .where(PractitionerRole.practitioner_id == Practitioner.id, PractitionerRole.organisation_id == Organisation.id)
        .where(Practitioner.slug == entry.practitioner, Organisation.slug == entry.practice)
    )
    found = session().exec(query).first()
    if found is None:
        raise UnknownRole(f"{entry.practitioner!r} does not receive at {entry.practice!r}")
    return found


def _draft(entry: ServiceEntry) -> ServiceDraft:
    return ServiceDraft(
        entry.name,
        entry.minutes,
        entry.modality,
        Money(entry.price, entry.currency),
        entry.act_codes,
        buffer_before=entry.buffer_before,
        buffer_after=entry.buffer_after,
        notice_minutes=entry.notice,
        horizon_days=entry.horizon,
        cancel_until_minutes=entry.cancel_until,
        no_show_fee_minor=entry.no_show_fee,
    )


def _minute(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)


@click.command("booking-schedules")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def load_schedules(file: Path) -> None:
    """Open schedules and visit reasons from a TOML FILE; what exists is left as it is."""
    try:
        wanted = read(file)
        with database().unit_of_work():
            made = apply(wanted)
    except (ValidationError, tomllib.TOMLDecodeError, UnknownRole, OtherCurrency) as error:
        raise click.ClickException(f"{file}: {error}") from error
    click.echo(f"{made} schedules opened, {len(wanted.schedule) - made} were there already")
