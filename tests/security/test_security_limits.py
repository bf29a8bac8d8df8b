"""Limits: times that one browser or one address may keep, how long a session can live, and for which hosts pages are served."""

import re
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pydantic import SecretStr
from sqlmodel import select
from werkzeug.test import TestResponse

from toubib import runtime, web_app
from toubib.checks import settings_are_safe
from toubib.contracts.common import Money, Period
from toubib.contracts.scheduling import OfferQuery
from toubib.db import database
from toubib.db.tables.access import LoginCode
from toubib.db.tables.agenda import Occupancy
from toubib.db.tables.machinery import RateCount
from toubib.runtime import Toubib
from toubib.seams.clock import FixedClock
from toubib.services import limits, login
from toubib.services.holding import subscriber
from toubib.settings import Rules, Settings, SettingsError, Web, parse
from toubib.testing.practices import patient_session, practice
from toubib.web.files_app import build as build_files
from toubib_booking.seed import ROUND_THE_CLOCK, consultation, seed

ENGLISH = {"Accept-Language": "en"}
BOOKING: dict[str, Any] = {"use": {"scheduler": "booking"}, "journeys": {"booked": {"steps": []}}}
App = Callable[..., Flask]


class Shop:
    """A practice with free times all round the clock, and browsers before it."""

    def __init__(self, site: Flask) -> None:
        self.site = site
        with database().unit_of_work():
            self.service = seed(practice().role_id, week=ROUND_THE_CLOCK, services=[consultation(Money(2500, "EUR"), minutes=20)])[0]

    def free(self, now: datetime) -> Sequence[str]:
        with database().reading():
            offers = runtime.current().scheduler.offers(OfferQuery(self.service, Period(now, now + timedelta(days=3)), 200))
        return [offer.period.start.isoformat() for offer in offers][::4]

    def hold(self, client: FlaskClient, start: str, address: str = "192.0.2.1") -> TestResponse:
        token = re.search(r'name="csrf_token" value="([0-9a-f]+)"', client.get("/search", headers=ENGLISH).text)
        assert token
        form = {"csrf_token": token[1], "service": self.service, "start": start}
        return client.post("/hold", data=form, headers=ENGLISH, environ_base={"REMOTE_ADDR": address})


def live_holds() -> int:
    with database().reading() as reading:
        return len(reading.exec(select(Occupancy).where(Occupancy.state == "held")).all())


def test_one_browser_keeps_only_a_few_times(app: App, now: FixedClock) -> None:
    shop = Shop(app("booking", **BOOKING))
    client, times = shop.site.test_client(), shop.free(now.now())
    assert [shop.hold(client, start).status_code for start in times[:5]] == [302] * 5
    refused = shop.hold(client, times[6])
    assert refused.status_code == 429
    assert "You are keeping 5 times already. Finish booking one of them, or wait" in refused.text
    assert live_holds() == 5
    assert shop.hold(shop.site.test_client(), times[6]).status_code == 302, "somebody else is not held up"
    now.advance(timedelta(minutes=16))
    assert shop.hold(client, times[8]).status_code == 302, "what lapsed counts no more"


def test_tries_are_forgotten_with_their_hour_and_codes_with_their_day(app: App, now: FixedClock) -> None:
    app()
    with database().unit_of_work():
        limits.count("verify", "an address", per_hour=5)
        login.ask_code("ada@patient.test", "a browser", "/", "en")

    def left() -> list[int]:
        login.sweep({})
        with database().reading() as reading:
            return [len(reading.exec(select(table)).all()) for table in (RateCount, LoginCode)]

    assert left() == [2, 1]
    now.advance(timedelta(hours=1))
    assert left() == [0, 1]
    now.advance(timedelta(days=1))
    assert left() == [0, 0]


def test_one_address_cannot_empty_the_agenda_with_fresh_browsers(app: App, now: FixedClock) -> None:
    shop = Shop(app("booking", **BOOKING, rules={"holds_per_address": 6}))
    times = shop.free(now.now())
    answers = [shop.hold(shop.site.test_client(), start, f"2001:db8:1:2::{n}").status_code for n, start in enumerate(times[:10])]
    assert answers == [302] * 6 + [429] * 4, "a subscriber's whole IPv6 network is one address"
    assert live_holds() == 6
    assert shop.hold(shop.site.test_client(), times[12], "2001:db8:1:3::1").status_code == 302
    now.advance(timedelta(hours=1))
    assert shop.hold(shop.site.test_client(), times[14], "2001:db8:1:2::1").status_code == 302


def test_addresses_are_not_kept(app: App, now: FixedClock) -> None:
    shop = Shop(app("booking", **BOOKING))
    shop.hold(shop.site.test_client(), shop.free(now.now())[0], "198.51.100.7")
    with database().reading() as reading:
        names = reading.exec(select(RateCount.name)).all()
    assert names
    assert not any("198.51" in name for name in names)


@pytest.mark.parametrize(("address", "whom"), [
    ("192.0.2.7", "192.0.2.7"),
    ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
    ("::ffff:192.0.2.7", "192.0.2.7"),
    ("", ""),
    ("unix:", ""),
])  # fmt: skip
def test_who_is_behind_an_address(address: str, whom: str) -> None:
    assert subscriber(address) == whom


def signed_in(site: Flask) -> FlaskClient:
    client = site.test_client()
    with database().unit_of_work():
        client.set_cookie("tb_session", patient_session()[1])
    return client


def test_a_session_in_use_ends_all_the_same_after_a_week(app: App, now: FixedClock) -> None:
    client = signed_in(app())
    for _ in range(7 * 3 - 1):
        now.advance(timedelta(hours=8))
        assert client.get("/account", headers=ENGLISH).status_code == 200
    now.advance(timedelta(hours=8, seconds=1))
    assert client.get("/account", headers=ENGLISH).status_code == 302


def test_a_session_not_in_use_ends_after_half_a_day(app: App, now: FixedClock) -> None:
    client = signed_in(app())
    now.advance(timedelta(hours=12, seconds=1))
    assert client.get("/account", headers=ENGLISH).status_code == 302


def test_an_operator_may_shorten_both(app: App, now: FixedClock) -> None:
    client = signed_in(app(rules=Rules(session_hours=48, session_days=1).model_dump()))
    now.advance(timedelta(hours=23))
    assert client.get("/account", headers=ENGLISH).status_code == 200
    now.advance(timedelta(hours=1, seconds=1))
    assert client.get("/account", headers=ENGLISH).status_code == 302


WEB: dict[str, Any] = {
    "production": True,
    "public_url": "https://practice.example",
    "files_url": "https://files.example",
    "secret": SecretStr("s" * 40),
    "trusted_hosts": ("10.0.0.5",),
}


def production(installation: Callable[..., Toubib]) -> Toubib:
    """An installation as in production, but for the checks of its start, which a test's database does not pass."""
    toubib = installation()
    settings = toubib.settings.model_copy(update={"web": Web(**WEB)})
    changed = runtime.Toubib(**{name: getattr(toubib, name) for name in runtime.Toubib.__slots__} | {"settings": settings})
    runtime.use(changed)
    return changed


@pytest.mark.parametrize(("host", "status"), [
    ("practice.example", 200),
    ("practice.example:443", 200),
    ("10.0.0.5", 200),
    ("evil.example", 400),
    ("practice.example.evil.example", 400),
    ("sub.practice.example", 400),
    ("files.example", 400),
])  # fmt: skip
def test_production_serves_only_its_own_hosts(installation: Callable[..., Toubib], host: str, status: int) -> None:
    site = web_app.build(production(installation))
    answer = site.test_client().get("/health/live", headers={"Host": host})
    assert answer.status_code == status
    assert host not in answer.text, "nothing of a foreign name comes back"


def test_files_have_hosts_of_their_own(installation: Callable[..., Toubib]) -> None:
    files = build_files(production(installation)).test_client()
    assert files.get("/files/x/1/y", headers={"Host": "practice.example"}).status_code == 400
    assert files.get("/files/x/1/y", headers={"Host": "files.example"}).status_code == 303


def test_elsewhere_a_phone_may_come_by_any_address(app: App) -> None:
    assert app().test_client().get("/health/live", headers={"Host": "192.168.1.20:8000"}).status_code == 200


@pytest.mark.parametrize("host", ["*", "", ".example", "a.example, b.example", "https://a.example", "."])
def test_a_wildcard_among_trusted_hosts_stops_the_start(host: str) -> None:
    with pytest.raises(SettingsError, match="trusted_hosts must name each host"):
        settings_are_safe(unsafe(host))


def unsafe(host: str) -> Settings:
    web = {**WEB, "secret": "s" * 40, "trusted_hosts": [host]}
    return parse({"site": {"name": "Test"}, "web": web, "mail": {"tls": True, "sender": "post@practice.example"}}, "the test")
