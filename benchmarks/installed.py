"""An installation on SQLite in a folder of its own, which is gone at the end."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from toubib.runtime import Toubib
from toubib.testing.installations import Starter


@contextmanager
def installed(*plugins: str, **sections: Any) -> Iterator[Toubib]:
    """Start one with these plugins and sections of the settings."""
    with TemporaryDirectory(prefix="toubib-benchmark-") as name:
        folder = Path(name)
        starter = Starter(f"sqlite:///{folder / 'toubib.db'}", folder)
        try:
            yield starter.start(*plugins, **sections)
        finally:
            starter.stop()
