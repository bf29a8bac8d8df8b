"""Every answer: headers, cookies, size, no trace of the inside, nothing of a person in the log."""

import http.client
import json
import re
import socket
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from toubib import logs, runtime
from toubib.db import database
from toubib.runtime import Toubib
from toubib.seams import network
from toubib.services import notices
from toubib.testing.access_matrix import address, form, objects_of, routes, sections
from toubib.testing.access_world import World, make_world
from toubib.testing.servers import servers
from toubib.web.needs import need_of

ROOT = Path(__file__).resolve().parents[2]
DEPLOYMENT = ROOT / "deployments" / "doctolib" / "deployment.toml"
ENGLISH = {"Accept-Language": "en"}
ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
INSIDE = re.compile(r"Traceback|File \"|line \d+, in |werkzeug|sqlalchemy|sqlite3|psycopg|toubib\.\w+\.|site-packages")


@pytest.fixture
def deployed(app: Callable[..., Flask]) -> Flask:
    plugins, settings = sections(DEPLOYMENT)
    return app(*plugins, **settings)


@pytest.fixture
def world(deployed: Flask) -> World:
    assert deployed.name
    return make_world()


@pytest.mark.feature("OPS-07:a")
def test_every_answer_bears_the_strict_headers(deployed: Flask, world: World) -> None:
    client = world.client(deployed, "patient")
    seen: set[int] = set()
    for rule, method in routes(deployed):
        need = need_of(deployed.view_functions[rule.endpoint])
        assert need
        if rule.websocket or rule.endpoint.endswith(".socket"):
            continue
        for object_id in (next(iter(objects_of(world, need).values())), "0" * 32):
            got = client.open(address(deployed, rule, need, object_id), method=method, headers=ENGLISH)
            seen.add(got.status_code)
            policy = got.headers["Content-Security-Policy"]
            assert "default-src 'none'" in policy, rule
            assert "unsafe" not in policy, rule
            assert "*" not in policy, rule
            assert "frame-ancestors 'none'" in policy, rule
            assert {name: got.headers.get(name) for name in ALWAYS} == ALWAYS, rule
            if not rule.rule.startswith(("/static", "/theme")) and not rule.endpoint.endswith("static"):
                assert got.headers["Cache-Control"] == "no-store", rule
            assert not INSIDE.search(got.text if got.mimetype in ("text/html", "text/plain") else ""), rule
    assert {200, 302, 400, 404} <= seen


def test_no_page_has_a_script_or_style_of_its_own_or_calls_elsewhere(deployed: Flask, world: World) -> None:
    pages = 0
    for role in ("patient", "practitioner", "administrator"):
        client = world.client(deployed, role)
        for rule, method in routes(deployed):
            need = need_of(deployed.view_functions[rule.endpoint])
            if method != "GET" or need is None or rule.endpoint.endswith((".socket", "static")):
                continue
            got = client.get(address(deployed, rule, need, next(iter(objects_of(world, need).values()))), headers=ENGLISH)
            if got.mimetype != "text/html" or got.status_code != 200:
                continue
            pages += 1
            scripts = [s for s in re.findall(r"<script\b[^>]*>", got.text) if "src=" not in s and "application/json" not in s]
            assert scripts == [], rule
            assert not re.search(r"<style\b|\sstyle=|\son\w+=\"", got.text), rule
            assert re.findall(r"(?:src|action)=\"(?:https?:)?//[^\"]*", got.text) == [], rule
    assert pages > 25


@pytest.mark.feature("OPS-07:a")
def test_cookies_are_out_of_reach_of_scripts_and_other_sites(deployed: Flask) -> None:
    client = deployed.test_client()
    got = client.get("/sign-in", headers=ENGLISH)
    token = re.search(r'name="csrf_token" value="([0-9a-f]+)"', got.text)
    assert token
    cookies = got.headers.getlist("Set-Cookie")
    cookies += client.post("/language", data={"csrf_token": token[1], "language": "en"}).headers.getlist("Set-Cookie")
    assert len(cookies) >= 2
    for cookie in cookies:
        assert "HttpOnly" in cookie, cookie
        assert "SameSite=Lax" in cookie, cookie


@pytest.mark.feature("OPS-07:a")
def test_in_production_cookies_travel_encrypted_only_whatever_the_proxy_says(app: Callable[..., Flask]) -> None:
    made, toubib = app(), runtime.current()
    web = toubib.settings.web.model_copy(update={"production": True})
    runtime.use(replace(toubib, settings=toubib.settings.model_copy(update={"web": web})))
    cookies = made.test_client().get("/sign-in").headers.getlist("Set-Cookie")
    assert cookies
    assert all("Secure" in cookie for cookie in cookies)


def test_fifty_megabytes_are_refused_in_words(deployed: Flask, world: World) -> None:
    client = world.client(deployed, "patient")
    big = b"0" * 50_000_000
    for path in (f"/visits/{world.objects['encounter']['A']}/room/chat", "/sign-in", "/eprescription_email/check", "/no/such/page"):
        got = client.post(path, data=big, content_type="application/x-www-form-urlencoded", headers=ENGLISH)
        assert got.status_code in (404, 413), path
        if got.status_code == 413:
            assert "This file is too large" in got.text
            assert "Nothing was stored" in got.text
    assert client.post("/webhooks/payment_stripe", data=big).status_code in (400, 413)
    assert client.post("/sign-in", data=big, content_type="application/x-www-form-urlencoded").status_code == 413


def test_a_real_server_refuses_fifty_megabytes_in_words(installation: Callable[..., Toubib], database_url: str, tmp_path: Path) -> None:
    installation()
    with servers(database_url, tmp_path, [], {}, processes=1) as (port,):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        connection.putrequest("POST", "/sign-in")
        for name, value in (("Content-Length", "50000000"), ("Content-Type", "application/x-www-form-urlencoded"), ("Accept-Language", "en")):
            connection.putheader(name, value)
        connection.endheaders()
        answer = connection.getresponse()
        page = answer.read().decode()
        connection.close()
    assert (answer.status, "This file is too large" in page) == (413, True)


HOSTILE = ("\0", "' OR 1=1 --<script>alert(1)</script>{{7*7}}%s", "9" * 400, "2026-13-45", "²", "0001-01-01T00:00:00+05:00")


def test_hostile_words_never_fail_and_never_come_back_raw(deployed: Flask, world: World) -> None:
    names = ("q", "specialty", "place", "day", "from", "since", "view", "reason", "role", "lang", "modality", "next", "code", "page", "slug",
        "seen", "correct", "start", "before", "month")  # fmt: skip
    client = world.client(deployed, "practitioner")
    for rule, method in routes(deployed):
        need = need_of(deployed.view_functions[rule.endpoint])
        if method != "GET" or need is None or rule.endpoint.endswith((".socket", "static")):
            continue
        path = address(deployed, rule, need, next(iter(objects_of(world, need).values())))
        for word in HOSTILE:
            got = client.get(path, query_string=dict.fromkeys(names, word), headers=ENGLISH)
            assert got.status_code < 500, (path, word)
            assert "<script>alert(1)</script>" not in got.text, path
    for rule, method in routes(deployed):
        if rule.arguments and method == "GET" and not rule.endpoint.endswith("static"):
            for word in ("\0", "é", "..", "%00", "'"):
                path = str(deployed.url_map.bind("localhost").build(rule.endpoint, dict.fromkeys(rule.arguments, word)))
                assert client.get(path).status_code < 500, path


def test_hostile_forms_never_fail(deployed: Flask, world: World) -> None:
    names = ("email", "code", "service", "start", "message", "next", "session", "language", "provider", "shown", "day", "slot", "reason", "text", "kind",
        "file")  # fmt: skip
    fields = [*names, "identity.family_name", "identity.birth_date", "identity.birth_date_year", "lines-0-drug", "lines-0-duration",
        "act-0-code", "place", "phone", "screen", "capacity", "remove", "weekday", "minutes", "price"]  # fmt: skip
    for role in ("visitor", "patient", "practitioner"):
        client = world.client(deployed, role)
        for rule, method in routes(deployed):
            need = need_of(deployed.view_functions[rule.endpoint])
            if method == "GET" or need is None or rule.endpoint in ("account.sign_out", "account.revoke"):
                continue
            path = address(deployed, rule, need, objects_of(world, need).get("D" if role == "visitor" else "A", ""))
            for word in ("\0", "é" * 50, "9" * 400, "²", "0001-01-01T00:00:00+05:00"):
                data = {**dict.fromkeys(fields, word), **form(deployed, world, role)}
                got = client.post(path, data=data, headers=ENGLISH)
                assert got.status_code < 500 or got.status_code == 503, (path, role, word, got.text[:400])


# --- the log


def test_a_failure_shows_nothing_of_the_inside_and_logs_nothing_of_a_person(
    app: Callable[..., Flask], browse: Callable[[Flask], FlaskClient], capfd: pytest.CaptureFixture[str]
) -> None:
    made = app()
    logs.configure(production=True)

    def broken() -> str:
        email = "ada@patient.test"
        with database().unit_of_work() as work:
            from toubib.db.tables.directory import Organisation

            work.add(Organisation(id="1", name=f"{email} depression", slug="x", zone="UTC", currency="EUR"))
            work.flush()
            work.add(Organisation(id="2", name=f"{email} depression", slug="x", zone="UTC", currency="EUR"))
        return ""

    broken.toubib_need = need_of(made.view_functions["search.home"])  # type: ignore[attr-defined]
    made.view_functions["search.home"] = broken
    got = browse(made).get("/?q=ada%40patient.test", headers=ENGLISH)
    assert got.status_code == 500
    assert "Something failed on our side" in got.text
    assert not INSIDE.search(got.text)
    logged = capfd.readouterr().err
    (line,) = [json.loads(row) for row in logged.splitlines() if "request failed" in row]
    assert line["reference"] in got.text
    assert line["exception"][0]["exc_type"] == "IntegrityError"
    assert not re.search(r"ada|patient\.test|depression", logged)


def test_a_refused_mail_leaves_no_address_in_the_log(installation: Callable[..., Toubib], capfd: pytest.CaptureFixture[str]) -> None:
    from aiosmtpd.controller import Controller
    from aiosmtpd.smtp import SMTP, Envelope, Session

    class Refusing:
        async def handle_RCPT(self, _server: SMTP, _session: Session, _envelope: Envelope, _address: str, _options: list[str]) -> str:  # noqa: N802  the library's name
            return "550 no such mailbox"

    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(Refusing(), hostname="127.0.0.1", port=port)
    controller.start()
    try:
        toubib = installation(mail={"host": "127.0.0.1", "port": port})
        logs.configure(production=False)
        with database().unit_of_work():
            notices.queue("document_ready", "ada@patient.test", locale="en", params={"who": "Dr One"}, link="/visits")
        toubib.jobs.run_due()
    finally:
        controller.stop()
    logged = capfd.readouterr().err
    assert "job failed" in logged
    assert network.MailRefused.__name__ in logged
    assert "ada" not in logged


def test_whole_journeys_pages_log_no_person(deployed: Flask, world: World, capfd: pytest.CaptureFixture[str]) -> None:
    for role in ("patient", "practitioner", "visitor"):
        client = world.client(deployed, role)
        for rule, method in routes(deployed):
            need = need_of(deployed.view_functions[rule.endpoint])
            if method == "GET" and need and not rule.endpoint.endswith((".socket", "static")):
                client.get(address(deployed, rule, need, next(iter(objects_of(world, need).values()))), query_string={"q": "depression"})
    logged = capfd.readouterr()
    assert not re.search(r"Ada|Otto|depression|01 99|@", logged.err + logged.out)
