"""What the plugin registers. Read this first."""

from collections.abc import Sequence
from datetime import timedelta

from toubib.contracts.demo import DemoPart
from toubib.contracts.jobs import Job
from toubib.contracts.journey import Step
from toubib.contracts.notification import NoticeTemplate
from toubib.contracts.plugin import PluginInfo
from toubib.contracts.privacy import PersonalData
from toubib.contracts.registry import CONTRACT_VERSION, hookimpl
from toubib.contracts.web import WebPart
from toubib_queue import __version__, models, places
from toubib_queue.demo import DemoDuty
from toubib_queue.notices import TEMPLATES
from toubib_queue.privacy import QueueData
from toubib_queue.settings import QueueSettings
from toubib_queue.steps import Queued
from toubib_queue.texts import say
from toubib_queue.web.part import WEB


@hookimpl
def toubib_info() -> PluginInfo:
    """Who we are."""
    return PluginInfo(
        name="queue",
        version=__version__,
        contract=CONTRACT_VERSION,
        title=say("Queue"),
        description=say("See a practitioner now: hours and capacity, a symptom form, a fair queue, and the desk that takes from it."),
        settings=QueueSettings,
        migrations="toubib_queue.migrations",
        stores=models.TABLES,
    )


@hookimpl
def toubib_steps(settings: QueueSettings) -> Sequence[Step]:  # noqa: ARG001  the hook's signature
    """The place in the thread of a visit."""
    return [Queued()]


@hookimpl
def toubib_jobs(settings: QueueSettings) -> Sequence[Job]:  # noqa: ARG001  the hook's signature
    """Ends of abandoned places; alerts of staff and mails to whoever is next."""
    return [
        Job("queue.expire_places", places.expire, every=timedelta(seconds=15)),
        Job("queue.watch_lines", places.watch, every=timedelta(seconds=30)),
    ]


@hookimpl
def toubib_notices(settings: QueueSettings) -> Sequence[NoticeTemplate]:  # noqa: ARG001  the hook's signature
    """Mails to patients and staff."""
    return TEMPLATES


@hookimpl
def toubib_personal_data(settings: QueueSettings) -> Sequence[PersonalData]:  # noqa: ARG001  the hook's signature
    """Duties of practitioners."""
    return [QueueData()]


@hookimpl
def toubib_demo(settings: QueueSettings) -> Sequence[DemoPart]:  # noqa: ARG001  the hook's signature
    """Lines that are open and somebody on duty."""
    return [DemoDuty()]


@hookimpl
def toubib_web(settings: QueueSettings) -> WebPart:  # noqa: ARG001  the hook's signature
    """The pages under `/queue/`."""
    return WEB
