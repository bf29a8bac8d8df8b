"""Mails of the plugin. They say that something waits on a page, never what it is about."""

from datetime import date

from babel.dates import format_date

from toubib.contracts.notification import NoticeTemplate
from toubib.db import session
from toubib.db.tables.directory import Organisation
from toubib.seams import clock
from toubib.services import notices, people
from toubib_credentialing import house
from toubib_credentialing.models import Application
from toubib_credentialing.texts import DOMAIN


def _(text: str) -> str:
    """Mark a msgid for extraction."""
    return text


TEMPLATES = (
    NoticeTemplate(
        f"{DOMAIN}.waiting",
        _("An application waits for you"),
        (_("Something waits for a reviewer's decision. Sign in to read it:"),),
        _("Open the list"),
    ),
    NoticeTemplate(
        f"{DOMAIN}.decided",
        _("Your application was looked at"),
        (_("There is a decision on what you sent. Sign in to read it with its reasons:"),),
        _("Open my application"),
    ),
    NoticeTemplate(
        f"{DOMAIN}.suspended",
        _("Please read your page"),
        (_("Your page says something new that you should read today. Sign in to read it with its reasons:"),),
        _("Open my application"),
    ),
    NoticeTemplate(
        f"{DOMAIN}.ending",
        _("A document of yours ends on %(date)s"),
        (_("A document that you gave ends on %(date)s. Give a newer one before that day, so that nothing is interrupted:"),),
        _("Give a newer document"),
    ),
    NoticeTemplate(
        f"{DOMAIN}.ending_for_reviewers",
        _("A document ends on %(date)s"),
        (_("A document of a practitioner ends on %(date)s. They were told. See the list:"),),
        _("Open the list"),
    ),
    NoticeTemplate(
        f"{DOMAIN}.ended",
        _("A document of yours has ended"),
        (_("A document that you gave ended on %(date)s, so your page cannot be booked. Give a newer one:"),),
        _("Give a newer document"),
    ),
    NoticeTemplate(
        f"{DOMAIN}.ended_for_reviewers",
        _("A document has ended"),
        (_("A document of a practitioner ended on %(date)s. Their coming visits are on this page:"),),
        _("Open the list"),
    ),
    NoticeTemplate(
        f"{DOMAIN}.visits",
        _("Coming visits need you"),
        (_("A practitioner cannot receive at the moment. Their coming visits are on this page:"),),
        _("See the visits"),
    ),
)
MINE, REVIEW, VISITS = f"/{DOMAIN}/mine", f"/{DOMAIN}/review", f"/{DOMAIN}/visits"


def to_applicant(row: Application, name: str, *, key: str, day: date | None = None) -> None:
    """Write to the applicant, in the language in which they applied."""
    notices.queue(
        f"{DOMAIN}.{name}",
        people.email_of(row.person_id),
        locale=row.locale,
        params=_said(day, row.locale),
        link=MINE,
        organisation_id=row.organisation_id,
        person_id=row.person_id,
        key=f"{DOMAIN}:{key}",
    )


def to_reviewers(row: Application, name: str, *, key: str, link: str = REVIEW, day: date | None = None) -> None:
    """Write to every reviewer of the organisation, each in their language."""
    for number, (address, locale) in enumerate(house.reviewers(row.organisation_id)):
        notices.queue(
            f"{DOMAIN}.{name}",
            address,
            locale=locale,
            params=_said(day, locale),
            link=link,
            organisation_id=row.organisation_id,
            key=f"{DOMAIN}:{key}:{number}",
        )


def _said(day: date | None, locale: str) -> dict[str, str]:
    return {"date": format_date(day, "long", locale=locale)} if day else {}


def to_house(row: Application) -> None:
    """Tell the practice that visits of somebody who may not act any more are still in its agenda."""
    organisation = session().get_one(Organisation, row.organisation_id)
    notices.queue(
        f"{DOMAIN}.visits",
        organisation.email,
        locale=row.locale,
        params={},
        link=VISITS,
        organisation_id=organisation.id,
        key=f"{DOMAIN}:visits:{row.id}:{clock.now().isoformat()}",
    )
