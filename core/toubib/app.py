"""The application factory. Its body is the order of the start; whatever is wrong stops it here, in words."""

from pathlib import Path

import structlog
from flask import Flask
from sqlalchemy import Engine

from toubib import checks, core_parts, events, hooks, logs, plugins, runtime, web_app
from toubib.bus import Bus
from toubib.bus_postgres import PostgresBus
from toubib.bus_table import TableBus
from toubib.db import installation
from toubib.db.engine import assert_safe, make_engine
from toubib.db.vault import KeyRing, Vault
from toubib.db.work import Database
from toubib.i18n import CORE, Catalogues
from toubib.jobs.engine import JobEngine
from toubib.policy.core import core_policy
from toubib.policy.reach import organisations_of
from toubib.seams import network
from toubib.settings import Settings

log = structlog.get_logger("toubib")
HERE = Path(__file__).parent


def start(settings: Settings, *, safe: bool = False) -> runtime.Toubib:
    """Start everything but the web: what a worker and a command need. Installs it for this process."""
    logs.configure(production=settings.web.production)
    checks.settings_are_safe(settings)
    manager, loaded = plugins.load(settings, safe=safe)
    checks.plugin_settings_are_safe(settings, loaded)
    registry = hooks.collect(manager, loaded)
    core_parts.register(registry, settings)
    checks.choices_exist(settings, registry, safe=safe)
    network.declare(checks.declared_hosts(settings, loaded))
    checks.names_are_owned(registry)
    policy = core_policy()
    for part in registry.web.values():
        for permission in part.permissions:
            policy.declare(permission)
    publisher = events.Publisher(registry.observers.values())
    jobs = JobEngine([*registry.jobs.values(), *publisher.jobs()])
    publisher.bind(jobs)
    folders = {CORE: HERE / "translations"} | {p.info.name: Path(str(p.module.__file__)).parent / "translations" for p in loaded}
    checks.tables_are_declared(loaded)
    engine = make_engine(settings.database_url)
    assert_safe(engine, production=settings.web.production)
    toubib = runtime.Toubib(settings, registry, policy, jobs, publisher, _bus(engine), Catalogues(folders, settings.folder / "texts"))
    installation.use(installation.Storage(Database(engine, organisations_of), Vault(KeyRing(settings.keys_path))))
    runtime.use(toubib)
    return toubib


def _bus(engine: Engine) -> Bus:
    """The bus that reaches every process on this database."""
    return PostgresBus(engine) if engine.dialect.name == "postgresql" else TableBus(engine)


def create_app(settings: Settings, *, safe: bool = False) -> Flask:
    """Start everything, the web included. The database must have been migrated (`toubib db upgrade`)."""
    toubib = start(settings, safe=safe)
    checks.database_is_current()
    app = web_app.build(toubib)
    log.info("started", plugins=list(toubib.registry.plugins), journeys=list(settings.journeys))
    return app
