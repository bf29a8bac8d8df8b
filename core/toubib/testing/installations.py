"""Starting Toubib in a test: settings from a few words, a migrated database copied from a template."""

import atexit
import os
import shutil
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlalchemy.engine.url import make_url

from toubib import i18n, runtime
from toubib.app import start
from toubib.db import installation, migrate
from toubib.db.vault import KeyRing
from toubib.runtime import Toubib
from toubib.settings import parse
from toubib.testing.databases import admin, copy_postgres, postgres_server

_templates: dict[tuple[str, tuple[str, ...]], str] = {}


class Starter:
    """Starts one installation at a time and puts the process back as it was."""

    def __init__(self, database_url: str, folder: Path) -> None:
        self.url = database_url
        self.folder = folder

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
        if migrated:
            self._from_template(plugins)
        started = start(parsed)
        if migrated:
            self._remember_template(plugins)
        return started

    def _from_template(self, plugins: tuple[str, ...]) -> None:
        kind = make_url(self.url).get_backend_name()
        template = _templates.get((kind, plugins))
        if template is None:
            return
        if kind == "sqlite":
            shutil.copyfile(template, str(make_url(self.url).database))
        else:
            copy_postgres(template, self.url)

    def _remember_template(self, plugins: tuple[str, ...]) -> None:
        kind = make_url(self.url).get_backend_name()
        if (kind, plugins) in _templates:
            return
        migrate.upgrade()
        engine = installation.database().engine
        if kind == "sqlite":
            folder = tempfile.mkdtemp(prefix="toubib-template-")
            atexit.register(shutil.rmtree, folder, ignore_errors=True)
            template = str(Path(folder) / "template.db")
            with closing(sqlite3.connect(str(make_url(self.url).database))) as connection:
                connection.execute("VACUUM INTO ?", (template,))
        else:
            engine.dispose()
            name = str(make_url(self.url).database)
            template = f"toubib_template_{os.getpid()}_{len(_templates)}"
            admin(postgres_server(), f'CREATE DATABASE "{template}" TEMPLATE "{name}"')
        _templates[kind, plugins] = template

    def stop(self) -> None:
        """Stop what runs."""
        if (running := runtime.use(None)) is not None:
            running.bus.close()
        i18n.set_locale(i18n.SOURCE, "UTC")
        storage = installation.use(None)
        if storage is not None:
            storage.database.engine.dispose()
