"""Plugins of strangers: found by their entry point, used only when listed, in the order listed, and under no name but their own."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from toubib.db import database
from toubib.plugins import PluginError
from toubib.runtime import Toubib
from toubib.settings import SettingsError
from toubib.web import slots

OWN = ("country_fr", "booking", "payment_manual", "payment_stripe", "claims_fr", "drugs_fr", "eprescription_email", "video_webrtc")
CARD = """
from typing import Any, Sequence
import click
from flask import Blueprint
from toubib.contracts.common import Message
from toubib.contracts.jobs import Job
from toubib.contracts.plugin import PluginInfo, PluginSettings
from toubib.contracts.registry import CONTRACT_VERSION, hookimpl
from toubib.contracts.web import Permission, PublicRoute, SlotItem, WebPart

class Own(PluginSettings):
    colour: str = "green"

class Line:
    slot = "encounter.side"
    def items(self, ids):
        return {{one: [SlotItem(Message("{name}", "{name}"))] for one in ids}}

@hookimpl
def toubib_info():
    words = Message("{name}", "Stranger")
    return PluginInfo(name="{name}", version="1.0", contract=CONTRACT_VERSION, title=words, description=words, settings=Own)

@hookimpl
def toubib_web(settings):
    return WebPart({web})

@hookimpl
def toubib_jobs(settings):
    return [{jobs}]
"""
Make = Callable[..., Path]
Start = Callable[..., Toubib]


@pytest.fixture
def stranger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Make]:
    """Install a plugin that nobody here wrote: a package, and the record that an installer leaves."""
    folder = tmp_path / "site"
    made: list[str] = []

    def install(name: str = "stranger", *, web: str = "slots=(Line(),)", jobs: str = "", first: str = "") -> Path:
        package, record = folder / f"toubib_{name}", folder / f"toubib_{name}-1.0.dist-info"
        package.mkdir(parents=True)
        record.mkdir()
        (package / "__init__.py").touch()
        (package / "plugin.py").write_text(first + CARD.format(name=name, web=web, jobs=jobs))
        (record / "METADATA").write_text(f"Metadata-Version: 2.1\nName: toubib-{name}\nVersion: 1.0\n")
        (record / "entry_points.txt").write_text(f"[toubib]\n{name} = toubib_{name}.plugin\n")
        made.append(f"toubib_{name}")
        monkeypatch.syspath_prepend(str(folder))
        return folder

    yield install
    for module in [m for m in sys.modules if m.partition(".")[0] in made]:
        del sys.modules[module]


@pytest.mark.feature("PLUG-02:a")
def test_an_unlisted_plugin_is_never_imported(stranger: Make, installation: Start) -> None:
    stranger()
    installation("country_fr", migrated=False)
    assert "toubib_stranger.plugin" not in sys.modules
    installation("country_fr", "stranger", migrated=False)
    assert "toubib_stranger.plugin" in sys.modules


@pytest.mark.feature("PLUG-02:b")
@pytest.mark.parametrize(("listed", "said"), [
    ("stranger", "plugin 'stranger' (toubib-stranger 1.0) cannot be imported: RuntimeError: a library is missing"),
    ("nobody", "plugin 'nobody' is listed but not installed."),
])  # fmt: skip
def test_a_listed_plugin_that_cannot_load_stops_the_start_in_words(stranger: Make, tmp_path: Path, listed: str, said: str) -> None:
    folder = stranger(first="raise RuntimeError('a library is missing')\n")
    settings = tmp_path / "deployment.toml"
    settings.write_text(f'plugins = ["country_fr", "{listed}"]\n[site]\nname = "Test"\n')
    (tmp_path / "data").mkdir()
    environment = {**os.environ, "PYTHONPATH": str(folder), "TOUBIB__STORAGE__DATA": str(tmp_path / "data")}
    command = [str(Path(sys.executable).with_name("toubib")), "--settings", str(settings), "db", "status"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.feature("PLUG-02:c")
@pytest.mark.parametrize("order", [("early", "late"), ("late", "early")])
def test_the_order_of_the_list_is_the_order_used(stranger: Make, installation: Start, order: Sequence[str]) -> None:
    for name in ("early", "late"):
        stranger(name)
    started = installation(*order, migrated=False)
    assert tuple(started.registry.plugins) == tuple(order)
    with database().reading():
        assert [line.text.key for line in slots.fill("encounter.side", ["x"])["x"]] == list(order)


@pytest.mark.feature("PLUG-04:d")
def test_settings_stand_under_the_plugins_name_and_nowhere_else(stranger: Make, installation: Start) -> None:
    stranger()
    started = installation("stranger", migrated=False, settings={"stranger": {"colour": "red"}})
    assert started.registry.plugins["stranger"].settings.model_dump() == {"colour": "red"}
    with pytest.raises(SettingsError, match=r"(?s)\[settings.stranger\].*size"):
        installation("stranger", migrated=False, settings={"stranger": {"size": 3}})
    with pytest.raises(SettingsError, match="plugins that are not listed: booking"):
        installation("stranger", migrated=False, settings={"booking": {}})


@pytest.mark.feature("PLUG-04:h")
@pytest.mark.parametrize(("web", "jobs", "what"), [
    pytest.param("permissions=(Permission('booking.see', 'site', 'See', like='site.staff'),)", "", "permission 'booking.see'",
                 marks=pytest.mark.feature("PLUG-04:e")),
    pytest.param("", "Job('booking.work', print)", "jobs 'booking.work'", marks=pytest.mark.feature("PLUG-04:f")),
    pytest.param("commands=(click.Command('booking'),)", "", "command 'booking'", marks=pytest.mark.feature("PLUG-04:g")),
    pytest.param("blueprint=Blueprint('booking', 'x')", "", "blueprint", marks=pytest.mark.feature("PLUG-04:g")),
    pytest.param("public=(PublicRoute('booking.page', 'why'),)", "", "public page 'booking.page'", marks=pytest.mark.feature("PLUG-04:g")),
])  # fmt: skip
def test_a_name_of_another_is_refused_at_start_and_both_are_named(stranger: Make, app: Callable[..., object], web: str, jobs: str, what: str) -> None:
    stranger(web=web, jobs=jobs)
    with pytest.raises(PluginError, match="stranger") as refused:
        app("booking", "stranger", use={"scheduler": "booking"})
    assert what in str(refused.value)
    assert "'stranger'" in str(refused.value)
    assert "booking" in str(refused.value)


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
