"""Acts that a performer may state for a visit, the usual one first."""

from dataclasses import dataclass
from datetime import date

from toubib_claims_fr.dated import Row
from toubib_claims_fr.profile import anniversary_passed
from toubib_claims_fr.ruleset import Act, Kind, Ruleset, Speciality

SPECIALIST_CODE_FROM = date(2023, 11, 1)
SUPPLEMENTS = ("MEG", "MCG", "SNP", "MRT", "MUT", "MCU", "MPC", "MCS", "MCE", "MP", "MGM", "NFP", "MEP", "MOP")
CHILDREN_ONLY = {"MEG": 6, "NFP": 16, "MEP": 16}


@dataclass(frozen=True, slots=True)
class Performer:
    """Who performs, where and when; `birth_date` is the patient's."""

    day: date
    speciality: str
    sector: str
    zone: str
    modality: str
    birth_date: date | None


def may_perform(act: Act, speciality: Speciality) -> bool:
    """Whether the nomenclature opens the act to the speciality."""
    allowed = act.performed_by
    if "*" in allowed or speciality.kind in allowed or (speciality.group and speciality.group in allowed):
        return True
    return "specialist" in allowed and speciality.kind == "doctor" and speciality.group != "gp"


def usual_code(who: Performer, fee: int, rules: Ruleset) -> str:
    """The act an appointment is estimated with, as long as the performer has stated none; empty when none fits."""
    codes = main_codes(who, rules)
    if codes[:1] == ["TCG"] and who.sector == "2":
        tariff = rules.tariff("TCG", who.zone, who.speciality, who.day)
        return "TC" if tariff and fee > tariff.value else "TCG"
    return codes[0] if codes else ""


def main_codes(who: Performer, rules: Ruleset) -> list[str]:
    """Main acts of the performer on that day, the usual one first, each open to the speciality."""
    speciality = rules.specialities.get(who.speciality)
    if speciality is None:
        return []
    family = _in_person(speciality) if who.modality == "in_person" else _remote(who, speciality)
    return [code for code in family if may_perform(rules.acts[code], speciality)]


def _remote(who: Performer, speciality: Speciality) -> list[str]:
    if speciality.kind == "nurse":
        return ["TLD", "TLL", "TLS", "TMI"]
    if speciality.kind == "midwife":
        return ["TFS", "TCG"]
    if speciality.kind != "doctor":
        return []
    if speciality.group == "gp":
        return ["TCG", "TC"]
    opposable = who.sector != "2" and who.day >= SPECIALIST_CODE_FROM
    return ["TCS", "TC"] if opposable else ["TC"]


def _in_person(speciality: Speciality) -> list[str]:
    if speciality.kind != "doctor":
        return []
    if speciality.group == "gp":
        return ["G"] if speciality.code == "01" else ["GS"]
    return ["CNP"] if speciality.group == "psychiatry" else ["CS"]


def supplement_codes(who: Performer, rules: Ruleset) -> list[str]:
    """Supplements that may join the usual act: open to the speciality, with a tariff on that day, right for the age."""
    main, speciality = main_codes(who, rules)[:1], rules.specialities.get(who.speciality)
    if not main or speciality is None:
        return []
    allowed = [c for c in SUPPLEMENTS if rules.supplements.on((main[0], c), who.day) and may_perform(rules.acts[c], speciality)]
    return [c for c in allowed if right_age(c, who) and rules.tariff(c, who.zone, who.speciality, who.day)]


def right_age(code: str, who: Performer) -> bool:
    """Whether a supplement for children fits the patient's age; unknown ages do."""
    limit = CHILDREN_ONLY.get(code)
    return limit is None or who.birth_date is None or not anniversary_passed(who.birth_date, limit, who.day)


def tariff_of(code: str, who: Performer, rules: Ruleset) -> Row | None:
    """The tariff row of a code for the performer, whatever its confidence."""
    return rules.tariff(code, who.zone, who.speciality, who.day)


def is_supplement(code: str, rules: Ruleset) -> bool:
    """Whether a code only joins another."""
    act = rules.acts.get(code)
    return act is not None and act.kind is Kind.SUPPLEMENT
