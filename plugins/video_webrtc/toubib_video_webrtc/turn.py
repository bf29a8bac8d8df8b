"""Short-lived credentials for a TURN server, made the way coturn's `use-auth-secret` checks them.

The user name is the instant of expiry and the member; the password is its HMAC-SHA1 under the shared
secret (draft-uberti-behave-turn-rest-00). Nothing is stored, and the secret never leaves the server.
"""

import base64
import hashlib
import hmac
from datetime import timedelta
from typing import Any

from toubib.seams import clock
from toubib_video_webrtc.settings import Settings


def ice_servers(settings: Settings, member_id: str) -> list[dict[str, Any]]:
    """The `iceServers` of one member; empty when neither STUN nor TURN is configured."""
    servers: list[dict[str, Any]] = [{"urls": list(settings.stun_urls)}] if settings.stun_urls else []
    if settings.turn_urls and settings.turn_secret is not None:
        lifetime = timedelta(minutes=settings.turn_minutes)
        username, password = credentials(settings.turn_secret.get_secret_value(), member_id, lifetime)
        servers.append({"urls": list(settings.turn_urls), "username": username, "credential": password})
    return servers


def credentials(secret: str, member_id: str, lifetime: timedelta) -> tuple[str, str]:
    """User name and password that the TURN server accepts until `lifetime` from now."""
    username = f"{int((clock.now() + lifetime).timestamp())}:{member_id}"
    digest = hmac.new(secret.encode(), username.encode(), hashlib.sha1).digest()
    return username, base64.b64encode(digest).decode()
