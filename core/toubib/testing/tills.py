"""A till for tests: a started installation with a payment provider in memory, and the acts of payer, practice and worker."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeVar

from sqlmodel import select

from toubib.contracts.country import Billed
from toubib.contracts.payment import Redirect
from toubib.db import database, session
from toubib.db.tables.agenda import Appointment, Occupancy
from toubib.db.tables.directory import PractitionerRole
from toubib.db.tables.journey import Encounter
from toubib.db.tables.machinery import EventRow
from toubib.db.tables.money import ChargeItem
from toubib.runtime import Toubib
from toubib.seams import clock, randomness
from toubib.seams.clock import FixedClock
from toubib.services import billing, dues, payments, people
from toubib.services.payments import AttemptView
from toubib.testing.doubles.payment import NAME, MemoryProvider, use_memory_payments
from toubib.testing.practices import practice

T = TypeVar("T")
BACK = "https://practice.test/paid"
PURPOSE = "test"


@dataclass
class Till:
    """Acts of a test on the money of one practice."""

    toubib: Toubib
    provider: MemoryProvider
    clock: FixedClock
    organisation_id: str
    person_id: str
    decided: list[tuple[str, str]] = field(default_factory=list)

    @classmethod
    def opened(cls, toubib: Toubib, fixed: FixedClock) -> "Till":
        """A practice and a payer in a started installation, and a provider in memory on offer."""
        provider = MemoryProvider()
        toubib = use_memory_payments(toubib, provider)
        with database().unit_of_work():
            made, person = practice(), people.newcomer()
            ids = made.organisation_id, person.id
        till = cls(toubib, provider, fixed, *ids)
        payments.decide_with(PURPOSE, lambda _due, attempt: till.decided.append((attempt.id, attempt.status)))
        return till

    def encounter(self) -> str:
        """A planned encounter of the payer."""
        with database().unit_of_work() as writing:
            row = Encounter(organisation_id=self.organisation_id, journey="booked", locale="fr", person_id=self.person_id)
            writing.add(row)
            writing.flush()
            return row.id

    def visit(self, *amounts: int) -> str:
        """A consultation with stated acts; the id of its encounter."""
        with database().unit_of_work() as writing:
            role = writing.exec(select(PractitionerRole)).one()
            own: dict[str, Any] = {"organisation_id": self.organisation_id}
            times: dict[str, Any] = {"starts_at": clock.now(), "ends_at": clock.now() + timedelta(minutes=15)}
            taken = Occupancy(**own, subject=randomness.new_id(), state="taken", **times)
            encounter = Encounter(**own, journey="booked", locale="fr", person_id=self.person_id, practitioner_role_id=role.id)
            writing.add_all([taken, encounter])
            writing.flush()
            seen: dict[str, Any] = {**own, "encounter_id": encounter.id}
            more: dict[str, Any] = {"scheduler": "test", "service_id": "s", "wall_intent": "", "zone": "Europe/Paris", "modality": "video"}
            money: dict[str, Any] = {"price_minor": amounts[0], "currency": "EUR"}
            writing.add(Appointment(**seen, **times, **more, **money, practitioner_role_id=role.id, occupancy_id=taken.id))
            for number, amount in enumerate(amounts):
                act: dict[str, Any] = {"code": f"C{number}", "label": f"Act {number}", "charged_minor": amount, "currency": "EUR"}
                writing.add(ChargeItem(**seen, **act, performer_role_id=role.id))
            return encounter.id

    def visit_due(self, max_minor: int = 6000, *, named: bool = True) -> str:
        """A due of a consultation whose amount is not known yet. Of a debtor who is not `named`, no PDF is made."""
        encounter = self.visit(max_minor)
        with database().unit_of_work():
            return dues.open_due(self.organisation_id, encounter, PURPOSE, self.person_id if named else None, "EUR", max_minor)

    def bill(self, due_id: str, minor: int, what: Billed = Billed.CARE) -> bool:
        """The real amount of a consultation, invoiced and collected while the user waits; whether the provider answered."""
        with database().unit_of_work():
            billing.bill(due_id, minor, what)
            calls = payments.open_calls(due_id)
        return payments.execute_all(calls)

    def final_due(self, *amounts: int) -> str:
        """A due of a consultation whose amount is final."""
        encounter = self.visit(*amounts)
        with database().unit_of_work():
            due = dues.open_due(self.organisation_id, encounter, PURPOSE, self.person_id, "EUR", 9000)
            dues.set_final(due, sum(amounts))
            return due

    def due(self, max_minor: int = 6000, currency: str = "EUR") -> str:
        """A due of the practice."""
        with database().unit_of_work():
            return dues.open_due(self.organisation_id, None, PURPOSE, self.person_id, currency, max_minor)

    def attempt(self, due_id: str, *, visit_in: timedelta = timedelta(days=1), minutes: int = 15, provider: str = NAME) -> str:
        """An attempt that nobody has begun."""
        with database().unit_of_work():
            return payments.create_attempt(
                due_id, provider, "payer@home.test", "fr", clock.now() + timedelta(minutes=minutes), clock.now() + visit_in, "Rendez-vous"
            )

    def begun(self, due_id: str, *, visit_in: timedelta = timedelta(days=1)) -> tuple[str, str]:
        """An attempt on its provider's page: its id and the page's address."""
        attempt_id = self.attempt(due_id, visit_in=visit_in)
        answer = payments.begin(attempt_id, BACK)
        assert isinstance(answer, Redirect)
        return attempt_id, answer.url

    def secured(self, due_id: str, *, visit_in: timedelta = timedelta(days=1)) -> str:
        """An attempt whose payer has paid and come back."""
        attempt_id, url = self.begun(due_id, visit_in=visit_in)
        self.provider.pay(url)
        payments.look(attempt_id)
        return attempt_id

    def settle(self, due_id: str, minor: int, why: str = "settle") -> bool:
        """The real amount, collected while the user waits; whether the provider answered."""
        with database().unit_of_work():
            dues.set_final(due_id, minor, why)
            calls = payments.collect(due_id)
        return payments.execute_all(calls)

    def status(self, due_id: str) -> str:
        """The state of a due."""
        with database().reading():
            return dues.read(due_id).status

    def view(self, attempt_id: str) -> AttemptView:
        """An attempt as pages show it."""
        with database().reading():
            return payments.view(attempt_id)

    def order(self, act: Callable[..., T], *arguments: object) -> T:
        """Call a service in a unit of work of its own."""
        with database().unit_of_work():
            return act(*arguments)

    def work(self, minutes: int = 0) -> None:
        """Let time pass, then let the worker do all that is due."""
        self.clock.advance(timedelta(minutes=minutes))
        self.toubib.jobs.ensure_periodic()
        for _ in range(20):
            if not self.toubib.jobs.run_due():
                return

    def events(self) -> list[str]:
        """Names of all events, in alphabetical order."""
        with database().reading():
            return sorted(session().exec(select(EventRow.name)))
