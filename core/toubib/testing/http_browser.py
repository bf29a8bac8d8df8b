"""A browser without a screen, for tests against server processes: cookies, forms with their token, one request at a time."""

import http.client
import re
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from urllib.parse import urlencode

TOKEN = re.compile(r'name="csrf_token" value="([0-9a-f]+)"')


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered; `location` is "" unless it leads elsewhere."""

    status: int
    location: str
    text: str


@dataclass(slots=True)
class HttpBrowser:
    """Somebody's browser on a port of this machine. It follows no redirect by itself."""

    port: int
    language: str = "en"
    cookies: dict[str, str] = field(default_factory=dict)

    def get(self, path: str) -> Answer:
        """Open a page."""
        return self._ask("GET", path)

    def post(self, path: str, page: str, fields: Mapping[str, str]) -> Answer:
        """Send a form of a page, with the token that stands there."""
        found = TOKEN.search(self.get(page).text)
        assert found, f"there is no form on {page}"
        return self._ask("POST", path, urlencode({"csrf_token": found[1], **fields}))

    def _ask(self, method: str, path: str, body: str = "") -> Answer:
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()), "Accept-Language": self.language}
        if body:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)) as connection:
            connection.request(method, path, body or None, headers)
            with connection.getresponse() as answer:
                for cookie in answer.headers.get_all("Set-Cookie", []):
                    name, _, value = cookie.partition(";")[0].partition("=")
                    self.cookies[name] = value
                return Answer(answer.status, answer.headers.get("Location", ""), answer.read().decode())
