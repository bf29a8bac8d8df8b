"""Practitioners are told of a question that has little time: whoever may take it, once, in neutral words, unless they want no mails."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from flask import Flask
from sqlmodel import select

from toubib import runtime
from toubib.contracts.common import Ref
from toubib.contracts.events import Event
from toubib.db import database, session
from toubib.db.tables.directory import Standing
from toubib.db.tables.people import Person
from toubib.db.tables.requests import ServiceRequest
from toubib.seams import clock
from toubib.seams.clock import FixedClock
from toubib.testing.doubles.payment import MemoryProvider, use_memory_payments
from toubib_advice import alerts
from toubib_advice.privacy import AdviceData
from toubib_advice.trial import FIRST, SECOND, Trial, options

SUBJECT = "Something new waits for you, and not for long"


@pytest.fixture
def trial(app: Callable[..., Flask], now: FixedClock) -> Trial:
    application, provider = app("advice", **options()), MemoryProvider()
    use_memory_payments(runtime.current(), provider)
    return Trial.opened(application, provider, now, runtime.current().jobs)


def told(trial: Trial) -> list[str]:
    """Whom a mail told that something has little time, in alphabetical order."""
    return sorted(re.findall(r"^To: (.*)$", "\n".join(mail for mail in trial.mails() if SUBJECT in mail), re.MULTILINE))


def happened(encounter: str) -> Event:
    return Event("1", "request.activated", Ref("encounter", encounter), "", clock.now())


def test_who_may_answer_is_told_of_a_question_with_little_time_and_of_no_other(trial: Trial) -> None:
    trial.paid("h48")
    assert told(trial) == []
    trial.paid("m15")
    assert told(trial) == [FIRST, SECOND]
    trial.paid("chat", cap="5")
    assert told(trial) == [FIRST, FIRST, SECOND, SECOND]


@pytest.mark.feature("ADVICE-11:c")
def test_the_mail_says_that_something_waits_and_never_what(trial: Trial) -> None:
    encounter = trial.paid("m15", specialty="15")
    (mail,) = (mail for mail in trial.mails() if SUBJECT in mail)
    assert encounter not in mail
    assert not re.search("knee|answer|minute|doctor|question(?!s$)|physician|consultation|Odile|Testard", mail, re.IGNORECASE | re.MULTILINE)


def test_only_those_are_told_who_may_take_it(trial: Trial) -> None:
    trial.paid("m15", specialty="15")
    assert told(trial) == [SECOND]
    with database().unit_of_work() as writing:
        writing.add(Standing(practitioner_id=trial.made.practitioner_id, scope="answer", state="suspended", source="test"))
    trial.clock.advance(timedelta(seconds=1))
    trial.paid("m15")
    assert told(trial) == [SECOND, SECOND]


def test_an_urgent_question_is_told_however_long_it_has(trial: Trial) -> None:
    encounter = trial.paid("h48")
    with database().unit_of_work() as writing:
        writing.exec(select(ServiceRequest).where(ServiceRequest.encounter_id == encounter)).one().priority = 1
    alerts.tell(happened(encounter))
    assert told(trial) == [FIRST, SECOND]


def test_each_is_told_once_though_it_comes_back_and_though_the_job_runs_twice_at_once(trial: Trial) -> None:
    encounter = trial.paid("m15", specialty="15")
    trial.take(encounter, doctor=1)
    trial.work(minutes=10)
    with ThreadPoolExecutor() as pool:
        assert list(pool.map(alerts.tell, [happened(encounter)] * 4)) == [None] * 4
    assert told(trial) == [SECOND]
    other = trial.paid("m15")
    with ThreadPoolExecutor() as pool:
        list(pool.map(alerts.tell, [happened(other)] * 4))
    assert told(trial) == [FIRST, SECOND, SECOND]


def test_what_somebody_has_taken_is_told_to_nobody(trial: Trial) -> None:
    encounter = trial.paid("h48")
    trial.take(encounter)
    with database().unit_of_work() as writing:
        writing.exec(select(ServiceRequest).where(ServiceRequest.encounter_id == encounter)).one().priority = 1
    alerts.tell(happened(encounter))
    assert told(trial) == []


def test_a_practitioner_switches_the_mails_off_and_on(trial: Trial) -> None:
    page, first = "/advice/questions", trial.doctors[0]
    for wanted in ("0", "0"):
        assert trial.post(f"{page}/mails", page, first, wanted=wanted).status_code == 303
    assert "You get no mail" in trial.see(page, first)
    trial.paid("m15")
    assert told(trial) == [SECOND]
    with database().reading():
        assert [item.table for item in AdviceData().export(trial.made.practitioner_id)] == ["advice_quiet"]
    trial.post(f"{page}/mails", page, first, wanted="1")
    assert "You get a mail" in trial.see(page, first)
    trial.paid("m15")
    assert told(trial) == [FIRST, SECOND, SECOND]
    assert trial.patient.post(f"{page}/mails").status_code in (400, 403, 404)


def test_it_is_written_in_the_practitioners_language(trial: Trial) -> None:
    with database().unit_of_work():
        session().get_one(Person, trial.made.practitioner_id).locale = "fr"
    trial.paid("m15")
    (mail,) = (mail for mail in trial.mails() if f"To: {FIRST}" in mail)
    assert "Content-Language: fr" in mail
    assert told(trial) == [SECOND]
