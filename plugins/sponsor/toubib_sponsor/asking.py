"""Whether a code is entitled: by the sponsor's list, or by a question to its service. The step that conducts it.

The service hears the code, the reference of this one consultation and its day: nobody's name, no reason, no practitioner.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import date

from sqlmodel import col, select

from toubib.contracts.common import Message
from toubib.contracts.journey import Command, EncounterView, FormErrors, FormSpec, Phase, StepState, StepStatus, Who
from toubib.db import database, session
from toubib.db.tables.journey import Encounter
from toubib.seams import network
from toubib.services import limits, people
from toubib_sponsor import entitlements, house
from toubib_sponsor.models import Entitlement, Member
from toubib_sponsor.settings import Plan
from toubib_sponsor.texts import CODE, DOMAIN, say

SECONDS = 5.0
WRONG_PER_HOUR = 10
"""Wrong codes of one patient in an hour, so that nobody guesses a code at a sponsor's cost."""
NO_SUCH = say("No insurer or employer here uses this code. Correct it, or leave the field empty and go on without.")
ENDED = say("This code is not valid on the day of the visit. Ask whoever gave it to you, or leave the field empty and go on without.")
SILENT = say("The service that knows this code does not answer. Send the page again in a minute, or leave the field empty and go on without.")


class EntitlementStep:
    """Looks at the code once it was typed; nothing waits for it: without an answer the sponsor does not pay."""

    name = f"{DOMAIN}.entitlement"
    title = say("Your insurer or employer")
    phase = Phase.PREPARE
    who = Who.SYSTEM
    guards: frozenset[Command] = frozenset()
    endpoint: str | None = None

    def states(self, encounters: Sequence[EncounterView]) -> Mapping[str, StepState]:
        """Done with a code that was looked at; not applicable without one."""
        query = select(Entitlement.encounter_id).where(Entitlement.state != "asked")
        known = set(session().exec(query.where(col(Entitlement.encounter_id).in_([e.id for e in encounters]))))
        return {e.id: StepState(StepStatus.DONE if e.id in known else StepStatus.NOT_APPLICABLE) for e in encounters}

    def form(self, view: EncounterView) -> FormSpec | None:  # noqa: ARG002  the contract's signature
        """None: the code is asked with the other facts that payers need."""
        return None

    def submit(self, view: EncounterView, values: Mapping[str, str]) -> FormErrors | None:  # noqa: ARG002  the contract's signature
        """Nothing to keep."""
        return None

    def conduct(self, encounter_id: str) -> FormErrors | None:
        """Look the code up, or ask for it; the same code of the same encounter once."""
        with database().unit_of_work():
            code = _code(encounter_id)
            if code and (wait := _guessed(encounter_id)):
                entitlements.forget(encounter_id)
                return FormErrors({CODE: wait})
            plan = house.settings().plan_of(code) if code else None
            if plan is None:
                entitlements.forget(encounter_id)
                return _refused(encounter_id, NO_SUCH) if code else None
            row = entitlements.ask(encounter_id, plan, code)
            state, reference, on = row.state, row.reference, row.care_on
            if plan.entitlement == "list":
                return _looked_up(encounter_id, plan, code, on)
        return None if state != "asked" else _asked(encounter_id, plan, code, reference, on)


def _code(encounter_id: str) -> str:
    person_id = session().get_one(Encounter, encounter_id).person_id
    return people.facts_of(person_id, [CODE]).get(CODE, "") if person_id else ""


def _looked_up(encounter_id: str, plan: Plan, code: str, on: date) -> FormErrors | None:
    member = session().exec(select(Member).where(Member.plan == plan.key, Member.code_index == entitlements.index_of(code))).first()
    if member is None:
        return _refused(encounter_id, NO_SUCH)
    if on < member.valid_from or (member.valid_to is not None and on > member.valid_to):
        return _refused(encounter_id, ENDED)
    entitlements.answer(encounter_id, entitled=True)
    return None


def _refused(encounter_id: str, why: Message) -> FormErrors:
    entitlements.forget(encounter_id)
    limits.count(*_guesses(encounter_id), per_hour=WRONG_PER_HOUR)
    return FormErrors({CODE: why})


def _guesses(encounter_id: str) -> tuple[str, str]:
    return f"{DOMAIN}.code", session().get_one(Encounter, encounter_id).person_id or ""


def _guessed(encounter_id: str) -> Message | None:
    """What is said to a patient of too many wrong codes, whatever the next one is worth."""
    try:
        limits.check(*_guesses(encounter_id), per_hour=WRONG_PER_HOUR)
    except limits.TooMany as error:
        return error.message
    return None


def _asked(encounter_id: str, plan: Plan, code: str, reference: str, on: date) -> FormErrors | None:
    entitled = question(plan, code, reference, on)
    if entitled is None:
        return FormErrors({CODE: SILENT})
    with database().unit_of_work():
        entitlements.answer(encounter_id, entitled=entitled)
        return None if entitled else _refused(encounter_id, ENDED)


def question(plan: Plan, code: str, reference: str, on: date) -> bool | None:
    """Ask a sponsor's service; `None` when it does not answer, or not as agreed. Outside any unit of work."""
    token = plan.service_token.get_secret_value() if plan.service_token else ""
    headers = {"Content-Type": "application/json", "Accept": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    body = json.dumps({"code": code, "reference": reference, "on": on.isoformat()}).encode()
    try:
        answer = network.http_request("POST", plan.service_url, headers=headers, body=body, timeout=SECONDS)
        said = json.loads(answer.body) if answer.status == 200 else None
    except (network.NetworkUnavailable, ValueError):
        return None
    found = said.get("entitled") if isinstance(said, dict) and said.get("reference") == reference else None
    return found if isinstance(found, bool) else None
