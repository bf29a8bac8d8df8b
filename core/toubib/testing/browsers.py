"""A person at a real browser: pages opened and read, taps counted, every page checked by axe, pictures taken for whoever looks at them later."""

import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toubib.testing.browser_media import CHROMIUM, FLAGS, plain_camera, watch_connections

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page, Playwright

ROOT = Path(__file__).resolve().parents[3]
PICTURES = ROOT / "build" / "screenshots"
AXE = ROOT / "tests" / "vendor" / "axe.min.js"
PHONE, DESK = (390, 844), (1280, 900)
PATIENCE = 30_000
"""Milliseconds that a page may take on a slow machine before a test fails."""

# Enter in a field presses its form's button by itself: a key, not a click, and its event says so by a detail of 0.
COUNT = """addEventListener("click", (event) => {
  if (!event.isTrusted || event.detail === 0) return;
  const pressed = event.target.closest("a, button, summary, label, input, select") ?? event.target;
  window.toubibTapped(`${pressed.tagName} ${pressed.name ?? ""} ${pressed.textContent.trim().slice(0, 60)}`);
}, true);"""
RUN_AXE = """async () => (await axe.run(document, {resultTypes: ["violations"]})).violations
  .map((v) => v.id + ": " + v.nodes.map((n) => n.target.join(" ")).join(", "))"""
SETTLED = """() => Promise.allSettled(document.getAnimations().filter((a) => a.effect.getComputedTiming().endTime < 2000).map((a) => a.finished))"""
WIDER = "document.documentElement.scrollWidth > document.documentElement.clientWidth"


@dataclass(slots=True)
class Person:
    """Somebody with a browser of their own. Positions are those of their window: `size` is width and height in CSS pixels."""

    page: "Page"
    base: str
    size: tuple[int, int]
    taps: list[str] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)
    pictures: bool = True

    def open(self, path: str) -> None:
        """Open a page of the site by its path, or any page by its whole address."""
        self.page.goto(path if "://" in path else self.base + path)
        self.check()

    def press(self, name: "str | re.Pattern[str]", *, within: "Locator | None" = None, role: Any = "button") -> None:
        """Press the first button (or link) whose name contains the text, then look at the page that follows."""
        (within or self.page).get_by_role(role, name=name).locator("visible=true").first.click()
        self.page.wait_for_load_state()

    def send(self, action: str) -> None:
        """Press the submit button of the form that posts to an address ending in `action`."""
        self.page.locator(f'form[action$="{action}"] button[type=submit]').locator("visible=true").first.click()
        self.page.wait_for_load_state()

    def fill(self, **fields: str) -> None:
        """Type into fields by their form names."""
        for name, value in fields.items():
            self.page.locator(f'[name="{name}"]').first.fill(value)

    def choose(self, name: str, value: str) -> None:
        """Choose one of several radio buttons, or an entry of a list, as a hand would."""
        radio = self.page.locator(f'input[type=radio][name="{name}"][value="{value}"]')
        if radio.count():
            radio.check()
        else:
            self.page.locator(f'select[name="{name}"]').select_option(value)

    def reach(self, selector: str, most: int = 300) -> None:
        """Go from where the focus is to an element by the Tab key alone."""
        self.page.locator(selector).locator("visible=true").first.wait_for()
        for _ in range(most):
            if self.page.evaluate("(wanted) => document.activeElement?.matches(wanted) ?? false", selector):
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"the Tab key does not lead to {selector} on {self.page.url}")

    def type_into(self, selector: str, text: str) -> None:
        """Reach a field by keyboard and type over what stands in it."""
        self.reach(selector)
        self.page.keyboard.press("Control+A")
        self.page.keyboard.type(text)

    def key_press(self, selector: str, key: str = "Enter") -> None:
        """Reach a button or link by keyboard and press it."""
        self.reach(selector)
        self.page.keyboard.press(key)
        self.page.wait_for_load_state()

    def key_choose(self, name: str, value: str) -> None:
        """Reach radio buttons or a list by keyboard and go to an entry with the arrow keys."""
        self.reach(f'[name="{name}"]')
        if self.page.evaluate("document.activeElement.type === 'radio'"):
            self.page.keyboard.press("Space")
        for _ in range(20):
            if self.page.evaluate("document.activeElement.value") == value:
                return
            self.page.keyboard.press("ArrowDown")
        raise AssertionError(f"the arrow keys do not lead to {value} of {name}")

    def words(self, selector: str = "main") -> str:
        """The visible words of a part of the page, with ordinary spaces, on one line."""
        return plain(self.page.locator(selector).first.inner_text())

    def check(self) -> None:
        """Hold the page against axe and the window's width; what is wrong is kept and told at the end, once a page."""
        title = self.page.title()
        key = f"{title} {re.sub('[0-9a-f]{12,}', '…', self.page.url.partition('?')[0])} {self.page.viewport_size}"
        if key in self.seen or self.page.url.startswith("about:"):
            return
        self.seen.add(key)
        self.page.evaluate(SETTLED)
        self.page.evaluate(AXE.read_text(encoding="utf-8"))
        wrong = [*self.page.evaluate(RUN_AXE), *(["wider than the window"] if self.page.evaluate(WIDER) else [])]
        self.faults += [f"{key}: {fault}" for fault in wrong]

    def picture(self, name: str, *, whole: bool = True) -> None:
        """Check the page, and take its picture on a phone and on a desk, into the git-ignored folder `build/screenshots`."""
        PICTURES.mkdir(parents=True, exist_ok=True)
        if not self.pictures:
            self.check()
            return
        for width, height in (PHONE, DESK):
            self.page.set_viewport_size({"width": width, "height": height})
            self.check()
            self.page.screenshot(path=PICTURES / f"{name}-{width}.png", full_page=whole, animations="disabled")
        self.page.set_viewport_size({"width": self.size[0], "height": self.size[1]})

    def failed(self, number: int) -> str:
        """Keep a picture of where a test stopped; the words of the page."""
        PICTURES.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=PICTURES / f"failed-{number}.png")
        return plain(self.page.locator("body").inner_text())[:600]


@contextmanager
def counted(person: Person) -> Iterator[list[str]]:
    """What a person tapped or clicked between here and the end of the block, by an event listener in their pages."""
    begun = len(person.taps)
    found: list[str] = []
    yield found
    person.page.wait_for_timeout(50)
    found += person.taps[begun:]


def plain(text: str) -> str:
    """The text with every run of spaces, no-break ones included, as one space."""
    return " ".join(text.split())


@contextmanager
def at_browsers(*cameras: tuple[int, int, int], base: str, folder: Path, locale: str = "fr-FR", pictures: bool = True) -> Iterator[list[Person]]:
    """One headless Chromium for each camera, which shows nothing but its colour: the first a phone, all others desks.

    Without `pictures`, pages are checked at the person's own size only, and none is photographed.

    At the end, an error in any page's script, a request to a foreign machine or a violation that axe found fails the test.
    """
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright, ExitStack() as stack:
        people = []
        for number, camera in enumerate(cameras):
            film = plain_camera(folder / f"camera-{number}.y4m", camera)
            people.append(_sit_down(playwright, stack, film, PHONE if number == 0 else DESK, base, locale))
            people[-1].pictures = pictures
        try:
            yield people
        except BaseException as error:
            for number, person in enumerate(people):
                error.add_note(f"person {number} was at {person.page.url}: {person.failed(number)}")
            raise
        assert [fault for person in people for fault in person.faults] == []


def _sit_down(playwright: "Playwright", stack: ExitStack, film: str, size: tuple[int, int], base: str, locale: str) -> Person:
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, film])
    stack.callback(browser.close)
    window = {"width": size[0], "height": size[1]}
    context = browser.new_context(locale=locale, timezone_id="Europe/Paris", viewport=window, has_touch=size == PHONE, accept_downloads=True)  # type: ignore[arg-type]
    context.set_default_timeout(PATIENCE)
    person = Person(context.new_page(), base, size)
    context.expose_binding("toubibTapped", lambda _source, what: person.taps.append(str(what)))
    context.add_init_script(COUNT)
    watch_connections(context)
    context.on("weberror", lambda error: person.faults.append(f"script: {error.error}"))
    context.on("request", lambda asked: None if _ours(asked.url) else person.faults.append(f"foreign: {asked.url}"))
    return person


def _ours(url: str) -> bool:
    return url.startswith(("http://localhost:", "http://127.0.0.1:", "data:", "blob:", "about:"))
