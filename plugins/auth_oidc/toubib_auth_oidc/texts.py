"""The plugin's sentences outside of templates."""

from toubib import i18n
from toubib.contracts.common import Localised
from toubib.web import text

DOMAIN = "auth_oidc"


def _(key: str) -> str:
    """Mark a msgid for extraction."""
    return key


SILENT = _("%(provider)s does not answer"), _("Your sign-in could not be finished there. Try again in a minute, or sign in another way.")
UNBELIEVABLE = (
    _("The answer of %(provider)s could not be verified"),
    _("So nobody was signed in. Try again; if it happens again, tell whoever runs this site."),
)
STOPPED = _("You did not sign in at %(provider)s"), _("The sign-in was stopped there, so nobody was signed in here.")
OVER = _("This sign-in is over"), _("It was used already, took too long, or was begun in another browser. Begin again; it takes a moment.")
REFUSED = _("%(provider)s knows you, but you may not enter here"), ""
NOT_CONNECTED = _("This identity cannot be connected"), ""
AGAIN = _("Try again with %(provider)s")
OTHER = _("Sign in another way")
KEPT = _("Nothing was changed.")
DEMONSTRATION = _("Demonstration: invented people, no real service.")


class Words:
    """Each sentence in the reader's language, as title and explanation."""

    @staticmethod
    def name(title: Localised) -> str:
        """The house's name."""
        return i18n.localised(title)

    @classmethod
    def _pair(cls, pair: tuple[str, str], title: Localised) -> tuple[str, str]:
        return text(pair[0], DOMAIN, provider=cls.name(title)), text(pair[1], DOMAIN) if pair[1] else ""

    @classmethod
    def silent(cls, title: Localised) -> tuple[str, str]:
        """The provider does not answer."""
        return cls._pair(SILENT, title)

    @classmethod
    def unbelievable(cls, title: Localised) -> tuple[str, str]:
        """The provider's answer failed a check."""
        return cls._pair(UNBELIEVABLE, title)

    @classmethod
    def stopped(cls, title: Localised) -> tuple[str, str]:
        """The person stopped at the provider."""
        return cls._pair(STOPPED, title)

    @classmethod
    def refused(cls, title: Localised) -> tuple[str, str]:
        """The provider answers for the person, and the core lets them not in."""
        return cls._pair(REFUSED, title)

    @staticmethod
    def over() -> tuple[str, str]:
        """No such sign-in is under way."""
        return text(OVER[0], DOMAIN), text(OVER[1], DOMAIN)

    @staticmethod
    def not_connected() -> tuple[str, str]:
        """An identity cannot be connected."""
        return text(NOT_CONNECTED[0], DOMAIN), ""

    @classmethod
    def again(cls, title: Localised) -> str:
        """The button that begins anew."""
        return text(AGAIN, DOMAIN, provider=cls.name(title))

    @staticmethod
    def other_ways() -> str:
        """The button to every other way in."""
        return text(OTHER, DOMAIN)

    @staticmethod
    def kept() -> str:
        """What is as before."""
        return text(KEPT, DOMAIN)
