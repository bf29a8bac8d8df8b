"""A pytest plugin: what a run requires may not be skipped.

`TOUBIB_REQUIRE=postgres,browser,poppler,relay` (set by `make test`) turns a skipped test that bears one of these markers into a failure.
Without it, on a machine that lacks PostgreSQL, Chromium, pdfsig or coturn, such a test is skipped and says why.

One kind of test may fail once in such a run: a call between two real browsers (marker `video`). Two Chromium with their codecs
and the servers share the processors of whatever machine this is; a picture that comes too late there says nothing of ours, and
the second try must pass. The summary names every one that needed it. Nothing else is tried again.
"""

import os
from collections.abc import Generator

import pytest


def required() -> frozenset[str]:
    """The markers whose tests must run."""
    return frozenset(name.strip() for name in os.environ.get("TOUBIB_REQUIRE", "").split(",") if name.strip())


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let a video call of a required run be tried once more."""
    for item in items:
        if "browser" in required() and item.get_closest_marker("video"):
            item.add_marker(pytest.mark.flaky(reruns=1))


def _reason(report: pytest.TestReport) -> str:
    return report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Fail a skipped test that the run requires."""
    report = yield
    missing = sorted(name for name in required() if item.get_closest_marker(name))
    if report.skipped and not hasattr(report, "wasxfail") and missing:
        report.outcome = "failed"
        report.longrepr = f"this run requires {', '.join(missing)} and may not skip: {_reason(report)}"
    return report
