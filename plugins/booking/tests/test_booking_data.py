"""What the plugin stores: exported and erased with the practitioner, removed with the plugin, refused by the database when wrong."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import inspect
from sqlalchemy.exc import DBAPIError

from toubib.contracts.common import Money, Period
from toubib.contracts.scheduling import Modality
from toubib.db import database, migrate
from toubib.runtime import Toubib
from toubib.seams import clock
from toubib.seams.clock import FixedClock
from toubib.services import agenda
from toubib.testing.practices import Practice, practice
from toubib_booking import editing
from toubib_booking.models import TABLES, ExceptionRow, OpeningRow, ServiceRow
from toubib_booking.privacy import BookingData
from toubib_booking.seed import consultation, seed


@pytest.fixture
def made(installation: Callable[..., Toubib], now: FixedClock) -> Practice:
    installation("booking", use={"scheduler": "booking"})
    with database().unit_of_work():
        made = practice()
        seed(made.role_id, services=[consultation(Money(2500, "EUR"))])
        editing.add_absence(made.role_id, Period(now.now(), now.now().replace(hour=20)))
    return made


def test_the_practitioners_hours_are_exported(made: Practice) -> None:
    with database().unit_of_work():
        items = list(BookingData().export(made.practitioner_id))
        assert list(BookingData().export("somebody else")) == []
    assert {item.table for item in items} == set(TABLES)
    openings = [json.loads(item.content) for item in items if item.table == "booking_opening"]
    assert sorted(row["weekday"] for row in openings) == [0, 1, 2, 3, 4]


def test_erasing_removes_hours_and_closes_reasons(made: Practice, now: FixedClock) -> None:
    assert now.now().tzinfo
    with database().unit_of_work():
        other = practice("other")
        seed(other.role_id, services=[consultation(Money(2500, "EUR"))])
    for _ in range(2):
        with database().unit_of_work():
            BookingData().erase(made.practitioner_id)
    with database().unit_of_work():
        assert not editing.of_role(OpeningRow, made.role_id)
        assert not editing.of_role(ExceptionRow, made.role_id)
        assert [row.active for row in editing.of_role(ServiceRow, made.role_id)] == [False]
        assert len(editing.of_role(OpeningRow, other.role_id)) == 5
        assert [row.active for row in editing.of_role(ServiceRow, other.role_id)] == [True]


def test_removing_the_plugin_leaves_taken_time(made: Practice) -> None:
    with database().unit_of_work():
        taken = agenda.occupy(made.practitioner_id, made.organisation_id, Period(clock.now(), clock.now().replace(hour=12)), until=None)
    migrate.downgrade("booking@base")
    assert [name for name in inspect(database().engine).get_table_names() if name.startswith("booking_")] == []
    with database().reading():
        assert agenda.take(str(taken))
    migrate.upgrade()
    assert set(TABLES) <= set(inspect(database().engine).get_table_names())


def test_the_migration_makes_the_tables_of_the_models(made: Practice) -> None:
    assert made.role_id
    found = inspect(database().engine)
    for table in TABLES:
        model = OpeningRow.metadata.tables[table]
        assert {column["name"]: column["nullable"] for column in found.get_columns(table)} == {c.name: bool(c.nullable) for c in model.columns}
        assert {str(check["name"]) for check in found.get_check_constraints(table)} == {
            str(c.name) for c in model.constraints if type(c).__name__ == "CheckConstraint"
        }
        assert {str(index["name"]) for index in found.get_indexes(table)} - {"uq_booking_schedule_practitioner_role_id"} == {str(i.name) for i in model.indexes}


@pytest.mark.parametrize("wrong", [{"minutes": 7}, {"price_minor": -1}, {"horizon_days": 0}, {"buffer_after": 3}])
def test_the_database_refuses_a_reason_that_makes_no_sense(made: Practice, wrong: dict[str, int]) -> None:
    good: dict[str, Any] = {"minutes": 20, "modality": Modality.VIDEO.value, "price_minor": 0, "currency": "EUR", "name": {"en": "Visit"}}
    row = ServiceRow(**{**good, **wrong}, organisation_id=made.organisation_id, practitioner_role_id=made.role_id)
    with pytest.raises(DBAPIError), database().unit_of_work() as work:
        work.add(row)
