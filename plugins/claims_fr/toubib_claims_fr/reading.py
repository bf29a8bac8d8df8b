"""From the contract's context to the profile that the engine prices."""

from collections.abc import Mapping
from datetime import date
from zoneinfo import ZoneInfo

from toubib.contracts.common import ContractError
from toubib.contracts.counters import Counter
from toubib.contracts.reimbursement import Charge, QuoteContext
from toubib_claims_fr import facts
from toubib_claims_fr.eligibility import Eligibility, Visit
from toubib_claims_fr.messages import msg
from toubib_claims_fr.profile import Cover, Entitlement, Profile, Service
from toubib_claims_fr.settings import Settings

FLAT_COUNTER = "claims_fr.flat_contributions"
ANSWERS = {
    "this": ("this", "none"),
    "referred": ("referred", "none"),
    "replaced": ("other", "replaced"),
    "unavailable": ("unavailable", "sent"),
    "away": ("other", "away"),
    "retired": ("other", "retired"),
    "care_home": ("other", "care_home"),
    "prison": ("other", "prison"),
    "other": ("other", "none"),
    "none_sent": ("none", "sent"),
    "none": ("none", "none"),
}
"""The patient's one answer as eligibility reads it: the treating doctor, and the situation besides."""
SECTORS = frozenset({"1", "optam", "2"})
ZONES = {"971": "drom", "972": "drom", "973": "drom", "974": "drom", "976": "drom"}


def care_day(context: QuoteContext) -> date:
    """The calendar day of the care where the practice is; tariffs follow it."""
    return context.care_at.astimezone(ZoneInfo(context.zone)).date()


def visit_of(context: QuoteContext) -> Visit:
    """What eligibility looks at."""
    known = context.patient.facts
    declared = known.get(facts.LAST_IN_PERSON, "")
    last = context.last_in_person_on or (date.fromisoformat(declared) if declared else None)
    treating_doctor, situation = ANSWERS.get(known.get(facts.TREATING_DOCTOR, ""), ("", ""))
    told = "verified" if facts.TREATING_DOCTOR in context.patient.verified else "declared"
    return Visit(
        day=care_day(context),
        modality=context.modality,
        speciality=context.performer.specialty,
        birth_date=context.patient.birth_date,
        treating_doctor=treating_doctor,
        situation=situation,
        last_in_person=last,
        patient_department=_department(context.patient_place.postcode) if context.patient_place else "",
        practice_department=context.performer.attributes.get("department", ""),
        emergency=context.emergency,
        origins={"treating_doctor": told, "last_in_person": "agenda" if context.last_in_person_on else "declared"},
    )


def profile_of(context: QuoteContext, services: tuple[Service, ...], eligible: Eligibility, settings: Settings) -> Profile:
    """The engine's profile. What the context does not tell stays `None`."""
    attributes = context.performer.attributes
    return Profile(
        care_date=care_day(context),
        services=services,
        fee=fee_of(context),
        speciality=context.performer.specialty,
        sector=sector if (sector := attributes.get("sector", "")) in SECTORS else None,
        zone=zone_of(attributes),
        birth_date=context.patient.birth_date,
        pathway=eligible.pathway,
        entitlements=entitlements(context.patient.facts),
        cover=cover(context.patient.facts),
        flat_taken=_counted(context.counters, FLAT_COUNTER),
        policy=settings.out_of_pathway,
        switched_off=eligible.switched_off,
        confirmed=settings.confirmed_rules,
    )


def _department(postcode: str) -> str:
    """The department of a postcode; Corsica's two share `20`."""
    return postcode[:3] if postcode.startswith("97") else postcode[:2]


def fee_of(context: QuoteContext) -> int:
    """What is asked in all, in cents; a charge's amount is that of one unit."""
    return sum(charge.charged.minor * charge.qty for charge in context.charges)


def zone_of(attributes: Mapping[str, str]) -> str | None:
    """The tariff zone the practice stated, or that of its department; `None` when it stated neither."""
    department, zone = attributes.get("department", ""), attributes.get("zone", "")
    if zone in ("metro", "drom"):
        return zone
    return ZONES.get(department, "metro") if department else None


def _counted(counters: Mapping[str, Counter], key: str) -> int:
    """What we know to have been taken. Incomplete counts are said to be so beside the amount."""
    found = counters.get(key)
    return found.value if found else 0


def entitlements(known: Mapping[str, str]) -> frozenset[Entitlement] | None:
    """Rights by the patient's answers; `None` while one of the answers that decide is missing."""
    answers = (known.get(facts.SCHEME), known.get(facts.FULL_COVER), known.get(facts.COMPLEMENTARY))
    if None in answers:
        return None
    rights = {
        "alsace_moselle": Entitlement.LOCAL_SCHEME_ALSACE_MOSELLE,
        "ame": Entitlement.AME,
        "ald": Entitlement.ALD_RELATED,
        "maternity": Entitlement.MATERNITY,
        "c2s": Entitlement.C2S,
    }
    return frozenset(rights[answer] for answer in answers if answer in rights)


def cover(known: Mapping[str, str]) -> Cover | None:
    """The complementary contract; a patient who does not know gets an estimate without it, and is told so."""
    answer = known.get(facts.COMPLEMENTARY)
    return None if answer is None else Cover(responsible=answer == "responsible")


def service_of(charge: Charge, code: str) -> tuple[Service, ...]:
    """The services of a charge, once per quantity; `ContractError` for a coefficient finer than the nomenclature's."""
    coefficient, rest = divmod(charge.coefficient_milli, 10)
    if rest or coefficient <= 0 or charge.qty <= 0:
        raise ContractError(msg("The coefficient of %(code)s has at most two decimals and is above zero.", code=code))
    return (Service(code, coefficient),) * charge.qty
