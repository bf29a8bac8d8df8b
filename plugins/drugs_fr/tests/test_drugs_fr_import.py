"""Importing into the database: all or nothing, in the size of the real file, and search as quick as typing."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from importlib import resources
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from toubib.db import database
from toubib_drugs_fr import importing, official
from toubib_drugs_fr.commands import group
from toubib_drugs_fr.database import FrenchDrugs
from toubib_drugs_fr.demo import DemoDrugs
from toubib_drugs_fr.models import TABLES
from toubib_drugs_fr.official import BadFile

SAMPLE_DAY = date(2017, 3, 18)


@pytest.fixture
def drugs(installation: Callable[..., Any], now: object) -> FrenchDrugs:  # noqa: ARG001  the clock stands still
    found: FrenchDrugs = installation("drugs_fr").registry.drugs["drugs_fr"]
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with resources.as_file(resources.files("toubib_drugs_fr").joinpath("data/bdpm")) as sample:
        shutil.copytree(sample, tmp_path / "files")
    return tmp_path / "files"


def names(drugs: FrenchDrugs, text: str, limit: int = 10) -> list[str]:
    with database().reading():
        return [drug.name for drug in drugs.search(text, limit)]


def counts() -> dict[str, int]:
    with database().reading() as work:
        return {table: work.connection().execute(sa.text(f"SELECT count(*) FROM {table}")).scalar_one() for table in TABLES}  # noqa: S608  our own names


@pytest.mark.feature("RX-14:a", "RX-01:b")
def test_drugs_are_found_as_people_type_them(drugs: FrenchDrugs, folder: Path) -> None:
    importing.load(folder)
    assert names(drugs, "dolip 500") == ["DOLIPRANE 500 mg, comprimé"]
    assert names(drugs, "500 doliprane") == ["DOLIPRANE 500 mg, comprimé"]
    assert names(drugs, "lévothyrox 75") == names(drugs, "LEVOTHYROX  75") == ["LEVOTHYROX 75 microgrammes, comprimé sécable"]
    by_substance = names(drugs, "paracétamol", 50)
    assert by_substance[0].startswith("PARACETAMOL BIOGARAN")
    assert "DOLIPRANE 500 mg, comprimé" in by_substance
    assert names(drugs, "amoxicilline clavul") == names(drugs, "clavul amoxicilline")
    assert "ZITHROMAX 250 mg, comprimé pelliculé" in names(drugs, "azithromycine")
    with database().reading():
        assert drugs.published_on() == SAMPLE_DAY


def test_what_is_not_on_the_market_is_not_found_but_known(drugs: FrenchDrugs, folder: Path) -> None:
    path = folder / official.SPECIALITIES
    path.write_bytes(path.read_bytes().replace("Commercialisée".encode("cp1252"), "Non commercialisée".encode("cp1252"), 3))
    importing.load(folder)
    lost = [line.split(b"\t") for line in path.read_bytes().split(b"\r\n") if b"Non comm" in line]
    assert len(lost) == 3
    for cells in lost:
        assert cells[1].decode("cp1252") not in names(drugs, cells[1].decode("cp1252")[:12], 50)
        with database().reading():
            assert drugs.get(cells[0].decode()) is not None


@pytest.mark.parametrize(
    ("spoilt", "reason"),
    [
        (lambda text: text.replace(b"\t", b";"), "1 columns, at least 12"),
        (lambda text: text[:-9], "breaks off"),
        (lambda _: b"", "is empty"),
        (lambda text: b"\r\n".join(text.split(b"\r\n")[:20]) + b"\r\n", "one edition|cut short"),
    ],
    ids=["columns", "cut", "empty", "few"],
)
def test_a_broken_file_leaves_the_old_data(drugs: FrenchDrugs, folder: Path, spoilt: Callable[[bytes], bytes], reason: str) -> None:
    importing.load(folder)
    before, found = counts(), names(drugs, "doliprane")
    path = folder / official.SPECIALITIES
    path.write_bytes(spoilt(path.read_bytes()))
    with pytest.raises(BadFile, match=reason):
        importing.load(folder)
    assert counts() == before
    assert names(drugs, "doliprane") == found


def test_a_crash_in_the_middle_leaves_the_old_data_and_the_next_import_cleans_up(drugs: FrenchDrugs, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    importing.load(folder)
    before, found = counts(), names(drugs, "doliprane")
    monkeypatch.setattr(importing, "PORTION", 50)

    def power_cut(done: int, _total: int) -> None:
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        importing.load(folder, progress=power_cut)
    assert names(drugs, "doliprane") == found
    assert counts() != before
    importing.load(folder)
    assert counts() == before


def test_of_two_imports_at_once_one_stops_and_the_other_is_whole(drugs: FrenchDrugs, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    importing.load(folder)
    before, found = counts(), names(drugs, "doliprane")
    monkeypatch.setattr(importing, "PORTION", 50)

    def another_import(done: int, _total: int) -> None:
        if done == 50:
            importing.load(folder)

    with pytest.raises(BadFile, match="another import"):
        importing.load(folder, progress=another_import)
    assert names(drugs, "doliprane") == found
    importing.load(folder)
    assert counts() == before


def test_searches_answer_all_the_while(drugs: FrenchDrugs, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    importing.load(folder)
    seen = []
    monkeypatch.setattr(importing, "PORTION", 20)
    importing.load(folder, progress=lambda done, total: seen.append((done, total, len(names(drugs, "doliprane", 3)))))
    assert [done for done, _, _ in seen] == sorted(done for done, _, _ in seen)
    assert seen[-1][0] == seen[-1][1] == 124
    assert {found for _, _, found in seen} == {3}


def test_an_older_or_undated_edition_needs_a_word(drugs: FrenchDrugs, folder: Path) -> None:
    importing.load(folder, date(2026, 2, 1))
    with pytest.raises(BadFile, match="older than what is loaded"):
        importing.load(folder)
    assert importing.load(folder, allow_smaller=True).replaced == date(2026, 2, 1)
    (folder / "edition.toml").unlink()
    with pytest.raises(BadFile, match="add --date"):
        importing.load(folder)
    with pytest.raises(BadFile, match="in the future"):
        importing.load(folder, date(2026, 3, 3))
    with database().reading():
        assert drugs.published_on() == SAMPLE_DAY


def test_the_command_tells_what_it_did(drugs: FrenchDrugs, folder: Path) -> None:
    run = CliRunner().invoke
    assert "No drug file is loaded" in run(group(), ["status"]).output
    assert "124 specialities of 2017-03-18 are loaded, 124 of them on the market." in run(group(), ["import", "--sample"]).output
    assert "They replace the edition of 2017-03-18." in run(group(), ["import", str(folder), "--date", "2026-02-01"]).output
    assert "The edition of 2026-02-01 is loaded." in run(group(), ["status"]).output
    (folder / official.GENERICS).unlink()
    refused = run(group(), ["import", str(folder), "--date", "2026-02-01"])
    assert refused.exit_code == 1
    assert "CIS_GENER_bdpm.txt is not in" in refused.output
    assert "Nothing was changed." in refused.output
    assert "Traceback" not in refused.output
    assert run(group(), ["import"]).exit_code == run(group(), ["import", str(folder), "--sample"]).exit_code == 2
    assert len(names(drugs, "doliprane", 3)) == 3


def test_the_demo_loads_the_sample_once_and_never_over_a_real_file(drugs: FrenchDrugs, folder: Path) -> None:
    DemoDrugs().seed(())
    first = counts()
    DemoDrugs().seed(())
    assert counts() == first
    assert first["drugs_fr_speciality"] == 124
    importing.load(folder, date(2026, 2, 1))
    DemoDrugs().seed(())
    with database().reading():
        assert drugs.published_on() == date(2026, 2, 1)


LABORATORIES = [f"{a}{b}" for a in ("ALPHA", "BETA", "GAMMA", "DELTA", "SIGMA", "OMEGA") for b in ("LAB", "PHARM", "CARE", "VIE", "MED", "SAN", "TEC", "GEN")]


@contextmanager
def full_size(folder: Path, target: Path) -> Iterator[Path]:
    """The sample copied under invented laboratories and codes to the size of the official file: 124 x 120 = 14 880 specialities."""
    target.mkdir()
    for file in official.COLUMNS:
        column = 2 if file == official.GENERICS else 0
        rows = [line.split(b"\t") for line in (folder / file).read_bytes().split(b"\r\n") if line]
        lines = []
        for copy in range(120):
            label = f" {LABORATORIES[copy % len(LABORATORIES)]}{copy} ".encode()
            for cells in rows:
                code = str(10_000_000 + (int(cells[column]) * 131 + copy) % 89_000_000 if copy else int(cells[column])).encode()
                named = [cells[1].replace(b" ", label, 1)] if file == official.SPECIALITIES and copy else cells[1:2]
                again = [cells[0], *named, *cells[2:]]
                again[column] = code
                lines.append(b"\t".join(again))
        (target / file).write_bytes(b"\r\n".join(lines) + b"\r\n")
    yield target


def test_the_real_size_is_loaded_quickly_and_searched_as_one_types(drugs: FrenchDrugs, folder: Path, tmp_path: Path) -> None:
    with full_size(folder, tmp_path / "full") as files:
        assert importing.load(files, date(2026, 2, 1)).specialities == 14_880
    slowest = {}
    for text in ["p", "dolip", "paracetamol", "comprime pellicule", "500 mg comprime", "clavul amoxicilline", "mg", "zzzz", "solution buvable", "a a a"]:
        spent = []
        for _ in range(9):
            with database().reading():
                start = perf_counter()
                drugs.search(text, 20)
                spent.append(perf_counter() - start)
        slowest[text] = round(median(spent) * 1000, 1)
    assert max(slowest.values()) < 40, slowest  # 20 ms on a quiet machine
    assert names(drugs, "doliprane 500", 1) == ["DOLIPRANE 500 mg, comprimé"]
