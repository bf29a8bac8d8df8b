"""No text without a translation: all pages, mails and papers of every demonstration, as everybody, in a language that is made of brackets."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from email.message import EmailMessage
from pathlib import Path

import pytest
from sqlmodel import select

from toubib.db import database
from toubib.db.tables.machinery import NotificationRow
from toubib.i18n import Catalogues
from toubib.runtime import Toubib
from toubib.services.notices import compose
from toubib.testing import pseudo
from toubib.testing.crawling import Crawl
from toubib.testing.known_words import known_words, names_of_programs
from toubib.testing.lived_in import DEPLOYMENTS, ROOT, House

Walk = Callable[..., AbstractContextManager[tuple[House, Crawl]]]
ADMINISTRATOR = "administrator"
NO_PAGE = {
    "advice.static": "a file",
    "auth_oidc.callback": "takes a provider's one-time answer and leads on",
    "auth_oidc.connect": "opens for one answer of a provider; test_auth_oidc_browser looks at it",
    "auth_oidc.sign_in": "leads to the provider; test_auth_oidc_browser looks at what it answers",
    "booking.enter": "leads to an agenda",
    "credentialing.open_file": "leads to a file",
    "design.call": "a designer's page, with samples in French; not in production",
    "design.states": "a designer's page, with samples in French; not in production",
    "documents.open": "leads to a file",
    "eprescription_email.authority": "a certificate",
    "health.live": "one word for machines",
    "health.ready": "one word for machines",
    "own_data.download": "leads to a file",
    "queue.static": "a file",
    "report.download": "a file of figures",
    "search.places": "suggestions as JSON",
    "sponsor.enter": "leads to the sponsor's own desk",
    "static": "a file",
    "theme.asset": "a file",
    "video_webrtc.socket": "a socket",
    "video_webrtc.static": "a file",
}
"""Routes that show no page, reviewed, each with its reason."""

_shown: dict[str, tuple[set[str], set[str]]] = {}
"""By deployment, the routes that answer GET, and those that showed a page to somebody."""


def bracketed(toubib: Toubib, folder: Path) -> Catalogues:
    """Every catalogue of an installation, in brackets."""
    parts = {"toubib": ROOT / "core/toubib"} | {name: Path(str(plugin.module.__file__)).parent for name, plugin in toubib.registry.plugins.items()}
    return pseudo.catalogues({name: part / "translations" for name, part in parts.items()}, folder)


@pytest.mark.slow
@pytest.mark.parametrize("name", DEPLOYMENTS)
def test_every_text_on_every_page_is_translated(walk: Walk, name: str) -> None:
    with walk(name, language=pseudo.LANGUAGE, texts=bracketed) as (house, crawl):
        _note(name, house, crawl)
        known = known_words()
        programs = known | frozenset(names_of_programs())
        pages = [(f"{page.who} at {page.address}", pseudo.bare(page.html), programs if page.who == ADMINISTRATOR else known) for page in crawl.seen]
        papers = [("a paper", pseudo.bare(source), known) for source in house.papers]
        mails = [(f"the mail {template}", pseudo.bare_of(text), known) for template, text in _mails()]
    assert len(pages) > 300
    assert len(mails) > 5
    found: dict[str, str] = {}
    for where, texts, words in (*pages, *papers, *mails):
        for piece in pseudo.foreign(texts, words):
            found.setdefault(piece, where)
    assert sorted(f"{where}: {piece}" for piece, where in found.items()) == []


def _note(name: str, house: House, crawl: Crawl) -> None:
    _shown[name] = {str(rule.endpoint) for rule in house.app.url_map.iter_rules() if "GET" in (rule.methods or ())}, crawl.shown


@pytest.mark.slow
def test_every_page_was_seen_by_somebody(walk: Walk) -> None:
    for name in DEPLOYMENTS:
        if name not in _shown:
            with walk(name) as (house, crawl):
                _note(name, house, crawl)
    routes, shown = (set[str]().union(*found) for found in zip(*_shown.values(), strict=True))
    assert routes - shown - NO_PAGE.keys() == set()
    assert NO_PAGE.keys() - routes == set(), "a reason for what is not there any more"
    assert NO_PAGE.keys() & shown == set(), "a reason for what shows a page after all"


def _mails() -> Iterator[tuple[str, str]]:
    """What was written to anybody: subject, words, and what is attached."""
    with database().reading() as reading:
        for row in reading.exec(select(NotificationRow)):
            message = compose(row)
            yield row.template, "\n".join([str(message["Subject"]), *_texts(message)])


def _texts(message: EmailMessage) -> Iterator[str]:
    for part in message.walk():
        if part.get_content_maintype() == "text" and part.get_content_subtype() == "plain":
            yield str(part.get_content())


def test_the_reader_finds_what_is_bare_and_only_that() -> None:
    page = """<p title="bare">⟦Yes, <b>of course⟧</b> raw</p><img alt="⟦A picture⟧"><code>x y</code><p lang="fr">Bonjour</p><script>let a</script>
        <p>⟦Call ⟧Ada Test⟦ at ⟧01 99 00</p><p>a.b_c TCS ada@patient.test</p>"""
    assert list(pseudo.foreign(pseudo.bare(page), frozenset({"ada", "test"}))) == ["bare", "raw"]
    assert pseudo.bare_of("⟦Hello⟧ raw\n⟦all good⟧") == ["raw"]
    assert pseudo.marked("Hello %(name)s, %(n)d left") == "⟦Hello ⟧%(name)s, %(n)d⟦ left⟧"
