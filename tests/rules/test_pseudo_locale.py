"""No text without a translation: all pages of the seeded demonstration, as everybody, in a language that is made of brackets."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from babel import Locale
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import inspect
from sqlmodel import col, select
from werkzeug.test import TestResponse

from toubib import app as application
from toubib import i18n, runtime, web_app
from toubib.db import database, installation, session, vault
from toubib.db.tables.access import Account, AuthSession, RoleAssignment
from toubib.db.tables.journey import Encounter
from toubib.db.types import Sealed, tables
from toubib.demo.run import DemoPorts, prepare, settings_for
from toubib.seams import clock
from toubib.services import care, sessions, unverified
from toubib.services.care import AdmissionLine
from toubib.testing import pseudo

ROOT = Path(__file__).resolve().parents[2]
HEADERS = {"Accept-Language": "en"}
ROLES = ("anonymous", "patient", "practitioner", "administrator")
OWN = re.compile(r"[a-z0-9_.:/-]*")
SPECIMENS = "/-/design"
"""The page of components that the demonstration has for designers: its samples are French on purpose."""
STAYS = ("/sign-out", "/account/sessions")
ENOUGH = 3
"""How many pages of one address with different objects are looked at."""


def kind_of(path: str) -> str:
    """An address without the ids in it."""
    return re.sub(r"[0-9a-f]{32}|/\d+\b", "…", path)


def words_of(value: Any) -> Iterator[str]:
    """The words of whatever a column or a setting holds; not of keys, states and other names of the program's own."""
    if isinstance(value, str):
        if not OWN.fullmatch(value):
            yield from (word.casefold() for word in pseudo.WORD.findall(value))
    elif isinstance(value, dict):
        for inner in value.values():
            yield from words_of(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from words_of(inner)


def stored_words() -> Iterator[str]:
    """The words of every row, sealed ones too."""
    # other tests of this process may have imported plugins that this installation does not have
    with database().reading() as reading:
        existing = set(inspect(reading.connection()).get_table_names())
        for table in (table for table in tables() if table.__tablename__ in existing):
            sealed = [column.name for column in table.__table__.columns if isinstance(column.type, Sealed)]  # type: ignore[attr-defined]
            for row in reading.exec(select(table)):
                yield from words_of(row.model_dump(exclude=set(sealed)))
                for name in sealed:
                    yield from words_of(vault().read(row, name))


def calendar_words() -> Iterator[str]:
    """The names of days, months and parts of the day."""
    english = Locale("en")
    for names in (english.months, english.days, english.day_periods):
        for width in names["format"].values():
            yield from words_of(list(width.values()))
    yield from words_of([Locale(code).display_name for code in runtime.current().settings.site.languages])
    yield from words_of([*(name.title() for name in english.languages.values()), *english.territories.values()])
    yield from ("at", "of", "am", "pm", "hour", "hours", "minute", "minutes", "day", "days")


def names_of_programs() -> Iterator[str]:
    """What only administrators read: names of plugins and of their settings with their values, and the sources of rules."""
    for name, loaded in runtime.current().registry.plugins.items():
        settings = loaded.settings.model_dump()
        yield from (word.casefold() for word in pseudo.WORD.findall(" ".join([name, loaded.source, *settings, *map(str, settings.values())])))
    packs, countries = runtime.current().packs, runtime.current().registry.countries.values()
    yield from words_of([found.rule.source for found in unverified.unverified(packs, countries)])
    yield "python"


def credits_of_data() -> Iterator[str]:
    """Who must be named for the list of places."""
    for country in runtime.current().registry.countries.values():
        yield from words_of([str(country.gazetteer)])


@dataclass
class Crawl:
    """A walk over all pages as one person."""

    app: Flask
    client: FlaskClient
    known: frozenset[str]
    asked: dict[str, int] = field(default_factory=dict)
    forms: dict[str, tuple[str, Mapping[str, str]]] = field(default_factory=dict)
    found: dict[str, str] = field(default_factory=dict)
    pages: int = 0

    def walk(self, *starts: str) -> None:
        """From these pages to all that they lead to."""
        waiting = list(starts)
        while waiting:
            address = waiting.pop(0)
            if self.is_new(address):
                waiting += self.look(address)

    def is_new(self, address: str) -> bool:
        """Whether this kind of page was not looked at often enough."""
        parts = urlsplit(address)
        if parts.netloc or parts.scheme or not parts.path.startswith("/") or parts.path.startswith(SPECIMENS):
            return False
        kind = kind_of(parts.path)
        self.asked[kind] = self.asked.get(kind, 0) + 1
        return self.asked[kind] <= ENOUGH

    def send_empty(self) -> None:
        """Send every form that was met, with nothing filled in, so that it says what is missing. Signing out would end the walk."""
        for action, hidden in [form for kind, form in self.forms.items() if not kind.startswith(STAYS)]:
            self.read(action, self.client.post(action, data=dict(hidden), headers=HEADERS, follow_redirects=True))

    def look(self, address: str) -> tuple[str, ...]:
        """Open a page; its links."""
        return self.read(address, self.client.get(address, headers=HEADERS, follow_redirects=True))

    def read(self, address: str, answer: TestResponse) -> tuple[str, ...]:
        """Hold a page against the rule, and note its forms; its links."""
        assert answer.status_code < 500, address
        if answer.mimetype != "text/html":
            return ()
        seen = pseudo.read(answer.text)
        for action, hidden in seen.forms:
            self.forms.setdefault(kind_of(urlsplit(action).path), (action or address, hidden))
        self.pages += 1
        for piece in pseudo.foreign(seen.bare, self.known):
            self.found.setdefault(piece, address)
        return seen.links


@pytest.fixture(scope="module")
def demonstration(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Flask, frozenset[str]]]:
    """The seeded demonstration in the pseudo-locale, and the words of its data."""
    folder, deployment, ports = tmp_path_factory.mktemp("pseudo"), ROOT / "deployments" / "doctolib", DemoPorts()
    settings = settings_for(deployment, folder / "data", ports)
    prepare(settings, ports)
    toubib = application.start(settings)
    parts = {"toubib": ROOT / "core/toubib"} | {name: Path(str(plugin.module.__file__)).parent for name, plugin in toubib.registry.plugins.items()}
    made = replace(toubib, catalogues=pseudo.catalogues({name: part / "translations" for name, part in parts.items()}, folder / "texts"))
    runtime.use(made)
    some_visits_under_way()
    own = (tomllib.loads(path.read_text()) for path in (deployment / "deployment.toml", deployment / "demo.toml"))
    known = frozenset({*stored_words(), *calendar_words(), *credits_of_data(), *(word for data in own for word in words_of(data))})
    yield web_app.build(made), known
    database().engine.dispose()
    installation.use(None)
    runtime.use(None)
    i18n.set_locale("en", "UTC")


def some_visits_under_way() -> None:
    """Of the booked visits, one is in the call, the next is over and settled, and so on."""
    with database().reading():
        query = select(Encounter).where(Encounter.status == "planned", Encounter.modality == "video").where(col(Encounter.person_id).is_not(None))
        ids = [encounter.id for encounter in session().exec(query)]
    for number, encounter_id in enumerate(ids):
        with database().unit_of_work():
            assert care.arrive(encounter_id) is None
            assert care.admit(encounter_id, AdmissionLine(True, "FR", "3 rue des Acacias, 69003 Lyon", "01 99 00 44 17")) is None
        if number % 2:
            with database().unit_of_work():
                assert care.end(encounter_id) is None
    for _ in range(20):
        if not runtime.current().jobs.run_due():
            break


def sign_in(role: str) -> str:
    """A session of somebody with this role, second factor included; "" for nobody."""
    if role == "anonymous":
        return ""
    with database().unit_of_work():
        held = select(RoleAssignment.account_id).where(RoleAssignment.role == role)
        query = select(Account).where(Account.id == session().exec(held).first())
        if role == "patient":
            over = col(Encounter.status).in_(("finished", "settled"))
            query = select(Account).join(Encounter, col(Encounter.person_id) == col(Account.person_id)).where(over)
        account = session().exec(query).first()
        assert account, role
        token = sessions.begin(account, "test")
        session().flush()
        for row in session().exec(select(AuthSession).where(AuthSession.account_id == account.id)):
            row.second_factor_at = clock.now()
    return token


@pytest.mark.slow
@pytest.mark.parametrize("role", ROLES)
def test_every_text_on_every_page_is_translated(demonstration: tuple[Flask, frozenset[str]], role: str) -> None:
    app, known = demonstration
    client = app.test_client()
    if token := sign_in(role):
        client.set_cookie("tb_session", token)
    crawl = Crawl(app, client, known | frozenset(names_of_programs()) if role == "administrator" else known)
    alone = [rule.rule for rule in app.url_map.iter_rules() if not rule.arguments and "GET" in (rule.methods or ())]
    crawl.walk("/", "/search?what=m%C3%A9decin+g%C3%A9n%C3%A9raliste&where=Lyon", *alone)
    crawl.send_empty()
    assert crawl.found == {}
    assert crawl.pages > 15


def test_the_reader_finds_what_is_bare_and_only_that() -> None:
    page = """<p title="bare">⟦Yes, <b>of course⟧</b> raw</p><img alt="⟦A picture⟧"><code>x y</code><p lang="fr">Bonjour</p><script>let a</script>
        <p>⟦Call ⟧Ada Test⟦ at ⟧01 99 00</p><p>a.b_c TCS ada@patient.test</p>"""
    assert list(pseudo.foreign(pseudo.read(page).bare, frozenset({"ada", "test"}))) == ["bare", "raw"]
    assert pseudo.marked("Hello %(name)s, %(n)d left") == "⟦Hello ⟧%(name)s, %(n)d⟦ left⟧"
