"""The Flask application: core pages, what plugins add, guards in front of all of it."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import Blueprint, Flask, send_from_directory
from flask.typing import ResponseReturnValue
from jinja2 import ChoiceLoader, FileSystemLoader, PackageLoader, PrefixLoader, StrictUndefined
from werkzeug.middleware.proxy_fix import ProxyFix

from toubib.contracts.web import PublicRoute
from toubib.db import vault
from toubib.plugins import PluginError
from toubib.policy.public import CORE_PUBLIC
from toubib.runtime import Toubib
from toubib.web import guard, shell
from toubib.web.needs import public
from toubib.web.pages import CORE_PAGES


def build(toubib: Toubib) -> Flask:
    """An application for a started installation; raises when a route lacks a permission."""
    app = Flask("toubib", static_folder=str(Path(__file__).parent / "static"), template_folder=None)
    settings = toubib.settings.web
    app.config.update(
        MAX_CONTENT_LENGTH=settings.max_upload_bytes,
        MAX_FORM_MEMORY_SIZE=500_000,
        TOUBIB_FORM_SECRET=_form_secret(toubib),
        SECRET_KEY=_form_secret(toubib),
        SESSION_COOKIE_NAME="tb_notices",
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.production,
        TRUSTED_HOSTS=settings.served_hosts(settings.public_url),
    )
    app.jinja_options = {"undefined": StrictUndefined, "trim_blocks": True, "lstrip_blocks": True}
    app.jinja_loader = _templates(toubib)
    if settings.trusted_proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=settings.trusted_proxies, x_proto=settings.trusted_proxies, x_host=settings.trusted_proxies)  # type: ignore[method-assign]
    shell.install(app)
    guard.install(app, toubib.policy)
    listed = list(CORE_PUBLIC)
    for blueprint in CORE_PAGES:
        app.register_blueprint(blueprint)
    app.register_blueprint(_theme(toubib))
    for name, part in toubib.registry.web.items():
        _add(app, name, part.blueprint, f"/{name}")
        _add(app, f"{name}_api", part.api, f"/api/v1/{name}")
        listed += part.public
    listed += _static(app)
    guard.check_routes(app, toubib.policy, listed)
    guard.check_sockets(toubib.registry.web, toubib.policy)
    return app


def _form_secret(toubib: Toubib) -> bytes:
    given = toubib.settings.web.secret
    if given is not None:
        return given.get_secret_value().encode()
    return hashlib.sha256(vault().blind("forms", "").encode()).digest()


def _templates(toubib: Toubib) -> ChoiceLoader:
    """The deployment's overrides first, then each owner's own templates under its own name.

    An override reaches what it stands for as `original/…`, so that it changes a block and keeps the rest.
    """
    owners = {"toubib": PackageLoader("toubib", "templates/toubib")}
    for name, plugin in toubib.registry.plugins.items():
        folder = Path(str(plugin.module.__file__)).parent / "templates" / name
        if folder.exists():
            owners[name] = PackageLoader(plugin.module.__name__.rpartition(".")[0], f"templates/{name}")
    originals = PrefixLoader(owners)
    return ChoiceLoader([FileSystemLoader(toubib.settings.folder / "templates"), originals, PrefixLoader({"original": originals})])


def _add(app: Flask, name: str, blueprint: Blueprint | None, prefix: str) -> None:
    if blueprint is None:
        return
    if blueprint.name != name:
        raise PluginError(f"plugin {name!r}: its blueprint must be called {name!r}, not {blueprint.name!r}")
    app.register_blueprint(blueprint, url_prefix=prefix)


def _theme(toubib: Toubib) -> Blueprint:
    """The deployment's own tokens, and the fonts and pictures of its `static` folder."""
    theme = Blueprint("theme", __name__)
    folder = toubib.settings.folder.resolve()

    @theme.get("/theme/<path:name>")
    @public("colours, fonts and pictures of the deployment")
    def asset(name: str) -> ResponseReturnValue:
        return send_from_directory(folder if name == TOKENS else folder / "static", name)

    return theme


TOKENS = "tokens.css"


def _static(app: Flask) -> list[PublicRoute]:
    """Assets are public; say so for each folder of them."""
    routes = []
    for endpoint, view in list(app.view_functions.items()):
        if endpoint == "static" or endpoint.endswith(".static"):
            app.view_functions[endpoint] = public("assets")(_plain(view))
            routes.append(PublicRoute(endpoint, "assets"))
    return routes


def _plain(view: Callable[..., Any]) -> Callable[..., ResponseReturnValue]:
    """A function in place of a bound method, which takes no mark."""

    def call(**parts: str) -> ResponseReturnValue:
        answer: ResponseReturnValue = view(**parts)
        return answer

    return call
