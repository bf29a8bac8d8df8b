"""What the document legally is and is not: the one sentence that page, PDF and mail share."""

from toubib.contracts.common import Message

STATUS = Message(
    "eprescription_email",
    "This file bears the electronic seal of the installation that issued it (PAdES, level B-B), on the decision of the prescriber named in it. "
    "It is not a qualified electronic signature, and it is not a prescription of the national e-prescription service.",
)
"""Printed on every document, and given to the core as the status of the document."""
