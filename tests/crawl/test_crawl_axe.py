"""Axe on every page that anybody can reach in every demonstration, in every state of it, in a real browser of telephone size."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from toubib.testing.browser_media import CHROMIUM
from toubib.testing.browsers import DESK, PHONE, at_browsers
from toubib.testing.crawling import Crawl
from toubib.testing.lived_in import DEPLOYMENTS, House
from toubib.testing.shown_pages import Known, Shown

WIDE = "doctolib"
"""The deployment of which each kind of page is looked at in a desk's window too; the sheets are everybody's."""


@pytest.fixture(scope="module")
def known() -> Known:
    """What was looked at in the deployments before: what is made of the same elements is not looked at again."""
    return Known()


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.feature("REACH-02:a")
@pytest.mark.parametrize("name", DEPLOYMENTS)
def test_no_page_has_a_violation(walk: Callable[..., AbstractContextManager[tuple[House, Crawl]]], name: str, known: Known, tmp_path: Path) -> None:
    if not Path(CHROMIUM).exists():
        pytest.skip(f"no Chromium at {CHROMIUM}")
    with walk(name) as (house, crawl), at_browsers((40, 90, 160), base="http://localhost:8000", folder=tmp_path, pictures=False) as (person,):
        shown = Shown(person, house.people)
        pages = list(known.unlike(crawl.seen))
        faults = [fault for page, first in pages for fault in shown.hold(page, *((PHONE, DESK) if first and name == WIDE else (PHONE,)))]
    assert faults == []
    assert len(pages) > 12
