"""The practitioner's pages over HTTP: openings, exceptions, visit reasons, agenda, moving and cancelling."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlmodel import select
from werkzeug.test import TestResponse

from toubib.contracts.common import Money, Period
from toubib.contracts.scheduling import Hold, Modality, OfferQuery
from toubib.db import database, session
from toubib.db.tables.agenda import Appointment
from toubib.db.tables.journey import Encounter
from toubib.db.tables.machinery import AuditEvent
from toubib.seams import clock
from toubib.seams.clock import FixedClock
from toubib.services import agenda, people
from toubib.services.people import Traits
from toubib.testing.practices import Practice, practice, practitioner_session
from toubib_booking import editing
from toubib_booking.models import BreakRow, ExceptionRow, OpeningRow, ScheduleRow, ServiceRow
from toubib_booking.seed import consultation, seed
from toubib_booking.web.shared import own_scheduler

PRICE = Money(2500, "EUR")


@dataclass
class Desk:
    """A practitioner at their pages."""

    client: FlaskClient
    practice: Practice

    def get(self, path: str) -> str:
        """A page of this agenda."""
        response = self.client.get(f"/booking/roles/{self.practice.role_id}/{path}", headers={"Accept-Language": "en"})
        assert response.status_code == 200, response.text
        return response.text

    def post(self, path: str, page: str, **form: object) -> TestResponse:
        """A form of a page of this agenda, with the page's own token."""
        return self.client.post(path, data={"csrf_token": token(self.get(page)), **form}, headers={"Accept-Language": "en"}, follow_redirects=True)

    def send(self, path: str, page: str, **form: object) -> TestResponse:
        """Like `post`, below this agenda."""
        return self.post(f"/booking/roles/{self.practice.role_id}/{path}", page, **form)


def token(page: str) -> str:
    found = re.search(r'name="csrf_token" value="([0-9a-f]+)"', page)
    assert found
    return found[1]


@pytest.fixture
def desk(app: Callable[..., Flask], browse: Callable[[Flask], FlaskClient], now: FixedClock) -> Desk:
    assert now.now().tzinfo
    client = browse(app("booking", use={"scheduler": "booking"}))
    with database().unit_of_work():
        made = practice(zone="Europe/Paris")
        client.set_cookie("tb_session", practitioner_session(made))
    return Desk(client, made)


def _book(role_id: str, service: str, number: int = 0) -> tuple[str, datetime]:
    """A booked appointment of Ada Test; gives back its id and its start."""
    scheduler = own_scheduler()
    start = scheduler.offers(OfferQuery(service, Period(clock.now(), clock.now() + timedelta(days=9))))[number].period.start
    held = scheduler.hold(service, start, clock.now() + timedelta(minutes=5))
    assert isinstance(held, Hold)
    agenda.take(held.occupancy_id)
    person = people.newcomer()
    people.set_traits(person.id, Traits("Test", "Ada"))
    organisation = held.offer.service.organisation_id
    encounter = Encounter(organisation_id=organisation, journey="booked", locale="fr", person_id=person.id, practitioner_role_id=role_id)
    session().add(encounter)
    session().flush()
    row = Appointment(
        organisation_id=organisation,
        encounter_id=encounter.id,
        practitioner_role_id=role_id,
        occupancy_id=held.occupancy_id,
        scheduler="booking",
        service_id=service,
        service_name="Consultation by video",
        starts_at=start,
        ends_at=held.offer.period.end,
        zone="Europe/Paris",
        wall_intent="",
        modality="video",
        price_minor=2500,
        currency="EUR",
    )
    session().add(row)
    session().flush()
    row.status = "booked"
    session().flush()
    return row.id, start


def test_openings_and_breaks_are_added_shown_and_removed(desk: Desk) -> None:
    assert "nobody can book" in desk.get("hours")
    form = {"weekday": "0", "start": "09:00", "end": "12:30", "modalities": ["video", "in_person"], "every": "20"}
    added = desk.send("hours/openings", "hours", **form)
    assert "09:00 – 12:30" in added.text
    assert "It counts from now on" in added.text
    assert "10:30 – 10:45" in desk.send("hours/breaks", "hours", break_weekday="0", break_start="10:30", break_end="10:45").text
    with database().unit_of_work():
        opening = editing.of_role(OpeningRow, desk.practice.role_id)[0]
        pause = editing.of_role(BreakRow, desk.practice.role_id)[0]
    assert (opening.start_minute, opening.end_minute, opening.modalities, opening.every) == (540, 750, ["video", "in_person"], 20)
    assert desk.send(f"hours/break/{pause.id}/remove", "hours").status_code == 200
    assert "nobody can book" in desk.send(f"hours/opening/{opening.id}/remove", "hours").text
    assert "had been removed already" in desk.send(f"hours/opening/{opening.id}/remove", "hours").text


@pytest.mark.parametrize(("wrong", "sentence"), [
    ({"end": "08:00"}, "The end must be after the beginning."),
    ({"start": "9:07"}, "Times go by five minutes"),
    ({"start": "soon"}, "Please enter a time such as 09:30."),
    ({"modalities": []}, "Please choose at least one way to meet."),
    ({"valid_from": "2026-02-30"}, "This date does not exist."),
    ({"valid_from": "2026-05-01", "valid_to": "2026-04-01"}, "The last day must not be before the first."),
    ({"weekday": "9"}, "whole number from 0 to 6"),
    ({"start": "08:00", "end": "09:05"}, "These hours overlap 09:00 – 12:00."),
])  # fmt: skip
def test_a_wrong_opening_is_explained_and_what_was_typed_is_kept(desk: Desk, wrong: dict[str, object], sentence: str) -> None:
    good = {"weekday": "0", "start": "09:00", "end": "12:00", "modalities": ["video"], "every": "15"}
    desk.send("hours/openings", "hours", **good)
    response = desk.send("hours/openings", "hours", **{**good, "start": "13:00", "end": "14:00", **wrong})
    assert response.status_code == 422
    assert sentence in response.text
    for value in wrong.values():
        assert not isinstance(value, str) or value == "9" or f'value="{value}"' in response.text
    with database().reading():
        assert len(editing.of_role(OpeningRow, desk.practice.role_id)) == 1


def test_absences_and_extra_openings_are_added_shown_and_removed(desk: Desk) -> None:
    with database().unit_of_work():
        service = seed(desk.practice.role_id, services=[consultation(PRICE)])[0]
        _, start = _book(desk.practice.role_id, service)
    page = desk.send("exceptions/absences", "exceptions", away_from="2026-03-02", away_to="2026-03-03").text
    assert "Absence" in page
    assert "1: move or cancel them in the agenda" in page
    extra = {"day": "2026-03-08", "start": "10:00", "end": "00:00", "modalities": ["video"], "every": "30"}
    assert "Extra opening: Video" in desk.send("exceptions/extras", "exceptions", **extra).text
    with database().unit_of_work():
        rows = {row.kind: row for row in editing.of_role(ExceptionRow, desk.practice.role_id)}
    assert rows["absence"].ends_at - rows["absence"].starts_at == timedelta(days=2)
    assert rows["extra"].ends_at - rows["extra"].starts_at == timedelta(hours=14)
    assert "Absent" in desk.get(f"agenda?view=week&day={start.date()}")
    for row in rows.values():
        desk.send(f"exceptions/{row.id}/remove", "exceptions")
    assert "None to come." in desk.get("exceptions")


def test_a_wrong_absence_or_extra_opening_is_explained(desk: Desk) -> None:
    backwards = desk.send("exceptions/absences", "exceptions", away_from="2026-03-09", away_to="2026-03-08")
    assert (backwards.status_code, "The end must be after the beginning." in backwards.text) == (422, True)
    empty = desk.send("exceptions/absences", "exceptions", away_from="", away_to="2026-03-08")
    assert "Please enter a date." in empty.text
    past = desk.send("exceptions/extras", "exceptions", day="2026-01-05", start="09:00", end="10:00", modalities="video", every="15")
    assert "This time has passed." in past.text


SERVICE = {
    "name_fr": "Suivi",
    "name_en": "Follow-up",
    "minutes": "25",
    "modality": "video",
    "price": "31,50",
    "act_codes": "g mcg",
    "notice": "90",
    "horizon": "45",
    "buffer_before": "0",
    "buffer_after": "5",
    "cancel_hours": "6",
    "no_show_fee": "",
    "position": "2",
    "new_patients": "1",
    "known_patients": "1",
    "active": "1",
}


def test_a_visit_reason_is_added_and_changed(desk: Desk) -> None:
    assert "nobody can book" in desk.get("services")
    assert "Follow-up" in desk.send("services/new", "services/new", **SERVICE).text
    with database().unit_of_work():
        row = editing.of_role(ServiceRow, desk.practice.role_id)[0]
    assert row.name == {"fr": "Suivi", "en": "Follow-up"}
    assert (row.minutes, row.price_minor, row.currency, row.act_codes) == (25, 3150, "EUR", ["G", "MCG"])
    assert (row.notice_minutes, row.horizon_days, row.buffer_after, row.cancel_until_minutes, row.no_show_fee_minor) == (90, 45, 5, 360, None)
    path = f"services/{row.id}"
    assert 'value="31.50"' in desk.get(path)
    closed = {key: value for key, value in SERVICE.items() if key != "active"}
    assert "closed" in desk.send(path, path, **{**closed, "no_show_fee": "15.00"}).text
    with database().unit_of_work():
        row = editing.of_role(ServiceRow, desk.practice.role_id)[0]
    assert (row.active, row.no_show_fee_minor) == (False, 1500)


@pytest.mark.parametrize(("field", "value", "sentence"), [
    ("minutes", "23", "Please enter a multiple of 5."),
    ("minutes", "", "whole number from 5 to 720"),
    ("price", "cheap", "Please enter an amount such as 25.00."),
    ("price", "1.234", "Please enter an amount such as 25.00."),
    ("modality", "pigeon", "Please choose one of the entries."),
    ("act_codes", "G;DROP", "Codes are letters and digits"),
    ("horizon", "0", "whole number from 1 to 730"),
])  # fmt: skip
def test_a_wrong_visit_reason_is_explained(desk: Desk, field: str, value: str, sentence: str) -> None:
    response = desk.send("services/new", "services/new", **{**SERVICE, field: value})
    assert response.status_code == 422
    assert sentence in response.text
    assert 'value="Follow-up"' in response.text


def test_a_visit_reason_needs_a_name(desk: Desk) -> None:
    assert "give the reason a name" in desk.send("services/new", "services/new", **{**SERVICE, "name_fr": " ", "name_en": ""}).text


@pytest.mark.feature("BOOK-21:b")
def test_the_agenda_shows_day_week_and_list(desk: Desk) -> None:
    with database().unit_of_work():
        services = [consultation(PRICE), consultation(PRICE, modality=Modality.IN_PERSON)]
        video, _ = seed(desk.practice.role_id, services=services)
        appointment, start = _book(desk.practice.role_id, video, 3)
    for view in ("day", "week", "list"):
        page = desk.get(f"agenda?view={view}&day={start.date()}")
        assert "Ada Test" in page
        assert f"/booking/appointments/{appointment}" in page
        assert "Consultation by video" in page
    assert "<caption>Agenda of Monday" in desk.get("agenda")
    assert "Now:" in desk.get("agenda")
    assert "Break" in desk.get("agenda")
    assert "Ada Test" not in desk.get("agenda?day=2026-03-04")
    assert "No appointment in these days." in desk.get("agenda?view=list&day=2026-04-04")
    assert desk.get("agenda?day=nonsense&view=nonsense")
    opened = re.search(r'href="(/practice/visits/[0-9a-f]+)">Ada Test', desk.get(f"agenda?day={start.date()}"))
    assert opened
    assert desk.client.get(opened[1]).status_code == 200


def test_the_agenda_shows_a_public_holiday_instead_of_the_usual_hours(
    app: Callable[..., Flask], browse: Callable[[Flask], FlaskClient], now: FixedClock
) -> None:
    assert now.now().tzinfo
    client = browse(app("booking", "country_fr", use={"scheduler": "booking"}, site={"country": "FR"}))
    with database().unit_of_work():
        made = practice(zone="Europe/Paris")
        client.set_cookie("tb_session", practitioner_session(made))
        seed(made.role_id, services=[consultation(PRICE)])
        schedule = editing.open_schedule(made.role_id)
        schedule.country = "FR"
    desk = Desk(client, made)
    easter = desk.get("agenda?day=2026-04-06")
    assert "Easter Monday" in easter
    assert "Open:" not in easter
    assert "Open:" in desk.get("agenda?day=2026-04-07")
    with database().unit_of_work() as work:
        work.get_one(ScheduleRow, schedule.id).open_on_holidays = True
    assert "Open:" in desk.get("agenda?day=2026-04-06")


def test_reading_the_agenda_is_in_the_audit(desk: Desk) -> None:
    with database().unit_of_work():
        appointment, _ = _book(desk.practice.role_id, seed(desk.practice.role_id, services=[consultation(PRICE)])[0])
    desk.get("agenda")
    with database().reading() as reading:
        events = reading.exec(select(AuditEvent).where(AuditEvent.action == "read", AuditEvent.object_kind == "appointment")).all()
        assert [event.object_ids for event in events] == [[appointment]]


def _appointment(appointment_id: str) -> Appointment:
    with database().unit_of_work() as work:
        return work.get_one(Appointment, appointment_id)


def test_the_practice_moves_an_appointment(desk: Desk) -> None:
    with database().unit_of_work():
        service = seed(desk.practice.role_id, services=[consultation(PRICE)])[0]
        appointment, start = _book(desk.practice.role_id, service, 3)
        _, taken = _book(desk.practice.role_id, service, 5)
    path = f"/booking/appointments/{appointment}"
    page = desk.client.get(path, headers={"Accept-Language": "en"}).text
    assert desk.client.get(f"{path}?since=9999-12-31T00:00:00%2B00:00").status_code == 200
    later = start + timedelta(minutes=20)
    assert f'value="{later.isoformat()}"' in page
    refused = desk.client.post(f"{path}/move", data={"csrf_token": token(page), "slot": taken.isoformat()}, headers={"Accept-Language": "en"})
    assert (refused.status_code, "This time has just been taken" in refused.text) == (409, True)
    assert _appointment(appointment).starts_at == start
    moved = desk.client.post(
        f"{path}/move", data={"csrf_token": token(page), "slot": later.isoformat()}, follow_redirects=True, headers={"Accept-Language": "en"}
    )
    assert "The patient gets a new invitation" in moved.text
    row = _appointment(appointment)
    assert (row.starts_at, row.sequence) == (later, 1)


def test_the_practice_cancels_an_appointment_with_a_reason(desk: Desk) -> None:
    with database().unit_of_work():
        appointment, start = _book(desk.practice.role_id, seed(desk.practice.role_id, services=[consultation(PRICE)])[0], 3)
    path = f"/booking/appointments/{appointment}"
    page = desk.client.get(path, headers={"Accept-Language": "en"}).text
    silent = desk.client.post(f"{path}/cancel", data={"csrf_token": token(page), "reason": " "}, headers={"Accept-Language": "en"})
    assert (silent.status_code, "Please say why." in silent.text) == (422, True)
    data = {"csrf_token": token(page), "reason": "urgent call"}
    assert "The time is free again" in desk.client.post(f"{path}/cancel", data=data, follow_redirects=True, headers={"Accept-Language": "en"}).text
    row = _appointment(appointment)
    assert (row.status, row.cancelled_by, row.cancel_reason) == ("cancelled", "practice", "urgent call")
    with database().reading():
        offers = own_scheduler().offers(OfferQuery(row.service_id, Period(start, start + timedelta(minutes=1))))
    assert [offer.period.start for offer in offers] == [start]


PATHS = ("agenda", "hours", "exceptions", "services", "services/new")


@pytest.mark.parametrize("path", PATHS)
def test_nobody_else_reads_or_changes_an_agenda(desk: Desk, browse: Callable[[Flask], FlaskClient], path: str) -> None:
    with database().unit_of_work():
        other = practice("elsewhere")
    assert desk.client.get(f"/booking/roles/{other.role_id}/{path}").status_code == 404
    stranger = browse(desk.client.application)
    answer = stranger.get(f"/booking/roles/{desk.practice.role_id}/{path}")
    assert (answer.status_code, "sign" in answer.headers["Location"]) == (302, True)
