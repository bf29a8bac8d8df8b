"""The one source of randomness: ids, tokens and codes. Seedable in tests, the system's in production."""

import base64
import random  # noqa: TID251  this is the seam
import secrets
from typing import Protocol


class Source(Protocol):
    """Gives random bytes."""

    def bytes(self, n: int) -> bytes:
        """`n` random bytes."""
        ...


class SystemSource:
    """The operating system's generator."""

    def bytes(self, n: int) -> bytes:
        """`n` unpredictable bytes."""
        return secrets.token_bytes(n)


class SeededSource:
    """A repeatable source for tests. Never in production: the start refuses it there."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311  a repeatable source is the point

    def bytes(self, n: int) -> bytes:
        """`n` repeatable bytes."""
        return self._random.randbytes(n)


_source: Source = SystemSource()


def use(source: Source) -> Source:
    """Replace the source of the process and return the one before."""
    global _source
    before, _source = _source, source
    return before


def is_real() -> bool:
    """Whether the process draws from the system's generator."""
    return isinstance(_source, SystemSource)


def random_bytes(n: int) -> bytes:
    """`n` random bytes."""
    return _source.bytes(n)


def new_id() -> str:
    """A fresh opaque id: 128 random bits as 32 hex digits."""
    return _source.bytes(16).hex()


def token() -> str:
    """A secret for a link or a session: 256 random bits, URL-safe."""
    return base64.urlsafe_b64encode(_source.bytes(32)).decode().rstrip("=")


def digits(n: int) -> str:
    """A code of `n` decimal digits, uniformly distributed."""
    return str(int.from_bytes(_source.bytes(n + 8), "big") % 10**n).zfill(n)
