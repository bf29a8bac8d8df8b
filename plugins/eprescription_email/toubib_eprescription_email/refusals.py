"""What a PDF may not carry: drugs whose prescription must be on a form that cannot be copied."""

import csv
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from importlib import resources

from toubib.contracts.common import Message
from toubib.contracts.prescription import MedicationLine

DOMAIN = "eprescription_email"

REASONS: Mapping[str, Message] = {
    "narcotic": Message(
        DOMAIN,
        "Line %(line)s, %(drug)s: this drug is a narcotic. Anybody can copy a PDF, so the law asks for a secured paper form "
        "or the national e-prescription service. Remove the line here and prescribe it there.",
    ),
    "secured": Message(
        DOMAIN,
        "Line %(line)s, %(drug)s: this drug needs a secured prescription. Anybody can copy a PDF, so it has to go on a secured paper form "
        "or through the national e-prescription service. Remove the line here and prescribe it there.",
    ),
}
"""Rule names of `Drug.classes` that no PDF may carry, the gravest first, with the sentence for each."""

FREE_TEXT = Message(
    DOMAIN,
    "Line %(line)s, %(drug)s: this free text names %(word)s, which needs a secured prescription. A PDF may not carry it. "
    "Remove the line and use a secured paper form or the national e-prescription service.",
)


def refusals(lines: Sequence[MedicationLine]) -> tuple[Message, ...]:
    """One message per line that a PDF may not carry; empty when it may carry all. Pure."""
    found = (_refusal(number, line) for number, line in enumerate(lines, start=1))
    return tuple(message for message in found if message)


def _refusal(number: int, line: MedicationLine) -> Message | None:
    for rule, reason in REASONS.items():
        if rule in line.classes:
            return replace(reason, params={"line": number, "drug": line.text})
    # A line chosen from a database has its classes; only typed text can hide a name.
    word = "" if line.code else controlled_word(line.text)
    return replace(FREE_TEXT, params={"line": number, "drug": line.text, "word": word}) if word else None


def controlled_word(text: str) -> str:
    """The first word of `text` that names a controlled drug, as typed in the list; "" when there is none."""
    words = controlled_words()
    return next((word for word in re.split(r"[^a-z0-9]+", _fold(text)) if word in words), "")


@cache
def controlled_words() -> frozenset[str]:
    """Substances and brands of the dated list `data/controlled_words.csv`, folded."""
    text = resources.files(__package__).joinpath("data/controlled_words.csv").read_text("utf-8")
    rows = csv.DictReader(line for line in text.splitlines() if not line.startswith("#"))
    return frozenset(row["word"] for row in rows)


def _fold(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in plain if not unicodedata.combining(c))
