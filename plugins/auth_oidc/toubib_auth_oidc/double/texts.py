"""The words of the demonstration pages: the plugin's catalogue, read without the application, since this is a process of its own."""

from functools import cache
from pathlib import Path

from babel.messages.pofile import read_po

LANGUAGES = ("fr", "en")
CATALOGUES = Path(__file__).parent.parent / "translations"


def _(msgid: str) -> str:
    """Mark a text for extraction; it is translated when the page is shown."""
    return msgid


def translate(language: str, msgid: str, **params: object) -> str:
    """The text in `language`, or the English key itself; `%(name)s` filled from `params`."""
    text = _catalogue(language).get(msgid, msgid)
    return text % params if params else text


@cache
def _catalogue(language: str) -> dict[str, str]:
    path = CATALOGUES / language / "LC_MESSAGES" / "auth_oidc.po"
    if not path.exists():
        return {}
    with path.open("rb") as file:
        return {str(entry.id): str(entry.string) for entry in read_po(file) if entry.id and entry.string}
