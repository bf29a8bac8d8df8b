"""The payers of a bill in their order, each with its reasons, cut to what is left of the fee."""

from collections.abc import Sequence
from dataclasses import replace

from toubib.contracts.reasons import Why
from toubib.contracts.reimbursement import Share
from toubib_claims_fr.dated import Row
from toubib_claims_fr.engine import Priced
from toubib_claims_fr.explain import euros, payer_label, why
from toubib_claims_fr.lines import Line
from toubib_claims_fr.ruleset import Ruleset


def shares_of(priced: Priced, rules: Ruleset, *, room: int, third_party: bool) -> tuple[Share, ...]:
    """National insurance, flat contribution (a deduction), local scheme, C2S, complementary contract.

    `room` is what payers listed before have left of the fee, in cents. When the fund pays the practitioner it pays
    in full and collects the flat contribution from the patient afterwards.
    """
    shares = [_national(priced, third_party=third_party), *_flat(priced), *_others(priced, rules)]
    return tuple(_within(shares, room))


def _within(shares: Sequence[Share], room: int) -> list[Share]:
    kept = []
    for share in shares:
        amount = share.amount if share.deduction else euros(min(share.amount.minor, room))
        room -= 0 if share.deduction else amount.minor
        if amount.minor or share.payer == "national":
            kept.append(replace(share, amount=amount))
    return kept


def _national(priced: Priced, *, third_party: bool) -> Share:
    reasons = [_rate_why(line.rate, lines) for line, lines in _by_rate(priced)]
    if priced.reduction_rule is not None:
        reasons.append(why(priced.reduction_rule, amount=euros(priced.reduction)))
    if priced.flat.rule is not None and not priced.flat.count:
        reasons.append(why(priced.flat.rule, value=priced.flat.rule.value))
    amount = priced.gross if third_party else priced.net
    return Share("national", payer_label("national"), euros(amount), tuple(reasons))


def _by_rate(priced: Priced) -> list[tuple[Line, list[Line]]]:
    """Lines gathered by the rule of their rate, in order of appearance."""
    groups: dict[str, list[Line]] = {}
    for line in priced.lines:
        groups.setdefault(line.rate.rule, []).append(line)
    return [(lines[0], lines) for lines in groups.values()]


def _rate_why(rate: Row, lines: Sequence[Line]) -> Why:
    return why(rate, rate=rate.value, base=euros(sum(line.base for line in lines)))


def _flat(priced: Priced) -> list[Share]:
    flat = priced.flat
    if flat.rule is None or not flat.count:
        return []
    amount = euros(flat.amount)
    return [Share("flat_contribution", payer_label("flat_contribution"), amount, (why(flat.rule, amount=amount),), deduction=True)]


def _others(priced: Priced, rules: Ruleset) -> list[Share]:
    return [*_local(priced), *_c2s(priced), *_complementary(priced, rules)]


def _local(priced: Priced) -> list[Share]:
    paid = [line for line in priced.lines if line.local and line.local_rule]
    if not paid or paid[0].local_rule is None:
        return []
    rule = paid[0].local_rule
    reason = why(rule, rate=rule.value, base=euros(sum(line.base for line in paid)))
    return [Share("local_scheme", payer_label("local_scheme"), euros(priced.local), (reason,))]


def _c2s(priced: Priced) -> list[Share]:
    rule, amount = priced.c2s_rule, euros(priced.c2s)
    if rule is None or not priced.c2s:
        return []
    return [Share("c2s", payer_label("c2s", before_c2s=rule.rule == "cover.cmuc"), amount, (why(rule, amount=amount),))]


def _complementary(priced: Priced, rules: Ruleset) -> list[Share]:
    parts = (("cover.responsible", priced.legal_cover), ("cover.overrun", priced.overrun_cover))
    day = priced.profile.care_date
    found = [(rules.parameter(rule, day), amount) for rule, amount in parts if amount]
    reasons = tuple(why(row, amount=euros(amount)) for row, amount in found if row is not None)
    if not reasons:
        return []
    return [Share("complementary", payer_label("complementary"), euros(priced.complementary), reasons)]
