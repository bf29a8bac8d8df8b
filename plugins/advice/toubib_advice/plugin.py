"""What the plugin registers. Read this first; then `questions`, `answering`, `chatting` and `promises`."""

from collections.abc import Sequence
from datetime import timedelta

from toubib.contracts.demo import DemoPart
from toubib.contracts.events import Observer
from toubib.contracts.jobs import Job
from toubib.contracts.journey import Step
from toubib.contracts.notification import NoticeTemplate
from toubib.contracts.plugin import PluginInfo
from toubib.contracts.privacy import PersonalData
from toubib.contracts.registry import CONTRACT_VERSION, hookimpl
from toubib.contracts.web import WebPart
from toubib_advice import __version__, alerts, basis, models, notices, promises
from toubib_advice.demo import DemoQuestions
from toubib_advice.privacy import AdviceData
from toubib_advice.settings import AdviceSettings, use
from toubib_advice.steps import NoPrescription, NotAConsultation, TreatingDoctor
from toubib_advice.texts import DOMAIN, say
from toubib_advice.web.part import WEB


@hookimpl
def toubib_info() -> PluginInfo:
    """Who we are."""
    return PluginInfo(
        name=DOMAIN,
        version=__version__,
        contract=CONTRACT_VERSION,
        title=say("Advice in writing"),
        description=say("Paid questions with a promised hour, and a chat by the minute with a meter."),
        settings=AdviceSettings,
        migrations="toubib_advice.migrations",
        stores=models.TABLES,
        acts={
            basis.RECORDED: say("Recorded a legal basis"),
            basis.WITHDRAWN: say("Withdrew a legal basis"),
            basis.KIND: say("Legal basis"),
        },
    )


@hookimpl
def toubib_steps(settings: AdviceSettings) -> Sequence[Step]:  # noqa: ARG001  the hook's signature
    """What it is not, the treating doctor's part, and that nothing is prescribed."""
    return [NotAConsultation(), TreatingDoctor(), NoPrescription()]


@hookimpl
def toubib_jobs(settings: AdviceSettings) -> Sequence[Job]:
    """The clock's part: deadlines and meters."""
    return [Job(f"{DOMAIN}.keep_promises", promises.keep, every=timedelta(seconds=settings.watch_seconds), timeout=timedelta(seconds=20))]


@hookimpl
def toubib_observers(settings: AdviceSettings) -> Sequence[Observer]:  # noqa: ARG001  the hook's signature
    """A paid question becomes the first letter and is told to those who may answer it soon; one that was never sent is forgotten."""
    return [
        Observer(f"{DOMAIN}.deliver_question", frozenset({"request.activated"}), promises.delivered),
        Observer(f"{DOMAIN}.tell_practitioners", frozenset({"request.activated", "request.returned"}), alerts.tell),
        Observer(f"{DOMAIN}.forget_unsent", frozenset({"request.revoked"}), promises.forgotten),
    ]


@hookimpl
def toubib_notices(settings: AdviceSettings) -> Sequence[NoticeTemplate]:  # noqa: ARG001  the hook's signature
    """The mails."""
    return notices.TEMPLATES


@hookimpl
def toubib_personal_data(settings: AdviceSettings) -> Sequence[PersonalData]:  # noqa: ARG001  the hook's signature
    """Questions and drafts."""
    return [AdviceData()]


@hookimpl
def toubib_demo(settings: AdviceSettings) -> Sequence[DemoPart]:  # noqa: ARG001  the hook's signature
    """A legal basis for the demonstration, and an open question."""
    return [DemoQuestions()]


@hookimpl
def toubib_web(settings: AdviceSettings) -> WebPart:
    """The pages under `/advice/`."""
    use(settings)
    return WEB
