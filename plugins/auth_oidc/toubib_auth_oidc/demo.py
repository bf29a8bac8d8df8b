"""The plugin's share in a demonstration: the local identity provider, for every provider that the settings call a demonstration."""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from toubib.contracts.demo import Companion, DemoRole
from toubib.web.entry import absolute
from toubib_auth_oidc.double import DEFAULT_PORT
from toubib_auth_oidc.flow import redirect_uri
from toubib_auth_oidc.settings import Provider, Settings


class DemoHouses:
    """Starts one local provider that serves every demonstration house under a path of its own."""

    name = "auth_oidc"

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def companions(self, app_url: str, data: str) -> Sequence[Companion]:  # noqa: ARG002  it learns the pages' address from the settings
        """The provider; none when no provider is a demonstration."""
        houses = {key: provider for key, provider in self._settings.providers.items() if provider.demonstration}
        if not houses:
            return ()
        file = Path(data) / "auth_oidc-houses.json"
        file.write_text(json.dumps({key: self._house(key, provider) for key, provider in houses.items()}))
        file.chmod(0o600)
        port = next(urlsplit(provider.issuer).port for provider in houses.values()) or DEFAULT_PORT
        command = (sys.executable, "-m", "toubib_auth_oidc.double", "--port", str(port), "--houses", str(file))
        where = f"http://127.0.0.1:{port}"
        about = f"a demonstration identity provider with invented people: {where}"
        return (Companion("auth_oidc", command, where, about=about),)

    def _house(self, key: str, provider: Provider) -> Mapping[str, Any]:
        people = [p.model_dump(include={"subject", "name", "claims", "factors"}) for p in self._settings.people if p.provider == key]
        return {
            "title": provider.title,
            "client_id": provider.client_id,
            "client_secret": provider.client_secret.get_secret_value() if provider.client_secret else "",
            "redirect_uris": [redirect_uri(key)],
            "after_sign_out": [absolute("/")],
            "people": people,
        }

    def seed(self, roles: Sequence[DemoRole]) -> None:
        """Nothing to seed: accounts and roles come with the first sign-in."""
