"""What a view declares: the permission that it needs, or the reason why it is open to all."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from flask.typing import ResponseReturnValue

View = TypeVar("View", bound=Callable[..., ResponseReturnValue])


@dataclass(frozen=True, slots=True)
class Need:
    """What a view needs: a permission on the object that a URL part names, or a reason to be open to all."""

    permission: str = ""
    about: str = ""
    public: str = ""
    csrf: bool = True


def needs(permission: str, about: str = "") -> Callable[[View], View]:
    """Only actors with `permission`; on the object whose id the URL part `about` holds, or on the site."""
    return _marked(Need(permission, about))


def public(reason: str) -> Callable[[View], View]:
    """Open to everybody, for a reason. The endpoint must stand on the reviewed list too."""
    return _marked(Need(public=reason))


def webhook(reason: str) -> Callable[[View], View]:
    """Open to machines that prove themselves in the message: public, without the form token."""
    return _marked(Need(public=reason, csrf=False))


def _marked(need: Need) -> Callable[[View], View]:
    def mark(view: View) -> View:
        view.toubib_need = need  # type: ignore[attr-defined]
        return view

    return mark


def need_of(view: object) -> Need | None:
    """What a view declared, if it did."""
    return getattr(view, "toubib_need", None)
