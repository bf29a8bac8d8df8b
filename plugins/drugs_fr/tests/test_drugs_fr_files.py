"""Reading the official files: encodings, columns, lines at fault, classes."""

import gzip
import shutil
from datetime import date
from importlib import resources
from pathlib import Path

import pytest

from toubib_drugs_fr import official
from toubib_drugs_fr.assembling import assemble
from toubib_drugs_fr.conditions import classes
from toubib_drugs_fr.official import BadFile
from toubib_drugs_fr.words import fold

DAY = date(2026, 3, 2)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the sample that a test may spoil."""
    with resources.as_file(resources.files("toubib_drugs_fr").joinpath("data/bdpm")) as sample:
        shutil.copytree(sample, tmp_path / "files")
    return tmp_path / "files"


def spoil(path: Path, old: bytes, new: bytes) -> None:
    """Change the first occurrence in a file."""
    content = path.read_bytes()
    assert old in content
    path.write_bytes(content.replace(old, new, 1))


def test_the_sample_is_in_the_official_form_and_small(folder: Path) -> None:
    edition = assemble(folder, DAY)
    assert 60 <= len(edition.specialities) <= 130
    assert edition.stray_lines == 0
    assert all(speciality.prescribable and speciality.substances for speciality in edition.specialities)
    raw = (folder / official.SPECIALITIES).read_bytes()
    assert raw.count(b"\r\n") == raw.count(b"\n") == len(edition.specialities)
    with pytest.raises(UnicodeDecodeError):
        raw.decode("utf-8")


def test_the_sample_has_what_the_rules_are_about(folder: Path) -> None:
    by_name = {speciality.name.split(",")[0]: speciality for speciality in assemble(folder, DAY).specialities}
    assert "narcotic" in by_name["SKENAN L.P. 30 mg"].classes
    assert "max_4_weeks" in by_name["SKENAN L.P. 30 mg"].classes
    assert {"narcotic", "max_4_weeks", "fraction_7_days", "initial_hospital"} <= by_name["METHADONE AP-HP 40 mg"].classes
    assert "secured" in by_name["SUBUTEX 8 mg"].classes & by_name["BUPRENORPHINE MYLAN 8 mg"].classes
    assert "secured" in by_name["TRAMADOL BIOGARAN 50 mg"].classes
    assert "secured" in by_name["DAFALGAN CODEINE"].classes
    assert by_name["DOLIPRANE 500 mg"].classes == frozenset()
    assert by_name["DOLIPRANE 500 mg"].substances == ("PARACÉTAMOL",)
    assert by_name["AMOXICILLINE BIOGARAN 1 g"].classes == {"list_1"}
    assert {"max_4_weeks", "secured"} <= by_name["STILNOX 10 mg"].classes
    assert "max_12_weeks" in by_name["SERESTA 10 mg"].classes


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("liste I", {"list_1"}),
        ("liste II", {"list_2"}),
        ("stupéfiants", {"narcotic"}),
        ("liste I et prescription sur ordonnance sécurisée", {"list_1", "secured"}),
        ("prescription limitée à 4 semaines", {"max_4_weeks"}),
        ("prescription limitée à 12 semaines", {"max_12_weeks"}),
        ("prescription limitée à 7 jours ou 28 jours", {"max_28_days"}),
        ("prescription limitée à 3 jours", {"max_3_days"}),
        ("délivrance fractionnée de 14 jours", {"fraction_14_days"}),
        ("réservé à l'usage HOSPITALIER", {"hospital_only"}),
        ("prescription hospitalière", {"hospital_prescription"}),
        ("prescription initiale hospitalière semestrielle", {"initial_hospital"}),
        ("prescription initiale annuelle réservée à certains spécialistes", {"initial_specialist"}),
        ("prescription réservée aux spécialistes et services NEUROLOGIE", {"restricted_prescriber"}),
        ("médicament nécessitant une surveillance particulière pendant le traitement", {"monitored"}),
        ("réservé à l'usage professionnel DENTAIRE", {"dental_only"}),
        ("selon la présentation, liste II ou hors liste", {"list_2"}),
        ("pour tous les patients :", set()),
    ],
)
def test_conditions_become_classes(condition: str, expected: set[str]) -> None:
    assert classes([condition], [], DAY) == expected


def test_tramadol_and_codeine_are_secured_from_the_day_of_the_decision() -> None:
    for substance in ("CHLORHYDRATE DE TRAMADOL", "PHOSPHATE DE CODÉINE HÉMIHYDRATÉ"):
        assert classes([], [substance], date(2025, 2, 28)) == set()
        assert classes([], [substance], date(2025, 3, 1)) == {"secured", "tramadol_codeine"}


def test_words_are_folded() -> None:
    assert fold("  Œstradiol À 0,5 mg/ml, gélule ") == "oestradiol a 0 5 mg ml gelule"


@pytest.mark.parametrize("file", official.COLUMNS)
def test_a_missing_file_is_named(folder: Path, file: str) -> None:
    (folder / file).unlink()
    with pytest.raises(BadFile, match=rf"{file} is not in .*Needed: CIS_bdpm.txt"):
        assemble(folder, DAY)


@pytest.mark.parametrize("file", official.COLUMNS)
def test_a_file_that_breaks_off_is_refused(folder: Path, file: str) -> None:
    content = (folder / file).read_bytes()
    (folder / file).write_bytes(content[: len(content) * 2 // 3].rstrip(b"\r\n"))
    with pytest.raises(BadFile, match=rf"{file}, line \d+: (the file breaks off|\d+ columns)"):
        assemble(folder, DAY)


def test_the_line_at_fault_is_named(folder: Path) -> None:
    lines = (folder / official.SPECIALITIES).read_bytes().split(b"\r\n")
    for number, spoilt, reason in [
        (7, lines[6].replace(b"\t", b" "), r"1 columns, at least 12 expected"),
        (9, b"X" + lines[8], r"'X\d+' in column 1 is no CIS code"),
        (11, lines[0], r"the CIS code \d+ stands in line 1 already"),
        (12, lines[11].split(b"\t")[0] + b"\t\t" + b"\t".join(lines[11].split(b"\t")[2:]), "the name is missing"),
        (3, lines[2] + b"\x81", r"neither UTF-8 nor ISO-8859-1 \(byte 0x81\)"),
    ]:
        changed = [*lines]
        changed[number - 1] = spoilt
        (folder / official.SPECIALITIES).write_bytes(b"\r\n".join(changed))
        with pytest.raises(BadFile, match=rf"CIS_bdpm.txt, line {number}: {reason}"):
            assemble(folder, DAY)


def test_files_of_different_editions_are_refused(folder: Path) -> None:
    lines = (folder / official.SPECIALITIES).read_bytes().split(b"\r\n")
    (folder / official.SPECIALITIES).write_bytes(b"\r\n".join(lines[:40]) + b"\r\n")
    with pytest.raises(BadFile, match="take all files of one edition"):
        assemble(folder, DAY)


def test_newer_encodings_further_columns_packed_files_and_blank_lines_are_read(folder: Path) -> None:
    before = assemble(folder, DAY).specialities
    text = (folder / official.SPECIALITIES).read_bytes().decode("cp1252")
    (folder / official.SPECIALITIES).write_bytes(b"\xef\xbb\xbf" + text.replace("\r\n", "\tnew column\n\n").encode())
    packed = gzip.compress((folder / official.COMPOSITION).read_bytes())
    (folder / official.COMPOSITION).unlink()
    (folder / f"{official.COMPOSITION}.gz").write_bytes(packed)
    assert assemble(folder, DAY).specialities == before
    (folder / f"{official.COMPOSITION}.gz").write_bytes(packed[:200])
    with pytest.raises(BadFile, match="cannot be read"):
        assemble(folder, DAY)
