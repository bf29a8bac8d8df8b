"""One configured provider as the core knows it."""

from collections.abc import Mapping
from typing import Any

from toubib.contracts.common import Localised, Message
from toubib.contracts.identity import Audience, Leaving, Vouched
from toubib.db import database
from toubib.web.entry import absolute
from toubib_auth_oidc import flow, tokens
from toubib_auth_oidc.mapping import vouched
from toubib_auth_oidc.settings import Provider
from toubib_auth_oidc.texts import DEMONSTRATION
from toubib_auth_oidc.wire import Refusal, Wire, log


class OidcHouse:
    """`toubib.contracts.identity.IdentityProvider` over OpenID Connect."""

    def __init__(self, key: str, provider: Provider) -> None:
        self.key = key
        self.wire = Wire(provider)
        self.name = f"{flow.NAME}.{key}"
        self.title: Localised = provider.title
        self.note = Message(flow.NAME, DEMONSTRATION) if provider.demonstration else None
        self.audience = Audience(provider.audience)
        self.path = f"/{flow.NAME}/sign-in/{key}"
        self.countries = frozenset(provider.countries)
        self.organisations = frozenset(rule.organisation for rule in provider.roles)

    def look_again(self, session_id: str) -> Vouched | None:
        """Refresh the tokens, or show the access token again, and map what comes back; `None` when the provider refuses either."""
        with database().reading():
            kept = flow.kept_tokens(session_id)
        if not kept:
            return None
        try:
            return vouched(self.wire.provider, self._claims(session_id, kept), renewable=True)
        except Refusal as error:
            log.info("a provider no longer answers for a session", provider=self.name, reason=str(error))
            return None

    def _claims(self, session_id: str, kept: Mapping[str, Any]) -> Mapping[str, Any]:
        """What the provider says now. The first ID token tells only of whom: its roles and mail are as old as the sign-in."""
        given: Mapping[str, Any] = kept
        claims: dict[str, Any] = {}
        if "refresh_token" in kept:
            given = self.wire.refresh(str(kept["refresh_token"]))
            with database().unit_of_work():
                flow.keep_tokens(session_id, given)
            if "id_token" in given:
                claims = dict(tokens.id_token(self.wire, given["id_token"], access_token=str(given["access_token"])))
        subject = str(kept["subject"])
        if claims.get("sub", subject) != subject:
            raise Refusal("refreshed tokens speak of somebody else")
        stated = self.wire.userinfo(str(given["access_token"]), subject)
        if not claims and not stated:
            raise Refusal("neither an ID token nor userinfo")
        return {**stated, **claims, "sub": subject}

    def leaving(self, session_id: str) -> Leaving | None:
        """The provider's own sign-out (RP-initiated), when it offers one; posted, so that no token stands in an address."""
        with database().reading():
            kept = flow.kept_tokens(session_id)
        if not kept or not kept["leave"]:
            return None
        fields = {"id_token_hint": kept["id_token"], "client_id": self.wire.provider.client_id, "post_logout_redirect_uri": absolute("/")}
        return Leaving(str(kept["leave"]), tuple(fields.items()))
