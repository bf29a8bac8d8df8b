"""The plugin's one table: the installation's seals."""

from datetime import datetime
from typing import ClassVar

from sqlmodel import Field

from toubib.db import Table, instant, sealed


class SealRow(Table, table=True):
    """A sealing key, encrypted under the key ring (so `toubib keys rotate` finds it), with its certificates in PEM.

    The highest number seals; the others stay, so that what they sealed can still be checked.
    """

    __tablename__ = "eprescription_email_seal"
    global_because: ClassVar[str] = "the seal belongs to the installation and names no person"
    number: int = Field(unique=True)
    key: bytes | None = sealed()
    certificate: str
    authority: str
    created_at: datetime = instant(default_now=True)
