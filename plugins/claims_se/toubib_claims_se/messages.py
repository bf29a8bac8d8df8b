"""Messages of the package: English keys of its own catalogue."""

from toubib.contracts.common import Message, MessageParam

DOMAIN = "claims_se"


def msg(key: str, **params: MessageParam) -> Message:
    """A sentence of the `claims_se` catalogue with its parameters."""
    return Message(DOMAIN, key, params)
