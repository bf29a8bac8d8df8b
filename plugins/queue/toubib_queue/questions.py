"""What a patient is asked before a place: signs of an emergency first, then a few questions with pictures. Pure.

The list of signs is a general one and no clinical instrument; whoever operates a queue has it approved by their own physicians.
Its sentences are safety texts: pages show them through `Catalogues.safety`. Signs and answers stand in `data/choices.csv`.
"""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources

from toubib.contracts.common import Message
from toubib_queue.order import MOST_URGENT
from toubib_queue.settings import LineSettings
from toubib_queue.texts import say

LONGEST = 1000
NAME = "queue.symptoms"


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer to choose, with its word and its picture (a symbol of `queue/pictures.html`, "" for none)."""

    key: str
    word: Message
    picture: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """A question; without choices it is answered in words. `brief` is how the practitioner reads it."""

    key: str
    text: Message
    brief: Message
    choices: tuple[Choice, ...] = ()
    required: bool = True
    hint: Message | None = None


def _choices(of: str) -> tuple[Choice, ...]:
    """What one may answer, from the table beside this module; its words are keys of the plugin's catalogue."""
    table = resources.files("toubib_queue").joinpath("data", "choices.csv").read_text(encoding="utf-8")
    return tuple(Choice(row["key"], say(row["word"]), row["picture"]) for row in csv.DictReader(table.splitlines()) if row["of"] == of)


SIGNS = _choices("signs")
"""Signs of an emergency, in plain words. Pressing one ends the form at once."""
NO_SIGNS = say("None of these signs")
STOP = say("Call now. Do not wait for a practitioner here.")

AGE = Question("age", say("Who needs care?"), say("Age"), _choices("age"))
AREA = Question("area", say("Where is it?"), say("Where"), _choices("area"))
FEELING = Question("feeling", say("How bad is it now?"), say("How bad"), _choices("feeling"))
SINCE = Question("since", say("Since when?"), say("Since"), _choices("since"))
WORDS = Question(
    "words",
    say("Anything the practitioner should know?"),
    say("In their words"),
    required=False,
    hint=say("Medicines, allergies, a pregnancy, what you tried already."),
)
LANGUAGE = Question("language", say("In which language do you want to talk?"), say("Language"))
ASKED = (AGE, AREA, FEELING, SINCE, WORDS, LANGUAGE)

MISSING = say("Choose one answer.")
TOO_LONG = say("Shorten this to %(most)s characters.", most=LONGEST)
WORSE = {"2": 1, "3": 2}


def of_line(line: LineSettings) -> tuple[Question, ...]:
    """The questions of a line: its own age groups and languages; what has one answer only is not asked."""
    ages = tuple(choice for choice in AGE.choices if choice.key in line.ages)
    age = Question(AGE.key, AGE.text, AGE.brief, ages)
    language = Question(LANGUAGE.key, LANGUAGE.text, LANGUAGE.brief, tuple(Choice(code, say("%(code)s", code=code)) for code in line.languages))
    fitted = {"age": age, "language": language}
    asked = [fitted.get(question.key, question) for question in ASKED]
    return tuple(q for q in asked if q.key not in fitted or len(q.choices) > 1)


def screens(line: LineSettings, questions: str) -> Sequence[tuple[Question, ...]]:
    """The screens after that of the signs: all on one, or one question each."""
    asked = of_line(line)
    return [asked] if questions == "together" else [(question,) for question in asked]


def wrong(asked: Sequence[Question], given: Mapping[str, str]) -> dict[str, Message]:
    """What is wrong with the answers to some questions, by field."""
    errors = {}
    for question in asked:
        answer = given.get(question.key, "").strip()
        if question.choices and answer not in {choice.key for choice in question.choices}:
            errors[question.key] = MISSING
        elif not question.choices and len(answer) > LONGEST:
            errors[question.key] = TOO_LONG
    return errors


def priority(given: Mapping[str, str]) -> int:
    """How urgent somebody is among those who may wait: how bad it is, and infants a level above."""
    return min(MOST_URGENT, WORSE.get(given.get("feeling", ""), 0) + (given.get("age") == "infant"))


def only(line: LineSettings, key: str) -> str:
    """What is known of the age or the language without asking; "" when it was asked."""
    values = line.ages if key == "age" else line.languages
    return values[0] if len(values) == 1 else ""
