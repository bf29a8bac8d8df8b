"""Engines: SQLite for one machine, PostgreSQL for several, each asserted at start to be as safe as we rely on."""

from typing import Any

from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.engine import Connection
from sqlalchemy.engine.url import make_url
from sqlalchemy.exc import OperationalError

WRITE = "toubib_write"
SQLITE_PRAGMAS = {
    "journal_mode": "wal",
    "synchronous": 2,
    "foreign_keys": 1,
    "secure_delete": 1,
    "busy_timeout": 15000,
    # without it REPLACE would delete rows past the triggers that keep history
    "recursive_triggers": 1,
}


class UnsafeDatabase(Exception):
    """The database does not give the guarantees that bookings and money rest on."""


def make_engine(url: str) -> Engine:
    """An engine for a database URL, with the pragmas and limits of the house."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        engine = create_engine(
            parsed, connect_args={"check_same_thread": False, "timeout": 15}, pool_size=20, max_overflow=100, hide_parameters=True
        )
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    options = "-c statement_timeout=30000 -c lock_timeout=10000 -c idle_in_transaction_session_timeout=60000 -c timezone=UTC"
    return create_engine(
        parsed.set(drivername="postgresql+psycopg"),
        connect_args={"options": options},
        pool_size=20,
        max_overflow=60,
        pool_pre_ping=True,
        hide_parameters=True,
    )


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma, value in SQLITE_PRAGMAS.items():
        cursor.execute(f"PRAGMA {pragma} = {value}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    write = connection.get_execution_options().get(WRITE, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


def _opened(engine: Engine) -> Connection:
    try:
        return engine.connect()
    except OperationalError as error:
        raise UnsafeDatabase(f"the database cannot be opened: {error.orig}") from error


def assert_safe(engine: Engine, *, production: bool = True) -> None:
    """Raise `UnsafeDatabase` unless the running database has the guarantees that the house rests on.

    Outside production a throw-away PostgreSQL may run without fsync.
    """
    with _opened(engine) as connection:
        if engine.dialect.name == "sqlite":
            for pragma, wanted in SQLITE_PRAGMAS.items():
                found = connection.exec_driver_sql(f"PRAGMA {pragma}").scalar_one()
                if found != wanted:
                    raise UnsafeDatabase(f"SQLite runs with {pragma}={found}, the house needs {wanted}")
            return
        version = int(connection.execute(text("SHOW server_version_num")).scalar_one())
        if version < 150000:
            raise UnsafeDatabase(f"PostgreSQL 15 or newer is needed, this is {version}")
        if production and connection.execute(text("SHOW fsync")).scalar_one() != "on":
            raise UnsafeDatabase("PostgreSQL runs with fsync off: a crash would lose bookings")
