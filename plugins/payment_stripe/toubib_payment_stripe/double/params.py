"""The parameters an operation allows, read from the `params/*.py` files of the installed Stripe SDK.

The double can therefore neither invent nor forget a parameter: what the SDK does not know is refused as Stripe refuses it.
The files are parsed, not imported: they hold hundreds of classes, of which a request needs one or two.
"""

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from toubib_payment_stripe.double.wire import ApiError, invalid

OPTIONS_OF_THE_CALL = frozenset(
    {"api_key", "stripe_version", "stripe_account", "stripe_context", "max_network_retries", "idempotency_key", "content_type", "headers"}
)
INTEGER = re.compile(r"-?[0-9]{1,15}")


@dataclass(frozen=True, slots=True)
class Kind:
    """What one parameter may be; several at once when the SDK's annotation is a union."""

    names: frozenset[str]
    choices: tuple[str, ...] = ()
    items: "Kind | None" = None
    table: "str | None" = None

    @property
    def closed(self) -> bool:
        """Whether only the listed words are valid; the SDK adds `str` to each enumeration so that old code survives new words."""
        return any(self.choices)


@dataclass(frozen=True, slots=True)
class Field:
    """One parameter of one operation."""

    kind: Kind
    required: bool


@dataclass(frozen=True, slots=True)
class Shape:
    """The parameters of one operation: the module that declares them and the class to begin with."""

    module: str
    table: str

    def check(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """The request's strings as typed values; raises `ApiError` where Stripe would answer 400."""
        return _table(self.module, self.table, given, "")


def shape(module: str, table: str) -> Shape:
    """The shape declared by class `table` of `stripe/params/MODULE.py`; raises `LookupError` if the SDK has none."""
    if table not in _classes(module):
        raise LookupError(f"stripe.params.{module} declares no {table}")
    return Shape(module, table)


def paths(values: Mapping[str, Any], before: str = "") -> Iterator[str]:
    """The dotted names of everything given, without list indices: `line_items.price_data.currency`."""
    for name, value in values.items():
        here = f"{before}{name}"
        yield here
        for inner in value if isinstance(value, list) else [value]:
            if isinstance(inner, Mapping):
                yield from paths(inner, f"{here}.")


def _table(module: str, table: str, given: Mapping[str, Any], path: str) -> dict[str, Any]:
    fields = _fields(module, table)
    for name in given:
        if name not in fields:
            raise ApiError(400, "invalid_request_error", f"Received unknown parameter: {_name(path, name)}", code="parameter_unknown", param=_name(path, name))
    for name, field in fields.items():
        if field.required and name not in given:
            raise ApiError(400, "invalid_request_error", f"Missing required param: {_name(path, name)}.", code="parameter_missing", param=_name(path, name))
    return {name: _value(module, fields[name].kind, value, _name(path, name)) for name, value in given.items()}


def _value(module: str, kind: Kind, value: Any, path: str) -> Any:
    if isinstance(value, str):
        return _scalar(kind, value, path)
    if isinstance(value, list):
        if kind.items is None:
            raise invalid(f"Invalid array for {path}", path)
        return [_value(module, kind.items, item, f"{path}[{index}]") for index, item in enumerate(value)]
    if kind.table is not None:
        return _table(module, kind.table, value, path)
    if "map" in kind.names:
        return _metadata(value, path)
    raise invalid(f"Invalid object for {path}", path)


def _scalar(kind: Kind, value: str, path: str) -> Any:
    if value in kind.choices:
        return value
    if "bool" in kind.names and value in {"true", "false"}:
        return value == "true"
    if "int" in kind.names and INTEGER.fullmatch(value):
        return int(value)
    if kind.closed:
        raise invalid(f"Invalid {path}: must be one of {', '.join(filter(None, kind.choices))}", path)
    if "text" in kind.names:
        return value
    word = {"int": "integer", "bool": "boolean"}.get(min(kind.names & {"int", "bool"}, default=""), "object")
    raise ApiError(400, "invalid_request_error", f"Invalid {word}: {value}", code=f"parameter_invalid_{word}", param=path)


def _metadata(value: Mapping[str, Any], path: str) -> dict[str, str]:
    if len(value) > 50:
        raise invalid("Metadata can hold at most 50 keys", path)
    for key, text in value.items():
        if not isinstance(text, str) or len(key) > 40 or len(text) > 500:
            raise invalid(f"Metadata keys hold at most 40 characters and values at most 500: {key}", f"{path}[{key}]")
    return dict(value)


def _name(path: str, name: str) -> str:
    return f"{path}[{name}]" if path else name


@cache
def _classes(module: str) -> Mapping[str, ast.ClassDef]:
    spec = find_spec("stripe")
    if spec is None or spec.origin is None:
        raise LookupError("the stripe package is not installed")
    source = Path(spec.origin).parent.joinpath("params", f"{module}.py").read_text(encoding="utf-8")
    return {node.name: node for node in ast.parse(source).body if isinstance(node, ast.ClassDef)}


@cache
def _fields(module: str, table: str) -> Mapping[str, Field]:
    body = _classes(module)[table].body
    found = {node.target.id: _field(module, node.annotation) for node in body if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)}
    return {name: field for name, field in found.items() if name not in OPTIONS_OF_THE_CALL}


def _field(module: str, annotation: ast.expr) -> Field:
    if isinstance(annotation, ast.Subscript) and ast.unparse(annotation.value) == "NotRequired":
        return Field(_kind(module, annotation.slice), required=False)
    return Field(_kind(module, annotation), required=True)


def _kind(module: str, node: ast.expr) -> Kind:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return _kind(module, ast.parse(node.value, mode="eval").body)
    if isinstance(node, ast.BinOp):
        return _union(_kind(module, node.left), _kind(module, node.right))
    if isinstance(node, ast.Name):
        return _named(module, node.id)
    if isinstance(node, ast.Subscript):
        return _generic(module, ast.unparse(node.value), node.slice)
    raise LookupError(f"stripe.params.{module}: {ast.unparse(node)} is not understood")


def _named(module: str, name: str) -> Kind:
    plain = {"int": "int", "bool": "bool", "str": "text", "float": "text", "Decimal": "text", "Any": "text"}
    if name in plain:
        return Kind(frozenset({plain[name]}))
    if name in _classes(module):
        return Kind(frozenset({"table"}), table=name)
    raise LookupError(f"stripe.params.{module}: {name} is not understood")


def _generic(module: str, name: str, inner: ast.expr) -> Kind:
    parts = inner.elts if isinstance(inner, ast.Tuple) else [inner]
    if name == "Literal":
        return Kind(frozenset({"choice"}), choices=tuple(str(ast.literal_eval(part)) for part in parts))
    if name == "List":
        return Kind(frozenset({"list"}), items=_kind(module, inner))
    if name in {"Dict", "UntypedStripeObject"}:
        return Kind(frozenset({"map"}))
    if name in {"Union", "Optional"}:
        kind = _kind(module, parts[0])
        for part in parts[1:]:
            kind = _union(kind, _kind(module, part))
        return kind
    raise LookupError(f"stripe.params.{module}: {name} is not understood")


def _union(one: Kind, other: Kind) -> Kind:
    return Kind(one.names | other.names, one.choices + other.choices, one.items or other.items, one.table or other.table)
