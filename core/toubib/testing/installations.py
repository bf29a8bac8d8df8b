"""Starting Toubib in a test: settings from a few words, a migrated database copied from a template."""

import atexit
import os
import shutil
import sqlite3
import tempfile
from contextlib import closing
from functools import lru_cache
from pathlib import Path
from typing import Any

from sqlalchemy.engine.url import make_url

from toubib import i18n, runtime
from toubib.app import start
from toubib.db import installation, migrate
from toubib.db.vault import KeyRing
from toubib.runtime import Toubib
from toubib.settings import parse
from toubib.testing.databases import create, drop
from toubib.testing.statement_cache import share_statements

_templates: dict[tuple[str, tuple[str, ...]], str] = {}


@lru_cache
def _shelf() -> Path:
    """Where this process keeps its templates of SQLite."""
    folder = tempfile.mkdtemp(prefix="toubib-template-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)


def clear_templates() -> None:
    """Remove the templates; for the end of a run of tests, because a worker of pytest-xdist never comes to its `atexit`."""
    if _shelf.cache_info().currsize:
        shutil.rmtree(_shelf(), ignore_errors=True)


class Starter:
    """Starts one installation at a time and puts the process back as it was.

    A PostgreSQL database that is not `made` yet is made at the first start.
    """

    def __init__(self, database_url: str, folder: Path, *, made: bool = True) -> None:
        self.url = database_url
        self.folder = folder
        self._made = made

    def start(self, *plugins: str, migrated: bool = True, **settings: Any) -> Toubib:
        """Start with these plugins; keyword arguments are sections of the settings."""
        self.stop()
        data = self.folder / "data"
        self.folder.joinpath("deployment").mkdir(exist_ok=True)
        values: dict[str, Any] = {
            "plugins": plugins,
            "folder": self.folder / "deployment",
            "database": {"url": self.url},
            "storage": {"data": data},
            **settings,
        }
        values["site"] = {"name": "Test", "zone": "Europe/Paris", "languages": ["fr", "en"], **settings.get("site", {})}
        parsed = parse(values, "the test")
        if not parsed.keys_path.exists():
            KeyRing(parsed.keys_path).create()
        self._lay_out(plugins if migrated else None)
        started = start(parsed)
        share_statements()
        if migrated:
            self._remember_template(plugins)
        return started

    def _lay_out(self, plugins: tuple[str, ...] | None) -> None:
        """A copy of what was migrated for these plugins, if it was; otherwise the database stays, or is made empty."""
        kind = make_url(self.url).get_backend_name()
        template = _templates.get((kind, plugins)) if plugins is not None else None
        if kind == "sqlite":
            if template:
                shutil.copyfile(template, str(make_url(self.url).database))
            return
        if self._made and template:
            drop(self.url)
        if template or not self._made:
            create(self.url, template or "template1")
        self._made = True

    def _remember_template(self, plugins: tuple[str, ...]) -> None:
        kind = make_url(self.url).get_backend_name()
        if (kind, plugins) in _templates:
            return
        migrate.upgrade()
        engine = installation.database().engine
        if kind == "sqlite":
            template = str(_shelf() / f"{len(_templates)}.db")
            with closing(sqlite3.connect(str(make_url(self.url).database))) as connection:
                connection.execute("VACUUM INTO ?", (template,))
        else:
            engine.dispose()
            name = str(make_url(self.url).database)
            template = f"toubib_template_{os.getpid()}_{len(_templates)}"
            create(make_url(self.url).set(database=template), name)
        _templates[kind, plugins] = template

    def stop(self) -> None:
        """Stop what runs."""
        if (running := runtime.use(None)) is not None:
            running.bus.close()
        i18n.set_locale(i18n.SOURCE, "UTC")
        storage = installation.use(None)
        if storage is not None:
            storage.database.engine.dispose()
