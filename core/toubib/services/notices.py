"""Messages to persons: written in the transaction of what they tell of, sent by a job afterwards.

Templates are neutral: they say that something waits, never what. Health data has no place here.
"""

import json
from collections.abc import Mapping, Sequence
from email.message import EmailMessage

from sqlmodel import select

from toubib import i18n, runtime
from toubib.contracts.jobs import Payload
from toubib.contracts.notification import Attachment, NoticeTemplate
from toubib.db import database, session, vault
from toubib.db.tables.machinery import JobRow, NotificationRow
from toubib.seams import clock, network
from toubib.services import breaker


def _(text: str) -> str:
    """Mark a msgid for extraction."""
    return text


def _template(name: str) -> tuple[NoticeTemplate, str]:
    """A template with the catalogue that holds its words: the core's own, or that of the plugin whose name it bears."""
    return (TEMPLATES[name], i18n.CORE) if name in TEMPLATES else (runtime.current().registry.notices[name], name.split(".", maxsplit=1)[0])


TEMPLATES: dict[str, NoticeTemplate] = {
    "login_code": NoticeTemplate(
        "login_code",
        _("Your code: %(code)s"),
        (
            _("Your code is %(code)s. Type it on the page that asked for it, within %(minutes)s minutes."),
            _("You can also open this link on the device you want to use:"),
        ),
        _("Sign in"),
    ),
    "appointment_booked": NoticeTemplate(
        "appointment_booked",
        _("Your appointment on %(when)s"),
        (
            _("Your appointment with %(who)s is booked for %(when)s (%(zone)s)."),
            _("The invitation is attached. Open this link to prepare, to join, to move or to cancel:"),
        ),
        _("Open my appointment"),
    ),
    "appointment_moved": NoticeTemplate(
        "appointment_moved",
        _("Your appointment is now on %(when)s"),
        (
            _("Your appointment with %(who)s was moved to %(when)s (%(zone)s)."),
            _("The new invitation is attached and replaces the former one:"),
        ),
        _("Open my appointment"),
    ),
    "appointment_cancelled": NoticeTemplate(
        "appointment_cancelled",
        _("Your appointment is cancelled"),
        (_("Your appointment with %(who)s on %(when)s is cancelled."), _("Whatever was held on your card is released.")),
    ),
    "new_link": NoticeTemplate(
        "new_link",
        _("A new link for your appointment"),
        (_("Here is a new link for your appointment with %(who)s. The links that you got before do not work any more:"),),
        _("Open my appointment"),
    ),
    "payment_released": NoticeTemplate(
        "payment_released",
        _("Your card was not charged"),
        (
            _("Your payment arrived after the time kept for you was over, and that time is not free any more."),
            _("Nothing was charged: the amount held on your card is released. Choose another time here:"),
        ),
        _("Choose another time"),
    ),
    "document_ready": NoticeTemplate(
        "document_ready",
        _("A document is ready for you"),
        (_("A document from %(who)s is ready. Sign in with this address to open it:"),),
        _("Open my documents"),
    ),
    "delegation_given": NoticeTemplate(
        "delegation_given",
        _("You may run an agenda"),
        (_("%(who)s lets you run their agenda. Sign in with this address and set up a second factor:"),),
        _("Open the agenda"),
    ),
    "prescription_withdrawn": NoticeTemplate(
        "prescription_withdrawn",
        _("A document is not valid any more"),
        (_("A document from %(who)s was withdrawn: do not use it any more. Sign in with this address to read what to do:"),),
        _("Open my documents"),
    ),
}


def queue(
    template: str,
    address: str,
    *,
    locale: str,
    params: Mapping[str, str],
    link: str = "",
    attachments: Sequence[Attachment] = (),
    organisation_id: str | None = None,
    person_id: str | None = None,
    encounter_id: str | None = None,
    key: str | None = None,
) -> None:
    """Queue one message in the open unit of work; a second one with the same `key` is ignored.

    Nothing is queued for somebody without an address: a patient whom the practice booked by telephone, say.
    """
    if not address or (key and session().exec(select(JobRow.id).where(JobRow.key == key)).first()):
        return
    row = NotificationRow(
        template=template, organisation_id=organisation_id, person_id=person_id, encounter_id=encounter_id, channel="mail"
    )
    body = {
        "v": 1,
        "locale": locale,
        "params": dict(params),
        "link": link,
        "attachments": [[a.filename, a.media_type, a.content.decode()] for a in attachments],
    }
    vault().seal(row, "address", address)
    vault().seal(row, "body", json.dumps(body))
    session().add(row)
    session().flush()
    runtime.enqueue("toubib.send_mail", {"notification": row.id}, key=key or f"mail:{row.id}")


def send_mail(payload: Payload) -> None:
    """Job: hand one queued message to the mail server. The Message-ID repeats on a retry."""
    with database().reading() as reading:
        row = reading.get_one(NotificationRow, str(payload["notification"]))
        if row.status == "sent":
            return
        address, message = vault().read(row, "address"), compose(row)
    mail = runtime.current().settings.mail
    server = network.SmtpServer(mail.host, mail.port, mail.tls, mail.user, mail.password.get_secret_value() if mail.password else "")
    with breaker.calling("mail", mail.host):
        network.smtp(server, message, mail.sender, address)
    with database().unit_of_work() as writing:
        done = writing.get_one(NotificationRow, row.id)
        done.status, done.sent_at = "sent", clock.now()


def compose(row: NotificationRow) -> EmailMessage:
    """The mail of a queued message, in its reader's language."""
    settings, catalogues = runtime.current().settings, runtime.current().catalogues
    body = json.loads(vault().read(row, "body"))
    (template, domain), locale = _template(row.template), body["locale"]

    def say(key: str) -> str:
        return str(catalogues.gettext(domain, key, locale) % body["params"])

    lines = [say(p) for p in template.paragraphs]
    if body["link"]:
        lines.append(settings.web.public_url.rstrip("/") + body["link"])
    lines.append(settings.site.name + (f" · {settings.site.telephone}" if settings.site.telephone else ""))
    message = EmailMessage()
    message["Subject"] = say(template.subject)
    message["From"] = f"{settings.site.name} <{settings.mail.sender}>"
    message["To"] = vault().read(row, "address")
    message["Message-ID"] = f"<{row.id}@{settings.mail.sender.rpartition('@')[2]}>"
    message.set_content("\n\n".join(lines) + "\n")
    for filename, media_type, content in body["attachments"]:
        main, _, sub = media_type.partition(";")[0].partition("/")
        method = {"method": "REQUEST"} if sub == "calendar" else {}
        message.add_attachment(content.encode(), maintype=main, subtype=sub, filename=filename, params={"charset": "utf-8", **method})
    # last: setting a content takes away what was said of the one before
    message["Content-Language"] = locale
    return message
