"""The one network client. It refuses hosts nobody declared, and any call while a unit of work is open.

HTTP is the standard library's, with time limits; mail goes through `smtp`. Everything outside is an effect:
decide and commit first, call afterwards, and repeat with the same key.
"""

import http.client
import smtplib
import ssl
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from urllib.parse import urlsplit

from toubib.contracts.plugin import OutsideHost
from toubib.db.work import require_outside

TIMEOUT_SECONDS = 10.0
MAX_BODY = 8_000_000


class HostNotDeclared(Exception):
    """A call to a host that no plugin declared: add it to `PluginInfo.hosts`, or correct the setting."""


class NetworkUnavailable(Exception):
    """The other side did not answer, or not in time. Nothing is known about what it did."""


class MailRefused(NetworkUnavailable):
    """The mail server answered, and took this one message not: the address is unknown, say. Others may go."""


@dataclass(frozen=True, slots=True)
class Response:
    """An HTTP answer, whatever its status."""

    status: int
    headers: Mapping[str, str]
    body: bytes


_declared: dict[str, OutsideHost] = {}


def declare(hosts: Iterable[OutsideHost]) -> None:
    """Replace the hosts that may be called. Called once at start, from the plugins' declarations and settings."""
    _declared.clear()
    _declared.update({h.host: h for h in hosts})


def declared() -> Mapping[str, OutsideHost]:
    """Every host that may be called, by name."""
    return dict(_declared)


def _check(host: str | None) -> str:
    require_outside("network")
    if host is None or host not in _declared:
        raise HostNotDeclared(f"{host!r} is no declared host")
    return host


def http_request(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
    timeout: float = TIMEOUT_SECONDS,
) -> Response:
    """Send one request and return the answer. Redirects are not followed.

    Raises `HostNotDeclared`, `NetworkUnavailable`, and `UnitOfWorkOpen` inside a unit of work.
    """
    parts = urlsplit(url)
    host = _check(parts.hostname)
    if parts.scheme == "https":
        connection: http.client.HTTPConnection = http.client.HTTPSConnection(
            host, parts.port, timeout=timeout, context=ssl.create_default_context()
        )
    else:
        connection = http.client.HTTPConnection(host, parts.port, timeout=timeout)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request(method, target, body=body, headers=dict(headers or {}))
        answer = connection.getresponse()
        return Response(answer.status, dict(answer.getheaders()), answer.read(MAX_BODY))
    except (OSError, http.client.HTTPException) as error:
        raise NetworkUnavailable(f"{method} to {host}: {type(error).__name__}") from None
    finally:
        connection.close()


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """Where mail is handed over."""

    host: str
    port: int
    tls: bool = False
    user: str = ""
    password: str = ""


def smtp(server: SmtpServer, message: EmailMessage, sender: str, recipient: str) -> None:
    """Hand one message over to a mail server. Raises `NetworkUnavailable` unless the server took it, `MailRefused` if it said no."""
    _check(server.host)
    try:
        with smtplib.SMTP(server.host, server.port, timeout=TIMEOUT_SECONDS) as client:
            if server.tls:
                client.starttls(context=ssl.create_default_context())
            if server.user:
                client.login(server.user, server.password)
            client.send_message(message, from_addr=sender, to_addrs=[recipient])
    except (smtplib.SMTPRecipientsRefused, smtplib.SMTPSenderRefused, smtplib.SMTPDataError) as error:
        raise MailRefused(f"mail to {server.host}: {type(error).__name__}") from None
    except (OSError, smtplib.SMTPException) as error:
        # the library's error quotes the recipient, which belongs in no log
        raise NetworkUnavailable(f"mail to {server.host}: {type(error).__name__}") from None
