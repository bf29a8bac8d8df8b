"""Health text and personal traits at rest: AES-256-GCM under a ring of keys that lives outside the database.

A ciphertext is bound to table, column and row (additional data), so that a copy in another row does not open.
Header: one version byte, the key's id (4 bytes), the nonce (12 bytes).
"""

import base64
import hashlib
import hmac
import json
import os
import threading
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from toubib.db.types import Table
from toubib.seams import randomness

VERSION = b"\x01"


class VaultError(Exception):
    """A text cannot be opened: unknown key, another row's ciphertext, or changed bytes."""


@dataclass(frozen=True, slots=True)
class Ring:
    """All keys by id, which one seals now, and the key of blind indexes."""

    keys: dict[str, bytes]
    active: str
    index_key: bytes


class KeyRing:
    """The ring file, read again whenever another process has changed it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._stamp: tuple[int, int, int] | None = None
        self._ring: Ring | None = None

    def create(self) -> None:
        """Make a ring with one key, readable by the owner only. Refuses to replace an existing one."""
        key_id, key = _new_key()
        self._write(Ring({key_id: key}, key_id, randomness.random_bytes(32)), exclusive=True)

    def ring(self) -> Ring:
        """The current ring; raises `VaultError` when the file is missing."""
        with self._lock:
            try:
                status = self.path.stat()
            except FileNotFoundError as error:
                raise VaultError(f"no key ring at {self.path}: restore it, or run `toubib keys create`") from error
            stamp = (status.st_mtime_ns, status.st_size, status.st_ino)
            if self._ring is None or stamp != self._stamp:
                self._ring, self._stamp = _parse(self.path.read_text()), stamp
            return self._ring

    def add_key(self) -> str:
        """Add a key and seal with it from now on. Old keys stay until `retire`."""
        ring = self.ring()
        key_id, key = _new_key()
        self._write(Ring({**ring.keys, key_id: key}, key_id, ring.index_key))
        return key_id

    def retire(self) -> None:
        """Forget every key but the active one. Only after no row is sealed under another."""
        ring = self.ring()
        self._write(Ring({ring.active: ring.keys[ring.active]}, ring.active, ring.index_key))

    def _write(self, ring: Ring, *, exclusive: bool = False) -> None:
        text = json.dumps(
            {
                "active": ring.active,
                "index_key": base64.b64encode(ring.index_key).decode(),
                "keys": {k: base64.b64encode(v).decode() for k, v in ring.keys.items()},
            }
        )
        if exclusive and self.path.exists():
            raise VaultError(f"{self.path} exists already")
        self.path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self.path.with_suffix(f".{randomness.new_id()[:8]}")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self.path)


def _new_key() -> tuple[str, bytes]:
    return randomness.random_bytes(4).hex(), randomness.random_bytes(32)


def _parse(text: str) -> Ring:
    data = json.loads(text)
    keys = {k: base64.b64decode(v) for k, v in data["keys"].items()}
    return Ring(keys, data["active"], base64.b64decode(data["index_key"]))


class Vault:
    """Seals and opens texts, files and blind indexes with a ring."""

    def __init__(self, key_ring: KeyRing) -> None:
        self.key_ring = key_ring

    def seal_bytes(self, content: bytes, bound_to: str) -> bytes:
        """Encrypt `content` so that it opens only with the same `bound_to`."""
        ring = self.key_ring.ring()
        nonce = randomness.random_bytes(12)
        cipher = AESGCM(ring.keys[ring.active]).encrypt(nonce, content, bound_to.encode())
        return VERSION + bytes.fromhex(ring.active) + nonce + cipher

    def open_bytes(self, sealed: bytes, bound_to: str) -> bytes:
        """Decrypt; raises `VaultError` when key, row or bytes are not the ones that were sealed."""
        key = self.key_ring.ring().keys.get(key_id_of(sealed))
        if key is None:
            raise VaultError(f"sealed under an unknown key: {bound_to}")
        try:
            return AESGCM(key).decrypt(sealed[5:17], sealed[17:], bound_to.encode())
        except InvalidTag as error:
            raise VaultError(f"does not open: {bound_to}") from error

    def seal(self, row: Table, column: str, text: str | None) -> None:
        """Set a sealed column of `row`; `None` and "" empty it."""
        setattr(row, column, self.seal_bytes(text.encode(), binding(row, column)) if text else None)

    def read(self, row: Table, column: str) -> str:
        """The text of a sealed column; "" when it is empty."""
        content: bytes | None = getattr(row, column)
        return self.open_bytes(content, binding(row, column)).decode() if content else ""

    def blind(self, purpose: str, value: str) -> str:
        """An index under which equal values meet although encrypted. Keyed, so it cannot be guessed offline."""
        ring = self.key_ring.ring()
        return hmac.new(ring.index_key, f"{purpose}\0{value}".encode(), hashlib.sha256).hexdigest()


def key_id_of(sealed: bytes) -> str:
    """Id of the key that sealed these bytes."""
    if sealed[:1] != VERSION or len(sealed) < 33:
        raise VaultError("not a sealed text")
    return sealed[1:5].hex()


def binding(row: Table, column: str) -> str:
    """What a column's ciphertext is bound to."""
    return f"{row.__tablename__}.{column}:{row.id}"
