"""Signing in at another house: the whole way, every forged or repeated answer, and what a lying provider gets (nothing)."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlmodel import select

from toubib.contracts.identity import Actor, GrantedRole, IdentityLevel, Vouched
from toubib.db import database, session, vault
from toubib.db.tables.access import Account, AuthSession, Delegation, ExternalIdentity, RoleAssignment
from toubib.db.tables.directory import Practitioner
from toubib.runtime import Toubib
from toubib.seams import clock
from toubib.services import external, grants, login, people, sessions, vouching
from toubib.services.secrets import fingerprint
from toubib.testing.practices import Practice, practice
from toubib.web.request import SESSION_COOKIE
from toubib_auth_oidc.double.launcher import Running, choose, provider
from toubib_auth_oidc.double.sample import CLERK, DOCTOR, JEANNE, MALIK, NUMBER, NURSE, VISITOR, houses, settings

Start = Callable[..., Flask]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The demonstration provider, a program of its own."""
    with provider(tmp_path_factory.mktemp("provider"), houses()) as found:
        yield found


@pytest.fixture(autouse=True)
def truthful(running: Running) -> Iterator[None]:
    """Lies, absences and silence of one test end with it."""
    before = {key: {p["subject"]: p["claims"] for p in house["people"]} for key, house in houses().items()}
    yield
    for key, claims in before.items():
        running.control(key, lies={}, userinfo_lies={}, down=False, claims=claims, gone=dict.fromkeys(claims, False))


@pytest.fixture
def moving() -> Iterator[clock.FixedClock]:
    """The provider lives by the machine's clock; ours starts there and is moved."""
    fixed = clock.FixedClock(datetime.now(UTC))
    before = clock.use(fixed)
    yield fixed
    clock.use(before)


@pytest.fixture
def site(app: Start, running: Running, moving: clock.FixedClock) -> Flask:  # noqa: ARG001  the clock stands before anything is written
    """A practice whose doctor stands in the directory, with both houses."""
    made = app("auth_oidc", settings={"auth_oidc": settings(running.base)})
    with database().unit_of_work():
        found = practice()
        session().get_one(Practitioner, found.practitioner_id).registry_number = NUMBER
    return made


def begin(client: FlaskClient, key: str = "hospital", target: str = "/account") -> str:
    """From our page to the provider's: its address."""
    answer = client.get(f"/auth_oidc/sign-in/{key}?next={target}")
    assert answer.status_code == 302, answer.text
    return answer.location


def back(client: FlaskClient, address: str) -> Any:
    """From the provider's page back to ours."""
    parts = urlsplit(address)
    return client.get(f"{parts.path}?{parts.query}")


def sign_in(client: FlaskClient, subject: str, key: str = "hospital", target: str = "/account") -> Any:
    """All the way; our answer to the provider's."""
    return back(client, choose(begin(client, key, target), subject))


def actor(client: FlaskClient) -> Actor:
    """Who the browser is to us now."""
    cookie = client.get_cookie(SESSION_COOKIE)
    with database().reading():
        return sessions.actor_of(cookie.value if cookie else "", "", None)


def refused(answer: Any, client: FlaskClient, status: int = 400) -> None:
    """A page in words that offers other ways in; nobody is signed in."""
    assert answer.status_code == status, answer.text
    assert "/sign-in?next=" in answer.text
    assert "/auth_oidc/sign-in/" in answer.text
    assert not actor(client).id
    with database().reading() as reading:
        assert reading.exec(select(AuthSession)).all() == []


@pytest.mark.feature("REC-02:a")
def test_a_doctor_comes_in_with_the_role_of_the_mapping_and_is_shown_where_from(site: Flask, running: Running) -> None:
    client = site.test_client()
    assert "Demonstration hospital" in client.get("/sign-in?next=/account", headers={"Accept-Language": "en"}).text
    address = begin(client)
    asked = parse_qs(urlsplit(address).query)
    assert address.startswith(running.issuer("hospital"))
    assert asked["code_challenge_method"] == ["S256"]
    assert {"state", "nonce", "code_challenge"} <= set(asked)
    answer = back(client, choose(address, DOCTOR))
    assert (answer.status_code, answer.location) == (302, "/account")
    who = actor(client)
    assert [role.name for role in who.roles] == ["practitioner"]
    assert who.practitioner_roles
    assert who.strong, "the house shows two factors, and its settings trust that"
    assert "Demonstration hospital" in client.get("/account", headers={"Accept-Language": "en"}).text
    assert client.get("/practice").status_code == 200


def test_coming_again_gives_the_same_account_and_no_role_twice(site: Flask) -> None:
    first, second = site.test_client(), site.test_client()
    for subject in (DOCTOR, CLERK):
        sign_in(first, subject)
        sign_in(second, subject)
        assert actor(first).id == actor(second).id
        assert actor(first).roles == actor(second).roles
        assert len(actor(first).roles) == 1
    with database().reading() as reading:
        assert len(reading.exec(select(ExternalIdentity)).all()) == 2
        assert len(reading.exec(select(RoleAssignment)).all()) == 2
        assert len(reading.exec(select(Delegation)).all()) == 1


def test_a_nurse_with_one_factor_is_asked_for_the_second_here(site: Flask) -> None:
    with database().unit_of_work():
        made = practice("annexe")
        nurse = session().get_one(Practitioner, made.practitioner_id)
        nurse.registry_number = "10000005479"
        _into(made)
    client = site.test_client()
    assert sign_in(client, NURSE).status_code == 302
    assert actor(client).roles
    assert not actor(client).strong
    assert client.get("/practice").location.startswith("/sign-in/second-factor")
    assert client.get("/sign-in/second-factor").status_code == 200, "the house gave no mail address, and none is needed"


def _into(made: Practice) -> None:
    """Put a practitioner of another practice into the one of the mapping."""
    from toubib.db.tables.directory import Organisation, PractitionerRole

    hospital = session().exec(select(Organisation).where(Organisation.slug == "praxis")).one()
    session().get_one(PractitionerRole, made.role_id).organisation_id = hospital.id


def test_a_clerk_runs_the_agendas_of_the_house_and_nothing_by_the_mailed_code(site: Flask) -> None:
    with database().unit_of_work():
        local = login.account_for("p.registre@hopital.test", "fr")
        local_id, person_id = local.id, local.person_id
    client = site.test_client()
    sign_in(client, CLERK)
    who = actor(client)
    assert [role.name for role in who.roles] == ["secretary"]
    assert who.id != local_id, "an address that is taken opens nothing, and the two stay apart"
    assert people_of(who.person_id).family_name == "Registre"
    with database().reading() as reading:
        assert len(reading.exec(select(Delegation).where(Delegation.account_id == who.id)).all()) == 1
        assert reading.exec(select(RoleAssignment).where(RoleAssignment.account_id == local_id)).all() == []
    assert person_id != who.person_id
    with database().unit_of_work():
        token = sessions.begin(session().get_one(Account, who.id), "by mail")
    with database().reading():
        by_mail = sessions.actor_of(token, "", None)
    assert by_mail.id == who.id
    assert by_mail.roles == (), "roles of a house count in its sessions alone"


def test_where_staff_come_from_the_house_only_the_mailed_code_gives_no_role(app: Start, running: Running) -> None:
    app("auth_oidc", settings={"auth_oidc": settings(running.base)}, rules={"roles_by_mail": False})
    with database().unit_of_work():
        made = practice()
        accounts = [login.account_for(f"{role}@hopital.test", "fr") for role in ("secretary", "administrator")]
        for account, role in zip(accounts, ("secretary", "administrator"), strict=True):
            session().add(RoleAssignment(account_id=account.id, organisation_id=made.organisation_id, role=role))
        tokens = [sessions.begin(account, "by mail") for account in accounts]
    with database().reading():
        found = [[role.name for role in sessions.actor_of(token, "", None).roles] for token in tokens]
    assert found == [[], ["administrator"]], "an administrator still gets in when the house is silent"


def people_of(person_id: str | None) -> people.Traits:
    """The traits of somebody."""
    with database().reading():
        return people.traits(person_id or "")


def test_somebody_without_a_role_is_told_whom_to_ask(site: Flask) -> None:
    client = site.test_client()
    refused(sign_in(client, VISITOR), client, 403)


@pytest.mark.feature("REC-02:b")
def test_whoever_left_is_out_within_a_minute(site: Flask, running: Running, moving: clock.FixedClock) -> None:
    client = site.test_client()
    sign_in(client, DOCTOR)
    for _ in range(6):
        moving.advance(timedelta(seconds=10))
        vouching.ask_all({})
    assert actor(client).roles, "who is still there stays in, minute after minute"
    running.control("hospital", gone={DOCTOR: True})
    moving.advance(timedelta(seconds=25))
    assert actor(client).roles, "the last answer still counts"
    vouching.ask_all({})
    moving.advance(timedelta(seconds=10))
    vouching.ask_all({})
    assert not actor(client).id
    assert client.get("/practice").location.startswith("/sign-in")
    with database().reading() as reading:
        assert reading.exec(select(RoleAssignment).where(RoleAssignment.external_identity_id != None)).all() == []  # noqa: E711  SQL
    assert choose(begin(client), DOCTOR) == "", "and the house lets them in no more"


@pytest.mark.feature("REC-02:b")
def test_without_an_answer_a_session_is_over_by_itself(site: Flask, moving: clock.FixedClock) -> None:
    client = site.test_client()
    sign_in(client, DOCTOR)
    moving.advance(timedelta(seconds=59))
    assert actor(client).roles
    moving.advance(timedelta(seconds=2))
    assert not actor(client).id, "no job ran, nobody asked: it is over all the same"


def test_a_role_that_vanishes_there_vanishes_here(site: Flask, running: Running, moving: clock.FixedClock) -> None:
    client = site.test_client()
    sign_in(client, CLERK)
    claims = {"groups": ["everybody"]}
    running.control("hospital", claims={CLERK: claims})
    moving.advance(timedelta(seconds=40))
    vouching.ask_all({})
    assert not actor(client).roles


def test_a_silent_provider_ends_no_work_at_once_and_does_in_the_end(site: Flask, running: Running, moving: clock.FixedClock) -> None:
    client = site.test_client()
    sign_in(client, DOCTOR)
    running.control("hospital", down=True)
    for _ in range(12):
        moving.advance(timedelta(seconds=20))
        vouching.ask_all({})
    assert actor(client).roles, "four minutes of silence are no refusal"
    for _ in range(6):
        moving.advance(timedelta(seconds=20))
        vouching.ask_all({})
    assert not actor(client).id, "six are too many"


def test_a_provider_that_is_down_leaves_the_other_ways_in(site: Flask, running: Running) -> None:
    client = site.test_client()
    running.control("hospital", down=True)
    answer = client.get("/auth_oidc/sign-in/hospital?next=/account", headers={"Accept-Language": "en"})
    assert answer.status_code == 503
    assert "does not answer" in answer.text
    assert "/sign-in?next=/account" in answer.text
    assert client.get("/sign-in").status_code == 200


def test_a_forged_state_a_repeated_answer_and_another_browser_are_refused(site: Flask) -> None:
    client, other = site.test_client(), site.test_client()
    address = choose(begin(client), DOCTOR)
    forged = re.sub(r"state=[^&]+", "state=forged", address)
    refused(back(client, forged), client)
    begin(other)
    refused(back(other, address), other)
    assert back(client, address).status_code == 302
    again = back(client, address)
    assert again.status_code == 400, "the same answer counts once"
    with database().reading() as reading:
        assert len(reading.exec(select(AuthSession)).all()) == 1


def test_an_answer_for_another_provider_or_after_a_quarter_of_an_hour_is_refused(site: Flask, moving: clock.FixedClock) -> None:
    client = site.test_client()
    address = choose(begin(client), DOCTOR)
    refused(back(client, address.replace("/callback/hospital", "/callback/national")), client)
    moving.advance(timedelta(minutes=16))
    refused(back(client, address), client)


LIES: tuple[dict[str, Any], ...] = (
    {"nonce": "another"},
    {"nonce": ""},
    {"iss": "http://127.0.0.1:1/hospital"},
    {"aud": "somebody-else"},
    {"aud": ["toubib-hospital", "somebody-else"]},
    {"aud": ["toubib-hospital", "somebody-else"], "azp": "somebody-else"},
    {"exp": 1_000_000_000},
    {"iat": 4_000_000_000},
    {"sub": ""},
    {"sub": 7},
    {"at_hash": "wrong"},
    {"_signed": "none"},
    {"_signed": "public key"},
    {"_iss": "https://evil.test"},
)


def test_a_token_that_is_not_for_us_is_not_believed(site: Flask, running: Running) -> None:
    for lies in LIES:
        client = site.test_client()
        address = begin(client)
        running.control("hospital", lies=lies)
        answer = back(client, choose(address, DOCTOR))
        assert answer.status_code == 400, (lies, answer.status_code)
        refused(answer, client)
    running.control("hospital", lies={})
    assert sign_in(site.test_client(), DOCTOR).location == "/account", "the same way is open to who speaks the truth"


def test_userinfo_of_somebody_else_is_not_mixed_in(site: Flask, running: Running) -> None:
    client = site.test_client()
    running.control("hospital", userinfo_lies={"sub": CLERK})
    refused(sign_in(client, DOCTOR), client)


def test_whoever_stops_at_the_provider_is_told_so(site: Flask) -> None:
    client = site.test_client()
    refused(back(client, choose(begin(client), "")), client)


BOASTS: tuple[dict[str, Any], ...] = (
    {"groups": ["administrator", "praxis:administrator", "admin"], "roles": ["administrator"], "organisation": "praxis"},
    {"groups": {"doctors": True}},
    {"groups": 7},
    {"groups": ["doctors"], "rpps": "1 OR 1=1"},
    {"groups": ["doctors"], "rpps": [NUMBER]},
    {"groups": ["doctors"]},
)


def test_a_provider_gives_no_role_beyond_the_mapping(site: Flask, running: Running) -> None:
    for claims in BOASTS:
        client = site.test_client()
        running.control("hospital", claims={VISITOR: claims})
        refused(sign_in(client, VISITOR), client, 403)


def test_the_core_drops_roles_outside_of_the_houses_organisations(site: Flask) -> None:  # noqa: ARG001  it runs
    house = external.houses()[0]
    with database().unit_of_work():
        practice("elsewhere")
        for role in (GrantedRole("administrator", "elsewhere"), GrantedRole("owner", "praxis"), GrantedRole("reviewer", "nowhere")):
            assert grants.allowed(house, Vouched("issuer", "subject", roles=(role,))) == ()
        assert len(grants.allowed(house, Vouched("issuer", "subject", roles=(GrantedRole("reviewer", "praxis"),)))) == 1


def test_a_doctors_number_in_another_subject_takes_nothing_over(site: Flask, running: Running) -> None:
    first, thief = site.test_client(), site.test_client()
    sign_in(first, DOCTOR)
    doctor = actor(first)
    running.control("hospital", claims={VISITOR: {"groups": ["doctors"], "rpps": NUMBER, "email": "c.lemaire@hopital.test", "email_verified": True}})
    answer = sign_in(thief, VISITOR)
    assert answer.status_code == 403
    assert not actor(thief).id
    assert actor(first).id == doctor.id


def test_where_to_go_on_is_always_a_page_of_ours(site: Flask) -> None:
    for target in ("https://evil.test/", "//evil.test", "/\\evil.test", "javascript:alert(1)"):
        client = site.test_client()
        assert sign_in(client, DOCTOR, target=target).location == "/"


@pytest.mark.feature("REC-03:c")
def test_a_patient_is_known_by_the_service_and_their_traits_are_proved(site: Flask) -> None:
    client = site.test_client()
    assert sign_in(client, JEANNE, "national").location == "/account"
    who = actor(client)
    assert who.roles == ()
    known = people_of(who.person_id)
    assert (known.family_name, known.given_names, str(known.birth_date), known.sex) == ("Testard", "Jeanne", "1980-06-15", "female")
    assert known.level is IdentityLevel.VERIFIED
    assert sign_in(client, JEANNE, "national", "/account/access").location == "/account/access", "who is signed in proves it again, and is asked nothing"
    again = site.test_client()
    sign_in(again, JEANNE, "national")
    assert actor(again).id == who.id
    with database().reading() as reading:
        row = reading.exec(select(ExternalIdentity)).one()
        assert JEANNE not in (row.subject_index, str(row.subject)), "some services use a national number as subject: it is kept sealed"
        assert vault().read(row, "subject") == JEANNE


def test_an_account_that_exists_is_connected_only_by_its_owner(site: Flask) -> None:
    with database().unit_of_work():
        account = login.account_for("jeanne.testard@exemple.test", "fr")
        account_id = account.id
    client = site.test_client()
    answer = sign_in(client, JEANNE, "national", "/account/access")
    assert "/auth_oidc/connect/" in answer.location
    assert not actor(client).id
    page = client.get(answer.location, headers={"Accept-Language": "en"})
    assert "Jeanne Testard" in page.text
    assert f"next={answer.location}" in page.text
    assert client.post(answer.location, data=form(page.text)).status_code in (302, 400, 404)
    assert not actor(client).id
    assert site.test_client().get(answer.location).status_code == 404, "another browser sees nothing of it"
    by_mail(client, account_id)
    page = client.get(answer.location)
    done = client.post(answer.location, data=form(page.text))
    assert done.location == "/account/access"
    with database().reading() as reading:
        assert reading.exec(select(ExternalIdentity)).one().account_id == account_id
    later = site.test_client()
    assert sign_in(later, JEANNE, "national").location == "/account"
    assert actor(later).id == account_id


def by_mail(client: FlaskClient, account_id: str) -> None:
    """Sign in without the provider."""
    with database().unit_of_work():
        token = sessions.begin(session().get_one(Account, account_id), "by mail")
    client.set_cookie(SESSION_COOKIE, token)


def form(page: str) -> dict[str, str]:
    """The token of a page's form; empty when it has none."""
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    return {"csrf_token": found[1]} if found else {}


def test_another_subject_with_the_same_address_takes_no_account_over(site: Flask, running: Running) -> None:
    first, thief = site.test_client(), site.test_client()
    sign_in(first, JEANNE, "national")
    owner = actor(first)
    hers = next(p["claims"] for p in houses()["national"]["people"] if p["subject"] == JEANNE)
    running.control("national", claims={MALIK: hers})
    assert "/auth_oidc/connect/" in sign_in(thief, MALIK, "national").location
    assert not actor(thief).id
    by_mail(thief, owner.id)
    answer = sign_in(thief, MALIK, "national")
    page = thief.get(answer.location)
    assert thief.post(answer.location, data=form(page.text)).status_code == 409, "even the owner has one identity of a service"


def test_an_address_that_is_not_verified_is_not_used(site: Flask, running: Running) -> None:
    client = site.test_client()
    running.control("national", claims={JEANNE: {"email": "jeanne.testard@exemple.test", "email_verified": "true", "family_name": "Testard"}})
    assert "/auth_oidc/connect/" in sign_in(client, JEANNE, "national").location
    with database().reading() as reading:
        assert reading.exec(select(Account).where(Account.email_index == vault().blind("email", "jeanne.testard@exemple.test"))).first() is None


@pytest.mark.feature("REC-03:c")
def test_a_lower_level_of_assurance_proves_nothing(site: Flask, running: Running) -> None:
    client = site.test_client()
    running.control("national", lies={"acr": "low"})
    sign_in(client, JEANNE, "national")
    assert people_of(actor(client).person_id).level is not IdentityLevel.VERIFIED


def test_an_identity_of_somebody_else_does_not_rename_a_patient(site: Flask) -> None:
    with database().unit_of_work():
        account = login.account_for("rose@exemple.test", "fr")
        people.set_traits(account.person_id, people.Traits("Factice", "Rose", datetime(1957, 3, 28, tzinfo=UTC).date(), "female", "0199004403"))
        account_id, person_id = account.id, account.person_id
    client = site.test_client()
    by_mail(client, account_id)
    answer = sign_in(client, MALIK, "national")
    page = client.get(answer.location)
    assert client.post(answer.location, data=form(page.text)).status_code == 409
    assert people_of(person_id).family_name == "Factice"


def test_signing_out_leads_to_the_providers_sign_out_too(site: Flask, running: Running) -> None:
    client = site.test_client()
    sign_in(client, DOCTOR)
    page = client.get("/account")
    left = client.post("/sign-out", data=form(page.text), headers={"Accept-Language": "en"})
    assert left.status_code == 200
    assert f'action="{running.issuer("hospital")}/end-session"' in left.text
    assert "id_token_hint" in left.text
    assert running.base in left.headers["Content-Security-Policy"]
    assert not actor(client).id


def test_a_providers_own_sign_out_ends_the_session_at_once(site: Flask, running: Running) -> None:
    client = site.test_client()
    sign_in(client, DOCTOR)
    forgeries: tuple[dict[str, Any], ...] = ({"nonce": "x"}, {"_typ": "JWT"}, {"aud": "other"}, {"events": {}}, {"iat": 1}, {"sub": ""}, {"sub": "", "sid": 5})
    for forged in forgeries:
        claims = {"sub": DOCTOR, **forged}
        token = running.control("hospital", logout=claims)["logout_token"]
        assert client.post("/auth_oidc/logout/hospital", data={"logout_token": token}).status_code == 400, claims
    assert actor(client).roles
    token = running.control("hospital", logout={"sub": DOCTOR})["logout_token"]
    assert client.post("/auth_oidc/logout/national", data={"logout_token": token}).status_code == 400, "another house's key"
    assert client.post("/auth_oidc/logout/hospital", data={"logout_token": token}).status_code == 200
    assert not actor(client).id
    sign_in(client, DOCTOR)
    assert client.post("/auth_oidc/logout/hospital", data={"logout_token": token}).status_code == 400
    assert actor(client).roles, "an old sign-out ends no new session"


def test_without_the_plugin_identities_stay_and_sessions_end(
    site: Flask, installation: Callable[..., Toubib], moving: clock.FixedClock
) -> None:
    client = site.test_client()
    sign_in(client, DOCTOR)
    doctor = actor(client)
    installation(migrated=False)
    moving.advance(timedelta(seconds=45))
    vouching.ask_all({})
    assert actor(client).id == doctor.id
    moving.advance(timedelta(seconds=16))
    vouching.ask_all({})
    assert not actor(client).id, "nobody answers for them any more"
    with database().reading() as reading:
        assert reading.exec(select(ExternalIdentity)).one().account_id == doctor.id


def test_what_is_kept_of_a_session_is_sealed_and_forgotten(site: Flask, moving: clock.FixedClock) -> None:
    from toubib_auth_oidc.models import Attempt, Grant
    from toubib_auth_oidc.sweep import sweep

    client = site.test_client()
    sign_in(client, DOCTOR)
    with database().reading() as reading:
        row = reading.exec(select(Grant)).one()
        assert b"refresh" not in (row.tokens or b"")
        assert fingerprint(DOCTOR) == row.subject_hash
    moving.advance(timedelta(hours=2))
    sweep({})
    with database().reading() as reading:
        assert reading.exec(select(Grant)).all() == []
        assert reading.exec(select(Attempt)).all() == []
