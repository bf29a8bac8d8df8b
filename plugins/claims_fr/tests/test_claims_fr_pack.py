"""The pack through the contract's door: facts, acts, quotes, items, drafts."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

import toubib_claims_fr
from toubib.contracts.activity import ActivityCounts, ActivitySubject
from toubib.contracts.common import ContractError, Money, Place
from toubib.contracts.counters import Counter
from toubib.contracts.reasons import Confidence
from toubib.contracts.reimbursement import (
    Charge,
    ClaimState,
    CoverageStatus,
    PatientSnapshot,
    PaymentModeAsked,
    PerformerSnapshot,
    Quote,
    QuoteContext,
)
from toubib.i18n import Catalogues
from toubib.testing.conformance.reimbursement import ReimbursementContract, ReimbursementSubject
from toubib_claims_fr.facts import DOCTORS, FACT_TYPES, normalise_nir
from toubib_claims_fr.pack import FrenchPack
from toubib_claims_fr.settings import Settings

AT = datetime(2026, 11, 23, 9, tzinfo=UTC)
KNOWN = {
    "claims_fr.nir": "269054958815780",
    "claims_fr.scheme": "general",
    "claims_fr.treating_doctor": "this",
    "claims_fr.full_cover": "no",
    "claims_fr.complementary": "responsible",
}
GP = PerformerSnapshot("role", "practice", "physician", "01", {"sector": "1", "department": "69"})
ADULT = PatientSnapshot("person", date(1980, 6, 15), "F", KNOWN)
CATALOGUES = Catalogues({"claims_fr": Path(toubib_claims_fr.__file__).parent / "translations"})


def visit(*codes: str, price: int = 2500, **changes: Any) -> QuoteContext:
    charges = tuple(Charge(code, Money(price if n == 0 else 0, "EUR")) for n, code in enumerate(codes or ("",)))
    base = QuoteContext("encounter", AT, "Europe/Paris", "video", GP, ADULT, charges)
    return replace(base, **changes)


def patient(born: date | None = date(1980, 6, 15), **facts: str) -> PatientSnapshot:
    known = {**KNOWN, **{f"claims_fr.{name}": value for name, value in facts.items()}}
    return PatientSnapshot("person", born, "F", {key: value for key, value in known.items() if value})


def quote(context: QuoteContext, settings: Settings | None = None) -> Quote:
    return FrenchPack(settings or Settings()).quote([context], [()])[0]


def amounts(found: Quote) -> Mapping[str, int]:
    return {share.payer: share.amount.minor for share in found.shares}


def said(found: Quote) -> str:
    return " ".join(CATALOGUES.render(message, "en") for message in found.warnings)


class TestFrenchPack(ReimbursementContract):
    @pytest.fixture
    def subject(self) -> ReimbursementSubject:
        return ReimbursementSubject(FrenchPack(Settings()), unknown=visit(patient=PatientSnapshot("person", None)), covered=visit("TCG"))


class TestSpecialist(ReimbursementContract):
    @pytest.fixture
    def subject(self) -> ReimbursementSubject:
        context = visit("TCS", price=4500, performer=replace(GP, specialty="05"), patient=patient(treating_doctor="other"))
        return ReimbursementSubject(FrenchPack(Settings()), unknown=replace(context, patient=patient(treating_doctor="")), covered=context)


@pytest.mark.feature("CLAIM-01:b", "CLAIM-01:c")
def test_each_payer_says_why_with_text_and_date() -> None:
    found = quote(visit("TCG"))
    assert found.status is CoverageStatus.COVERED
    assert amounts(found) == {"national": 1550, "flat_contribution": 200, "complementary": 750}
    national, flat, contract = found.shares
    assert [share.deduction for share in found.shares] == [False, True, False]
    assert [why.rule for why in (*national.why, *flat.why, *contract.why)] == ["rate.standard", "flat.doctor.amount", "cover.responsible"]
    assert flat.why[0].source == "CSS R160-19"
    assert flat.why[0].valid_from == date(2024, 5, 15)
    assert CATALOGUES.render(national.why[0].sentence, "fr") == "L’Assurance maladie paie\u00a070\u00a0% du tarif, 25,00\u00a0€.".replace("paie\u00a0", "paie ")


def test_a_charge_without_a_code_is_estimated_with_the_usual_act() -> None:
    assert quote(visit("")).lines[0].code == "TCG"
    free = replace(GP, attributes={"sector": "2", "department": "69"})
    assert quote(visit("", performer=free)).lines[0].code == "TCG"
    assert quote(visit("", performer=free, price=4000)).lines[0].code == "TC"
    assert quote(visit("", performer=replace(GP, specialty="05"), price=3000)).lines[0].code == "TCS"
    past = datetime(2019, 5, 2, 9, tzinfo=UTC)
    assert quote(visit("", performer=replace(GP, specialty="05"), care_at=past, last_in_person_on=date(2019, 1, 1))).lines[0].code == "TC"


def test_the_facts_asked_are_those_that_matter() -> None:
    pack = FrenchPack(Settings())
    blank = PatientSnapshot("person", date(1980, 6, 15))

    def keys(context: QuoteContext) -> list[str]:
        return [need.key.removeprefix("claims_fr.") for need in pack.facts_needed(context)]

    assert keys(visit(patient=blank)) == ["nir", "scheme", "treating_doctor", "full_cover", "complementary"]
    assert "treating_doctor" not in keys(visit(patient=replace(blank, birth_date=date(2020, 1, 1))))
    assert "treating_doctor" not in keys(visit(patient=blank, performer=replace(GP, specialty="33")))
    assert "last_in_person" in keys(visit(care_at=datetime(2019, 5, 2, 9, tzinfo=UTC)))


def test_a_stated_emergency_lifts_the_rules_of_the_pathway() -> None:
    outside = visit("TCG", patient=patient(treating_doctor="other"))
    found = quote(replace(outside, emergency=True))
    assert (quote(outside).status, found.status) == (CoverageStatus.REDUCED, CoverageStatus.COVERED)
    assert "exception.emergency" in [why.rule for why in found.reasons]


def test_a_visit_that_is_billed_abroad_is_neither_asked_about_nor_paid() -> None:
    abroad = visit("TCG", performer=replace(GP, country="SE"))
    assert not FrenchPack(Settings()).facts_needed(abroad)
    assert quote(abroad).status is CoverageStatus.NOT_COVERED
    assert said(quote(abroad)).startswith("This practitioner does not practise in France.")


OUT = {"other", "none"}


@pytest.mark.parametrize("answer", [value for value, _ in DOCTORS])
def test_each_answer_on_the_treating_doctor_decides_the_pathway(answer: str) -> None:
    found = quote(visit("TCG", patient=patient(treating_doctor=answer)))
    assert found.status == ("covered_reduced" if answer in OUT else "covered")
    assert amounts(found)["national"] == (550 if answer in OUT else 1550)
    assert any(why.rule.startswith("exception.") for why in found.reasons) == (answer not in OUT)


@pytest.mark.parametrize(
    ("changes", "status", "shares"),
    [
        ({"patient": patient(treating_doctor="other")}, "covered_reduced", {"national": 550, "flat_contribution": 200, "complementary": 750}),
        ({"patient": patient(treating_doctor="away")}, "covered", {"national": 1550, "flat_contribution": 200, "complementary": 750}),
        ({"patient": patient(treating_doctor="none_sent")}, "covered", {"national": 1550, "flat_contribution": 200, "complementary": 750}),
        ({"patient": patient(complementary="c2s")}, "covered", {"national": 1750, "c2s": 750}),
        ({"patient": patient(complementary="none")}, "covered", {"national": 1550, "flat_contribution": 200}),
        ({"patient": patient(full_cover="ald")}, "covered", {"national": 2300, "flat_contribution": 200}),
        ({"patient": patient(full_cover="maternity")}, "covered", {"national": 2500}),
        ({"patient": patient(scheme="ame", complementary="none")}, "covered", {"national": 2500}),
        (
            {"patient": patient(scheme="alsace_moselle")},
            "covered",
            {"national": 1550, "flat_contribution": 200, "local_scheme": 500, "complementary": 250},
        ),
        ({"patient": patient(scheme="none")}, "not_covered", {}),
        ({"patient": patient(born=date(2020, 1, 1), treating_doctor="")}, "covered", {"national": 1750, "complementary": 750}),
        ({"modality": "audio"}, "not_covered", {}),
        ({"modality": "text"}, "not_covered", {}),
        ({"modality": "mixed"}, "needs_evidence", {}),
        ({"performer": replace(GP, attributes={"department": "69", "sector": ""})}, "needs_evidence", {}),
        ({"performer": replace(GP, attributes={"sector": "1"})}, "needs_evidence", {}),
        ({"care_at": datetime(2018, 9, 1, 9, tzinfo=UTC)}, "not_covered", {}),
        ({"charges": ()}, "needs_evidence", {}),
        ({"charges": (Charge("TCG", Money(2500, "SEK")),)}, "not_covered", {}),
    ],
)
def test_quotes_by_situation(changes: dict[str, Any], status: str, shares: Mapping[str, int]) -> None:
    found = quote(visit("TCG", **changes))
    assert found.status == status
    assert amounts(found) == shares


def test_what_the_patient_cannot_answer_is_said_and_not_asked() -> None:
    found = quote(visit("TCG", performer=replace(GP, attributes={"department": "69"})))
    assert found.missing == ()
    assert "fee sector" in said(found)


@pytest.mark.feature("CLAIM-16:b")
def test_an_unverified_tariff_waits_for_a_person() -> None:
    context = visit("TCS", price=5500, performer=replace(GP, specialty="33"), patient=patient(treating_doctor=""))
    found = quote(context)
    assert found.status is CoverageStatus.NEEDS_EVIDENCE
    assert found.shares == ()
    assert "tariff.TCS.metro.psychiatry" in said(found)
    assert FrenchPack(Settings()).acts(context)[0].tariff is None
    confirmed = Settings(confirmed_rules=frozenset({"tariff.TCS.metro.psychiatry"}))
    assert amounts(quote(context, confirmed))["national"] == 3314


@pytest.mark.feature("CLAIM-16:a")
def test_the_list_of_unverified_rules_is_made_of_the_rules_in_use() -> None:
    low = {why.rule for why in FrenchPack(Settings()).rulesets() if why.confidence is Confidence.LOW}
    assert {"tariff.TCS.metro.psychiatry", "tariff.TCS.metro.gynaecology", "tariff.TMK.metro"} <= low


def test_rules_of_medium_confidence_are_named() -> None:
    found = quote(visit("TCS", price=3000, performer=replace(GP, specialty="05")))
    assert "tariff.TCS.metro" in said(found)
    assert "secondary source" not in said(quote(visit("TCG")))


def test_third_party_payment_leaves_the_flat_contribution_to_be_collected() -> None:
    found = quote(visit("TCG", payment_mode=PaymentModeAsked.THIRD_PARTY_ALL))
    assert amounts(found) == {"national": 1750, "flat_contribution": 200, "complementary": 750}
    assert [(r.creditor, r.debtor, r.amount.minor) for r in found.receivables] == [("national", "patient", 200)]
    refused = quote(visit("TCG", payment_mode=PaymentModeAsked.THIRD_PARTY_PRIMARY, patient=patient(treating_doctor="other")))
    assert refused.receivables == ()
    assert "may not be paid by the fund" in said(refused)


def test_counters_are_read_and_consumed() -> None:
    taken = {"claims_fr.flat_contributions": Counter("claims_fr.flat_contributions", 25, complete=False)}
    assert quote(visit("TCG")).counters == {"claims_fr.flat_contributions": 1}
    full = quote(visit("TCG", counters=taken))
    assert full.counters == {}
    assert amounts(full) == {"national": 1750, "complementary": 750}
    assert [why.rule for why in full.shares[0].why] == ["rate.standard", "flat.doctor.max_per_year"]


def test_an_overrun_is_said_and_stays_with_the_patient() -> None:
    found = quote(visit("TCG", price=4000))
    assert sum(share.amount.minor for share in found.shares if not share.deduction) == 2300
    assert "15.00" in said(found)


def test_a_territory_apart_is_said_and_costs_nothing() -> None:
    far = quote(visit("TCG", patient_place=Place("FR", "Lille", "59000")))
    near = quote(visit("TCG", patient_place=Place("FR", "Lyon", "69003")))
    assert far.shares == near.shares
    assert [why.sentence.key[:3] for why in far.reasons if why.rule == "convention_2024.territory"] == ["You"]


@pytest.mark.feature("CLAIM-15:a", "CLAIM-15:b", "CLAIM-15:c")
def test_evidence_comes_from_the_agenda_or_from_the_patient_and_is_kept_with_the_claim() -> None:
    pack, in_2019 = FrenchPack(Settings()), datetime(2019, 5, 2, 9, tzinfo=UTC)

    def evidence(context: QuoteContext) -> Mapping[str, tuple[str, str]]:
        items = pack.items(context, quote(context))
        claim = pack.assemble(items[0].grouping_key, items, AT)
        return {e["rule"]: (e["evidence"], e["origin"]) for e in claim.payload["sheet"]["pathway"]["evidence"]}

    by_agenda = evidence(visit("TCG", care_at=in_2019, last_in_person_on=date(2018, 6, 1)))
    assert by_agenda["avenant_6.known_patient"] == ("2018-06-01", "agenda")
    declared = evidence(visit("TCG", care_at=in_2019, patient=patient(last_in_person="2019-01-15")))
    assert declared["avenant_6.known_patient"] == ("2019-01-15", "declared")
    assert declared["exception.treating_doctor_self"] == ("treating_doctor_declared", "declared")
    verified = replace(patient(), verified=frozenset({"claims_fr.treating_doctor"}))
    assert evidence(visit("TCG", patient=verified))["exception.treating_doctor_self"][1] == "verified"
    staying = evidence(visit("TCG", patient=patient(treating_doctor="care_home")))
    assert staying["exception.care_home"] == ("finess_of_home", "declared")


@pytest.mark.parametrize(
    ("seen", "status"),
    [(date(2018, 5, 2), "covered"), (date(2018, 5, 1), "needs_evidence"), (date(2019, 5, 2), "covered"), (None, "needs_evidence")],
)
def test_twelve_months_before_in_the_first_convention(seen: date | None, status: str) -> None:
    assert quote(visit("TCG", care_at=datetime(2019, 5, 2, 9, tzinfo=UTC), last_in_person_on=seen)).status == status


@pytest.mark.parametrize(("day", "status"), [("2020-03-09", "needs_evidence"), ("2020-03-10", "covered"), ("2021-09-26", "covered")])
def test_later_conventions_ask_no_visit_in_person(day: str, status: str) -> None:
    assert quote(visit("TCG", care_at=datetime.fromisoformat(f"{day}T09:00:00+00:00"))).status == status


@pytest.mark.parametrize(("day", "status"), [("2020-04-25", "covered"), ("2021-09-26", "not_covered"), ("2019-05-02", "not_covered")])
def test_the_telephone_was_paid_in_the_epidemic_only(day: str, status: str) -> None:
    assert quote(visit("TCG", modality="audio", care_at=datetime.fromisoformat(f"{day}T09:00:00+00:00"))).status == status


def test_the_care_day_is_that_of_the_practice() -> None:
    late = datetime(2024, 5, 14, 22, 30, tzinfo=UTC)
    assert amounts(quote(visit("TCG", care_at=late)))["flat_contribution"] == 200
    assert amounts(quote(visit("TCG", care_at=late, zone="America/Martinique")))["flat_contribution"] == 100


def test_acts_begin_with_the_usual_one() -> None:
    pack = FrenchPack(Settings())
    codes = [act.code for act in pack.acts(visit())]
    assert codes[0] == "TCG"
    assert "MEG" not in codes
    assert "MEG" in [act.code for act in pack.acts(visit(patient=patient(born=date(2022, 1, 1))))]
    nurse = replace(GP, specialty="24", profession="nurse")
    assert [act.code for act in pack.acts(visit(performer=nurse))] == ["TLD", "TLL", "TLS", "TMI"]
    assert pack.acts(visit(modality="in_person"))[0].code == "G"
    assert pack.acts(visit(performer=replace(GP, specialty=""))) == []


def test_a_quantity_counts_in_price_and_base() -> None:
    nurse = replace(GP, specialty="24", profession="nurse")
    found = quote(visit(performer=nurse, charges=(Charge("TLS", Money(1000, "EUR"), qty=2),)))
    assert found.lines[0].base == Money(2000, "EUR")
    assert amounts(found) == {"national": 1000, "flat_contribution": 200, "complementary": 800}


def test_a_coefficient_that_the_nomenclature_cannot_write_is_refused() -> None:
    with pytest.raises(ContractError):
        quote(visit(charges=(Charge("TC", Money(2500, "EUR"), coefficient_milli=1005),)))


@pytest.mark.feature("CLAIM-07:a")
@pytest.mark.parametrize(
    ("context", "rule"),
    [
        (visit("TCG", patient=patient(nir="")), "claim.nir"),
        (visit("TCG", price=4000, patient=patient(complementary="c2s")), "overrun.forbidden"),
        (visit("TCS", price=3000), "act.speciality"),
        (visit("TCG", "MCE"), "act.speciality"),
        (visit("TCG", "MCC", performer=replace(GP, specialty="01")), "act.supplement"),
        (visit(charges=(Charge("TCG", Money(3750, "EUR"), coefficient_milli=1500),)), "act.coefficient"),
        (visit("TCG", modality="mixed"), "claim.missing"),
    ],
)
def test_a_claim_that_breaks_a_rule_is_held_with_its_name(context: QuoteContext, rule: str) -> None:
    pack = FrenchPack(Settings())
    items = pack.items(context, quote(context))
    claim = pack.assemble(items[0].grouping_key, items, AT)
    assert claim.state is ClaimState.HELD
    rules = [why.rule for why in claim.violations]
    assert rules[0] == rule
    assert (rule == "claim.nir") == ("claim.nir" in rules)
    named = CATALOGUES.render(claim.violations[0].sentence, "en")
    assert "%(" not in named
    assert named in CATALOGUES.render(claim.next_step, "en")


def test_a_held_claim_names_the_amount_that_holds_it() -> None:
    pack = FrenchPack(Settings())
    context = visit("TCG", price=4000, patient=patient(complementary="c2s"))
    items = pack.items(context, quote(context))
    stored = [replace(item, payload=json.loads(json.dumps(dict(item.payload)))) for item in items]
    held = pack.assemble(items[0].grouping_key, stored, AT).violations[0]
    assert "15.00" in CATALOGUES.render(held.sentence, "en")


def test_the_draft_says_what_it_is_and_when_it_is_due() -> None:
    pack, context = FrenchPack(Settings()), visit("TCG")
    items = pack.items(context, quote(context))
    claim = pack.assemble(items[0].grouping_key, items, AT)
    assert claim.state is ClaimState.NEEDS_GATEWAY
    assert claim.payload["information_only"] is True
    assert "no certified gateway" in CATALOGUES.render(claim.legal_status, "en")
    assert claim.payload["acts"][0]["code_acte"] == "TCG"
    assert claim.payload["acts"][0]["montant_remboursable_amo"] == 1750
    assert claim.payload["sheet"]["insured"]["cle_nir"] == "80"
    assert claim.payload["sheet"]["pathway"]["indicateur_parcours"] == "T"
    assert claim.deadline is not None
    assert claim.deadline.date() == date(2026, 11, 26)


@pytest.mark.parametrize(
    ("text", "check"),
    [("269054958815781", "Key"), ("26905495881578", "Length"), ("26905495881578X", "Characters"), ("", "Length")],
)
def test_a_mistyped_insurance_number_names_the_check(text: str, check: str) -> None:
    assert normalise_nir("2 69 05 49 588 157 80") == "269054958815780"
    with pytest.raises(ContractError) as caught:
        normalise_nir(text)
    assert caught.value.message.key.startswith(check)


def test_answers_outside_the_choices_are_refused() -> None:
    for kind in FACT_TYPES:
        if kind.choices:
            assert kind.normalise(kind.choices[0][0]) == kind.choices[0][0]
            with pytest.raises(ContractError):
                kind.normalise("something else")


@pytest.mark.parametrize(
    "context", [visit("TCG"), visit("TCG", patient=PatientSnapshot("person", None)), visit("TCS", price=5000, patient=patient(scheme="none"))]
)
def test_a_quote_is_stored_and_read_back_as_it_was(context: QuoteContext) -> None:
    adapter = TypeAdapter(Quote)
    found = quote(context)
    assert adapter.validate_json(adapter.dump_json(found)) == found


@pytest.mark.feature("CLAIM-08:a")
@pytest.mark.parametrize(("specialty", "limits"), [("01", 20), ("33", 40)])
def test_the_share_of_remote_acts_in_a_year_is_limited(specialty: str, limits: int) -> None:
    counts = ActivityCounts(ActivitySubject.PRACTITIONER, date(2026, 1, 1), date(2026, 12, 31), 1000, 201, 0, 0, specialty=specialty)
    (found,) = FrenchPack(Settings()).caps(counts)
    assert (found.percent, str(found.status)) == (limits, "exceeded" if limits == 20 else "ok")
    assert not FrenchPack(Settings()).caps(replace(counts, end=date(2021, 1, 1)))
