"""Databases for tests: SQLite files, and databases of the PostgreSQL server that the run was given."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.engine.url import URL, make_url

from toubib.seams import randomness

SERVER = "TOUBIB_TEST_POSTGRES"


def engines() -> list[Any]:
    """What tests run on: always SQLite; PostgreSQL too when there is a server, or when the run requires one."""
    wanted = [pytest.param("sqlite", id="sqlite")]
    if os.environ.get(SERVER) or "postgres" in os.environ.get("TOUBIB_REQUIRE", ""):
        wanted.append(pytest.param("postgresql", id="postgresql", marks=pytest.mark.postgres))
    return wanted


@contextmanager
def fresh(kind: str, folder: Path, *, made: bool = True) -> Iterator[str]:
    """The URL of an empty database, dropped afterwards. Unless it is `made`, it does not exist yet: `create` makes it."""
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'toubib.db'}"
        return
    name = f"toubib_test_{randomness.new_id()[:12]}"
    url = make_url(postgres_server()).set(database=name).render_as_string(hide_password=False)
    if made:
        create(url)
    try:
        yield url
    finally:
        drop(url)


def postgres_server() -> str:
    """The server's URL; a clear failure when the run requires one and has none."""
    server = os.environ.get(SERVER)
    if not server:
        pytest.fail(f"PostgreSQL is required and {SERVER} is not set; run the tests with `make test`", pytrace=False)
    return server


@lru_cache
def _server(url: str) -> Engine:
    """One connection to the server's own database, kept: every test that has a database asks it for something."""
    return create_engine(make_url(url).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT", pool_size=1)


def admin(statement: str) -> None:
    """Run one statement outside a transaction on the server's own database."""
    with _server(postgres_server()).connect() as connection:
        connection.execute(text(statement))


def create(url: str | URL, template: str = "template1") -> None:
    """Make a database of the server: an empty one, or a copy of another, which nobody may be using."""
    admin(f'CREATE DATABASE "{make_url(url).database}" TEMPLATE "{template}"')


def drop(url: str) -> None:
    """Drop a database of the server with whoever is connected to it, if it exists."""
    admin(f'DROP DATABASE IF EXISTS "{make_url(url).database}" WITH (FORCE)')
