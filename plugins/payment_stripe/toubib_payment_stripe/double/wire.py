"""The wire format of Stripe's version 1 interface: nested form fields in, JSON and its errors out."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

PIECE = re.compile(r"\[([^\[\]]*)\]")


class ApiError(Exception):
    """An answer that is an error; `fields` go into the `error` object beside type and message."""

    def __init__(self, status: int, kind: str, message: str, **fields: Any) -> None:
        super().__init__(message)
        self.status = status
        self.fields = {"type": kind, "message": message} | fields

    def body(self) -> dict[str, Any]:
        """The JSON that the SDK turns into an exception."""
        return {"error": self.fields}


def invalid(message: str, param: str | None = None, code: str | None = None) -> ApiError:
    """A 400 about one parameter or one state."""
    fields = {name: value for name, value in (("param", param), ("code", code)) if value is not None}
    return ApiError(400, "invalid_request_error", message, **fields)


def missing(kind: str, ref: str) -> ApiError:
    """A 404: no such object in this account."""
    return ApiError(404, "invalid_request_error", f"No such {kind}: '{ref}'", code="resource_missing", param="id")


def unfold(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """`a[b][0]=c` as nested dictionaries and lists; raises `ApiError` when two fields contradict each other."""
    root: dict[str, Any] = {}
    for name, value in pairs:
        head, *rest = name.split("[", 1)
        keys = [head, *PIECE.findall("[" + rest[0])] if rest else [head]
        _put(root, keys, value, name)
    return {key: _lists(value) for key, value in root.items()}


def _put(root: dict[str, Any], keys: list[str], value: str, name: str) -> None:
    here = root
    for key in keys[:-1]:
        inner = here.setdefault(key or str(len(here)), {})
        if not isinstance(inner, dict):
            raise invalid(f"Invalid parameter: {name}", name)
        here = inner
    last = keys[-1] or str(len(here))
    if last in here:
        raise invalid(f"Parameter given twice: {name}", name)
    here[last] = value


def _lists(value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    inner = {key: _lists(part) for key, part in value.items()}
    if inner and all(key.isdigit() for key in inner):
        return [inner[key] for key in sorted(inner, key=int)]
    return inner
