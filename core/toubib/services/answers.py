"""Answers to questions with a choice, for the fact types of packs."""

from collections.abc import Callable, Iterable

from toubib.contracts.common import ContractError, Message
from toubib.i18n import CORE


def one_of(choices: Iterable[tuple[str, Message]]) -> Callable[[str], str]:
    """The normaliser of a `FactType` with these choices: the value as it is; `ContractError` for anything else."""
    allowed = frozenset(value for value, _ in choices)

    def normalise(text: str) -> str:
        if text not in allowed:
            raise ContractError(Message(CORE, "Choose one of the answers."))
        return text

    return normalise
