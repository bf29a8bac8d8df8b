"""Stating acts: the choices of the reimbursement packs, the usual one chosen, and the fee asked in all."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from babel.numbers import format_decimal, get_currency_precision

from toubib import i18n
from toubib.contracts.common import Message, Money, Refused
from toubib.contracts.reimbursement import ActChoice, Charge, QuoteContext
from toubib.services import care, coverage, insured
from toubib.web.shell import say, text

_AMOUNT = re.compile(r"(\d{1,7})(?:[.,](\d{1,4}))?")


@dataclass(frozen=True, slots=True)
class Typed:
    """What the form says: the codes that were ticked, the fee as it was typed, and whether it was an emergency."""

    codes: tuple[str, ...]
    fee: str
    emergency: bool = False


def choices(snapshot: QuoteContext) -> list[ActChoice]:
    """Acts that may be stated for this patient's payers, the usual one first, each once."""
    found: dict[str, ActChoice] = {}
    for pack in insured.packs_of(snapshot.patient.insured_in):
        for choice in pack.acts(snapshot):
            found.setdefault(choice.code, choice)
    return list(found.values())


def form(encounter_id: str, typed: Typed | None = None, error: str = "") -> dict[str, Any]:
    """The fields: what was stated or is usual stands there already."""
    snapshot = coverage.context(encounter_id)
    offered = choices(snapshot)
    known = {c.code for c in offered}
    # what was agreed on may be an act of other payers than this patient's
    chosen = [c.code for c in snapshot.charges if c.code in known] or [c.code for c in offered[:1]]
    usual = sum(c.tariff.minor for c in offered if c.code in chosen and c.tariff)
    total = sum(c.charged.minor * c.qty for c in snapshot.charges) or usual
    limit = care.maximum(encounter_id)
    return {
        "options": [{"value": c.code, "label": f"{c.code} · {say(c.label)}", "hint": _tariff(c)} for c in offered],
        "chosen": list(typed.codes) if typed else chosen,
        "fee": typed.fee if typed else amount_text(Money(total, snapshot.currency)),
        "currency": snapshot.currency,
        "limit": text("The patient accepted at most %(amount)s. If the fee is lower, the difference is released.", amount=i18n.money(limit)) if limit else "",
        "error": error,
        "emergency": (typed.emergency if typed else snapshot.emergency) if _emergency_matters(snapshot) else None,
    }


def _emergency_matters(snapshot: QuoteContext) -> bool:
    return any(pack.asks_emergency for pack in insured.packs_of(snapshot.patient.insured_in))


def _tariff(choice: ActChoice) -> str:
    """What an act brings by its tariff, in money or in points; nothing where no tariff is known."""
    if choice.points is not None:
        return text("%(points)s points", points=choice.points)
    return i18n.money(choice.tariff) if choice.tariff else ""


def amount_text(amount: Money) -> str:
    """An amount as one types it."""
    digits = get_currency_precision(amount.currency)
    value = Decimal(amount.minor).scaleb(-digits)
    pattern = "0." + "0" * digits if digits else "0"
    return format_decimal(value, format=pattern, locale=i18n.locale())


def minor(typed: str, currency: str) -> int | None:
    """A typed amount in minor units; `None` when it is none."""
    digits = get_currency_precision(currency)
    match = _AMOUNT.fullmatch(typed.replace("\u00a0", "").replace(" ", ""))
    if match is None or len(match[2] or "") > digits:
        return None
    return int(match[1] + (match[2] or "").ljust(digits, "0"))


def state(encounter_id: str, typed: Typed) -> Refused | None:
    """Keep the acts as typed: each further act at its tariff, the first takes the rest of the fee. In a writing unit of work.

    What is billed in points costs nothing, so that it never takes the fee.
    """
    snapshot = coverage.context(encounter_id)
    total = minor(typed.fee, snapshot.currency)
    if total is None:
        return Refused("fee", Message(i18n.CORE, "Write the fee as an amount, such as 25.00."))
    offered = {c.code: c for c in choices(snapshot)}
    codes = sorted((code for code in typed.codes if code in offered), key=lambda code: offered[code].points is not None)
    if offered and not codes:
        return Refused("acts", Message(i18n.CORE, "State at least one act."))
    rest = [offered[code] for code in codes[1:]]
    first = total - sum(c.tariff.minor for c in rest if c.tariff)
    if first < 0:
        return Refused("fee", Message(i18n.CORE, "The fee is lower than the tariffs of the further acts together."))
    if _emergency_matters(snapshot):
        care.state_emergency(encounter_id, stated=typed.emergency)
    return care.state_acts(encounter_id, _charges(codes, first, rest, snapshot.currency))


def _charges(codes: Sequence[str], first: int, rest: Sequence[ActChoice], currency: str) -> list[Charge]:
    further = [Charge(c.code, c.tariff or Money(0, currency)) for c in rest]
    return [Charge(codes[0] if codes else "", Money(first, currency)), *further]
