"""Messages of the package: English keys of its own catalogue."""

from toubib.contracts.common import ContractError, Message, MessageParam

DOMAIN = "country_se"


def msg(key: str, **params: MessageParam) -> Message:
    """A sentence of the `country_se` catalogue with its parameters."""
    return Message(DOMAIN, key, params)


def refused(message: Message) -> ContractError:
    """A check that failed, with the sentence that names it."""
    return ContractError(message)
