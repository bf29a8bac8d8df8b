"""The practitioner's day over HTTP: the list, one consultation to its end, the prescription, and who may not."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlmodel import col, select
from werkzeug.test import TestResponse

from toubib import runtime
from toubib.contracts.common import Message
from toubib.contracts.identity import SYSTEM
from toubib.contracts.web import SlotItem, WebPart
from toubib.db import database, session
from toubib.db.tables.journey import Admission, Encounter
from toubib.db.tables.machinery import AuditEvent
from toubib.db.tables.money import MoneyDue
from toubib.db.tables.prescriptions import Prescription
from toubib.seams.clock import FixedClock
from toubib.services import care, checkout, prescriptions, room
from toubib.testing.booked import Booked, booked, patient_session
from toubib.testing.practices import Practice, practice, practitioner_session

ENGLISH = {"Accept-Language": "en"}
PLUGINS = ("booking", "video_webrtc", "payment_manual", "country_fr", "claims_fr", "drugs_fr", "eprescription_email")
USE = {
    "scheduler": "booking",
    "media": ["video_webrtc"],
    "payment": ["payment_manual"],
    "reimbursement": ["claims_fr"],
    "carrier": "eprescription_email",
    "drugs": "drugs_fr",
    "countries": ["FR"],
}
LINE = {"identity_checked": "1", "country": "FR", "place": "3 rue des Lilas, Testville", "phone": "01 99 00 00 01", "others_present": "her sister"}


@dataclass
class Day:
    """One practice, a visit of 10:20 in Paris, and browsers around it."""

    app: Flask
    practice: Practice
    visit: Booked
    clock: FixedClock

    def browser(self, token: str) -> FlaskClient:
        client = self.app.test_client()
        client.set_cookie("tb_session", token)
        return client

    def doctor(self) -> FlaskClient:
        with database().unit_of_work():
            return self.browser(practitioner_session(self.practice))

    def path(self, rest: str = "") -> str:
        return f"/practice/visits/{self.visit.encounter_id}{rest}"

    def arrive(self, encounter_id: str = "") -> None:
        with database().unit_of_work(SYSTEM):
            assert care.arrive(encounter_id or self.visit.encounter_id) is None

    def speak(self) -> None:
        """Picture and sound run, as the media backend would report."""
        with database().unit_of_work(SYSTEM):
            room.segment_started(room.media_session(self.visit.encounter_id), "video")

    def encounter(self) -> Encounter:
        with database().reading() as reading:
            return reading.get_one(Encounter, self.visit.encounter_id)


@pytest.fixture
def day(app: Callable[..., Flask], now: FixedClock) -> Day:
    journeys = {"booked": {"steps": ["coverage.estimate", "room.wait", "room.consult", "close.settle"]}}
    made = app(*PLUGINS, use=USE, journeys=journeys, site={"country": "FR", "telephone": "01 99 00 12 34"})
    runtime.current().registry.demo["drugs_fr"].seed([])
    with database().unit_of_work():
        here = practice(country="FR")
        visit = booked(here, now.now() + timedelta(minutes=20))
    with database().unit_of_work(SYSTEM):
        assert checkout.accept(visit.encounter_id, checkout.shown_now(visit.encounter_id)) is None
    return Day(made, here, visit, now)


@pytest.fixture
def doctor(day: Day) -> FlaskClient:
    return day.doctor()


def get(client: FlaskClient, path: str, status: int = 200) -> str:
    response = client.get(path, headers=ENGLISH)
    assert response.status_code == status, response.text
    return response.text


def post(client: FlaskClient, path: str, status: int = 303, headers: dict[str, str] | None = None, /, **fields: str) -> TestResponse:
    token = re.search(r'name="csrf_token" value="([0-9a-f]+)"', client.get("/", headers=ENGLISH).text)
    assert token
    response = client.post(path, data={"csrf_token": token[1], **fields}, headers={**ENGLISH, **(headers or {})})
    assert response.status_code == status, response.text
    return response


def admitted(day: Day, client: FlaskClient) -> None:
    day.arrive()
    post(client, day.path("/admit"), **LINE)
    day.speak()


def lines(**more: str) -> dict[str, str]:
    """One complete line of free text, as the editor posts it."""
    return {"lines-0-drug": "Saline drops", "lines-0-dose": "2 drops", "lines-0-when": "evening", "lines-0-duration": "5 days", **more}


def signed(day: Day, client: FlaskClient) -> None:
    post(client, day.path("/prescription"), **lines(sign="1"))
    post(client, day.path("/prescription/sign"), **seen(day, client))


def seen(day: Day, client: FlaskClient) -> dict[str, str]:
    found = re.search(r'name="seen" value="([0-9a-f]+)"', get(client, day.path("/prescription/sign")))
    assert found
    return {"seen": found[1]}


@pytest.mark.feature("ROOM-02:a")
def test_who_waits_stands_first_in_the_days_list(day: Day, doctor: FlaskClient) -> None:
    with database().unit_of_work():
        later = booked(day.practice, day.clock.now() + timedelta(minutes=60), names="Zoe Later")
    page = get(doctor, "/practice")
    assert page.index("Ada Test") < page.index("Zoe Later")
    assert "Nobody waits." in page
    day.arrive(later.encounter_id)
    day.clock.advance(timedelta(minutes=7))
    page = get(doctor, "/practice")
    table = page[page.index("<table") :]
    assert table.index("Zoe Later") < table.index("Ada Test")
    assert "1 person waits: Zoe Later." in page
    assert "7 min" in table


@pytest.mark.feature("REC-05:a")
def test_asking_again_reads_no_names_while_nothing_changed(day: Day, doctor: FlaskClient) -> None:
    def reads() -> int:
        with database().reading() as reading:
            return len(reading.exec(select(AuditEvent).where(AuditEvent.action == "read", AuditEvent.object_kind == "appointment")).all())

    page = get(doctor, "/practice")
    again = re.search(r'data-tb-refresh="([^"]+)"', page)
    assert again
    assert reads() == 1
    assert doctor.get(again[1]).status_code == 204
    assert reads() == 1
    day.arrive()
    assert "Ada Test" in get(doctor, again[1])
    assert reads() == 2


def test_an_empty_day_says_so(day: Day) -> None:
    with database().unit_of_work():
        client = day.browser(practitioner_session(practice("other")))
    assert "Nobody is expected today." in get(client, "/practice")


@pytest.mark.parametrize("rest", ["", "/prescription", "/prescription/sign", "/unsuitable", "/presence"])
def test_nobody_else_opens_a_consultation(day: Day, rest: str) -> None:
    with database().unit_of_work():
        patient = day.browser(patient_session(day.visit))
        colleague = day.browser(practitioner_session(practice("other")))
    get(patient, day.path(rest), 404)
    get(colleague, day.path(rest), 404)
    assert day.app.test_client().get(day.path(rest)).status_code == 302


def test_the_page_changes_by_itself_when_the_patient_comes(day: Day, doctor: FlaskClient) -> None:
    page = get(doctor, day.path())
    assert "not in the waiting room yet" in page
    again = re.search(r'data-tb-refresh="([^"]+)"', page)
    assert again
    assert 'id="presence"' in get(doctor, again[1])
    day.arrive()
    assert 'id="presence"' not in get(doctor, again[1])
    assert "Let Ada Test in" in get(doctor, day.path())


@pytest.mark.feature("ROOM-18:a", "ROOM-18:b", "ROOM-18:c", "ROOM-18:d")
def test_letting_in_asks_and_records_one_line(day: Day, doctor: FlaskClient) -> None:
    day.arrive()
    assert 'value="01 99 00 00 01"' in get(doctor, day.path()), "the number is known and stands there already"
    page = post(doctor, day.path("/admit"), 422, **{**LINE, "place": ""}).text
    assert "an ambulance would be sent there" in page
    assert "her sister" in page, "what was typed is kept"
    assert day.encounter().status == "arrived"
    post(doctor, day.path("/admit"), **LINE)
    assert day.encounter().status == "in-progress"
    with database().reading():
        assert care.admission_line(day.visit.encounter_id) == care.AdmissionLine(True, "FR", LINE["place"], LINE["phone"], LINE["others_present"])


@pytest.mark.feature("ROOM-18:e")
def test_the_place_and_its_emergency_number_stay_on_screen(day: Day, doctor: FlaskClient) -> None:
    admitted(day, doctor)
    page = get(doctor, day.path())
    bar = page[page.index("tb-place-bar") :][:900]
    assert LINE["place"] in bar
    assert "Emergency there: 15" in bar
    assert LINE["phone"] in bar
    post(doctor, day.path("/line"), **{**LINE, "place": "A train near Lyon"})
    assert "A train near Lyon" in get(doctor, day.path())
    post(doctor, day.path("/line"), 422, **{**LINE, "phone": ""})


def test_after_the_end_the_line_stays_as_it_was(day: Day, doctor: FlaskClient) -> None:
    admitted(day, doctor)
    with database().unit_of_work():
        assert care.end(day.visit.encounter_id) is None
    assert "only while the consultation runs" in post(doctor, day.path("/line"), 409, **{**LINE, "place": "Elsewhere"}).text
    with database().reading():
        line = care.admission_line(day.visit.encounter_id)
        assert line
        assert line.place == LINE["place"]


def test_nobody_is_let_in_who_is_not_there(day: Day, doctor: FlaskClient) -> None:
    assert "not in the waiting room yet" in post(doctor, day.path("/admit"), 409, **LINE).text


@pytest.mark.feature("ROOM-17:a", "RX-11:a")
def test_notes_stay_with_the_practitioner(day: Day, doctor: FlaskClient) -> None:
    admitted(day, doctor)
    assert "data-tb-autosave" in get(doctor, day.path())
    post(doctor, day.path("/note"), note="Cough, <b>no fever</b>.")
    assert "Cough, &lt;b&gt;no fever&lt;/b&gt;." in get(doctor, day.path())
    with database().unit_of_work():
        patient = day.browser(patient_session(day.visit))
    for path in (f"/visits/{day.visit.encounter_id}", f"/visits/{day.visit.encounter_id}/room", "/visits"):
        assert "no fever" not in get(patient, path)


@pytest.mark.feature("RX-01:b", "RX-14:b")
def test_a_drug_is_found_and_added_beside_the_files_date(day: Day, doctor: FlaskClient) -> None:
    admitted(day, doctor)
    page = post(doctor, day.path("/prescription"), 200, drug="paracetamol", search="1").text
    published = runtime.current().registry.drugs["drugs_fr"].published_on()
    assert published
    assert f"{published.year}" in page[page.index('id="f-drug-hint"') :][:300]
    code = re.search(r'name="add" value="(\d+)"', page)
    assert code
    page = post(doctor, day.path("/prescription"), 200, drug="paracetamol", add=code[1], **lines()).text
    assert f'name="lines-1-code" value="{code[1]}"' in page
    assert "2 drops" in page, "what was typed in other lines is kept"


@pytest.mark.feature("RX-14:c")
def test_a_line_of_free_text_is_marked(day: Day, doctor: FlaskClient) -> None:
    admitted(day, doctor)
    page = post(doctor, day.path("/prescription"), 200, drug="Saline drops", free="1").text
    assert "free text, not checked against the drug database" in page
    assert 'value="Saline drops"' in page


def test_a_forged_name_of_a_coded_drug_is_replaced_by_the_files_own(day: Day, doctor: FlaskClient) -> None:
    admitted(day, doctor)
    drug = runtime.current().registry.drugs["drugs_fr"].search("paracetamol", 1)[0]
    page = post(doctor, day.path("/prescription"), 200, **lines(**{"lines-0-code": drug.code, "lines-0-drug": "Something else"})).text
    assert drug.name in page
    assert "Something else" not in page


@pytest.mark.feature("RX-01:a")
def test_a_missing_dose_is_named_and_nothing_is_lost(day: Day, doctor: FlaskClient) -> None:
    admitted(day, doctor)
    typed = lines(**{"lines-0-dose": "", "sign": "1"})
    page = post(doctor, day.path("/prescription"), 422, **typed).text
    assert 'href="#f-lines-0-dose"' in page
    assert "Write the dose" in page
    assert 'value="evening"' in page
    assert post(doctor, day.path("/prescription"), 200, {"HX-Request": "true"}, **typed).status_code == 200, "htmx shows no answer of another status"
    assert "no line yet" in post(doctor, day.path("/prescription"), 422, sign="1").text


@pytest.mark.parametrize(("typed", "reads"), [("5", "for 5 days"), ("1 day", "for 1 day"), ("2 weeks", "for 14 days"), ("2 boxes", "quantity: 2 boxes")])
def test_the_duration_is_understood_as_it_is_typed(day: Day, doctor: FlaskClient, typed: str, reads: str) -> None:
    admitted(day, doctor)
    assert f"2 drops, evening{',' if reads.startswith('for') else ';'} {reads}" in post(
        doctor, day.path("/prescription"), 200, **lines(**{"lines-0-duration": typed})
    ).text


def test_who_has_not_spoken_with_the_patient_does_not_prescribe(day: Day, doctor: FlaskClient) -> None:
    day.arrive()
    post(doctor, day.path("/admit"), **LINE)
    page = post(doctor, day.path("/prescription"), 409, **lines(sign="1")).text
    assert "The call is connecting" in page
    assert "Saline drops" in page, "the lines are kept"
    assert "You have not spoken with the patient." in post(doctor, day.path("/prescription/sign"), 409, **seen(day, doctor)).text
    day.speak()
    post(doctor, day.path("/prescription"), **lines(sign="1"))


@pytest.mark.feature("RX-01:a")
def test_signing_repeats_everything_and_signs_what_was_read(day: Day, doctor: FlaskClient) -> None:
    admitted(day, doctor)
    post(doctor, day.path("/prescription"), **lines(sign="1"))
    page = get(doctor, day.path("/prescription/sign"))
    for words in ("Saline drops", "2 drops, evening, for 5 days", "Ada Test", "May 1, 1980", "Dr Praxis", "Sign the prescription"):
        assert words in page
    read = seen(day, doctor)
    post(doctor, day.path("/prescription"), 200, **lines(**{"lines-0-dose": "9 drops"}))
    assert "The lines changed since you read them" in post(doctor, day.path("/prescription/sign"), 409, **read).text
    post(doctor, day.path("/prescription/sign"), **seen(day, doctor))
    page = get(doctor, day.path("/prescription"))
    assert "Signed" in page
    with database().reading() as reading:
        row = reading.exec(select(Prescription)).one()
        assert (row.status, f"/documents/{row.document_id}" in page) == ("issued", True)
        assert prescriptions.issued(row.id).lines[0].dose == "9 drops"


@pytest.mark.feature("EASE-02:a")
def test_what_was_signed_before_is_a_favourite_and_five_presses_close_a_consultation(day: Day, doctor: FlaskClient) -> None:
    admitted(day, doctor)
    signed(day, doctor)
    post(doctor, day.path("/end"), fee="25.00")
    with database().unit_of_work():
        again = booked(day.practice, day.clock.now() + timedelta(hours=2), names="Zoe Later")
        third = booked(day.practice, day.clock.now() + timedelta(hours=3), names="Ida Last")
    day.visit = again
    admitted(day, doctor)
    day.arrive(third.encounter_id)
    favourite = re.search(r'name="favourite" value="([0-9a-f]+)"', get(doctor, day.path()))
    assert favourite
    page = post(doctor, day.path("/prescription"), 200, favourite=favourite[1]).text
    assert "2 drops, evening, for 5 days" in page
    post(doctor, day.path("/prescription"), **lines(sign="1"))
    post(doctor, day.path("/prescription/sign"), **seen(day, doctor))
    fee = re.search(r'name="fee"[^>]* value="([^"]+)"', get(doctor, day.path()))
    assert fee, "the usual fee stands there"
    post(doctor, day.path("/end"), fee=fee[1])
    assert "Go on to Ida Last" in get(doctor, day.path())


def test_a_carrier_that_fails_leaves_the_prescription_signed_for_the_job(day: Day, doctor: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    admitted(day, doctor)
    carrier = runtime.current().registry.carriers["eprescription_email"]

    def fail(*_: object) -> None:
        raise OSError("no ink")

    monkeypatch.setattr(type(carrier), "render", fail)
    signed(day, doctor)
    assert "Its document is being made." in get(doctor, day.path("/prescription"))


def test_ending_makes_note_acts_and_bill_at_once(day: Day, doctor: FlaskClient) -> None:
    admitted(day, doctor)
    signed(day, doctor)
    assert 'name="fee"' in get(doctor, day.path())
    post(doctor, day.path("/end"), note="Better soon.", fee="20.00")
    assert day.encounter().status == "settled"
    page = get(doctor, day.path())
    assert "€20.00" in page
    assert "Better soon." in page
    with database().reading() as reading:
        assert reading.exec(select(MoneyDue)).one().amount_minor == 2000
    post(doctor, day.path("/end"), fee="25.00")
    with database().reading() as reading:
        assert reading.exec(select(MoneyDue)).one().amount_minor == 2000, "ending twice changes nothing"


@pytest.mark.parametrize(
    ("fee", "says"),
    [("25.01", "at most €25.00"), ("a lot", "Write the fee as an amount"), ("", "Write the fee as an amount"), ("-5", "Write the fee as an amount")],
)
def test_a_fee_that_cannot_be_is_refused_and_the_room_stays_open(day: Day, doctor: FlaskClient, fee: str, says: str) -> None:
    admitted(day, doctor)
    page = post(doctor, day.path("/end"), 409, note="Kept.", fee=fee).text
    assert says in page
    assert "Kept." in page
    assert day.encounter().status == "in-progress"


def test_an_unsigned_prescription_is_not_forgotten_at_the_end(day: Day, doctor: FlaskClient) -> None:
    admitted(day, doctor)
    post(doctor, day.path("/prescription"), 200, **lines())
    assert "written and not signed" in post(doctor, day.path("/end"), 409, fee="25.00").text
    post(doctor, day.path("/prescription"), 200, **lines(remove="0"))
    post(doctor, day.path("/end"), fee="25.00")
    assert day.encounter().status == "settled"


def test_the_end_leads_to_the_next_patient(day: Day, doctor: FlaskClient) -> None:
    admitted(day, doctor)
    with database().unit_of_work():
        following = booked(day.practice, day.clock.now() + timedelta(minutes=60), names="Zoe Later")
        expected = booked(day.practice, day.clock.now() + timedelta(minutes=90), names="Kim Absent")
    day.arrive(following.encounter_id)
    post(doctor, day.path("/end"), fee="25.00")
    page = get(doctor, day.path())
    assert "Go on to Zoe Later" in page
    assert f"/practice/visits/{following.encounter_id}" in page
    with database().reading() as reading:
        read = set(reading.exec(select(AuditEvent.person_id).where(AuditEvent.action == "read")))
    assert following.person_id in read
    assert expected.person_id not in read, "whose name stands nowhere is not said to be read"


@pytest.mark.feature("ROOM-19:b")
def test_video_that_does_not_suit_ends_without_a_fee(day: Day, doctor: FlaskClient) -> None:
    admitted(day, doctor)
    assert "ends without a fee" in get(doctor, day.path("/unsuitable"))
    post(doctor, day.path("/unsuitable"))
    page = get(doctor, day.path())
    assert "Nothing is charged" in page
    assert "Times at the practice to offer instead" in page
    with database().reading() as reading:
        assert (reading.exec(select(MoneyDue)).one().status, reading.exec(select(Admission)).one().suitable) == ("cancelled", False)
    assert day.encounter().status == "cancelled"
    post(doctor, day.path("/unsuitable"), 409)
    with database().unit_of_work():
        patient = day.browser(patient_session(day.visit))
    assert "Choose a time at the practice" in get(patient, f"/visits/{day.visit.encounter_id}")


def test_a_cancelled_visit_gives_back_what_was_held(day: Day) -> None:
    with database().unit_of_work():
        patient = day.browser(patient_session(day.visit))
    post(patient, f"/visits/{day.visit.encounter_id}/cancel", 302)
    with database().reading() as reading:
        assert reading.exec(select(MoneyDue)).one().status == "cancelled"


def test_past_visits_stand_beside_the_next_one(day: Day, doctor: FlaskClient) -> None:
    admitted(day, doctor)
    post(doctor, day.path("/end"), fee="25.00")
    with database().unit_of_work() as writing:
        again = booked(day.practice, day.clock.now() + timedelta(hours=2))
        writing.get_one(Encounter, again.encounter_id).person_id = day.visit.person_id
    page = get(doctor, f"/practice/visits/{again.encounter_id}")
    assert "Past visits (1)" in page
    assert day.path() in page


@pytest.mark.feature("REC-05:a")
def test_every_reading_of_a_record_is_in_the_trail(day: Day, doctor: FlaskClient) -> None:
    admitted(day, doctor)
    signed(day, doctor)
    post(doctor, day.path("/note"), note="Seen.")
    get(doctor, day.path())
    with database().reading() as reading:
        kinds = set(reading.exec(select(AuditEvent.object_kind).where(AuditEvent.action == "read", AuditEvent.person_id == day.visit.person_id)))
        wrote = set(reading.exec(select(AuditEvent.action).where(col(AuditEvent.person_id) == day.visit.person_id)))
    assert {"encounter", "person", "note", "chat"} <= kinds
    assert {"arrive", "admit", "note", "issue_prescription"} <= wrote


def test_a_visit_at_the_practice_needs_no_camera(day: Day, doctor: FlaskClient) -> None:
    with database().unit_of_work():
        here = booked(day.practice, day.clock.now() + timedelta(minutes=90), modality="in_person", names="Zoe Later")
    path = f"/practice/visits/{here.encounter_id}"
    assert "Zoe Later is here" in get(doctor, path)
    post(doctor, f"{path}/arrive")
    assert "Begin with Zoe Later" in get(doctor, path)
    post(doctor, f"{path}/admit", country="FR", identity_checked="1")
    page = get(doctor, path)
    assert "call-remote" not in page
    assert "End the consultation" in page
    post(doctor, f"{path}/end", fee="25.00", acts="G")
    with database().reading():
        assert session().get_one(Encounter, here.encounter_id).status == "settled"


def test_plugins_speak_in_their_places(day: Day, doctor: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    class Line:
        """Says one thing of every encounter."""

        def __init__(self, slot: str, words: str) -> None:
            self.slot, self.words = slot, words

        def items(self, ids: Sequence[str]) -> dict[str, list[SlotItem]]:
            return {one: [SlotItem(Message("toubib", self.words))] for one in ids}

    part = WebPart(slots=(Line("worklist.badges", "A badge"), Line("encounter.side", "A line beside")))
    monkeypatch.setitem(runtime.current().registry.web, "payment_manual", part)
    assert "A badge" in get(doctor, "/practice")
    assert "A line beside" in get(doctor, day.path())
    admitted(day, doctor)
    assert "A line beside" in get(doctor, day.path())
