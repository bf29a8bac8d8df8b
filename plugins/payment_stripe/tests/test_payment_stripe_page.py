"""The hosted page in a real browser: it can be read, used by keyboard alone, and leads back."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import stripe

from toubib.testing.browser_media import CHROMIUM
from toubib_payment_stripe.double.launcher import CHALLENGED_CARD, DECLINED_CARD, Double, start_double

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser
AXE = Path(__file__).resolve().parents[3] / "tests" / "vendor" / "axe.min.js"
HONEST = "Double local de paiement\u00a0: aucune carte n’est débitée."


class Back(BaseHTTPRequestHandler):
    """The merchant's page, on another origin."""

    def do_GET(self) -> None:
        """Say that the payer is back."""
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>back</title><h1>Back</h1>")

    def log_message(self, *_args: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def merchant() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Back)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/back"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def double() -> Iterator[Double]:
    with start_double(creditor="Cabinet des Tilleuls") as running:
        yield running


@pytest.fixture(scope="module")
def browser() -> "Iterator[Browser]":
    if not Path(CHROMIUM).exists():
        pytest.skip(f"no Chromium at {CHROMIUM}")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture(params=[390, 1280])
def page(browser: "Browser", request: pytest.FixtureRequest) -> "Iterator[Page]":
    context = browser.new_context(viewport={"width": request.param, "height": 800}, locale="fr-FR")
    opened = context.new_page()
    foreign: list[str] = []
    opened.on("request", lambda asked: foreign.append(asked.url) if "127.0.0.1" not in asked.url else None)
    yield opened
    context.close()
    assert foreign == []


def session(double: Double, merchant: str, **more: Any) -> str:
    client = stripe.StripeClient(double.secret_key, base_addresses={"api": double.base_url}, max_network_retries=0)
    price = {"currency": "eur", "unit_amount": 123_450, "product_data": {"name": "Rendez-vous"}}
    wanted = {
        "mode": "payment",
        "success_url": merchant + "?paid",
        "cancel_url": merchant + "?cancelled",
        "locale": "fr",
        "line_items": [{"quantity": 1, "price_data": price}],
        "payment_intent_data": {"capture_method": "manual"},
    }
    return str(client.v1.checkout.sessions.create({**wanted, **more}).url)  # type: ignore[arg-type]


def faults(page: "Page") -> list[str]:
    """What axe finds wrong, and whether anything is wider than the screen."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("async () => (await axe.run()).violations.map(v => v.id + ': ' + v.nodes.map(n => n.target).join(' '))")
    wide = page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    return [*found, *(["wider than the screen"] if wide else [])]


@pytest.mark.feature("PAY-01:a")
def test_the_whole_way_by_keyboard(page: "Page", double: Double, merchant: str) -> None:
    page.goto(session(double, merchant))
    assert HONEST in page.inner_text("header")
    size = "e => getComputedStyle(e).fontSize"
    assert page.eval_on_selector(".double", size) == page.eval_on_selector("main > p", size)
    assert page.inner_text("h1") == "Payer Cabinet des Tilleuls"
    assert faults(page) == []
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "number"
    page.keyboard.press("Control+A")
    page.keyboard.type(CHALLENGED_CARD)
    for _field in range(3):
        page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.innerText") == "Autoriser 1\u00a0234,50\u00a0€"
    page.keyboard.press("Enter")
    page.wait_for_url("**/3ds/**")
    assert HONEST in page.inner_text("header")
    assert faults(page) == []
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/back?paid")


@pytest.mark.feature("PAY-01:b")
def test_a_refused_card_says_so_and_another_one_passes(page: "Page", double: Double, merchant: str) -> None:
    page.goto(session(double, merchant))
    page.get_by_label("Numéro de carte").fill(DECLINED_CARD)
    page.get_by_role("button").click()
    page.wait_for_selector("[role=alert]")
    assert page.evaluate("document.activeElement.id") == "errors"
    assert "Rien n’a été débité" in page.inner_text("[role=alert]")
    assert "Votre carte a été refusée." in page.inner_text("[role=alert]")
    assert faults(page) == []
    page.get_by_label("Numéro de carte").fill("4970 1012 3456 7890")
    page.get_by_label("Code de sécurité").fill("12")
    page.get_by_role("button").click()
    page.wait_for_selector("#cvc-error")
    assert page.get_attribute("#number", "aria-invalid") == "true"
    assert faults(page) == []
    page.get_by_label("Numéro de carte").fill("4242424242424242")
    page.get_by_label("Code de sécurité").fill("123")
    page.get_by_role("button").click()
    page.wait_for_url("**/back?paid")


def test_the_way_back_without_paying(page: "Page", double: Double, merchant: str) -> None:
    page.goto(session(double, merchant))
    page.get_by_role("link", name="Revenir sans payer").click()
    page.wait_for_url("**/back?cancelled")


def test_a_closed_page_says_so_and_leads_back(page: "Page", double: Double, merchant: str) -> None:
    url = session(double, merchant)
    double.pay(url)
    page.goto(url)
    assert page.inner_text("h1") == "Cette page est déjà réglée"
    assert faults(page) == []
    page.goto(double.base_url)
    assert page.inner_text("h1") == "Double local de paiement"
    assert faults(page) == []


def test_a_page_that_saves_a_card_says_that_nothing_is_taken(page: "Page", double: Double, merchant: str) -> None:
    setup: dict[str, Any] = {"mode": "setup", "currency": "eur", "customer_creation": "always"}
    page.goto(session(double, merchant, **setup, line_items=None, payment_intent_data=None))
    assert page.get_by_role("button").inner_text() == "Enregistrer la carte"
    assert "Rien n’est débité maintenant." in page.inner_text("main")
    assert faults(page) == []
