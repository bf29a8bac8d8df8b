"""The breaker: a service that is silent is left alone, tried by one caller, and nothing that was ordered is lost meanwhile."""

import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import Envelope
from flask import Flask
from sqlmodel import col, select

from toubib.cli import plugin
from toubib.contracts.common import ContractError, Message
from toubib.contracts.payment import Attempt, Observed, ProviderUnavailable, Redirect
from toubib.db import database, session
from toubib.db.tables.machinery import JobRow
from toubib.runtime import Toubib
from toubib.seams import clock
from toubib.seams.clock import FixedClock
from toubib.services import breaker, notices, payments
from toubib.services.breaker import ServiceRests, ServiceState
from toubib.testing.doubles.payment import MemoryProvider
from toubib.testing.tills import BACK, Till
from toubib.web import public

LIMIT = 5


def state(concern: str = "payment") -> ServiceState:
    with database().reading():
        return next(found for found in breaker.states() if found.concern == concern)


def silence(till: Till, times: int = LIMIT) -> str:
    """An attempt whose beginning was met with silence that often."""
    attempt = till.attempt(till.due(), minutes=240)
    till.provider.faults[:] = ["unavailable"] * times
    for _ in range(times):
        with pytest.raises(ProviderUnavailable):
            payments.begin(attempt, BACK)
    return attempt


def test_after_five_silences_nobody_waits_for_it_any_more(till: Till) -> None:
    attempt = silence(till, LIMIT - 1)
    assert state().state == "silent"
    till.provider.faults[:] = ["unavailable"]
    with pytest.raises(ProviderUnavailable):
        payments.begin(attempt, BACK)
    asked = len(till.provider.calls)
    with pytest.raises(ServiceRests):
        payments.begin(attempt, BACK)
    assert len(till.provider.calls) == asked, "it was left alone"
    assert (state().state, state().failures) == ("rests", LIMIT)
    assert till.view(attempt).status == "created", "the attempt waits, nothing is decided"


@pytest.mark.usefixtures("till")
def test_callers_who_get_its_first_answers_at_the_same_moment_all_have_theirs() -> None:
    together = Barrier(8)

    def call(_: int) -> int:
        with breaker.calling("media", "new"):
            return together.wait()

    with ThreadPoolExecutor(8) as threads:
        assert sorted(threads.map(call, range(8))) == list(range(8))
    assert state("media").state == "answers"


def test_after_the_rest_one_answer_makes_all_well(till: Till) -> None:
    attempt = silence(till)
    till.clock.advance(timedelta(seconds=31))
    assert isinstance(payments.begin(attempt, BACK), Redirect)
    assert (state().state, state().failures, state().rests_until) == ("answers", 0, None)
    assert till.view(attempt).status == "pending"


def test_each_failed_trial_doubles_the_rest_up_to_eight_minutes(till: Till) -> None:
    attempt, rests = silence(till), []
    for _ in range(7):
        until = state().rests_until
        assert until
        rests.append(int((until - clock.now()).total_seconds()))
        till.clock.advance(until - clock.now())
        till.provider.faults[:] = ["unavailable"]
        with pytest.raises(ProviderUnavailable):
            payments.begin(attempt, BACK)
    assert rests == [30, 60, 120, 240, 480, 480, 480]


def test_only_one_caller_tries_a_rested_service(till: Till) -> None:
    silence(till)
    till.clock.advance(timedelta(seconds=31))
    with breaker.calling("payment", till.provider.name), pytest.raises(ServiceRests), breaker.calling("payment", till.provider.name):
        pytest.fail("two try at once")
    with breaker.calling("payment", till.provider.name):
        pass


def test_a_trial_whose_caller_died_is_followed_by_another(till: Till) -> None:
    silence(till)
    till.clock.advance(timedelta(seconds=31))
    with pytest.raises(ZeroDivisionError), breaker.calling("payment", till.provider.name):
        raise ZeroDivisionError
    with pytest.raises(ServiceRests), breaker.calling("payment", till.provider.name):
        pytest.fail("the first one may still be at it")
    till.clock.advance(breaker.PROBE)
    with breaker.calling("payment", till.provider.name):
        pass


def test_a_refusal_is_an_answer(till: Till) -> None:
    for _ in range(2 * LIMIT):
        with pytest.raises(ContractError), breaker.calling("payment", till.provider.name):
            raise ContractError(Message("toubib", "No."))
    assert state().state == "answers"


def test_services_rest_each_for_itself(till: Till) -> None:
    silence(till)
    with breaker.calling("payment", "another"), breaker.calling("mail", till.provider.name):
        pass


def test_an_order_outlives_a_long_silence_and_is_made_once(till: Till) -> None:
    due = till.due()
    attempt = till.secured(due)
    till.provider.faults[:] = ["unavailable"] * 400
    assert not till.settle(due, 2500)
    for _ in range(180):
        till.work(minutes=1)
    with database().reading():
        job = session().exec(select(JobRow).where(JobRow.name == "toubib.provider_call", col(JobRow.state) != "done")).one()
    assert job.state == "ready", "three hours of silence do not make it give up"
    assert len(till.provider.calls) < 80, "and it was not hammered"
    till.provider.faults.clear()
    for _ in range(10):
        till.work(minutes=1)
    assert (till.view(attempt).status, till.status(due)) == ("captured", "settled")
    assert till.provider.of(attempt)[0].captured == 2500


def test_time_is_measured(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    fetch = MemoryProvider.fetch

    def slow(provider: MemoryProvider, attempt: Attempt) -> Observed:
        till.clock.advance(timedelta(milliseconds=1234))
        return fetch(provider, attempt)

    monkeypatch.setattr(MemoryProvider, "fetch", slow)
    attempt, _url = till.begun(till.due())
    till.clock.advance(timedelta(minutes=2))
    payments.look(attempt)
    assert state().last_ms == 1234


class Box:
    """A mail server that knows every address but one."""

    def __init__(self) -> None:
        self.got: list[str] = []

    async def handle_RCPT(self, _server: object, _session: object, envelope: Envelope, address: str, _options: object) -> str:  # noqa: N802  the name is aiosmtpd's
        if address.startswith("unknown"):
            return "550 no such address"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: object, _session: object, envelope: Envelope) -> str:  # noqa: N802  as above
        self.got += envelope.rcpt_tos
        return "250 OK"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def post(address: str) -> None:
    with database().unit_of_work():
        notices.queue("document_ready", address, locale="en", params={"who": "Dr Test"}, link="/x")


def test_mail_waits_for_its_server_and_unknown_addresses_hold_up_nobody(installation: Callable[..., Toubib], now: FixedClock) -> None:
    port = free_port()
    toubib = installation(mail={"host": "127.0.0.1", "port": port})
    for number in range(3):
        post(f"ada{number}@patient.test")

    def work(minutes: int) -> None:
        for _ in range(minutes):
            now.advance(timedelta(minutes=1))
            toubib.jobs.run_due(limit=100)

    work(120)
    assert state("mail").state in ("rests", "silent")
    box = Box()
    server = Controller(box, hostname="127.0.0.1", port=port)
    server.start()
    try:
        for _ in range(LIMIT + 1):
            post("unknown@patient.test")
        work(30)
        post("bea@patient.test")
        toubib.jobs.run_due(limit=100)
    finally:
        server.stop()
    assert sorted(box.got) == ["ada0@patient.test", "ada1@patient.test", "ada2@patient.test", "bea@patient.test"]
    assert state("mail").state == "answers"


def test_a_page_says_that_the_service_rests_and_when_to_come_back(app: Callable[..., Flask], now: FixedClock) -> None:
    site = app()

    def rests() -> str:
        raise ServiceRests("payment:memory", timedelta(seconds=30))

    site.view_functions["health.live"] = public("a test")(rests)
    answer = site.test_client().get("/health/live", headers={"Accept-Language": "en"})
    assert now.now().year == 2026
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "31")
    assert "Nothing is lost, and nothing is counted twice." in answer.text


def test_the_doctor_says_who_is_left_alone(till: Till, capsys: pytest.CaptureFixture[str]) -> None:
    with breaker.calling("mail", "mail.practice.test"):
        pass
    assert plugin._services() == 0
    silence(till)
    assert plugin._services() == 1
    said = capsys.readouterr().out
    assert "service mail mail.practice.test: answers, answered in 0 ms" in said
    assert "service payment memory: rests, 5 calls without an answer (ProviderUnavailable), left alone until 09:00:30 UTC" in said
