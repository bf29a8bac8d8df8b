"""The monthly invoice to a region: one for all visits of its insured in a month, each patient a line. Never transmitted."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from toubib.contracts.reasons import Why
from toubib.contracts.reimbursement import AssembledClaim, ClaimState, FrozenItem, QuoteContext
from toubib_claims_se.facts import PERSONNUMMER
from toubib_claims_se.messages import msg
from toubib_claims_se.quoting import Visit, care_day
from toubib_claims_se.rules import RULESET, kronor

SCHEMA_VERSION = 1
LEGAL_STATUS = msg("Draft, for information only: the invoice between regions is not sent by this software. You owe nothing of it.")
GATHERING = msg("The visits of this month are gathered until it is over; then the practice invoices your region.")
READY = msg("The practice sends the invoice of this month to your region by its own channel.")
HELD = msg("This draft cannot be used as it is. Ask the practice.")


def freeze(context: QuoteContext, visit: Visit, region_minor: int, patient_minor: int) -> tuple[FrozenItem, ...]:
    """One item: the part of the region."""
    if region_minor <= 0:
        return ()
    key = f"claims_se/{visit.home}/{visit.day:%Y-%m}"
    payload: dict[str, Any] = {
        "ruleset": RULESET,
        "zone": context.zone,
        "personnummer": context.patient.facts.get(PERSONNUMMER, ""),
        "date": care_day(context).isoformat(),
        "service": visit.service,
        "modality": context.modality,
        "gross_minor": visit.gross,
        "patient_fee_minor": patient_minor,
        "region_minor": region_minor,
    }
    identity = f"{key}/{context.encounter_id}/{visit.service}"
    return (
        FrozenItem(
            id=hashlib.sha256(identity.encode()).hexdigest()[:32],
            encounter_id=context.encounter_id,
            performer_role_id=context.performer.practitioner_role_id,
            organisation_id=context.performer.organisation_id,
            person_id=context.patient.person_id,
            pack="claims_se",
            payer=f"region:{visit.home}",
            code=visit.service,
            amount=kronor(region_minor),
            points=None,
            care_at=context.care_at,
            grouping_key=key,
            payload=payload,
        ),
    )


def build(grouping_key: str, items: Sequence[FrozenItem], now: datetime) -> AssembledClaim:
    """The invoice as far as it goes; held while a patient's number is missing, ready once the month is over."""
    _, region, month = grouping_key.split("/")
    broken = tuple(_broken(items))
    over = all(_month(now, item) > month for item in items)
    state = ClaimState.HELD if broken else ClaimState.NEEDS_GATEWAY if over else ClaimState.DRAFT
    return AssembledClaim(
        grouping_key=grouping_key,
        state=state,
        payload=_payload(region, month, items),
        schema_version=SCHEMA_VERSION,
        legal_status=LEGAL_STATUS,
        next_step=HELD if broken else READY if over else GATHERING,
        violations=broken,
    )


def _month(at: datetime, item: FrozenItem) -> str:
    return f"{at.astimezone(ZoneInfo(str(item.payload.get('zone', 'UTC')))):%Y-%m}"


def _broken(items: Sequence[FrozenItem]) -> list[Why]:
    missing = [item for item in items if not item.payload.get("personnummer")]
    said = msg("The personal identity number of a patient is missing (%(count)s visits).", count=len(missing))
    return [Why("claim.personnummer", said, "agreement between regions (Riksavtal)")] if missing else []


def _payload(region: str, month: str, items: Sequence[FrozenItem]) -> Mapping[str, Any]:
    return {
        "kind": "utomlansfaktura_utkast",
        "information_only": True,
        "region": region,
        "month": month,
        "currency": "SEK",
        "total_minor": sum(item.amount.minor for item in items if item.amount),
        "lines": [{"encounter": item.encounter_id, **{k: v for k, v in item.payload.items() if k != "zone"}} for item in items],
    }
