"""A pytest plugin: what a run requires may not be skipped.

`TOUBIB_REQUIRE=postgres,browser` (set by `make test`) turns a skipped test that bears one of these markers into a failure.
Without it, on a machine that lacks PostgreSQL or Chromium, such a test is skipped and says why.
"""

import os
from collections.abc import Generator

import pytest


def required() -> frozenset[str]:
    """The markers whose tests must run."""
    return frozenset(name.strip() for name in os.environ.get("TOUBIB_REQUIRE", "").split(",") if name.strip())


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
