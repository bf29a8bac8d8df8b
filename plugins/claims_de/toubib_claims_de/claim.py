"""The claim of a quarter: one patient, one practice, all visits of three months, billed to the regional association. Never transmitted."""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from toubib.contracts.reasons import Why
from toubib.contracts.reimbursement import AssembledClaim, ClaimState, FrozenItem, PricedLine, QuoteContext
from toubib_claims_de.facts import KVNR
from toubib_claims_de.messages import msg
from toubib_claims_de.quoting import care_day
from toubib_claims_de.rules import LABELS, RULESET, VIDEO_ONLY, quarter

SCHEMA_VERSION = 1
ONCE = frozenset({"01444", VIDEO_ONLY})
"""Codes that a case may hold once."""
LEGAL_STATUS = msg("Draft, for information only: claims go to the regional association through certified software, which this is not. You owe nothing of it.")
GATHERING = msg("The visits of this quarter are gathered until it is over; then the practice claims them. You need do nothing.")
READY = msg("The practice claims this quarter through its certified software. You need do nothing.")
HELD = msg("This draft cannot be used as it is. Ask the practice.")


def freeze(context: QuoteContext, lines: Sequence[PricedLine]) -> tuple[FrozenItem, ...]:
    """One item for each code of the fee schedule; what the patient pays is no item."""
    day, who = care_day(context), context.performer
    key = f"claims_de/{quarter(day)}/{context.patient.person_id}/{who.organisation_id}"
    shared = {
        "ruleset": RULESET,
        "zone": context.zone,
        "kvnr": context.patient.facts.get(KVNR, ""),
        "lanr": who.attributes.get("lanr", ""),
        "bsnr": who.attributes.get("bsnr", ""),
        "date": day.isoformat(),
        "modality": context.modality,
    }
    billed = [line for line in lines if line.code in LABELS]
    return tuple(_item(context, key, number, line, shared) for number, line in enumerate(billed))


def _item(context: QuoteContext, key: str, number: int, line: PricedLine, shared: Mapping[str, Any]) -> FrozenItem:
    identity = f"{key}/{context.encounter_id}/{number}/{line.code}"
    return FrozenItem(
        id=hashlib.sha256(identity.encode()).hexdigest()[:32],
        encounter_id=context.encounter_id,
        performer_role_id=context.performer.practitioner_role_id,
        organisation_id=context.performer.organisation_id,
        person_id=context.patient.person_id,
        pack="claims_de",
        payer="kv",
        code=line.code,
        amount=None,
        points=line.points,
        care_at=context.care_at,
        grouping_key=key,
        payload=dict(shared),
    )


def build(grouping_key: str, items: Sequence[FrozenItem], now: datetime) -> AssembledClaim:
    """The claim of the quarter as far as it goes; held while something is missing, ready once the quarter is over."""
    period = grouping_key.split("/")[1]
    broken = tuple(_broken(items))
    over = all(_quarter(now, item) > period for item in items)
    state = ClaimState.HELD if broken else ClaimState.NEEDS_GATEWAY if over else ClaimState.DRAFT
    return AssembledClaim(
        grouping_key=grouping_key,
        state=state,
        payload=_payload(period, items),
        schema_version=SCHEMA_VERSION,
        legal_status=LEGAL_STATUS,
        next_step=HELD if broken else READY if over else GATHERING,
        violations=broken,
    )


def _quarter(at: datetime, item: FrozenItem) -> str:
    return quarter(at.astimezone(ZoneInfo(str(item.payload.get("zone", "Europe/Berlin")))).date())


def _broken(items: Sequence[FrozenItem]) -> list[Why]:
    found = []
    if any(not item.payload.get("kvnr") for item in items):
        found.append(Why("claim.kvnr", msg("The health insurance number is missing."), "SGB V § 290"))
    if any(item.points is None for item in items):
        codes = ", ".join(sorted({item.code for item in items if item.points is None}))
        found.append(Why("claim.points", msg("The points of %(codes)s are not known.", codes=codes), "KBV, EBM"))
    counted = Counter(item.code for item in items)
    return [*found, *(_too_often(code, counted[code]) for code in sorted(ONCE) if counted[code] > 1)]


def _too_often(code: str, count: int) -> Why:
    said = msg("Code %(code)s may stand once in a quarter; here it stands %(count)s times.", code=code, count=count)
    return Why(f"claim.once.{code}", said, "KBV, EBM")


def _payload(period: str, items: Sequence[FrozenItem]) -> Mapping[str, Any]:
    """The case: who, the days, the codes; the pseudo code for a quarter by video only is added when nothing else happened."""
    first = items[0].payload if items else {}
    by_video = bool(items) and all(item.payload.get("modality") == "video" for item in items)
    acts = [{"date": item.payload.get("date", ""), "code": item.code, "points": item.points, "encounter": item.encounter_id} for item in items]
    if by_video and all(item.code != VIDEO_ONLY for item in items) and _last(items) >= date(2019, 10, 1):
        acts.append({"date": str(items[-1].payload.get("date", "")), "code": VIDEO_ONLY, "points": 0, "encounter": ""})
    return {
        "kind": "behandlungsfall_entwurf",
        "information_only": True,
        "quarter": period,
        "kvnr": first.get("kvnr", ""),
        "lanr": first.get("lanr", ""),
        "bsnr": first.get("bsnr", ""),
        "video_only": by_video,
        "points_total": sum(item.points or 0 for item in items),
        "acts": acts,
    }


def _last(items: Sequence[FrozenItem]) -> date:
    return max(date.fromisoformat(str(item.payload.get("date", "1970-01-01"))) for item in items)
