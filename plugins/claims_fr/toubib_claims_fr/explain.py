"""Sentences for rules: each amount of a quote names the rule it comes from, in words, with text and date."""

from toubib.contracts.common import Message, MessageParam, Money
from toubib.contracts.reasons import Confidence, Why
from toubib_claims_fr.dated import Row
from toubib_claims_fr.eligibility import Reason
from toubib_claims_fr.messages import msg

EUR = "EUR"

SENTENCES = {
    "rate.standard": "The insurance pays %(rate)s %% of the tariff, %(base)s.",
    "rate.auxiliary": "For this profession the insurance pays %(rate)s %% of the tariff, %(base)s.",
    "rate.teleexpertise": "A remote opinion between professionals is paid in full (%(base)s); it costs the patient nothing.",
    "rate.ald": "Care for a recognised long-term condition: %(rate)s %% of %(base)s.",
    "rate.maternity": "Maternity cover, from the 6th month of pregnancy: %(rate)s %% of %(base)s.",
    "rate.ame": "State medical aid: %(rate)s %% of %(base)s.",
    "rate.covid": "During the epidemic teleconsultations were paid at %(rate)s %% of %(base)s.",
    "rate.local_scheme": "The local scheme of Alsace-Moselle adds %(rate)s %% of %(base)s.",
    "rate.local_scheme_auxiliary": "The local scheme of Alsace-Moselle adds %(rate)s %% of %(base)s.",
    "pathway.not_covered": "Outside the care pathway this teleconsultation is not covered.",
    "pathway.reduction_percent": "Outside the care pathway %(amount)s less, which a complementary contract may not pay.",
    "cover.c2s": "The Complémentaire santé solidaire pays the rest of the tariff, %(amount)s.",
    "cover.cmuc": "The CMU complémentaire pays the rest of the tariff, %(amount)s.",
    "cover.responsible": "A responsible contract pays the legal share that the insurance leaves, %(amount)s.",
    "cover.overrun": "The contract pays %(amount)s of what is asked above the tariff.",
    "flat.doctor.amount": "Flat contribution on a doctor's act, %(amount)s. The insurance keeps it and no contract may pay it.",
    "flat.auxiliary.amount": "Franchise on a nurse's or auxiliary's act, %(amount)s. The insurance keeps it and no contract may pay it.",
    "flat.doctor.max_per_year": "No flat contribution: the yearly limit of %(value)s is reached.",
    "flat.doctor.max_per_day": "No flat contribution: the limit of %(value)s a day with one practitioner is reached.",
    "flat.auxiliary.max_per_year": "No franchise: the yearly limit of %(value)s is reached.",
    "flat.auxiliary.max_per_day": "No franchise: the limit of %(value)s a day with one practitioner is reached.",
    "flat.minor": "No flat contribution for a patient who was under %(value)s on 1 January.",
    "flat.c2s": "No flat contribution with the Complémentaire santé solidaire.",
    "flat.maternity": "No flat contribution under maternity cover.",
    "flat.ame": "No flat contribution with the state medical aid.",
    "third_party.pathway": "Outside the care pathway the practitioner may not be paid by the fund: you pay, then the fund refunds you.",
    "third_party.c2s": "With the Complémentaire santé solidaire you advance nothing.",
    "third_party.teleexpertise": "A remote opinion is always paid by the fund.",
    "pathway.cap_percent": "Outside the care pathway the reduction stops at %(value)s %% of a general practitioner's consultation.",
    "pathway.from_age": "The care pathway applies from the age of %(value)s.",
    "cap.remote_percent": "At most %(value)s %% of a doctor's yearly acts may be remote.",
    "cap.remote_percent_psychiatry": "At most %(value)s %% of a psychiatrist's yearly acts may be remote.",
    "claim.days_direct": "The claim is sent within %(value)s working days when the patient paid.",
    "claim.days_third_party": "The claim is sent within %(value)s working days when the fund pays the practitioner.",
    "tariff": "Tariff of %(code)s: %(base)s.",
    "supplement": "%(supplement)s may join %(act)s.",
}

CONDITIONS = {
    "modality": ("The visit took place by video, which the rules ask for.", "The rules of that day pay a remote visit only by video."),
    "alternance": (
        "The practitioner has seen you in person before; visits in person and remote ones take turns.",
        "Your practitioner decides that a remote visit suits, even without an earlier one in person.",
    ),
    "known_patient": (
        "You saw this practitioner in person within the twelve months before.",
        "The rules of that day ask for a visit in person with this practitioner within the twelve months before.",
    ),
    "territory": (
        "You and the practitioner are in the same department.",
        "You are in another department than the practitioner; the fund may ask the practitioner why. Your refund does not depend on it.",
    ),
}

EXCEPTIONS = {
    "treating_doctor_self": "This practitioner is your treating doctor.",
    "treating_doctor_referred": "Your treating doctor sends you.",
    "under_16": "The care pathway does not apply before the age of 16.",
    "emergency": "An emergency lifts the rules of the care pathway.",
    "direct_gyn": "Gynaecologists may be seen directly.",
    "direct_oph": "Ophthalmologists may be seen directly.",
    "direct_sto": "Stomatologists and oral surgeons may be seen directly.",
    "direct_psy": "Psychiatrists may be seen directly.",
    "direct_ped": "Paediatricians may be seen directly.",
    "no_treating_doctor": "You have no treating doctor and a local care organisation sends you.",
    "treating_doctor_unavailable": "Your treating doctor cannot see you in time and a local care organisation sends you.",
    "care_home": "You live in a care home.",
    "prison": "You are in prison.",
    "regulator": "The emergency regulator sends you.",
    "away_from_home": "You are away from home: no reduction.",
    "treating_doctor_retired": "Your treating doctor stopped practising less than a year ago: no reduction.",
    "treating_doctor_replaced": "The practitioner replaces your treating doctor: no reduction.",
}


def euros(cents: int) -> Money:
    """Cents as money."""
    return Money(cents, EUR)


def why(row: Row, **params: MessageParam) -> Why:
    """The reason that a data row gives, with its legal text, date and confidence."""
    key = SENTENCES.get(row.rule) or SENTENCES[row.rule.split(".", 1)[0]]
    return Why(row.rule, msg(key, **params), row.source, row.valid_from, Confidence(row.trust.value))


def described(row: Row) -> Why:
    """A data row as an entry of the list of rules in use."""
    family = row.rule.split(".", 1)[0]
    if family == "tariff":
        return why(row, code=row.rule.split(".")[1], base=euros(row.value))
    if family == "supplement":
        _, act, supplement = row.rule.split(".")
        return why(row, act=act, supplement=supplement)
    base = msg("the tariff")
    return why(row, rate=row.value, value=row.value, base=base, amount=_amount(row))


def _amount(row: Row) -> MessageParam:
    if row.rule.endswith(".amount"):
        return euros(row.value)
    return msg("%(value)s %% of the tariff", value=row.value) if row.rule.startswith("pathway") else msg("the rest")


def why_reason(reason: Reason) -> Why:
    """An eligibility condition in words, with the evidence's origin in the rule's source."""
    family, _, name = reason.rule.partition(".")
    sentence = EXCEPTIONS[name] if family == "exception" else CONDITIONS[name][0 if reason.satisfied else 1]
    return Why(reason.rule, msg(sentence), reason.source, reason.valid_from, Confidence(reason.trust.value))


def payer_label(payer: str, *, before_c2s: bool = False) -> Message:
    """A payer in the words of a receipt."""
    labels = {
        "national": msg("Health insurance (Assurance maladie)"),
        "local_scheme": msg("Local scheme of Alsace-Moselle"),
        "c2s": msg("Complémentaire santé solidaire"),
        "cmuc": msg("CMU complémentaire"),
        "complementary": msg("Complementary contract (mutuelle)"),
        "flat_contribution": msg("Flat contribution kept by the health insurance"),
    }
    return labels["cmuc" if before_c2s and payer == "c2s" else payer]
