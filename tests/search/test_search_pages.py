"""A visitor who is not logged in finds somebody: by what, where, language, fees and way; earliest first; profiles with times."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from html import unescape
from urllib.parse import urlencode

import pytest
from flask import Flask
from flask.testing import FlaskClient

from toubib.contracts.common import Money
from toubib.contracts.scheduling import Modality
from toubib.db import database, session
from toubib.db.tables.directory import Location, Organisation, Practitioner, PractitionerRole, Standing
from toubib.seams import network
from toubib.seams.clock import FixedClock
from toubib.services.names import fold
from toubib.testing.practices import Practice, practice
from toubib_booking.editing import ServiceDraft
from toubib_booking.seed import Week, seed

PRICE = Money(3000, "EUR")
GP, PSYCHIATRIST = "01", "33"
SITE = {"country": "FR", "name": "Test", "zone": "Europe/Paris"}


@dataclass(frozen=True)
class Doctor:
    """Somebody to find. Coordinates in millionths of a degree."""

    slug: str
    name: str
    city: str
    postcode: str
    at: tuple[int, int]
    specialty: str
    sector: str
    languages: tuple[str, ...]
    ways: tuple[Modality, ...]
    first_hour: int


DOCTORS = (
    Doctor("ada", "Dr Ada Exemple", "Lyon", "69003", (45_760_000, 4_850_000), GP, "1", ("fr", "en"), (Modality.VIDEO, Modality.IN_PERSON), 11),
    Doctor("bo", "Dr Bo Essai", "Villeurbanne", "69100", (45_770_000, 4_880_000), GP, "2", ("fr",), (Modality.IN_PERSON,), 10),
    Doctor("cy", "Dr Cy Modèle", "Marseille", "13001", (43_296_000, 5_370_000), GP, "1", ("fr", "ar"), (Modality.VIDEO,), 14),
    Doctor("di", "Dr Di Témoin", "Lyon", "69007", (45_745_000, 4_840_000), PSYCHIATRIST, "2", ("fr", "en"), (Modality.VIDEO,), 15),
    Doctor("em", "Dr Em Barré", "Lyon", "69007", (45_745_000, 4_840_000), GP, "1", ("fr",), (Modality.VIDEO,), 9),
)


def receive(doctor: Doctor) -> Practice:
    """Let a doctor receive on every day, from their first hour on, in the open unit of work."""
    made = practice(doctor.slug, country="FR")
    person, role = session().get_one(Practitioner, made.practitioner_id), session().get_one(PractitionerRole, made.role_id)
    person.display_name, person.search_name, person.languages = doctor.name, fold(doctor.name), list(doctor.languages)
    role.specialty, role.sector = doctor.specialty, doctor.sector
    place = session().get_one(Location, role.location_id)
    place.city, place.postcode, (place.lat_e6, place.lon_e6) = doctor.city, doctor.postcode, doctor.at
    place.street, session().get_one(Organisation, made.organisation_id).phone = "1 rue Inventée", "01 99 00 00 00"
    drafts = [ServiceDraft({"fr": f"Consultation {way}", "en": f"Visit {way}"}, 20, way, PRICE, cancel_until_minutes=240) for way in doctor.ways]
    seed(made.role_id, week=Week(range(7), doctor.first_hour * 60, 18 * 60, pause=None), services=drafts)
    return made


@pytest.fixture
def visitor(app: Callable[..., Flask], browse: Callable[[Flask], FlaskClient], now: FixedClock) -> FlaskClient:
    now.advance(timedelta(hours=-3))
    client = browse(app("booking", "country_fr", use={"scheduler": "booking", "countries": ["FR"]}, site=SITE))
    with database().unit_of_work():
        made = [receive(doctor) for doctor in DOCTORS]
        session().add(Standing(practitioner_id=made[-1].practitioner_id, state="suspended", source="test"))
    return client


def text_of(client: FlaskClient, path: str, **query: str) -> str:
    """A page without its markup."""
    answer = client.get(f"{path}?{urlencode(query)}" if query else path, headers={"Accept-Language": "en"})
    assert answer.status_code == 200, path
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text)))


def names(client: FlaskClient, **query: str) -> list[str]:
    """Who is found, in order."""
    page = text_of(client, "/search", **query)
    known = {doctor.name: doctor.slug for doctor in DOCTORS}
    found = re.findall("|".join(map(re.escape, known)), page)
    return list(dict.fromkeys(known[name] for name in found))


@pytest.mark.feature("BOOK-01:a", "BOOK-01:b", "BOOK-01:c", "BOOK-01:d", "BOOK-01:e")
@pytest.mark.parametrize(("query", "expected"), [
    ({}, ["bo", "ada", "cy", "di"]),
    ({"what": "General practitioner"}, ["bo", "ada", "cy"]),
    ({"what": "general PRACTITIONER"}, ["bo", "ada", "cy"]),
    ({"what": "Psychiatrist"}, ["di"]),
    ({"what": "modele"}, ["cy"]),
    ({"what": "General practitioner", "where": "Lyon"}, ["bo", "ada", "cy"]),
    ({"what": "General practitioner", "where": "Marseille"}, ["ada", "cy"]),
    ({"what": "General practitioner", "where": "69100", "modality": "in_person"}, ["bo", "ada"]),
    ({"modality": "video"}, ["ada", "cy", "di"]),
    ({"language": "en"}, ["ada", "di"]),
    ({"language": "ar"}, ["cy"]),
    ({"sector": "2"}, ["bo", "di"]),
    ({"where": "Lyon", "language": "fr", "sector": "1", "modality": "in_person"}, ["ada"]),
    ({"what": "Veterinarian"}, []),
])  # fmt: skip
def test_filters_leave_whom_they_should(visitor: FlaskClient, query: dict[str, str], expected: list[str]) -> None:
    assert names(visitor, **query) == expected


@pytest.mark.feature("BOOK-01:b")
def test_distance_is_said(visitor: FlaskClient) -> None:
    page = text_of(visitor, "/search", where="Lyon 3e")
    assert "less than 1 km away" in page
    assert not re.search(r"\d\d km away", page), "nobody travels to a video visit"


@pytest.mark.feature("BOOK-01:f")
def test_results_are_ordered_by_the_earliest_time_which_is_shown(visitor: FlaskClient) -> None:
    page = text_of(visitor, "/search", what="General practitioner")
    shown = [page.index(time) for time in ("Today 10:00", "Today 11:00", "Today 2:00")]
    assert shown == sorted(shown)


def test_an_unknown_place_is_said(visitor: FlaskClient) -> None:
    assert "This place is not known." in text_of(visitor, "/search", where="Nowhere upon Thames")


def test_nobody_fits_is_never_an_empty_page(visitor: FlaskClient) -> None:
    page = text_of(visitor, "/search", what="Veterinarian", where="Lyon")
    assert "Nobody fits this search." in page
    assert "15 Medical emergency" in page


@pytest.mark.feature("BOOK-22:a", "BOOK-01:g")
def test_a_profile_shows_who_what_and_when(visitor: FlaskClient) -> None:
    page = text_of(visitor, "/practitioners/ada-dr")
    for expected in ("Dr Ada Exemple", "General practitioner", "Sector 1", "English", "1 rue Inventée, 69003 Lyon", "€30.00", "until 4 hours before"):
        assert expected in page
    answer = visitor.get("/practitioners/ada-dr", headers={"Accept-Language": "en"}).text
    starts = re.findall(r'name="start" value="([^"]+)"', answer)
    assert starts[0] == "2026-03-02T10:00:00+00:00"
    assert len(starts) == len(set(starts)) > 50
    chosen, other = re.findall(r'href="(/practitioners/ada-dr\?[^"]*reason=[^"#&]*)#slots"', answer)
    assert "Visit video: 20 minutes" in text_of(visitor, unescape(chosen))
    assert "Visit in_person: 20 minutes" in text_of(visitor, unescape(other))


@pytest.mark.feature("BOOK-22:b")
def test_a_practice_shows_who_receives_there(visitor: FlaskClient) -> None:
    page = text_of(visitor, "/practices/bo")
    for expected in ("Practice bo", "1 rue Inventée, 69100 Villeurbanne", "01 99 00 00 00", "Dr Bo Essai"):
        assert expected in page


@pytest.mark.parametrize("path", ["/practitioners/em-dr", "/practitioners/nobody", "/practices/nowhere"])
def test_who_may_not_practise_has_no_page(visitor: FlaskClient, path: str) -> None:
    assert visitor.get(path).status_code == 404


@pytest.mark.feature("BOOK-31:a", "BOOK-31:b")
def test_places_come_from_a_dated_gazetteer_and_nothing_is_asked_outside(visitor: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def outside(*_args: object, **_kwargs: object) -> None:
        raise AssertionError("somebody outside was asked")

    for door in ("http", "request", "get", "post", "smtp"):
        if hasattr(network, door):
            monkeypatch.setattr(network, door, outside)
    monkeypatch.setattr("socket.socket.connect", outside)
    answer = visitor.get("/places?where=lyo")
    assert "Lyon (69001)" in answer.get_json()["places"]
    page = text_of(visitor, "/search", where="Lyon")
    assert "Licence Ouverte" in page
    assert "2026" in page
    assert not re.search(r'(src|href|action)="(?!/|#|tel:|\?)', visitor.get("/search?where=Lyon").text)


@pytest.mark.feature("BOOK-32:a")
def test_the_order_is_explained(visitor: FlaskClient) -> None:
    assert "/search/order" in visitor.get("/search").text
    assert "The earliest free time comes first." in text_of(visitor, "/search/order")
