"""A deployment's demonstration within this process, at a time that stands still: its people at their browsers, and nothing on the network.

What its services would do outside (mail, payment) stays here: mails remain queued, and a payment provider in memory is on offer.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import weasyprint
from flask import Flask
from flask.testing import FlaskClient
from sqlmodel import select

from toubib import app as application
from toubib import i18n, runtime, web_app
from toubib.contracts.identity import Audience, GrantedRole, ProvedTraits, Vouched
from toubib.db import installation, migrate, session
from toubib.db.tables.access import Account, AuthSession, RoleAssignment
from toubib.db.tables.directory import Organisation, Practitioner
from toubib.db.vault import KeyRing
from toubib.demo.run import DemoPorts, settings_for
from toubib.demo.seed import seed
from toubib.i18n import Catalogues
from toubib.runtime import Toubib
from toubib.seams import clock, network
from toubib.seams.clock import FixedClock
from toubib.services import external, pdf, sessions
from toubib.services.secrets import fingerprint
from toubib.settings import Settings
from toubib.testing.doubles.payment import MemoryProvider, use_memory_payments
from toubib.testing.page_parts import parts_of
from toubib.testing.plugin import MONDAY
from toubib.testing.template_cache import share_templates
from toubib.web.request import SESSION_COOKIE

ROOT = Path(__file__).resolve().parents[3]
DEPLOYMENTS = tuple(sorted(path.parent.name for path in ROOT.glob("deployments/*/deployment.toml")))


@dataclass
class House:
    """A demonstration that runs: `people` are browsers by who sits there, `starts` pages of theirs to which no link leads.

    `papers` are the sources of all PDFs that were made; what was kept in their place is an empty sheet, for laying them out takes seconds.
    """

    name: str
    app: Flask
    now: FixedClock
    provider: MemoryProvider
    language: str
    people: dict[str, FlaskClient] = field(default_factory=dict)
    starts: dict[str, list[str]] = field(default_factory=dict)
    papers: list[str] = field(default_factory=list)

    def browser(self, who: str, token: str = "", cookie: str = SESSION_COOKIE) -> FlaskClient:
        """A browser of somebody, kept under their name."""
        client = self.people[who] = self.app.test_client()
        if token:
            client.set_cookie(cookie, token)
        return client

    def start(self, who: str, path: str) -> None:
        """Remember a page of somebody's to which no link leads."""
        self.starts.setdefault(who, []).append(path)

    def post(self, who: str, path: str, page: str, **form: Any) -> str:
        """Send a form with the token of a page; where it leads, or the address of the page that answers."""
        client, headers = self.people[who], {"Accept-Language": self.language}
        source = client.get(page, headers=headers, follow_redirects=True).text
        token = next((hidden["csrf_token"] for _, hidden in parts_of(source).forms if "csrf_token" in hidden), "")
        answer = client.post(path, data={"csrf_token": token, **form}, headers=headers)
        if answer.status_code >= 400:
            raise AssertionError(f"{path}: {answer.status_code} {answer.text}")
        return str(answer.headers.get("Location", path))

    def see(self, who: str, path: str) -> str:
        """A page's source."""
        answer = self.people[who].get(path, headers={"Accept-Language": self.language}, follow_redirects=True)
        if answer.status_code >= 400:
            raise AssertionError(f"{path}: {answer.status_code}")
        return answer.text

    def work(self, ahead: timedelta = timedelta()) -> None:
        """Let time pass, then let the worker do all that is due."""
        self.now.advance(ahead)
        for _ in range(20):
            if not runtime.current().jobs.run_due():
                return


@contextmanager
def lived_in(name: str, folder: Path, *, language: str = "", texts: Callable[[Toubib], Catalogues] | None = None) -> Iterator[House]:
    """A seeded demonstration, in the deployment's language or in another; `texts` replaces its catalogues."""
    settings = _settings(name, folder, language)
    before = clock.use(now := FixedClock(MONDAY))
    try:
        toubib = application.start(settings)
        if texts is not None:
            toubib = replace(toubib, catalogues=texts(toubib))
            runtime.use(toubib)
        migrate.upgrade()
        seed(settings.folder)
        provider = MemoryProvider()
        if toubib.payments:
            toubib = use_memory_payments(toubib, provider)
        app = share_templates(web_app.build(toubib))
        house = House(name, app, now, provider, settings.site.default_language)
        with _nothing_outside(house.papers):
            yield house
    finally:
        _stop()
        clock.use(before)


def _settings(name: str, folder: Path, language: str) -> Settings:
    settings = settings_for(ROOT / "deployments" / name, folder / "data", DemoPorts())
    settings.storage.data.mkdir(parents=True)
    KeyRing(settings.keys_path).create()
    site = settings.site.model_copy(update={"default_language": language or settings.site.default_language})
    return settings.model_copy(update={"site": site})


@contextmanager
def _nothing_outside(sources: list[str]) -> Iterator[None]:
    """Let mails count as sent where they are; keep what PDFs are made from, and make an empty one of it."""

    class Empty(weasyprint.HTML):  # type: ignore[misc]  # the library has no types
        def __init__(self, *, string: str, **other: Any) -> None:
            sources.append(string)
            super().__init__(string="<!doctype html><html lang='fr'><title>Specimen</title><p>Specimen</p></html>", **other)

    with patch.object(weasyprint, "HTML", Empty), patch.object(pdf, "HTML", Empty), patch.object(network, "smtp", lambda *_: None):
        yield


def _stop() -> None:
    if (running := runtime.use(None)) is not None:
        running.bus.close()
    storage = installation.use(None)
    if storage is not None:
        storage.database.engine.dispose()
    i18n.set_locale(i18n.SOURCE, "UTC")


def sign_in(account: Account, *, strong: bool = True, agendas: bool = False) -> str:
    """A session of an account, second factor included unless `strong` is false; in the open unit of work.

    Where roles rest on another house's word, the house gives it; with `agendas`, those of everybody there too.
    """
    role = session().exec(select(RoleAssignment).where(RoleAssignment.account_id == account.id)).first()
    if role and role.role != "administrator" and not runtime.current().settings.rules.roles_by_mail:
        return _vouched(account, role, agendas)
    token = sessions.begin(account, "Mozilla/5.0 Chrome/140")
    session().flush()
    if strong:
        session().exec(select(AuthSession).where(AuthSession.token_hash == fingerprint(token))).one().second_factor_at = clock.now()
    return token


def _vouched(account: Account, role: RoleAssignment, agendas: bool) -> str:  # noqa: FBT001  as `sign_in` was told
    practitioner = session().get(Practitioner, account.person_id)
    slug = session().get_one(Organisation, role.organisation_id).slug
    granted = (GrantedRole(role.role, slug, agendas=agendas),)
    house = external.houses(Audience.STAFF)[0].name
    number = practitioner.registry_number if practitioner else ""
    traits = ProvedTraits(role.role.title(), "Emma")
    told = Vouched("https://house.test", account.id, traits=traits, roles=granted, number=number, second_factor=True, renewable=True)
    begun = external.sign_in_with(house, told, "Mozilla/5.0 Chrome/140")
    if begun is None:
        raise AssertionError("the house lets nobody in")
    return begun.token

