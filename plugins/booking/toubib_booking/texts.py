"""What the plugin says, as messages of its own domain; they are translated where they are shown."""

from toubib.contracts.common import Message, MessageParam
from toubib_booking.engine.rules import Rule

DOMAIN = "booking"


def say(key: str, **params: MessageParam) -> Message:
    """A sentence of this plugin. Catalogues are extracted from the calls of this function."""
    return Message(DOMAIN, key, params)


REFUSALS = {
    Rule.PAST: say("This time has passed. Please choose a later one."),
    Rule.OFF_GRID: say("Visits do not begin at this time. Please choose one of the times shown."),
    Rule.TOO_SOON: say("This time is too soon: the practice needs more notice. Please choose a later one."),
    Rule.TOO_FAR: say("This time is too far ahead: bookings are not open yet. Please choose an earlier one."),
    Rule.ABSENT: say("The practitioner is away at this time. Please choose another one."),
    Rule.BREAK: say("The visit would run into a break. Please choose another time."),
    Rule.CLOSED: say("The practice does not receive at this time. Please choose another one."),
    Rule.TAKEN: say("This time has just been taken. Nothing was charged. Please choose another one."),
}
NO_SERVICE = say("This visit reason is no longer offered. Please choose another one.")
