"""What a patient is asked, once: insurance number, scheme, treating doctor, full cover, complementary contract."""

from datetime import date

from stdnum.exceptions import InvalidChecksum, InvalidLength, ValidationError
from stdnum.fr import nir as nir_number

from toubib.contracts.common import ContractError
from toubib.contracts.identity import FactType, Sensitivity
from toubib.services.answers import one_of
from toubib_claims_fr.messages import msg

NIR = "claims_fr.nir"
SCHEME = "claims_fr.scheme"
TREATING_DOCTOR = "claims_fr.treating_doctor"
FULL_COVER = "claims_fr.full_cover"
COMPLEMENTARY = "claims_fr.complementary"
LAST_IN_PERSON = "claims_fr.last_in_person"

SCHEMES = (
    ("general", msg("General scheme (CPAM)")),
    ("alsace_moselle", msg("General scheme with the local scheme of Alsace-Moselle")),
    ("agricultural", msg("Agricultural scheme (MSA)")),
    ("other", msg("Another French scheme")),
    ("ame", msg("State medical aid (AME)")),
    ("none", msg("I am not insured in France")),
)
DOCTORS = (
    ("this", msg("The practitioner of this appointment")),
    ("referred", msg("Another doctor, who sends me to this practitioner")),
    ("replaced", msg("Another doctor, whom this practitioner replaces")),
    ("unavailable", msg("Another doctor, who cannot see me in time; a local care organisation or the emergency regulator sends me")),
    ("away", msg("Another doctor, and I am away from home")),
    ("retired", msg("A doctor who stopped practising less than a year ago")),
    ("care_home", msg("Another doctor, and I live in a care home")),
    ("prison", msg("Another doctor, and I am in prison")),
    ("other", msg("Another doctor, and I come on my own initiative")),
    ("none_sent", msg("None, and a local care organisation or the emergency regulator sends me")),
    ("none", msg("None")),
)
"""One question, since treating doctor and exceptional situation decide together whether the visit lies in the care pathway."""

FULL_COVERS = (
    ("no", msg("No")),
    ("ald", msg("Yes, for a long-term condition (ALD) that this visit is about")),
    ("maternity", msg("Yes, from the 6th month of pregnancy to 12 days after birth")),
)
CONTRACTS = (
    ("responsible", msg("I have a complementary contract (mutuelle)")),
    ("c2s", msg("I have the Complémentaire santé solidaire (C2S)")),
    ("none", msg("I have none")),
    ("unknown", msg("I do not know (the estimate then counts nothing from it)")),
)
TOO_SHORT = msg("Length: a social security number has 15 characters, its key of 2 digits included.")


def normalise_nir(text: str) -> str:
    """The 15 characters of a social security number; `ContractError` names the check that failed."""
    if not text.strip():
        raise ContractError(TOO_SHORT)
    try:
        return str(nir_number.validate(text.upper()))
    except InvalidLength:
        raise ContractError(TOO_SHORT) from None
    except InvalidChecksum:
        raise ContractError(msg("Key: the last two digits do not match the number. Look for a digit typed wrongly.")) from None
    except ValidationError:
        raise ContractError(msg("Characters: a social security number is made of digits (2A or 2B for Corsica).")) from None


def _normalise_date(text: str) -> str:
    try:
        return date.fromisoformat(text.strip()).isoformat()
    except ValueError:
        raise ContractError(msg("Date: write the day, the month and the year.")) from None


FACT_TYPES = (
    FactType(
        NIR,
        msg("Social security number"),
        msg("Needed on the claim to your health insurance; the estimate does without it."),
        Sensitivity.PERSONAL,
        normalise_nir,
        hint=msg("15 digits, on your carte Vitale or your certificate of rights"),
        input_mode="numeric",
        lookup=True,
    ),
    FactType(
        SCHEME,
        msg("Your health insurance"),
        msg("It decides which funds take part."),
        Sensitivity.PERSONAL,
        one_of(SCHEMES),
        choices=SCHEMES,
    ),
    FactType(
        TREATING_DOCTOR,
        msg("Your treating doctor (médecin traitant)"),
        msg("Outside the care pathway the insurance pays less."),
        Sensitivity.PERSONAL,
        one_of(DOCTORS),
        choices=DOCTORS,
    ),
    FactType(
        FULL_COVER,
        msg("Is this visit covered at 100 %?"),
        msg("It changes what the insurance pays. We do not ask for the condition."),
        Sensitivity.HEALTH,
        one_of(FULL_COVERS),
        choices=FULL_COVERS,
    ),
    FactType(
        COMPLEMENTARY,
        msg("Your complementary cover"),
        msg("It decides what is paid back besides the health insurance."),
        Sensitivity.PERSONAL,
        one_of(CONTRACTS),
        choices=CONTRACTS,
    ),
    FactType(
        LAST_IN_PERSON,
        msg("Your last visit in person with this practitioner"),
        msg("For a visit before 26 September 2021 the insurance asks for one in the twelve months before."),
        Sensitivity.PERSONAL,
        _normalise_date,
        input_mode="numeric",
    ),
)
