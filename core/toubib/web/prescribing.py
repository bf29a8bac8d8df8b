"""The prescription editor: what was typed becomes lines, lines become what the page shows.

The whole editor is one form, so that a search, an added drug or a removed line never loses what was typed elsewhere in it.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import cache
from typing import Any

from babel.dates import format_date
from babel.units import format_unit
from flask import url_for

from toubib import i18n, runtime
from toubib.audit import trail
from toubib.contracts.common import Message
from toubib.contracts.prescription import Drug, DrugDatabase, MedicationLine
from toubib.seams import clock
from toubib.services import directory, dispensing, people, prescriptions
from toubib.services.prescriptions import PrescriptionCard
from toubib.services.visits import Visit
from toubib.web.shell import say, text, when

MOST_LINES = 30
MOST_RESULTS = 8


UNITS = {"duration-day": 1, "duration-week": 7, "duration-month": 30}
"""Spans in days, by their name in the locale data."""

_SPAN = re.compile(r"(\d{1,4})\s*([^\W\d]*)\.?")


def drug_database() -> DrugDatabase | None:
    """The deployment's drug database; `None` where it has none."""
    return runtime.current().registry.drugs.get(runtime.current().settings.use.drugs)


def typed_lines(form: Mapping[str, str]) -> list[MedicationLine]:
    """The lines of the form, in order. Name and classes of a coded drug come from the drug database, never from the form."""
    found = []
    for index in range(MOST_LINES):
        prefix = f"lines-{index}-"
        if f"{prefix}drug" not in form:
            break
        found.append(_typed_line({key: form.get(prefix + key, "").strip()[:300] for key in ("drug", "code", "dose", "when", "duration")}))
    return found


def _typed_line(values: Mapping[str, str]) -> MedicationLine:
    days, quantity = span(values["duration"])
    line = MedicationLine(values["drug"], values["dose"], values["when"], days, quantity)
    drug = _drug(values["code"]) if values["code"] else None
    return replace(line, text=drug.name, system=drug.system, code=drug.code, classes=drug.classes) if drug else line


def _drug(code: str) -> Drug | None:
    database = drug_database()
    return database.get(code) if database else None


def span(typed: str) -> tuple[int | None, str]:
    """“5”, “5 days” or “2 weeks” as days; anything else as a quantity (“2 boxes”)."""
    match = _SPAN.fullmatch(typed.strip().lower())
    if match is None:
        return None, typed.strip()
    if not match[2]:
        return int(match[1]), ""
    days = _unit_words(i18n.locale()).get(match[2])
    return (int(match[1]) * days, "") if days else (None, typed.strip())


@cache
def _unit_words(locale: str) -> dict[str, int]:
    """Words for spans in a language and in English, long and short, one and many, with their days."""
    found: dict[str, int] = {}
    for language in ("en", locale):
        for unit, days in UNITS.items():
            for length in ("long", "short", "narrow"):
                for count in (1, 2):
                    word = format_unit(count, unit, length=length, locale=language)
                    found[re.sub(r"[\d\W]", "", word).lower()] = days
    return found


def added(form: Mapping[str, str], lines: Sequence[MedicationLine]) -> list[MedicationLine]:
    """The lines with the drug that was just chosen, or with an empty line for free text."""
    code = form.get("add", "")
    drug = _drug(code) if code else None
    if drug is not None:
        return [*lines, MedicationLine(drug.name, "", system=drug.system, code=drug.code, classes=drug.classes)]
    return [*lines, MedicationLine(form.get("drug", "").strip()[:300], "")]


def favourite_lines(role_id: str, chosen: str) -> list[MedicationLine]:
    """The practitioner's own frequent line that a button names; none when it is no more among them."""
    return [line for line in prescriptions.favourites(role_id) if seen_hash([line]) == chosen]


def _favourites(found: Visit, lines: Sequence[MedicationLine]) -> list[dict[str, str]]:
    frequent = [line for line in prescriptions.favourites(found.practitioner_role_id) if line not in lines]
    return [{"value": seen_hash([line]), "label": f"{line.text}, {sentence(line)}"} for line in frequent]


def duration(line: MedicationLine) -> str:
    """How long, in words."""
    if line.duration_days is None:
        return line.quantity
    return format_unit(line.duration_days, "duration-day", locale=i18n.locale()).replace("\u202f", "\u00a0")


def sentence(line: MedicationLine) -> str:
    """The line as the patient reads it; empty while something is missing."""
    if prescriptions.incomplete([line]):
        return ""
    if line.duration_days is None:
        return text("%(dose)s, %(when)s; quantity: %(quantity)s", dose=line.dose, when=line.timing, quantity=line.quantity)
    return text("%(dose)s, %(when)s, for %(duration)s", dose=line.dose, when=line.timing, duration=duration(line))


def short_day(day: date) -> str:
    """A calendar date in words, without the weekday."""
    return format_date(day, "long", locale=i18n.locale())


def seen_hash(lines: Sequence[MedicationLine]) -> str:
    """A hash over what the signer reads, so that nothing else is signed."""
    return hashlib.sha256(repr([(s.text, s.code, s.dose, s.timing, s.duration_days, s.quantity) for s in lines]).encode()).hexdigest()


def editor(
    found: Visit, *, query: str = "", errors: Mapping[str, Message] | None = None, blocks: Sequence[Message] = (), connecting: bool = False
) -> dict[str, Any]:
    """All that the editor shows. Inside a unit of work; reading the prescription is audited. `connecting`: only the call is missing."""
    draft = prescriptions.open_draft(found.encounter_id)
    lines = prescriptions.lines(draft) if draft else []
    if draft:
        trail.read("prescription", [draft], organisation_id=found.organisation_id, person_id=found.person_id or "")
    wrong: dict[int, dict[str, str]] = {}
    for key, message in (errors or {}).items():
        index, _dash, part = key.partition("-")
        wrong.setdefault(int(index), {})[part] = say(message)
    warnings = prescriptions.rules(found.encounter_id, lines).warnings if lines else ()
    return {
        "post": url_for("practice.write", encounter_id=found.encounter_id),
        "back": url_for("practice.consultation", encounter_id=found.encounter_id),
        "search": _search(query),
        "query": query,
        "favourites": [] if query else _favourites(found, lines),
        "lines": [_shown(line, wrong.get(n, {})) for n, line in enumerate(lines)],
        "errors": {f"lines-{k}": say(m) for k, m in (errors or {}).items()},
        "blocks": [say(m) for m in blocks],
        "connecting": connecting,
        "warnings": [say(m) for m in warnings],
        "signed": signed(found),
        "replaces": _replaces(found, draft),
        "open": found.status in ("in-progress", "finished", "settled"),
    }


def _replaces(found: Visit, draft: str | None) -> dict[str, Any] | None:
    """Which signed prescription the lines are to replace, and the way to let it hold."""
    former = prescriptions.replaced_by(draft) if draft else None
    if former is None or former.issued_at is None:
        return None
    sentence_ = text("Replaces the prescription of %(when)s once it is signed; until then that one holds.", when=i18n.moment(former.issued_at, found.zone))
    keep = {"label": text("Let the former one hold"), "post": url_for("prescribed.keep_former", encounter_id=found.encounter_id), "kind": "quiet"}
    return {"sentence": sentence_, "keep": keep}


def _shown(line: MedicationLine, errors: Mapping[str, str]) -> dict[str, Any]:
    return {
        "drug": line.text,
        "code": line.code,
        "free": not line.code,
        "dose": line.dose,
        "when": line.timing,
        "duration": duration(line),
        "sentence": sentence(line),
        "errors": errors,
        "remove": {"label": text("Remove this line"), "spoken": text("Remove this line, %(drug)s", drug=line.text)},
    }


def _search(query: str) -> dict[str, Any]:
    database = drug_database()
    if database is None:
        return {"source": text("No drug database is loaded: write each drug as free text."), "results": [], "none": ""}
    published = database.published_on()
    if published is None:
        return {"source": text("The drug database is empty. Free text is possible."), "results": [], "none": ""}
    day = short_day(published)
    results = [_result(drug) for drug in database.search(query, MOST_RESULTS)] if query else []
    none = text("No drug begins with these words. Check the spelling, or add it as free text.") if query and not results else ""
    return {"source": text("%(source)s, file of %(day)s", source=say(database.source()), day=day), "results": results, "none": none}


def _result(drug: Drug) -> dict[str, str]:
    detail = ", ".join(part for part in (", ".join(drug.substances), drug.route) if part)
    return {"label": drug.name, "detail": detail, "code": drug.code, "spoken": text("Add %(drug)s", drug=drug.name)}


def signed(found: Visit) -> list[dict[str, Any]]:
    """The signed prescriptions of a visit, with their documents, what was handed out, and the way to end one."""
    shown = []
    for card in prescriptions.of_encounter(found.encounter_id):
        href = url_for("documents.open", document_id=card.document_id) if card.document_id else None
        at = when(card.issued_at, found.zone) if card.issued_at else None
        manage = url_for("prescribed.show", prescription_id=card.id)
        shown.append({**standing(card), "at": at, "href": href, "manage": manage, "holds": card.status == "issued"})
    return shown


def standing(card: PrescriptionCard) -> dict[str, str]:
    """Whether a signed prescription holds, as a word and its kind."""
    words = {"issued": ("done", text("Signed")), "revoked": ("stop", text("Withdrawn")), "replaced": ("stop", text("Replaced"))}
    kind, word = words[card.status]
    return {"kind": kind, "word": word}


def given(line: dispensing.Line) -> list[str]:
    """What pharmacies recorded of a line, a sentence each; a wrong entry is said to be one."""
    return [_given(entry) for entry in line.entries]


def _given(entry: dispensing.Entry) -> str:
    at = i18n.day(entry.at, i18n.zone())
    what = entry.quantity or text("all of it")
    if entry.undone_at:
        return text("Entry of %(pharmacy)s of %(day)s (%(what)s), marked as wrong", pharmacy=entry.pharmacy, day=at, what=what)
    return text("Handed out by %(pharmacy)s on %(day)s: %(what)s", pharmacy=entry.pharmacy, day=at, what=what)


def sheet(found: Visit, lines: Sequence[MedicationLine]) -> dict[str, Any]:
    """Everything that will be signed, repeated."""
    card = directory.role(found.practitioner_role_id)
    known = people.traits(found.person_id or "")
    mentions = prescriptions.rules(found.encounter_id, lines).mentions
    born = short_day(known.birth_date) if known.birth_date else text("unknown")
    return {
        "specimen": runtime.current().settings.demo,
        "prescriber": f"{card.name}, {card.title}, {card.registry_key} {card.registry_number}",
        "patient": text("%(name)s, born %(day)s", name=i18n.person_name(known.given_names, known.family_name), day=born),
        "date": i18n.day(clock.now(), found.zone),
        "lines": [{"drug": s.text, "sentence": sentence(s), "free": not s.code} for s in lines],
        "mentions": [say(m) for m in mentions],
    }
