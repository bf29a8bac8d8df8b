"""SQLite by default, PostgreSQL for production, and the same tests on both."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from toubib.db import installation as current
from toubib.runtime import Toubib
from toubib.settings import parse

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.feature("OPS-03:a")
def test_without_a_word_the_data_are_in_sqlite(tmp_path: Path) -> None:
    settings = parse({"site": {"name": "Test", "zone": "UTC"}, "folder": tmp_path, "storage": {"data": tmp_path}}, "the test")
    assert settings.database_url.startswith("sqlite:///")


@pytest.mark.feature("OPS-03:b")
def test_a_word_in_the_settings_puts_them_in_postgresql(installation: Callable[..., Toubib], database_url: str) -> None:
    installation()
    assert database_url.startswith(current.database().engine.dialect.name)


@pytest.mark.feature("OPS-03:c")
def test_every_test_with_data_runs_on_both() -> None:
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "--no-header"]
    variables = {**os.environ, "TOUBIB_TEST_POSTGRES": "postgresql+psycopg://nobody@/nowhere"}
    listed = subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, check=False)
    assert listed.returncode == 0, listed.stdout[-3000:]
    found = listed.stdout.splitlines()
    on_sqlite = {with_database(node, "sqlite") for node in found} - {""}
    on_postgresql = {with_database(node, "postgresql") for node in found} - {""}
    assert len(on_sqlite) > 80
    assert on_sqlite ^ on_postgresql == set()


def with_database(node: str, kind: str) -> str:
    """The test's name with the database left open; empty when it does not run on this one."""
    name, _, parameters = node.partition("[")
    return f"{name}[{parameters.replace(kind, '*')}" if kind in parameters else ""
