"""A pseudo-locale: every text of every catalogue between brackets, and what of a page stands outside of them.

Catalogues are made from the French ones, so that a text which no catalogue has stays bare, and is found. Parameters stand
outside of the brackets: what is put into a sentence must be data, or bear brackets of its own.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

from toubib.i18n import Catalogues

OPEN, CLOSE = "⟦", "⟧"
LANGUAGE = "en"
"""The language whose catalogues are replaced: dates and numbers come out in English."""
SOURCE = "fr"

PARAMETER = re.compile(r"(%\(\w+\)[sd])")
WORD = re.compile(r"[^\W\d_]{2,}")
NAMES = re.compile(r"\S+@\S+|https?://\S+|(?:\w+:)?\w+(?:[._-]\w+)*[._]\w+|\b[A-Z0-9]{2,}\b|\b[0-9a-f]{8,}\b")
"""Mail and web addresses, hosts, files, dotted names of rules and settings, codes in capitals, hashes."""
SHOWN = frozenset({"title", "aria-label", "aria-description", "alt", "placeholder", "data-tb-warn", "label"})
SILENT = frozenset({"script", "style", "svg", "template", "noscript", "code", "kbd", "samp"})
VOID = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"})


def marked(text: str) -> str:
    """A text with each of its parts between parameters in brackets."""
    parts = PARAMETER.split(text)
    return "".join(part if PARAMETER.fullmatch(part) or not WORD.search(part) else f"{OPEN}{part}{CLOSE}" for part in parts)


def catalogues(folders: Mapping[str, Path], to: Path) -> Catalogues:
    """Pseudo catalogues of these domains (domain to its `translations` folder), written under `to` and read from there."""
    for domain, folder in folders.items():
        path, source = to / domain / LANGUAGE / "LC_MESSAGES" / f"{domain}.po", folder / SOURCE / "LC_MESSAGES" / f"{domain}.po"
        path.parent.mkdir(parents=True)
        if source.is_file():
            with source.open("rb") as read_from, path.open("wb") as made:
                write_po(made, _pseudo(read_po(read_from, locale=SOURCE)))
    return Catalogues({domain: to / domain for domain in folders})


def _pseudo(source: Catalog) -> Catalog:
    made = Catalog(locale=LANGUAGE)
    for message in source:
        if isinstance(message.id, str):
            if message.id:
                made.add(message.id, marked(message.id))
        else:
            made.add(tuple(message.id), tuple(marked(text) for text in message.id))
    return made


@dataclass
class _Reader(HTMLParser):
    """Collects what people see or hear of a page, the bracketed parts left out."""

    bare: list[str] = field(default_factory=list)
    _depth: int = 0
    _silent: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        foreign_language = tag != "html" and given.get("lang", LANGUAGE) != LANGUAGE
        if tag in SILENT or foreign_language or (self._silent and tag == self._silent[-1]):
            self._silent += [tag] if tag not in VOID else []
        shown = [value for name, value in given.items() if name in SHOWN]
        if given.get("type") in ("submit", "button") and tag == "input":
            shown.append(given.get("value", ""))
        for value in shown:
            self.bare += _outside(value, 0)[0]

    def handle_endtag(self, tag: str) -> None:
        if self._silent and tag == self._silent[-1]:
            self._silent.pop()

    def handle_data(self, data: str) -> None:
        if not self._silent:
            pieces, self._depth = _outside(data, self._depth)
            self.bare += pieces


def _outside(text: str, depth: int) -> tuple[list[str], int]:
    """The parts of a text outside of brackets, and how deep in them it ends."""
    pieces, piece = [], ""
    for letter in text:
        if letter in (OPEN, CLOSE):
            pieces.append(piece)
            piece, depth = "", max(0, depth + (1 if letter == OPEN else -1))
        elif depth == 0:
            piece += letter
    pieces.append(piece)
    return [part.strip() for part in pieces if WORD.search(part)], depth


def bare(html: str) -> list[str]:
    """The texts of a page that stand in no brackets."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.bare


def bare_of(text: str) -> list[str]:
    """The same for plain text, line by line."""
    return [piece for line in text.splitlines() for piece in _outside(line, 0)[0]]


def foreign(pieces: Iterable[str], known: frozenset[str]) -> Iterator[str]:
    """Pieces with a word that is no data: neither among `known` (in small letters) nor an address, a code or a name of a program."""
    for piece in pieces:
        words = WORD.findall(NAMES.sub(" ", piece))
        if any(word.casefold() not in known for word in words):
            yield piece
