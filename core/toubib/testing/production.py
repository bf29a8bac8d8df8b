"""A production for tests: settings that pass every check of the core's own, so that what a plugin refuses is seen alone."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from toubib.runtime import Toubib
from toubib.settings import SettingsError

SAFE: Mapping[str, Mapping[str, Any]] = {
    "web": {"production": True, "public_url": "https://care.example", "files_url": "https://files.example", "secret": "s" * 40},
    "mail": {"tls": True, "sender": "care@care.example"},
}


def refusal(installation: Callable[..., Toubib], plugin: str, settings: Mapping[str, Any]) -> list[str]:
    """Start a production with one plugin and these settings of it; the sentences with which the start refuses them.

    The clock and the randomness must be the machine's own: do not ask for the fixture `now` beside it.
    """
    with pytest.raises(SettingsError, match="unsafe for production") as refused:
        installation(plugin, migrated=False, settings={plugin: dict(settings)}, **SAFE)
    return [line.strip() for line in str(refused.value).splitlines()[1:]]
