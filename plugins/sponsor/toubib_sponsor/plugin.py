"""What the plugin registers. Read this first; then `pack` and `entitlements`."""

from collections.abc import Sequence
from datetime import timedelta

from toubib.contracts.demo import DemoPart
from toubib.contracts.events import Observer
from toubib.contracts.guarantee import Guarantor
from toubib.contracts.identity import FactType
from toubib.contracts.jobs import Job
from toubib.contracts.journey import Step
from toubib.contracts.plugin import PluginInfo
from toubib.contracts.privacy import PersonalData
from toubib.contracts.registry import CONTRACT_VERSION, hookimpl
from toubib.contracts.reimbursement import ReimbursementPack
from toubib.contracts.web import Entry, Permission, WebPart
from toubib_sponsor import __version__, models, pack, receipts
from toubib_sponsor.asking import EntitlementStep
from toubib_sponsor.commands import load_codes, open_desk
from toubib_sponsor.demo import DemoSponsor
from toubib_sponsor.entitlements import SponsorGuarantor, follow_move, release_missed
from toubib_sponsor.privacy import SponsorData
from toubib_sponsor.settings import SponsorSettings
from toubib_sponsor.texts import DOMAIN, say
from toubib_sponsor.web import books, pages
from toubib_sponsor.web.shared import ROLE, blueprint

PAGES = (books, pages)
"""Importing them registers every route."""


@hookimpl
def toubib_info() -> PluginInfo:
    """Who we are."""
    return PluginInfo(
        name=DOMAIN,
        version=__version__,
        contract=CONTRACT_VERSION,
        title=say("Sponsor"),
        description=say("An insurer or employer pays all or part for its members."),
        settings=SponsorSettings,
        migrations="toubib_sponsor.migrations",
        stores=models.TABLES,
        acts={
            receipts.RECORDED: say("Recorded a sponsor's payment"),
            receipts.WITHDRAWN: say("Withdrew the record of a sponsor's payment"),
            receipts.KIND: say("Sponsor's payment"),
        },
    )


@hookimpl
def toubib_reimbursement(settings: SponsorSettings) -> Sequence[ReimbursementPack]:
    """The sponsors as one more payer."""
    return [pack.SponsorPack(settings)]


@hookimpl
def toubib_guarantors(settings: SponsorSettings) -> Sequence[Guarantor]:  # noqa: ARG001  the hook's signature
    """Codes and limits."""
    return [SponsorGuarantor()]


@hookimpl
def toubib_fact_types(settings: SponsorSettings) -> Sequence[FactType]:  # noqa: ARG001  the hook's signature
    """The member's code."""
    return [pack.code_fact()]


@hookimpl
def toubib_jobs(settings: SponsorSettings) -> Sequence[Job]:  # noqa: ARG001  the hook's signature
    """Room of visits that never began is given back."""
    return [Job(f"{DOMAIN}.release_missed", release_missed, every=timedelta(hours=6))]


@hookimpl
def toubib_observers(settings: SponsorSettings) -> Sequence[Observer]:  # noqa: ARG001  the hook's signature
    """A visit that is moved counts in the year of its new day."""
    return [Observer(f"{DOMAIN}.follow_move", frozenset({"appointment.moved"}), follow_move)]


@hookimpl
def toubib_steps(settings: SponsorSettings) -> Sequence[Step]:  # noqa: ARG001  the hook's signature
    """Looking at the code once it was typed."""
    return [EntitlementStep()]


@hookimpl
def toubib_personal_data(settings: SponsorSettings) -> Sequence[PersonalData]:  # noqa: ARG001  the hook's signature
    """Entitlements of visits."""
    return [SponsorData()]


@hookimpl
def toubib_demo(settings: SponsorSettings) -> Sequence[DemoPart]:
    """Codes, a desk, and a double of each service."""
    return [DemoSponsor(settings)]


@hookimpl
def toubib_web(settings: SponsorSettings) -> WebPart:  # noqa: ARG001  the hook's signature
    """The sponsors' desks and the administrator's books under `/sponsor/`."""
    return WebPart(
        blueprint=blueprint,
        permissions=(
            Permission("sponsor.enter", "site", "Find the desk of one's sponsor", roles=(ROLE,)),
            Permission("sponsor.desk", "organisation", "Read a sponsor's statements and load its codes", roles=(ROLE,)),
            Permission("sponsor.book", "site", "Record what sponsors paid", like="site.administer"),
        ),
        commands=(open_desk, load_codes),
        entries=(
            Entry(f"{DOMAIN}.desk", say("Statements"), "sponsor.enter", "staff"),
            Entry(f"{DOMAIN}.books", say("Payments of sponsors"), "sponsor.books", "staff"),
        ),
    )
