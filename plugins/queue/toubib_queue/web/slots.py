"""What the queue adds to core pages: the patient's answers beside the visit, and a word in the worklist."""

from collections.abc import Mapping, Sequence

from flask import url_for
from sqlmodel import col, select

from toubib.contracts.web import SlotItem
from toubib.db import session
from toubib.db.tables.journey import Encounter
from toubib.db.tables.requests import ServiceRequest
from toubib.web import current_actor
from toubib_queue import desk
from toubib_queue.texts import DOMAIN, say


def _rows(ids: Sequence[str]) -> Sequence[tuple[ServiceRequest, Encounter]]:
    query = select(ServiceRequest, Encounter).join(Encounter, col(Encounter.id) == ServiceRequest.encounter_id)
    return session().exec(query.where(ServiceRequest.plugin == DOMAIN, col(ServiceRequest.encounter_id).in_(ids))).all()


class Beside:
    """The answers, for practitioner and patient; before care begins also the way back to the queue, or out of it."""

    slot = "encounter.side"

    def items(self, ids: Sequence[str]) -> Mapping[str, Sequence[SlotItem]]:
        """What was said, in the words in which it was read."""
        return {row.encounter_id: [*self._said(row), *self._ways(row, encounter)] for row, encounter in _rows(ids)}

    @staticmethod
    def _said(row: ServiceRequest) -> list[SlotItem]:
        return [SlotItem(say("%(question)s: %(answer)s", question=a.question, answer=a.answer)) for a in desk.said(row.encounter_id)]

    @staticmethod
    def _ways(row: ServiceRequest, encounter: Encounter) -> list[SlotItem]:
        if row.status != "accepted" or encounter.status not in ("planned", "arrived"):
            return []
        if encounter.practitioner_role_id in current_actor().practitioner_roles:
            return [SlotItem(say("Give this patient back to the queue"), url_for("queue.ask_back", encounter_id=row.encounter_id))]
        return []


class InWorklist:
    """That a visit came from the queue, and how long its patient waited there."""

    slot = "worklist.badges"

    def items(self, ids: Sequence[str]) -> Mapping[str, Sequence[SlotItem]]:
        """One word."""
        return {row.encounter_id: [SlotItem(say("From the queue"))] for row, _ in _rows(ids)}
