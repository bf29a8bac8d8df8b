"""Limits on held times, each and all, so that nobody empties an agenda by holding all of it: for each browser, and for each address.

A family that books for three children stays below them, and so does a village behind one address of its mobile network.
"""

from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network

from sqlmodel import col, func, select

from toubib import runtime
from toubib.contracts.common import Message
from toubib.db import session
from toubib.db.tables.agenda import Appointment, Occupancy
from toubib.db.tables.journey import Encounter
from toubib.seams import clock
from toubib.services import limits
from toubib.services.limits import TooMany
from toubib.services.secrets import fingerprint

SUBSCRIBER = 64
"""Bits of an IPv6 address that name one subscriber; the rest is theirs to choose."""


def kept_until(begun_at: datetime | None = None) -> datetime:
    """Until when something is kept from now on that somebody began then (now, when not given) and has not finished."""
    rules, now = runtime.current().settings.rules, clock.now()
    return min(now + timedelta(minutes=rules.hold_minutes), last_moment(begun_at or now))


def last_moment(begun_at: datetime) -> datetime:
    """The moment beyond which nobody keeps what they began then without finishing it."""
    rules = runtime.current().settings.rules
    return begun_at + timedelta(minutes=max(rules.hold_minutes, rules.hold_at_most_minutes))


def count(draft_key: str, address: str) -> None:
    """Count one try to hold a time; raises `TooMany`. In the unit of work of the try, before it.

    `address` is the network address of the browser; it is kept as a fingerprint, for the hour.
    """
    rules = runtime.current().settings.rules
    kept = _kept(draft_key)
    if kept >= rules.live_holds:
        raise TooMany(
            Message(
                "toubib",
                "You are keeping %(count)s times already. Finish booking one of them, or wait: each is free again %(minutes)s minutes after you chose it.",
                {"count": kept, "minutes": rules.hold_minutes},
            )
        )
    limits.count("hold", fingerprint(draft_key), per_hour=rules.holds_per_hour)
    limits.count("hold_from", fingerprint(subscriber(address)), per_hour=rules.holds_per_address)


def _kept(draft_key: str) -> int:
    """How many times this browser keeps now and has not booked."""
    query = (
        select(func.count())
        .select_from(Occupancy)
        .join(Appointment, col(Appointment.occupancy_id) == Occupancy.id)
        .join(Encounter, col(Encounter.id) == Appointment.encounter_id)
        .where(Encounter.draft_hash == fingerprint(draft_key), Occupancy.state == "held", col(Occupancy.expires_at) > clock.now())
    )
    return session().exec(query).one()


def subscriber(address: str) -> str:
    """The part of a network address that names one subscriber: all of IPv4, the first half of IPv6; "" for anything else."""
    try:
        found = ip_address(address)
    except ValueError:
        return ""
    if isinstance(found, IPv6Address):
        return str(found.ipv4_mapped or ip_network((found, SUBSCRIBER), strict=False))
    return str(found)
