"""Settings of the plugin, `[settings.video_webrtc]` in the deployment's TOML."""

from datetime import timedelta
from typing import Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, model_validator

from toubib.contracts.plugin import OutsideHost, PluginSettings


class Settings(PluginSettings):
    """Everything has a default that works on one machine without any other server."""

    stun_urls: tuple[str, ...] = Field(default=(), description="STUN servers, as `stun:host:port`. None by default: no third party learns of a call.")
    turn_urls: tuple[str, ...] = Field(default=(), description="TURN servers, as `turns:host:443?transport=tcp`.")
    turn_secret: SecretStr | None = Field(default=None, description="The secret shared with the TURN server (coturn: `static-auth-secret`).")
    turn_minutes: int = Field(default=70, ge=5, le=720, description="How long a TURN credential works: the longest visit and ten minutes.")
    relay_only: bool = Field(default=False, description="Send all media through TURN, so that neither side learns the other's address.")
    echo: bool = Field(default=True, description="Offer the network test against the echo peer.")
    echo_url: str = Field(
        default="", description="Where the echo peer listens, as `http://127.0.0.1:8790`. Empty: the web process starts one itself when it is needed."
    )
    echo_secret: SecretStr | None = Field(default=None, description="The secret shared with an echo peer started elsewhere.")
    picture_height: int = Field(default=720, ge=180, le=1080, description="Height of the picture asked of a camera, in pixels.")
    token_minutes: int = Field(default=10, ge=1, le=120, description="How long an unused room token stays valid.")

    @property
    def token_lifetime(self) -> timedelta:
        """How long an unused room token stays valid."""
        return timedelta(minutes=self.token_minutes)

    @property
    def hosts(self) -> tuple[OutsideHost, ...]:
        """The hosts that the server itself calls: only the echo peer. Browsers reach TURN, the server does not."""
        host = urlsplit(self.echo_url).hostname if self.echo_url else "127.0.0.1"
        return (OutsideHost(str(host), "the echo peer of the test before a call", reached=True),) if self.echo else ()

    @model_validator(mode="after")
    def _turn_is_whole(self) -> Self:
        if bool(self.turn_urls) != (self.turn_secret is not None):
            raise ValueError("turn_urls and turn_secret belong together: set both or none")
        if self.relay_only and not self.turn_urls:
            raise ValueError("relay_only needs turn_urls")
        if bool(self.echo_url) != (self.echo_secret is not None):
            raise ValueError("echo_url and echo_secret belong together: set both or none")
        return self
