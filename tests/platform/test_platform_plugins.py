"""Plugins that come from elsewhere: never imported unless listed, and every fault of theirs stops the start in words."""

import sys
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import inspect, text

from toubib import plugins
from toubib.cli.plugin import _forget_jobs
from toubib.db import database, migrate, session
from toubib.db.tables.machinery import JobRow
from toubib.plugins import PluginError
from toubib.runtime import Toubib
from toubib.settings import SettingsError
from toubib.web import slots

Start = Callable[..., Toubib]
OWN = ("country_fr", "booking", "payment_manual", "payment_stripe", "claims_fr", "drugs_fr", "eprescription_email", "video_webrtc")
HEAD = """
from toubib.contracts.common import Message
from toubib.contracts.plugin import PluginInfo
from toubib.contracts.registry import hookimpl

@hookimpl
def toubib_info():
    return PluginInfo(name={name!r}, version="1", contract={contract}, title=Message("x", "x"), description=Message("x", "x"))
"""
STRANGER = "Name: {dist}\nVersion: 1.0\nMetadata-Version: 2.1\nAuthor: Somebody Else\n"
_numbers = count(1)


class Shelf:
    """A folder of installed third-party plugins, each a distribution with an entry point."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, name: str, body: str = "", *, contract: int = 1, own_name: str = "", head: str = HEAD) -> str:
        """Install an invented plugin; returns its module's name."""
        module = f"planted_{next(_numbers)}"
        (self.folder / f"{module}.py").write_text(head.format(name=own_name or name, contract=contract) + body)
        info = self.folder / f"{module}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(STRANGER.format(dist=module.replace("_", "-")))
        (info / "entry_points.txt").write_text(f"[toubib]\n{name} = {module}\n")
        return module


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    folder = tmp_path / "installed"
    folder.mkdir()
    sys.path.insert(0, str(folder))
    yield Shelf(folder)
    sys.path.remove(str(folder))


@pytest.mark.feature("PLUG-01:a")
def test_a_third_partys_plugin_is_found_by_its_entry_point(shelf: Shelf, installation: Start) -> None:
    shelf.put("stranger")
    assert "stranger" in installation("stranger").registry.plugins


@pytest.mark.feature("PLUG-02:a")
def test_an_unlisted_plugin_is_never_imported(shelf: Shelf, installation: Start) -> None:
    module = shelf.put("unlisted", 'raise RuntimeError("imported")\n')
    assert "unlisted" in plugins.available()
    installation()
    assert module not in sys.modules


@pytest.mark.feature("PLUG-02:b")
@pytest.mark.parametrize(("body", "sentence"), [
    ('raise RuntimeError("no sense")\n', r"plugin 'stranger' \(planted.* 1.0\) cannot be imported: RuntimeError: no sense"),
    ("import sys\nsys.exit(0)\n", "cannot be imported: SystemExit"),
    ("import a_module_that_is_absent\n", "cannot be imported: ModuleNotFoundError"),
    ("def broken(:\n", "cannot be imported: SyntaxError"),
    ("@hookimpl\ndef toubib_jbos(settings):\n    return ()\n", "implements a hook that the contract does not have"),
    ("@hookimpl\ndef toubib_jobs(settings, weather):\n    return ()\n", "does not fit the contract"),
    ("@hookimpl\ndef toubib_jobs(settings):\n    return 7\n", "registers something that does not fit: TypeError"),
    ("@hookimpl\ndef toubib_jobs(settings):\n    return [object()]\n", "registers something that does not fit: AttributeError"),
    ("@hookimpl\ndef toubib_jobs(settings):\n    return 1 / 0\n", "failed in toubib_jobs: ZeroDivisionError"),
])  # fmt: skip
def test_a_listed_plugin_that_cannot_load_stops_the_start_in_words(shelf: Shelf, installation: Start, body: str, sentence: str) -> None:
    shelf.put("stranger", body)
    with pytest.raises(PluginError, match=sentence) as refused:
        installation("stranger")
    assert "stranger" in str(refused.value)


@pytest.mark.parametrize(("head", "sentence"), [
    ("", "does not implement toubib_info"),
    ("from toubib.contracts.registry import hookimpl\n@hookimpl\ndef toubib_info():\n    return None\n", "with a NoneType, not a PluginInfo"),
    ("from toubib.contracts.registry import hookimpl\n@hookimpl\ndef toubib_info():\n    return 1 / 0\n", "failed in toubib_info: ZeroDivisionError"),
])  # fmt: skip
def test_a_plugin_that_does_not_say_what_it_is_stops_the_start(shelf: Shelf, installation: Start, head: str, sentence: str) -> None:
    shelf.put("stranger", head=head)
    with pytest.raises(PluginError, match=sentence):
        installation("stranger")


@pytest.mark.feature("PLUG-02:b")
def test_a_plugin_that_is_listed_and_not_installed_is_named_with_what_to_do(installation: Start) -> None:
    with pytest.raises(PluginError, match=r"plugin 'absent' is listed but not installed. Installed: .*booking.* Install it, or take it off the list"):
        installation("absent")


@pytest.mark.feature("PLUG-03:a", "PLUG-03:b")
@pytest.mark.parametrize("contract", [0, 2])
def test_a_plugin_for_another_contract_is_refused(shelf: Shelf, installation: Start, contract: int) -> None:
    shelf.put("stranger", contract=contract)
    with pytest.raises(PluginError, match=f"written for contract {contract}; this is contract 1. Install a version that fits."):
        installation("stranger")


def test_a_plugin_that_calls_itself_something_else_is_refused(shelf: Shelf, installation: Start) -> None:
    shelf.put("stranger", own_name="booking")
    with pytest.raises(PluginError, match="calls itself 'booking': both must be the same"):
        installation("stranger")


def test_two_distributions_of_one_name_are_both_named(shelf: Shelf, installation: Start) -> None:
    first, second = shelf.put("twin"), shelf.put("twin")
    with pytest.raises(PluginError, match="plugin 'twin' is offered by ") as refused:
        installation("twin")
    assert first.replace("_", "-") in str(refused.value)
    assert second.replace("_", "-") in str(refused.value)


JOB = """
from toubib.contracts.jobs import Job
@hookimpl
def toubib_jobs(settings):
    return [Job({name!r}, print)]
"""
WEB = """
import click
from flask import Blueprint
from toubib.contracts.web import Permission, PublicRoute, WebPart
@hookimpl
def toubib_web(settings):
    return WebPart({what})
"""
LINES = """
from toubib.contracts.web import SlotItem, WebPart
class Line:
    slot = "encounter.side"
    def items(self, ids):
        return {{one: [SlotItem(Message("{name}", "{name}"))] for one in ids}}
@hookimpl
def toubib_web(settings):
    return WebPart(slots=(Line(),))
"""
SETTINGS = """toubib_info():
    from toubib.contracts.plugin import PluginSettings
    class Own(PluginSettings):
        colour: str = "green"
"""
FACES = """
class Face:
    name = "shared"
@hookimpl
def toubib_media(settings):
    return [Face()]
"""


@pytest.mark.feature("PLUG-04:h")
def test_two_registrations_of_one_name_are_refused_naming_both(shelf: Shelf, installation: Start) -> None:
    shelf.put("one", FACES)
    shelf.put("two", FACES)
    with pytest.raises(PluginError, match="media 'shared' is registered by 'one' and by 'two'"):
        installation("one", "two")


@pytest.mark.feature("PLUG-04:h", "PLUG-04:e", "PLUG-04:f", "PLUG-04:g")
@pytest.mark.parametrize(("body", "sentence"), [
    (JOB.format(name="booking.sweep"), "plugin 'stranger': jobs 'booking.sweep' must bear the plugin's name, as in 'stranger.booking.sweep'"),
    (JOB.format(name="toubib.send_mail"), "must bear the plugin's name"),
    (WEB.format(what='permissions=(Permission("booking.all", "site", "x", like="site.staff"),)'), "its permission 'booking.all' .* place of 'booking'"),
    (WEB.format(what='public=(PublicRoute("account.overview", "x"),)'), "'stranger': its public page 'account.overview' .* place of 'account'"),
    (WEB.format(what='commands=(click.Command("booking"),)'), "'stranger': its command 'booking' .* place of 'booking'"),
])  # fmt: skip
def test_a_name_in_anothers_place_is_refused(shelf: Shelf, installation: Start, body: str, sentence: str) -> None:
    shelf.put("stranger", body)
    with pytest.raises(PluginError, match=sentence):
        installation("stranger")


@pytest.mark.feature("PLUG-04:g")
def test_a_blueprint_of_anothers_name_is_refused(shelf: Shelf, app: Callable[..., object]) -> None:
    shelf.put("stranger", WEB.format(what='blueprint=Blueprint("booking", "x")'))
    with pytest.raises(PluginError, match="'stranger': its blueprint must be called 'stranger', not 'booking'"):
        app("booking", "stranger", use={"scheduler": "booking"})


@pytest.mark.feature("PLUG-04:e", "PLUG-04:f", "PLUG-04:g")
def test_all_that_the_projects_plugins_register_bears_their_names(installation: Start) -> None:
    registry = installation(*OWN, site={"country": "FR"}, migrated=False).registry
    owned = {name: owner for (concern, name), owner in registry.owners.items() if concern in ("jobs", "steps", "fact_types", "observers")}
    assert len([name for name, owner in owned.items() if owner in OWN]) > 5
    assert [name for name, owner in owned.items() if owner in OWN and not name.startswith(f"{owner}.")] == []
    for owner, part in registry.web.items():
        assert [p.name for p in part.permissions if not p.name.startswith(f"{owner}.")] == []
        assert [c.name for c in part.commands if not str(c.name).replace("-", "_").startswith(owner)] == []
        assert [b.name for b in (part.blueprint,) if b is not None and b.name != owner] == []


@pytest.mark.feature("PLUG-04:d")
def test_settings_stand_under_the_plugins_name_and_nowhere_else(shelf: Shelf, installation: Start) -> None:
    shelf.put("stranger", head=HEAD.replace("toubib_info():\n", SETTINGS).replace('version="1"', 'settings=Own, version="1"'))
    started = installation("stranger", settings={"stranger": {"colour": "red"}})
    assert started.registry.plugins["stranger"].settings.model_dump() == {"colour": "red"}
    with pytest.raises(SettingsError, match=r"(?s)\[settings.stranger\].*size"):
        installation("stranger", settings={"stranger": {"size": 3}})
    with pytest.raises(SettingsError, match="plugins that are not listed: booking"):
        installation("stranger", settings={"booking": {}})


@pytest.mark.feature("PLUG-02:c")
def test_the_order_of_the_list_is_the_order_used(shelf: Shelf, installation: Start) -> None:
    for name in ("one", "two"):
        shelf.put(name, JOB.format(name=f"{name}.work") + LINES.format(name=name))
    for order in (("one", "two"), ("two", "one")):
        toubib = installation(*order)
        assert list(toubib.registry.plugins) == list(order)
        assert [name for name in toubib.registry.jobs if name.endswith(".work")] == [f"{name}.work" for name in order]
        with database().reading():
            assert [line.text.key for line in slots.fill("encounter.side", ["x"])["x"]] == list(order)


def test_safe_leaves_strangers_out_broken_or_absent(shelf: Shelf, installation: Start) -> None:
    settings = installation("booking").settings
    module = shelf.put("stranger", 'raise RuntimeError("broken")\n')
    listed = settings.model_copy(update={"plugins": ("stranger", "absent", "booking"), "settings": {"stranger": {"a": 1}}})
    _, loaded = plugins.load(listed, safe=True)
    assert [p.info.name for p in loaded] == ["booking"]
    assert module not in sys.modules
    with pytest.raises(PluginError):
        plugins.load(listed)


def test_a_choice_that_nobody_registers_is_refused_with_what_there_is(installation: Start) -> None:
    with pytest.raises(SettingsError, match=r"use.scheduler names bookking, which no listed plugin registers. Known: booking"):
        installation("booking", use={"scheduler": "bookking"})
    with pytest.raises(SettingsError, match=r"journeys.booked.steps names room.dance"):
        installation(journeys={"booked": {"steps": ["room.wait", "room.dance"]}})


# --- coming and going


def tables_of(name: str) -> set[str]:
    with database().engine.connect() as connection:
        return {table for table in inspect(connection).get_table_names() if table.startswith(f"{name}_")}


@pytest.mark.feature("PLUG-05:b", "PLUG-04:a")
@pytest.mark.parametrize("name", ["booking", "video_webrtc", "drugs_fr", "eprescription_email"])
def test_a_removed_plugin_leaves_no_table_and_no_job_and_comes_back(installation: Start, name: str) -> None:
    toubib = installation(name)
    before = tables_of(name)
    with database().unit_of_work():
        session().add_all([JobRow(name=f"{name}.something"), JobRow(name=f"observe:{name}.something"), JobRow(name=f"{name}x.other")])
    migrate.downgrade(f"{name}@base") if toubib.registry.plugins[name].info.migrations else None
    _forget_jobs(name)
    assert tables_of(name) == set()
    with database().reading():
        assert session().execute(text("SELECT name FROM job")).scalars().all() == [f"{name}x.other"]
        assert [v for v in session().execute(text("SELECT version_num FROM alembic_version")).scalars() if v.startswith(f"{name}_")] == []
    migrate.upgrade()
    assert tables_of(name) == before
    assert list(migrate.pending()) == []


def test_a_plugin_off_the_list_stops_no_migration_and_is_detached(installation: Start) -> None:
    installation("booking")
    kept = tables_of("booking")
    installation(migrated=False)
    assert list(migrate.pending()) == []
    migrate.upgrade()
    assert tables_of("booking") == kept
    assert migrate.detach("booking") == 1
    assert migrate.detach("booking") == 0
    assert tables_of("booking") == kept
