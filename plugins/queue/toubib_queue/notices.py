"""Mails of the plugin. They say that somebody waits or that it is one's turn, never why."""

from toubib.contracts.notification import NoticeTemplate
from toubib_queue.texts import DOMAIN


def _(text: str) -> str:
    """Mark a msgid for extraction."""
    return text


TEMPLATES = (
    NoticeTemplate(
        f"{DOMAIN}.soon",
        _("You are next"),
        (
            _("You are the next in the queue. Stay near this device: another mail follows with the link that lets you in."),
            _("You may look at your place here:"),
        ),
        _("Look at my place"),
    ),
    NoticeTemplate(
        f"{DOMAIN}.called",
        _("It is your turn"),
        (
            _("%(who)s is ready for you now and waits %(minutes)s minutes."),
            _("Open this link to come in:"),
        ),
        _("Come in"),
    ),
    NoticeTemplate(
        f"{DOMAIN}.again",
        _("You keep your place"),
        (
            _("%(who)s cannot see you now. You keep your place in the queue, and somebody else will call you."),
            _("You may look at your place here:"),
        ),
        _("Look at my place"),
    ),
    NoticeTemplate(
        f"{DOMAIN}.missed",
        _("Your place in the queue has ended"),
        (
            _("It was your turn, and you did not come within %(minutes)s minutes. Nothing was charged: whatever was held on your card is released."),
            _("If you still want to see somebody, take a new place here:"),
        ),
        _("Take a new place"),
    ),
    NoticeTemplate(
        f"{DOMAIN}.expired",
        _("Nobody could see you in time"),
        (
            _("We are sorry: nobody was free for you within %(minutes)s minutes, so your place has ended."),
            _("Nothing was charged: whatever was held on your card is released. This page says whom you can call now:"),
        ),
        _("Whom to call"),
    ),
    NoticeTemplate(
        f"{DOMAIN}.alert_wait",
        _("Queue %(line)s: waiting longer than %(minutes)s minutes"),
        (_("Somebody in the queue %(line)s has waited longer than %(minutes)s minutes. This is said once, until it is over."),),
        _("Open the queues"),
    ),
    NoticeTemplate(
        f"{DOMAIN}.alert_full",
        _("Queue %(line)s: every place is taken"),
        (_("Every place of the queue %(line)s is taken. New patients are told so and sent elsewhere. This is said once, until it is over."),),
        _("Open the queues"),
    ),
)
