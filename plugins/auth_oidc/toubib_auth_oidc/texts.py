"""The plugin's sentences outside of templates."""

from dataclasses import dataclass

from toubib import i18n
from toubib.contracts.common import Localised
from toubib.web import text

DOMAIN = "auth_oidc"


def _(key: str) -> str:
    """Mark a msgid for extraction."""
    return key


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a sign-in came to nothing: a title, which may name the house, and what follows from it."""

    title: str
    what: str = ""

    def of(self, house: Localised | None = None) -> tuple[str, str]:
        """Both in the reader's language."""
        return text(self.title, DOMAIN, provider=i18n.localised(house) if house else ""), text(self.what, DOMAIN) if self.what else ""


SILENT = Problem(
    _("%(provider)s does not answer"),
    _("Your sign-in could not be finished there. Try again in a minute, or sign in another way."),
)
UNBELIEVABLE = Problem(
    _("The answer of %(provider)s could not be verified"),
    _("So nobody was signed in. Try again; if it happens again, tell whoever runs this site."),
)
STOPPED = Problem(
    _("You did not sign in at %(provider)s"),
    _("The sign-in was stopped there, so nobody was signed in here."),
)
OVER = Problem(
    _("This sign-in is over"),
    _("It was used already, took too long, or was begun in another browser. Begin again; it takes a moment."),
)
REFUSED = Problem(_("%(provider)s knows you, but you may not enter here"))
NOT_CONNECTED = Problem(_("This identity cannot be connected"))

AGAIN = _("Try again with %(provider)s")
OTHER = _("Sign in another way")
KEPT = _("Nothing was changed.")
DEMONSTRATION = _("Demonstration: invented people, no real service.")


def again(house: Localised) -> str:
    """The button that begins anew."""
    return text(AGAIN, DOMAIN, provider=i18n.localised(house))


def other_ways() -> str:
    """The button to every other way in."""
    return text(OTHER, DOMAIN)


def kept() -> str:
    """What is as before."""
    return text(KEPT, DOMAIN)
