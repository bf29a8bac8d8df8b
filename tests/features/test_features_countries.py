"""Several countries in one installation: place, coverage, billing party, language and deployment each decide their own thing."""

import re
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlmodel import select

from toubib import i18n, runtime
from toubib.contracts.common import Money
from toubib.contracts.country import PrescriptionContext
from toubib.contracts.journey import StepStatus
from toubib.contracts.prescription import MedicationLine
from toubib.db import database, session
from toubib.db.tables.access import RoleAssignment
from toubib.db.tables.claims import Claim, ClaimItem, Counter
from toubib.db.tables.money import MoneyDue
from toubib.runtime import Toubib
from toubib.seams.clock import FixedClock
from toubib.services import activity, care, checkout, countries, coverage, journey, ledger, people, settlement, unverified
from toubib.services.care import AdmissionLine
from toubib.testing.booked import Booked, booked, patient_session
from toubib.testing.practices import Practice, practice, practitioner_session

PLUGINS = ("country_se", "country_fr", "country_de", "claims_se", "claims_fr", "claims_de", "payment_manual")
CONFIRMED = ["tariff.doctor", "ceiling"]
SETTINGS: dict[str, Any] = {
    "use": {"countries": ["SE", "FR", "DE"], "reimbursement": ["claims_se", "claims_fr", "claims_de"], "payment": ["payment_manual"]},
    "site": {"country": "DE", "zone": "Europe/Berlin", "languages": ["fr", "en", "de", "sv"]},
    "settings": {"claims_se": {"region": "06", "patient_fee_minor": 20000, "confirmed_rules": CONFIRMED}},
    "journeys": {"booked": {"steps": ["identity.traits", "coverage.facts", "coverage.estimate"]}},
}
SWEDE = {"toubib.insured_in": "SE", "claims_se.region": "01", "claims_se.personnummer": "880320-0016"}
GERMAN = {"toubib.insured_in": "DE", "claims_de.insurance": "statutory", "claims_de.kvnr": "A123456780"}
NICE = AdmissionLine(True, "FR", "Nice", "01 99 00 00 01")


@pytest.fixture
def livi(installation: Callable[..., Toubib], now: FixedClock) -> Toubib:
    assert now.now().tzinfo
    return installation(*PLUGINS, **SETTINGS)


def clinic(country: str, currency: str, zone: str, name: str = "clinic") -> Practice:
    with database().unit_of_work():
        return practice(name, country=country, currency=currency, zone=zone)


def swedish() -> Practice:
    return clinic("SE", "SEK", "Europe/Stockholm")


def patient(made: Practice, start: datetime, facts: dict[str, str], *, price: int = 50000, person_id: str = "") -> Booked:
    with database().unit_of_work():
        visit = booked(made, start, price_minor=price, person_id=person_id)
        for key, value in facts.items():
            people.declare_fact(visit.person_id, key, value)
        assert checkout.accept(visit.encounter_id, checkout.shown_now(visit.encounter_id)) is None
    return visit


def seen(visit: Booked, line: AdmissionLine = NICE) -> None:
    with database().unit_of_work():
        assert care.arrive(visit.encounter_id) is None
        assert care.admit(visit.encounter_id, line) is None
        assert care.end(visit.encounter_id) is None


def settled(visit: Booked) -> None:
    with database().unit_of_work():
        settlement.settle(visit.encounter_id)
    settlement.assemble_claims({"encounter": visit.encounter_id})


def due(visit: Booked) -> tuple[int, int | None, str]:
    with database().reading() as reading:
        row = reading.exec(select(MoneyDue).where(MoneyDue.encounter_id == visit.encounter_id)).one()
        return row.max_minor, row.amount_minor, row.currency


def numbers(code: str) -> list[str]:
    return [number.number for number in countries.emergency_numbers(code)]


def test_the_five_countries_of_a_visit_all_differ(livi: Toubib, now: FixedClock) -> None:
    """A deployment in Germany, a clinic in Sweden, a patient in Spain, insured in France, who reads English: each decides its own thing."""
    visit = patient(swedish(), now.now(), {"toubib.insured_in": "FR"})
    seen(visit, AdmissionLine(True, "ES", "Madrid", "01 99 00 00 01"))
    settled(visit)
    with database().reading():
        found = coverage.stored(visit.encounter_id, "final")
        line = care.admission_line(visit.encounter_id)
        asked = [need.key for need in coverage.facts_needed(visit.encounter_id)]
    assert found is not None
    assert line is not None
    assert [quote.pack for quote in found.quotes] == ["claims_fr"]
    assert (found.total, found.shares) == (Money(50000, "SEK"), ())
    assert due(visit) == (50000, 50000, "SEK")
    assert numbers(line.country) == ["112"]
    assert asked == ["toubib.insured_in"]
    assert countries.in_use()[0].code == livi.settings.site.country == "DE"
    assert i18n.money(found.total, "en") == "SEK500.00"
    assert [number.number for number in countries.emergency_anywhere()] == ["112"]


@pytest.mark.usefixtures("livi")
def test_a_stockholmer_on_holiday_in_nice_is_reimbursed_by_the_region_and_helped_by_the_fifteen(now: FixedClock) -> None:
    visit = patient(swedish(), now.now(), SWEDE)
    seen(visit)
    settled(visit)
    with database().reading() as reading:
        found = coverage.stored(visit.encounter_id, "final")
        (claim,) = reading.exec(select(Claim)).all()
        (counter,) = reading.exec(select(Counter)).all()
    assert found is not None
    assert [(share.payer, share.amount) for share in found.shares] == [("region:01", Money(30000, "SEK"))]
    assert due(visit) == (20000, 20000, "SEK")
    assert claim.grouping_key == "claims_se/01/2026-03"
    with database().reading():
        owed = [b for b in ledger.balances(visit.practice.organisation_id) if b.account.kind == ledger.THIRD_PARTY]
    assert [(b.account.party, b.balance) for b in owed] == [("region:01", Money(30000, "SEK"))]
    assert (counter.key, counter.window, counter.value) == ("claims_se.patient_fees", "2026-03-02/P12M", 20000)
    assert numbers("FR")[0] == "15"


@pytest.mark.parametrize(("facts", "prefix"), [({"toubib.insured_in": "SE"}, "claims_se."), ({"toubib.insured_in": "DE"}, "claims_de.")])
@pytest.mark.usefixtures("livi")
def test_only_the_country_of_the_coverage_asks_anything(now: FixedClock, facts: dict[str, str], prefix: str) -> None:
    made = swedish() if prefix == "claims_se." else clinic("DE", "EUR", "Europe/Berlin")
    with database().unit_of_work():
        visit = booked(made, now.now())
        before = [need.key for need in coverage.facts_needed(visit.encounter_id)]
        for key, value in facts.items():
            people.declare_fact(visit.person_id, key, value)
        after = [need.key for need in coverage.facts_needed(visit.encounter_id)]
    assert before == ["toubib.insured_in"]
    assert after[0] == "toubib.insured_in"
    assert after[1:]
    assert all(key.startswith(prefix) for key in after[1:])


@pytest.mark.usefixtures("livi")
def test_the_questions_come_in_two_turns_and_again_when_the_country_changes(now: FixedClock) -> None:
    with database().unit_of_work():
        visit = booked(swedish_in_work(), now.now())
        view = journey.view(visit.encounter_id)
        step = next(step for step in journey.steps("booked") if step.name == "coverage.facts")

        def status() -> StepStatus:
            return step.states([view])[view.id].status

        assert step.submit(view, {}) is not None
        assert step.submit(view, {"toubib.insured_in": "SE"}) is None
        assert status() is StepStatus.OPEN
        wrong = step.submit(view, {**SWEDE, "claims_se.personnummer": "880320-0017"})
        assert wrong is not None
        assert wrong.by_field["claims_se.personnummer"].key.startswith("Check digit:")
        assert step.submit(view, SWEDE) is None
        assert status() is StepStatus.DONE
        for nothing_more in ("DE", "elsewhere"):
            assert step.submit(view, {**SWEDE, "toubib.insured_in": nothing_more}) is None
            assert status() is StepStatus.DONE
        assert step.submit(view, {"toubib.insured_in": "SE"}) is None
        assert status() is StepStatus.OPEN


def swedish_in_work() -> Practice:
    return practice("clinic", country="SE", currency="SEK", zone="Europe/Stockholm")


def test_the_page_asks_the_country_alone_and_then_what_its_payers_need(
    app: Callable[..., Flask], browse: Callable[[Flask], FlaskClient], now: FixedClock
) -> None:
    client = browse(app(*PLUGINS, **SETTINGS))
    with database().unit_of_work():
        visit = booked(swedish_in_work(), now.now() + timedelta(days=1))
        client.set_cookie("tb_session", patient_session(visit))
    where = f"/visits/{visit.encounter_id}/details"
    page = client.get(where, headers={"Accept-Language": "en"}).text
    assert "Where are you insured?" in page
    assert "claims_" not in page
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)
    sent = {**IDENTITY, "toubib.insured_in": "SE", "csrf_token": token[1] if token else ""}
    assert client.post(where, data=sent).status_code == 302
    page = client.get(where, headers={"Accept-Language": "en"}).text
    assert 'name="claims_se.region"' in page
    assert "claims_fr." not in page
    assert "claims_de." not in page


IDENTITY = {
    "identity.family_name": "Test",
    "identity.given_names": "Ada",
    "identity.birth_date_day": "20",
    "identity.birth_date_month": "3",
    "identity.birth_date_year": "1988",
    "identity.sex": "female",
    "identity.phone": "01 99 00 00 01",
}


@pytest.mark.usefixtures("livi")
def test_an_emergency_that_was_stated_reaches_the_payers(now: FixedClock) -> None:
    visit = patient(swedish(), now.now(), {})
    with database().unit_of_work():
        before = coverage.context(visit.encounter_id).emergency
        care.state_emergency(visit.encounter_id, stated=True)
        assert (before, coverage.context(visit.encounter_id).emergency) == (False, True)


@pytest.mark.usefixtures("livi")
def test_somebody_insured_nowhere_known_pays_the_price_and_reads_why(now: FixedClock) -> None:
    visit = patient(swedish(), now.now(), {"toubib.insured_in": "elsewhere"})
    seen(visit)
    settled(visit)
    with database().reading() as reading:
        found = coverage.stored(visit.encounter_id, "final")
        assert reading.exec(select(ClaimItem)).all() == []
    assert found is not None
    assert found.patient == Money(50000, "SEK")
    assert "Ask your own insurer" in found.quotes[0].warnings[0].key
    assert due(visit) == (50000, 50000, "SEK")


@pytest.mark.parametrize(("code", "expected"), [("FR", "15"), ("SE", "112"), ("DE", "112"), ("ES", "112"), ("US", ""), ("", "")])
@pytest.mark.usefixtures("livi")
def test_a_place_without_a_pack_gets_what_is_known_to_work_there_or_nothing(code: str, expected: str) -> None:
    assert next(iter(numbers(code)), "") == expected


@pytest.mark.usefixtures("livi")
def test_a_german_visit_costs_nothing_and_a_quarter_is_one_claim(now: FixedClock) -> None:
    made = clinic("DE", "EUR", "Europe/Berlin")
    first = patient(made, now.now(), GERMAN, price=3000)
    second = patient(made, now.now() + timedelta(days=20), {}, price=3000, person_id=first.person_id)
    for visit in (first, second):
        seen(visit)
        settled(visit)
        assert due(visit) == (0, 0, "EUR")
    with database().reading() as reading:
        (claim,) = reading.exec(select(Claim)).all()
        assert [item.points for item in reading.exec(select(ClaimItem))] == [40, 40]
    assert claim.status == "draft"
    now.advance(timedelta(days=40))
    settlement.close_claims({})
    with database().reading() as reading:
        assert reading.exec(select(Claim.status)).one() == "needs_gateway"


@pytest.mark.feature("PAY-02:a")
def test_nothing_to_pay_and_points_are_read_before_the_booking(app: Callable[..., Flask], browse: Callable[[Flask], FlaskClient], now: FixedClock) -> None:
    client = browse(app(*PLUGINS, **SETTINGS))
    visit = patient(clinic("DE", "EUR", "Europe/Berlin"), now.now() + timedelta(days=1), GERMAN, price=3000)
    with database().unit_of_work():
        client.set_cookie("tb_session", patient_session(visit))
    page = client.get(f"/visits/{visit.encounter_id}", headers={"Accept-Language": "en"}).text
    assert "0 to pay: your fund is billed in points (40)." in page
    assert "40 points" in page
    assert "€30.00" not in page


@pytest.mark.usefixtures("livi")
def test_two_visits_at_once_never_pay_beyond_the_ceiling(now: FixedClock) -> None:
    made = swedish()
    first = patient(made, now.now(), SWEDE)
    with database().unit_of_work():
        row = Counter(organisation_id=made.organisation_id, person_id=first.person_id, key="claims_se.patient_fees", window="2025-09-01/P12M")
        row.value = 130000
        session().add(row)
    second = patient(made, now.now() + timedelta(hours=2), {}, person_id=first.person_id)
    assert due(second)[0] == 15000
    seen(first)
    seen(second)
    with ThreadPoolExecutor(2) as threads:
        list(threads.map(settled, (first, second)))
    with database().reading() as reading:
        assert [row.value for row in reading.exec(select(Counter))] == [145000]
    assert sorted(amount or 0 for _, amount, _ in (due(first), due(second))) == [0, 15000]


@pytest.mark.usefixtures("livi")
def test_the_period_begins_with_the_first_visit_even_when_it_is_settled_last(now: FixedClock) -> None:
    made = swedish()
    early = patient(made, now.now(), SWEDE)
    late = patient(made, now.now() + timedelta(days=10), {}, person_id=early.person_id)
    for visit in (late, early):
        seen(visit)
        settled(visit)
    next_year = patient(made, datetime(2027, 3, 2, 9, tzinfo=UTC), {}, person_id=early.person_id)
    with database().reading() as reading:
        assert [(row.window, row.value) for row in reading.exec(select(Counter))] == [("2026-03-02/P12M", 40000)]
        assert coverage.context(next_year.encounter_id).counters == {}


@pytest.mark.feature("CLAIM-08:a")
@pytest.mark.usefixtures("livi")
def test_the_limits_of_a_practice_and_its_doctor_are_counted_from_what_was_settled(now: FixedClock) -> None:
    made = clinic("DE", "EUR", "Europe/Berlin")
    visit = patient(made, now.now(), GERMAN, price=3000)
    seen(visit)
    settled(visit)
    with database().reading():
        found = activity.stands(made.organisation_id, now.now().date())
    assert [(stand.cap.why.rule, stand.cap.count, str(stand.cap.status)) for stand in found] == [
        ("cap.cases_percent", 1, "exceeded"),
        ("cap.points_01450", 40, "ok"),
    ]


@pytest.mark.usefixtures("livi")
def test_what_nobody_verified_is_listed_with_the_countries_own_facts() -> None:
    toubib = runtime.current()
    found = unverified.unverified(toubib.packs, countries.in_use())
    assert ("claims_se", "ceiling") in rules_of(found)
    assert ("SE", "identifier.test_range") in rules_of(found)
    assert not any(entry.moves_money for entry in found if entry.pack in ("SE", "DE", "FR"))


def rules_of(found: Iterable[unverified.Unverified]) -> set[tuple[str, str]]:
    return {(entry.pack, entry.rule.rule) for entry in found}


def test_the_administrator_reads_the_limits(app: Callable[..., Flask], browse: Callable[[Flask], FlaskClient], now: FixedClock) -> None:
    client = browse(app(*PLUGINS, **SETTINGS))
    made = clinic("DE", "EUR", "Europe/Berlin")
    visit = patient(made, now.now(), GERMAN, price=3000)
    seen(visit)
    settled(visit)
    with database().unit_of_work():
        token = practitioner_session(made)
        session().exec(select(RoleAssignment)).one().role = "administrator"
        client.set_cookie("tb_session", token)
    page = client.get("/admin/limits", headers={"Accept-Language": "en"}).text
    assert "above the limit" in page
    assert "1 / 1" in page


@pytest.mark.usefixtures("livi")
def test_a_practice_in_a_country_without_a_pack_can_sign_no_prescription_and_says_so() -> None:
    context = PrescriptionContext(date(2026, 3, 2), "video", oral_contact=True)
    line = MedicationLine("Paracetamol 1 g", "1 tablet", duration_days=5)
    found = countries.prescription_rules("ES", context, [line])
    assert found.blocks[0].params == {"country": countries.name("ES", i18n.locale())}
    assert not countries.prescription_rules("SE", context, [line]).blocks
