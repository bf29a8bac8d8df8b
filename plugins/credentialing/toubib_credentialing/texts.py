"""What the plugin says, as messages of its own domain; they are translated where they are shown."""

from toubib.contracts.common import ContractError, Message, MessageParam
from toubib.web import text

DOMAIN = "credentialing"


def say(key: str, **params: MessageParam) -> Message:
    """A sentence of this plugin. Catalogues are extracted from the calls of this function."""
    return Message(DOMAIN, key, params)


def words(message: Message) -> str:
    """A message in the reader's language."""
    return text(message.key, message.domain, **message.params)


def refused(message: Message) -> ContractError:
    """A no that a person can act on."""
    return ContractError(message)


KINDS = {"diploma": say("Diploma"), "insurance": say("Liability insurance")}
STATES = {
    "submitted": say("Waiting for a decision"),
    "accepted": say("Accepted"),
    "refused": say("Refused"),
    "withdrawn": say("Withdrawn"),
    "suspended": say("Suspended"),
    "expired": say("Expired"),
}
TONES = {"submitted": "attention", "accepted": "done", "refused": "stop", "withdrawn": "plain", "suspended": "stop", "expired": "stop"}
QUESTIONS = {
    "application": say("May this person practise here?"),
    "renewal": say("Does this newer document replace the one before?"),
    "reinstatement": say("May this person practise here again?"),
}
