"""Just enough HTTP for two requests on 127.0.0.1: `POST /offer` and `GET /health`.

A shared secret keeps other users of the machine out. Requests are short, so everything is bounded:
one request a connection, few bytes, little time.
"""

import asyncio
import contextlib
import hmac
import json
from dataclasses import dataclass
from typing import Any

from toubib_video_webrtc.echo.peer import BadOffer, Busy, Echo

MAX_HEAD, MAX_BODY, PATIENCE = 8 * 1024, 64 * 1024, 10.0
REASONS = {200: "OK", 400: "Bad Request", 403: "Forbidden", 404: "Not Found", 413: "Content Too Large", 503: "Service Unavailable"}


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request: method, path, secret as sent, body."""

    method: str
    path: str
    secret: str
    body: bytes


class BadRequest(Exception):
    """Not a request that this server reads; `status` says why."""

    def __init__(self, status: int) -> None:
        super().__init__(str(status))
        self.status = status


class Server:
    """Serves an `Echo` to whoever knows the secret."""

    def __init__(self, echo: Echo, secret: str) -> None:
        self._echo, self._secret = echo, secret
        self.last_request = 0.0

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, one request, one answer."""
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            status, body = await self._respond(reader)
            writer.write(_response(status, body))
            await writer.drain()
        writer.close()

    async def _respond(self, reader: asyncio.StreamReader) -> tuple[int, dict[str, Any]]:
        try:
            request = await asyncio.wait_for(_read(reader), PATIENCE)
        except BadRequest as error:
            return error.status, {"error": "request"}
        except (TimeoutError, ValueError, asyncio.LimitOverrunError):
            return 400, {"error": "request"}
        if not hmac.compare_digest(request.secret.encode(), self._secret.encode()):
            return 403, {"error": "secret"}
        self.last_request = asyncio.get_running_loop().time()
        return await self._route(request)

    async def _route(self, request: Request) -> tuple[int, dict[str, Any]]:
        if (request.method, request.path) == ("GET", "/health"):
            return 200, {"sessions": self._echo.sessions, "places": self._echo.places}
        if (request.method, request.path) != ("POST", "/offer"):
            return 404, {"error": "path"}
        try:
            offer = json.loads(request.body)
            return 200, dict(await self._echo.answer(offer))
        except Busy:
            return 503, {"error": "busy"}
        except (BadOffer, ValueError):
            return 400, {"error": "offer"}


async def _read(reader: asyncio.StreamReader) -> Request:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    if len(head) > MAX_HEAD:
        raise BadRequest(413)
    first, *lines = head.split("\r\n")
    words = first.split(" ")
    if len(words) != 3:
        raise BadRequest(400)
    headers = {k.strip().lower(): v.strip() for k, _, v in (line.partition(":") for line in lines if line)}
    length = int(headers.get("content-length", "0"))
    if not 0 <= length <= MAX_BODY:
        raise BadRequest(413)
    return Request(words[0], words[1], headers.get("x-echo-secret", ""), await reader.readexactly(length))


def _response(status: int, body: dict[str, Any]) -> bytes:
    content = json.dumps(body).encode()
    head = f"HTTP/1.1 {status} {REASONS[status]}\r\nContent-Type: application/json\r\nContent-Length: {len(content)}\r\nConnection: close\r\n\r\n"
    return head.encode() + content
