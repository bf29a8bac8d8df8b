"""A platform with two practitioners and a patient at their browsers, for tests: asked, paid and answered through the pages."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from flask import Flask
from flask.testing import FlaskClient
from sqlmodel import select
from werkzeug.test import TestResponse

from toubib.db import database, session, vault
from toubib.db.tables.access import Account
from toubib.db.tables.directory import Location, Practitioner, PractitionerRole, Standing
from toubib.db.tables.journey import Encounter
from toubib.db.tables.machinery import NotificationRow
from toubib.db.tables.money import PaymentAttempt
from toubib.seams import clock
from toubib.services import dues, ledger, notices, people
from toubib.testing.practices import Practice, patient_session, practice, practitioner_session
from toubib_advice import basis

STEPS = ("identity.traits", "advice.notice", "advice.treating_doctor", "coverage.estimate", "payment.authorise", "advice.no_prescription")
RULE: Mapping[str, Any] = {"journeys": ["advice"], "parts": [{"to": "platform", "permille": 300}, {"to": "treating_doctor", "permille": 100}]}
DETAILS: Mapping[str, str] = {
    "identity.family_name": "Testard",
    "identity.given_names": "Odile",
    "identity.birth_date_day": "12",
    "identity.birth_date_month": "5",
    "identity.birth_date_year": "1969",
    "identity.sex": "female",
    "identity.phone": "01 99 00 44 17",
    "advice.notice.read": "1",
    "advice.treating_doctor.name": "",
    "advice.treating_doctor.number": "",
}
FIRST, SECOND = "first@practice.test", "second@practice.test"
"""The addresses of the two practitioners."""
ENGLISH = {"Accept-Language": "en"}
LETTER = "Good evening, my knee has been hurting for three weeks. Should I rest it?"
BASIS = "Opinion of counsel of 1 February 2026 on advice in writing."


def options(**changes: Any) -> dict[str, Any]:
    """The settings of the platform, with some of the plugin's in other words."""
    own = changes.pop("advice", {})
    return {
        "site": {"languages": ["en", "fr"], "default_language": "en", "statement": "NEUTRAL"},
        "journeys": {"advice": {"steps": STEPS}, "booked": {"steps": ["identity.traits"]}},
        "shares": [RULE],
        "settings": {"advice": {"pseudonyms": True, **own}},
        **changes,
    }


def right(so: bool, otherwise: str) -> None:  # noqa: FBT001  what is checked
    """Fail the test unless something is so."""
    if not so:
        raise AssertionError(otherwise)


def found(pattern: str, text: str) -> str:
    """What a pattern's group matches in a text; fail the test when it does not."""
    match = re.search(pattern, text)
    right(match is not None, text)
    return match[1] if match else ""


class Payer(Protocol):
    """Somebody who pays on a provider's page, by its address."""

    def pay(self, url: str) -> object:
        """Pay."""
        ...


class Time(Protocol):
    """A clock that a test may move; a real one stays as it is."""

    def now(self) -> datetime:
        """What time it is."""
        ...

    def advance(self, by: timedelta) -> None:
        """Let time pass."""
        ...


class RealTime:
    """The machine's clock, which no test moves."""

    def now(self) -> datetime:
        """What time it is."""
        return clock.now()

    def advance(self, by: timedelta) -> None:
        """It passes by itself."""


class Jobs(Protocol):
    """The installation's jobs."""

    def ensure_periodic(self) -> None:
        """Make sure that periodic ones wait."""
        ...

    def run_due(self, worker: str = "worker", limit: int = 50) -> int:
        """Run what is due."""
        ...


@dataclass
class Trial:
    """Who stands at which browser, and what they do there."""

    app: Flask
    provider: Payer
    clock: Time
    jobs: Jobs
    made: Practice
    second_role: str
    person_id: str
    patient: FlaskClient
    doctors: list[FlaskClient] = field(default_factory=list)
    port: int = 0

    @classmethod
    def opened(cls, app: Flask, provider: Payer, clock: Time, jobs: Jobs, *, lawful: bool = True) -> "Trial":
        """Two practitioners of one platform and a signed-in patient; the legal bases are recorded unless `lawful` is false."""
        with database().unit_of_work():
            made = practice("reponse")
            second = _colleague(made)
            person_id, patient = patient_session()
            tokens = [practitioner_session(one) for one in (made, second)]
            for one, address in ((made, FIRST), (second, SECOND)):
                _reachable(one, address)
            for mode in ("written", "chat") if lawful else ():
                basis.record(mode, BASIS)
        browsers = [_browser(app, token) for token in (patient, *tokens)]
        return cls(app, provider, clock, jobs, made, second.role_id, person_id, browsers[0], browsers[1:])

    def see(self, path: str, who: FlaskClient | None = None, status: int = 200) -> str:
        """A page, of the patient unless somebody else looks."""
        answer = (who or self.patient).get(path, headers=ENGLISH)
        right(answer.status_code == status, f"{path}: {answer.status_code}")
        return answer.text

    def post(self, path: str, page: str, who: FlaskClient | None = None, **form: Any) -> TestResponse:
        """Send a form with the token of a page."""
        client = who or self.patient
        token = found(r'name="csrf_token" value="([0-9a-f]+)"', client.get(page, headers=ENGLISH).text)
        return client.post(path, data={"csrf_token": token, **form}, headers=ENGLISH)

    def asked(self, product: str = "h48", **form: Any) -> str:
        """A question that was written on the first screen; the encounter."""
        answer = self.post("/advice/", "/advice/", question=LETTER, product=product, **form)
        return found(r"/visits/([0-9a-f]+)/details", answer.headers.get("Location", answer.text))

    def told(self, encounter: str, **changes: str) -> TestResponse:
        """Fill in the details."""
        path = f"/visits/{encounter}/details"
        typed: dict[str, Any] = {**DETAILS, **{name.replace("__", "."): value for name, value in changes.items()}}
        return self.post(path, path, **typed)

    def paid(self, product: str = "h48", *, doctor: tuple[str, str] = ("", ""), **form: Any) -> str:
        """A question that was asked and whose card was authorised; the encounter."""
        encounter = self.asked(product, **form)
        answer = self.told(encounter, advice__treating_doctor__name=doctor[0], advice__treating_doctor__number=doctor[1])
        right(answer.status_code == 302, answer.text)
        page = f"/visits/{encounter}/price"
        shown = found(r'name="shown" value="([0-9a-f]+)"', self.see(page))
        begun = self.post(f"/visits/{encounter}/pay", page, shown=shown)
        right(begun.status_code == 303, begun.text)
        self.provider.pay(begun.headers["Location"])
        back = self.patient.get(f"/visits/{encounter}/paid", headers=ENGLISH)
        right(back.headers["Location"].endswith(f"/advice/{encounter}"), back.text)
        self.work()
        return encounter

    def take(self, encounter: str, doctor: int = 0) -> TestResponse:
        """A practitioner accepts."""
        page = f"/advice/questions/{encounter}"
        return self.post(f"{page}/take", page, self.doctors[doctor])

    def answer(self, encounter: str, text: str = "Rest it for a week.", doctor: int = 0, **form: str) -> TestResponse:
        """A practitioner sends the answer."""
        page = "/advice/basis" if doctor < 0 else f"/advice/questions/{encounter}"
        return self.post(f"/advice/questions/{encounter}/answer", page, self.doctors[doctor], answer=text, **form)

    def work(self, **ahead: int) -> None:
        """Let time pass, then let the worker do all that is due."""
        self.clock.advance(timedelta(**ahead))
        self.jobs.ensure_periodic()
        for _ in range(20):
            if not self.jobs.run_due():
                return

    def money(self, encounter: str) -> tuple[str, int, int]:
        """The state of what is due, what was taken of it, and what is still held."""
        with database().reading():
            due = dues.of_encounter(encounter)[-1]
            right(set(ledger.trial_balance().values()) <= {0}, "the books do not balance")
            attempts = session().exec(select(PaymentAttempt).where(PaymentAttempt.due_id == due.id)).all()
            return due.status, due.paid.minor, sum(row.authorised_minor for row in attempts if row.status == "authorised")

    def shares(self, encounter: str) -> dict[str, int]:
        """What belongs to whom by now, by the beginning of the party's name."""
        with database().reading():
            due = dues.of_encounter(encounter)[-1]
            return {party.partition(":")[0]: money.minor for party, money in ledger.shared(due.id).items()}

    def encounter(self, encounter: str) -> Encounter:
        """The encounter's row."""
        with database().reading() as reading:
            return reading.get_one(Encounter, encounter)

    def mails(self) -> list[str]:
        """Every mail that was queued, oldest first, whole."""
        with database().reading():
            return [notices.compose(row).as_string() for row in session().exec(select(NotificationRow)).all()]


def _reachable(made: Practice, address: str) -> None:
    """Give a practitioner's account a mail address."""
    account = session().exec(select(Account).where(Account.person_id == made.practitioner_id)).one()
    vault().seal(account, "email", address)
    session().flush()


def _browser(app: Flask, token: str) -> FlaskClient:
    client = app.test_client()
    client.set_cookie("tb_session", token)
    return client


def _colleague(made: Practice) -> Practice:
    """A second practitioner of the same organisation, of the specialty 15."""
    person = people.newcomer()
    session().add(Practitioner(id=person.id, slug="second-dr", display_name="Dr Second", search_name="second"))
    session().flush()
    session().add(Standing(practitioner_id=person.id, state="good", source="test"))
    location = session().exec(select(Location).where(Location.organisation_id == made.organisation_id)).one()
    role = PractitionerRole(practitioner_id=person.id, organisation_id=made.organisation_id, location_id=location.id, profession="physician", specialty="15")
    session().add(role)
    session().flush()
    return Practice(made.organisation_id, person.id, role.id)
