"""What the plugin registers. Read this first; then `applications` and `reviews`."""

from collections.abc import Sequence
from datetime import timedelta

from toubib.contracts.demo import DemoPart
from toubib.contracts.jobs import Job
from toubib.contracts.notification import NoticeTemplate
from toubib.contracts.plugin import PluginInfo
from toubib.contracts.privacy import PersonalData
from toubib.contracts.registry import CONTRACT_VERSION, hookimpl
from toubib.contracts.web import WebPart
from toubib_credentialing import __version__, announcing, models, notices
from toubib_credentialing.demo import DemoReviews
from toubib_credentialing.privacy import CredentialingData
from toubib_credentialing.settings import CredentialingSettings
from toubib_credentialing.texts import DOMAIN, say
from toubib_credentialing.web.part import WEB


@hookimpl
def toubib_info() -> PluginInfo:
    """Who we are."""
    return PluginInfo(
        name=DOMAIN,
        version=__version__,
        contract=CONTRACT_VERSION,
        title=say("Vetting"),
        description=say("Practitioners apply with registry number, diploma and insurance; reviewers decide; an end takes effect by the clock."),
        settings=CredentialingSettings,
        migrations="toubib_credentialing.migrations",
        stores=models.TABLES,
    )


@hookimpl
def toubib_jobs(settings: CredentialingSettings) -> Sequence[Job]:  # noqa: ARG001  the hook's signature
    """Ends are announced ahead."""
    return [Job(f"{DOMAIN}.announce_ends", announcing.announce, every=timedelta(hours=1))]


@hookimpl
def toubib_notices(settings: CredentialingSettings) -> Sequence[NoticeTemplate]:  # noqa: ARG001  the hook's signature
    """The mails."""
    return notices.TEMPLATES


@hookimpl
def toubib_personal_data(settings: CredentialingSettings) -> Sequence[PersonalData]:  # noqa: ARG001  the hook's signature
    """Applications and votes."""
    return [CredentialingData()]


@hookimpl
def toubib_demo(settings: CredentialingSettings) -> Sequence[DemoPart]:  # noqa: ARG001  the hook's signature
    """Accepted practitioners, one of them expiring soon, and one application that waits."""
    return [DemoReviews()]


@hookimpl
def toubib_web(settings: CredentialingSettings) -> WebPart:  # noqa: ARG001  the hook's signature
    """The pages under `/credentialing/`."""
    return WEB
