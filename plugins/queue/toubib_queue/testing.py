"""A queue for tests: one practice, a line of an invented territory, practitioners on duty, browsers of patients and staff."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlmodel import select
from werkzeug.test import TestResponse

from toubib import runtime
from toubib.db import database, session, vault
from toubib.db.tables.access import Account, AuthSession, RoleAssignment
from toubib.db.tables.directory import Practitioner, PractitionerRole, Standing
from toubib.db.tables.journey import Encounter
from toubib.db.tables.machinery import NotificationRow
from toubib.db.tables.requests import ServiceRequest
from toubib.seams import clock
from toubib.services import journey, people, requests, sessions
from toubib.services.notices import compose
from toubib.testing.practices import Practice, patient_session, practice, practitioner_session
from toubib_queue import duty, lines, places

PLUGINS = ("queue", "country_fr")
ENGLISH = {"Accept-Language": "en"}
TOKEN = re.compile(r'name="csrf_token" value="([0-9a-f]+)"')
JOURNEYS = {"queue": {"steps": ["queue.wait", "room.wait", "room.consult", "close.settle"]}}
ANSWERS = {"age": "adult", "area": "head", "feeling": "1", "since": "days", "words": "Since Friday, worse at night."}


def expect(truth: object, message: str) -> None:
    """Fail a test with a message unless something holds."""
    if not truth:
        raise AssertionError(message)


def line(key: str = "now", **other: Any) -> dict[str, Any]:
    """A line of the practice called `praxis`, open all week from eight to eight in Paris."""
    usual: dict[str, Any] = {
        "key": key,
        "territory": "FR",
        "organisation": "praxis",
        "title": {"en": "General medicine", "fr": "Médecine générale"},
        "hours": ["daily 08:00-20:00"],
        "zone": "Europe/Paris",
        "price_minor": 2500,
        "currency": "EUR",
    }
    return usual | other


def sections(*offered: Mapping[str, Any], journeys: Mapping[str, Any] = JOURNEYS, **settings: Any) -> dict[str, Any]:
    """Settings of an installation with these lines, or with the usual one."""
    site = {"country": "FR", "languages": ["en", "fr", "sv", "de"], "default_language": "en", "entries": ["queue.start", "queue.desk", "queue.board"]}
    return {"settings": {"queue": {"lines": list(offered) or [line()], **settings}}, "journeys": dict(journeys), "site": site}


def colleague(made: Practice, name: str, *, languages: tuple[str, ...] = (), **role: Any) -> Practice:
    """Another practitioner of the same practice, in good standing. In the open unit of work."""
    person = people.newcomer()
    former = session().get_one(PractitionerRole, made.role_id)
    session().add(Practitioner(id=person.id, slug=f"{name}-dr", display_name=f"Dr {name.title()}", search_name=name, languages=list(languages)))
    session().flush()
    session().add(Standing(practitioner_id=person.id, state="good", source="test"))
    values = {"profession": "physician", **role}
    row = PractitionerRole(practitioner_id=person.id, organisation_id=made.organisation_id, location_id=former.location_id, **values)
    session().add(row)
    session().flush()
    return Practice(made.organisation_id, person.id, row.id)


def licence(made: Practice, *countries: str) -> None:
    """Let a practitioner treat in these countries only. In the open unit of work."""
    for country in countries:
        session().add(Standing(practitioner_id=made.practitioner_id, scope=requests.LICENCE + country, state="good", source="test"))
    session().flush()


def secretary_session(organisation_id: str, role: str = "secretary") -> str:
    """Sign somebody in who runs the practice, second factor included. In the open unit of work."""
    person = people.newcomer()
    account = Account(person_id=person.id, email_index=f"index of {person.id}")
    session().add(account)
    session().flush()
    session().add(RoleAssignment(account_id=account.id, organisation_id=organisation_id, role=role))
    token = sessions.begin(account, "test")
    session().flush()
    session().exec(select(AuthSession).where(AuthSession.account_id == account.id)).one().second_factor_at = clock.now()
    return token


@dataclass
class Browser:
    """Somebody's browser before the application."""

    client: FlaskClient
    headers: dict[str, str] = field(default_factory=lambda: dict(ENGLISH))

    def get(self, path: str, status: int = 200) -> str:
        """A page's source."""
        answer = self.client.get(path, headers=self.headers)
        expect(answer.status_code == status, f"{path}: {answer.status_code} {answer.location} {answer.text[-3000:]}")
        return answer.text

    def goes(self, path: str) -> str:
        """Where a page leads to."""
        answer = self.client.get(path, headers=self.headers)
        expect(answer.status_code in (302, 303), f"{path}: {answer.status_code}")
        return str(answer.location)

    def send(self, path: str, page: str, **form: str) -> TestResponse:
        """Send a form with the token of a page."""
        token = TOKEN.search(self.client.get(page, headers=self.headers, follow_redirects=True).text)
        expect(token is not None, f"there is no form on {page}")
        return self.client.post(path, data={"csrf_token": token[1] if token else "", **form}, headers=self.headers)


@dataclass
class World:
    """The practice, and whoever comes to it."""

    app: Flask
    made: Practice

    @classmethod
    def opened(cls, app: Callable[..., Flask], *offered: Mapping[str, Any], on_duty: bool = True, **settings: Any) -> "World":
        """Start an installation with the practice `praxis` and its practitioner on duty."""
        application = app(*PLUGINS, **sections(*offered, **settings))
        with database().unit_of_work():
            made = practice(country="FR")
            session().get_one(Practitioner, made.practitioner_id).languages = ["fr", "en"]
            if on_duty:
                duty.begin(made.role_id, 24)
        return cls(application, made)

    def browser(self, token: str = "") -> Browser:
        """A browser, signed in with a token or not."""
        client = self.app.test_client()
        if token:
            client.set_cookie("tb_session", token)
        return Browser(client)

    def patient(self, name: str = "Ada") -> Browser:
        """A signed-in patient."""
        with database().unit_of_work():
            _, token = patient_session(name)
        return self.browser(token)

    def practitioner(self, made: Practice | None = None) -> Browser:
        """A practitioner with their second factor."""
        with database().unit_of_work():
            token = practitioner_session(made or self.made)
        return self.browser(token)

    def staff(self, role: str = "secretary") -> Browser:
        """Somebody who runs the practice."""
        with database().unit_of_work():
            token = secretary_session(self.made.organisation_id, role)
        return self.browser(token)

    def waits(self, name: str = "Ada", *, key: str = "now", priority: int = 0, **given: str) -> str:
        """A patient who has a place already; its encounter."""
        with database().unit_of_work():
            person_id, _ = patient_session(name)
            return place_of(key, person_id, priority=priority, **given)

    def request(self, encounter_id: str) -> ServiceRequest:
        """A place as it is stored."""
        with database().reading() as reading:
            return reading.exec(select(ServiceRequest).where(ServiceRequest.encounter_id == encounter_id)).one()

    def encounter(self, encounter_id: str) -> Encounter:
        """Its encounter."""
        with database().reading() as reading:
            return reading.get_one(Encounter, encounter_id)

    def tick(self, *jobs: str) -> None:
        """Run jobs of the timetable once, by their declared names."""
        for job in jobs or ("queue.expire_places", "queue.watch_lines"):
            runtime.current().jobs.jobs[job].handler({})

    def work(self) -> None:
        """Let the worker do all that is due."""
        while runtime.current().jobs.run_due():
            pass


def place_of(key: str, person_id: str, *, priority: int = 0, **given: str) -> str:
    """Take a place for a person and make it active. In the open unit of work."""
    found = places.join(lines.line(key), {**ANSWERS, **given}, f"key of {person_id}")
    if not isinstance(found, str):
        raise AssertionError(found)  # noqa: TRY004  no type is wrong here
    session().get_one(Encounter, found).person_id = person_id
    requests.locked(found).priority = priority
    for step in journey.steps(lines.settings().journey):
        if step.name.startswith("consent."):
            step.submit(journey.view(found), {step.name: "1"})
    expect(requests.activate(found) is None, "the place was not given")
    return found


def mails() -> list[tuple[str, str, str]]:
    """Every mail that was written: template, address, text."""
    with database().reading() as reading:
        rows = reading.exec(select(NotificationRow).order_by(NotificationRow.template)).all()
        return [(row.template, vault().read(row, "address"), compose(row).get_content()) for row in rows]


def later(minutes: float) -> timedelta:
    """A span in minutes."""
    return timedelta(minutes=minutes)
