"""Reading the package's data files: CSV whose first lines may be remarks."""

import csv
from collections.abc import Iterator
from importlib import resources


def rows_of(name: str) -> Iterator[dict[str, str]]:
    """Rows of one CSV of the data folder, remarks left out."""
    text = resources.files("toubib_country_fr").joinpath("data", name).read_text(encoding="utf-8")
    yield from csv.DictReader(line for line in text.splitlines() if not line.startswith("#"))
