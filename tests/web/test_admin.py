"""The administrator's pages over HTTP: what they show, what they hide, what they mend; and the page of components."""

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlmodel import select

from toubib import core_parts, runtime
from toubib.audit import chain, trail
from toubib.contracts.common import Money, Ref
from toubib.contracts.identity import SYSTEM
from toubib.db import database, session, vault
from toubib.db.tables.access import Account, AuthSession, RoleAssignment
from toubib.db.tables.directory import Organisation
from toubib.db.tables.machinery import AuditEvent, JobRow, NotificationRow, ProviderState
from toubib.db.tables.people import Person
from toubib.seams import clock
from toubib.seams.clock import FixedClock
from toubib.services import ledger, payments, reconciliation, sessions
from toubib.testing.practices import patient_session, practice, practitioner_session
from toubib.testing.tills import Till

ENGLISH = {"Accept-Language": "en"}
PAGES = ("/admin", "/admin/jobs", "/admin/mail", "/admin/audit", "/admin/people", "/admin/hosts")
SECRET = "sk_test_not_for_any_page"


@pytest.fixture
def site(app: Callable[..., Flask], now: FixedClock, monkeypatch: pytest.MonkeyPatch) -> Flask:
    assert now.now().year == 2026
    monkeypatch.setenv("TOUBIB__SETTINGS__BOOKING__IDLE", "1")
    keys = {"payment_stripe": {"secret_key": SECRET}}
    return app("country_fr", "video_webrtc", "payment_stripe", site={"operator": "main"}, use={"media": ["video_webrtc"]}, settings=keys)


@pytest.fixture
def admin(site: Flask) -> FlaskClient:
    client = site.test_client()
    with database().unit_of_work():
        client.set_cookie("tb_session", administrator())
    return client


def administrator() -> str:
    """Sign an administrator in, second factor included."""
    organisation, person = Organisation(name="Practice Main", slug="main", zone="Europe/Paris", currency="EUR"), Person(locale="fr", zone="Europe/Paris")
    session().add_all([organisation, person])
    session().flush()
    account = Account(person_id=person.id, email_index="index of the administrator")
    vault().seal(account, "email", "admin@practice.test")
    session().add(account)
    session().flush()
    session().add(RoleAssignment(account_id=account.id, organisation_id=organisation.id, role="administrator"))
    token = sessions.begin(account, "test")
    session().flush()
    session().exec(select(AuthSession).where(AuthSession.account_id == account.id)).one().second_factor_at = clock.now()
    return token


def get(client: FlaskClient, path: str, status: int = 200) -> str:
    response = client.get(path, headers=ENGLISH)
    assert response.status_code == status, response.text
    return response.text


def post(client: FlaskClient, path: str) -> str:
    token = re.search(r'name="csrf_token" value="([0-9a-f]+)"', get(client, "/admin"))
    assert token
    response = client.post(path, data={"csrf_token": token[1]}, headers=ENGLISH, follow_redirects=True)
    assert response.status_code == 200, response.text
    return response.text


@pytest.mark.parametrize("path", PAGES)
def test_only_administrators_see_the_pages(site: Flask, path: str) -> None:
    with database().unit_of_work():
        _, patient = patient_session()
        doctor = practitioner_session(practice())
    for token in (patient, doctor):
        client = site.test_client()
        client.set_cookie("tb_session", token)
        get(client, path, 404)
    assert site.test_client().get(path).status_code == 302


@pytest.mark.feature("PLUG-13:a", "PLUG-13:c")
def test_every_plugin_stands_with_version_contract_and_settings(admin: FlaskClient) -> None:
    page = get(admin, "/admin")
    for loaded in runtime.current().registry.plugins.values():
        card = page[page.index(f'id="plugin-{loaded.info.name}"') :].partition("</section>")[0]
        assert loaded.info.version in card
        assert ">Contract<" in card
        for key in type(loaded.settings).model_fields:
            assert key in card
    assert "deployment file" in page
    assert "default" in page


def test_a_card_says_how_the_service_behind_a_plugin_answers(admin: FlaskClient) -> None:
    rested = timedelta(minutes=8)
    with database().unit_of_work() as writing:
        writing.add(ProviderState(name="payment:payment_stripe", last_ms=230, answered_at=clock.now()))
        writing.add(ProviderState(name="media:video_webrtc", failures=6, failed_at=clock.now(), rests_until=clock.now() + rested))
    page = get(admin, "/admin")
    assert "answers, in 230 ms when it was asked last" in page.partition('id="plugin-payment_stripe"')[2].partition("</section>")[0]
    silent = page.partition('id="plugin-video_webrtc"')[2].partition("</section>")[0]
    assert "6 calls without an answer" in silent
    assert "left alone until" in silent
    assert "It does not answer." in silent


def test_no_secret_is_shown(admin: FlaskClient) -> None:
    page = get(admin, "/admin")
    assert "secret_key" in page
    assert "••••••" in page
    every = "".join(get(admin, path) for path in PAGES)
    assert SECRET not in every
    for raw in ("SecretStr", "None", "()", "False"):
        assert raw not in page, "values are said in words"


@pytest.mark.feature("PLUG-13:b")
def test_a_plugins_last_faults_stand_on_its_card(admin: FlaskClient) -> None:
    with database().unit_of_work() as writing:
        writing.add(JobRow(name="video_webrtc.purge_rooms", state="dead", last_error="OSError", attempts=8))
    page = get(admin, "/admin")
    card = page[page.index('id="plugin-video_webrtc"') :].partition("</section>")[0]
    assert "OSError" in card
    assert "a job gave up" in card


def dead_job() -> str:
    with database().unit_of_work() as writing:
        row = JobRow(name="toubib.send_mail", state="dead", last_error="NetworkUnavailable", attempts=12)
        writing.add(row)
        writing.flush()
        return row.id


def state_of(job_id: str) -> tuple[str, int]:
    with database().reading() as reading:
        row = reading.get_one(JobRow, job_id)
        return row.state, row.attempts


def test_a_job_that_gave_up_is_tried_again(admin: FlaskClient) -> None:
    job = dead_job()
    assert "NetworkUnavailable" in get(admin, "/admin/jobs")
    assert "It is tried again now." in post(admin, f"/admin/jobs/{job}/retry")
    assert state_of(job) == ("ready", 0)
    assert "nothing was changed" in post(admin, f"/admin/jobs/{job}/retry")
    with database().reading() as reading:
        assert reading.exec(select(AuditEvent).where(AuditEvent.action == "retry_job")).one().object_ids == [job]


def test_a_refund_that_was_refused_is_shown_until_it_is_made(admin: FlaskClient, now: FixedClock) -> None:
    till = Till.opened(runtime.current(), now)
    due = till.visit_due(6000)
    attempt = till.secured(due)
    assert till.bill(due, 6000)
    with database().unit_of_work():
        payments.order_refund(attempt, 2500, "error")
    till.provider.faults[:] = ["refused"]
    till.work()
    page, here = get(admin, "/admin/jobs"), till.provider.of(attempt)[0]
    again = re.search(r"/admin/refunds/[^/]+/again", page)
    assert again
    assert here.ref in page
    assert "€25.00" in page
    with database().reading():
        assert [fault for fault in reconciliation.faults() if here.ref in fault]
        assert (ledger.of_attempt(attempt) or Money(0, "EUR")).minor == 6000
    assert "The refund is ordered again." in post(admin, again[0])
    assert "nothing was changed" in post(admin, again[0])
    till.work()
    assert here.refunded == 2500
    assert "/admin/refunds/" not in get(admin, "/admin/jobs")
    with database().reading():
        assert reconciliation.faults() == []
        assert (ledger.of_attempt(attempt) or Money(0, "EUR")).minor == 3500


def test_a_job_that_gave_up_is_discarded(admin: FlaskClient) -> None:
    job = dead_job()
    assert "It will not be run." in post(admin, f"/admin/jobs/{job}/discard")
    assert state_of(job)[0] == "discarded"
    assert runtime.current().jobs.run_due() == 0
    assert "nothing was changed" in post(admin, "/admin/jobs/nobody/retry")


@pytest.mark.feature("REC-17:a")
def test_mail_is_listed_without_addresses_or_contents(admin: FlaskClient) -> None:
    with database().unit_of_work() as writing:
        row = NotificationRow(template="appointment_booked")
        vault().seal(row, "address", "ada@patient.test")
        vault().seal(row, "body", "Your appointment with Dr Praxis")
        writing.add(row)
    page = get(admin, "/admin/mail")
    assert "Appointment booked" in page
    assert "1 wait, 0 sent" in page
    assert "ada@patient.test" not in page
    assert "Praxis" not in page


def test_the_chain_verifies_until_its_anchor_is_lost(admin: FlaskClient) -> None:
    with database().unit_of_work(SYSTEM):
        trail.wrote("tested", Ref("job", "1"))
    anchors = core_parts.anchors(runtime.current().settings)
    assert chain.seal(anchors) > 0
    assert "The chain verifies" in post(admin, "/admin/audit")
    Path(anchors.path).unlink()
    page = post(admin, "/admin/audit")
    assert "The chain does not verify" in page
    assert "the outside anchor is missing" in page


def test_staff_and_organisations_are_listed(admin: FlaskClient) -> None:
    page = get(admin, "/admin/people")
    assert "Practice Main" in page
    assert "admin@practice.test" in page
    assert "Administrator" in page


def test_outside_hosts_are_those_that_may_be_called(admin: FlaskClient) -> None:
    page = get(admin, "/admin/hosts")
    for loaded in runtime.current().registry.plugins.values():
        for host in loaded.info.hosts:
            assert host.host in page


@pytest.mark.parametrize("path", ["/-/design", "/-/design/call"])
def test_the_components_are_shown_in_demonstrations_only(app: Callable[..., Flask], path: str) -> None:
    get(app(demo=True).test_client(), path)
    get(app().test_client(), path, 404)
