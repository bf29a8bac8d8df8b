"""From the code to the statement, on real visits; limits under races; both databases."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from sqlmodel import select
from werkzeug.serving import make_server

from toubib import runtime
from toubib.contracts.common import Message, Money, Ref, Refused
from toubib.contracts.reasons import Why
from toubib.contracts.reimbursement import CoverageStatus, Quote, QuoteContext, Share
from toubib.db import database, session
from toubib.db.states import move
from toubib.db.tables.agenda import Appointment, Occupancy
from toubib.db.tables.journey import Encounter
from toubib.db.tables.money import MoneyDue, PaymentAttempt
from toubib.runtime import Toubib
from toubib.seams import clock
from toubib.seams.clock import FixedClock
from toubib.services import checkout, coverage, dues, journey, ledger, missed, people, settlement, visits
from toubib.testing.booked import booked
from toubib.testing.practices import Practice, practice
from toubib_sponsor import asking, entitlements, house, members, statements
from toubib_sponsor.double.server import build
from toubib_sponsor.models import Entitlement
from toubib_sponsor.texts import CODE

PLAN: dict[str, Any] = {"key": "tisserands", "name": "Mutuelle des Tisserands", "organisation": "tisserands", "prefix": "TISSE-", "visits_per_year": 2}
CODES = "code,valid_from,valid_to\nTISSE-0001,2026-01-01,\nTISSE-0002,2026-01-01,2026-03-01\n"


@dataclass
class Fund:
    """A practice, and a sponsor with two codes."""

    toubib: Toubib
    made: Practice
    now: FixedClock

    def visit(
        self, code: str = "TISSE-0001", *, price: int = 2500, hours: int = 1, modality: str = "video", ended: bool = False, held: timedelta | None = None
    ) -> str:
        """A visit of somebody new who typed a code: agreed, or `held` for a while."""
        with database().unit_of_work():
            found = booked(self.made, clock.now() + timedelta(hours=hours), price_minor=price, modality=modality)
            if held:
                _hold(found.encounter_id, clock.now() + held)
            if code:
                people.declare_fact(found.person_id, CODE, code)
            if ended:
                encounter = session().get_one(Encounter, found.encounter_id)
                for state in ("arrived", "in-progress", "finished"):
                    move("encounter", encounter, state)
                    session().flush()
        return found.encounter_id

    def look(self, encounter: str) -> dict[str, Message]:
        return dict(journey.conduct(encounter))

    def accept(self, encounter: str) -> Refused | None:
        with database().unit_of_work():
            return checkout.accept(encounter, checkout.shown_now(encounter))

    def estimate(self, encounter: str) -> coverage.Estimate:
        with database().reading():
            return checkout.estimate(encounter)

    def settle(self, encounter: str) -> None:
        with database().unit_of_work():
            settlement.settle(encounter)

    def state(self, encounter: str) -> tuple[str, int]:
        with database().reading():
            row = entitlements.of(encounter)
            return (row.state, row.amount_minor) if row else ("", 0)

    def balance(self, kind: str) -> int:
        with database().reading():
            return sum(b.balance.minor for b in ledger.balances(self.made.organisation_id) if b.account.kind == kind)

    def work(self) -> None:
        for _ in range(20):
            if not self.toubib.jobs.run_due():
                return


def _hold(encounter_id: str, until: datetime) -> None:
    """Put a hold in the place of the booked appointment."""
    former = session().exec(select(Appointment).where(Appointment.encounter_id == encounter_id)).one()
    held = Appointment(**former.model_dump(exclude={"id", "status"}))
    taken = session().get_one(Occupancy, former.occupancy_id)
    taken.state, taken.expires_at = "held", until
    session().delete(former)
    session().flush()
    session().add(held)


def fund(installation: Callable[..., Toubib], now: FixedClock, **plan: Any) -> Fund:
    toubib = installation(
        "sponsor",
        use={"reimbursement": ["sponsor"]},
        journeys={"booked": {"steps": ["coverage.facts", "sponsor.entitlement"]}},
        settings={"sponsor": {"plans": [PLAN | plan]}},
    )
    with database().unit_of_work():
        made = practice()
        members.load(house.settings().plans[0], CODES, whole=False, dry=False)
    return Fund(toubib, made, now)


@pytest.fixture
def fonds(installation: Callable[..., Toubib], now: FixedClock) -> Fund:
    return fund(installation, now)


@pytest.mark.feature("PAY-20:a", "PAY-04:a")
def test_a_listed_code_pays_all_and_nothing_is_asked_of_the_patient(fonds: Fund) -> None:
    encounter = fonds.visit(ended=True)
    assert fonds.look(encounter) == {}
    answer = fonds.estimate(encounter)
    assert (answer.total.minor, answer.patient.minor, answer.asked.minor) == (2500, 0, 0)
    assert answer.shares[0].payer_label.params == {"name": PLAN["name"]}
    assert fonds.accept(encounter) is None
    with database().unit_of_work():
        assert checkout.prepare(encounter, "any") is None
        assert [d.maximum.minor for d in dues.of_encounter(encounter)] == [0]
        assert session().exec(select(PaymentAttempt)).all() == []
    fonds.settle(encounter)
    assert (fonds.balance(ledger.THIRD_PARTY), fonds.balance(ledger.REVENUE), fonds.balance(ledger.RECEIVABLE)) == (2500, -2500, 0)
    assert fonds.state(encounter) == ("consumed", 2500)
    fonds.settle(encounter)
    assert fonds.balance(ledger.THIRD_PARTY) == 2500


def test_half_is_asked_of_the_patient_and_half_of_the_sponsor(installation: Callable[..., Toubib], now: FixedClock) -> None:
    half = fund(installation, now, permille=500)
    encounter = half.visit(price=2501, ended=True)
    assert half.look(encounter) == {}
    assert half.accept(encounter) is None
    with database().reading():
        assert session().exec(select(MoneyDue.max_minor)).one() == 1251
    half.settle(encounter)
    assert (half.balance(ledger.THIRD_PARTY), half.balance(ledger.RECEIVABLE), half.balance(ledger.REVENUE)) == (1250, 1251, -2501)


@pytest.mark.parametrize(("code", "said"), [("TISSE-9999", "No insurer"), ("OTHER-0001", "No insurer"), ("TISSE-0002", "not valid on the day")])
def test_a_code_that_does_not_hold_is_said_at_its_field_and_pays_nothing(fonds: Fund, code: str, said: str) -> None:
    encounter = fonds.visit(code)
    assert said in fonds.look(encounter)[CODE].key
    assert fonds.estimate(encounter).asked.minor == 2500
    assert fonds.state(encounter) == ("", 0)


def test_codes_are_not_guessed(fonds: Fund) -> None:
    encounter = fonds.visit("")

    def typed(code: str) -> str:
        with database().unit_of_work():
            people.declare_fact(session().get_one(Encounter, encounter).person_id or "", CODE, code)
        return fonds.look(encounter).get(CODE, Message("", "")).key

    assert all("No insurer" in typed(f"TISSE-99{number:02}") for number in range(10))
    assert "Too many tries" in typed("TISSE-0001")
    assert fonds.estimate(encounter).asked.minor == 2500
    fonds.now.advance(timedelta(hours=1))
    assert typed("TISSE-0001") == ""


def test_without_a_code_the_sponsor_has_no_say(fonds: Fund) -> None:
    encounter = fonds.visit("")
    assert fonds.look(encounter) == {}
    assert fonds.estimate(encounter).asked.minor == 2500


def test_kinds_of_consultations_are_the_plans(installation: Callable[..., Toubib], now: FixedClock) -> None:
    video = fund(installation, now, modalities=["video"])
    encounter = video.visit(modality="in_person")
    assert video.look(encounter) == {}
    answer = video.estimate(encounter)
    assert (answer.asked.minor, answer.quotes[0].warnings[0].key) == (2500, "%(name)s does not pay for this kind of consultation.")


@pytest.mark.feature("PAY-20:c")
def test_each_consultation_has_a_reference_of_its_own_and_statements_name_nobody(fonds: Fund) -> None:
    found = [fonds.visit(hours=hours, ended=True) for hours in (1, 2)]
    for encounter in found:
        fonds.look(encounter)
        fonds.look(encounter)
        assert fonds.accept(encounter) is None
        fonds.settle(encounter)
    with database().reading():
        rows = session().exec(select(Entitlement)).all()
        assert len({row.reference for row in rows}) == 2
        plan = house.settings().plans[0]
        month = statements.one(plan, "2026-03")
        text = statements.as_csv(month)
        person = session().exec(select(Encounter.person_id)).first()
        role = fonds.made.role_id
    assert (len(month.lines), month.total) == (2, Money(5000, "EUR"))
    assert text.splitlines()[0] == "reference,date,kind,amount_minor,currency"
    for secret in ("TISSE", "Ada", "Dr ", "Practice", str(person), role, *found, "physician"):
        assert secret not in text


def test_the_limit_of_a_year_is_said_and_the_price_is_the_patients(fonds: Fund) -> None:
    for hours in (1, 2):
        encounter = fonds.visit(hours=hours)
        fonds.look(encounter)
        assert fonds.accept(encounter) is None
    third = fonds.visit(hours=3)
    assert fonds.look(third) == {}
    answer = fonds.estimate(third)
    assert answer.asked.minor == 2500
    assert answer.quotes[0].warnings[0].key.startswith("The limit of %(name)s for this year is used up")
    assert fonds.accept(third) is None
    assert fonds.state(third) == ("entitled", 0)
    next_year = fonds.visit(hours=24 * 320)
    fonds.look(next_year)
    assert fonds.estimate(next_year).asked.minor == 0


def test_a_visit_moved_over_new_year_counts_in_the_year_of_its_new_day(installation: Callable[..., Toubib], now: FixedClock) -> None:
    once = fund(installation, now, visits_per_year=1)
    encounter = once.visit(hours=24)
    once.look(encounter)
    assert once.accept(encounter) is None
    with database().unit_of_work():
        appointment = session().exec(select(Appointment)).one()
        appointment.starts_at += timedelta(days=330)
        appointment.ends_at += timedelta(days=330)
        runtime.current().publisher.publish("appointment.moved", Ref("encounter", encounter), once.made.organisation_id)
    once.work()
    this_year, next_year = once.visit(hours=48), once.visit(hours=24 * 340)
    for other, asked in ((this_year, 0), (next_year, 2500)):
        once.look(other)
        assert once.estimate(other).asked.minor == asked
    now.advance(timedelta(days=5))
    entitlements.release_missed({})
    assert once.state(encounter) == ("reserved", 2500), "its day is not over"


def test_a_cancelled_visit_gives_its_room_back(fonds: Fund) -> None:
    encounter = fonds.visit(hours=5)
    fonds.look(encounter)
    fonds.accept(encounter)
    assert fonds.state(encounter) == ("reserved", 2500)
    with database().unit_of_work():
        assert visits.cancel(encounter, "practitioner", "ill") is None
    fonds.work()
    assert fonds.state(encounter) == ("entitled", 0)


def test_a_visit_to_which_the_patient_did_not_come_gives_its_room_back(fonds: Fund) -> None:
    encounter = fonds.visit(hours=1)
    fonds.look(encounter)
    fonds.accept(encounter)
    fonds.now.advance(timedelta(hours=2))
    with database().unit_of_work():
        assert missed.patient_did_not_come(encounter, ask_fee=False) is None
    fonds.work()
    assert fonds.state(encounter) == ("entitled", 0)


def test_a_time_that_was_held_and_not_booked_gives_its_room_back(fonds: Fund) -> None:
    encounter = fonds.visit(hours=24 * 20, held=timedelta(minutes=15))
    fonds.look(encounter)
    assert fonds.accept(encounter) is None
    assert fonds.state(encounter) == ("reserved", 2500)
    fonds.now.advance(timedelta(minutes=16))
    visits.expire_holds({})
    fonds.work()
    assert fonds.state(encounter) == ("entitled", 0)


def test_a_visit_that_never_began_gives_its_room_back_after_two_days(fonds: Fund) -> None:
    missed, begun = fonds.visit(hours=5), fonds.visit(hours=7, ended=True)
    for encounter in (missed, begun):
        fonds.look(encounter)
        assert fonds.accept(encounter) is None
    for days, state in ((2, "reserved"), (1, "entitled")):
        fonds.now.advance(timedelta(days=days))
        entitlements.release_missed({})
        assert (fonds.state(missed)[0], fonds.state(begun)[0]) == (state, "reserved")


def test_a_limit_in_money_leaves_the_rest_to_the_patient(installation: Callable[..., Toubib], now: FixedClock) -> None:
    money = fund(installation, now, visits_per_year=0, minor_per_year=4000)
    first, second = money.visit(hours=1), money.visit(hours=2)
    for encounter in (first, second):
        money.look(encounter)
        assert money.accept(encounter) is None
    assert money.state(second) == ("reserved", 1500)
    assert money.estimate(second).asked.minor == 1000


def test_many_accept_the_last_room_at_once_and_one_gets_it(installation: Callable[..., Toubib], now: FixedClock) -> None:
    last = fund(installation, now, visits_per_year=1)
    found = [last.visit(hours=hours) for hours in range(1, 9)]
    for encounter in found:
        last.look(encounter)
    with database().reading():
        shown = {encounter: checkout.shown_now(encounter) for encounter in found}
    together = Barrier(len(found))

    def accept(encounter: str) -> str:
        together.wait(timeout=30)
        with database().unit_of_work():
            refused = checkout.accept(encounter, shown[encounter])
        return refused.rule if refused else ""

    with ThreadPoolExecutor(len(found)) as pool:
        outcomes = list(pool.map(accept, found))
    assert outcomes.count("") == 1
    assert set(outcomes) <= {"", "changed", "sponsor.limit"}
    assert sorted(last.state(encounter)[0] for encounter in found).count("reserved") == 1
    for encounter, outcome in zip(found, outcomes, strict=True):
        assert last.estimate(encounter).asked.minor == (0 if outcome == "" else 2500)
    with database().reading():
        assert len(session().exec(select(MoneyDue)).all()) == 1


def test_a_code_changed_after_acceptance_confirms_nothing_at_the_sponsors_cost(fonds: Fund) -> None:
    encounter = fonds.visit()
    fonds.look(encounter)
    assert fonds.accept(encounter) is None
    with database().unit_of_work():
        person = session().get_one(Encounter, encounter).person_id or ""
        people.declare_fact(person, CODE, "TISSE-9999")
    assert CODE in fonds.look(encounter)
    with database().unit_of_work():
        refused = checkout.confirm(encounter)
    assert refused is not None
    assert refused.rule == "sponsor.code"


class National:
    """A scheme that pays whatever is asked, even beside a payer that excludes it."""

    def __init__(self, name: str, minor: int) -> None:
        self.name, self._minor = name, minor
        self.title = Message("", name)
        self.country, self.counters, self.cap_rules = "", (), ()

    def quote(self, contexts: list[QuoteContext], so_far: object) -> list[Quote]:  # noqa: ARG002  it looks at nobody
        share = Share(self.name, self.title, Money(self._minor, "EUR"), (Why("rule", self.title, "test"),))
        return [Quote(self.name, "1", CoverageStatus.COVERED, (), (share,)) for _ in contexts]

    def charges(self, context: QuoteContext) -> object:
        return context.charges


@pytest.mark.parametrize(("order", "payers"), [(["sponsor", "national"], {"sponsor:tisserands"}), (["national", "sponsor"], {"national"})])
def test_nothing_is_paid_twice_whoever_is_listed_first(installation: Callable[..., Toubib], now: FixedClock, order: list[str], payers: set[str]) -> None:
    both = fund(installation, now, excludes=["national"])
    encounter = both.visit()
    both.look(encounter)
    toubib = runtime.current()
    packs: dict[str, Any] = {"national": National("national", 1750)}
    toubib.registry.packs.update(packs)
    chosen = toubib.settings.model_copy(update={"use": toubib.settings.use.model_copy(update={"reimbursement": tuple(order)})})
    object.__setattr__(toubib, "settings", chosen)
    answer = both.estimate(encounter)
    assert {share.payer for share in answer.shares} == payers
    assert sum(share.amount.minor for share in answer.shares) <= 2500


def test_a_pack_that_takes_too_much_gets_what_is_left(fonds: Fund) -> None:
    encounter = fonds.visit("")
    toubib = runtime.current()
    packs: dict[str, Any] = {"one": National("one", 2000), "two": National("two", 2000)}
    toubib.registry.packs.update(packs)
    chosen = toubib.settings.model_copy(update={"use": toubib.settings.use.model_copy(update={"reimbursement": ("one", "two")})})
    object.__setattr__(toubib, "settings", chosen)
    answer = fonds.estimate(encounter)
    assert [share.amount.minor for share in answer.shares] == [2000, 500]
    assert answer.patient.minor == 0


@pytest.fixture
def service() -> Iterator[tuple[str, list[dict[str, str]]]]:
    """The strict double on a free port of this machine."""
    app = build({"TISSE-0001"}, "secret")
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/entitlements", app.extensions["asked"]
    server.shutdown()
    thread.join()


@pytest.mark.feature("PAY-20:b", "PAY-20:c")
def test_a_service_is_asked_once_for_a_consultation_and_hears_code_reference_and_day_only(
    installation: Callable[..., Toubib], now: FixedClock, service: tuple[str, list[dict[str, str]]]
) -> None:
    asked = fund(installation, now, entitlement="service", service_url=service[0], service_token="secret")
    first, wrong = asked.visit(), asked.visit("TISSE-0003", hours=2)
    for _ in range(2):
        assert asked.look(first) == {}
    assert CODE in asked.look(wrong)
    assert [set(body) for body in service[1]] == [{"code", "reference", "on"}] * 2
    with database().reading():
        row = entitlements.of(first)
        assert row is not None
        assert service[1][0] == {"code": "TISSE-0001", "reference": row.reference, "on": "2026-03-02"}
    assert asked.estimate(first).asked.minor == 0
    assert asked.estimate(wrong).asked.minor == 2500


@pytest.mark.parametrize("token", ["another", ""])
def test_a_service_that_refuses_or_is_silent_holds_nobody_up(
    installation: Callable[..., Toubib], now: FixedClock, service: tuple[str, list[dict[str, str]]], token: str
) -> None:
    url = service[0] if token else "http://127.0.0.1:9/entitlements"
    asked = fund(installation, now, entitlement="service", service_url=url, service_token=token or "secret")
    encounter = asked.visit()
    assert asked.look(encounter) == {CODE: asking.SILENT}
    assert asked.estimate(encounter).asked.minor == 2500


@pytest.mark.usefixtures("fonds")
def test_a_list_is_tried_first_and_a_wrong_line_stops_all_of_it() -> None:
    plan = house.settings().plans[0]
    newer = "code;valid_from;valid_to\ntisse-0001;2026-01-01;\nTISSE-0003;2026-01-01;2026-12-31\n"
    with database().unit_of_work():
        tried = members.load(plan, newer, whole=True, dry=True)
        assert (tried.added, tried.unchanged, tried.ended, members.count(plan)) == (1, 1, 0, 1)
        bad = members.load(plan, newer + "X-1;2026-01-01;\nTISSE-0004;soon;\nTISSE-0003;2026-01-01;\n", whole=True, dry=False)
        assert [wrong.line for wrong in bad.wrong] == [4, 5, 6]
        assert members.count(plan) == 1
        assert members.load(plan, newer, whole=True, dry=False).added == 1
        assert members.count(plan) == 2
        assert members.load(plan, "code,valid_from,valid_to\n", whole=True, dry=False).ended == 2
        assert members.count(plan) == 0
