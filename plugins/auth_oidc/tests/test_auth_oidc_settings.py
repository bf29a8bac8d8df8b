"""What the settings refuse, what the network client refuses, and the step that asks for proof."""

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask
from pydantic import ValidationError
from sqlmodel import select

from toubib import runtime
from toubib.contracts.identity import Verification
from toubib.contracts.journey import EncounterView, StepStatus
from toubib.db import database
from toubib.db.tables.access import AuthSession
from toubib.runtime import Toubib
from toubib.services import login, people, sessions
from toubib.testing.production import refusal
from toubib.web.request import SESSION_COOKIE
from toubib_auth_oidc.demo import DemoHouses
from toubib_auth_oidc.double.launcher import Running, choose, provider
from toubib_auth_oidc.double.sample import JEANNE, houses, settings
from toubib_auth_oidc.settings import Settings

GOOD: dict[str, Any] = dict(settings("http://127.0.0.1:9")["providers"]["hospital"])


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The demonstration provider, a program of its own."""
    with provider(tmp_path_factory.mktemp("provider"), houses()) as found:
        yield found


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"issuer": "http://sso.hopital.test/"}, "https"),
        ({"issuer": "https://sso.hopital.test/?tenant=1"}, "https"),
        ({"issuer": "file:///etc/passwd"}, "https"),
        ({"roles": []}, "map at least one"),
        ({"audience": "patients"}, "gives no roles"),
        ({"countries": ["FR"]}, "verifies must be true"),
        ({"facts": {"claims_fr.scheme": "scheme"}}, "verifies must be true"),
        ({"scopes": ["profile"]}, "openid"),
        ({"algorithms": ["none"]}, "algorithms"),
        ({"algorithms": ["HS256"]}, "algorithms"),
        ({"client_secrets": "typo"}, "client_secrets"),
    ],
    ids=str,
)
def test_unsafe_settings_stop_the_start(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        Settings.model_validate({"providers": {"hospital": {**GOOD, **wrong}}})


def test_demonstration_providers_and_invented_people_are_refused_in_production(installation: Callable[..., Toubib]) -> None:
    safe = {**GOOD, "issuer": "https://sso.hopital.test/hospital", "demonstration": False}
    said = refusal(installation, "auth_oidc", {"providers": {"hospital": {**safe, "demonstration": True}}})
    assert said == ["settings.auth_oidc.providers.hospital.demonstration is true: anybody could choose whom to be"]
    somebody = {"provider": "hospital", "subject": "x", "name": "X"}
    said = refusal(installation, "auth_oidc", {"providers": {"hospital": {**safe, "issuer": GOOD["issuer"]}}, "people": [somebody]})
    assert [line.split()[0] for line in said] == ["settings.auth_oidc.providers.hospital.issuer", "settings.auth_oidc.people"]
    assert Settings.model_validate({"providers": {"hospital": safe}}).unsafe() == []


def test_a_key_stands_in_addresses_and_an_issuer_once() -> None:
    with pytest.raises(ValidationError, match="one lower-case word"):
        Settings.model_validate({"providers": {"Our Hospital": GOOD}})
    with pytest.raises(ValidationError, match="same issuer"):
        Settings.model_validate({"providers": {"one": GOOD, "two": GOOD}})


def test_a_secret_is_not_shown() -> None:
    assert "demonstration's own" not in repr(Settings.model_validate({"providers": {"hospital": GOOD}}))


def test_the_demonstration_starts_only_what_is_one() -> None:
    real = {**GOOD, "demonstration": False}
    assert DemoHouses(Settings.model_validate({"providers": {"hospital": real}})).companions("", "") == ()


def start(app: Callable[..., Flask], running: Running, **more: Any) -> Any:
    """A site with both houses."""
    return app("auth_oidc", "country_fr", settings={"auth_oidc": settings(running.base)}, **more).test_client()


def test_an_endpoint_on_a_host_that_nobody_named_is_not_called(app: Callable[..., Flask], running: Running) -> None:
    client = start(app, running)
    running.control("national", lies={"_metadata": {"token_endpoint": "http://169.254.169.254/latest/meta-data"}})
    address = urlsplit(choose(client.get("/auth_oidc/sign-in/national").location, JEANNE))
    answer = client.get(f"{address.path}?{address.query}")
    running.control("national", lies={})
    assert answer.status_code == 503
    with database().reading() as reading:
        assert reading.exec(select(AuthSession)).all() == []


def test_metadata_of_another_issuer_are_not_believed(app: Callable[..., Flask], running: Running) -> None:
    client = start(app, running)
    running.control("national", lies={"_metadata": {"issuer": "https://evil.test"}})
    answer = client.get("/auth_oidc/sign-in/national")
    running.control("national", lies={})
    assert answer.status_code == 400


def visit(person_id: str) -> EncounterView:
    """A planned visit of somebody, as steps see it."""
    return EncounterView("e" * 32, "o" * 32, "booked", "planned", person_id, None, "video", None, "Europe/Paris")


def test_a_visit_waits_for_proof_where_a_service_knows_the_country(app: Callable[..., Flask], running: Running) -> None:
    client = start(app, running, site={"country": "FR"}, use={"countries": ["FR"]})
    with database().unit_of_work():
        person_id = login.account_for("nobody.yet@exemple.test", "fr").person_id
    proof, traits = (runtime.current().registry.steps[name] for name in ("identity.proof", "identity.traits"))
    with database().reading():
        view = visit(person_id)
        assert proof.states([view])[view.id].status is StepStatus.OPEN
        form = proof.form(view)
        assert form is not None
        assert [link.path for link in form.links] == [f"/auth_oidc/sign-in/national?next=%2Fvisits%2F{view.id}%2Fdetails"]
        assert proof.submit(view, {}) is not None
    address = urlsplit(choose(client.get("/auth_oidc/sign-in/national").location, JEANNE))
    client.get(f"{address.path}?{address.query}")
    with database().unit_of_work():
        view = visit(login.account_for("jeanne.testard@exemple.test", "fr").person_id)
        assert proof.states([view])[view.id].status is StepStatus.DONE
        assert proof.form(view) is None
        asked = traits.form(view)
        assert asked is not None
        assert [field.name for field in asked.fields] == ["identity.phone"], "what the service stated is not asked again"
        assert traits.submit(view, {"identity.phone": "01 99 00 44 01", "identity.family_name": "Autre"}) is None
        known = traits.form(view)
        assert known is not None
        assert traits.states([view])[view.id].status is StepStatus.DONE


def test_what_the_service_states_of_coverage_is_kept_as_verified(app: Callable[..., Flask], running: Running) -> None:
    facts = {"claims_fr.scheme": "scheme", "claims_fr.nir": "number", "gone.key": "scheme"}
    client = app("auth_oidc", "country_fr", "claims_fr", settings={"auth_oidc": settings(running.base, facts=facts)}).test_client()
    jeanne = next(p for p in houses()["national"]["people"] if p["subject"] == JEANNE)
    running.control("national", claims={JEANNE: {**jeanne["claims"], "scheme": "general", "number": "1 not a number"}})
    address = urlsplit(choose(client.get("/auth_oidc/sign-in/national?next=/account").location, JEANNE))
    assert client.get(f"{address.path}?{address.query}").location == "/account"
    running.control("national", claims={JEANNE: jeanne["claims"]})
    with database().unit_of_work():
        known = people.dated_facts(login.account_for("jeanne.testard@exemple.test", "fr").person_id)
    assert [(fact.key, fact.value, fact.verification) for fact in known] == [("claims_fr.scheme", "general", Verification.VERIFIED)]
    assert "/auth_oidc/sign-in/national" not in client.get("/account").text, "connected already"


def test_an_account_page_offers_what_is_not_connected_yet(app: Callable[..., Flask], running: Running) -> None:
    client = start(app, running)
    with database().unit_of_work():
        client.set_cookie(SESSION_COOKIE, sessions.begin(login.account_for("nobody.yet@exemple.test", "fr"), "by mail"))
    assert 'href="/auth_oidc/sign-in/national?next=/account"' in client.get("/account").text


def test_a_country_without_a_service_is_not_asked(app: Callable[..., Flask], running: Running) -> None:
    start(app, running)
    with database().unit_of_work():
        view = visit(login.account_for("nobody.yet@exemple.test", "fr").person_id)
        assert runtime.current().registry.steps["identity.proof"].states([view])[view.id].status is StepStatus.NOT_APPLICABLE
