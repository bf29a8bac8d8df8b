"""The running installation: everything a service needs besides the database. One per process, set by the start."""

from collections.abc import Sequence
from dataclasses import dataclass

from toubib import i18n
from toubib.bus import Bus
from toubib.contracts.country import Country
from toubib.contracts.jobs import Payload
from toubib.contracts.payment import PaymentProvider
from toubib.contracts.reimbursement import ReimbursementPack
from toubib.contracts.scheduling import Scheduler
from toubib.events import Publisher
from toubib.hooks import Registry
from toubib.i18n import Catalogues
from toubib.jobs.engine import JobEngine
from toubib.no_scheduler import NoScheduler
from toubib.policy.rules import Policy
from toubib.settings import Settings


class NotConfigured(Exception):
    """The deployment chose no implementation for a concern that was asked for."""


@dataclass(frozen=True, slots=True)
class Toubib:
    """An installation that has started."""

    settings: Settings
    registry: Registry
    policy: Policy
    jobs: JobEngine
    publisher: Publisher
    bus: Bus
    catalogues: Catalogues

    @property
    def scheduler(self) -> Scheduler:
        """The chosen scheduler; one that offers nothing when the deployment chose none."""
        if not self.settings.use.scheduler:
            return NoScheduler()
        try:
            return self.registry.schedulers[self.settings.use.scheduler]
        except KeyError as error:
            raise NotConfigured("no scheduler") from error

    @property
    def payments(self) -> Sequence[PaymentProvider]:
        """The payment providers on offer, in the deployment's order."""
        return [self.registry.payments[name] for name in self.settings.use.payment if name in self.registry.payments]

    @property
    def packs(self) -> Sequence[ReimbursementPack]:
        """The reimbursement packs, in the order in which they share the charges."""
        return [self.registry.packs[name] for name in self.settings.use.reimbursement if name in self.registry.packs]

    def country(self, code: str = "") -> Country:
        """A country pack; the deployment's own when no code is given."""
        try:
            return self.registry.countries[code or self.settings.site.country]
        except KeyError as error:
            raise NotConfigured(f"no country pack for {code or self.settings.site.country!r}") from error


_current: Toubib | None = None


def use(toubib: Toubib | None) -> Toubib | None:
    """Install the running installation and return the one before. Called by the start and by tests."""
    global _current
    before, _current = _current, toubib
    i18n.install(toubib.catalogues if toubib else None)
    return before


def current() -> Toubib:
    """The running installation."""
    if _current is None:
        raise NotConfigured("start the application first (toubib.app.create_app)")
    return _current


def enqueue(name: str, payload: Payload, *, key: str | None = None) -> None:
    """Enqueue a declared job in the open unit of work."""
    current().jobs.enqueue(name, payload, key=key)
