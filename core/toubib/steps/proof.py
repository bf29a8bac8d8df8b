"""Proving who one is at an identity service, where there is one for the patient's coverage."""

from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

from toubib import i18n, runtime
from toubib.contracts.common import Message
from toubib.contracts.identity import Audience, IdentityProvider
from toubib.contracts.journey import Command, EncounterView, FormErrors, FormLink, FormSpec, Phase, StepState, StepStatus, Who
from toubib.services import external, insured

OPEN, DONE, NOT_APPLICABLE = StepState(StepStatus.OPEN), StepState(StepStatus.DONE), StepState(StepStatus.NOT_APPLICABLE)


def _(key: str, **params: str) -> Message:
    return Message("toubib", key, params)


class Proof:
    """The patient's identity, proved by a service that the deployment names for the country of their coverage.

    Not asked where no provider proves that country's patients; a deployment without the step never asks.
    """

    name = "identity.proof"
    title = _("Proof of identity")
    phase = Phase.PREPARE
    who = Who.PATIENT
    guards = frozenset({Command.CONFIRM})
    endpoint = None

    def states(self, encounters: Sequence[EncounterView]) -> Mapping[str, StepState]:
        """Done once proved at any service, for a child or a relative by whoever acts for them."""
        done = external.answered_for({e.person_id for e in encounters if e.person_id})
        return {e.id: self._state(e, e.person_id in done) for e in encounters}

    def _state(self, view: EncounterView, done: bool) -> StepState:  # noqa: FBT001  a fact of the row
        if done:
            return DONE
        return OPEN if self._houses(view) else NOT_APPLICABLE

    @staticmethod
    def _houses(view: EncounterView) -> Sequence[IdentityProvider]:
        country = insured.country_of(view.person_id) or runtime.current().settings.site.country
        return external.houses(Audience.PATIENTS, country) if country else ()

    def form(self, view: EncounterView) -> FormSpec | None:
        """A link to each service; nothing is typed here."""
        if self.states([view])[view.id].status is not StepStatus.OPEN:
            return None
        back = urlencode({"next": f"/visits/{view.id}/details"})
        links = tuple(FormLink(f"{p.path}?{back}", _("Prove it with %(provider)s", provider=i18n.localised(p.title))) for p in self._houses(view))
        return FormSpec(self.title, (), _("Before this visit can be booked, an identity service confirms who you are."), links)

    def submit(self, view: EncounterView, values: Mapping[str, str]) -> FormErrors | None:  # noqa: ARG002  the contract's signature
        """Open until it is proved."""
        if self.states([view])[view.id].status is not StepStatus.OPEN:
            return None
        return FormErrors({self.name: _("Prove who you are first, with one of the services named here.")})
