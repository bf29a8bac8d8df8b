"""Settings: unknown keys, secrets, what production refuses; and the doors to the world that the core guards."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import create_engine

from toubib import checks
from toubib.contracts.plugin import OutsideHost, PluginSettings
from toubib.db import NoUnitOfWork, UnitOfWorkOpen, database, session
from toubib.db.engine import SQLITE_PRAGMAS, UnsafeDatabase, assert_safe, make_engine
from toubib.runtime import Toubib
from toubib.seams import clock, network, randomness
from toubib.settings import Settings, SettingsError, load, parse, redacted, validated
from toubib.testing.servers import servers

Start = Callable[..., Toubib]
SAFE: dict[str, dict[str, object]] = {
    "site": {"name": "Test"},
    "database": {"url": "postgresql://toubib:a-long-password@db/toubib"},
    "web": {"production": True, "public_url": "https://care.example", "files_url": "https://files.example", "secret": "s" * 32},
    "mail": {"tls": True, "sender": "care@care.example"},
}


def settings_file(folder: Path, text: str) -> Path:
    path = folder / "deployment.toml"
    path.write_text('[site]\nname = "Test"\n' + text)
    return path


def test_an_unknown_key_is_refused_by_name_and_no_value_is_shown(tmp_path: Path) -> None:
    path = settings_file(tmp_path, '[web]\npublic_ulr = "https://secret.example"\n[mail]\nport = "many"\n')
    with pytest.raises(SettingsError) as refused:
        load(path, {})
    said = str(refused.value)
    assert "web.public_ulr" in said
    assert "mail.port" in said
    assert str(path) in said
    assert "secret.example" not in said
    assert "many" not in said


class Own(PluginSettings):
    """An invented plugin's settings."""

    colour: str = "blue"


def test_a_plugins_unknown_key_is_refused_by_name() -> None:
    with pytest.raises(SettingsError, match=r"settings in \[settings.planted\]:\n  coluor: Extra inputs are not permitted"):
        validated(Own, {"coluor": "red"}, "[settings.planted]")


def test_settings_for_a_plugin_that_is_not_listed_are_refused(installation: Start) -> None:
    with pytest.raises(SettingsError, match="not listed: bokking"):
        installation(settings={"bokking": {"hours": 1}})


@pytest.mark.parametrize(("text", "sentence"), [
    ('plugins = ["a"\n', "is not valid TOML"),
    ('[web]\nsecret = { env = "NOT_SET" }\n', "refers to the environment variable NOT_SET, which is not set"),
    ('[web]\nsecret = { file = "/no/such/file" }\n', "refers to the secret file /no/such/file, which cannot be read"),
])  # fmt: skip
def test_settings_that_cannot_be_read_say_why(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(SettingsError, match=sentence):
        load(settings_file(tmp_path, text), {})
    with pytest.raises(SettingsError, match="there is no settings file"):
        load(tmp_path / "absent.toml", {})


def test_the_environment_overrides_and_is_checked_too(tmp_path: Path) -> None:
    path = settings_file(tmp_path, "[rules]\nhold_minutes = 5\n")
    assert load(path, {"TOUBIB__RULES__HOLD_MINUTES": "7"}).rules.hold_minutes == 7
    with pytest.raises(SettingsError, match=r"rules.hold_minuts"):
        load(path, {"TOUBIB__RULES__HOLD_MINUTS": "7"})
    with pytest.raises(SettingsError, match="which is no section"):
        load(path, {"TOUBIB__SITE__NAME__SHORT": "x"})


def test_a_secret_is_never_shown_whatever_its_key_is_called(tmp_path: Path) -> None:
    (tmp_path / "word").write_text("hunter2-file\n")
    text = f"""
[database]
url = "postgresql://toubib:hunter2-url@db/toubib"
[web]
secret = {{ env = "FORMS" }}
[settings.planted]
endpoint = {{ env = "HOOK" }}
api_key = "hunter2-plain"
listed = [{{ file = "{tmp_path}/word" }}]
[settings.planted.deep]
turn = {{ file = "{tmp_path}/word" }}
colour = "blue"
"""
    settings = load(settings_file(tmp_path, text), {"FORMS": "hunter2-forms", "HOOK": "hunter2-hook"})
    assert settings.settings["planted"]["endpoint"] == "hunter2-hook"
    assert settings.settings["planted"]["listed"] == ["hunter2-file"]
    assert settings.web.secret == SecretStr("hunter2-forms")
    shown = redacted(settings)
    assert "hunter2" not in repr(shown)
    assert shown["settings"]["planted"]["deep"]["colour"] == "blue"
    assert shown["database"]["url"] == "postgresql://toubib:***@db/toubib"
    by_reference = ("hunter2-forms", "hunter2-hook", "hunter2-file")
    assert not any(secret in repr(settings) for secret in by_reference)


@pytest.mark.feature("OPS-07:b")
def test_unsafe_production_settings_are_refused_with_every_reason() -> None:
    database_of = {"url": "postgresql://toubib:toubib@db/toubib"}
    unsafe = parse({"site": {"name": "Test"}, "demo": True, "web": {"production": True}, "database": database_of}, "the test")
    with pytest.raises(SettingsError) as refused:
        checks.settings_are_safe(unsafe)
    for reason in ("demo = true", "web.public_url", "web.files_url", "web.secret", "mail.tls", "database's password", "mail.sender"):
        assert reason in str(refused.value), reason
    checks.settings_are_safe(parse(SAFE, "the test"))


@pytest.mark.feature("OPS-07:b")
@pytest.mark.parametrize(("section", "key", "value", "reason"), [
    ("web", "public_url", "http://care.example", "web.public_url must begin with https"),
    ("web", "files_url", "https://care.example:8443", "web.files_url must be another host"),
    ("web", "secret", "short", "at least 32"),
    ("mail", "tls", False, "mail.tls"),
    ("mail", "sender", "a@b.test", "mail.sender"),
])  # fmt: skip
def test_each_unsafe_production_setting_alone_is_refused(section: str, key: str, value: object, reason: str) -> None:
    values = {**SAFE, section: {**SAFE[section], key: value}}
    with pytest.raises(SettingsError) as refused:
        checks.settings_are_safe(parse(values, "the test"))
    assert len(str(refused.value).splitlines()) == 2
    assert reason in str(refused.value)


@pytest.mark.feature("OPS-07:b")
def test_production_refuses_a_clock_or_randomness_that_is_not_real() -> None:
    before = clock.use(clock.FixedClock(datetime(2026, 3, 2, tzinfo=UTC)))
    try:
        with pytest.raises(SettingsError, match="the machine's own"):
            checks.settings_are_safe(parse(SAFE, "the test"))
    finally:
        clock.use(before)
    source = randomness.use(randomness.SeededSource(1))
    try:
        with pytest.raises(SettingsError, match="the machine's own"):
            checks.settings_are_safe(parse(SAFE, "the test"))
    finally:
        randomness.use(source)


def test_what_serves_the_demo_is_safe_enough_outside_production() -> None:
    checks.settings_are_safe(parse({"site": {"name": "Test"}, "demo": True}, "the test"))
    assert isinstance(Settings.model_fields["demo"].default, bool)


# --- the database's guarantees


def test_sqlite_runs_with_every_guarantee_or_not_at_all(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'a.db'}"
    engine = make_engine(url)
    assert_safe(engine)
    with engine.connect() as connection:
        assert {pragma: connection.exec_driver_sql(f"PRAGMA {pragma}").scalar_one() for pragma in SQLITE_PRAGMAS} == SQLITE_PRAGMAS
    engine.dispose()
    for pragma in ("synchronous = NORMAL", "foreign_keys = OFF", "secure_delete = OFF"):
        plain = create_engine(url)
        with plain.connect() as connection:
            for name, value in SQLITE_PRAGMAS.items():
                connection.exec_driver_sql(f"PRAGMA {name} = {value}")
            connection.exec_driver_sql(f"PRAGMA {pragma}")
            connection.commit()
        with pytest.raises(UnsafeDatabase, match=pragma.split()[0]):
            assert_safe(plain)
        plain.dispose()


# --- units of work


def test_a_unit_of_work_inside_another_is_refused(installation: Start) -> None:
    installation()
    for outer in (database().unit_of_work, database().reading):
        for inner in (database().unit_of_work, database().reading):
            with pytest.raises(UnitOfWorkOpen), outer(), inner():
                pass
    with pytest.raises(NoUnitOfWork):
        session()


# --- the network


def test_only_declared_hosts_are_called_and_never_inside_a_unit_of_work(installation: Start, database_url: str, tmp_path: Path) -> None:
    installation()
    with servers(database_url, tmp_path, [], {}, processes=1) as (port,):
        url = f"http://127.0.0.1:{port}/health/live"
        network.declare([OutsideHost("127.0.0.1", "the test's own server")])
        assert network.http_request("GET", url).status == 200
        with database().unit_of_work(), pytest.raises(UnitOfWorkOpen):
            network.http_request("GET", url)
        with database().reading(), pytest.raises(UnitOfWorkOpen):
            network.http_request("GET", url)
        network.declare([OutsideHost("elsewhere.test", "something else")])
        for host in ("127.0.0.1", "localhost", "127.1", "elsewhere.test.evil.test", "elsewhere.test@127.0.0.1"):
            with pytest.raises(network.HostNotDeclared):
                network.http_request("GET", url.replace("127.0.0.1", host, 1))
    network.declare([OutsideHost("127.0.0.1", "a server that is gone")])
    with pytest.raises(network.NetworkUnavailable):
        network.http_request("GET", url, timeout=2)


UNSAFE = {
    "demo": True,
    "database": {"url": "postgresql://toubib:toubib@db/toubib"},
    "mail": {"tls": False, "sender": "nobody@practice.test"},
    "web": {"production": True, "public_url": "http://practice.example", "files_url": "http://practice.example"},
}


@pytest.mark.feature("OPS-07:b")
def test_the_start_refuses_unsafe_production_settings_and_names_each(installation: Start) -> None:
    with pytest.raises(SettingsError) as refused:
        installation("country_fr", migrated=False, **UNSAFE)
    for key in ("demo = true", "web.public_url", "web.files_url", "another host", "web.secret", "mail.tls", "mail.sender", "password"):
        assert key in str(refused.value)
