"""What every media backend must do. A plugin's test inherits the class and names itself:

class TestVideo(MediaBackendContract):
    plugins = ("video_webrtc",)
    backend = "video_webrtc"
"""

import json
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import pytest

from toubib.contracts.common import Message
from toubib.contracts.media import Health, JoinPane, JoinPurpose, MediaBackend, Participant, ParticipantRole, SessionSpec
from toubib.db import NoUnitOfWork, database, session
from toubib.seams import randomness

if TYPE_CHECKING:
    from flask import Flask

MODALITIES = {"video", "audio", "phone", "text"}
PATIENT = Participant("patient-1", ParticipantRole.PATIENT, "Anne Specimen")
PRACTITIONER = Participant("practitioner-1", ParticipantRole.PRACTITIONER, "Dr Specimen")


class _ChangedMind(Exception):
    """Rolls a unit of work back."""


@dataclass(frozen=True, slots=True)
class MediaStage:
    """A started application with one visit, and the backend under test."""

    app: "Flask"
    backend: MediaBackend
    encounter_id: str

    def open(self) -> str:
        """Open a session of the visit and return its id."""
        session_id = randomness.new_id()
        with database().unit_of_work():
            self.backend.open(SessionSpec(session_id, self.encounter_id))
        return session_id

    def join(self, session_id: str, who: Participant = PATIENT, purpose: JoinPurpose = JoinPurpose.CALL) -> JoinPane:
        """A pane, as the core asks for it while it answers a request."""
        with self.app.test_request_context("/"), database().unit_of_work():
            return self.backend.join(session_id, who, purpose)


class MediaBackendContract:
    """The promises of `toubib.contracts.media.MediaBackend`."""

    plugins: ClassVar[tuple[str, ...]]
    backend: ClassVar[str]

    @pytest.fixture
    def stage(self, app: Callable[..., "Flask"]) -> MediaStage:
        """A visit at an invented practice."""
        from toubib import runtime
        from toubib.db.tables.journey import Encounter
        from toubib.testing.practices import practice

        application = app(*self.plugins, use={"media": [self.backend]})
        with database().unit_of_work():
            made = practice()
            encounter = Encounter(organisation_id=made.organisation_id, journey="test", locale="fr", practitioner_role_id=made.role_id)
            session().add(encounter)
            session().flush()
        return MediaStage(application, runtime.current().registry.media[self.backend], encounter.id)

    def test_it_says_who_it_is_and_what_it_can(self, stage: MediaStage) -> None:
        """Name, title and capabilities are told without opening anything."""
        backend = stage.backend
        assert backend.name == self.backend
        assert isinstance(backend.title, Message)
        assert backend.capabilities.modalities
        assert backend.capabilities.modalities <= MODALITIES
        assert backend.capabilities.max_participants >= 2

    def test_opening_again_changes_nothing(self, stage: MediaStage) -> None:
        """A session may be opened any number of times; panes handed out before stay good."""
        session_id = stage.open()
        before = stage.join(session_id)
        with database().unit_of_work():
            stage.backend.open(SessionSpec(session_id, stage.encounter_id))
        assert stage.join(session_id).module == before.module

    def test_a_pane_is_all_that_a_page_needs(self, stage: MediaStage) -> None:
        """Its template exists, its module is served by us as a script, its configuration is JSON."""
        pane = stage.join(stage.open())
        assert pane.template.startswith(f"{self.backend}/")
        stage.app.jinja_env.get_template(pane.template)
        assert pane.module.startswith("/")
        with stage.app.test_client().get(pane.module) as answer:
            assert (answer.status_code, answer.mimetype) == (200, "text/javascript")
        assert json.loads(json.dumps(pane.config)) == pane.config

    def test_no_secret_stands_in_an_address(self, stage: MediaStage) -> None:
        """Addresses end in logs: what is in the pane's addresses is the same for everybody in the room."""
        session_id = stage.open()
        panes = [stage.join(session_id, who) for who in (PATIENT, PRACTITIONER)]
        assert panes[0].module == panes[1].module
        assert panes[0].socket_path == panes[1].socket_path

    def test_a_token_is_given_to_one_page_once(self, stage: MediaStage) -> None:
        """Each pane has a token of its own, for the same participant too."""
        session_id = stage.open()
        tokens = [stage.join(session_id).config.get("token") for _ in range(2)]
        assert tokens == [None, None] or tokens[0] != tokens[1]

    def test_the_test_before_a_call_takes_no_seat(self, stage: MediaStage) -> None:
        """Anybody may test again and again; nobody's seat is used up by it."""
        session_id = stage.open()
        for _ in range(stage.backend.capabilities.max_participants + 1):
            assert isinstance(stage.join(session_id, purpose=JoinPurpose.TEST), JoinPane)
        assert isinstance(stage.join(session_id, PRACTITIONER), JoinPane)

    def test_closing_a_closed_session_is_no_error(self, stage: MediaStage) -> None:
        """Closing may be repeated, and one that was never opened may be closed."""
        session_id = stage.open()
        for closed in (session_id, session_id, randomness.new_id()):
            with database().unit_of_work():
                stage.backend.close(closed)

    def test_it_works_in_the_unit_of_work_of_the_caller(self, stage: MediaStage) -> None:
        """It opens none of its own: outside one it fails, and what is rolled back never was."""
        spec = SessionSpec(randomness.new_id(), stage.encounter_id)
        with pytest.raises(NoUnitOfWork):
            stage.backend.open(spec)
        with suppress(_ChangedMind), database().unit_of_work():
            stage.backend.open(spec)
            raise _ChangedMind
        with database().unit_of_work():
            stage.backend.open(spec)
        assert isinstance(stage.join(spec.session_id), JoinPane)

    def test_its_health_is_told_within_a_second(self, stage: MediaStage) -> None:
        """The administrator's page waits for it; a fault comes with a sentence that says what to do."""
        began = time.monotonic()
        health = stage.backend.health()
        assert time.monotonic() - began < 1
        assert isinstance(health, Health)
        assert health.ok or health.message
