"""The consultation page's parts: who it is, the admission line, notes, history, and what the end brought."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from flask import current_app, url_for

from toubib import i18n, runtime
from toubib.audit import trail
from toubib.contracts.media import ParticipantRole
from toubib.contracts.scheduling import Modality
from toubib.db import session
from toubib.db.tables.journey import Encounter
from toubib.seams import clock
from toubib.services import accompaniment, care, checkout, coverage, directory, documents, dues, journey, missed, people, worklist
from toubib.services import countries as places
from toubib.services import room as rooms
from toubib.services.care import AdmissionLine
from toubib.services.visits import Visit
from toubib.web import acts, money_words, prescribing, slots
from toubib.web.calls import call_of
from toubib.web.receipts import receipt_of
from toubib.web.request import current_actor
from toubib.web.shell import doors, ngettext, say, text, when


def _(key: str) -> str:
    """Mark a msgid for extraction."""
    return key


WAYS = {Modality.VIDEO: ("video", _("Video")), Modality.IN_PERSON: ("map-pin", _("At the practice")), Modality.PHONE: ("phone", _("Telephone"))}

WORDS = {
    "planned": ("plain", _("planned")),
    "arrived": ("attention", _("waiting")),
    "in-progress": ("info", _("in the room")),
    "finished": ("done", _("seen, bill to come")),
    "settled": ("done", _("seen")),
    "cancelled": ("stop", _("cancelled")),
    "late": ("attention", _("not there yet")),
    "noshow": ("stop", _("did not come")),
}


def way(modality: str) -> dict[str, str]:
    """A way to meet with its symbol."""
    icon, word = WAYS[Modality(modality)]
    return {"icon": icon, "label": text(word)}


def state(status: str) -> dict[str, str]:
    """The state of a visit in a word."""
    kind, word = WORDS[status]
    return {"kind": kind, "label": text(word)}


def age(born: date | None, zone: str) -> str:
    """How old somebody is today; in months below two years."""
    if born is None:
        return ""
    today = clock.today(zone)
    months = (today.year - born.year) * 12 + today.month - born.month - (today.day < born.day)
    if months < 24:
        return ngettext("%(num)s month old", "%(num)s months old", months)
    return ngettext("%(num)s year old", "%(num)s years old", months // 12)


def waiting_words(names: Sequence[str]) -> str:
    """Who waits, as one sentence."""
    if not names:
        return text("Nobody waits.")
    return ngettext("%(num)s person waits: %(names)s.", "%(num)s people wait: %(names)s.", len(names), names=", ".join(names))


def navigation(current: str) -> list[dict[str, Any]]:
    """The ways of the practice: today's work, the scheduler's own agenda where it has pages, who runs one's agenda, the deployment's doors for staff."""
    entries = [{"href": url_for("practice.worklist"), "label": text("Today"), "current": current == "today"}]
    agenda = f"{runtime.current().settings.use.scheduler}.enter"
    if agenda in current_app.view_functions:
        entries.append({"href": url_for(agenda), "label": text("Agenda"), "current": False})
    if runtime.current().settings.use.scheduler:
        entries.append({"href": url_for("planning.choose"), "label": text("Book for a patient"), "current": current == "plan"})
    if current_actor().practitioner_roles:
        entries.append({"href": url_for("team.mine"), "label": text("Delegation"), "current": current == "team"})
    there = {entry["href"] for entry in entries}
    return entries + [door for door in doors("practitioner", "staff") if door["href"] not in there]


def page(found: Visit, **typed: Any) -> dict[str, Any]:
    """Everything of a consultation, as it stands now. Inside a writing unit of work; what is read is audited."""
    encounter_id = found.encounter_id
    trail.read("encounter", [encounter_id], organisation_id=found.organisation_id, person_id=found.person_id or "")
    context: dict[str, Any] = {
        "visit": found,
        "nav": navigation("consultation"),
        "patient": _patient(found),
        "state": state(found.status),
        "line": typed.get("line") or _line(found),
        "errors": typed.get("errors", {}),
        "refused": typed.get("refused", ""),
        "history": _history(found),
        "lines": slots.fill("encounter.side", [encounter_id])[encounter_id],
        "note": typed["note"] if "note" in typed else _note(found),
        "here": url_for("practice.consultation", encounter_id=encounter_id),
        "slug": directory.role(found.practitioner_role_id).slug,
        "remote": found.modality != Modality.IN_PERSON,
    }
    if found.status == "in-progress":
        context |= _in_progress(found, typed)
    elif found.status in ("finished", "settled"):
        context |= _ended(found)
    elif found.status in ("planned", "arrived"):
        context |= presence(found)
    elif found.status == "cancelled":
        context["why_off"] = _why_off(found)
    return context


def _why_off(found: Visit) -> str:
    """Why a visit did not take place, in a sentence."""
    if found.appointment_status == "noshow":
        return text("The patient did not come. Nothing more is to be done here.")
    if missed.waited_in_vain(found.encounter_id):
        return text("The practitioner did not come: the patient waited and ended the visit. Nothing is charged.")
    return text("This visit was cancelled or ended without a fee. Nothing is charged.")


def _patient(found: Visit) -> dict[str, Any]:
    known = people.traits(found.person_id or "")
    trail.read("person", [found.person_id or ""], organisation_id=found.organisation_id, person_id=found.person_id or "")
    born = prescribing.short_day(known.birth_date) if known.birth_date else ""
    return {
        "name": known.name,
        "full": i18n.person_name(known.given_names, known.family_name),
        "born": born,
        "age": age(known.birth_date, found.zone),
        "phone": known.phone,
        "when": when(found.starts_at, found.zone),
        "way": way(found.modality),
        "reason": found.service_name,
    }


def _line(found: Visit) -> AdmissionLine:
    known = care.admission_line(found.encounter_id)
    if known is not None:
        return known
    beside = ", ".join(accompaniment.companions(found.encounter_id))
    return AdmissionLine(False, places.only(), "", people.traits(found.person_id or "").phone, beside)


def countries() -> list[dict[str, str]]:
    """Where a patient may be: anywhere, the countries known here first; no question where no country is known at all."""
    return [{"value": code, "label": name} for code, name in places.named(i18n.locale())] if places.in_use() else []


def emergency(line: AdmissionLine) -> list[dict[str, str]]:
    """The emergency numbers of the place where the patient is now; none where none is known, never those of another country."""
    return [{"number": n.number, "label": say(n.label)} for n in places.emergency_numbers(line.country)]


def _note(found: Visit) -> str:
    body = care.note(found.encounter_id)
    if body:
        trail.read("note", [found.encounter_id], organisation_id=found.organisation_id, person_id=found.person_id or "")
    return body


def _history(found: Visit) -> list[dict[str, Any]]:
    past = worklist.history(current_actor(), found.person_id or "", found.encounter_id)
    return [
        {
            "href": url_for("practice.consultation", encounter_id=v.encounter_id),
            "label": i18n.day(v.starts_at, v.zone),
            "about": f"{v.service_name}, {way(v.modality)['label']}",
        }
        for v in past
    ]


def _since(encounter_id: str, zone: str) -> str:
    return waiting_for(session().get_one(Encounter, encounter_id).arrived_at, zone)


def waiting_for(arrived: datetime | None, zone: str) -> str:
    """Since when somebody waits, in words."""
    if arrived is None:
        return ""
    minutes = int((clock.now() - arrived).total_seconds() // 60)
    at = i18n.clock_time(arrived, zone)
    return text("since %(time)s, %(minutes)s min", time=at, minutes=minutes) if minutes else text("since %(time)s", time=at)


def _in_progress(found: Visit, typed: Mapping[str, Any]) -> dict[str, Any]:
    encounter_id = found.encounter_id
    here = url_for("practice.consultation", encounter_id=encounter_id)
    who = rooms.participant(encounter_id, current_actor())
    parts: dict[str, Any] = {
        "rx": _prescription(found),
        "acts": acts.form(encounter_id, typed.get("acts"), typed.get("acts_error", "")) if journey.priced(found.journey) else None,
        "call": None,
    }
    if found.modality != Modality.IN_PERSON:
        parts["call"] = call_of(encounter_id, who, after=url_for("practice.worklist"), here=here)
    return parts


def _prescription(found: Visit) -> dict[str, Any] | None:
    """The prescription's editor; nothing where the deployment chose nobody to carry prescriptions."""
    return prescribing.editor(found) if runtime.current().settings.use.carrier else None


def _ended(found: Visit) -> dict[str, Any]:
    encounter_id = found.encounter_id
    following = worklist.next_waiting(current_actor(), encounter_id)
    return {
        "receipt": bill(encounter_id) if journey.priced(found.journey) else None,
        "paid": _paid(encounter_id),
        "rx": _prescription(found),
        "documents": [{"label": d.filename, "href": url_for("documents.open", document_id=d.id)} for d in documents.of_encounter(encounter_id)],
        "following": {"name": following.name, "href": url_for("practice.consultation", encounter_id=following.encounter_id)} if following else None,
    }


def bill(encounter_id: str) -> dict[str, Any] | None:
    """The patient's receipt, in the third person."""
    final = coverage.stored(encounter_id, "final")
    if final is None:
        return None
    made = receipt_of(final, estimate=False)
    made["title"] = text("The bill")
    for row in made["rows"]:
        if row["kind"] == "rest":
            row["label"] = text("Left for the patient")
    return made


def _paid(encounter_id: str) -> list[str]:
    final = next((d.amount for d in dues.of_encounter(encounter_id) if d.amount is not None), None)
    said = [
        money_words.sentence(money_words.PRACTICE, attempt, attempt.captured_minor or (final.minor if final else attempt.amount_minor))
        for attempt in checkout.attempts_of(encounter_id)
    ]
    return [sentence for sentence in said if sentence]


def name_of(found: Visit) -> str:
    """The patient's name; reading it is audited."""
    trail.read("person", [found.person_id or ""], organisation_id=found.organisation_id, person_id=found.person_id or "")
    return people.traits(found.person_id or "").name


def presence(found: Visit) -> dict[str, Any]:
    """Whether the patient is there, as the region that is asked again shows it."""
    here = any(p.here and p.role is ParticipantRole.PATIENT for p in rooms.present([found.encounter_id])[found.encounter_id])
    url = url_for("practice.presence", encounter_id=found.encounter_id, was=found.status)
    return {"visit": found, "since": _since(found.encounter_id, found.zone), "here": here, "presence_url": url}
