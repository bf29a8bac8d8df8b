"""What the plugin says, as messages of its own domain; they are translated where they are shown."""

from toubib.contracts.common import Message, MessageParam
from toubib.web import text

DOMAIN = "sponsor"
CODE = f"{DOMAIN}.code"
"""The fact type of a member's code."""


def say(key: str, **params: MessageParam) -> Message:
    """A sentence of this plugin. Catalogues are extracted from the calls of this function."""
    return Message(DOMAIN, key, params)


def words(message: Message) -> str:
    """A message in the reader's language."""
    return text(message.key, message.domain, **message.params)


KINDS = {
    "video": say("Remote consultation"),
    "phone": say("Remote consultation"),
    "in_person": say("Consultation"),
    "chat": say("Written consultation"),
    "message": say("Written consultation"),
}
"""Kinds of consultations in words that tell nothing of their subject."""
REASONS = {
    "kind": say("%(name)s does not pay for this kind of consultation."),
    "limit": say("The limit of %(name)s for this year is used up: this consultation is yours to pay."),
    "period": say("%(name)s pays for consultations of another period."),
    "refused": say("%(name)s does not pay for this code."),
    "currency": say("%(name)s does not pay in this currency."),
    "others": say("Another payer takes part, and %(name)s does not pay besides it."),
}
"""Why a sponsor that is known does not pay; `name` is the sponsor's."""
