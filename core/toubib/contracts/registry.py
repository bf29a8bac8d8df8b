"""How a plugin announces itself: one hookspec per concern, called once at start.

A hook only registers named objects; afterwards the core calls those objects. Hooks run in the order of the
deployment's plugin list, which decides nothing: every choice is made by name, capability and configuration.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pluggy

if TYPE_CHECKING:
    from toubib.contracts.country import Country
    from toubib.contracts.demo import DemoPart
    from toubib.contracts.events import Observer
    from toubib.contracts.guarantee import Guarantor
    from toubib.contracts.identity import FactType, IdentityProvider
    from toubib.contracts.jobs import Job
    from toubib.contracts.journey import Step
    from toubib.contracts.media import MediaBackend
    from toubib.contracts.notification import Channel, NoticeTemplate
    from toubib.contracts.payment import PaymentProvider
    from toubib.contracts.plugin import PluginInfo
    from toubib.contracts.prescription import Carrier, DrugDatabase
    from toubib.contracts.privacy import PersonalData
    from toubib.contracts.reimbursement import ReimbursementPack
    from toubib.contracts.scheduling import Scheduler
    from toubib.contracts.web import WebPart

PROJECT = "toubib"
CONTRACT_VERSION = 1
hookimpl = pluggy.HookimplMarker(PROJECT)
hookspec = pluggy.HookspecMarker(PROJECT)


class Specs:
    """Every hook. Each is optional, called once at start, and must not touch network or database."""

    @hookspec
    def toubib_info(self) -> "PluginInfo":  # type: ignore[empty-body]
        """Name, contract version, settings, hosts and stored data of the plugin. The only required hook."""

    @hookspec
    def toubib_schedulers(self, settings: Any) -> Sequence["Scheduler"]:  # type: ignore[empty-body]
        """Sources of bookable starts. `settings` is the plugin's own validated settings object."""

    @hookspec
    def toubib_media(self, settings: Any) -> Sequence["MediaBackend"]:  # type: ignore[empty-body]
        """Ways to see or hear each other."""

    @hookspec
    def toubib_payments(self, settings: Any) -> Sequence["PaymentProvider"]:  # type: ignore[empty-body]
        """Ways to take money."""

    @hookspec
    def toubib_carriers(self, settings: Any) -> Sequence["Carrier"]:  # type: ignore[empty-body]
        """Ways to issue a prescription's document and send it."""

    @hookspec
    def toubib_drug_databases(self, settings: Any) -> Sequence["DrugDatabase"]:  # type: ignore[empty-body]
        """Sources of drugs to prescribe from."""

    @hookspec
    def toubib_reimbursement(self, settings: Any) -> Sequence["ReimbursementPack"]:  # type: ignore[empty-body]
        """Payers besides the patient, and the claims they expect."""

    @hookspec
    def toubib_guarantors(self, settings: Any) -> Sequence["Guarantor"]:  # type: ignore[empty-body]
        """Keepers of promises that run out: members and limits of a payer. Each bears the name of its reimbursement pack."""

    @hookspec
    def toubib_countries(self, settings: Any) -> Sequence["Country"]:  # type: ignore[empty-body]
        """What differs from country to country apart from reimbursement."""

    @hookspec
    def toubib_fact_types(self, settings: Any) -> Sequence["FactType"]:  # type: ignore[empty-body]
        """Facts about a person that the plugin needs; the core asks for each once and stores it."""

    @hookspec
    def toubib_identity_providers(self, settings: Any) -> Sequence["IdentityProvider"]:  # type: ignore[empty-body]
        """Houses that answer for persons: single sign-on of staff, national identity services of patients."""

    @hookspec
    def toubib_steps(self, settings: Any) -> Sequence["Step"]:  # type: ignore[empty-body]
        """Steps that a deployment may list in its journeys."""

    @hookspec
    def toubib_jobs(self, settings: Any) -> Sequence["Job"]:  # type: ignore[empty-body]
        """Background work, with its retries and its timetable."""

    @hookspec
    def toubib_observers(self, settings: Any) -> Sequence["Observer"]:  # type: ignore[empty-body]
        """Handlers of events; each runs as a job of its own after the commit."""

    @hookspec
    def toubib_channels(self, settings: Any) -> Sequence["Channel"]:  # type: ignore[empty-body]
        """Ways to reach a person outside the pages."""

    @hookspec
    def toubib_notices(self, settings: Any) -> Sequence["NoticeTemplate"]:  # type: ignore[empty-body]
        """Messages that the plugin sends through `toubib.services.notices.queue`."""

    @hookspec
    def toubib_personal_data(self, settings: Any) -> Sequence["PersonalData"]:  # type: ignore[empty-body]
        """Export and erasure of what the plugin's tables hold on persons."""

    @hookspec
    def toubib_demo(self, settings: Any) -> Sequence["DemoPart"]:  # type: ignore[empty-body]
        """What the plugin adds to a demonstration: its own rows, and processes to run beside it."""

    @hookspec
    def toubib_web(self, settings: Any) -> "WebPart":  # type: ignore[empty-body]
        """Blueprints, socket messages, permissions, slots of pages and commands of the plugin."""
