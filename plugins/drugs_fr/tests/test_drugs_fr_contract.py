"""The drug database keeps its contract, and its migration makes the tables that the code declares."""

from collections.abc import Callable
from importlib import resources
from typing import Any

import pytest
import sqlalchemy as sa

from toubib.db import Table, database
from toubib.testing.conformance.prescription import DrugDatabaseContract
from toubib_drugs_fr import importing
from toubib_drugs_fr.models import TABLES


@pytest.mark.feature("RX-14:a")
class TestContract(DrugDatabaseContract):
    """Every drug database's contract."""

    plugins = ("drugs_fr",)
    database_name = "drugs_fr"

    def load(self) -> None:
        with resources.as_file(resources.files("toubib_drugs_fr").joinpath("data/bdpm")) as folder:
            importing.load(folder)


def test_the_migration_makes_what_the_code_declares(installation: Callable[..., Any]) -> None:
    installation("drugs_fr")
    inspector = sa.inspect(database().engine)
    for name in TABLES:
        declared = Table.metadata.tables[name]
        assert {c["name"]: bool(c["nullable"]) for c in inspector.get_columns(name)} == {c.name: bool(c.nullable) for c in declared.columns}
        assert {i["name"] for i in inspector.get_indexes(name) if not i.get("duplicates_constraint")} == {i.name for i in declared.indexes}
