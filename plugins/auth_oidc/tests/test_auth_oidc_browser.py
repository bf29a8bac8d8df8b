"""Real browsers, real providers: the one that ships here, and an independent one; from the button to the end of the session."""

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask
from sqlmodel import select
from werkzeug.serving import WSGIRequestHandler, make_server

from toubib import runtime
from toubib.contracts.identity import IdentityLevel
from toubib.db import database, session
from toubib.db.tables.access import Account, AuthSession
from toubib.db.tables.directory import Practitioner
from toubib.services import login, people, vouching
from toubib.testing.browsers import Person, at_browsers
from toubib.testing.demonstrations import free_ports, wait_for
from toubib.testing.practices import practice
from toubib_auth_oidc.double.launcher import Running, provider
from toubib_auth_oidc.double.sample import DOCTOR, JEANNE, NUMBER, houses, settings

pytestmark = pytest.mark.browser
SAND = (200, 180, 120)


class _Quiet(WSGIRequestHandler):
    def log_request(self, *_args: object) -> None:
        """Say nothing of each request."""


@contextmanager
def served(app: Flask, port: int) -> Iterator[None]:
    """The application on a port of this machine."""
    server = make_server("localhost", port, app, threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()


@pytest.fixture
def house(app: Callable[..., Flask], tmp_path: Path) -> Iterator[tuple[Running, str]]:
    """A site in French and the demonstration provider, both real programs on ports of this machine; a lease lasts four seconds."""
    (port,) = free_ports(1)
    base = f"http://localhost:{port}"
    with provider(tmp_path, houses(base)) as running:
        plugin = {"auth_oidc": settings(running.base)}
        made = app("auth_oidc", settings=plugin, web={"public_url": base}, rules={"vouched_seconds": 4})
        with database().unit_of_work():
            session().get_one(Practitioner, practice().practitioner_id).registry_number = NUMBER
        with served(made, port):
            yield running, base


def choose(person: Person, subject: str) -> None:
    """Be somebody at the demonstration provider."""
    person.check()
    assert "Fournisseur d’identité de démonstration" in person.words("header")
    person.page.locator(f'button[value="{subject}"]').click()
    person.page.wait_for_url(f"{person.base}/**")
    person.check()


@pytest.mark.feature("REC-02:a", "REC-02:b")
def test_a_doctor_signs_in_at_the_hospital_and_is_out_when_they_leave(house: tuple[Running, str], tmp_path: Path) -> None:
    running, base = house
    with at_browsers(SAND, base=base, folder=tmp_path) as (doctor,):
        doctor.open("/practice")
        assert "Se connecter avec Hôpital de démonstration" in doctor.words()
        doctor.picture("oidc-1-sign-in")
        doctor.press("Se connecter avec Hôpital de démonstration", role="link")
        doctor.picture("oidc-2-provider")
        choose(doctor, DOCTOR)
        assert urlsplit(doctor.page.url).path == "/practice"
        doctor.open("/account")
        assert "Connexion avec Hôpital de démonstration" in doctor.words()
        running.control("hospital", gone={DOCTOR: True})
        wait_for(lambda: _asked() or None, "the end of the session", 20)
        doctor.open("/practice")
        assert urlsplit(doctor.page.url).path == "/sign-in"
        doctor.press("Se connecter avec Hôpital de démonstration", role="link")
        assert not doctor.page.locator(f'button[value="{DOCTOR}"]').count()


def _asked() -> bool:
    """Ask the providers as the job does; whether every session has ended."""
    vouching.ask_all({})
    with database().reading() as reading:
        return all(row.revoked_at for row in reading.exec(select(AuthSession)))


def test_signing_out_here_and_there_asks_again_who_comes(house: tuple[Running, str], tmp_path: Path) -> None:
    running, base = house
    with at_browsers(SAND, base=base, folder=tmp_path) as (doctor,):
        doctor.open("/auth_oidc/sign-in/hospital?next=/account")
        choose(doctor, DOCTOR)
        doctor.open("/auth_oidc/sign-in/hospital?next=/account")
        assert urlsplit(doctor.page.url).path == "/account", "the house knows the browser, and asks nobody again"
        doctor.press("Menu")
        doctor.send("/sign-out")
        doctor.picture("oidc-3-signed-out")
        doctor.press("Se déconnecter aussi auprès de Hôpital de démonstration")
        doctor.page.wait_for_url(f"{base}/")
        doctor.open("/auth_oidc/sign-in/hospital?next=/account")
        assert doctor.page.url.startswith(running.base), "and now it asks"


def test_a_patient_connects_the_identity_service_with_the_account_they_have(house: tuple[Running, str], tmp_path: Path) -> None:
    _running, base = house
    with database().unit_of_work():
        account = login.account_for("jeanne.testard@exemple.test", "fr")
        account_id, person_id = account.id, account.person_id
    with at_browsers(SAND, base=base, folder=tmp_path) as (jeanne,):
        jeanne.open("/sign-in?next=/account")
        jeanne.press("Se connecter avec Identité nationale", role="link")
        choose(jeanne, JEANNE)
        assert "/auth_oidc/connect/" in jeanne.page.url
        jeanne.picture("oidc-4-mail-missing")
        jeanne.press("Continuer avec mon adresse électronique", role="link")
        jeanne.fill(email="jeanne.testard@exemple.test")
        jeanne.send("/sign-in")
        jeanne.fill(code=_code())
        if jeanne.page.url.partition("?")[0].endswith("/sign-in/code"):
            jeanne.send("/sign-in/code")
        jeanne.page.wait_for_url("**/auth_oidc/connect/*")
        jeanne.picture("oidc-5-connect")
        jeanne.press("Oui, la relier à mon compte")
        jeanne.page.wait_for_url("**/account")
    with database().reading() as reading:
        assert reading.get_one(Account, account_id).person_id == person_id
        assert people.traits(person_id).level is IdentityLevel.VERIFIED


def _code() -> str:
    """The code of the mail that would leave now."""
    from toubib.db import vault
    from toubib.db.tables.machinery import NotificationRow

    with database().reading() as reading:
        row = reading.exec(select(NotificationRow)).all()[-1]
        return str(json.loads(vault().read(row, "body"))["params"]["code"])


CLAIMS = {"sub": "agent-7", "groups": ["doctors"], "rpps": NUMBER, "email": "agent7@hopital.test", "email_verified": True}


@contextmanager
def independent(port: int) -> Iterator[str]:
    """`oidc-provider-mock`, written by others, on a port of this machine: any client, any subject, refresh tokens, no PKCE of its own."""
    command = [sys.executable, "-W", "ignore", "-m", "oidc_provider_mock", "--port", str(port), "--require-nonce", "1", "--user-claims", json.dumps(CLAIMS)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(lambda: _ask(port, "GET", "/.well-known/openid-configuration"), "the independent provider", 30)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(20)


def _ask(port: int, method: str, path: str) -> int | None:
    try:
        with closing(HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
            connection.request(method, path)
            return connection.getresponse().status
    except OSError:
        return None


@pytest.mark.feature("REC-02:a", "REC-02:b")
def test_an_independent_provider_is_understood_too(app: Callable[..., Flask], tmp_path: Path) -> None:
    web, port = free_ports(2)
    base = f"http://localhost:{web}"
    with independent(port) as issuer, at_browsers(SAND, base=base, folder=tmp_path, pictures=False) as (agent,):
        made = app("auth_oidc", settings={"auth_oidc": {"providers": {"other": _other(issuer)}}}, web={"public_url": base}, rules={"vouched_seconds": 4})
        with database().unit_of_work():
            session().get_one(Practitioner, practice().practitioner_id).registry_number = NUMBER
        with served(made, web):
            agent.open("/sign-in?next=/account")
            agent.press("Se connecter avec Autre maison", role="link")
            agent.page.locator('button[value="agent-7"]').click()
            agent.page.wait_for_url("**/account")
            assert not _asked(), "asked again with its refresh token, it answers for them"
            with database().reading() as reading:
                opened = reading.exec(select(AuthSession)).one()
            found = runtime.current().registry.identity_providers["auth_oidc.other"].look_again(opened.id)
            assert found is not None
            assert (found.subject, found.number, [role.name for role in found.roles]) == ("agent-7", NUMBER, ["practitioner"])
            assert _ask(port, "POST", "/users/agent-7/revoke-tokens") == 204
            wait_for(lambda: _asked() or None, "the end of the session", 20)
            agent.open("/account")
            assert urlsplit(agent.page.url).path == "/sign-in"
        # its page takes its look from elsewhere; ours never does
        agent.faults[:] = [fault for fault in agent.faults if "picocss" not in fault]


def _other(issuer: str) -> Mapping[str, Any]:
    return {
        "title": {"fr": "Autre maison"},
        "issuer": issuer,
        "client_id": "toubib",
        "client_secret": "anything",
        "audience": "staff",
        "roles": [{"value": "doctors", "role": "practitioner", "organisation": "praxis"}],
        "number_claim": "rpps",
    }
