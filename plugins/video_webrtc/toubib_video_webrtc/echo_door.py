"""The way to the echo peer, whoever runs it."""

from collections.abc import Mapping
from typing import Any

from toubib.db import is_open
from toubib_video_webrtc.own_echo import Address, EchoUnavailable, OwnEcho, answer, healthy
from toubib_video_webrtc.settings import Settings


class EchoDoor:
    """Asks the operator's echo peer when one is set, else a child of this process."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._own = OwnEcho()

    def warm(self) -> None:
        """A test page opens: have the peer ready when its button is pressed."""
        if self._settings.echo and not self._settings.echo_url:
            self._own.warm()

    def answer(self, offer: Mapping[str, Any]) -> dict[str, str]:
        """The peer's answer. Outside a unit of work. Raises `EchoUnavailable`."""
        if not self._settings.echo:
            raise EchoUnavailable("the echo test is switched off")
        return answer(self._address(), offer)

    def healthy(self) -> bool:
        """Whether an operator's peer answers; one of our own is started on demand and is always well."""
        if not self._settings.echo_url or is_open():
            return True
        return healthy(self._address())

    def stop(self) -> None:
        """End a peer of our own."""
        self._own.stop()

    def _address(self) -> Address:
        settings = self._settings
        if settings.echo_url and settings.echo_secret is not None:
            return Address(settings.echo_url.rstrip("/"), settings.echo_secret.get_secret_value())
        return self._own.address()
