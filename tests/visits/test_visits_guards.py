"""What a visit's own state forbids: signing what was written before it was cancelled, beginning care that a step holds back."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from toubib.contracts.common import Message
from toubib.contracts.journey import Command, Phase, StepState, StepStatus, Who
from toubib.contracts.prescription import MedicationLine
from toubib.db import database, session
from toubib.db.tables.journey import Encounter
from toubib.db.tables.prescriptions import Prescription
from toubib.runtime import Toubib
from toubib.seams.clock import FixedClock
from toubib.services import care, prescriptions, visits
from toubib.services.care import AdmissionLine
from toubib.steps.base import NoForm
from toubib.testing.booked import booked
from toubib.testing.practices import practice

USE = {"carrier": "eprescription_email", "countries": ["FR"]}


def test_what_was_written_before_a_visit_was_cancelled_is_not_signed(installation: Callable[..., Toubib], now: FixedClock) -> None:
    installation("country_fr", "eprescription_email", use=USE, journeys={"booked": {"steps": []}}, site={"country": "FR"})
    with database().unit_of_work():
        visit = booked(practice(country="FR"), now.now() + timedelta(minutes=20), modality="in_person")
        draft = prescriptions.draft(visit.encounter_id)
        prescriptions.set_lines(draft, [MedicationLine("Saline drops", "2 drops", "evening", 5)])
    with database().unit_of_work():
        assert visits.cancel(visit.encounter_id, "practice") is None
    with database().unit_of_work():
        refused = prescriptions.issue(draft)
    assert refused == prescriptions.CANCELLED
    assert "This visit was cancelled, so nothing can be signed for it." in refused.message.key
    with database().reading() as reading:
        assert (reading.get_one(Prescription, draft).status, reading.get_one(Prescription, draft).issued_at) == ("draft", None)


@dataclass(frozen=True)
class Held(NoForm):
    """A step that holds the beginning of care back, and is not done."""

    name: str = "test.held"
    title: Message = field(default=Message("toubib", "Payment"))
    phase: Phase = Phase.CONSULT
    who: Who = Who.STAFF
    guards: frozenset[Command] = frozenset({Command.START})
    endpoint: str | None = None

    def states(self, encounters: Sequence[Any]) -> Mapping[str, StepState]:
        return {e.id: StepState(StepStatus.WAITING) for e in encounters}


def test_a_step_may_hold_back_the_beginning_of_care(installation: Callable[..., Toubib], now: FixedClock, monkeypatch: pytest.MonkeyPatch) -> None:
    installation(journeys={"booked": {"steps": []}})
    with database().unit_of_work():
        visit = booked(practice(), now.now() + timedelta(minutes=10))
        assert care.arrive(visit.encounter_id) is None
    monkeypatch.setattr("toubib.services.journey.steps", lambda _journey: [Held()])
    with database().unit_of_work():
        refused = care.admit(visit.encounter_id, AdmissionLine(True, "", "3 rue des Lilas", "01 99 00 00 01"))
        assert session().get_one(Encounter, visit.encounter_id).status == "arrived"
    assert refused is not None
    assert refused.rule == "test.held"
