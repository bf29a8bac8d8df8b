"""Rules a bill may break. A quote says so; a claim that breaks one is held with the rule's name."""

from dataclasses import dataclass

from toubib.contracts.common import Message
from toubib_claims_fr.acts import is_supplement, may_perform
from toubib_claims_fr.engine import Priced
from toubib_claims_fr.explain import euros
from toubib_claims_fr.lines import Line
from toubib_claims_fr.messages import msg
from toubib_claims_fr.profile import Entitlement
from toubib_claims_fr.ruleset import Kind, Ruleset


@dataclass(frozen=True, slots=True)
class Violation:
    """A broken rule: its name, the sentence, the legal text. `holds` is whether a claim may not go out with it."""

    rule: str
    sentence: Message
    source: str
    holds: bool = True


def violations(priced: Priced, rules: Ruleset) -> tuple[Violation, ...]:
    """Everything that the bill does against the nomenclature or the convention."""
    by_line = [v for line in priced.lines for v in _line(priced, line, rules)]
    return (*by_line, *_supplements(priced, rules), *_overrun(priced))


def _line(priced: Priced, line: Line, rules: Ruleset) -> list[Violation]:
    if line.service.raw_base is not None:
        return []
    act, coefficient = line.act, line.service.coefficient
    speciality = rules.specialities[priced.profile.speciality]
    found = []
    if not may_perform(act, speciality):
        sentence = msg("%(code)s is not open to this speciality.", code=act.code)
        found.append(Violation("act.speciality", sentence, "NGAP"))
    if not act.coefficient_min <= coefficient <= act.coefficient_max:
        sentence = msg("The coefficient of %(code)s lies outside what the nomenclature allows.", code=act.code)
        found.append(Violation("act.coefficient", sentence, "NGAP"))
    return found


def _supplements(priced: Priced, rules: Ruleset) -> list[Violation]:
    codes = [line.act.code for line in priced.lines]
    mains = [code for code in codes if not is_supplement(code, rules) and code != "RAW"]
    day = priced.profile.care_date
    remote = any(line.act.kind is Kind.TELECONSULTATION for line in priced.lines)
    wrong = [c for c in codes if remote and is_supplement(c, rules) and not any(rules.supplements.on((m, c), day) for m in mains)]
    return [Violation("act.supplement", msg("%(code)s may not join this act.", code=code), "NGAP") for code in wrong]


def _overrun(priced: Priced) -> list[Violation]:
    """Overruns are the practitioner's to justify; under C2S and AME the law forbids them."""
    profile, amount = priced.profile, euros(priced.overrun)
    if priced.overrun == 0:
        return []
    if profile.has(Entitlement.C2S) or profile.has(Entitlement.AME):
        sentence = msg("%(amount)s are asked above the tariff: not allowed for a patient with C2S or AME.", amount=amount)
        return [Violation("overrun.forbidden", sentence, "CSS L861-3")]
    if profile.sector == "1" or any(line.act.code == "TCG" for line in priced.lines):
        sentence = msg("%(amount)s are asked above the tariff. In this sector it needs a reason.", amount=amount)
        return [Violation("overrun.sector", sentence, "convention médicale", holds=False)]
    return []
