"""Every hook of the plugin; read this first."""

from collections.abc import Sequence
from datetime import timedelta
from functools import cache

from toubib.contracts.jobs import Job, Payload
from toubib.contracts.journey import Step
from toubib.contracts.media import MediaBackend
from toubib.contracts.plugin import PluginInfo
from toubib.contracts.privacy import PersonalData
from toubib.contracts.registry import CONTRACT_VERSION, hookimpl
from toubib.contracts.web import Permission, PublicRoute, SocketMessage, WebPart
from toubib.db import database
from toubib_video_webrtc import __version__, rooms, texts
from toubib_video_webrtc.backend import NAME, VideoWebrtc
from toubib_video_webrtc.echo_door import EchoDoor
from toubib_video_webrtc.messages import TYPES
from toubib_video_webrtc.models import RoomRow, SeatRow, TokenRow
from toubib_video_webrtc.personal_data import RoomData
from toubib_video_webrtc.rooms import JOIN
from toubib_video_webrtc.settings import Settings
from toubib_video_webrtc.verdicts import TestStep
from toubib_video_webrtc.views import SOCKET_REASON, blueprint


@cache
def _echo(settings: Settings) -> EchoDoor:
    """One door for each installation: backend and pages share its child process."""
    return EchoDoor(settings)


@hookimpl
def toubib_info() -> PluginInfo:
    """Identity card."""
    return PluginInfo(
        name=NAME,
        version=__version__,
        contract=CONTRACT_VERSION,
        title=texts.say("Video consultation"),
        description=texts.say("Sound and picture from browser to browser, with a test before the call. No media server is needed."),
        settings=Settings,
        migrations="toubib_video_webrtc.migrations",
        stores=(RoomRow.__tablename__, SeatRow.__tablename__, TokenRow.__tablename__),
    )


@hookimpl
def toubib_media(settings: Settings) -> Sequence[MediaBackend]:
    """The backend `video_webrtc`."""
    return [VideoWebrtc(settings, _echo(settings))]


@hookimpl
def toubib_steps(settings: Settings) -> Sequence[Step]:  # noqa: ARG001  the hook's signature
    """The step `video_webrtc.test`."""
    return [TestStep()]


@hookimpl
def toubib_jobs(settings: Settings) -> Sequence[Job]:  # noqa: ARG001  the hook's signature
    """The broom."""
    return [Job(f"{NAME}.purge_rooms", _purge, every=timedelta(hours=1))]


@hookimpl
def toubib_personal_data(settings: Settings) -> Sequence[PersonalData]:  # noqa: ARG001  the hook's signature
    """Seats and tokens, for export and erasure."""
    return [RoomData()]


@hookimpl
def toubib_web(settings: Settings) -> WebPart:
    """The socket, the test page and what they may do."""
    return WebPart(
        blueprint=blueprint(settings, _echo(settings)),
        permissions=(Permission(JOIN, "encounter", "Enter the room of a visit, or test one's devices for it", like="encounter.join"),),
        public=(PublicRoute(f"{NAME}.socket", SOCKET_REASON),),
        sockets=tuple(SocketMessage(kind, JOIN) for kind in TYPES),
    )


def _purge(_payload: Payload) -> None:
    with database().unit_of_work():
        rooms.purge()
