"""Everything this plugin registers. Read this first."""

from collections.abc import Sequence

from toubib.contracts.common import Message
from toubib.contracts.demo import DemoPart
from toubib.contracts.identity import IdentityProvider
from toubib.contracts.jobs import Job
from toubib.contracts.plugin import PluginInfo
from toubib.contracts.privacy import PersonalData
from toubib.contracts.registry import CONTRACT_VERSION, hookimpl
from toubib.contracts.web import PublicRoute, WebPart
from toubib_auth_oidc import __version__
from toubib_auth_oidc.demo import DemoHouses
from toubib_auth_oidc.flow import NAME
from toubib_auth_oidc.house import OidcHouse
from toubib_auth_oidc.models import TABLES
from toubib_auth_oidc.privacy import SignInData
from toubib_auth_oidc.settings import Settings
from toubib_auth_oidc.sweep import JOB
from toubib_auth_oidc.views import blueprint

PUBLIC = {
    "sign_in": "leads to an identity provider; the browser that began is the only one that may come back",
    "callback": "takes a provider's answer, bound by its state to the browser that began",
    "connect": "shown only in the browser that signed in at the provider",
    "logout": "a provider's signed sign-out (back-channel)",
}


@hookimpl
def toubib_info() -> PluginInfo:
    """Who we are; the hosts that may be called follow from the settings."""
    return PluginInfo(
        name=NAME,
        version=__version__,
        contract=CONTRACT_VERSION,
        title=Message(NAME, "Sign-in by OpenID Connect"),
        description=Message(NAME, "Single sign-on of a hospital's staff, and identity services where patients prove who they are."),
        settings=Settings,
        migrations="toubib_auth_oidc.migrations",
        stores=TABLES,
    )


@hookimpl
def toubib_identity_providers(settings: Settings) -> Sequence[IdentityProvider]:
    """One for each provider of the settings."""
    return list(_houses(settings).values())


@hookimpl
def toubib_jobs(settings: Settings) -> Sequence[Job]:  # noqa: ARG001  the hook's signature
    """Forgetting."""
    return [JOB]


@hookimpl
def toubib_personal_data(settings: Settings) -> Sequence[PersonalData]:  # noqa: ARG001  the hook's signature
    """Tokens of open sessions."""
    return [SignInData()]


@hookimpl
def toubib_demo(settings: Settings) -> Sequence[DemoPart]:
    """The demonstration provider, for the providers that say they are one."""
    return [DemoHouses(settings)]


@hookimpl
def toubib_web(settings: Settings) -> WebPart:
    """The way to a provider and back."""
    return WebPart(blueprint=blueprint(_houses(settings)), public=tuple(PublicRoute(f"{NAME}.{name}", why) for name, why in PUBLIC.items()))


def _houses(settings: Settings) -> dict[str, OidcHouse]:
    """Pages and core have objects of their own; each remembers keys and metadata for itself."""
    return {key: OidcHouse(key, provider) for key, provider in settings.providers.items()}
