"""Who may do what: every route and socket message, every role, own and foreign objects, against the reviewed table `matrix.csv`."""

import difflib
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Blueprint, Flask

from toubib import runtime, web_app
from toubib.contracts.web import Permission, SocketMessage, WebPart
from toubib.policy.core import own_encounter
from toubib.policy.rules import PolicyError
from toubib.runtime import Toubib
from toubib.testing.access_matrix import PASSED, ask, form, matrix, objects_of, put_probes, render, routes, sections
from toubib.testing.access_world import MISSING, ROLES, World, make_world
from toubib.web.needs import Need, need_of, needs, public

ROOT = Path(__file__).resolve().parents[2]
TABLE = Path(__file__).with_name("matrix.csv")
DEPLOYMENT = ROOT / "deployments" / "doctolib" / "deployment.toml"
COMMAND = "python -m toubib.testing.access_matrix deployments/doctolib/deployment.toml --write tests/security/matrix.csv"
Start = Callable[..., Toubib]


@pytest.fixture
def deployed(app: Callable[..., Flask]) -> Flask:
    plugins, settings = sections(DEPLOYMENT)
    return app(*plugins, **settings)


@pytest.fixture
def world(deployed: Flask) -> World:
    assert deployed.name
    return make_world()


def difference(rows: list[dict[str, str]]) -> str:
    """What changed against the reviewed table."""
    lines = difflib.unified_diff(TABLE.read_text().splitlines(), render(rows).splitlines(), "reviewed", "now", lineterm="", n=0)
    return "\n".join(lines)


@pytest.mark.feature("REC-04:a", "REC-04:b", "REC-04:c")
def test_everybody_reaches_what_the_reviewed_table_says_and_nothing_else(deployed: Flask, world: World) -> None:
    assert difference(matrix(deployed, world)) == "", f"If this is meant, write the table anew and have the difference reviewed:\n{COMMAND}"


def test_a_grant_too_many_shows_in_the_table(deployed: Flask, world: World) -> None:
    runtime.current().policy.grant("encounter.care", own_encounter)
    changed = difference(matrix(deployed, world, "practice.consultation"))
    assert re.search(r"^\+route,practice.consultation,.*,A,B,-,-,A,B,-,-,-$", changed, re.MULTILINE), "patients reach it now"


def answer(deployed: Flask, world: World, role: str, object_id: str, rule_and_method: tuple[object, str, Need]) -> tuple[int, str, list[tuple[str, str]]]:
    """Status, page and headers, with the object's id taken out."""
    rule, method, need = rule_and_method
    got = ask(deployed, world, rule, method, need, role, object_id)  # type: ignore[arg-type]  # the rules of this very application
    headers = [(k, v.replace(object_id, "ID")) for k, v in got.headers.items() if k not in ("Date", "Content-Length")]
    return got.status_code, re.sub(object_id, "ID", got.text), headers


def test_what_is_not_yours_looks_like_what_does_not_exist(deployed: Flask, world: World) -> None:
    put_probes(deployed)
    compared = 0
    for rule, method in routes(deployed):
        need = need_of(deployed.view_functions[rule.endpoint])
        if need is None or not need.about:
            continue
        for role in ("anonymous", "visitor", "patient", "guest", "weak", "practitioner", "administrator"):
            missing = answer(deployed, world, role, MISSING, (rule, method, need))
            assert missing[0] != PASSED, (rule, role)
            foreign = answer(deployed, world, role, objects_of(world, need)["B"], (rule, method, need))
            assert foreign == missing, (rule, method, role)
            compared += 1
    assert compared > 200


def test_no_form_works_without_its_token_or_from_another_site(deployed: Flask, world: World) -> None:
    put_probes(deployed)
    tried = 0
    for rule, method in routes(deployed):
        need = need_of(deployed.view_functions[rule.endpoint])
        if method == "GET" or need is None or not need.csrf:
            continue
        client = world.client(deployed, "patient")
        path = str(deployed.url_map.bind("localhost").build(rule.endpoint, dict.fromkeys(rule.arguments, "1")))
        for data, headers in (
            ({}, {}),
            ({"csrf_token": "0" * 64}, {}),
            ({"csrf_token": "é"}, {}),
            (form(deployed, world, "other_patient"), {}),
            (form(deployed, world, "patient"), {"Origin": "https://evil.test"}),
            (form(deployed, world, "patient"), {"Origin": "null"}),
        ):
            got = client.open(path, method=method, data=data, headers={"Accept-Language": "en", **headers})
            assert (got.status_code, "nothing was changed" in got.text) == (400, True), (path, data, headers)
            tried += 1
    assert tried > 150


def test_a_refusal_is_said_in_the_readers_language(deployed: Flask, world: World) -> None:
    client = world.client(deployed, "patient")
    path = f"/visits/{world.objects['encounter']['B']}"
    for language in ("en", "fr", "en"):
        got = client.get(path, headers={"Accept-Language": language})
        assert (got.status_code, f'<html lang="{language}"' in got.text) == (404, True), language


def test_an_unfinished_booking_is_its_visitors_alone(deployed: Flask, world: World) -> None:
    put_probes(deployed)
    path = f"/visits/{world.objects['encounter']['D']}"
    assert [role for role in ROLES if world.client(deployed, role).get(path).status_code == PASSED] == ["visitor"]


# --- planted holes stop the start


def planted(installation: Start, part: WebPart) -> Flask:
    """An application whose (invented) plugin `planted` adds a web part."""
    toubib = installation()
    toubib.registry.web["planted"] = part
    for permission in part.permissions:
        toubib.policy.declare(permission)
    return web_app.build(toubib)


def page(view: Callable[..., str]) -> Blueprint:
    blueprint = Blueprint("planted", __name__)
    blueprint.get("/page/<part>", endpoint="page")(view)
    return blueprint


def silent(part: str) -> str:
    return part


def test_a_route_without_a_permission_stops_the_start(installation: Start) -> None:
    with pytest.raises(PolicyError, match=r"/planted/page/<part> \(planted.page\) declares no permission"):
        planted(installation, WebPart(page(silent)))


def test_a_public_route_that_is_not_listed_stops_the_start(installation: Start) -> None:
    with pytest.raises(PolicyError, match="public and not on the reviewed list"):
        planted(installation, WebPart(page(public("because")(silent))))


def test_a_permission_of_nobody_stops_the_start(installation: Start) -> None:
    permission = Permission("planted.read", "encounter", "granted to nobody")
    with pytest.raises(PolicyError, match="granted to nobody"):
        planted(installation, WebPart(page(needs("planted.read", "part")(silent)), permissions=(permission,)))


def test_an_undeclared_permission_stops_the_start(installation: Start) -> None:
    with pytest.raises(PolicyError, match="never declared"):
        planted(installation, WebPart(page(needs("planted.unheard", "part")(silent))))


@pytest.mark.parametrize(("permission", "about", "sentence"), [
    ("encounter.read", "elsewhere", "has no part 'elsewhere'"),
    ("encounter.read", "", "is about a encounter"),
    ("site.account", "part", "is about a site"),
])  # fmt: skip
def test_a_permission_asked_about_the_wrong_thing_stops_the_start(installation: Start, permission: str, about: str, sentence: str) -> None:
    with pytest.raises(PolicyError, match=sentence):
        planted(installation, WebPart(page(needs(permission, about)(silent))))


@pytest.mark.parametrize(("permission", "sentence"), [("", "declares no permission"), ("planted.unheard", "never declared")])
def test_a_socket_message_without_a_permission_stops_the_start(installation: Start, permission: str, sentence: str) -> None:
    with pytest.raises(PolicyError, match=sentence):
        planted(installation, WebPart(sockets=(SocketMessage("hello", permission),)))


def test_a_view_that_lost_its_mark_answers_nobody(app: Callable[..., Flask]) -> None:
    made = app()
    made.view_functions["front.home"] = lambda: "bare"
    assert made.test_client().get("/").status_code == 404


