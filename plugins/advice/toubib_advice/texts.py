"""What the plugin says, as messages of its own domain; they are translated where they are shown."""

from toubib.contracts.common import Message, MessageParam
from toubib.web import text

DOMAIN = "advice"


def say(key: str, **params: MessageParam) -> Message:
    """A sentence of this plugin. Catalogues are extracted from the calls of this function."""
    return Message(DOMAIN, key, params)


def words(message: Message) -> str:
    """A message in the reader's language."""
    return text(message.key, message.domain, **message.params)
