"""The answer for the treating doctor: a mail with a link, read with the patient's date of birth. Never a word of health in the mail."""

from datetime import date, timedelta

from sqlmodel import func, select

from toubib.contracts.common import ContractError, Refused
from toubib.db import across_organisations, session, vault
from toubib.db.tables.journey import Encounter
from toubib.seams import clock, randomness
from toubib.services import limits, notices, people
from toubib.services.secrets import fingerprint
from toubib_advice.models import Forward
from toubib_advice.settings import current
from toubib_advice.texts import say

MOST, TRIES = 3, 5
WRONG = Refused("birth_date", say("This is not the date of birth of the patient who sent you the letter."))


def send(encounter_id: str, doctor: str, address: str) -> None:
    """Mail a link to the doctor whom the patient names; at most three times. Raises `ContractError` for what cannot be an
    address, and before there is an answer.
    """
    encounter = session().get_one(Encounter, encounter_id)
    if encounter.status not in ("finished", "settled"):
        raise ContractError(say("There is no answer to send yet."))
    if not doctor.strip() or address.count("@") != 1 or "." not in address.rpartition("@")[2] or " " in address.strip():
        raise ContractError(say("Write the doctor's name and a complete mail address, as in name@practice.example."))
    sent = session().exec(select(func.count()).select_from(Forward).where(Forward.encounter_id == encounter_id)).one()
    if sent >= MOST:
        raise ContractError(say("This letter was sent three times already. Hand the doctor a copy instead."))
    token = randomness.token()
    row = Forward(
        organisation_id=encounter.organisation_id,
        encounter_id=encounter_id,
        token_hash=fingerprint(token),
        expires_at=clock.now() + timedelta(days=current().forward_days),
    )
    vault().seal(row, "doctor", doctor.strip()[:200])
    session().add(row)
    session().flush()
    notices.queue(
        "advice.forwarded",
        address.strip(),
        locale=encounter.locale,
        params={},
        link=f"/advice/to/{token}",
        organisation_id=encounter.organisation_id,
        encounter_id=encounter_id,
        key=f"advice.forwarded:{row.id}",
    )


def sent(encounter_id: str) -> list[tuple[str, Forward]]:
    """To whom the patient sent the answer, oldest first."""
    rows = session().exec(select(Forward).where(Forward.encounter_id == encounter_id).order_by("created_at")).all()
    return [(vault().read(row, "doctor"), row) for row in rows]


def find(token: str) -> Forward | None:
    """The letter behind a link; `None` when there is none or its time is over."""
    with across_organisations("the token names the letter"):
        row = session().exec(select(Forward).where(Forward.token_hash == fingerprint(token))).first()
    return row if row is not None and row.expires_at > clock.now() else None


def read(row: Forward, born: date) -> Refused | None:
    """Let the doctor read who knows the patient's date of birth; few tries an hour, counted for all processes."""
    limits.count("advice.forward", row.id, per_hour=TRIES)
    with across_organisations("the token names the letter"):
        person_id = session().get_one(Encounter, row.encounter_id).person_id
        if person_id is None or people.traits(person_id).birth_date != born:
            return WRONG
        found = session().get_one(Forward, row.id)
        found.opened_at = found.opened_at or clock.now()
        session().flush()
    return None
