"""The backend keeps the promises of the media contract; settings, step, TURN and personal data keep theirs."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from toubib.contracts.journey import EncounterView, StepStatus
from toubib.db import database, session
from toubib.db.tables.journey import Encounter
from toubib.seams.clock import FixedClock
from toubib.testing.conformance.media import MediaBackendContract
from toubib.testing.practices import practice
from toubib_video_webrtc import rooms
from toubib_video_webrtc.personal_data import RoomData
from toubib_video_webrtc.room import Member
from toubib_video_webrtc.settings import Settings
from toubib_video_webrtc.turn import ice_servers
from toubib_video_webrtc.verdicts import TestStep as DeviceStep
from toubib_video_webrtc.verdicts import keep, sound


class TestVideoWebrtc(MediaBackendContract):
    plugins = ("video_webrtc",)
    backend = "video_webrtc"


@pytest.mark.feature("ROOM-04:b")
def test_turn_credentials_are_those_that_coturn_computes_and_end(now: FixedClock) -> None:
    settings = Settings.model_validate({"turn_urls": ["turns:turn.practice.test:443?transport=tcp"], "turn_secret": "s3cret", "turn_minutes": 60})
    (server,) = ice_servers(settings, "patient-1")
    expires, _, member = server["username"].partition(":")
    assert (int(expires), member) == (int((now.now() + timedelta(hours=1)).timestamp()), "patient-1")
    expected = base64.b64encode(hmac.new(b"s3cret", server["username"].encode(), hashlib.sha1).digest()).decode()
    assert server["credential"] == expected
    assert "s3cret" not in json.dumps(server)


def test_without_turn_nobody_outside_learns_of_a_call() -> None:
    assert ice_servers(Settings(), "patient-1") == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"turn_urls": ["turn:a.test"]},
        {"turn_secret": "s"},
        {"relay_only": True},
        {"echo_url": "http://127.0.0.1:1"},
        {"turn_minutes": 1},
        {"unknown": 1},
    ],
)
def test_settings_that_cannot_work_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"turn|relay|echo|greater|extra"):
        Settings.model_validate(wrong)


def encounter(modality: str = "video") -> str:
    made = practice(modality)
    row = Encounter(organisation_id=made.organisation_id, journey="test", locale="fr", practitioner_role_id=made.role_id, modality=modality)
    session().add(row)
    session().flush()
    return row.id


def view(encounter_id: str, modality: str = "video") -> EncounterView:
    return EncounterView(encounter_id, "o", "test", "planned", None, None, modality, None, "UTC")


def test_the_step_follows_the_patients_last_test_and_guards_nothing(installation: Callable[..., Any]) -> None:
    installation("video_webrtc")
    step = DeviceStep()
    assert step.guards == frozenset()
    with database().unit_of_work():
        video, office = encounter(), encounter("in_person")
        views = [view(video), view(office, "in_person")]
        assert {k: s.status for k, s in step.states(views).items()} == {video: StepStatus.OPEN, office: StepStatus.NOT_APPLICABLE}
        for found, status in ((("ok", "ok", "failed"), StepStatus.FAILED), (("ok", "weak", "ok"), StepStatus.DONE), (("ok", "ok", "ok"), StepStatus.DONE)):
            keep(video, dict(zip(("camera", "microphone", "network"), found, strict=True)), "patient")
            assert step.states(views)[video].status is status
        keep(video, {"camera": "failed", "microphone": "failed", "network": "failed"}, "practitioner")
        assert step.states(views)[video].status is StepStatus.DONE


@pytest.mark.parametrize("report", [None, [], {}, {"camera": "ok", "microphone": "ok"}, {"camera": "ok", "microphone": "ok", "network": "fine"}])
def test_a_report_of_a_test_is_three_known_words(report: object) -> None:
    assert sound(report) is None


def test_personal_data_are_exported_and_erased(installation: Callable[..., Any]) -> None:
    installation("video_webrtc")
    person = "ab" * 16
    with database().unit_of_work():
        rooms.open_room("s1", "e1", 2)
        token = rooms.issue_token("s1", Member(f"patient-{person}", "patient"), timedelta(minutes=5))
        rooms.enter(token, "page", "c1")
        rooms.enter(rooms.issue_token("s1", Member("practitioner-x", "practitioner"), timedelta(minutes=5)), "page", "c2")
        exported = list(RoomData().export(person))
        assert sorted(item.table for item in exported) == ["video_webrtc_seat", "video_webrtc_token"]
        assert token not in str(exported)
        RoomData().erase(person)
        RoomData().erase(person)
        assert list(RoomData().export(person)) == []
        assert [seat.member.id for seat in rooms.look("s1").seats] == ["practitioner-x"]
