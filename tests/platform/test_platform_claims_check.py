"""`toubib claims check`: whatever file it is given, an answer in words and an exit code."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from toubib.cli.claims import claims

GIVEN = Path(__file__).resolve().parents[2] / "plugins" / "claims_se" / "tests" / "cases" / "se.csv"


def test_files_that_are_no_cases_are_told_from_cases_that_fail(tmp_path: Path) -> None:
    given = GIVEN.read_text(encoding="utf-8").splitlines()
    files: dict[bytes, tuple[int, str]] = {
        "\n".join(given).encode(): (0, "3 passed, 0 failed"),
        "\n".join([given[0], given[1] + ",surplus"]).encode(): (1, "0 passed, 1 failed"),
        "\n".join([given[0], given[1].replace("doctor,", "nurse,", 1)]).encode(): (1, "in_service: “nurse” is outside the vocabulary."),
        b"id,title\n\xff\xfe\n": (1, "is no CSV file in UTF-8"),
        b"id,id,title\n1,2,3\n": (1, "has columns twice: id"),
        b"": (1, "exactly one is needed"),
    }
    path = tmp_path / "cases.csv"
    for content, (code, words) in files.items():
        path.write_bytes(content)
        found = CliRunner().invoke(claims, ["check", str(path)])
        assert (found.exit_code, words in found.output) == (code, True), found.output


@pytest.mark.parametrize("name", ["claims_de/tests/cases/de_quotes.csv", "claims_fr/tests/cases/fr_shares.csv", "claims_uk/tests/cases/uk.csv"])
def test_the_header_finds_the_pack(name: str) -> None:
    found = CliRunner().invoke(claims, ["check", str(GIVEN.parents[3] / name)])
    assert (found.exit_code, found.output.endswith(" 0 failed\n")) == (0, True), found.output
