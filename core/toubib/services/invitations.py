"""Invitations: the .ics that goes with an appointment's mail. Neutral words: no reason, no specialty."""

from icalendar import Calendar, Event
from sqlmodel import select

from toubib import i18n, runtime
from toubib.contracts.notification import Attachment
from toubib.db import session
from toubib.db.tables.agenda import Appointment
from toubib.db.tables.directory import Location, PractitionerRole
from toubib.db.tables.journey import Encounter
from toubib.seams import clock
from toubib.services import directory, limits, notices, people, room_links


def send(template: str, encounter: Encounter, appointment: Appointment) -> None:
    """Queue the mail of an appointment to its patient, with its invitation and a link that opens the visit."""
    if encounter.person_id is None:
        return
    card = directory.role(appointment.practitioner_role_id)
    link = "" if template == "appointment_cancelled" else f"/join/{room_links.make(encounter, appointment)}"
    notices.queue(
        template,
        people.mail_of(encounter),
        locale=encounter.locale,
        params={
            "who": card.name,
            "when": i18n.moment(appointment.starts_at, appointment.zone, encounter.locale),
            "zone": appointment.zone.rpartition("/")[2].replace("_", " "),
        },
        link=link,
        attachments=[invitation(encounter, appointment)],
        organisation_id=encounter.organisation_id,
        person_id=encounter.person_id,
        encounter_id=encounter.id,
        key=f"{template}:{appointment.id}:{appointment.sequence}",
    )


def send_new_link(encounter: Encounter, appointment: Appointment) -> None:
    """Take back every link of a visit and mail its patient a new one; at most a few an hour, `TooMany` beyond."""
    limits.count("link", encounter.id, per_hour=4)
    room_links.revoke(encounter.id)
    notices.queue(
        "new_link",
        people.mail_of(encounter),
        locale=encounter.locale,
        params={"who": directory.role(appointment.practitioner_role_id).name},
        link=f"/join/{room_links.make(encounter, appointment)}",
        organisation_id=encounter.organisation_id,
        person_id=encounter.person_id,
        encounter_id=encounter.id,
    )


def invitation(encounter: Encounter, appointment: Appointment) -> Attachment:
    """The .ics file: same UID for ever, a higher SEQUENCE each time the appointment changes."""
    site = runtime.current().settings
    card = directory.role(appointment.practitioner_role_id)
    event = Event()
    event.add("uid", f"{appointment.id}@{site.mail.sender.rpartition('@')[2]}")
    event.add("sequence", appointment.sequence)
    event.add("dtstamp", clock.now())
    event.add("dtstart", appointment.starts_at)
    event.add("dtend", appointment.ends_at)
    event.add("summary", runtime.current().catalogues.gettext(i18n.CORE, "Appointment: %(who)s", encounter.locale) % {"who": card.name})
    event.add("location", _where(appointment, encounter.locale))
    event.add("status", "CANCELLED" if appointment.status == "cancelled" else "CONFIRMED")
    calendar = Calendar()
    calendar.add("prodid", "-//Toubib//appointments//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "CANCEL" if appointment.status == "cancelled" else "REQUEST")
    calendar.add_component(event)
    return Attachment("invitation.ics", "text/calendar", calendar.to_ical())


def _where(appointment: Appointment, locale: str) -> str:
    if appointment.modality != "in_person":
        return runtime.current().catalogues.gettext(i18n.CORE, "By video, with the link of the mail", locale)
    role = session().get_one(PractitionerRole, appointment.practitioner_role_id)
    place = session().exec(select(Location).where(Location.id == role.location_id)).one()
    return f"{place.street}, {place.postcode} {place.city}"
