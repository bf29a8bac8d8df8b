"""Deployments: six products, assembled by a file each. No code, few templates, and nothing imported that is not listed."""

import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
SIX = ("doctolib", "hospital", "livi", "mesdocteurs", "mondocteur", "qare")
MOST_TEMPLATES = 5
LOADED = """
import json, sys
from pathlib import Path
from toubib.app import create_app
from toubib.db import migrate
from toubib.db.vault import KeyRing
from toubib.app import start
from toubib.settings import load
settings = load(Path(sys.argv[1]), overrides={"storage": {"data": sys.argv[2]}})
KeyRing(settings.keys_path).create()
start(settings)
migrate.upgrade()
app = create_app(settings)
first = app.test_client().get("/", headers={"Accept-Language": settings.site.default_language})
print(json.dumps({"status": first.status_code, "modules": sorted(name for name in sys.modules)}))
"""
HEAVY = {"stripe": "payment_stripe", "pyhanko": "eprescription_email", "aiortc": "video_webrtc", "authlib": "auth_oidc"}
"""Libraries that only one plugin uses."""


@cache
def deployment(name: str) -> Mapping[str, Any]:
    return tomllib.loads((ROOT / "deployments" / name / "deployment.toml").read_text(encoding="utf-8"))


@cache
def loaded(name: str, folder: Path) -> Mapping[str, Any]:
    """What a process holds after it started a deployment and showed its first page."""
    program = [sys.executable, "-c", LOADED, str(ROOT / "deployments" / name / "deployment.toml"), str(folder)]
    done = subprocess.run(program, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return dict(json.loads(done.stdout.splitlines()[-1]))


def test_there_are_six() -> None:
    assert tuple(sorted(path.parent.name for path in ROOT.glob("deployments/*/deployment.toml"))) == SIX


@pytest.mark.feature("PLUG-02:a")
@pytest.mark.parametrize("name", SIX)
def test_a_deployment_imports_its_plugins_and_no_others(name: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    found = loaded(name, tmp_path_factory.mktemp(name))
    assert found["status"] in (200, 302)
    plugins = {module.split(".")[0].removeprefix("toubib_") for module in found["modules"] if module.startswith("toubib_")}
    assert plugins == set(deployment(name)["plugins"])
    foreign = {library for library, plugin in HEAVY.items() if plugin not in plugins and library in found["modules"]}
    assert not foreign


def test_the_booking_product_has_no_code_of_video_payment_prescription_or_claims() -> None:
    assert set(deployment("mondocteur")["plugins"]) == {"country_fr", "booking"}


@pytest.mark.parametrize("name", SIX)
def test_a_deployment_is_no_code(name: str) -> None:
    files = [path.relative_to(ROOT / "deployments" / name) for path in (ROOT / "deployments" / name).rglob("*") if path.is_file()]
    templates = [path for path in files if path.parts[0] == "templates"]
    assert len(templates) <= MOST_TEMPLATES
    allowed = re.compile(r"(deployment|demo)\.toml|tokens\.css|texts/[a-z]{2}\.po|templates/.+\.html|static/[\w.-]+\.(svg|png|woff2)")
    assert [str(path) for path in files if not allowed.fullmatch(str(path))] == []


def test_each_has_a_name_a_colour_and_a_first_page_or_density_of_its_own() -> None:
    looks = {}
    for name in SIX:
        tokens = (ROOT / "deployments" / name / "tokens.css").read_text(encoding="utf-8")
        site = deployment(name)["site"]
        looks[name] = (site["name"], re.findall(r"--tb-light-action: (#\w+)", tokens)[0], site.get("home", "search.find"), tokens)
    assert len({look[0] for look in looks.values()}) == len({look[1] for look in looks.values()}) == len(SIX)
    assert len({look[2] for look in looks.values()}) >= 5
    radii = {re.findall(r"--tb-radius: (\S+);", look[3])[0] for look in looks.values()}
    assert len(radii) == len(SIX)


@pytest.mark.parametrize("name", SIX)
def test_the_list_of_plugins_marks_those_of_the_deployment(name: str) -> None:
    program = [str(Path(sys.executable).with_name("toubib")), "--settings", f"deployments/{name}/deployment.toml", "plugin", "list"]
    done = subprocess.run(program, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    marked = {line.split()[1] for line in done.stdout.splitlines() if line.startswith("*")}
    assert marked == set(deployment(name)["plugins"])
