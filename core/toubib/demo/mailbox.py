"""The demonstration's mail sink: takes every message by real SMTP and shows them on a small page. Nothing leaves this machine."""

import argparse
import json
import threading
from collections.abc import Callable
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from flask import Flask, Response, abort, render_template

from toubib.web import stand_in


class Box:
    """The messages of this run, newest last."""

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []
        self._lock = threading.Lock()

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802  the name is aiosmtpd's
        """Take one message; a repeated Message-ID is the same message."""
        message = message_from_bytes(envelope.content, policy=policy.default)
        with self._lock:
            if all(m["Message-ID"] != message["Message-ID"] for m in self.messages):
                self.messages.append(message)
        return "250 taken"


def text_of(message: EmailMessage) -> str:
    """The message's words."""
    body = message.get_body(("plain",))
    return str(body.get_content()) if body else ""


def pages(box: Box) -> Flask:
    """The list, one message, its attachments, and the same as JSON for tests."""
    app = stand_in.application("mailbox")
    rules: dict[str, Callable[..., str | Response]] = {
        "/": lambda: _page(messages=[_shown(box, number) for number in reversed(range(len(box.messages)))]),
        "/<int:number>": lambda number: _page(message=_shown(box, number)),
        "/<int:number>/<int:part>": lambda number, part: _attachment(_message(box, number), part),
        "/messages.json": lambda: _listing(box),
    }
    for rule, view in rules.items():
        app.add_url_rule(rule, rule, view)
    return app


def _page(**shown: Any) -> str:
    return render_template("toubib/stand_in/mailbox.html", language="fr", **{"message": None, **shown})


def _shown(box: Box, number: int) -> dict[str, Any]:
    message = _message(box, number)
    return {
        "number": number,
        "subject": str(message["Subject"]),
        "to": str(message["To"]),
        "lines": text_of(message).splitlines(),
        "files": [part.get_filename() or "?" for part in message.iter_attachments()],
    }


def _attachment(message: EmailMessage, part: int) -> Response:
    parts = list(message.iter_attachments())
    if part >= len(parts):
        abort(404)
    return Response(parts[part].get_content(), mimetype=parts[part].get_content_type())


def _listing(box: Box) -> Response:
    rows = [{"to": str(m["To"]), "subject": str(m["Subject"]), "text": text_of(m)} for m in box.messages]
    return Response(json.dumps(rows), mimetype="application/json")


def _message(box: Box, number: int) -> EmailMessage:
    if number >= len(box.messages):
        abort(404)
    return box.messages[number]


def main() -> None:
    """Serve until told to stop; prints one line with the address when ready."""
    parser = argparse.ArgumentParser(description="A mail sink with a page, on this machine only.")
    parser.add_argument("--smtp-port", type=int, default=1025)
    parser.add_argument("--port", type=int, default=8025)
    given = parser.parse_args()
    box = Box()
    Controller(box, hostname=stand_in.HOST, port=given.smtp_port).start()
    listener, base = stand_in.listen(given.port)
    with listener:
        stand_in.serve(stand_in.server(listener, pages(box)), base)


if __name__ == "__main__":
    main()
