"""Notification: reaching a person outside the pages. Neutral words only, never health data."""

from dataclasses import dataclass
from typing import Protocol

from toubib.contracts.common import Message


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file beside a notification; an invitation (.ics), never a medical document."""

    filename: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Notification:
    """One message to one address, already in the reader's language."""

    id: str
    address: str
    subject: str
    text: str
    html: str = ""
    attachments: tuple[Attachment, ...] = ()


class ChannelUnavailable(Exception):
    """The channel did not take the message: try again later."""


class Channel(Protocol):
    """A way to reach somebody: mail is the core's own; SMS or push come as plugins."""

    name: str
    title: Message

    def send(self, notification: Notification) -> None:
        """Hand over. Outside any unit of work; raises `ChannelUnavailable`; the same id is sent once if possible."""
        ...
