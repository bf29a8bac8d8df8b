"""The page "Assemble a platform", followed as it stands: its blocks are written into an empty folder, the product starts after each step and is booked in."""

import re
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from toubib.demo.seed import seed
from toubib.settings import load

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/assemble.md"
BLOCK = re.compile(r"^`([\w./]+)`\n```\w*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FRENCH = {"Accept-Language": "fr"}


def steps(folder: Path) -> Iterator[str]:
    """Write one block after another, the next part of a file behind its first; the name of the file that just grew."""
    for name, content in BLOCK.findall(PAGE.read_text(encoding="utf-8")):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            file.write(content)
        yield name


def start(app: Callable[..., Flask], folder: Path) -> Flask:
    """Start what stands in the folder now, on a database of the test."""
    load(folder / "deployment.toml", environment={})
    values: dict[str, Any] = tomllib.loads((folder / "deployment.toml").read_text(encoding="utf-8"))
    return app(*values.pop("plugins"), folder=folder, **values)


def post(client: FlaskClient, path: str, page: str, **form: str) -> str:
    """Send a form of a page; where it leads."""
    token = re.findall(r'name="csrf_token" value="([0-9a-f]+)"', page)[0]
    answer = client.post(path, data={"csrf_token": token, **form}, headers=FRENCH)
    assert answer.status_code in (302, 303), answer.text
    return str(answer.location)


@pytest.mark.feature("PLUG-09:a", "PLUG-11:a", "PLUG-11:b")
@pytest.mark.usefixtures("now")
def test_the_product_starts_after_each_step_and_is_booked_in(app: Callable[..., Flask], browse: Callable[[Flask], FlaskClient], tmp_path: Path) -> None:
    folder = tmp_path / "escale"
    written = []
    for name in steps(folder):
        written.append(name)
        first = browse(start(app, folder)).get("/", headers=FRENCH, follow_redirects=True)
        assert first.status_code == 200, name
        assert "Escale" in first.text
    assert set(written) == {"deployment.toml", "tokens.css", "texts/fr.po", "templates/toubib/search/week.html", "demo.toml"}
    client = browse(start(app, folder))
    seed(folder)

    week = client.get("/", headers=FRENCH, follow_redirects=True).text
    assert "Cabinet de l&#39;Escale" in week
    assert ">Les heures de la semaine</a>" in week
    assert "En vidéo ou au cabinet." in week
    (sheet,) = re.findall(r'href="(/theme/tokens\.css[^"]*)"', week)
    with client.get(sheet) as answer:
        assert b"--tb-light-action: #7a2e4d" in answer.data

    service, slot = (re.findall(rf'name="{name}"[^>]* value="([^"]+)"', week)[0] for name in ("service", "start"))
    visit = post(client, "/hold", week, service=service, start=slot)
    booking = client.get(visit, headers=FRENCH, follow_redirects=True)
    assert booking.status_code == 200
    assert "Dr Maud Rivage" in booking.text
    assert 'name="email"' in booking.text


def test_the_steps_of_the_page_are_those_of_the_journey(tmp_path: Path) -> None:
    list(steps(tmp_path))
    listed = tomllib.loads((tmp_path / "deployment.toml").read_text(encoding="utf-8"))["journeys"]["booked"]["steps"]
    core = re.findall(r"`([a-z_.]+)`", PAGE.read_text(encoding="utf-8").split("## 4.")[1].split("plugins add theirs")[0])
    assert {step for step in listed if not step.startswith("video_webrtc")} <= set(core)


@pytest.mark.parametrize("name", sorted(path.parent.name for path in ROOT.glob("deployments/*/deployment.toml")))
def test_the_readme_leads_to_every_deployment(name: str) -> None:
    assert f"make demo DEPLOYMENT={name}" in (ROOT / "README.md").read_text(encoding="utf-8")
