"""Compiled addresses kept for all applications of a process: Werkzeug makes two functions for each route of each application, from a syntax tree."""

from collections.abc import Callable

from flask import Flask
from werkzeug.routing import Rule

_kept: dict[tuple[str, bool], Callable[..., tuple[str, str]]] = {}


class KeptRule(Rule):
    """A route whose functions come from an equal one, if there was any: they depend on what is in the key alone."""

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:  # noqa: FBT001, FBT002  Werkzeug calls it so
        key = (repr((self.rule, self._trace, self.defaults)), append_unknown)
        if key not in _kept:
            _kept[key] = super()._compile_builder(append_unknown)
        return _kept[key]


def share_rules() -> None:
    """Let the applications that are made from now on in this process take what others of it compiled."""
    Flask.url_rule_class = KeptRule
