"""Pages that a walk has kept, shown in a real browser and held against axe: no server, the application answers each request of theirs."""

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from flask.testing import FlaskClient

from toubib.testing.browsers import Person
from toubib.testing.crawling import Seen
from toubib.testing.page_parts import FRAME, parts_of

if TYPE_CHECKING:
    from playwright.sync_api import Request, Route

EVERYWHERE = "anonymous"
"""Whose pages are shown in every deployment, in its own colours and sizes; contrast of all colours is held by tests of the tokens."""
LEFT_OUT = ("content-length", "set-cookie")


class Known:
    """What was held against axe so far: by kind of page, the elements in their places and the steps between headings."""

    def __init__(self) -> None:
        self._elements: dict[str, set[tuple[str, ...]]] = {}

    def unlike(self, pages: Iterable[Seen]) -> Iterator[tuple[Seen, bool]]:
        """Pages that have something which no page of their kind had in any walk, each with whether it is the first of its kind in this one.

        What everybody sees is looked at in every walk, once a kind. What stands around the main part counts once for all kinds. Parts
        that pages load into themselves are left out: they are looked at within them.
        """
        kinds: set[str] = set()
        for page in pages:
            first = page.kind not in kinds
            if "<html" in page.html and (self._has_new(page) or (first and page.who == EVERYWHERE)):
                kinds.add(page.kind)
                yield page, first

    def _has_new(self, page: Seen) -> bool:
        found = [(FRAME if where == FRAME else page.kind, (where, *rest)) for where, *rest in parts_of(page.html).elements]
        fresh = [(kind, element) for kind, element in found if element not in self._elements.setdefault(kind, set())]
        for kind, element in fresh:
            self._elements[kind].add(element)
        return bool(fresh)


def _passed_on(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name.lower() not in LEFT_OUT}


class Shown:
    """A person's browser that shows kept pages; what a page loads is answered by the application, as the one who saw the page."""

    def __init__(self, person: Person, clients: dict[str, FlaskClient]) -> None:
        self._person, self._clients = person, clients
        self._page: Seen | None = None
        self._assets: dict[str, dict[str, Any]] = {}
        person.page.context.route("**/*", self._answer)
        person.page.emulate_media(reduced_motion="reduce")

    def hold(self, page: Seen, *sizes: tuple[int, int]) -> list[str]:
        """Show a page in windows of these sizes and hold it against axe and the window's width; what is wrong with it."""
        self._page = page
        found: list[str] = []
        for number, (width, height) in enumerate(sizes):
            self._person.page.set_viewport_size({"width": width, "height": height})
            if number == 0:
                self._person.page.goto(self._person.base + page.address)
            found += self._faults()
        return [f"{page.who} at {page.address} ({page.kind}{', sent' if page.sent else ''}): {fault}" for fault in found]

    def _faults(self) -> list[str]:
        """What is wrong with the page as it stands; what went wrong before it is told with it."""
        self._person.seen.clear()
        self._person.check()
        found, self._person.faults[:] = list(self._person.faults), []
        return found

    def _answer(self, route: "Route", asked: "Request") -> None:
        page = self._page
        if page is None or asked.method != "GET":
            route.abort()
        elif asked.is_navigation_request():
            route.fulfill(status=page.status, headers=_passed_on(page.headers), body=page.html)
        else:
            route.fulfill(**self._assets.get(asked.url) or self._fetch(asked.url))

    def _fetch(self, url: str) -> dict[str, Any]:
        """What the application answers; files are kept, since a browser whose requests are answered here keeps none."""
        parts = urlsplit(url)
        with self._clients[self._page.who if self._page else ""].get(f"{parts.path}?{parts.query}") as found:
            answer = {"status": found.status_code, "headers": _passed_on(dict(found.headers)), "body": found.data}
        if parts.path.startswith("/theme/") or "/static/" in parts.path:
            self._assets[url] = answer
        return answer
