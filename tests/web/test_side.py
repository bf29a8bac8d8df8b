"""At the patient's side: whoever helps to run an agenda joins its visits on the patient's seat, with acts and a bill of their own."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlmodel import select

from toubib.contracts.media import ParticipantRole
from toubib.db import database, session
from toubib.db.tables.access import Account, AuthSession, Delegation
from toubib.db.tables.claims import ClaimItem
from toubib.db.tables.directory import PractitionerRole
from toubib.db.tables.journey import Encounter
from toubib.db.tables.money import Invoice
from toubib.seams.clock import FixedClock
from toubib.services import people, room, sessions, visits
from toubib.testing.booked import Booked, booked, patient_session
from toubib.testing.practices import Practice, practice, practitioner_session

ENGLISH = {"Accept-Language": "en"}
FACTS = {"nir": "269054958815780", "scheme": "general", "treating_doctor": "this", "full_cover": "no", "complementary": "responsible"}


@dataclass
class Ward:
    """A doctor's visits, a nurse of another practice who helps to run the doctor's agenda, and an agenda that she does not run."""

    app: Flask
    visit: Booked
    other: Booked
    hers: Practice
    nurse: FlaskClient
    doctor: FlaskClient
    patient: FlaskClient

    def see(self, client: FlaskClient, path: str, status: int = 200) -> str:
        answer = client.get(path, headers=ENGLISH, follow_redirects=True)
        assert answer.status_code == status, f"{path}: {answer.status_code}"
        return answer.text

    def post(self, client: FlaskClient, path: str, status: int = 303, /, **form: str) -> str:
        token = re.findall(r'name="csrf_token" value="([0-9a-f]+)"', self.see(client, "/verify"))[0]
        answer = client.post(path, data={"csrf_token": token, **form}, headers=ENGLISH)
        assert answer.status_code == status, answer.text
        return answer.headers.get("Location", "")

    def accompany(self, status: int = 303) -> str:
        """The nurse takes her place; her own encounter."""
        return self.post(self.nurse, f"/practice/visits/{self.visit.encounter_id}/accompany", status).rsplit("/", 1)[-1]

    def own(self) -> list[Encounter]:
        with database().reading() as reading:
            return list(reading.exec(select(Encounter).where(Encounter.part_of_id == self.visit.encounter_id)))


@pytest.fixture
def ward(app: Callable[..., Flask], now: FixedClock) -> Ward:
    made = app(
        "country_fr",
        "claims_fr",
        "booking",
        use={"scheduler": "booking", "reimbursement": ["claims_fr"], "countries": ["FR"]},
        journeys={"booked": {"steps": ["room.wait", "room.consult", "close.settle"]}, "accompanied": {"steps": ["close.settle"]}},
        site={"country": "FR"},
    )
    soon = now.now() + timedelta(minutes=5)
    with database().unit_of_work():
        here, elsewhere, hers = (practice(name, country="FR") for name in ("marchal", "other", "diarra"))
        for place, specialty, profession in ((here, "34", "physician"), (hers, "24", "nurse")):
            row = session().get_one(PractitionerRole, place.role_id)
            row.specialty, row.profession = specialty, profession
        visit, other = booked(here, soon, names="Marcel Testelin"), booked(elsewhere, soon, names="Ada Alma")
        for name, value in FACTS.items():
            people.declare_fact(visit.person_id, f"claims_fr.{name}", value)
        tokens = [practitioner_session(hers), practitioner_session(here), patient_session(visit)]
        account = session().exec(select(Account).where(Account.person_id == hers.practitioner_id)).one()
        session().add(Delegation(organisation_id=here.organisation_id, practitioner_role_id=here.role_id, account_id=account.id))
    clients = [made.test_client() for _ in tokens]
    for client, token in zip(clients, tokens, strict=True):
        client.set_cookie("tb_session", token)
    return Ward(made, visit, other, hers, *clients)


def test_a_nurse_joins_on_the_patients_seat_where_she_runs_the_agenda(ward: Ward) -> None:
    encounter = ward.visit.encounter_id
    assert f"/practice/visits/{encounter}/accompany" in ward.see(ward.nurse, "/practice")
    ward.see(ward.nurse, f"/visits/{encounter}/room", 404)
    own = ward.accompany()
    assert "At the side of Marcel Testelin" in ward.see(ward.nurse, f"/practice/side/{own}")
    assert "Dr Marchal" in ward.see(ward.nurse, f"/visits/{encounter}/room")
    with database().reading():
        seats = room.present([encounter])[encounter]
        assert visits.visit(encounter).status == "arrived"
    assert [(seat.participant_id, seat.role) for seat in seats] == [(f"patient-{ward.visit.person_id}", ParticipantRole.PATIENT)]
    assert "Dr Diarra" in ward.see(ward.doctor, f"/practice/visits/{encounter}"), "who else is there is proposed to the doctor"
    ward.see(ward.nurse, f"/visits/{encounter}", 404)
    ward.see(ward.doctor, f"/practice/side/{own}", 404)


def test_nobody_joins_where_they_run_no_agenda(ward: Ward) -> None:
    ward.post(ward.nurse, f"/practice/visits/{ward.other.encounter_id}/accompany", 404)
    ward.see(ward.nurse, f"/visits/{ward.other.encounter_id}/room", 404)
    for stranger in (ward.patient, ward.app.test_client()):
        ward.post(stranger, f"/practice/visits/{ward.visit.encounter_id}/accompany", 404)
    ward.post(ward.doctor, f"/practice/visits/{ward.visit.encounter_id}/accompany", 409)
    assert ward.own() == []


def test_her_acts_claim_and_bill_are_apart_and_pressing_again_changes_nothing(ward: Ward) -> None:
    own = ward.accompany()
    assert ward.accompany() == own
    assert ward.post(ward.nurse, f"/practice/side/{own}/end", acts="TLL", fee="12") == f"/practice/side/{own}"
    ward.post(ward.nurse, f"/practice/side/{own}/end", acts="TLD", fee="99")
    assert ward.accompany() == own
    assert [row.status for row in ward.own()] == ["settled"]
    with database().reading() as reading:
        items = reading.exec(select(ClaimItem)).all()
        assert {(item.encounter_id, item.performer_role_id, item.organisation_id, item.code) for item in items} == {
            (own, ward.hers.role_id, ward.hers.organisation_id, "TLL")
        }
        assert [invoice.organisation_id for invoice in reading.exec(select(Invoice))] == [ward.hers.organisation_id]
        assert visits.visit(ward.visit.encounter_id).status == "planned", "the consultation goes on without her"
    assert "The bill" in ward.see(ward.nurse, f"/practice/side/{own}")


def test_pressing_end_several_times_at_once_ends_it_once(ward: Ward) -> None:
    own, cookie = ward.accompany(), ward.nurse.get_cookie("tb_session")
    assert cookie
    clients = [ward.app.test_client() for _ in range(4)]
    for client in clients:
        client.set_cookie("tb_session", cookie.value)
    with ThreadPoolExecutor(len(clients)) as threads:
        ends = threads.map(lambda client: ward.post(client, f"/practice/side/{own}/end", acts="TLL", fee="12"), clients)
        assert set(ends) == {f"/practice/side/{own}"}
    with database().reading() as reading:
        assert len(reading.exec(select(Invoice)).all()) == 1


def test_the_patients_visits_name_both_and_lead_to_the_consultation(ward: Ward) -> None:
    encounter, own = ward.visit.encounter_id, ward.accompany()
    page = ward.see(ward.patient, "/visits")
    assert "Dr Marchal" in page
    assert "Dr Diarra" in page
    assert f"/visits/{own}" not in page, "her part has no page of its own for the patient"
    for path in (f"/visits/{own}", f"/visits/{own}/room"):
        assert ward.patient.get(path).headers["Location"] == f"/visits/{encounter}"
    assert ward.nurse.get(f"/practice/visits/{own}").headers["Location"] == f"/practice/side/{own}"
    ward.see(ward.doctor, f"/practice/visits/{own}", 404)


def test_nothing_is_joined_or_billed_beside_a_visit_that_is_off(ward: Ward) -> None:
    own = ward.accompany()
    with database().unit_of_work():
        assert visits.cancel(ward.visit.encounter_id, "practitioner") is None
    assert 'name="acts"' not in ward.see(ward.nurse, f"/practice/side/{own}")
    ward.post(ward.nurse, f"/practice/side/{own}/end", acts="TLL", fee="12")
    assert [row.status for row in ward.own()] == ["cancelled"]
    with database().reading() as reading:
        assert reading.exec(select(Invoice)).all() == []
    ward.accompany(409)
    ward.see(ward.patient, "/visits")


def test_with_her_own_part_her_way_into_the_room_ends_also_on_what_is_open(ward: Ward) -> None:
    encounter, own = ward.visit.encounter_id, ward.accompany()
    assert "Ending your part closes the room on this device" in ward.see(ward.nurse, f"/practice/side/{own}")
    ward.see(ward.nurse, f"/visits/{encounter}/room")
    with database().reading() as reading:
        account = reading.exec(select(Account).where(Account.person_id == ward.hers.practitioner_id)).one()
        credential = reading.exec(select(AuthSession.id).where(AuthSession.account_id == account.id)).one()
        assert sessions.still_may(credential, "encounter.join", encounter), "as a socket asks before each message"
    ward.post(ward.nurse, f"/practice/side/{own}/end", acts="TLL", fee="12")
    ward.see(ward.nurse, f"/visits/{encounter}/room", 404)
    with database().reading():
        assert not sessions.still_may(credential, "encounter.join", encounter)
    assert ward.accompany() == own, "pressing again leads to what she did"
    ward.see(ward.nurse, f"/visits/{encounter}/room", 404)
    page = ward.see(ward.nurse, f"/practice/side/{own}")
    assert ("The bill" in page, "Open the waiting room here" in page) == (True, False)
    assert "Dr Diarra" not in ward.see(ward.doctor, f"/practice/visits/{encounter}"), "she is no longer beside the patient"
    ward.see(ward.patient, f"/visits/{encounter}/room")
