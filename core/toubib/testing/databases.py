"""Databases for tests: SQLite files, and databases of the PostgreSQL server that the run was given."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine.url import make_url

from toubib.seams import randomness

SERVER = "TOUBIB_TEST_POSTGRES"


def engines() -> list[Any]:
    """What tests run on: always SQLite; PostgreSQL too when there is a server, or when the run requires one."""
    wanted = [pytest.param("sqlite", id="sqlite")]
    if os.environ.get(SERVER) or "postgres" in os.environ.get("TOUBIB_REQUIRE", ""):
        wanted.append(pytest.param("postgresql", id="postgresql", marks=pytest.mark.postgres))
    return wanted


@contextmanager
def fresh(kind: str, folder: Path) -> Iterator[str]:
    """An empty database, dropped afterwards."""
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'toubib.db'}"
        return
    name = f"toubib_test_{randomness.new_id()[:12]}"
    server = postgres_server()
    admin(server, f'CREATE DATABASE "{name}"')
    try:
        yield make_url(server).set(database=name).render_as_string(hide_password=False)
    finally:
        admin(server, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def postgres_server() -> str:
    """The server's URL; a clear failure when the run requires one and has none."""
    server = os.environ.get(SERVER)
    if not server:
        pytest.fail(f"PostgreSQL is required and {SERVER} is not set; run the tests with `make test`", pytrace=False)
    return server


def admin(server: str, statement: str) -> None:
    """Run one statement outside a transaction on the server's own database."""
    engine = create_engine(make_url(server).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            connection.execute(text(statement))
    finally:
        engine.dispose()


def copy_postgres(template: str, url: str) -> None:
    """Replace a database by a copy of another."""
    target, server = make_url(url), postgres_server()
    admin(server, f'DROP DATABASE IF EXISTS "{target.database}" WITH (FORCE)')
    admin(server, f'CREATE DATABASE "{target.database}" TEMPLATE "{template}"')
