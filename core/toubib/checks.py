"""Checks of the start: unsafe settings, missing choices, undeclared tables, an old database."""

from collections.abc import Iterable, Sequence
from urllib.parse import urlsplit

from sqlalchemy.engine.url import make_url

from toubib.contracts.plugin import OutsideHost
from toubib.db.types import tables
from toubib.hooks import Registry
from toubib.plugins import LoadedPlugin, PluginError
from toubib.seams import clock, randomness
from toubib.settings import Settings, SettingsError


def settings_are_safe(settings: Settings) -> None:
    """Refuse production settings that would expose patients; names every one at once."""
    if not settings.web.production:
        return
    url = make_url(settings.database_url)
    faults = [
        (settings.demo, "demo = true: demonstration data and doubles have no place in production"),
        (not settings.web.public_url.startswith("https://"), "web.public_url must begin with https://"),
        (not settings.web.files_url.startswith("https://"), "web.files_url must begin with https://"),
        (
            urlsplit(settings.web.public_url).hostname == urlsplit(settings.web.files_url).hostname,
            "web.files_url must be another host than web.public_url",
        ),
        (not all(map(_one_host, settings.web.trusted_hosts)), "web.trusted_hosts must name each host in full, no star and no leading dot"),
        (settings.web.secret is None, "web.secret must be set, by reference"),
        (settings.web.secret is not None and len(settings.web.secret) < 32, "web.secret must have at least 32 characters"),
        (not settings.mail.tls, "mail.tls must be true"),
        (bool(url.password) and url.password == url.username, "the database's password is its user's name"),
        (settings.mail.sender.endswith(".test"), "mail.sender must be an address of yours"),
        (not (randomness.is_real() and clock.is_real()), "the clock and the randomness must be the machine's own"),
    ]
    _refuse([text for wrong, text in faults if wrong])


def plugin_settings_are_safe(settings: Settings, loaded: Sequence[LoadedPlugin]) -> None:
    """Refuse what plugins call unsafe in their own settings, in production; names every one at once."""
    if settings.web.production:
        _refuse([f"settings.{plugin.info.name}.{text}" for plugin in loaded for text in plugin.settings.unsafe()])


def _refuse(found: Sequence[str]) -> None:
    if found:
        raise SettingsError("these settings are unsafe for production:\n" + "\n".join(f"  {text}" for text in found))


def _one_host(name: str) -> bool:
    """Whether a name is exactly one host: a leading dot would let every subdomain in, an empty name all the world."""
    return bool(name.strip(".")) and not name.startswith(".") and not set(name) & set("*/@ ,")


def choices_exist(settings: Settings, registry: Registry, *, safe: bool = False) -> None:
    """Every implementation, step and country that the deployment names must be registered."""
    use = settings.use
    wanted: list[tuple[str, Iterable[str], Iterable[str]]] = [
        ("use.scheduler", [use.scheduler] if use.scheduler else [], registry.schedulers),
        ("use.media", use.media, registry.media),
        ("use.payment", use.payment, registry.payments),
        ("use.reimbursement", use.reimbursement, registry.packs),
        ("use.carrier", [use.carrier] if use.carrier else [], registry.carriers),
        ("use.drugs", [use.drugs] if use.drugs else [], registry.drugs),
        ("use.countries", use.countries, registry.countries),
        ("site.home", [settings.site.home], registry.entries),
        ("site.entries", settings.site.entries, registry.entries),
        ("site.country", [settings.site.country] if settings.site.country else [], registry.countries),
    ]
    wanted += [(f"journeys.{name}.steps", journey.steps, registry.steps) for name, journey in settings.journeys.items()]
    for key, names, known in wanted:
        missing = [n for n in names if n not in known]
        if missing and not safe:
            raise SettingsError(f"{key} names {', '.join(missing)}, which no listed plugin registers. Known: {', '.join(known) or 'none'}")


def declared_hosts(settings: Settings, loaded: Sequence[LoadedPlugin]) -> list[OutsideHost]:
    """The mail server and every host that a plugin declared."""
    hosts = [OutsideHost(settings.mail.host, "sends mail", stand_in="the demo's mail sink", reached=False)]
    for plugin in loaded:
        hosts += plugin.info.hosts
        hosts += plugin.settings.hosts
    return hosts


def names_are_owned(registry: Registry) -> None:
    """Permissions, public pages and commands of a plugin bear its name; one in another's place is refused, naming both."""
    for owner, part in registry.web.items():
        names = [(f"permission {p.name!r}", p.name.partition(".")[0]) for p in part.permissions]
        names += [(f"public page {r.endpoint!r}", r.endpoint.partition(".")[0].removesuffix("_api")) for r in part.public]
        names += [(f"command {c.name!r}", owner if str(c.name).replace("-", "_").startswith(owner) else str(c.name)) for c in part.commands]
        for what, bears in names:
            if bears != owner:
                raise PluginError(f"plugin {owner!r}: its {what} stands in the place of {bears!r}; it must begin with {owner!r}")


def tables_are_declared(loaded: Sequence[LoadedPlugin]) -> None:
    """Every table bears its owner's name and its custodian, or says why it has none."""
    import toubib.db.tables  # noqa: F401  importing registers them

    plugin_names = [p.info.name for p in loaded]
    for table in tables():
        owner = table.__module__.split(".")[0].removeprefix("toubib_")
        if owner in plugin_names and not str(table.__tablename__).startswith(f"{owner}_"):
            raise PluginError(f"plugin {owner!r}: its table {table.__tablename__!r} must begin with {owner}_")
        if "organisation_id" not in table.model_fields and not table.global_because:
            raise PluginError(f"table {table.__tablename__!r} has neither organisation_id nor global_because")


def database_is_current() -> None:
    """Refuse to serve on a database whose migrations are not all applied."""
    from toubib.db import migrate

    pending = migrate.pending()
    if pending:
        raise SettingsError(f"the database lacks the migrations {', '.join(pending)}. Run: toubib db upgrade")
