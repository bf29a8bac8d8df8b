"""A question from the first screen to the letter that answers it, through the pages."""

import io
import re
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlmodel import select

from toubib import runtime
from toubib.contracts.common import Money, Ref, Refused
from toubib.contracts.journey import Command
from toubib.contracts.prescription import MedicationLine
from toubib.db import database, session
from toubib.db.tables.access import Account, AuthSession, RoleAssignment
from toubib.db.tables.directory import Practitioner, Standing
from toubib.db.tables.machinery import AuditEvent
from toubib.db.tables.money import PaymentAttempt
from toubib.db.tables.requests import Assignment, Communication
from toubib.seams import clock
from toubib.seams.clock import FixedClock
from toubib.services import journey, people, prescriptions, sessions, shares, trail
from toubib.testing.doubles.payment import MemoryProvider, use_memory_payments
from toubib_advice import answering, basis
from toubib_advice.models import Basis
from toubib_advice.trial import BASIS, LETTER, Trial, options

PDF = b"%PDF-1.4 invented"


@pytest.fixture
def trial(app: Callable[..., Flask], now: FixedClock) -> Trial:
    return opened(app, now)


def opened(app: Callable[..., Flask], now: FixedClock, *, lawful: bool = True, **changes: Any) -> Trial:
    provider = MemoryProvider()
    application = app("advice", **options(**changes))
    use_memory_payments(runtime.current(), provider)
    return Trial.opened(application, provider, now, runtime.current().jobs, lawful=lawful)


@pytest.mark.feature("ADVICE-01:a", "ADVICE-01:c", "ADVICE-08:b")
def test_the_first_screen_is_a_letter_with_tickets_and_what_it_is_not(trial: Trial) -> None:
    page = trial.see("/advice/")
    assert page.index("<textarea") < page.index("€2.99") < page.index("not a consultation")
    assert "Answer before 10:15" in page.replace("\u202f", " ")
    assert "€1.99 a minute" in page
    wrong = trial.post("/advice/", "/advice/", question="Short", product="")
    assert wrong.status_code == 422
    assert "Choose by when" in wrong.text


@pytest.mark.feature("ADVICE-08:b")
def test_nobody_pays_before_having_read_what_it_is_not(trial: Trial) -> None:
    encounter = trial.asked()
    assert trial.told(encounter, advice__notice__read="").status_code == 422
    assert trial.patient.get(f"/visits/{encounter}/price").headers["Location"].endswith("/details")
    assert "not reimbursed" in trial.see(f"/visits/{encounter}/details")
    with database().reading():
        assert isinstance(journey.guard(Command.CONFIRM, journey.view(encounter)), Refused)


@pytest.mark.feature("ADVICE-01:a", "ADVICE-01:b", "ADVICE-06:a", "ADVICE-06:b", "ADVICE-09:a", "ADVICE-12:b")
def test_asked_paid_answered_and_shared(trial: Trial) -> None:
    upload = {"files": (io.BytesIO(PDF), "resultat.pdf")}
    encounter = trial.paid("m15", doctor=("Dr Rose Test", "10000000001"), pseudonym="1", **upload)
    assert trial.money(encounter) == ("secured", 0, 499)
    listed = trial.see("/advice/questions", trial.doctors[0])
    assert "you earn €2.99" in listed
    page = trial.see(f"/advice/questions/{encounter}", trial.doctors[0])
    assert LETTER in page
    assert re.search(r"You earn.*€2.99.*", page, re.DOTALL)
    assert all(word in page for word in ("The platform keeps", "€1.50", "The treating doctor gets", "€0.50", "40 to 64 years", "woman"))
    assert "Testard" not in page
    assert trial.take(encounter).status_code == 303
    taken = trial.see(f"/advice/questions/{encounter}", trial.doctors[0])
    assert "resultat.pdf" in taken
    assert "Testard" not in taken
    answer = trial.answer(encounter, "Rest it for a week.\n\nIf it swells, have it examined.")
    assert answer.headers["Location"].endswith(encounter)
    trial.work()
    assert trial.money(encounter) == ("settled", 499, 0)
    assert trial.shares(encounter) == {"platform": 150, "practitioner": 299, "payee": 50}
    assert "Not read yet" in trial.see(f"/advice/questions/{encounter}", trial.doctors[0])
    letter = trial.see(f"/advice/{encounter}")
    assert all(text in letter for text in ("Rest it for a week.", "Charged: €4.99", "Invoice", "Read on"))
    assert "Read on" in trial.see(f"/advice/questions/{encounter}", trial.doctors[0])


@pytest.mark.feature("ADVICE-01:a")
def test_a_specialty_is_asked_and_nobody_else_is_offered_it(trial: Trial) -> None:
    assert '<option value="15"' in trial.see("/advice/")
    encounter = trial.paid(specialty="15")
    assert encounter not in trial.see("/advice/questions", trial.doctors[0])
    assert trial.doctors[0].get(f"/advice/questions/{encounter}").status_code == 404
    assert encounter in trial.see("/advice/questions", trial.doctors[1])
    assert trial.take(encounter, doctor=1).status_code == 303


@pytest.mark.feature("ADVICE-01:b")
def test_no_core_page_tells_the_practitioner_who_asks(trial: Trial) -> None:
    encounter = trial.paid(pseudonym="1")
    trial.take(encounter)
    trial.answer(encounter)
    trial.work()
    for path in (f"/practice/visits/{encounter}", f"/visits/{encounter}", f"/visits/{encounter}/room", f"/advice/{encounter}"):
        assert trial.doctors[0].get(path).status_code == 404, path
    for path in ("/visits", f"/visits/{encounter}", f"/visits/{encounter}/room"):
        assert trial.patient.get(path).status_code in (200, 302, 404), path
    papers = re.findall(r"/documents/[0-9a-f]+", trial.see(f"/advice/{encounter}"))
    assert papers
    assert [trial.doctors[0].get(path).status_code for path in papers] == [404] * len(papers)


@pytest.mark.feature("ADVICE-11:a", "ADVICE-11:b", "ADVICE-11:c")
def test_nothing_outside_the_pages_says_what_it_is_about(trial: Trial) -> None:
    encounter = trial.paid()
    trial.take(encounter)
    trial.answer(encounter)
    trial.work()
    mails = trial.mails()
    assert [re.search("Subject: (.*)", mail)[1] for mail in mails] == ["A message waits for you"]  # type: ignore[index]
    told = " ".join(mails)
    assert not re.search("knee|advice in|answer within|doctor|question|physician|consultation", told.replace("/advice/", ""), re.IGNORECASE)
    with database().reading():
        assert session().exec(select(PaymentAttempt.label)).all() == ["NEUTRAL"]


@pytest.mark.feature("ADVICE-02:a", "ADVICE-02:b", "ADVICE-02:c")
def test_a_missed_deadline_is_reassigned_then_refunded_and_told(trial: Trial) -> None:
    encounter = trial.paid("m15")
    trial.take(encounter)
    trial.work(minutes=10)
    assert "went to the others" in trial.see(f"/advice/{encounter}")
    assert encounter not in trial.see("/advice/questions", trial.doctors[0])
    assert encounter in trial.see("/advice/questions", trial.doctors[1])
    trial.take(encounter, doctor=1)
    assert trial.money(encounter) == ("secured", 0, 499)
    trial.work(minutes=5)
    trial.work()
    assert trial.money(encounter) == ("cancelled", 0, 0)
    assert "You pay nothing" in trial.see(f"/advice/{encounter}")
    assert "Your payment goes back to you" in trial.mails()[-1]
    assert trial.answer(encounter, "Too late.", doctor=1).headers["Location"].endswith("/questions")
    assert "Too late." in trial.see("/advice/questions", trial.doctors[1])
    trial.work(hours=3)
    assert len([mail for mail in trial.mails() if "goes back" in mail]) == 1


@pytest.mark.feature("ADVICE-02:b")
def test_an_answer_at_the_promised_hour_is_too_late_and_one_before_it_is_not(trial: Trial) -> None:
    late, early = trial.paid("m15"), trial.paid("m15")
    trial.work(minutes=6)
    for encounter in (late, early):
        trial.take(encounter)
    trial.clock.advance(timedelta(minutes=9) - timedelta(milliseconds=1))
    assert trial.answer(early).headers["Location"].endswith(early)
    trial.clock.advance(timedelta(milliseconds=1))
    assert trial.answer(late).headers["Location"].endswith("/questions")
    trial.work()
    assert trial.money(early)[:2] == ("settled", 499)
    assert trial.money(late)[:2] == ("cancelled", 0)


def test_two_practitioners_never_take_the_same_question(trial: Trial) -> None:
    encounter = trial.paid()
    results = at_once(*(lambda role=role: answering.take(encounter, role) for role in (trial.made.role_id, trial.second_role)))
    assert sorted(result is None for result in results) == [False, True]
    with database().reading():
        assert len(session().exec(select(Assignment).where(Assignment.encounter_id == encounter)).all()) == 1


def test_of_two_answers_sent_at_once_one_counts_and_the_other_stays_a_draft(trial: Trial) -> None:
    encounter = trial.paid()
    trial.take(encounter)
    role = trial.made.role_id
    results = at_once(*(lambda text=text: answering.send(encounter, role, text) for text in ("First text.", "Second text.")))
    assert sorted(result is None for result in results) == [False, True]
    with database().reading():
        sent = session().exec(select(Communication).where(Communication.kind == "answer")).all()
        assert len(sent) == 1
        assert answering.draft(encounter, role) in ("First text.", "Second text.")
    trial.work()
    assert trial.money(encounter)[:2] == ("settled", 299)
    assert sum(trial.shares(encounter).values()) == 299


def test_whoever_was_replaced_keeps_the_text_and_is_told(trial: Trial) -> None:
    encounter = trial.paid("m15")
    trial.take(encounter)
    trial.work(minutes=10)
    trial.take(encounter, doctor=1)
    page = trial.doctors[0].get("/advice/questions").text
    token = re.search(r'name="csrf_token" value="([0-9a-f]+)"', page)
    assert token
    form = {"csrf_token": token[1], "answer": "My own words."}
    told = trial.doctors[0].post(f"/advice/questions/{encounter}/answer", data=form, headers={"Accept-Language": "en"}, follow_redirects=True)
    assert "somebody else answers this" in told.text
    assert "My own words." in told.text
    assert trial.answer(encounter, doctor=1).headers["Location"].endswith(encounter)


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """Run acts in threads at the same moment, each in a unit of work of its own."""
    results: list[Any] = []
    gate = threading.Barrier(len(acts))

    def run(act: Callable[[], Any]) -> None:
        gate.wait()
        with database().unit_of_work():
            results.append(act())

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


@pytest.mark.feature("ADVICE-12:a", "ADVICE-12:b")
def test_a_correction_stands_beside_what_it_corrects(trial: Trial) -> None:
    encounter = trial.paid()
    trial.take(encounter)
    trial.answer(encounter, "Take 400 mg.")
    trial.clock.advance(timedelta(minutes=1))
    page = f"/advice/questions/{encounter}"
    letter = re.search(r'name="letter" value="([0-9a-f]+)"', trial.see(page, trial.doctors[0]))
    assert letter
    assert trial.post(f"{page}/correct", page, trial.doctors[0], letter=letter[1], text="Take 200 mg.").status_code == 303
    again = trial.post(f"{page}/correct", page, trial.doctors[0], letter=letter[1], text="Take 100 mg.")
    assert again.status_code == 409
    for shown in (trial.see(f"/advice/{encounter}"), trial.see(page, trial.doctors[0])):
        assert shown.index("Take 400 mg.") < shown.index("Take 200 mg.")
        assert "corrected version" in shown
        assert "Take 100 mg." not in shown
    trial.work()
    assert len([mail for mail in trial.mails() if "A message waits" in mail]) == 2


@pytest.mark.feature("ADVICE-07:a")
def test_further_messages_need_the_wish_of_both(trial: Trial) -> None:
    encounter = trial.paid()
    trial.take(encounter)
    trial.answer(encounter, follows="1")
    mine, theirs = f"/advice/{encounter}", f"/advice/questions/{encounter}"
    assert trial.post(f"{mine}/follow-up", mine, message="And running?").status_code == 409
    trial.post(f"{mine}/agree", mine, wanted="1")
    assert trial.post(f"{mine}/follow-up", mine, message="And running?").status_code == 303
    assert "And running?" in trial.see(theirs, trial.doctors[0])
    assert trial.post(f"{theirs}/follow-up", theirs, trial.doctors[0], message="Not yet.").status_code == 303
    assert "Not yet." in trial.see(mine)
    assert trial.doctors[1].get(theirs).status_code == 404
    trial.work()
    assert trial.money(encounter)[1] == 299
    trial.clock.advance(timedelta(days=30))
    with database().reading():
        refused = answering.may_follow_up(encounter)
        assert refused is not None
        assert refused.key.startswith("The time for further messages is over")


@pytest.mark.feature("ADVICE-05:a")
def test_a_mode_that_forbids_prescription_cannot_prescribe(trial: Trial) -> None:
    encounter = trial.paid()
    trial.take(encounter)
    assert trial.doctors[0].get(f"/practice/visits/{encounter}").status_code == 404
    with database().unit_of_work():
        refused = journey.guard(Command.ISSUE_PRESCRIPTION, journey.view(encounter))
        assert refused is not None
        assert refused.rule == "advice.no_prescription"
        draft = prescriptions.draft(encounter)
        prescriptions.set_lines(draft, [MedicationLine("Paracetamol 500 mg", "1", "morning", 3)])
        assert prescriptions.issue(draft) == refused


@pytest.mark.feature("ADVICE-08:a")
def test_a_restricted_mode_is_off_until_its_basis_is_recorded(app: Callable[..., Flask], now: FixedClock) -> None:
    trial = opened(app, now, lawful=False)
    assert "No question can be asked" in trial.see("/advice/")
    operator = administrator(trial)
    for text, status in (("Short", 422), (BASIS, 303)):
        assert trial.post("/advice/basis/written", "/advice/basis", operator, text=text).status_code == status
    page = trial.see("/advice/")
    assert "€2.99" in page
    assert "€1.99" not in page
    encounter = trial.asked()
    assert trial.post("/advice/basis/written", "/advice/basis", operator, withdraw="1").status_code == 303
    assert trial.told(encounter).status_code in (302, 422)
    with database().reading():
        assert journey.guard(Command.CONFIRM, journey.view(encounter)) is not None
        row = session().exec(select(Basis)).one()
    assert (row.mode, row.text, bool(row.recorded_by), row.withdrawn_at is not None) == ("written", BASIS, True, True)
    assert BASIS in trial.see("/advice/basis", operator)
    assert trial.patient.get("/advice/basis").status_code == 404


@pytest.mark.feature("ADVICE-08:a")
def test_a_legal_basis_is_in_the_audit_trail_with_who_and_when(app: Callable[..., Flask], now: FixedClock) -> None:
    trial = opened(app, now, lawful=False)
    operator = administrator(trial)
    for form in ({"text": "Short"}, {"text": BASIS}, {"withdraw": "1"}, {"withdraw": "1"}):
        trial.post("/advice/basis/written", "/advice/basis", operator, **form)
        trial.clock.advance(timedelta(seconds=1))
    with database().reading():
        events = session().exec(select(AuditEvent).where(AuditEvent.object_kind == basis.KIND).order_by("at")).all()
        row = session().exec(select(Basis)).one()
    assert [(e.action, e.object_ids, e.actor_id, e.reason) for e in events] == [
        (action, [row.id], row.recorded_by, "written") for action in (basis.RECORDED, basis.WITHDRAWN)
    ]
    page = trial.see("/admin/audit", operator)
    assert page.index("Withdrew a legal basis") < page.index("Recorded a legal basis")


@pytest.mark.usefixtures("trial")
def test_a_basis_and_its_row_of_the_trail_stand_or_fall_together() -> None:
    def fail_after_withdrawing() -> None:
        with database().unit_of_work():
            basis.withdraw("chat")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_after_withdrawing()
    with database().reading():
        assert basis.live("chat") is not None
        assert not session().exec(select(AuditEvent).where(AuditEvent.action == basis.WITHDRAWN)).all()
    with pytest.raises(trail.UndeclaredAct), database().unit_of_work():
        trail.wrote("advice.unheard_of", Ref(basis.KIND, "1"))


def administrator(trial: Trial) -> Any:
    """Somebody who runs the platform, signed in with a second factor."""
    with database().unit_of_work() as writing:
        person = people.newcomer()
        account = Account(person_id=person.id, email_index="operator")
        writing.add(account)
        writing.flush()
        writing.add(RoleAssignment(account_id=account.id, organisation_id=trial.made.organisation_id, role="administrator"))
        token = sessions.begin(account, "test")
        writing.flush()
        writing.exec(select(AuthSession).where(AuthSession.account_id == account.id)).one().second_factor_at = clock.now()
    client = trial.app.test_client()
    client.set_cookie("tb_session", token)
    return client


def test_who_may_not_act_neither_takes_nor_answers(trial: Trial) -> None:
    encounter, other = trial.paid(), trial.paid()
    trial.take(encounter)
    with database().unit_of_work() as writing:
        writing.add(Standing(practitioner_id=trial.made.practitioner_id, state="suspended", source="test"))
    trial.clock.advance(timedelta(seconds=1))
    assert trial.answer(encounter).headers["Location"].endswith("/questions")
    assert other not in trial.see("/advice/questions", trial.doctors[0])
    assert trial.money(encounter)[:2] == ("secured", 0)


@pytest.mark.feature("ADVICE-10:a")
def test_the_answer_goes_to_the_treating_doctor_by_a_link_that_says_nothing(trial: Trial) -> None:
    encounter = trial.paid(pseudonym="1")
    trial.take(encounter)
    page = f"/advice/{encounter}"
    with database().unit_of_work() as writing:
        writing.get_one(Practitioner, trial.made.practitioner_id).title = "Doctor of medicine"
    assert trial.post(f"{page}/forward", page, doctor="Dr Rose", address="rose@practice.test").status_code == 409
    trial.answer(encounter, "Rest it for a week.")
    assert trial.post(f"{page}/forward", page, doctor="Dr Rose", address="nowhere").status_code == 409
    assert trial.post(f"{page}/forward", page, doctor="Dr Rose", address="rose@practice.test").status_code == 303
    mail = trial.mails()[-1]
    assert "rose@practice.test" in mail
    assert not re.search("knee|rest it|Testard", mail, re.IGNORECASE)
    link = re.search(r"/advice/to/[\w-]+", mail.replace("=\n", ""))
    assert link
    rose = trial.app.test_client()
    assert "Rest it" not in trial.see(link[0], rose)
    wrong = trial.post(link[0], link[0], rose, born_day="1", born_month="1", born_year="1970")
    assert wrong.status_code == 422
    right = trial.post(link[0], link[0], rose, born_day="12", born_month="5", born_year="1969")
    assert "Rest it for a week." in right.text
    assert "Dr Reponse, Doctor of medicine," in right.text
    read = trial.see(page)
    assert "Dr Rose read it on" in read
    assert "Dr Reponse has answered." in read
    assert "Doctor of medicine Dr" not in right.text + read
    assert "you earned €2.09" in trial.see("/advice/questions", trial.doctors[0])
    for _ in range(4):
        trial.post(link[0], link[0], rose, born_day="1", born_month="1", born_year="1970")
    assert trial.post(link[0], link[0], rose, born_day="12", born_month="5", born_year="1969").status_code == 422
    trial.work(days=15)
    assert rose.get(link[0]).status_code == 410


@pytest.mark.feature("ADVICE-09:b")
def test_a_monthly_statement_names_payments_and_nobody(trial: Trial) -> None:
    encounter = trial.paid()
    trial.take(encounter)
    trial.answer(encounter)
    trial.work()
    page = trial.see("/advice/earnings", trial.doctors[0])
    assert "€2.09" in page
    assert not re.search("Testard|Odile|knee", page)
    table = trial.see("/advice/earnings?format=csv", trial.doctors[0]).splitlines()
    assert table[0] == "day,reference,journey,amount_minor,currency"
    assert table[1].startswith("2026-03-02,")
    assert table[1].endswith(",advice,209,EUR")
    assert "Nothing in this month" in trial.see("/advice/earnings?month=2026-02", trial.doctors[0])
    assert "Nothing in this month" in trial.see("/advice/earnings", trial.doctors[1])
    owner = administrator(trial)
    assert "€0.90" in trial.see("/advice/statements?party=platform", owner)
    with database().reading():
        assert sum(s.amount.minor for s in shares.preview(encounter, trial.made.role_id, Money(299, "EUR"))) == 299


def test_a_question_is_taken_back_before_anybody_answers(trial: Trial) -> None:
    encounter = trial.paid()
    page = f"/advice/{encounter}"
    trial.take(encounter)
    assert trial.post(f"{page}/cancel", page).status_code == 409
    other = trial.paid()
    assert trial.post(f"/advice/{other}/cancel", f"/advice/{other}").status_code == 303
    trial.work()
    assert trial.money(other)[:2] == ("cancelled", 0)
