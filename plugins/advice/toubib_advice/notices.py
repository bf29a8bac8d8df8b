"""The plugin's mails: something waits, never what. No parameter of any of them names a subject, a specialty or a person."""

from toubib.contracts.notification import NoticeTemplate
from toubib.db import session
from toubib.db.tables.directory import PractitionerRole
from toubib.db.tables.journey import Encounter
from toubib.db.tables.people import Person
from toubib.db.tables.requests import ServiceRequest
from toubib.services import notices, people
from toubib.services.directory import RoleCard


def _(key: str) -> str:
    """Mark a msgid for extraction."""
    return key


TEMPLATES: tuple[NoticeTemplate, ...] = (
    NoticeTemplate("advice.waiting", _("A message waits for you"), (_("Sign in with this address to read it:"),), _("Read")),
    NoticeTemplate(
        "advice.refunded",
        _("Your payment goes back to you"),
        (_("What you asked for did not come in time. You pay nothing: what was held or taken goes back to your card."), _("The details are here:")),
        _("Read"),
    ),
    NoticeTemplate("advice.work", _("Something waits for you"), (_("Sign in with this address to see it:"),), _("Open")),
    NoticeTemplate(
        "advice.pressing",
        _("Something new waits for you, and not for long"),
        (
            _("It is open to everybody who may take it: whoever comes first has it. No other mail follows about it."),
            _("Sign in with this address to see it. There you can also switch these mails off:"),
        ),
        _("Open"),
    ),
    NoticeTemplate(
        "advice.forwarded",
        _("A patient sends you a letter"),
        (
            _("A patient of yours asked for a letter to be sent to you, as their treating doctor."),
            _("To read it, open this link and give the patient's date of birth:"),
        ),
        _("Read"),
    ),
)


def patient(encounter_id: str, template: str, key: str) -> None:
    """Tell the patient, once per `key`, in the language in which they asked."""
    encounter = session().get_one(Encounter, encounter_id)
    if encounter.person_id is not None:
        _queue(template, encounter, encounter.person_id, encounter.locale, f"/advice/{encounter_id}", key)


def practitioner(encounter_id: str, template: str, key: str) -> None:
    """Tell whoever answers, once per `key`, in their own language."""
    encounter = session().get_one(Encounter, encounter_id)
    if encounter.practitioner_role_id is not None:
        person_id = session().get_one(PractitionerRole, encounter.practitioner_role_id).practitioner_id
        _queue(template, encounter, person_id, _language(person_id), f"/advice/questions/{encounter_id}", key)


def pressing(request: ServiceRequest, card: RoleCard) -> None:
    """Tell somebody who may take a question that it has little time; once, whatever happens to it later."""
    encounter = session().get_one(Encounter, request.encounter_id)
    _queue("advice.pressing", encounter, card.practitioner_id, _language(card.practitioner_id), "/advice/questions", card.practitioner_id)


def _language(person_id: str) -> str:
    return session().get_one(Person, person_id).locale


def _queue(template: str, encounter: Encounter, person_id: str, locale: str, link: str, key: str) -> None:
    notices.queue(
        template,
        people.email_of(person_id),
        locale=locale,
        params={},
        link=link,
        organisation_id=encounter.organisation_id,
        person_id=person_id,
        encounter_id=encounter.id,
        key=f"{template}:{encounter.id}:{key}",
    )
