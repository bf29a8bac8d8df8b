"""The demonstration's mail sink: takes every message by real SMTP and shows them on a small page. Nothing leaves this machine."""

import argparse
import html
import json
import threading
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from flask import Flask, Response, abort
from werkzeug.serving import make_server

PAGE = """<!doctype html><html lang="fr"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title><link rel="stylesheet" href="/mailbox.css"><main><p class="note">Boîte de démonstration : ces messages ne quittent pas cet ordinateur.
<span lang="en">Demonstration mailbox: these messages never leave this machine.</span></p>{body}</main></html>"""
STYLE = """body{font:18px/1.5 system-ui,sans-serif;margin:0;background:#FBFAF7;color:#1B2530}main{max-width:42rem;margin:0 auto;padding:16px}
a{color:#0F5C5A}li{padding:12px 0;border-bottom:1px solid #7A8793;list-style:none}ul{padding:0}pre{white-space:pre-wrap;font:inherit;background:#fff;
padding:16px;border:1px solid #7A8793;border-radius:4px;overflow-wrap:anywhere}.note{background:#FFF3DC;color:#7A4B00;padding:12px;border-radius:4px}"""


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
    app = Flask("mailbox", static_folder=None)

    @app.get("/")
    def index() -> str:
        rows = [
            f'<li><a href="/{n}">{html.escape(str(m["Subject"]))}</a><br>{html.escape(str(m["To"]))}</li>'
            for n, m in reversed(list(enumerate(box.messages)))
        ]
        return PAGE.format(title="Messages", body="<h1>Messages</h1><ul>" + ("".join(rows) or "<li>Aucun message. No message yet.</li>") + "</ul>")

    @app.get("/<int:number>")
    def one(number: int) -> str:
        message = _message(box, number)
        files = "".join(
            f'<li><a href="/{number}/{i}">{html.escape(part.get_filename() or "?")}</a></li>' for i, part in enumerate(message.iter_attachments())
        )
        body = f"<p><a href='/'>Messages</a></p><h1>{html.escape(str(message['Subject']))}</h1><p>{html.escape(str(message['To']))}</p>"
        return PAGE.format(title="Message", body=body + f"<pre>{_linked(text_of(message))}</pre><ul>{files}</ul>")

    @app.get("/<int:number>/<int:part>")
    def attachment(number: int, part: int) -> Response:
        parts = list(_message(box, number).iter_attachments())
        if part >= len(parts):
            abort(404)
        content = parts[part].get_content()
        return Response(content, mimetype=parts[part].get_content_type())

    @app.get("/messages.json")
    def listing() -> Response:
        rows = [{"to": str(m["To"]), "subject": str(m["Subject"]), "text": text_of(m)} for m in box.messages]
        return Response(json.dumps(rows), mimetype="application/json")

    @app.get("/mailbox.css")
    def style() -> Response:
        return Response(STYLE, mimetype="text/css")

    return app


def _message(box: Box, number: int) -> EmailMessage:
    if number >= len(box.messages):
        abort(404)
    return box.messages[number]


def _linked(text: str) -> str:
    lines = html.escape(text).splitlines()
    return "\n".join(f'<a href="{line}">{line}</a>' if line.startswith(("http://", "https://")) else line for line in lines)


def main() -> None:
    """Serve until stopped."""
    parser = argparse.ArgumentParser(description="A mail sink with a page, on this machine only.")
    parser.add_argument("--smtp-port", type=int, default=1025)
    parser.add_argument("--port", type=int, default=8025)
    given = parser.parse_args()
    box = Box()
    Controller(box, hostname="127.0.0.1", port=given.smtp_port).start()
    make_server("127.0.0.1", given.port, pages(box), threaded=True).serve_forever()


if __name__ == "__main__":
    main()
