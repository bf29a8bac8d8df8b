"""The four official files, line by line: tab-separated, CRLF, no header, ISO-8859-1 (newer ones UTF-8).

Whatever does not fit is refused with the file's name, the line's number and what was expected.
"""

import gzip
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

SPECIALITIES = "CIS_bdpm.txt"
COMPOSITION = "CIS_COMPO_bdpm.txt"
CONDITIONS = "CIS_CPD_bdpm.txt"
GENERICS = "CIS_GENER_bdpm.txt"
COLUMNS = {SPECIALITIES: 12, COMPOSITION: 8, CONDITIONS: 2, GENERICS: 5}
"""The columns that must be there; later editions may add more at the end."""


class BadFile(Exception):
    """A file that cannot be imported; the text says which line and why. Nothing was changed."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a file, its cells stripped."""

    file: str
    number: int
    cells: tuple[str, ...]

    def fault(self, reason: str) -> BadFile:
        """An error that points at this line."""
        return BadFile(f"{self.file}, line {self.number}: {reason}")

    def code(self, column: int) -> str:
        """The CIS code in a column; raises `BadFile` for anything but eight digits."""
        value = self.cells[column]
        if not re.fullmatch(r"[0-9]{8}", value):
            raise self.fault(f"{value[:30]!r} in column {column + 1} is no CIS code (eight digits)")
        return value


def rows(folder: Path, file: str) -> Iterator[Row]:
    """The lines of one file of a folder; `.gz` beside it is read as well. Raises `BadFile`."""
    text = _decode(file, _bytes(folder, file))
    if not text.strip():
        raise BadFile(f"{file} is empty")
    if not text.endswith("\n"):
        raise BadFile(f"{file}, line {text.count(chr(10)) + 1}: the file breaks off in this line; download it again")
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            yield _row(file, number, line)


def _row(file: str, number: int, line: str) -> Row:
    row = Row(file, number, tuple(cell.strip() for cell in line.rstrip("\r").split("\t")))
    if len(row.cells) < COLUMNS[file]:
        raise row.fault(f"{len(row.cells)} columns, at least {COLUMNS[file]} expected")
    return row


def _bytes(folder: Path, file: str) -> bytes:
    plain, packed = folder / file, folder / f"{file}.gz"
    try:
        return gzip.decompress(packed.read_bytes()) if packed.exists() and not plain.exists() else plain.read_bytes()
    except FileNotFoundError as error:
        raise BadFile(f"{file} is not in {folder}. Needed: {', '.join(COLUMNS)}") from error
    except (OSError, EOFError) as error:
        raise BadFile(f"{file} cannot be read: {error}") from error


def _decode(file: str, content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    try:
        # The files say ISO-8859-1 and use the apostrophes of its Windows sibling.
        return content.decode("cp1252")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise BadFile(f"{file}, line {line}: neither UTF-8 nor ISO-8859-1 (byte 0x{content[error.start]:02x})") from error
