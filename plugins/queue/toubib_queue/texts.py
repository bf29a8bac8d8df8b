"""What the plugin says, as messages of its own domain; they are translated where they are shown."""

from toubib.contracts.common import Message, MessageParam

DOMAIN = "queue"


def say(key: str, **params: MessageParam) -> Message:
    """A sentence of this plugin. Catalogues are extracted from the calls of this function."""
    return Message(DOMAIN, key, params)
