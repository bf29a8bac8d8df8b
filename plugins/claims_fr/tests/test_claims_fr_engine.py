"""Properties of the calculation over every combination, not just examples."""

from dataclasses import replace
from datetime import date
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from toubib_claims_fr.cashflow import cashflow
from toubib_claims_fr.engine import NeedsEvidence, Priced, price
from toubib_claims_fr.money import share_of
from toubib_claims_fr.profile import Cover, Entitlement, OutPolicy, Pathway, PaymentMode, Profile, Service
from toubib_claims_fr.ruleset import ruleset

RULES = ruleset()
CODES = sorted(RULES.acts)
services = st.one_of(
    st.builds(Service, st.sampled_from(CODES), st.sampled_from([50, 100, 150, 250])),
    st.builds(Service, st.just("RAW"), st.just(100), st.integers(0, 20_000)),
)
profiles = st.builds(
    Profile,
    care_date=st.dates(date(2018, 9, 15), date(2027, 12, 31)),
    services=st.lists(services, min_size=1, max_size=4).map(tuple),
    fee=st.integers(0, 50_000),
    speciality=st.sampled_from(["01", "05", "12", "17", "21", "24", "26", "33", "42", "50", "70"]),
    sector=st.sampled_from(["1", "optam", "2"]),
    zone=st.sampled_from(["metro", "drom"]),
    birth_date=st.dates(date(1920, 1, 1), date(2018, 1, 1)),
    pathway=st.sampled_from(Pathway),
    entitlements=st.frozensets(st.sampled_from(Entitlement)),
    cover=st.builds(Cover, responsible=st.booleans(), overrun_cents=st.integers(0, 5_000)),
    flat_taken=st.integers(0, 60),
    acts_same_day=st.integers(0, 6),
    policy=st.sampled_from(OutPolicy),
    all_confirmed=st.just(True),
)

ADULT = Profile(
    care_date=date(2026, 11, 21),
    services=(Service("TCG"),),
    fee=2500,
    speciality="01",
    sector="1",
    zone="metro",
    birth_date=date(1980, 6, 15),
    pathway=Pathway.IN,
    entitlements=frozenset(),
    cover=Cover(responsible=True),
)


def priced(profile: Profile) -> Priced:
    answer = price(profile, RULES)
    assert isinstance(answer, Priced)
    return answer


@settings(max_examples=400, deadline=None)
@given(profiles)
def test_shares_sum_to_the_fee_and_none_is_negative(profile: Profile) -> None:
    answer = price(profile, RULES)
    if isinstance(answer, NeedsEvidence):
        assert answer.facts or answer.rules
        return
    parts = (answer.net, answer.local, answer.c2s, answer.complementary, answer.patient)
    assert sum(parts) == profile.fee
    assert min(*parts, answer.flat.amount, answer.reduction, answer.overrun) >= 0
    assert answer.base + answer.overrun == profile.fee


@settings(max_examples=300, deadline=None)
@given(profiles, st.sampled_from(PaymentMode))
def test_the_payment_mode_moves_money_in_time_never_in_amount(profile: Profile, mode: PaymentMode) -> None:
    answer = price(profile, RULES)
    if isinstance(answer, NeedsEvidence):
        return
    flows = cashflow(answer, mode)
    to_doctor = flows.counter + flows.national_to_doctor + flows.complementary_to_doctor
    assert to_doctor == profile.fee
    assert flows.patient_final == answer.patient
    assert min(flows.counter, flows.national_to_doctor, flows.complementary_to_doctor, flows.national_to_patient) >= 0
    assert min(flows.complementary_to_patient, flows.receivable) >= 0


@settings(max_examples=200, deadline=None)
@given(profiles)
def test_the_same_question_gets_the_same_answer(profile: Profile) -> None:
    assert price(profile, RULES) == price(profile, RULES)


@settings(max_examples=300, deadline=None)
@given(profiles, st.integers(1, 3_000))
def test_a_higher_fee_never_lowers_what_anybody_pays(profile: Profile, more: int) -> None:
    low, high = price(profile, RULES), price(replace(profile, fee=profile.fee + more), RULES)
    if isinstance(low, NeedsEvidence) or isinstance(high, NeedsEvidence):
        return
    assert high.base >= low.base
    assert high.complementary + high.c2s + high.local >= low.complementary + low.c2s + low.local
    assert high.overrun >= low.overrun


@settings(max_examples=300, deadline=None)
@given(profiles)
def test_leaving_the_pathway_never_costs_the_patient_less(profile: Profile) -> None:
    inside, outside = (price(replace(profile, pathway=way), RULES) for way in (Pathway.IN, Pathway.OUT))
    if isinstance(inside, NeedsEvidence) or isinstance(outside, NeedsEvidence):
        return
    assert outside.patient >= inside.patient
    assert outside.net <= inside.net


@given(st.integers(0, 10**7), st.integers(0, 100))
def test_half_a_cent_goes_up_and_never_more_than_half_a_cent_is_lost(amount: int, percent: int) -> None:
    exact = amount * percent
    assert -50 <= exact - 100 * share_of(amount, percent) < 51
    assert share_of(1905, 70) == 1334


def test_an_unknown_fact_promises_nothing_and_is_named() -> None:
    for field, name in (
        ("zone", "performer.zone"),
        ("sector", "performer.sector"),
        ("birth_date", "birth_date"),
        ("pathway", "pathway"),
        ("entitlements", "entitlements"),
        ("cover", "cover"),
        ("flat_taken", "flat_taken"),
        ("acts_same_day", "acts_same_day"),
    ):
        unknown: dict[str, Any] = {field: None}
        assert price(replace(ADULT, **unknown), RULES) == NeedsEvidence(facts=(name,))


def test_a_fact_that_cannot_change_an_amount_is_not_asked_for() -> None:
    child = replace(ADULT, birth_date=date(2020, 1, 1), pathway=None)
    assert priced(child).patient == 0
    nurse = replace(ADULT, services=(Service("TLD"),), fee=1500, speciality="24", sector=None, pathway=None)
    assert priced(nurse).patient == 100
    solidarity = replace(ADULT, entitlements=frozenset({Entitlement.C2S}), cover=None)
    assert priced(solidarity).patient == 0


def test_a_rule_of_low_confidence_waits_for_a_person() -> None:
    psychiatrist = replace(ADULT, services=(Service("TCS"),), fee=5020, speciality="33")
    rule = "tariff.TCS.metro.psychiatry"
    assert price(psychiatrist, RULES) == NeedsEvidence(rules=(rule,))
    assert priced(replace(psychiatrist, confirmed=frozenset({rule}))).base == 5020


def test_every_unknown_code_is_reported_at_once() -> None:
    profile = replace(ADULT, services=(Service("MIS"), Service("TCG"), Service("MCA")))
    assert price(profile, RULES) == NeedsEvidence(rules=("tariff.MIS.metro", "tariff.MCA.metro"))


def test_an_unknown_speciality_is_not_taken_for_a_doctor() -> None:
    assert price(replace(ADULT, speciality="99"), RULES) == NeedsEvidence(rules=("performer.specialty",))


def test_a_switch_off_lifts_the_majoration() -> None:
    out = replace(ADULT, pathway=Pathway.OUT)
    assert priced(out).reduction == 1000
    assert priced(replace(out, switched_off="exception.away_from_home")).reduction == 0
