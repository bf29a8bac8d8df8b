"""Messages of the package: English keys of its own catalogue."""

from toubib.contracts.common import Message, MessageParam

DOMAIN = "claims_uk"


def msg(key: str, **params: MessageParam) -> Message:
    """A sentence of the `claims_uk` catalogue with its parameters."""
    return Message(DOMAIN, key, params)
