"""The claim draft: neutral fields named after the B2 norm that they feed. Information only, never transmitted."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from toubib.contracts.common import Message, Money
from toubib.contracts.reasons import Why
from toubib.contracts.reimbursement import AssembledClaim, ClaimState, FrozenItem, QuoteContext
from toubib_claims_fr.check import Violation, violations
from toubib_claims_fr.engine import NeedsEvidence, Priced
from toubib_claims_fr.explain import euros
from toubib_claims_fr.facts import NIR
from toubib_claims_fr.messages import msg
from toubib_claims_fr.profile import Entitlement
from toubib_claims_fr.quoting import OPEN_POINTS, Bill
from toubib_claims_fr.reading import care_day
from toubib_claims_fr.ruleset import RULESET, Ruleset

SCHEMA_VERSION = 1
LEGAL_STATUS = msg(
    "Draft, for information only. This software has no certified gateway to the health insurance, so nothing is sent: "
    "you pay the practitioner and claim with the paper form that the practitioner gives you."
)
NEXT_STEP = msg("Ask the practitioner for the paper form (feuille de soins) and send it to your fund.")
PATHWAY_LETTERS = {
    "exception.treating_doctor_self": "T",
    "exception.treating_doctor_referred": "O",
    "exception.emergency": "U",
    "exception.away_from_home": "H",
    "exception.treating_doctor_replaced": "R",
}


def freeze_items(context: QuoteContext, bill: Bill, rules: Ruleset) -> tuple[FrozenItem, ...]:
    """One item per line of the bill. What could not be priced is frozen without an amount, with what is missing."""
    key = f"claims_fr/{context.encounter_id}/{context.performer.practitioner_role_id}"
    open_points = _open_points(bill)
    if open_points or isinstance(bill.answer, NeedsEvidence):
        known = {**_known(context), "insured": _insured(context), "missing": list(open_points)}
        return tuple(_item(context, key, n, code, None, known) for n, code in enumerate(bill.codes))
    shared = _shared(context, bill, bill.answer, rules)
    lines = enumerate(zip(bill.answer.lines, _fees(bill), strict=True))
    return tuple(
        _item(context, key, n, line.act.code, line.gross, {**shared, "line": _b2_line(context, line.act.code, n, bill.answer, fee)}) for n, (line, fee) in lines
    )


def _open_points(bill: Bill) -> tuple[str, ...]:
    """Facts and rules without which no amount is frozen."""
    answer = bill.answer
    engine = (*answer.facts, *answer.rules) if isinstance(answer, NeedsEvidence) else ()
    return tuple(dict.fromkeys((*bill.eligible.missing, *engine)))


def _item(context: QuoteContext, key: str, number: int, code: str, amount: int | None, payload: Mapping[str, Any]) -> FrozenItem:
    identity = f"{key}/{number}/{code}"
    return FrozenItem(
        id=hashlib.sha256(identity.encode()).hexdigest()[:32],
        encounter_id=context.encounter_id,
        performer_role_id=context.performer.practitioner_role_id,
        organisation_id=context.performer.organisation_id,
        person_id=context.patient.person_id,
        pack="claims_fr",
        payer="national",
        code=code,
        amount=None if amount is None else euros(amount),
        points=None,
        care_at=context.care_at,
        grouping_key=key,
        payload=dict(payload),
    )


def _fees(bill: Bill) -> list[int]:
    """What is charged per line: a charge's amount for each unit of its quantity."""
    fees: list[int] = []
    for charge, services in zip(bill.context.charges, bill.services, strict=True):
        fees += [charge.charged.minor] * len(services)
    return fees


def _b2_line(context: QuoteContext, code: str, number: int, priced: Priced, fee: int) -> dict[str, Any]:
    """Record type 4: one act."""
    line = priced.lines[number]
    return {
        "specialite_executant": context.performer.specialty,
        "date_des_soins": care_day(context).isoformat(),
        "code_acte": code,
        "quantite": 1,
        "coefficient_centiemes": line.service.coefficient,
        "prix_unitaire": line.tariff.value if line.tariff else line.base,
        "montant_base_remboursement": line.base,
        "taux": line.rate.value,
        "montant_remboursable_amo": line.gross,
        "montant_honoraires": fee,
        "montant_remboursable_amc": line.legal_share if priced.legal_cover or priced.c2s else 0,
        "regle_tarif": line.tariff.rule if line.tariff else "",
        "regle_taux": line.rate.rule,
    }


def _shared(context: QuoteContext, bill: Bill, priced: Priced, rules: Ruleset) -> dict[str, Any]:
    """What every line of the sheet has in common: insured, pathway, exemption, totals, evidence, broken rules."""
    broken = violations(priced, rules)
    return {
        **_known(context),
        "insured": {**_insured(context), **_cover(priced)},
        "pathway": {
            "indicateur_parcours": _pathway_letter(bill, priced),
            "majoration_hors_parcours": priced.reduction,
            "evidence": [_evidence(reason) for reason in bill.eligible.reasons],
        },
        "totals": {
            "total_honoraires": priced.profile.fee,
            "total_base": priced.base,
            "total_amo": priced.gross,
            "participation_forfaitaire": priced.flat.amount,
            "regime_local": priced.local,
            "c2s": priced.c2s,
            "total_amc": priced.complementary,
            "depassement": priced.overrun,
            "reste_assure": priced.patient,
        },
        "broken": [[v.rule, v.sentence.key, _params(v), v.source] for v in broken if v.holds],
    }


def _known(context: QuoteContext) -> dict[str, Any]:
    """What a sheet says whether or not its acts could be priced."""
    return {"ruleset": RULESET, "zone": context.zone, "third_party": context.payment_mode.value}


def _params(violation: Violation) -> dict[str, Any]:
    """The values of a broken rule's sentence as JSON; `_sentence` reads them back."""
    return {name: asdict(value) if isinstance(value, Money) else str(value) for name, value in violation.sentence.params.items()}


def _sentence(key: str, params: Mapping[str, Any]) -> Message:
    return msg(key, **{name: Money(**value) if isinstance(value, Mapping) else value for name, value in params.items()})


def _evidence(reason: Any) -> dict[str, str]:
    return {"rule": reason.rule, "satisfied": str(reason.satisfied).lower(), "evidence": reason.evidence, "origin": reason.origin}


def _insured(context: QuoteContext) -> dict[str, str]:
    """Records 2 and 2S. The number is kept whole in the frozen item: the claim is nothing without it."""
    patient = context.patient
    nir = patient.facts.get(NIR, "")
    return {
        "numero_immatriculation": nir[:13],
        "cle_nir": nir[13:],
        "date_de_naissance": patient.birth_date.isoformat() if patient.birth_date else "",
        "regime": patient.facts.get("claims_fr.scheme", ""),
    }


def _cover(priced: Priced) -> dict[str, str]:
    """How the insurance covers this care."""
    return {"nature_assurance": "30" if priced.profile.has(Entitlement.MATERNITY) else "10", "motif_exoneration": _exemption(priced)}


def _exemption(priced: Priced) -> str:
    """Code of the exemption nomenclature: 42 for care related to a listed condition, 55 from the 6th month."""
    if priced.profile.has(Entitlement.MATERNITY):
        return "55"
    return "42" if priced.profile.has(Entitlement.ALD_RELATED) else "0"


def _pathway_letter(bill: Bill, priced: Priced) -> str:
    """The letter of the pathway indicator: T, O, D, U, H, R in the pathway; S or P outside."""
    rules = [reason.rule for reason in bill.eligible.reasons]
    for rule in rules:
        if rule in PATHWAY_LETTERS:
            return PATHWAY_LETTERS[rule]
    if any(rule.startswith("exception.direct_") for rule in rules):
        return "D"
    if not priced.out:
        return ""
    return "S" if bill.context.patient.facts.get("claims_fr.treating_doctor") == "none" else "P"


def build_claim(grouping_key: str, items: Sequence[FrozenItem], now: datetime, rules: Ruleset) -> AssembledClaim:
    """The draft from its frozen items; held, with the rule's name, while something is broken or missing."""
    broken = tuple(_broken(items))
    state = ClaimState.HELD if broken else ClaimState.NEEDS_GATEWAY
    return AssembledClaim(
        grouping_key=grouping_key,
        state=state,
        payload=_payload(grouping_key, items, now),
        schema_version=SCHEMA_VERSION,
        legal_status=LEGAL_STATUS,
        next_step=_held(broken[0]) if broken else NEXT_STEP,
        violations=broken,
        deadline=_deadline(items, rules) if items else None,
    )


def _held(broken: Why) -> Message:
    return msg("This draft cannot be used: %(reason)s Ask the practice for the paper form.", reason=broken.sentence)


def _payload(grouping_key: str, items: Sequence[FrozenItem], now: datetime) -> dict[str, Any]:
    """Neutral JSON: the sheet's common fields once, then its act lines."""
    first = dict(items[0].payload) if items else {}
    first.pop("line", None)
    first.pop("broken", None)
    return {
        "kind": "feuille_de_soins_brouillon",
        "information_only": True,
        "grouping_key": grouping_key,
        "made_at": now.isoformat(),
        "performer_role_id": items[0].performer_role_id if items else "",
        "organisation_id": items[0].organisation_id if items else "",
        "sheet": first,
        "acts": [item.payload["line"] for item in items if "line" in item.payload],
    }


def _broken(items: Sequence[FrozenItem]) -> list[Why]:
    found = {}
    for item in items:
        for rule, key, params, source in item.payload.get("broken", ()):
            found[rule, key, json.dumps(params, sort_keys=True)] = Why(rule, _sentence(key, params), source)
        for missing in item.payload.get("missing", ()):
            sentence = OPEN_POINTS.get(missing) or msg("Not known: %(name)s.", name=missing)
            found[missing, "", ""] = Why("claim.missing", sentence, "CSS R161-42")
    insured = [item.payload.get("insured", {}) for item in items]
    if any(not one.get("numero_immatriculation") for one in insured):
        found["claim.nir", "", ""] = Why("claim.nir", msg("The social security number is missing."), "CSS R161-42 1°")
    return list(found.values())


def _deadline(items: Sequence[FrozenItem], rules: Ruleset) -> datetime | None:
    """The last instant of the third (or eighth) working day after the care; holidays are not subtracted, so never too late."""
    item = items[0]
    zone = ZoneInfo(str(item.payload.get("zone", "Europe/Paris")))
    at = item.care_at.astimezone(zone)
    direct = item.payload.get("third_party", "direct") in ("direct", "none")
    row = rules.parameter("claim.days_direct" if direct else "claim.days_third_party", at.date())
    if row is None:
        return None
    left = row.value
    while left:
        at += timedelta(days=1)
        left -= at.weekday() < 5
    return at.replace(hour=23, minute=59, second=0, microsecond=0)
