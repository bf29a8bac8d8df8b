"""Reasons: what a rule or a number rests on, so that a person can check it. Packs of countries and of payers give one with each."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from toubib.contracts.common import Message


class Confidence(StrEnum):
    """How sure a data row is: high moves money, medium moves it and says so, low leaves it to a person."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


@dataclass(frozen=True, slots=True)
class Why:
    """A reason a person can check: the rule, its sentence, the legal text and the date it holds from."""

    rule: str
    sentence: Message
    source: str
    valid_from: date | None = None
    confidence: Confidence = Confidence.HIGH
