"""Stand-ins (doubles, the mail sink, invented people) are programs of their own: production refuses settings that lead to them."""

import socket
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from flask import Flask

from toubib.app import start
from toubib.contracts.plugin import OutsideHost
from toubib.demo.mailbox import Box, pages
from toubib.demo.run import DemoPorts, settings_for
from toubib.plugins import available
from toubib.runtime import Toubib
from toubib.seams import network
from toubib.settings import SettingsError
from toubib.testing.production import refusal
from toubib.web import stand_in

LOOPBACK = "127.0.0.1"


def test_no_page_of_a_stand_in_is_served_by_the_house(app: Callable[..., Flask]) -> None:
    modules = {str(view.__module__) for view in app(*sorted(available())).view_functions.values()}
    assert "toubib_auth_oidc.views" in modules, "pages of plugins are among them"
    assert not [name for name in modules if ".double" in name or name.startswith("toubib.demo")]


def test_a_stand_in_listens_on_this_machine_only_and_lets_nothing_else_in() -> None:
    with socket.create_server(("0.0.0.0", 0)) as others, pytest.raises(ValueError, match=r"127\.0\.0\.1 only"):  # noqa: S104  what must be refused
        stand_in.server(others, stand_in.application("test"))
    answer = pages(Box()).test_client().get("/")
    assert "Demonstration mailbox" in answer.text
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert answer.headers["Cache-Control"] == "no-store"


def test_the_double_of_cards_is_refused_in_production_also_when_nobody_chose_it(installation: Callable[..., Toubib]) -> None:
    for settings in ({}, {"api_base": "http://127.0.0.1:8098"}):
        (said,) = refusal(installation, "payment_stripe", settings)
        assert said.startswith("settings.payment_stripe.api_base leads to the local double, which charges no card")


def test_mail_for_the_sink_never_leaves_a_production() -> None:
    """Production wants `mail.tls`, and the sink cannot encrypt: nothing is handed over."""
    with socket.create_server((LOOPBACK, 0)) as free:
        port = free.getsockname()[1]
    box = Box()
    sink = Controller(box, hostname=LOOPBACK, port=port)
    sink.start()
    network.declare([OutsideHost(LOOPBACK, "the sink")])
    message = EmailMessage()
    message["Subject"], message["Message-ID"] = "A code", "<1@test>"
    try:
        with pytest.raises(network.NetworkUnavailable):
            network.smtp(network.SmtpServer(LOOPBACK, port, tls=True), message, "care@care.example", "a@home.test")
        assert box.messages == []
        network.smtp(network.SmtpServer(LOOPBACK, port), message, "care@care.example", "a@home.test")
        assert len(box.messages) == 1, "without encryption it takes it: the demonstration's way"
    finally:
        sink.stop()
        network.declare([])


def test_a_demonstration_cannot_be_started_as_a_production(tmp_path: Path) -> None:
    folder = tmp_path / "deployment"
    folder.mkdir()
    (folder / "deployment.toml").write_text('[site]\nname = "Test"\n[web]\nproduction = true\n')
    with pytest.raises(SettingsError, match="demo = true"):
        start(settings_for(folder, tmp_path / "data", DemoPorts()))
