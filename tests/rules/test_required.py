"""What a run requires may not be skipped."""

import pytest

pytest_plugins = ["pytester"]
PROBE = """
import pytest

@pytest.mark.postgres
def test_database():
    pytest.skip("no server")

def test_other():
    pytest.skip("not today")
"""


def test_a_required_test_fails_instead_of_skipping(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    pytester.makepyfile(test_probe=PROBE)
    monkeypatch.setenv("TOUBIB_REQUIRE", "postgres, browser")
    result = pytester.runpytest_subprocess("-p", "toubib.testing.required")
    result.assert_outcomes(failed=1, skipped=1)
    result.stdout.fnmatch_lines(["*this run requires postgres and may not skip: Skipped: no server*"])


def test_a_skip_in_a_fixture_fails_too(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    body = "    pytest.skip('no browser')"
    pytester.makepyfile(test_probe=f"import pytest\n\n@pytest.fixture\ndef page():\n{body}\n\n@pytest.mark.browser\ndef test_page(page):\n    pass\n")
    monkeypatch.setenv("TOUBIB_REQUIRE", "browser")
    pytester.runpytest_subprocess("-p", "toubib.testing.required").assert_outcomes(errors=1)


def test_without_the_requirement_it_is_skipped(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    pytester.makepyfile(test_probe=PROBE)
    monkeypatch.delenv("TOUBIB_REQUIRE", raising=False)
    pytester.runpytest_subprocess("-p", "toubib.testing.required").assert_outcomes(skipped=2)


SECOND_TRY = """
import pathlib, pytest

def luck(name):
    mark = pathlib.Path(name)
    tried, _ = mark.exists(), mark.touch()
    assert tried

@pytest.mark.browser
@pytest.mark.video
def test_call():
    luck("call")

@pytest.mark.browser
def test_page():
    luck("page")
"""


def test_a_video_call_is_tried_once_more_and_nothing_else(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    pytester.makepyfile(test_probe=SECOND_TRY)
    monkeypatch.setenv("TOUBIB_REQUIRE", "browser")
    result = pytester.runpytest_subprocess("-p", "toubib.testing.required", "-rR")
    assert {name: number for name, number in result.parseoutcomes().items() if name != "warnings"} == {"failed": 1, "passed": 1, "rerun": 1}
    monkeypatch.delenv("TOUBIB_REQUIRE")
    for mark in ("call", "page"):
        (pytester.path / mark).unlink()
    pytester.runpytest_subprocess("-p", "toubib.testing.required").assert_outcomes(failed=2)
