"""Settings of an installation: one TOML file, overridden by the environment. Unknown keys are refused.

`TOUBIB__SECTION__KEY=value` overrides `[section] key`. A secret is written by reference, `{env = "NAME"}` or
`{file = "PATH"}`, never in the file itself, and shows as stars in every dump.
"""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, TypeAlias, TypeVar
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, ValidationInfo, field_validator, model_validator
from sqlalchemy.engine.url import make_url

PREFIX = "TOUBIB__"
STARS = "**********"
Model = TypeVar("Model", bound=BaseModel)


class SettingsError(Exception):
    """The settings cannot be used; the text says which key and why."""


class Referenced(str):
    """A text that the settings only refer to. Whatever its key is called, it is shown as stars."""

    __slots__ = ()

    def __repr__(self) -> str:
        return repr(STARS)


class Section(BaseModel):
    """A part of the settings: frozen, no unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Site(Section):
    """How the deployment presents itself, and its defaults where nothing more precise is known: the first of `languages`, the `zone`.

    `home` names the front door that is the first page, `entries` those in the navigation, in order; plugins and core register them.
    `practice` is the slug of the one practice whose week the front door `week.of_practice` shows. `operator` is that of the
    organisation that runs the installation: its administrators administer all of it. Empty where there is only one organisation.
    """

    name: str
    tagline: dict[str, str] = {}
    languages: tuple[str, ...] = Field(default=("en",), min_length=1)
    default_language: str = Field(default="", validate_default=True)
    country: str = ""
    zone: str = "UTC"
    currency: str = ""
    telephone: str = ""
    statement: str = ""
    home: str = "search.find"
    entries: tuple[str, ...] = ()
    practice: str = ""
    operator: str = ""

    @field_validator("default_language")
    @classmethod
    def _offered_first(cls, value: str, given: ValidationInfo) -> str:
        """The first language offered, unless another of them is named."""
        languages: tuple[str, ...] = given.data.get("languages", ())
        if value and languages and value not in languages:
            raise ValueError("it is none of site.languages")
        return value or next(iter(languages), "")


class DatabaseSettings(Section):
    """Where rows live. SQLite by default; PostgreSQL for production."""

    url: str = ""


class StorageSettings(Section):
    """Where files live that are not rows: key ring, audit anchor, encrypted blobs."""

    data: Path = Path("var")
    keys: Path | None = None
    anchor: Path | None = None


class Web(Section):
    """Addresses and safety of the pages. `files_url` is the second origin, from which files are served.

    In production a request for any other host than these two and `trusted_hosts` is refused.
    """

    public_url: str = "http://localhost:8000"
    files_url: str = "http://127.0.0.1:8001"
    secret: SecretStr | None = None
    production: bool = False
    trusted_proxies: int = 0
    trusted_hosts: tuple[str, ...] = ()
    max_upload_bytes: int = 10_000_000

    def served_hosts(self, url: str) -> list[str] | None:
        """The hosts for which the origin of `url` answers; `None` outside production, where a phone may come by any address."""
        return [urlsplit(url).hostname or "", *self.trusted_hosts] if self.production else None


class Mail(Section):
    """How mail leaves."""

    host: str = "127.0.0.1"
    port: int = 1025
    tls: bool = False
    user: str = ""
    password: SecretStr | None = None
    sender: str = "no-reply@toubib.test"


class Choice(Section):
    """Which registered implementation serves each concern, by name and in order where several may."""

    scheduler: str = ""
    media: tuple[str, ...] = ()
    payment: tuple[str, ...] = ()
    reimbursement: tuple[str, ...] = ()
    carrier: str = ""
    drugs: str = ""
    countries: tuple[str, ...] = ()


class JourneySettings(Section):
    """The steps of one journey, in order. An unknown step stops the start."""

    steps: tuple[str, ...]


Sharer: TypeAlias = Literal["platform", "practitioner", "treating_doctor"]


class SharePart(Section):
    """A share of what is earned: a fixed amount in minor units, or thousandths of what the fixed amounts leave."""

    to: Sharer
    permille: int = Field(default=0, ge=0, le=1000)
    fixed_minor: int = Field(default=0, ge=0)


class ShareRule(Section):
    """Who gets what of the money earned by some journeys. `rest` gets what no part names; `unnamed` the part of a treating doctor whom nobody named."""

    journeys: tuple[str, ...]
    parts: tuple[SharePart, ...] = ()
    rest: Literal["platform", "practitioner"] = "practitioner"
    unnamed: Literal["platform", "practitioner"] = "practitioner"

    @model_validator(mode="after")
    def _adds_up(self) -> "ShareRule":
        named = [part.to for part in self.parts]
        if len(set(named)) != len(named) or self.rest in named:
            raise ValueError("each is named once, and `rest` in no part")
        if any(bool(part.permille) == bool(part.fixed_minor) for part in self.parts):
            raise ValueError("a part has either `permille` or `fixed_minor`")
        if sum(part.permille for part in self.parts) > 1000:
            raise ValueError("the parts are more than the whole")
        return self


class Rules(Section):
    """Rules of the deployment that no plugin owns. `standing`: sources without whose good word no practitioner acts.

    A chosen time is kept `hold_minutes`, and as long again whenever somebody goes on or asks for it, never longer than
    `hold_at_most_minutes` in all. A browser keeps at most `live_holds` times it has not booked and tries `holds_per_hour`, all browsers of one network
    address `holds_per_address`. A session ends `session_hours` after its last use, and `session_days` after it began in any
    case. A service that is silent `silent_calls` times in a row is left alone for `silent_rest_seconds`, then longer.
    """

    hold_minutes: int = 15
    hold_at_most_minutes: int = 60
    live_holds: int = 5
    holds_per_hour: int = 30
    holds_per_address: int = 200
    code_minutes: int = 15
    session_hours: int = 12
    session_days: int = 7
    second_factor_hours: int = 12
    vouched_seconds: int = 60
    silence_minutes: int = 5
    roles_by_mail: bool = True
    join_early_minutes: int = 30
    join_late_minutes: int = 120
    silent_calls: int = 5
    silent_rest_seconds: int = 30
    standing: tuple[str, ...] = ()


class ReportSettings(Section):
    """The national report: a file of counts beside the settings instead of what was settled here, and acts forecast by year."""

    counts: Path | None = None
    forecast: dict[str, int] = {}


class Settings(Section):
    """Everything the operator decides."""

    site: Site
    plugins: tuple[str, ...] = ()
    database: DatabaseSettings = DatabaseSettings()
    storage: StorageSettings = StorageSettings()
    web: Web = Web()
    mail: Mail = Mail()
    use: Choice = Choice()
    rules: Rules = Rules()
    journeys: dict[str, JourneySettings] = {}
    shares: tuple[ShareRule, ...] = ()
    report: ReportSettings = ReportSettings()
    settings: dict[str, dict[str, Any]] = Field(default_factory=dict)
    demo: bool = False
    folder: Path = Path()

    @model_validator(mode="after")
    def _one_share_rule_a_journey(self) -> "Settings":
        shared = [journey for rule in self.shares for journey in rule.journeys]
        if len(set(shared)) != len(shared):
            raise ValueError("a journey has one rule in [[shares]]")
        return self

    @property
    def database_url(self) -> str:
        """The database's URL; SQLite in the data folder when none is given."""
        return self.database.url or f"sqlite:///{self.storage.data / 'toubib.db'}"

    @property
    def keys_path(self) -> Path:
        """The key ring's file."""
        return self.storage.keys or self.storage.data / "keys.json"

    @property
    def anchor_path(self) -> Path:
        """The file of audit anchors."""
        return self.storage.anchor or self.storage.data / "audit-anchor.jsonl"


def load(path: Path, environment: Mapping[str, str] = os.environ, overrides: Mapping[str, Any] | None = None) -> Settings:
    """Read a deployment's file; raises `SettingsError` naming the key that is wrong."""
    try:
        data = tomllib.loads(path.read_text())
    except FileNotFoundError as error:
        raise SettingsError(f"there is no settings file {path}") from error
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path} is not valid TOML: {error}") from error
    data["folder"] = path.parent
    for name, value in environment.items():
        if name.startswith(PREFIX):
            _put(data, name.removeprefix(PREFIX).lower().split("__"), value)
    _merge(data, overrides or {})
    return parse(_resolve(data, environment, str(path)), str(path))


def parse(data: Mapping[str, Any], source: str) -> Settings:
    """Validate settings that are already a mapping."""
    return validated(Settings, data, source)


def validated(model: type[Model], data: Mapping[str, Any], source: str) -> Model:
    """Validate against a settings class; every complaint names its key and never prints a value."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        lines = [f"  {'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors(include_input=False, include_url=False)]
        raise SettingsError(f"settings in {source}:\n" + "\n".join(lines)) from error


def _put(data: dict[str, Any], keys: list[str], value: Any) -> None:
    for key in keys[:-1]:
        data = data.setdefault(key, {})
        if not isinstance(data, dict):
            raise SettingsError(f"the environment variable {PREFIX}{'__'.join(keys).upper()} goes into {key!r}, which is no section")
    data[keys[-1]] = value


def _merge(data: dict[str, Any], overrides: Mapping[str, Any]) -> None:
    for key, value in overrides.items():
        if isinstance(value, Mapping) and isinstance(data.get(key), dict):
            _merge(data[key], value)
        else:
            data[key] = value


def _resolve(value: Any, environment: Mapping[str, str], source: str) -> Any:
    """Replace `{env = …}` and `{file = …}` by what they refer to."""
    if isinstance(value, dict):
        if set(value) == {"env"}:
            if value["env"] not in environment:
                raise SettingsError(f"{source} refers to the environment variable {value['env']}, which is not set")
            return Referenced(environment[value["env"]])
        if set(value) == {"file"}:
            return _secret_file(Path(value["file"]), source)
        return {k: _resolve(v, environment, source) for k, v in value.items()}
    if isinstance(value, list):
        return [_resolve(v, environment, source) for v in value]
    return value


def _secret_file(path: Path, source: str) -> str:
    try:
        return Referenced(path.read_text().strip())
    except OSError as error:
        raise SettingsError(f"{source} refers to the secret file {path}, which cannot be read") from error


def redacted(settings: Settings) -> dict[str, Any]:
    """Settings for display: secrets as stars, and whatever in plugin settings is named like a secret too."""
    dumped = settings.model_dump(mode="json")
    dumped["settings"] = _stars(settings.settings)
    if settings.database.url:
        dumped["database"]["url"] = make_url(settings.database.url).render_as_string(hide_password=True)
    return dumped


def _stars(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: STARS if _secret_name(k) else _stars(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_stars(v) for v in value]
    return STARS if isinstance(value, Referenced) else value


def _secret_name(key: str) -> bool:
    return any(word in key.lower() for word in ("secret", "key", "password", "token", "dsn"))
