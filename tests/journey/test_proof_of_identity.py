"""Booking where an identity service proves who the patient is: from a held time to its page and back, nothing typed twice."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlmodel import select

from toubib import runtime
from toubib.contracts.common import Money, Period
from toubib.contracts.scheduling import OfferQuery
from toubib.db import database, session
from toubib.db.tables.journey import Encounter
from toubib.db.tables.people import Person, RelatedPerson
from toubib.seams import clock
from toubib.services import journey, people
from toubib.testing.practices import practice
from toubib_auth_oidc.double.launcher import choose, provider
from toubib_auth_oidc.double.sample import JEANNE, houses, settings
from toubib_booking.seed import consultation, seed

ENGLISH = {"Accept-Language": "en"}
STEPS = ("identity.proof", "identity.traits", "consent.remote_care", "room.wait", "room.consult")


@pytest.fixture
def site(app: Callable[..., Flask], tmp_path: Path) -> Iterator[tuple[FlaskClient, str]]:
    """A visitor, and a visit reason with free times; the clock is where the provider's is."""
    before = clock.use(clock.FixedClock(datetime.now(UTC)))
    with provider(tmp_path, houses()) as running:
        made = app(
            "booking",
            "country_fr",
            "auth_oidc",
            use={"scheduler": "booking", "countries": ["FR"]},
            journeys={"booked": {"steps": STEPS}},
            site={"country": "FR"},
            settings={"auth_oidc": settings(running.base)},
        )
        with database().unit_of_work():
            service = seed(practice(country="FR").role_id, services=[consultation(Money(2500, "EUR"))])[0]
        yield made.test_client(), service
    clock.use(before)


def post(client: FlaskClient, path: str, **form: str) -> str:
    """Send a form; where it leads."""
    token = re.findall(r'name="csrf_token" value="([0-9a-f]+)"', client.get("/verify").text)[0]
    answer = client.post(path, data={"csrf_token": token, **form}, headers=ENGLISH)
    assert answer.status_code in (302, 303), answer.text
    return str(answer.location)


def hold(client: FlaskClient, service: str) -> str:
    """Hold the first free time; the visit."""
    with database().reading():
        start = runtime.current().scheduler.offers(OfferQuery(service, Period(clock.now(), clock.now() + timedelta(days=7)), 1))[0].period.start
    return str(re.findall(r"/visits/([0-9a-f]+)", post(client, "/hold", service=service, start=start.isoformat()))[0])


def prove(client: FlaskClient, page: str) -> str:
    """Press the service's button, be Jeanne there, and come back; where one lands."""
    (link,) = re.findall(r'href="(/auth_oidc/sign-in/national[^"]*)"', page)
    address = urlsplit(choose(client.get(link).location, JEANNE))
    return str(client.get(f"{address.path}?{address.query}").location)


def test_a_visitor_comes_back_as_who_they_are_and_types_only_what_is_missing(site: tuple[FlaskClient, str]) -> None:
    client, service = site
    visit = hold(client, service)
    who = client.get(f"/visits/{visit}/who", headers=ENGLISH).text
    assert "Sign in with National identity" in who
    assert prove(client, who) == f"/visits/{visit}/who"
    assert client.get(f"/visits/{visit}/who").location == f"/visits/{visit}/details"
    page = client.get(f"/visits/{visit}/details", headers=ENGLISH).text
    assert "An identity service confirmed who you are" in page
    assert 'name="identity.phone"' in page
    assert "identity.family_name" not in page
    post(client, f"/visits/{visit}/details", **{"identity.phone": "01 99 00 44 01", "consent.remote_care": "1"})
    with database().reading():
        view = journey.view(visit)
        assert people.traits(view.person_id or "").family_name == "Testard"
        assert not [s.step.name for s in journey.standings(view) if s.step.name.startswith("identity.") and s.state.status != "done"]


def test_without_proof_nothing_is_booked_and_a_childs_is_its_parents(site: tuple[FlaskClient, str]) -> None:
    client, service = site
    visit = hold(client, service)
    with database().unit_of_work():
        child = people.newcomer()
        child_id = child.id
        session().get_one(Encounter, visit).person_id = child_id
    with database().reading():
        standing = {s.step.name: s.state.status for s in journey.standings(journey.view(visit))}
    assert standing["identity.proof"] == "todo"
    prove(client, client.get("/sign-in", headers=ENGLISH).text)
    with database().unit_of_work() as work:
        parent = work.exec(select(Person.id).where(Person.identity_level == "verified")).one()
        session().add(RelatedPerson(person_id=child_id, helper_id=parent, relation="child"))
    with database().reading():
        standing = {s.step.name: s.state.status for s in journey.standings(journey.view(visit))}
    assert standing["identity.proof"] == "done"

