"""The pages over HTTP: a member books without any card page, a wrong code is said at its field; the sponsor's desk and nobody else's."""

import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pypdf import PdfReader
from sqlmodel import select
from werkzeug.test import TestResponse

from toubib import runtime
from toubib.contracts.common import Period
from toubib.db import database, session
from toubib.db.states import move
from toubib.db.tables.access import Account, AuthSession, RoleAssignment
from toubib.db.tables.agenda import Appointment
from toubib.db.tables.journey import Encounter
from toubib.db.tables.machinery import AuditEvent
from toubib.db.tables.money import PaymentAttempt
from toubib.db.tables.people import Person
from toubib.seams import clock
from toubib.seams.clock import FixedClock
from toubib.services import agenda, checkout, journey, ledger, login, people, sessions, settlement
from toubib.testing.booked import booked
from toubib.testing.doubles.payment import NAME, MemoryProvider, use_memory_payments
from toubib.testing.practices import Practice, practice
from toubib_sponsor import house, members
from toubib_sponsor.texts import CODE
from toubib_sponsor.web import pages

ENGLISH = {"Accept-Language": "en"}
SITE = {"languages": ["fr", "en"], "default_language": "en", "entries": ["sponsor.desk", "sponsor.books"], "operator": "praxis"}
STEPS = ["coverage.facts", "sponsor.entitlement", "coverage.estimate", "payment.authorise"]
PLANS = [
    {"key": key, "name": name, "organisation": key, "prefix": f"{key.upper()[:5]}-", "visits_per_year": 1}
    for key, name in (("tisserands", "Mutuelle des Tisserands"), ("filature", "Filature du Nord"))
]
CODES = "code,valid_from,valid_to\nTISSE-0001,2026-01-01,\n"


@dataclass
class Browser:
    """Somebody at a browser."""

    client: FlaskClient

    def get(self, path: str, status: int = 200) -> str:
        response = self.client.get(path, headers=ENGLISH)
        assert response.status_code == status, response.text
        return response.text

    def post(self, path: str, page: str, **form: Any) -> TestResponse:
        found = re.search(r'name="csrf_token" value="([0-9a-f]+)"', self.get(page))
        assert found
        return self.client.post(path, data={"csrf_token": found[1], **form}, headers=ENGLISH)


@pytest.fixture
def built(app: Callable[..., Flask], now: FixedClock) -> Flask:
    assert now.now().tzinfo
    return app("sponsor", site=SITE, use={"reimbursement": ["sponsor"]}, journeys={"booked": {"steps": STEPS}}, settings={"sponsor": {"plans": PLANS}})


@pytest.fixture
def made(built: Flask) -> Practice:
    assert built.name
    with database().unit_of_work():
        found = practice()
        for plan in house.settings().plans:
            house.organisation(plan, make=True)
        members.load(house.settings().plans[0], CODES, whole=False, dry=False)
    use_memory_payments(runtime.current(), MemoryProvider())
    return found


def _pending(made: Practice, hours: int) -> tuple[str, str]:
    """A held time of a signed-in patient, and their session."""
    with database().unit_of_work():
        account = login.account_for(f"patient{hours}@home.test", "en")
        people.set_traits(account.person_id, people.Traits("Test", "Ada"))
        encounter = Encounter(
            organisation_id=made.organisation_id,
            journey="booked",
            locale="fr",
            person_id=account.person_id,
            practitioner_role_id=made.role_id,
            modality="video",
        )
        session().add(encounter)
        session().flush()
        start = clock.now() + timedelta(hours=hours)
        period = Period(start, start + timedelta(minutes=20))
        held = agenda.occupy(made.practitioner_id, made.organisation_id, period, until=clock.now() + timedelta(minutes=15))
        session().add(
            Appointment(
                organisation_id=made.organisation_id,
                encounter_id=encounter.id,
                practitioner_role_id=made.role_id,
                occupancy_id=str(held),
                scheduler="test",
                service_id="consultation",
                service_name="Consultation",
                starts_at=period.start,
                ends_at=period.end,
                zone="Europe/Paris",
                wall_intent="",
                modality="video",
                price_minor=2500,
                currency="EUR",
            )
        )
        return encounter.id, sessions.begin(account, "test")


def _patient(built: Flask, made: Practice, browse: Callable[[Flask], FlaskClient], hours: int = 3) -> tuple[Browser, str]:
    encounter, token = _pending(made, hours)
    client = browse(built)
    client.set_cookie("tb_session", token)
    return Browser(client), f"/visits/{encounter}"


@pytest.mark.feature("PAY-04:a")
def test_where_the_sponsor_pays_all_no_card_is_asked_and_the_booking_completes(
    built: Flask, made: Practice, browse: Callable[[Flask], FlaskClient]
) -> None:
    patient, visit = _patient(built, made, browse)
    assert "Code of your insurer or employer" in patient.get(f"{visit}/details")
    sent = patient.post(f"{visit}/details", f"{visit}/details", **{CODE: "tisse-0001"})
    assert sent.headers["Location"] == f"{visit}/price"
    page = patient.get(f"{visit}/price")
    assert "Mutuelle des Tisserands, for its members" in page
    assert "Book this visit" in page
    assert "by card" not in page
    assert 'name="provider"' not in page
    shown = re.search(r'name="shown" value="(\w+)"', page)
    assert shown
    paid = patient.post(f"{visit}/pay", f"{visit}/price", shown=shown[1])
    assert paid.headers["Location"] == visit
    with database().reading():
        assert session().exec(select(Appointment.status)).one() == "booked"
        assert session().exec(select(PaymentAttempt)).all() == []


def test_a_wrong_code_is_said_at_its_field_and_an_empty_one_leads_to_the_card(
    built: Flask, made: Practice, browse: Callable[[Flask], FlaskClient]
) -> None:
    patient, visit = _patient(built, made, browse)
    wrong = patient.post(f"{visit}/details", f"{visit}/details", **{CODE: "TISSE-7777"})
    assert wrong.status_code == 422
    assert "No insurer or employer here uses this code." in wrong.text
    assert "TISSE-7777" in wrong.text
    patient.post(f"{visit}/details", f"{visit}/details", **{CODE: ""})
    page = patient.get(f"{visit}/price")
    assert f'value="{NAME}"' in page


def test_beyond_the_limit_the_page_says_so_and_the_card_is_asked(built: Flask, made: Practice, browse: Callable[[Flask], FlaskClient]) -> None:
    test_where_the_sponsor_pays_all_no_card_is_asked_and_the_booking_completes(built, made, browse)
    patient, visit = _patient(built, made, browse, hours=5)
    patient.post(f"{visit}/details", f"{visit}/details", **{CODE: "TISSE-0001"})
    page = patient.get(f"{visit}/price")
    assert "The limit of Mutuelle des Tisserands for this year is used up" in page
    assert f'value="{NAME}"' in page


@pytest.fixture
def desk(built: Flask, made: Practice, browse: Callable[[Flask], FlaskClient]) -> Browser:
    """Somebody at the desk of the first sponsor."""
    assert made.role_id
    client = browse(built)
    with database().unit_of_work():
        sponsor = house.organisation(house.settings().plans[0])
        assert sponsor
        account = login.account_for("desk@tisserands.test", "en")
        session().add(RoleAssignment(account_id=account.id, organisation_id=sponsor.id, role="sponsor_desk"))
        client.set_cookie("tb_session", sessions.begin(account, "test"))
        session().flush()
        session().exec(select(AuthSession).where(AuthSession.account_id == account.id)).one().second_factor_at = clock.now()
    return Browser(client)


def _settled(made: Practice, code: str = "TISSE-0001") -> None:
    with database().unit_of_work():
        found = booked(made, clock.now() + timedelta(hours=9 + int(code[-1])))
        people.declare_fact(found.person_id, CODE, code)
        encounter = session().get_one(Encounter, found.encounter_id)
        for state in ("arrived", "in-progress", "finished"):
            move("encounter", encounter, state)
            session().flush()
    assert journey.conduct(found.encounter_id) == {}
    with database().unit_of_work():
        assert checkout.accept(found.encounter_id, checkout.shown_now(found.encounter_id)) is None
        settlement.settle(found.encounter_id)


def _own(number: int = 0) -> str:
    with database().reading():
        found = house.organisation(house.settings().plans[number])
        assert found
        return found.id


def test_the_desk_reads_its_statement_as_page_csv_and_pdf_without_health_data(desk: Browser, made: Practice) -> None:
    _settled(made)
    where = desk.client.get("/sponsor/desk").headers["Location"]
    assert where == f"/sponsor/desk/{_own()}"
    assert "2026-03" in desk.get(where)
    page = desk.get(f"{where}/tisserands/2026-03")
    assert "€25.00" in page
    assert "Remote consultation" in page
    for secret in ("TISSE-0001", "Ada", "Practice praxis", "Dr Praxis"):
        assert secret not in page
    table = desk.client.get(f"{where}/tisserands/2026-03.csv")
    assert table.mimetype == "text/csv"
    assert table.text.splitlines()[-2:] == ["total,2026-03,,2500,EUR", "open,2026-03,,2500,EUR"]
    assert desk.client.get(f"{where}/tisserands/2026-03.pdf").data.startswith(b"%PDF-")
    desk.get(f"{where}/tisserands/2026-03.exe", 404)


def test_a_desk_sees_its_own_sponsor_only(desk: Browser, built: Flask, browse: Callable[[Flask], FlaskClient], made: Practice) -> None:
    desk.get(f"/sponsor/desk/{_own(1)}", 404)
    desk.get(f"/sponsor/desk/{_own()}/filature/2026-03", 404)
    desk.get(f"/sponsor/desk/{made.organisation_id}", 404)
    patient, _ = _patient(built, made, browse)
    patient.get(f"/sponsor/desk/{_own()}", 404)
    patient.get("/sponsor/desk", 404)
    with database().reading():
        account = session().exec(select(Account).join(RoleAssignment).where(RoleAssignment.role == "sponsor_desk")).one()
        assert session().get_one(Person, account.person_id).id


def test_a_list_that_is_too_long_is_refused_and_never_cut(desk: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "MOST", len(CODES) + 5)
    where = f"/sponsor/desk/{_own()}"
    cut = desk.post(f"{where}/tisserands/codes", where, file=(io.BytesIO(f"{CODES}TISSE-0009,2026-01-01,\n".encode()), "codes.csv"), whole="1", really="1")
    assert (cut.status_code, "Split it" in cut.text) == (422, True)
    assert "1 code is valid today." in desk.get(where)


def test_a_list_is_shown_before_it_is_taken_over(desk: Browser) -> None:
    where = f"/sponsor/desk/{_own()}"
    text = CODES + "TISSE-0002,2026-01-01,\n"
    tried = desk.post(f"{where}/tisserands/codes", where, file=(io.BytesIO(text.encode()), "codes.csv"))
    assert "Nothing was changed yet." in tried.text
    assert "1 code is valid today." in desk.get(where)
    assert desk.post(f"{where}/tisserands/codes", where, csv=text, really="1").status_code == 303
    assert "2 codes are valid today." in desk.get(where)
    wrong = desk.post(f"{where}/tisserands/codes", where, csv=text + "X,2026-01-01,\n", really="1")
    assert (wrong.status_code, "Line 4" in wrong.text) == (422, True)
    broken = desk.post(f"{where}/tisserands/codes", where, csv="a,b\n1,2\n")
    assert (broken.status_code, "The first line must name the columns" in broken.text) == (422, True)


@pytest.fixture
def administrator(built: Flask, made: Practice, browse: Callable[[Flask], FlaskClient]) -> Browser:
    """Somebody who administers the house."""
    client = browse(built)
    with database().unit_of_work():
        account = login.account_for("admin@home.test", "en")
        session().add(RoleAssignment(account_id=account.id, organisation_id=made.organisation_id, role="administrator"))
        client.set_cookie("tb_session", sessions.begin(account, "test"))
        session().flush()
        session().exec(select(AuthSession).where(AuthSession.account_id == account.id)).one().second_factor_at = clock.now()
    return Browser(client)


MONTH = "/sponsor/books/tisserands/2026-03"


def _paid(administrator: Browser, amount: str, reference: str, status: int = 303, on: str = "2026-03-02") -> str:
    answer = administrator.post(MONTH, MONTH, amount=amount, received_on=on, reference=reference)
    assert answer.status_code == status, answer.text
    return answer.text


def _books(organisation_id: str) -> dict[tuple[str, str], int]:
    with database().reading():
        assert set(ledger.trial_balance().values()) <= {0}
        return {(b.account.kind, b.account.party): b.balance.minor for b in ledger.balances(organisation_id) if b.balance.minor}


def test_what_a_sponsor_paid_is_recorded_once_also_in_parts_and_seen_on_its_statement(administrator: Browser, desk: Browser, made: Practice) -> None:
    _settled(made)
    owed, revenue = ("third_party_receivable", "sponsor:tisserands"), ("practice_revenue", "")
    assert _books(made.organisation_id) == {owed: 2500, revenue: -2500}
    assert "€25.00" in administrator.get("/sponsor/books")
    _paid(administrator, "10,00", "VIR 4711")
    _paid(administrator, "10.00", "VIR  4711 ")
    bank = ("bank", "sponsor:tisserands")
    assert _books(made.organisation_id) == {owed: 1500, revenue: -2500, bank: 1000}
    page = desk.get(f"/sponsor/desk/{_own()}/tisserands/2026-03")
    assert ("VIR 4711" in page, "€15.00" in page) == (True, True)
    assert "€15.00" in desk.get(f"/sponsor/desk/{_own()}"), "the open balance stands in the list of months"
    table = desk.client.get(f"/sponsor/desk/{_own()}/tisserands/2026-03.csv").text.splitlines()
    assert table[-3:] == ["total,2026-03,,2500,EUR", "VIR 4711,2026-03-02,Payment received,-1000,EUR", "open,2026-03,,1500,EUR"]
    pdf = desk.client.get(f"/sponsor/desk/{_own()}/tisserands/2026-03.pdf").data
    text = " ".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)
    assert ("VIR 4711" in text, "Still open: €15.00" in text) == (True, True)
    _paid(administrator, "15", "VIR 4712")
    assert _books(made.organisation_id) == {revenue: -2500, bank: 2500}
    assert "Record the payment" not in administrator.get(MONTH), "nothing is open"
    with database().reading() as reading:
        rows = reading.exec(select(AuditEvent).where(AuditEvent.action == "sponsor.record_receipt")).all()
    assert [(row.person_id, row.reason) for row in rows] == [("", "tisserands 2026-03")] * 2


@pytest.mark.parametrize(
    ("amount", "reference", "on", "said"),
    [
        ("26", "VIR 1", "2026-03-02", "at most what is still open: €25.00"),
        ("0", "VIR 1", "2026-03-02", "at most what is still open"),
        ("much", "VIR 1", "2026-03-02", "Write the amount with digits"),
        ("10", "=1+1", "2026-03-02", "Write the reference as the bank shows it"),
        ("10", "", "2026-03-02", "Write the reference as the bank shows it"),
        ("10", "VIR 1", "2026-03-03", "lies in the future"),
        ("10", "VIR 1", "yesterday", "Write the day on which it arrived"),
    ],
)
def test_what_cannot_have_arrived_is_said_at_its_field_and_what_was_typed_is_kept(
    administrator: Browser, made: Practice, amount: str, reference: str, on: str, said: str
) -> None:
    _settled(made)
    page = _paid(administrator, amount, reference, 422, on)
    assert said in page
    assert f'value="{amount}"' in page
    assert ("bank", "sponsor:tisserands") not in _books(made.organisation_id)


def test_a_mistake_is_withdrawn_and_may_be_recorded_anew(administrator: Browser, made: Practice) -> None:
    _settled(made)
    _paid(administrator, "10", "VIR 1")
    assert "recorded already, with another amount" in _paid(administrator, "12", "VIR 1", 422)
    (withdraw,) = re.findall(rf'action="({MONTH}/\w+/withdraw)"', administrator.get(MONTH))
    for _ in range(2):
        assert administrator.post(withdraw, MONTH).status_code == 303
    assert _books(made.organisation_id) == {("third_party_receivable", "sponsor:tisserands"): 2500, ("practice_revenue", ""): -2500}
    _paid(administrator, "12", "VIR 1")
    assert _books(made.organisation_id)["bank", "sponsor:tisserands"] == 1200
    assert administrator.post(f"{MONTH}/nothing/withdraw", MONTH).status_code == 404


def test_each_practice_gets_its_part_and_none_more_than_it_is_owed(administrator: Browser, made: Practice) -> None:
    with database().unit_of_work():
        other = practice("other")
    for place, code in ((made, "TISSE-0001"), (other, "TISSE-0002"), (other, "TISSE-0003")):
        with database().unit_of_work():
            members.load(house.settings().plans[0], f"code,valid_from,valid_to\n{code},2026-01-01,\n", whole=False, dry=False)
        _settled(place, code)
    _paid(administrator, "0.01", "VIR 1")
    _paid(administrator, "74.98", "VIR 2")
    bank = ("bank", "sponsor:tisserands")
    found = [_books(place.organisation_id).get(bank, 0) for place in (made, other)]
    assert sum(found) == 7499
    assert (found[0] <= 2500, found[1] <= 5000) == (True, True)
    _paid(administrator, "0.01", "VIR 3")
    assert [_books(place.organisation_id)[bank] for place in (made, other)] == [2500, 5000]


def test_only_administrators_record_and_doors_are_shown_to_whom_they_open(administrator: Browser, desk: Browser, made: Practice) -> None:
    _settled(made)
    for path in ("/sponsor/books", MONTH):
        desk.get(path, 404)
    assert desk.post(MONTH, f"/sponsor/desk/{_own()}", amount="10", received_on="2026-03-02", reference="VIR 1").status_code == 404
    administrator.get("/sponsor/books/tisserands/2026-02", 404)
    administrator.get("/sponsor/books/unknown/2026-03", 404)
    assert ("/sponsor/books" in administrator.get("/verify"), "/sponsor/desk" in administrator.get("/verify")) == (True, False)
    assert ("/sponsor/books" in desk.get("/verify"), "/sponsor/desk" in desk.get("/verify")) == (False, True)


def test_a_door_stays_in_sight_while_the_second_factor_is_asked_again(administrator: Browser) -> None:
    with database().unit_of_work():
        session().exec(select(AuthSession)).one().second_factor_at = None
    assert "/sponsor/books" in administrator.get("/verify")
    assert "second" in administrator.client.get("/sponsor/books").headers["Location"]
