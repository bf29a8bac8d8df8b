"""Requests that nobody finishes: they lapse one by one, and none that was finished at the last moment."""

import threading
from collections.abc import Callable, Sequence
from datetime import timedelta

import pytest

from toubib.contracts.common import Money
from toubib.db import database
from toubib.runtime import Toubib
from toubib.seams.clock import FixedClock
from toubib.services import dues, requests, visits
from toubib.testing.practices import patient_session, practice

QUESTION = requests.Wanted("test", "question", "A question", Money(0, "EUR"), requests.Need())


@pytest.fixture
def drafted(installation: Callable[..., Toubib], now: FixedClock) -> Sequence[str]:
    """Two requests whose time is over, not yet looked at by the job."""
    installation(journeys={"asked": {"steps": []}})
    with database().unit_of_work():
        made, (person_id, _token) = practice(), patient_session()
        found = [requests.draft(made.organisation_id, "asked", QUESTION, f"browser {number}", modality="text") for number in range(2)]
        for encounter_id in found:
            visits.adopt(encounter_id, person_id)
    now.advance(timedelta(hours=1))
    return found


def states(found: Sequence[str]) -> list[str]:
    with database().reading():
        return [row.status for encounter_id in found if (row := requests.of(encounter_id))]


def test_what_is_finished_while_the_job_looks_does_not_lapse(drafted: Sequence[str]) -> None:
    job = threading.Thread(target=requests.lapse, args=({},))
    with database().unit_of_work():
        assert requests.activate(drafted[0]) is None
        job.start()
        job.join(0.5)  # long enough to find an unfinished one, unless it looks again
    job.join(20)
    assert states(drafted) == ["active", "revoked"]


def test_one_that_cannot_lapse_holds_up_no_other(drafted: Sequence[str], monkeypatch: pytest.MonkeyPatch) -> None:
    known = dues.of_encounter

    def broken(encounter_id: str) -> Sequence[dues.Due]:
        if encounter_id == drafted[0]:
            raise LookupError
        return known(encounter_id)

    monkeypatch.setattr(dues, "of_encounter", broken)
    with pytest.raises(LookupError):
        requests.lapse({})
    assert states(drafted) == ["draft", "revoked"]
