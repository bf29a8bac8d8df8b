"""What the plugin keeps: the demonstration's questions, what a person may take away, what is erased."""

import io
from collections.abc import Callable

import pytest
from flask import Flask
from sqlmodel import select

from toubib import runtime
from toubib.contracts.demo import DemoRole
from toubib.contracts.identity import Actor, ActorKind
from toubib.db import database, session
from toubib.db.tables.access import Account
from toubib.db.tables.machinery import RateCount
from toubib.db.tables.requests import ServiceRequest
from toubib.seams.clock import FixedClock
from toubib.services import login
from toubib.testing.doubles.payment import MemoryProvider, use_memory_payments
from toubib_advice import basis
from toubib_advice.demo import DemoQuestions
from toubib_advice.models import TABLES, PendingFile, Question
from toubib_advice.privacy import AdviceData
from toubib_advice.settings import AdviceSettings, Product
from toubib_advice.trial import LETTER, Trial, options
from toubib_advice.web import ask


@pytest.fixture
def trial(app: Callable[..., Flask], now: FixedClock) -> Trial:
    application, provider = app("advice", **options()), MemoryProvider()
    use_memory_payments(runtime.current(), provider)
    return Trial.opened(application, provider, now, runtime.current().jobs, lawful=False)


def test_a_demonstration_has_a_question_that_waits_and_one_that_is_answered(trial: Trial) -> None:
    for _ in range(2):
        DemoQuestions().seed([DemoRole(trial.made.role_id, "EUR", {})])
    with database().reading():
        assert sorted(row.status for row in session().exec(select(ServiceRequest))) == ["accepted", "active"]
        assert all(basis.allowed(mode) for mode in ("written", "chat"))
    listed = trial.see("/advice/questions", trial.doctors[0])
    assert listed.count("Trial question, free") + listed.count("gratuite") == 2
    assert "Essai" not in listed


def test_a_patient_takes_away_and_erases_what_was_not_sent(trial: Trial) -> None:
    with database().unit_of_work():
        basis.record("written", "A legal basis that is long enough.")
    encounter = trial.asked()
    data = AdviceData()
    with database().unit_of_work():
        found = list(data.export(trial.person_id))
        assert [(item.table, LETTER in item.content) for item in found] == [("advice_question", True)]
        data.erase(trial.person_id)
        data.erase(trial.person_id)
        assert not any(LETTER in item.content for item in data.export(trial.person_id))
    assert data.tables == TABLES
    assert trial.encounter(encounter).person_id == trial.person_id


def test_a_question_that_was_never_sent_is_forgotten(trial: Trial) -> None:
    with database().unit_of_work():
        basis.record("written", "A legal basis that is long enough.")
    encounter = trial.asked(files=(io.BytesIO(b"%PDF-1.4 invented"), "letter.pdf"))
    trial.work(minutes=20)
    trial.work()
    with database().reading():
        assert session().exec(select(Question.body).where(Question.encounter_id == encounter)).one() is None
        assert session().exec(select(PendingFile)).first() is None
    assert trial.encounter(encounter).status == "cancelled"


def test_nobody_fills_the_disk_with_questions(trial: Trial, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ask, "PER_HOUR", 1)
    with database().unit_of_work():
        basis.record("written", "A legal basis that is long enough.")
    trial.asked()
    assert trial.post("/advice/", "/advice/", question=LETTER, product="h48").status_code == 429
    with database().reading():
        assert not [name for name in session().exec(select(RateCount.name)) if "127.0.0.1" in name]


@pytest.mark.usefixtures("trial")
def test_who_recorded_a_legal_basis_takes_it_away() -> None:
    with database().unit_of_work():
        account = login.account_for("operator@home.test", "en").id
    with database().unit_of_work(Actor(ActorKind.USER, account)):
        basis.record("written", "A legal basis that is long enough.")
        person_id = session().get_one(Account, account).person_id
        assert [item.content for item in AdviceData().export(person_id)] == ["A legal basis that is long enough."]


def test_a_practitioner_takes_away_and_erases_drafts(trial: Trial) -> None:
    DemoQuestions().seed([DemoRole(trial.made.role_id, "EUR", {})])
    with database().unit_of_work():
        data = AdviceData()
        assert [item.table for item in data.export(trial.made.practitioner_id)] == ["advice_draft"]
        data.erase(trial.made.practitioner_id)
        assert list(data.export(trial.made.practitioner_id)) == []


def test_two_products_of_one_key_stop_the_start() -> None:
    product = Product(key="a", name={"en": "A"}, price_minor=1, promise_minutes=1, answer_minutes=1)
    with pytest.raises(ValueError, match="same key"):
        AdviceSettings(products=(product, product))
