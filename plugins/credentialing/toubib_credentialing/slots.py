"""A line on a practitioner's public page: that their documents were looked at, and since when."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlmodel import col, select

from toubib.contracts.common import Message
from toubib.contracts.web import SlotItem
from toubib.db import session
from toubib.db.tables.directory import PractitionerRole
from toubib_credentialing.models import Application, Question
from toubib_credentialing.texts import say


class Vetted:
    """Says when reviewers accepted a practitioner."""

    slot = "profile.facts"

    def items(self, ids: Sequence[str]) -> Mapping[str, Sequence[SlotItem]]:
        """One line for each role whose practitioner was accepted."""
        query = (
            select(PractitionerRole.id, Question.decided_at)
            .join(Application, col(Application.person_id) == PractitionerRole.practitioner_id)
            .join(Question, col(Question.application_id) == Application.id)
            .where(col(PractitionerRole.id).in_(ids), Application.state == "accepted", Question.kind == "application", Question.outcome == "accepted")
        )
        found: list[tuple[str, datetime]] = [(role_id, at) for role_id, at in session().exec(query) if at]
        return {role_id: (SlotItem(_line(at), tone="done"),) for role_id, at in found}


def _line(at: datetime) -> Message:
    return say("Registry number, diploma and liability insurance looked at by this platform: %(at)s", at=at)
