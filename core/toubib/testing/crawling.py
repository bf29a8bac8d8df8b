"""A walk over all pages of an application: from page to page by their links, as one person after the other, then every form with nothing filled in."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect
from werkzeug.test import TestResponse

from toubib.testing.page_parts import parts_of

SPECIMENS = "/-/design"
"""The pages of components that the demonstration has for designers: samples in French on purpose."""
STAYS = ("/sign-out", "/account/sessions/", "/account/data/erase", "/language")
"""Forms that would end the walk, or change its language."""
OBJECTS = 14
"""How many objects of one kind are looked at by whoever meets the kind first: there are fewer states than that."""
OTHERS, AGAIN = 3, 1
"""How many pages of an address without an object, which differ by their query; and how many of what somebody else saw already."""
MOST_REDIRECTS = 8
REFUSALS = (400, 401, 403, 404, 405, 503)
"""Statuses of pages that say why there is no page."""
UNAVAILABLE = 503
"""An outside service is silent, and nothing answers here."""
REDIRECTS = (301, 302, 303, 307, 308)


@dataclass(frozen=True, slots=True)
class Seen:
    """A page as it was answered. `kind` is its route, or the status of a refusal; `sent`: it answers a form."""

    who: str
    kind: str
    address: str
    status: int
    html: str
    headers: Mapping[str, str]
    sent: bool


@dataclass
class Crawl:
    """The walk. `seen` has every page, `shown` the endpoint of every route that answered with one."""

    app: Flask
    language: str
    seen: list[Seen] = field(default_factory=list)
    shown: set[str] = field(default_factory=set)
    _met: dict[str, str] = field(default_factory=dict)
    _asked: dict[tuple[str, str], int] = field(default_factory=dict)
    _forms: dict[str, tuple[str, str, Mapping[str, str]]] = field(default_factory=dict)

    def walk(self, who: str, client: FlaskClient, starts: Iterable[str], *, further: bool = True) -> None:
        """As somebody, from these pages to all that they lead to; unless `further`, only to what nobody saw yet."""
        firsts = list(starts)
        waiting, done = list(firsts), set[str]()
        while waiting:
            address = waiting.pop(0)
            if address not in done and self._is_wanted(who, address, further=further or address in firsts):
                done.add(address)
                waiting += self._keep(who, address, self._get(client, address), sent=False)

    def send_empty(self, clients: Mapping[str, FlaskClient]) -> None:
        """Send every form that was met once, with nothing filled in, so that it says what is missing."""
        for who, action, hidden in self._forms.values():
            if not action.startswith(STAYS):
                self._keep(who, action, self._post(clients[who], action, hidden), sent=True)

    def send(self, who: str, client: FlaskClient, address: str, page: str, **form: str) -> None:
        """Send a form with the token of a page ("" for none), and look at what it answers."""
        hidden = next((fields for _, fields in parts_of(self._get(client, page).text).forms), {}) if page else {}
        self._keep(who, address, self._post(client, address, {"csrf_token": hidden.get("csrf_token", ""), **form}), sent=True)

    def _get(self, client: FlaskClient, address: str) -> TestResponse:
        """A page, after the redirects that stay on the site."""
        answer = client.get(address, headers={"Accept-Language": self.language})
        for _ in range(MOST_REDIRECTS):
            if answer.status_code not in REDIRECTS or not _local(answer.headers["Location"]):
                break
            answer = client.get(answer.headers["Location"], headers={"Accept-Language": self.language})
        return answer

    def _post(self, client: FlaskClient, address: str, form: Mapping[str, str]) -> TestResponse:
        answer = client.post(address, data=dict(form), headers={"Accept-Language": self.language})
        led = answer.headers.get("Location", "")
        return self._get(client, led) if _local(led) else answer

    def _is_wanted(self, who: str, address: str, *, further: bool) -> bool:
        """Whether this kind of page was not looked at often enough."""
        if not _local(address) or address.startswith(SPECIMENS):
            return False
        rule, _ = self._route(urlsplit(address).path, "GET")
        first = self._met.setdefault(rule, who)
        if first != who and not further:
            return False
        self._asked[who, rule] = self._asked.get((who, rule), 0) + 1
        most = OBJECTS if "_id>" in rule else OTHERS
        return self._asked[who, rule] <= (most if first == who else AGAIN)

    def _keep(self, who: str, address: str, answer: TestResponse, *, sent: bool) -> tuple[str, ...]:
        """Keep a page, and note its forms; its links."""
        if answer.status_code >= 500 and answer.status_code != UNAVAILABLE:
            raise AssertionError(f"{who}: {address}: {answer.status_code}")
        if answer.mimetype != "text/html" or answer.status_code in REDIRECTS:
            return ()
        rule, endpoint = self._route(answer.request.path, answer.request.method)
        if answer.status_code not in REFUSALS:
            self.shown.add(endpoint)
        kind = str(answer.status_code) if answer.status_code in REFUSALS else rule
        at = answer.request.full_path.rstrip("?")
        self.seen.append(Seen(who, kind, at, answer.status_code, answer.text, dict(answer.headers), sent))
        found = parts_of(answer.text)
        for action, hidden in found.forms:
            target = action or answer.request.path
            self._forms.setdefault(self._route(urlsplit(target).path, "POST")[0], (who, target, hidden))
        return found.links

    def _route(self, path: str, method: str) -> tuple[str, str]:
        """The rule and the endpoint behind an address; the address itself and "" when there is none."""
        try:
            rule, _ = self.app.url_map.bind("localhost").match(path, method, return_rule=True)
        except (HTTPException, RequestRedirect):
            return path, ""
        return str(rule.rule), str(rule.endpoint)


def _local(address: str) -> bool:
    return address.startswith("/") and not address.startswith("//")
