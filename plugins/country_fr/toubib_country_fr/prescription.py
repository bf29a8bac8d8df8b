"""What French law asks of a prescription: what blocks it, what to warn of, what must be printed, until when it holds."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from functools import cache

from dateutil.relativedelta import relativedelta

from toubib.contracts.common import Message, MessageParam
from toubib.contracts.country import PrescriptionContext, PrescriptionRules
from toubib.contracts.prescription import MedicationLine
from toubib.services.country_basics import rows_of
from toubib_country_fr.messages import msg

FIRST_DISPENSING_MONTHS = 3
NO_RENEWAL = frozenset({"narcotic"})
STATED_LIMIT = re.compile(r"max_(\d+)_(weeks|days)")
RESERVED = {
    "hospital_only": msg("Line %(line)s, %(drug)s: reserved for hospitals; a pharmacy in town cannot dispense it."),
    "hospital_prescription": msg("Line %(line)s, %(drug)s: prescribed in hospital only."),
    "initial_hospital": msg("Line %(line)s, %(drug)s: first prescribed in hospital; write the date of its next review (CSP R5132-3 4°)."),
    "initial_specialist": msg("Line %(line)s, %(drug)s: first prescribed by certain specialists."),
    "restricted_prescriber": msg("Line %(line)s, %(drug)s: reserved for certain specialists. Check that you may prescribe it."),
    "monitored": msg("Line %(line)s, %(drug)s: needs particular monitoring during the treatment."),
}
"""What the drug file reserves, by class, in the words of a warning."""


@cache
def limits() -> dict[str, tuple[int, date | None]]:
    """Longest duration in days by drug class, with the day it came into force."""
    rows = rows_of("toubib_country_fr", "prescription.csv")
    return {row["class"]: (int(row["max_days"]), date.fromisoformat(row["since"]) if row["since"] else None) for row in rows}


def rules(context: PrescriptionContext, lines: Sequence[MedicationLine]) -> PrescriptionRules:
    """The answer for a draft. Sources: CSP R5132-3 to R5132-22, CSS L160-8 and R161-45."""
    return PrescriptionRules(
        blocks=(*_oral(context), *(m for n, line in enumerate(lines, 1) for m in _blocks(context, n, line))),
        warnings=tuple(m for n, line in enumerate(lines, 1) for m in _warnings(n, line)),
        mentions=tuple(_mentions(context, lines)),
        valid_until=context.on + relativedelta(months=FIRST_DISPENSING_MONTHS),
    )


def _oral(context: PrescriptionContext) -> Iterator[Message]:
    """RX-22: what is prescribed at a distance is reimbursed only after both have spoken."""
    if context.modality != "in_person" and not context.oral_contact:
        yield msg("You have not spoken with the patient. A remote prescription needs a call by video or telephone (CSS L160-8). Call, then prescribe.")


def _blocks(context: PrescriptionContext, number: int, line: MedicationLine) -> Iterator[Message]:
    params: dict[str, MessageParam] = {"line": number, "drug": line.text}
    if not line.text.strip():
        yield msg("Line %(line)s: name the drug or its substance (CSP R5132-3 2°).", line=number)
    if not line.dose.strip():
        yield msg("Line %(line)s, %(drug)s: write the dose (CSP R5132-3 2°).", **params)
    if line.duration_days is None and not line.quantity.strip():
        yield msg("Line %(line)s, %(drug)s: write the duration or the number of units (CSP R5132-3 3°).", **params)
    if line.duration_days is not None and line.duration_days <= 0:
        yield msg("Line %(line)s, %(drug)s: the duration is at least one day.", **params)
    yield from _too_long(context, number, line)
    if line.repeats and line.classes & NO_RENEWAL:
        yield msg("Line %(line)s, %(drug)s: a narcotic is never renewable.", **params)


def _too_long(context: PrescriptionContext, number: int, line: MedicationLine) -> Iterator[Message]:
    """Duration with all renewals, against the shortest limit of the line's classes."""
    if line.duration_days is None:
        return
    total = line.duration_days * (1 + line.repeats)
    known = list(_limits_of(context, line))
    if total > min(known):
        yield msg(
            "Line %(line)s, %(drug)s: %(total)s days with renewals; the law allows %(limit)s.",
            line=number,
            drug=line.text,
            total=total,
            limit=min(known),
        )


def _limits_of(context: PrescriptionContext, line: MedicationLine) -> Iterator[int]:
    """Limits in days: by class and date, and those that the drug file states itself (`max_4_weeks`)."""
    for name, (days, since) in limits().items():
        if name in line.classes | {"any"} and (since is None or since <= context.on):
            yield days
    for name in line.classes:
        stated = STATED_LIMIT.fullmatch(name)
        if stated:
            yield int(stated[1]) * (7 if stated[2] == "weeks" else 1)


def _warnings(number: int, line: MedicationLine) -> Iterator[Message]:
    params: dict[str, MessageParam] = {"line": number, "drug": line.text}
    for name, sentence in RESERVED.items():
        if name in line.classes:
            yield replace(sentence, params=params)
    if not line.code:
        yield msg("Line %(line)s, %(drug)s: free text, not checked against the drug file.", **params)


def _mentions(context: PrescriptionContext, lines: Sequence[MedicationLine]) -> Iterator[Message]:
    if context.modality != "in_person":
        yield msg("Prescribed after a remote consultation in which patient and prescriber spoke (CSS L160-8).")
    if any(line.long_term_condition for line in lines):
        yield msg("The upper part is for the treatment of the recognised long-term condition (CSS R161-45 5°).")
    for number, line in enumerate(lines, 1):
        if line.not_substitutable:
            yield msg("Line %(line)s: not substitutable (%(reason)s).", line=number, reason=line.not_substitutable)
    yield msg("To be presented at a pharmacy within 3 months.")
    yield msg("This document is not the national e-prescription (ordonnance numérique): it has no number of that service.")
