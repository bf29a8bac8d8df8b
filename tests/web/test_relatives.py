"""Booking for a child or a relative: declared in one's account, chosen while booking, over when it is over."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlmodel import col, select
from werkzeug.test import TestResponse

from toubib import runtime
from toubib.contracts.common import Money, Period
from toubib.contracts.media import ParticipantRole
from toubib.contracts.scheduling import OfferQuery
from toubib.db import database, session, vault
from toubib.db.tables.access import Account
from toubib.db.tables.journey import Encounter
from toubib.db.tables.machinery import NotificationRow
from toubib.db.tables.people import Consent, RelatedPerson
from toubib.seams import clock
from toubib.seams.clock import FixedClock
from toubib.services import people, room, sessions, visits
from toubib.testing.practices import patient_session, practice, practitioner_session
from toubib_booking.seed import consultation, seed

ENGLISH = {"Accept-Language": "en"}
STEPS = ("identity.traits", "consent.remote_care", "room.wait", "room.consult")
CHILD = {
    "identity.family_name": "Testard",
    "identity.given_names": "Lou",
    "identity.birth_date_day": "3",
    "identity.birth_date_month": "4",
    "identity.birth_date_year": "2018",
    "identity.sex": "female",
    "identity.phone": "01 99 00 44 17",
    "relation": "child",
    "proof": "parental_authority",
    "declared": "1",
}
FATHER = {**CHILD, "identity.given_names": "Albin", "identity.birth_date_year": "1941", "relation": "adult", "proof": "written_mandate"}


@dataclass
class Family:
    """Odile at her browser, her own person, and a practitioner whose times are free."""

    app: Flask
    service: str
    odile: str
    token: str
    client: FlaskClient
    doctor: FlaskClient

    def see(self, path: str, status: int = 200, client: FlaskClient | None = None) -> str:
        answer = (client or self.client).get(path, headers=ENGLISH)
        assert answer.status_code == status, f"{path}: {answer.status_code}"
        return answer.text

    def post(self, path: str, status: int = 303, /, **form: str) -> TestResponse:
        token = re.findall(r'name="csrf_token" value="([0-9a-f]+)"', self.see("/verify"))[0]
        answer = self.client.post(path, data={"csrf_token": token, **form}, headers=ENGLISH)
        assert answer.status_code == status, answer.text
        return answer

    def add(self, form: dict[str, str]) -> str:
        """Declare somebody; the new person."""
        self.post("/account/relatives/new", **form)
        with database().reading() as reading:
            query = select(RelatedPerson).where(RelatedPerson.helper_id == self.odile).order_by(col(RelatedPerson.valid_from).desc(), RelatedPerson.id)
            rows = reading.exec(query).all()
            return next(r.person_id for r in rows if people.traits(r.person_id).given_names == form["identity.given_names"])

    def hold(self, place: int = 0) -> str:
        with database().reading():
            window = Period(clock.now(), clock.now() + timedelta(days=7))
            start = runtime.current().scheduler.offers(OfferQuery(self.service, window, 100))[place].period.start
        where = self.post("/hold", 302, service=self.service, start=start.isoformat()).headers["Location"]
        return str(re.findall(r"/visits/([0-9a-f]+)", where)[0])

    def booked_for(self, person_id: str, details: dict[str, str], place: int = 0) -> str:
        encounter = self.hold(place)
        self.post(f"/visits/{encounter}/for", person=person_id)
        self.post(f"/visits/{encounter}/details", 302, **{**details, "consent.remote_care": "1"})
        return encounter

    def sign_in_again(self) -> None:
        """A session ends with the time that the test lets pass."""
        with database().unit_of_work():
            account = session().exec(select(Account).where(Account.person_id == self.odile)).one()
            self.client.set_cookie("tb_session", sessions.begin(account, "test"))


@pytest.fixture
def family(app: Callable[..., Flask], now: FixedClock) -> Family:
    assert now.now().year == 2026
    made = app("booking", "country_fr", use={"scheduler": "booking", "countries": ["FR"]}, journeys={"booked": {"steps": STEPS}}, site={"country": "FR"})
    with database().unit_of_work():
        here = practice(country="FR")
        service = seed(here.role_id, services=[consultation(Money(2500, "EUR"))])[0]
        odile, token = patient_session("Odile")
        strong = practitioner_session(here)
    client, doctor = made.test_client(), made.test_client()
    client.set_cookie("tb_session", token)
    doctor.set_cookie("tb_session", strong)
    return Family(made, service, odile, token, client, doctor)


def mails() -> list[tuple[str, str]]:
    with database().reading() as reading:
        return [(row.template, vault().read(row, "address")) for row in reading.exec(select(NotificationRow).order_by(col(NotificationRow.created_at)))]


@pytest.mark.feature("BOOK-11:a")
def test_a_parent_books_for_a_child_whose_traits_and_record_are_its_own(family: Family) -> None:
    encounter = family.hold()
    page = family.see(f"/visits/{encounter}/details")
    assert "This visit is for <strong>you</strong>." in page
    add = re.findall(r'href="(/account/relatives/new\?next=[^"]+)"', page)[0]
    assert f'name="next" value="/visits/{encounter}/details"' in family.see(add)
    back = family.post("/account/relatives/new", **CHILD, next=f"/visits/{encounter}/details").headers["Location"]
    page = family.see(back)
    child = re.findall(r'name="person" value="([0-9a-f]+)"', page)[0]
    assert "Book for Lou Testard" in page
    family.post(f"/visits/{encounter}/for", person=child)
    page = family.see(back)
    assert "This visit is for <strong>Lou Testard</strong>." in page
    assert "Who the patient is" in page
    assert 'value="2018"' in page, "the child's birth date, not the parent's"
    family.post(f"/visits/{encounter}/details", 302, **{**CHILD, "consent.remote_care": "1"})
    assert mails() == [("appointment_booked", "odile@patient.test")], "the booker gets the mail"
    page = family.see(f"/visits/{encounter}")
    assert "Lou Testard" in page
    assert "for Lou Testard" in family.see("/visits")
    assert "Lou Testard" in family.see("/practice", client=family.doctor)
    with database().reading() as reading:
        row = reading.get_one(Encounter, encounter)
        assert (row.person_id, row.booked_by) == (child, family.odile)
        assert people.traits(family.odile).birth_date is None, "the parent's own traits stay as they were"


@pytest.mark.feature("BOOK-11:b")
def test_for_an_adult_the_authority_is_named_and_holds_a_year(family: Family, now: FixedClock) -> None:
    page = family.post("/account/relatives/new", 422, **{**FATHER, "proof": "parental_authority"}).text
    assert "Choose on what you may act" in page
    assert 'value="Albin"' in page, "what was typed stays"
    assert "Tick the box" in family.post("/account/relatives/new", 422, **{**FATHER, "declared": ""}).text
    father = family.add(FATHER)
    assert "The person signed a written mandate" in family.see("/account/relatives")
    encounter = family.booked_for(father, FATHER)
    assert "Albin Testard" in family.see(f"/visits/{encounter}")
    now.advance(timedelta(days=366))
    family.sign_in_again()
    family.see(f"/visits/{encounter}", 404)
    assert "You act for nobody." in family.see("/account/relatives")
    assert "Albin" not in family.see("/visits")


def test_somebody_of_age_is_no_child_and_a_birthday_ends_it(family: Family, now: FixedClock) -> None:
    grown, nearly = ({**CHILD, "identity.birth_date_year": "2008", "identity.birth_date_month": "3", "identity.birth_date_day": day} for day in "15")
    assert "This person is of age." in family.post("/account/relatives/new", 422, **grown).text
    encounter = family.booked_for(family.add(nearly), nearly)
    family.see(f"/visits/{encounter}")
    now.advance(timedelta(days=2, hours=13))
    family.sign_in_again()
    family.see(f"/visits/{encounter}", 200)
    now.advance(timedelta(hours=1, minutes=1))
    family.see(f"/visits/{encounter}", 404)


def test_nobody_books_for_a_stranger_nor_after_it_ended(family: Family) -> None:
    child = family.add(CHILD)
    with database().unit_of_work():
        stranger, token = patient_session("Otto")
    encounter = family.hold()
    assert "You may not book for this person." in family.post(f"/visits/{encounter}/for", 422, person=stranger).text
    booked = family.booked_for(child, CHILD, 3)
    assert "booked already" in family.post(f"/visits/{booked}/for", 409, person=family.odile).text
    relation = re.findall(r'name="relation" value="([0-9a-f]+)"', family.see("/account/relatives"))[0]
    other = family.app.test_client()
    other.set_cookie("tb_session", token)
    family.see(f"/visits/{booked}", 404, client=other)
    family.post("/account/relatives/end", relation=relation)
    family.see(f"/visits/{booked}", 404)
    assert "You may not book for this person." in family.post(f"/visits/{encounter}/for", 422, person=child).text


def test_who_ends_a_relation_of_others_changes_nothing(family: Family) -> None:
    family.add(CHILD)
    relation = re.findall(r'name="relation" value="([0-9a-f]+)"', family.see("/account/relatives"))[0]
    with database().unit_of_work():
        _otto, token = patient_session("Otto")
    family.client.set_cookie("tb_session", token)
    family.post("/account/relatives/end", relation=relation)
    family.client.set_cookie("tb_session", family.token)
    assert "Lou Testard" in family.see("/account/relatives")


def test_another_persons_answers_are_asked_anew(family: Family) -> None:
    child = family.add(CHILD)
    encounter = family.hold()
    with database().unit_of_work():
        session().add(
            Consent(
                organisation_id=session().get_one(Encounter, encounter).organisation_id,
                person_id=family.odile,
                encounter_id=encounter,
                purpose="consent.remote_care",
                version="old",
                text_hash="",
            )
        )
    family.post(f"/visits/{encounter}/for", person=child)
    with database().reading() as reading:
        assert reading.exec(select(Consent)).one().withdrawn_at is not None


def test_the_record_of_a_child_says_who_read_it(family: Family) -> None:
    child = family.add(CHILD)
    encounter = family.booked_for(child, CHILD)
    family.see(f"/visits/{encounter}")
    page = family.see("/account/access")
    assert "Lou Testard" in page
    page = family.see(f"/account/access?person={child}")
    assert "Visit" in page
    assert "You" in page
    with database().unit_of_work():
        stranger, _token = patient_session("Otto")
    assert "Otto" not in family.see(f"/account/access?person={stranger}"), "a stranger's record is not shown; one's own is"


def test_the_parent_sits_in_the_childs_seat(family: Family, now: FixedClock) -> None:
    child = family.add(CHILD)
    encounter = family.booked_for(child, CHILD, 40)
    with database().reading():
        start = visits.visit(encounter).starts_at
    now.advance(start - now.now() - timedelta(minutes=2))
    family.sign_in_again()
    assert "You are in the waiting room" in family.see(f"/visits/{encounter}/room")
    with database().reading():
        seats = room.present([encounter])[encounter]
    assert [(seat.participant_id, seat.role, seat.name) for seat in seats] == [(f"patient-{child}", ParticipantRole.PATIENT, "Lou Testard")]
