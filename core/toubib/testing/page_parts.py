"""What a page is made of: its links, its forms with what they hide, and the kinds of its elements."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"})
HEADING = re.compile(r"h[1-6]")
FRAME = "frame"
"""Where an element stands that is not in the page's main part."""


@dataclass(frozen=True, slots=True)
class Parts:
    """A page's parts. `elements`: each with what it is in, and each step from one heading to the next; words and ids are left out."""

    links: tuple[str, ...]
    forms: tuple[tuple[str, Mapping[str, str]], ...]
    elements: frozenset[tuple[str, ...]]


@dataclass
class _Reader(HTMLParser):
    links: list[str] = field(default_factory=list)
    forms: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    elements: set[tuple[str, ...]] = field(default_factory=set)
    _open: list[tuple[str, str]] = field(default_factory=list)
    _heading: str = ""

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self._count(tag, given)
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        if tag == "form" and given.get("method", "").lower() == "post":
            self.forms.append((given.get("action", ""), {}))
        if tag == "input" and given.get("type") == "hidden" and self.forms:
            self.forms[-1][1][given.get("name", "")] = given.get("value", "")
        if tag not in VOID:
            self._open.append((tag, given.get("class", "")))

    def handle_endtag(self, tag: str) -> None:
        while self._open and tag in [name for name, _ in self._open] and self._open.pop()[0] != tag:
            pass

    def _count(self, tag: str, given: Mapping[str, str]) -> None:
        inner = next((place for place, (name, _) in enumerate(self._open) if name == "main"), None)
        where = FRAME if inner is None else "main"
        self.elements.add((where, tag, given.get("class", ""), given.get("type", ""), given.get("role", ""), *(self._open[-1] if self._open else ())))
        if HEADING.fullmatch(tag):
            self.elements.add((where, self._heading, tag))
            self._heading = tag


def parts_of(html: str) -> Parts:
    """Read a page."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return Parts(tuple(reader.links), tuple(reader.forms), frozenset(reader.elements))
