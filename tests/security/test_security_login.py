"""Signing in from the outside: codes, links, second factor, sessions, and what somebody hostile tries with them."""

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import pyotp
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlmodel import col, select
from werkzeug.test import TestResponse

from toubib.db import database, session, vault
from toubib.db.tables.access import Account, AuthSession, LoginCode, RecoveryCode, RoleAssignment
from toubib.db.tables.machinery import NotificationRow
from toubib.seams.clock import FixedClock
from toubib.services import login, notices
from toubib.testing.practices import practice
from toubib.web.entry import safe_path

ENGLISH = {"Accept-Language": "en"}
ADA = "ada@patient.test"


@dataclass
class Door:
    """The application's door, and the mails that it would send."""

    app: Flask
    clock: FixedClock

    def browser(self) -> FlaskClient:
        return self.app.test_client()

    def post(self, client: FlaskClient, path: str, page: str = "/sign-in", **form: str) -> TestResponse:
        """Send a form with the token of a page."""
        found = re.search(r'name="csrf_token" value="([0-9a-f]+)"', client.get(page, headers=ENGLISH).text)
        assert found, page
        return client.post(path, data={"csrf_token": found[1], **form}, headers=ENGLISH)

    def ask(self, client: FlaskClient, email: str = ADA, **form: str) -> str:
        """Ask for a code and read it in the mail."""
        assert self.post(client, "/sign-in", email=email, **form).status_code == 302
        found = re.search(r"\b(\d{6})\b", self.mail())
        assert found
        return found[1]

    def mail(self) -> str:
        """The one mail that was not looked at yet."""
        with database().reading():
            return str(notices.compose(session().exec(select(NotificationRow)).one()).get_content())

    def link(self) -> str:
        found = re.search(r"/sign-in/link/\S+", self.mail())
        assert found
        return found[0]

    def sign_in(self, client: FlaskClient, email: str = ADA) -> None:
        code = self.ask(client, email)
        assert self.post(client, "/sign-in/code", code=code).status_code == 302
        assert client.get("/account").status_code == 200
        with database().unit_of_work():
            for row in session().exec(select(NotificationRow)):
                session().delete(row)

    def refused(self, client: FlaskClient, code: str) -> str:
        """Type a code that does not open; what the page says."""
        got = self.post(client, "/sign-in/code", code=code)
        assert got.status_code == 422
        assert client.get("/account").status_code == 302
        return got.text


@pytest.fixture
def door(app: Callable[..., Flask], now: FixedClock) -> Door:
    return Door(app(site={"telephone": "01 99 00 12 34"}), now)


def other_than(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06d}"


@pytest.mark.feature("REC-01:a")
def test_a_typed_code_opens_once(door: Door) -> None:
    first = door.browser()
    code = door.ask(first)
    assert door.post(first, "/sign-in/code", code=f" {code[:3]} {code[3:]} ").status_code == 302
    assert ADA in first.get("/account", headers=ENGLISH).text
    door.post(first, "/sign-out", page="/account")
    assert "This code is over" in door.refused(first, code)


def test_a_code_opens_only_where_it_was_asked_for(door: Door) -> None:
    asking, other = door.browser(), door.browser()
    code = door.ask(asking)
    assert "This code is over" in door.refused(other, code)
    assert door.post(asking, "/sign-in/code", code=code).status_code == 302


def test_five_wrong_codes_spend_the_right_one(door: Door) -> None:
    client = door.browser()
    code = door.ask(client)
    for left in (4, 3, 2, 1):
        assert f"{left} tries are left" in door.refused(client, other_than(code))
    assert "This code is over" in door.refused(client, other_than(code))
    assert "This code is over" in door.refused(client, code)


def test_a_code_expires_and_a_newer_one_ends_the_older(door: Door) -> None:
    client = door.browser()
    old = door.ask(client)
    door.clock.advance(timedelta(minutes=15))
    assert "This code is over" in door.refused(client, old)
    with database().unit_of_work():
        for row in session().exec(select(NotificationRow)):
            session().delete(row)
    new = door.ask(client)
    if new != old:
        assert "tries are left" in door.refused(client, old)
    assert door.post(client, "/sign-in/code", code=new).status_code == 302


@pytest.mark.usefixtures("door")
def test_tries_sent_at_the_same_moment_are_all_counted() -> None:
    with database().unit_of_work():
        login.ask_code(ADA, "a browser", "/", "en")
    outcomes: list[login.CodeOutcome] = []
    gate = threading.Barrier(12)

    def guess(number: int) -> None:
        gate.wait()
        with database().unit_of_work():
            outcomes.append(login.try_code("a browser", f"wrong {number}").outcome)

    threads = [threading.Thread(target=guess, args=(n,)) for n in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count(login.CodeOutcome.WRONG) == 4
    assert outcomes.count(login.CodeOutcome.SPENT) == 8
    with database().reading():
        assert [row.tries for row in session().exec(select(LoginCode))] == [5]


def test_asking_tells_nothing_about_the_address(door: Door) -> None:
    door.sign_in(door.browser())
    answers = []
    for email in (ADA, "nobody@elsewhere.test"):
        client = door.browser()
        got = door.post(client, "/sign-in", email=email)
        page = client.get("/sign-in/code", headers=ENGLISH).text
        page = re.sub(r'value="[0-9a-f]{64}"', "", page.replace(email, "ADDRESS"))
        answers.append((got.status_code, got.headers["Location"], page))
    assert answers[0] == answers[1]


def test_an_address_is_not_flooded(door: Door) -> None:
    answers = [door.post(door.browser(), "/sign-in", email=ADA).status_code for _ in range(9)]
    assert answers == [302] * 8 + [422]
    assert door.post(door.browser(), "/sign-in", email="otto@patient.test").status_code == 302


@pytest.mark.parametrize("email", [
    "", "ada", "ada@", "@patient.test", "ada@patient", "ada @patient.test", "ada@patient.test\nBcc: eve@evil.test", "ada@a.test,eve@evil.test",
    "<ada@patient.test>", "ada@patient..test", "a\0da@patient.test", "ada@patient.test\r", "é@patient.test", "a" * 250 + "@a.test",
])  # fmt: skip
def test_what_is_no_address_is_explained(door: Door, email: str) -> None:
    client = door.browser()
    got = door.post(client, "/sign-in", email=email)
    if email.strip() == ADA:
        assert got.status_code == 302
        return
    assert got.status_code == (400 if "\0" in email else 422)
    with database().reading():
        assert session().exec(select(LoginCode)).all() == []


@pytest.mark.feature("REC-01:b")
def test_a_mail_scanner_spends_no_link(door: Door) -> None:
    door.ask(door.browser())
    link = door.link()
    scanner = door.browser()
    for method in ("GET", "HEAD", "GET"):
        got = scanner.open(link, method=method)
        assert got.status_code == 200
        assert not any(cookie.startswith("tb_session") for cookie in got.headers.getlist("Set-Cookie"))
    assert scanner.post(link, headers=ENGLISH).status_code == 400
    person = door.browser()
    assert door.post(person, link, page=link).status_code == 302
    assert person.get("/account").status_code == 200
    again = door.browser()
    got = door.post(again, link, page=link)
    assert (got.status_code, "too old" in got.text) == (410, True)
    assert again.get("/account").status_code == 302


@pytest.mark.parametrize("target", [
    "https://evil.test", "//evil.test", "/\\evil.test", "/\t/evil.test", "\t//evil.test", "/\n/evil.test", "javascript:alert(1)",
    "\\\\evil.test", "/\\\t/evil.test",
    "///evil.test", "evil.test", "",
])  # fmt: skip
def test_nobody_is_sent_to_another_site(door: Door, target: str) -> None:
    assert safe_path(target) == "/"
    client = door.browser()
    code = door.ask(client, next=target)
    got = door.post(client, "/sign-in/code", code=code, next=target)
    assert got.headers["Location"] == "/"
    assert door.post(client, "/language", language="en", next=target).headers["Location"] == "/"


def test_the_way_one_wanted_to_go_is_kept(door: Door) -> None:
    client = door.browser()
    assert client.get("/visits").headers["Location"] == "/sign-in?next=/visits"
    code = door.ask(client, next="/visits?from=2026-03-02")
    assert door.post(client, "/sign-in/code", code=code).headers["Location"] == "/visits?from=2026-03-02"


def test_sessions_end_when_told_and_when_idle(door: Door) -> None:
    here, there, stranger = door.browser(), door.browser(), door.browser()
    door.sign_in(here)
    door.sign_in(there)
    door.sign_in(stranger, "otto@patient.test")
    with database().reading():
        rows = session().exec(select(AuthSession).order_by(col(AuthSession.created_at))).all()
    otto = next(r for r in rows if r.account_id != rows[0].account_id)
    door.post(here, "/account/revoke", page="/account", session=otto.id)
    assert stranger.get("/account").status_code == 200, "nobody ends another's session"
    door.post(here, "/account/revoke", page="/account")
    assert (here.get("/account").status_code, there.get("/account").status_code) == (200, 302)
    door.clock.advance(timedelta(hours=12))
    assert here.get("/account").status_code == 302


def test_a_disabled_account_is_out_at_once(door: Door) -> None:
    client = door.browser()
    door.sign_in(client)
    with database().unit_of_work():
        session().exec(select(Account)).one().disabled_at = door.clock.now()
    assert client.get("/account").status_code == 302


def test_the_session_is_a_new_one_and_stored_as_a_fingerprint(door: Door) -> None:
    client = door.browser()
    client.set_cookie("tb_session", "chosen by somebody else")
    door.sign_in(client)
    cookie = client.get_cookie("tb_session")
    assert cookie
    assert cookie.value != "chosen by somebody else"
    with database().reading():
        assert cookie.value not in [row.token_hash for row in session().exec(select(AuthSession))]


# --- the second factor


@pytest.fixture
def doctor(door: Door) -> FlaskClient:
    """A practitioner who signed in by code, and not yet with the second factor."""
    client = door.browser()
    door.sign_in(client, "dr@practice.test")
    with database().unit_of_work():
        made = practice()
        account = session().exec(select(Account)).one()
        session().add(RoleAssignment(account_id=account.id, organisation_id=made.organisation_id, role="practitioner", practitioner_role_id=made.role_id))
    return client


def secret() -> str:
    with database().reading():
        return vault().read(session().exec(select(Account)).one(), "totp_secret")


def set_up(door: Door, doctor: FlaskClient) -> tuple[pyotp.TOTP, list[str]]:
    """Enrol; gives the generator and the recovery codes."""
    doctor.get("/sign-in/second-factor")
    totp = pyotp.TOTP(secret())
    page = door.post(doctor, "/sign-in/second-factor", page="/sign-in/second-factor", code=totp.at(door.clock.now()))
    codes = re.findall(r"\b\d{5}-\d{5}\b", page.text)
    assert len(set(codes)) == 8
    return totp, codes


def again(door: Door, doctor: FlaskClient, code: str) -> bool:
    """Forget the second factor, show a code; whether it opened."""
    with database().unit_of_work():
        for row in session().exec(select(AuthSession)):
            row.second_factor_at = None
    door.post(doctor, "/sign-in/second-factor", page="/sign-in/second-factor", code=code)
    return doctor.get("/practice").status_code == 200


@pytest.mark.feature("REC-01:d")
def test_the_practice_opens_only_with_a_second_factor(door: Door, doctor: FlaskClient) -> None:
    got = doctor.get("/practice")
    assert (got.status_code, got.headers["Location"]) == (302, "/sign-in/second-factor?next=/practice")
    set_up(door, doctor)
    assert doctor.get("/practice").status_code == 200
    door.clock.advance(timedelta(hours=11, minutes=59))
    assert doctor.get("/practice").status_code == 200
    door.clock.advance(timedelta(minutes=1))
    assert doctor.get("/practice").status_code == 302, "the second factor does not stay fresh for ever"


def test_a_second_factors_code_counts_once(door: Door, doctor: FlaskClient) -> None:
    totp, _ = set_up(door, doctor)
    assert not again(door, doctor, totp.at(door.clock.now())), "the code of the set-up was used"
    door.clock.advance(timedelta(seconds=60))
    code = totp.at(door.clock.now())
    assert again(door, doctor, code)
    assert not again(door, doctor, code)
    for wrong in ("", "000000" if code != "000000" else "000001", "١٢٣٤٥٦", "²²²²²²", "12345", "é"):
        assert not again(door, doctor, wrong)


def test_a_set_up_second_factor_is_never_shown_again(door: Door, doctor: FlaskClient) -> None:
    set_up(door, doctor)
    other = door.browser()
    door.sign_in(other, "dr@practice.test")
    assert secret() not in other.get("/sign-in/second-factor", headers=ENGLISH).text


def test_a_second_factor_sent_twice_at_the_same_moment_counts_once(door: Door, doctor: FlaskClient) -> None:
    totp, _ = set_up(door, doctor)
    door.clock.advance(timedelta(seconds=60))
    code = totp.at(door.clock.now())
    good: list[bool] = []
    gate = threading.Barrier(6)

    def show() -> None:
        gate.wait()
        with database().unit_of_work():
            good.append(login.check_second_factor(session().exec(select(Account)).one(), code))

    threads = [threading.Thread(target=show) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(good) == [False] * 5 + [True]


def test_a_recovery_code_opens_once(door: Door, doctor: FlaskClient) -> None:
    _, codes = set_up(door, doctor)
    assert again(door, doctor, codes[3])
    assert not again(door, doctor, codes[3])
    assert again(door, doctor, codes[4])
    with database().reading():
        stored = [row.code_hash for row in session().exec(select(RecoveryCode))]
    assert not any(code in "".join(stored) for code in codes)


def test_guessing_a_second_factor_is_stopped(door: Door, doctor: FlaskClient) -> None:
    totp, _ = set_up(door, doctor)
    door.clock.advance(timedelta(minutes=2))
    page = "/sign-in/second-factor"
    for _ in range(29):
        assert door.post(doctor, page, page=page, code="x").status_code == 422
    with database().unit_of_work():
        for row in session().exec(select(AuthSession)):
            row.second_factor_at = None
    got = door.post(doctor, page, page=page, code=totp.at(door.clock.now()))
    assert (got.status_code, "Too many tries" in got.text) == (422, True)
