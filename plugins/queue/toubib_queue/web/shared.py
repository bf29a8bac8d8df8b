"""What all pages of the plugin share: the blueprint, words, and whom to call where."""

from collections.abc import Iterable, Mapping
from typing import Any

from flask import Blueprint, url_for

from toubib import i18n, runtime
from toubib.contracts.common import Message
from toubib.contracts.country import EmergencyNumber
from toubib.services import countries
from toubib.web import text
from toubib_queue.texts import say

blueprint = Blueprint("queue", __name__, static_folder="../static")


def words(message: Message) -> str:
    """A message in the reader's language."""
    return text(message.key, message.domain, **message.params)


def safely(message: Message) -> dict[str, str]:
    """A text on which somebody's safety hangs: with the original beside it unless a person reviewed the translation."""
    shown = runtime.current().catalogues.safety(message)
    return {"text": shown.text, "language": shown.language, "original": shown.original}


def numbers(country: str) -> dict[str, list[dict[str, str]]]:
    """Whom to call in a country: `emergency` first, then `on_call`. Empty where nothing is known, never those of another country."""
    return {"emergency": _dialled(countries.emergency_numbers(country)), "on_call": _dialled(countries.on_call_numbers(country))}


def _dialled(found: Iterable[EmergencyNumber]) -> list[dict[str, str]]:
    return [{"number": n.number, "label": words(n.label), "href": f"tel:{n.number.replace(' ', '')}"} for n in found]


def country_name(code: str) -> str:
    """A country in the reader's language."""
    return countries.name(code, i18n.locale())


def other_ways() -> list[Mapping[str, Any]]:
    """The other front doors that the deployment opens to everybody, such as booking a time."""
    toubib = runtime.current()
    entries = [toubib.registry.entries[name] for name in toubib.settings.site.entries]
    open_to_all = [e for e in entries if e.audience == "everybody" and not e.endpoint.startswith("queue.")]
    return [{"label": words(e.title), "href": url_for(e.endpoint), "kind": "secondary"} for e in open_to_all]


def about(minutes: int) -> str:
    """A wait in words."""
    return words(say("about %(minutes)s min to wait", minutes=minutes)) if minutes else words(say("somebody is free now"))
