"""Who may do what, asked of the running application: every route and socket message, tried by every role on every object.

Each route is really requested; in place of its view stands a probe that answers only when the guard let the request through.
`python -m toubib.testing.access_matrix DEPLOYMENT.toml --write FILE.csv` writes the table that the repository keeps and reviews.
"""

import argparse
import csv
import hashlib
import hmac
import io
import sys
import tempfile
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from flask import Flask
from flask.typing import ResponseReturnValue
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from toubib import runtime, web_app
from toubib.db import database
from toubib.testing.access_world import MISSING, OPERATOR, ROLES, World, make_world
from toubib.testing.installations import Starter
from toubib.web.needs import Need, need_of
from toubib.web.request import VISITOR_COOKIE, current_actor

COLUMNS = ("kind", "name", "address", "permission", *ROLES)
PASSED = 299
"""The status by which a probe tells that the guard let a request through; no page answers with it."""

Row = dict[str, str]


def sections(deployment: Path) -> tuple[tuple[str, ...], dict[str, Any]]:
    """A deployment's plugins, and the sections of its settings that a test may start with; the practice of A runs the installation."""
    data = tomllib.loads(deployment.read_text())
    data["site"]["operator"] = OPERATOR
    return tuple(data.pop("plugins")), data


def put_probes(app: Flask) -> None:
    """Replace every view by a probe that bears the same declaration."""
    for endpoint, view in list(app.view_functions.items()):
        app.view_functions[endpoint] = _probe(need_of(view))


def _probe(need: Need | None) -> Any:
    def answer(**_parts: str) -> ResponseReturnValue:
        return "", PASSED

    if need is not None:
        answer.toubib_need = need  # type: ignore[attr-defined]
    return answer


def matrix(app: Flask, world: World, only: str = "") -> list[Row]:
    """The whole table (or the routes whose name begins with `only`): for each the objects that each role reaches, then the socket messages."""
    put_probes(app)
    rows = [_route_row(app, world, rule, method) for rule, method in routes(app) if rule.endpoint.startswith(only)]
    return sorted([*rows, *_socket_rows(app, world)], key=lambda row: (row["kind"], row["name"], row["address"]))


def routes(app: Flask) -> Iterator[tuple[Rule, str]]:
    """Every rule with each method that does something of its own."""
    for rule in app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield rule, method


def _route_row(app: Flask, world: World, rule: Rule, method: str) -> Row:
    need = need_of(app.view_functions[rule.endpoint]) or Need()
    row = {"kind": "route", "name": rule.endpoint, "address": f"{method} {rule.rule}", "permission": need.permission or f"public: {need.public}"}
    for role in ROLES:
        row[role] = _cell(app, world, rule, method, need, role)
    return row


def objects_of(world: World, need: Need) -> Mapping[str, str]:
    """The objects that a route is tried on: by letter, or one nameless when it is about the site."""
    if not need.about:
        return {"yes": ""}
    return world.objects[runtime.current().policy.permissions[need.permission].about]


def _cell(app: Flask, world: World, rule: Rule, method: str, need: Need, role: str) -> str:
    reached = [
        letter
        for letter, object_id in objects_of(world, need).items()
        if ask(app, world, rule, method, need, role, object_id).status_code == PASSED
    ]
    return " ".join(reached) or "-"


def ask(app: Flask, world: World, rule: Rule, method: str, need: Need, role: str, object_id: str) -> TestResponse:
    """Request a route as a role, about an object; every other part of the address is made up."""
    client = world.client(app, role)
    given = form(app, world, role) if method != "GET" else None
    return client.open(address(app, rule, need, object_id), method=method, data=given, headers={"Origin": "http://localhost", "Accept-Language": "en"})


def address(app: Flask, rule: Rule, need: Need, object_id: str) -> str:
    """The address of a route for an object."""
    parts = {name: object_id if name == need.about else "1" for name in rule.arguments}
    return str(app.url_map.bind("localhost").build(rule.endpoint, parts, method=None))


def form(app: Flask, world: World, role: str) -> dict[str, str]:
    """The token that a page of ours would have put into this browser's form."""
    key = world.cookies[role][VISITOR_COOKIE].encode()
    return {"csrf_token": hmac.new(app.config["TOUBIB_FORM_SECRET"], key, hashlib.sha256).hexdigest()}


def _socket_rows(app: Flask, world: World) -> Iterator[Row]:
    toubib = runtime.current()
    for owner, part in toubib.registry.web.items():
        for message in part.sockets:
            row = {"kind": "socket", "name": f"{owner}.{message.type}", "address": "", "permission": message.permission}
            objects = world.objects.get(toubib.policy.permissions[message.permission].about, {"yes": ""})
            for role in ROLES:
                row[role] = " ".join(k for k, v in objects.items() if _allowed(app, world, role, message.permission, v)) or "-"
            yield row


def _allowed(app: Flask, world: World, role: str, permission: str, object_id: str) -> bool:
    cookies = "; ".join(f"{name}={value}" for name, value in world.cookies[role].items())
    with app.test_request_context(headers={"Cookie": cookies}):
        actor = current_actor()
        with database().reading(actor):
            return runtime.current().policy.allows(actor, permission, object_id)


def render(rows: list[Row]) -> str:
    """The table as CSV; the same text for the same permissions."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def main(arguments: list[str] | None = None) -> int:
    """Write the table of a deployment."""
    parser = argparse.ArgumentParser(prog="python -m toubib.testing.access_matrix", description="Write who may do what in a deployment.")
    parser.add_argument("deployment", type=Path)
    parser.add_argument("--write", type=Path, required=True, metavar="FILE.csv")
    options = parser.parse_args(arguments)
    plugins, settings = sections(options.deployment)
    with tempfile.TemporaryDirectory() as folder:
        starter = Starter(f"sqlite:///{folder}/matrix.db", Path(folder))
        app = web_app.build(starter.start(*plugins, **settings))
        options.write.write_text(render(matrix(app, make_world())))
        starter.stop()
    return 0


__all__ = ["MISSING", "address", "ask", "form", "matrix", "put_probes", "render", "routes", "sections"]

if __name__ == "__main__":
    sys.exit(main())
