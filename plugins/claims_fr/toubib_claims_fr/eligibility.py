"""Whether a remote consultation is covered, by the rules of its day, and whether it lies in the care pathway."""

import calendar
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from functools import cache

from toubib_claims_fr.dated import DatedTable, Trust
from toubib_claims_fr.profile import Pathway, anniversary_passed
from toubib_claims_fr.ruleset import Ruleset, rows_of, until


class Verdict(StrEnum):
    """The answer, worst first: nothing is paid, something must be shown first, or the scheme takes part."""

    NOT_COVERED = "not_covered"
    NEEDS_EVIDENCE = "needs_evidence"
    COVERED = "covered"


@dataclass(frozen=True, slots=True)
class Era:
    """The conditions of a convention while it holds. `known_patient_months` 0 means no such condition."""

    name: str
    valid_from: date
    valid_to: date | None
    known_patient_months: int
    alternance: bool
    territory: bool
    modalities: frozenset[str]
    trust: Trust
    source: str


@dataclass(frozen=True, slots=True)
class Waiver:
    """A situation that waives conditions, and the evidence that must be kept for it."""

    code: str
    waives: frozenset[str]
    evidence: str
    valid_from: date
    valid_to: date | None
    trust: Trust
    source: str


@dataclass(frozen=True, slots=True)
class Reason:
    """One condition and how it was met: rule, whether satisfied, evidence with its origin, legal text, date."""

    rule: str
    satisfied: bool
    evidence: str
    origin: str
    source: str
    valid_from: date
    trust: Trust


@dataclass(frozen=True, slots=True)
class Visit:
    """What eligibility looks at. Empty strings and `None` mean “not known”; `origins` says who told each fact."""

    day: date
    modality: str
    speciality: str
    birth_date: date | None
    treating_doctor: str = ""
    situation: str = ""
    emergency: bool = False
    last_in_person: date | None = None
    patient_department: str = ""
    practice_department: str = ""
    origins: Mapping[str, str] | None = None

    def origin(self, fact: str) -> str:
        """Where a fact comes from: `agenda`, `verified` or `declared`."""
        return (self.origins or {}).get(fact, "declared")


@dataclass(frozen=True, slots=True)
class Eligibility:
    """The verdict with its reasons; `pathway` and `switched_off` go into the calculation."""

    verdict: Verdict
    pathway: Pathway | None
    reasons: tuple[Reason, ...]
    missing: tuple[str, ...] = ()
    switched_off: str = ""


@cache
def eras() -> DatedTable[str, Era]:
    """The conventions by date."""
    return DatedTable(("era", _era(cell)) for cell in rows_of("eras.csv"))


@cache
def exceptions() -> DatedTable[str, Waiver]:
    """The exceptions by code and date."""
    return DatedTable((cell["code"], _exception(cell)) for cell in rows_of("exceptions.csv"))


def _era(cell: dict[str, str]) -> Era:
    return Era(
        cell["era"],
        date.fromisoformat(cell["valid_from"]),
        until(cell["valid_to"]),
        int(cell["known_patient_months"]),
        cell["alternance"] == "yes",
        cell["territory"] == "yes",
        frozenset(cell["modalities"].split()),
        Trust(cell["confidence"]),
        cell["source"],
    )


def _exception(cell: dict[str, str]) -> Waiver:
    return Waiver(
        cell["code"],
        frozenset(cell["waives"].split()),
        cell["evidence"],
        date.fromisoformat(cell["valid_from"]),
        until(cell["valid_to"]),
        Trust(cell["confidence"]),
        cell["source"],
    )


def decide(visit: Visit, rules: Ruleset) -> Eligibility:
    """The verdict for one visit. A condition that nobody can show gives `needs_evidence`, never a guess."""
    found = _waivers(visit, rules)
    pathway = _pathway(visit, rules, found)
    if visit.modality == "in_person":
        return replace(pathway, verdict=Verdict.NEEDS_EVIDENCE if pathway.missing else Verdict.COVERED)
    era = eras().on("era", visit.day)
    if era is None:
        return Eligibility(Verdict.NOT_COVERED, pathway.pathway, ())
    return _remote(visit, era, found, pathway)


def _remote(visit: Visit, era: Era, found: tuple[Waiver, ...], pathway: Eligibility) -> Eligibility:
    modality = _reason(era, "modality", visit.modality, "agenda", satisfied=visit.modality in era.modalities)
    if visit.modality == "mixed":
        missing = (*pathway.missing, "modality")
        return replace(pathway, verdict=Verdict.NEEDS_EVIDENCE, reasons=(modality, *pathway.reasons), missing=missing)
    if not modality.satisfied:
        return replace(pathway, verdict=Verdict.NOT_COVERED, reasons=(modality, *pathway.reasons), missing=())
    known, missing_known = _known_patient(visit, era, found)
    missing = (*pathway.missing, *missing_known)
    verdict = Verdict.NEEDS_EVIDENCE if missing else Verdict.COVERED
    reasons = (modality, *known, *_territory(visit, era, found), *pathway.reasons)
    return replace(pathway, verdict=verdict, reasons=reasons, missing=missing)


def _territory(visit: Visit, era: Era, found: tuple[Waiver, ...]) -> tuple[Reason, ...]:
    """Said, never priced: the fund judges the territory by the doctor's whole practice."""
    here, there = visit.patient_department, visit.practice_department
    if not era.territory or not here or not there or any("territory" in e.waives for e in found):
        return ()
    return (_reason(era, "territory", f"{here} {there}", "declared", satisfied=here == there),)


def _known_patient(visit: Visit, era: Era, found: tuple[Waiver, ...]) -> tuple[tuple[Reason, ...], tuple[str, ...]]:
    """The visit in person within twelve months (2018 to 2021), or what stands in its place since."""
    waiver = next((e for e in found if "known_patient" in e.waives), None)
    if waiver:
        return (_by_exception(waiver, visit),), ()
    seen = visit.last_in_person
    evidence, origin = (seen.isoformat() if seen else ""), visit.origin("last_in_person")
    if era.alternance:
        return (_reason(era, "alternance", evidence, origin, satisfied=seen is not None),), ()
    if era.known_patient_months == 0:
        return (), ()
    recent = seen is not None and months_before(visit.day, era.known_patient_months) <= seen <= visit.day
    reason = _reason(era, "known_patient", evidence, origin, satisfied=recent)
    if recent:
        return (reason,), ()
    return (reason,), ("claims_fr.last_in_person" if seen is None else "justification",)


def months_before(day: date, months: int) -> date:
    """The same day `months` earlier, or the last day of that month."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def _pathway(visit: Visit, rules: Ruleset, found: tuple[Waiver, ...]) -> Eligibility:
    """In or out of the pathway; the verdict is set by the caller."""
    reasons = tuple(_by_exception(e, visit) for e in found if e.code != "under_16" or visit.birth_date)
    switch = next((e for e in found if "pathway" in e.waives), None)
    inside = next((e for e in found if not e.waives or "treating_doctor" in e.waives), None)
    if inside or switch:
        rule = f"exception.{switch.code}" if switch and not inside else ""
        return Eligibility(Verdict.COVERED, Pathway.OUT if rule else Pathway.IN, reasons, switched_off=rule)
    speciality = rules.specialities.get(visit.speciality)
    if speciality is not None and speciality.kind not in ("doctor", "unknown"):
        return Eligibility(Verdict.COVERED, Pathway.IN, reasons)
    missing = () if visit.treating_doctor else ("claims_fr.treating_doctor",)
    return Eligibility(Verdict.COVERED, None if missing else Pathway.OUT, reasons, missing=missing)


_BY_DOCTOR = {"this": "treating_doctor_self", "referred": "treating_doctor_referred"}
_BY_SITUATION = {
    "away": "away_from_home",
    "care_home": "care_home",
    "prison": "prison",
    "replaced": "treating_doctor_replaced",
    "retired": "treating_doctor_retired",
}
_SENT = {"none": "no_treating_doctor", "unavailable": "treating_doctor_unavailable", "other": "regulator"}


def _waivers(visit: Visit, rules: Ruleset) -> tuple[Waiver, ...]:
    """Every exception that the facts support on that day, the rule itself (treating doctor, referral) first."""
    codes = [_BY_DOCTOR.get(visit.treating_doctor, "")]
    if visit.birth_date and not anniversary_passed(visit.birth_date, 16, visit.day):
        codes.append("under_16")
    if visit.emergency:
        codes.append("emergency")
    speciality = rules.specialities.get(visit.speciality)
    codes.append(speciality.direct_access if speciality else "")
    codes.append(_SENT.get(visit.treating_doctor, "") if visit.situation == "sent" else _BY_SITUATION.get(visit.situation, ""))
    found = (exceptions().on(code, visit.day) for code in codes if code)
    return tuple(e for e in found if e is not None)


def _by_exception(exception: Waiver, visit: Visit) -> Reason:
    evidence = {"birth_date": visit.birth_date.isoformat() if visit.birth_date else "", "speciality": visit.speciality}
    return Reason(
        f"exception.{exception.code}",
        True,
        evidence.get(exception.evidence, exception.evidence),
        "agenda" if exception.evidence in evidence else visit.origin("treating_doctor"),
        exception.source,
        exception.valid_from,
        exception.trust,
    )


def _reason(era: Era, condition: str, evidence: str, origin: str, *, satisfied: bool) -> Reason:
    return Reason(f"{era.name}.{condition}", satisfied, evidence, origin, era.source, era.valid_from, era.trust)
