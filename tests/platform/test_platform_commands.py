"""The commands of an operator as processes of their own: their words, their exit codes, and what they leave behind."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import create_engine, inspect, text

from toubib import runtime
from toubib.audit import chain, trail
from toubib.contracts.common import Ref
from toubib.core_parts import anchors
from toubib.db import database
from toubib.runtime import Toubib
from toubib.seams.clock import FixedClock
from toubib.testing.commands import Site
from toubib.testing.tills import Till

Start = Callable[..., Toubib]
SCHEDULER = {"scheduler": "booking"}


@pytest.fixture
def site(tmp_path: Path, database_url: str) -> Site:
    """A folder and an empty database, nothing else yet."""
    return Site.laid_out(tmp_path, database_url, "booking", use=SCHEDULER)


def tables(url: str, beginning: str) -> list[str]:
    """The tables of a database whose names begin so."""
    engine = create_engine(url)
    try:
        return sorted(name for name in inspect(engine).get_table_names() if name.startswith(beginning))
    finally:
        engine.dispose()


def test_from_nothing_to_a_current_database(site: Site, database_url: str) -> None:
    without_keys = site.run("worker")
    assert (without_keys.returncode, without_keys.stdout) == (2, "")
    assert "the database lacks the migrations booking_0001, core_0001" in without_keys.stderr
    assert "Run: toubib db upgrade" in without_keys.stderr
    waiting = site.run("db", "status")
    assert waiting.returncode == 1
    assert {"core_0001", "booking_0001"} <= set(waiting.stdout.split())
    told = site.done("db", "upgrade").splitlines()
    assert told[0] == f"applying {len(told) - 1} migrations"
    assert [line.strip() for line in told[1:]] == [*sorted(r for r in waiting.stdout.split() if r.startswith("core_")), "booking_0001"]
    assert site.done("db", "upgrade") == site.done("db", "status") == "the database is current\n"
    assert "encounter" in tables(database_url, "enc")


def test_a_key_ring_is_made_once_and_missed_in_words(tmp_path: Path) -> None:
    site = Site.laid_out(tmp_path, f"sqlite:///{tmp_path}/toubib.db")
    site.done("db", "upgrade")
    missed = site.run("audit", "verify")
    assert (missed.returncode, missed.stderr) == (2, f"toubib: no key ring at {site.data}/keys.json: restore it, or run `toubib keys create`\n")
    assert "without it no record can be read" in site.done("keys", "create")
    ring = (site.data / "keys.json").read_bytes()
    again = site.run("keys", "create")
    assert (again.returncode, again.stderr) == (2, f"toubib: {site.data}/keys.json exists already\n")
    assert (site.data / "keys.json").read_bytes() == ring
    assert site.done("keys", "rotate", "--settle", "0").endswith("the old keys are forgotten.\n")


@pytest.mark.parametrize("command", ["audit verify", "plugin remove booking"])
def test_a_command_on_a_database_that_was_never_migrated_says_what_to_do(tmp_path: Path, command: str) -> None:
    site = Site.laid_out(tmp_path, f"sqlite:///{tmp_path}/toubib.db", "booking", use=SCHEDULER)
    site.done("keys", "create")
    refused = site.run(*command.split())
    assert (refused.returncode, "Run: toubib db upgrade" in refused.stderr, "Traceback" in refused.stderr) == (2, True, False)


@pytest.mark.feature("PLUG-02:b")
@pytest.mark.parametrize(("listed", "said"), [
    ("stranger", "plugin 'stranger' (toubib-stranger 1.0) cannot be imported: RuntimeError: a library is missing"),
    ("nobody", "plugin 'nobody' is listed but not installed."),
])  # fmt: skip
def test_a_listed_plugin_that_cannot_load_stops_every_command_in_words(tmp_path: Path, listed: str, said: str) -> None:
    record = tmp_path / "shelf" / "toubib_stranger-1.0.dist-info"
    record.mkdir(parents=True)
    (tmp_path / "shelf" / "toubib_stranger.py").write_text("raise RuntimeError('a library is missing')\n")
    (record / "METADATA").write_text("Metadata-Version: 2.1\nName: toubib-stranger\nVersion: 1.0\n")
    (record / "entry_points.txt").write_text("[toubib]\nstranger = toubib_stranger\n")
    laid_out = Site.laid_out(tmp_path, f"sqlite:///{tmp_path}/toubib.db", listed)
    here = os.pathsep.join([str(tmp_path / "shelf"), *filter(None, [os.environ.get("PYTHONPATH")])])
    refused = Site(laid_out.folder, {"PYTHONPATH": here}).run("db", "status")
    assert (refused.returncode, said in refused.stderr, "Traceback" in refused.stderr) == (2, True, False)


# --- the trail


def test_the_chain_is_verified_and_every_fault_is_named(site: Site, installation: Start, database_url: str) -> None:
    toubib = installation("booking", use=SCHEDULER)
    for number in range(3):
        with database().unit_of_work():
            trail.wrote(f"act {number}", Ref("encounter", "e1"), organisation_id="practice", reason="because")
    assert chain.seal(anchors(toubib.settings)) == 3
    whole = site.done("audit", "verify")
    assert whole.endswith("3 rows sealed, 0 not yet sealed, 1 anchors\nthe chain verifies\n")
    assert "Recomputing the chain" in whole
    with database().unit_of_work():
        trail.wrote("act 3", Ref("encounter", "e1"), organisation_id="practice")
    assert "3 rows sealed, 1 not yet sealed" in site.done("audit", "verify")
    by_its_owner(database_url, "UPDATE audit_event SET reason = 'because!' WHERE action = 'act 1'")
    changed = site.run("audit", "verify")
    assert changed.returncode == 1
    assert [line for line in changed.stdout.splitlines() if line.startswith("FAULT")] == ["FAULT: link 2 or its event was changed"]
    assert changed.stdout.endswith("the chain does not verify\n")
    (site.data / "audit-anchor.jsonl").unlink()
    assert "FAULT: the outside anchor is missing" in site.run("audit", "verify").stdout


def by_its_owner(url: str, statement: str) -> None:
    """Change the trail past its triggers, as somebody who owns the database can."""
    engine = create_engine(url)
    try:
        with engine.begin() as connection:
            if engine.dialect.name == "sqlite":
                names = connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit_event'")).scalars().all()
                for name in names:
                    connection.exec_driver_sql(f"DROP TRIGGER {name}")
            else:
                connection.exec_driver_sql("ALTER TABLE audit_event DISABLE TRIGGER USER")
            connection.exec_driver_sql(statement)
    finally:
        engine.dispose()


# --- coming and going of plugins


@pytest.mark.feature("PLUG-05:b")
def test_removing_takes_a_plugins_own_tables_and_a_start_brings_them_back(site: Site, installation: Start, database_url: str) -> None:
    installation("booking", use=SCHEDULER)
    before = tables(database_url, "booking_")
    assert before
    assert "the tables of booking are gone. Now take it off the list" in site.done("plugin", "remove", "booking")
    assert tables(database_url, "booking_") == []
    assert tables(database_url, "encounter") == ["encounter"]
    assert site.run("plugin", "remove", "booking").returncode == 2
    assert site.done("db", "upgrade") == "applying 1 migrations\n  booking_0001\n"
    assert tables(database_url, "booking_") == before


def test_what_is_not_listed_or_holds_money_is_not_removed(tmp_path: Path, database_url: str, installation: Start, now: FixedClock) -> None:
    use = {"payment": ["payment_manual"]}
    site = Site.laid_out(tmp_path, database_url, "payment_manual", use=use)
    started = installation("payment_manual", use=use)
    till = Till.opened(started, now)
    runtime.use(started)  # with its own way of paying, not the one in memory
    unlisted = site.run("plugin", "remove", "booking")
    assert (unlisted.returncode, "booking is not listed: list it once more" in unlisted.stderr) == (1, True)
    till.attempt(till.due(), provider="payment_manual")
    refused = site.run("plugin", "remove", "payment_manual")
    assert (refused.returncode, "payment_manual still holds live payments" in refused.stderr) == (2, True)


def test_detaching_forgets_revisions_of_what_is_gone_and_of_nothing_else(site: Site, installation: Start, database_url: str, tmp_path: Path) -> None:
    installation("booking", use=SCHEDULER)
    kept = tables(database_url, "booking_")
    for name in ("booking", "core"):
        refused = site.run("plugin", "detach", name)
        assert (refused.returncode, f"{name} is in use" in refused.stderr) == (1, True)
    without = Site.laid_out(tmp_path, database_url)
    with database().unit_of_work() as writing:
        writing.execute(text("INSERT INTO alembic_version (version_num) VALUES ('booking_plus_0001')"))
    assert without.done("plugin", "detach", "booking") == "forgot 1 revisions of booking; its tables are kept\n"
    again = without.run("plugin", "detach", "booking")
    assert (again.returncode, "no revisions of booking" in again.stderr) == (1, True)
    assert without.done("db", "status") == "the database is current\n"
    assert tables(database_url, "booking_") == kept
