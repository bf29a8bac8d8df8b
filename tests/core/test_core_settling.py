"""Settling with a payer that counts and claims: one year, one organisation's claim, once, at the patient's place."""

import json
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import select

from toubib import runtime
from toubib.contracts.common import ContractError, Message, Money, Place, Refused
from toubib.contracts.counters import CounterRule, CounterWindow
from toubib.contracts.journey import Command, Phase, StepState, StepStatus, Who
from toubib.contracts.reasons import Why
from toubib.contracts.reimbursement import (
    ActChoice,
    AssembledClaim,
    Charge,
    ClaimState,
    CoverageStatus,
    FactNeed,
    FrozenItem,
    PricedLine,
    Quote,
    QuoteContext,
    ReimbursementPack,
    Share,
)
from toubib.db import database, session, vault
from toubib.db.tables.claims import Claim, ClaimItem, Counter
from toubib.db.tables.journey import Encounter
from toubib.db.tables.machinery import NotificationRow
from toubib.db.tables.money import ChargeItem
from toubib.runtime import Toubib
from toubib.seams.clock import FixedClock
from toubib.services import care, coverage, notices, room_links, settlement, visits
from toubib.services.care import AdmissionLine
from toubib.steps.base import NoForm
from toubib.testing.booked import Booked, booked
from toubib.testing.practices import Practice, practice

NEW_YEAR = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)
"""Half past midnight of 1 January in Paris."""


@dataclass
class Fund(ReimbursementPack):
    """A payer that takes ten euros, counts its visits and puts every claim under one key."""

    name: str = "fund"
    title: Message = field(default=Message("toubib", "Your coverage"))
    counters: tuple[CounterRule, ...] = (CounterRule("visits", CounterWindow.CALENDAR_YEAR),)
    state: ClaimState = ClaimState.DRAFT
    built_of: list[list[str]] = field(default_factory=list)
    seen: list[QuoteContext] = field(default_factory=list)
    meanwhile: list[Callable[[], object]] = field(default_factory=list)

    def facts_needed(self, context: QuoteContext) -> Sequence[FactNeed]:  # noqa: ARG002  the contract's signature
        return ()

    def acts(self, context: QuoteContext) -> Sequence[ActChoice]:  # noqa: ARG002  as above
        return ()

    def quote(self, contexts: Sequence[QuoteContext], so_far: Sequence[Sequence[Share]]) -> Sequence[Quote]:  # noqa: ARG002  as above
        self.seen += contexts
        return [self._quote(c) for c in contexts]

    def _quote(self, context: QuoteContext) -> Quote:
        share = Share("fund", self.title, Money(1000, "EUR"), ())
        lines = tuple(PricedLine(c.code, self.title, c.charged, c.charged) for c in context.charges)
        return Quote(self.name, "1", CoverageStatus.COVERED, lines, (share,), counters={"visits": 1})

    def items(self, context: QuoteContext, quote: Quote) -> Sequence[FrozenItem]:  # noqa: ARG002  as above
        performer, patient = context.performer, context.patient.person_id
        own = (performer.practitioner_role_id, performer.organisation_id, patient, self.name, "fund", "C")
        return [FrozenItem("", context.encounter_id, *own, Money(1000, "EUR"), None, context.care_at, "the one key")]

    def assemble(self, grouping_key: str, items: Sequence[FrozenItem], now: datetime) -> AssembledClaim:  # noqa: ARG002  as above
        self.built_of.append([i.encounter_id for i in items])
        if self.meanwhile:
            self.meanwhile.pop()()
        return AssembledClaim(grouping_key, self.state, {"visits": len(items)}, 1, self.title, self.title)

    def cases(self, header: Sequence[str]) -> None:  # noqa: ARG002  as above
        return None

    def rulesets(self) -> Iterable[Why]:
        return ()


@pytest.fixture
def fund(installation: Callable[..., Toubib], now: FixedClock) -> Fund:
    assert now.now() < NEW_YEAR
    toubib = installation("country_fr", use={"countries": ["FR"], "reimbursement": []}, journeys={"booked": {"steps": []}})
    made = Fund()
    toubib.registry.packs[made.name] = made
    settings = toubib.settings.model_copy(update={"use": toubib.settings.use.model_copy(update={"reimbursement": (made.name,)})})
    runtime.use(replace(toubib, settings=settings))
    return made


def ended(made: Practice, start: datetime, place: str = "Lyon") -> Booked:
    """A consultation that took place."""
    with database().unit_of_work():
        visit = booked(made, start)
        assert care.arrive(visit.encounter_id) is None
        assert care.admit(visit.encounter_id, AdmissionLine(True, "FR", place, "01 99 00 00 01")) is None
        assert care.end(visit.encounter_id) is None
    return visit


def settled(visit: Booked) -> None:
    with database().unit_of_work():
        settlement.settle(visit.encounter_id)
    settlement.assemble_claims({"encounter": visit.encounter_id})


def a_practice(name: str = "praxis") -> Practice:
    with database().unit_of_work():
        return practice(name)


def counted() -> list[tuple[str, int]]:
    with database().reading() as reading:
        return [(row.window, row.value) for row in reading.exec(select(Counter))]


@pytest.mark.usefixtures("fund")
def test_a_visit_counts_in_the_year_in_which_its_count_is_read() -> None:
    visit = ended(a_practice(), NEW_YEAR)
    settled(visit)
    assert counted() == [("2027", 1)]
    with database().reading():
        assert {k: c.value for k, c in coverage.context(visit.encounter_id).counters.items()} == {"visits": 1}


@pytest.mark.parametrize("before", [0, 1])
def test_a_claim_built_by_two_at_once_has_the_visits_of_both(fund: Fund, before: int) -> None:
    made = a_practice()
    visits_ = [ended(made, NEW_YEAR + timedelta(hours=n)) for n in range(before + 2)]
    for visit in visits_[:before]:
        settled(visit)
    other = threading.Thread(target=settled, args=(visits_[-1],))

    def while_it_is_built() -> None:
        other.start()
        # as long as the other needs where it does not wait for us
        other.join(timeout=1)

    fund.meanwhile.append(while_it_is_built)
    settled(visits_[-2])
    other.join()
    with database().reading() as reading:
        claim = reading.exec(select(Claim)).one()
        assert json.loads(vault().read(claim, "payload")) == {"visits": before + 2}
        assert {item.claim_id for item in reading.exec(select(ClaimItem))} == {claim.id}


def test_settling_twice_counts_freezes_and_claims_once(fund: Fund) -> None:
    visit = ended(a_practice(), NEW_YEAR)
    for _ in range(2):
        settled(visit)
    with database().reading() as reading:
        rows = [len(reading.exec(select(table)).all()) for table in (ClaimItem, Claim)]
    assert (counted(), rows, fund.built_of) == ([("2027", 1)], [1, 1], [[visit.encounter_id]])


def test_acts_stated_by_a_second_press_of_the_button_stay_out_of_a_settled_visit(fund: Fund) -> None:
    visit = ended(a_practice(), NEW_YEAR)
    again: list[object] = []

    def press() -> None:
        with database().unit_of_work():
            again.append(care.state_acts(visit.encounter_id, [Charge("OTHER", Money(1500, "EUR"))]))

    second = threading.Thread(target=press)
    with database().unit_of_work():
        settlement.settle(visit.encounter_id)
        second.start()
        second.join(0.5)  # long enough to find the visit unsettled, unless it has to wait
    second.join(20)
    with database().reading() as reading:
        frozen = [(item.code, item.charged_minor, item.frozen_at is not None) for item in reading.exec(select(ChargeItem))]
    assert (frozen, [isinstance(answer, Refused) for answer in again]) == ([("", 2500, True)], [True])
    assert fund.seen


def test_no_claim_holds_items_of_another_organisation(fund: Fund) -> None:
    one, two = (ended(a_practice(name), NEW_YEAR) for name in ("one", "two"))
    settled(one)
    settled(two)
    assert fund.built_of == [[one.encounter_id], [two.encounter_id]]
    with database().reading() as reading:
        found = {row.organisation_id for row in reading.exec(select(Claim))}
    assert found == {one.practice.organisation_id, two.practice.organisation_id}


def test_a_payer_that_asks_for_no_claim_gets_none(fund: Fund) -> None:
    fund.state = ClaimState.NONE_REQUIRED
    settled(ended(a_practice(), NEW_YEAR))
    with database().reading() as reading:
        assert reading.exec(select(Claim)).all() == []


@pytest.mark.parametrize(("said", "known"), [("69003", True), ("chez ma sœur", False), ("", False)])
def test_the_payers_learn_where_the_patient_is(fund: Fund, said: str, *, known: bool) -> None:
    visit = ended(a_practice(), NEW_YEAR, said)
    settled(visit)
    place = fund.seen[-1].patient_place
    assert place is not None
    assert place.country == "FR"
    assert bool(place.postcode) is known
    assert known or place == Place("FR", said)


@dataclass
class Unsettled(NoForm):
    """A step that guards settling and is never done."""

    name: str = "test.unsettled"
    title: Message = field(default=Message("toubib", "Payment"))
    phase: Phase = Phase.SETTLE
    who: Who = Who.STAFF
    guards: frozenset[Command] = frozenset({Command.SETTLE})
    endpoint: str | None = None

    def states(self, encounters: Sequence[Any]) -> Mapping[str, StepState]:
        return {e.id: StepState(StepStatus.WAITING) for e in encounters}


@pytest.mark.usefixtures("fund")
def test_a_step_may_guard_settling(monkeypatch: pytest.MonkeyPatch) -> None:
    visit = ended(a_practice(), NEW_YEAR)
    monkeypatch.setattr("toubib.services.journey.steps", lambda _journey: [Unsettled()])
    with pytest.raises(ContractError):
        settled(visit)
    with database().reading() as reading:
        assert reading.get_one(Encounter, visit.encounter_id).status == "finished"
    assert counted() == []


@pytest.mark.usefixtures("fund")
def test_a_newer_link_leaves_the_older_one_open_until_the_same_end(now: FixedClock) -> None:
    made = a_practice()
    with database().unit_of_work():
        visit = booked(made, now.now() + timedelta(hours=1))
        spent = room_links.spend(visit.token)
        assert spent
        encounter = session().get_one(Encounter, visit.encounter_id)
        _, appointment = visits.locked(visit.encounter_id)
        appointment.ends_at += timedelta(days=1)
        newer = room_links.make(encounter, appointment)
        session().flush()
    now.advance(timedelta(hours=20))
    with database().reading():
        assert all(room_links.find(token) for token in (visit.token, spent[1], newer))
    now.advance(timedelta(days=1))
    with database().reading():
        assert not any(room_links.find(token) for token in (visit.token, spent[1], newer))


@pytest.mark.parametrize(("address", "queued"), [("", 0), ("ada@patient.test", 1)])
@pytest.mark.usefixtures("fund")
def test_a_message_is_written_once_and_only_to_an_address(address: str, queued: int) -> None:
    for _ in range(2):
        with database().unit_of_work():
            notices.queue("document_ready", address, locale="en", params={"who": "Dr Test"}, key="the same")
    with database().reading() as reading:
        assert len(reading.exec(select(NotificationRow)).all()) == queued
