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


@dataclass(frozen=True, slots=True)
class NoticeTemplate:
    """A message that a plugin sends: `PLUGIN.name`; subject and paragraphs as English msgids of its catalogue with `%(name)s` parameters.

    `link_label` names what the link opens. Neutral words only: whoever reads over a shoulder learns nothing of anybody's health.
    """

    name: str
    subject: str
    paragraphs: tuple[str, ...]
    link_label: str = ""


class ChannelUnavailable(Exception):
    """The channel did not take the message: try again later."""


class Channel(Protocol):
    """A way to reach somebody: mail is the core's own; SMS or push come as plugins."""

    name: str
    title: Message

    def send(self, notification: Notification) -> None:
        """Hand over. Outside any unit of work; raises `ChannelUnavailable`; the same id is sent once if possible."""
        ...
