"""What the walk looks at again, and that a fault which is planted is found."""

from pathlib import Path

import pytest
from flask import Flask

from toubib.testing.browser_media import CHROMIUM
from toubib.testing.browsers import PHONE, at_browsers
from toubib.testing.crawling import Crawl, Seen
from toubib.testing.shown_pages import Known, Shown

PAGE = "<!doctype html><html lang='en'><head><title>T</title></head><body><header>Site</header><main><h1>{title}</h1>{rest}</main></body></html>"


def seen(rest: str = "", title: str = "One", kind: str = "/one") -> Seen:
    return Seen("anonymous", kind, "/one", 200, PAGE.format(title=title, rest=rest), {"Content-Type": "text/html"}, sent=False)


def test_only_what_looks_otherwise_is_looked_at_again() -> None:
    known, plain = Known(), seen("<h2>A</h2>")
    assert list(known.unlike([plain, seen("<h2>B</h2>", "Two")])) == [(plain, True)], "other words alone make no other page"
    again, deeper, other = seen("<h2>C</h2>"), seen("<h2>A</h2><h4>B</h4>"), seen("<h2>A</h2><p class='x'>B</p>")
    assert list(known.unlike([again, deeper, other])) == [(again, True), (deeper, False), (other, False)], "once a walk, then for what is new"
    two, part = seen(kind="/two"), Seen("ada", "/part", "/part", 200, "<p>part</p>", {}, sent=False)
    assert list(known.unlike([two, part])) == [(two, True)], "a part is looked at in its page"


def test_a_page_that_fails_stops_the_walk_and_objects_are_looked_at_more_than_addresses() -> None:
    app = Flask("walked")
    app.add_url_rule("/", "home", lambda: "".join(f"<a href='/rows/{n}'>r</a><a href='/list?n={n}'>l</a>" for n in range(9)))
    app.add_url_rule("/rows/<row_id>", "row", lambda row_id: f"<p>{row_id}</p><a href='https://elsewhere.test/'>no</a>")
    app.add_url_rule("/list", "list", lambda: "<form method='post' action='/broken'><input type='hidden' name='csrf_token' value='1'></form>")
    app.add_url_rule("/broken", "broken", lambda: ("<p>broken</p>", 500), methods=["POST"])
    crawl, clients = Crawl(app, "en"), {"ada": app.test_client(), "otto": app.test_client()}
    for who, client in clients.items():
        crawl.walk(who, client, ["/"])
    kinds = [(page.who, page.kind) for page in crawl.seen]
    assert [kinds.count(("ada", kind)) for kind in ("/", "/rows/<row_id>", "/list")] == [1, 9, 3]
    assert [kinds.count(("otto", kind)) for kind in ("/", "/rows/<row_id>", "/list")] == [1, 1, 1]
    assert crawl.shown == {"home", "row", "list"}
    with pytest.raises(AssertionError, match="/broken: 500"):
        crawl.send_empty(clients)


@pytest.mark.browser
def test_a_planted_fault_is_found(tmp_path: Path) -> None:
    if not Path(CHROMIUM).exists():
        pytest.skip(f"no Chromium at {CHROMIUM}")
    with at_browsers((40, 90, 160), base="http://localhost:8000", folder=tmp_path, pictures=False) as (person,):
        shown = Shown(person, {})
        assert shown.hold(seen("<p>Well</p>"), PHONE) == []
        (fault,) = shown.hold(seen("<img src='data:,'>"), PHONE)
    assert "image-alt" in fault
