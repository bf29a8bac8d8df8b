"""The administrator's pages: plugins, jobs, mail, the audit trail, organisations and staff, outside hosts. No health data."""

import os
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from babel.dates import format_date
from flask import Blueprint, flash, redirect, url_for
from flask.typing import ResponseReturnValue
from pydantic import BaseModel, SecretStr

from toubib import i18n, runtime
from toubib.audit import chain
from toubib.checks import declared_hosts
from toubib.contracts.activity import CapStatus
from toubib.contracts.media import Health
from toubib.contracts.registry import CONTRACT_VERSION
from toubib.core_parts import anchors
from toubib.db import database
from toubib.db.tables.machinery import AuditEvent, JobRow, NotificationRow
from toubib.db.types import Table
from toubib.plugins import LoadedPlugin
from toubib.seams import clock
from toubib.services import activity, administration, breaker, countries, directory, payments, unverified
from toubib.services.breaker import ServiceState
from toubib.settings import PREFIX, Referenced
from toubib.web import acting, looking, needs, render, text, trail_words
from toubib.web.job_words import job_words
from toubib.web.shell import ngettext, say

admin = Blueprint("admin", __name__)


def _(key: str) -> str:
    """Mark a msgid for extraction."""
    return key


PAGES = {
    "overview": _("Plugins"),
    "jobs": _("Jobs"),
    "mail": _("Mail"),
    "audit": _("Audit trail"),
    "people": _("Organisations and staff"),
    "hosts": _("Outside hosts"),
    "rules": _("Unverified rules"),
    "limits": _("Limits on activity"),
}
REPORT = _("National report")


def tabs(current: str) -> list[dict[str, Any]]:
    """The ways between the administrator's pages."""
    ways = [(f"admin.{page}", label, page) for page, label in PAGES.items()] + [("report.national", REPORT, "report")]
    return [{"href": url_for(endpoint), "label": text(label), "current": page == current} for endpoint, label, page in ways]


def _page(name: str, **context: Any) -> ResponseReturnValue:
    return render(f"toubib/admin/{name}.html", title=text(PAGES[name]), tabs_of_admin=tabs(name), **context)


def _stamp(at: datetime | None) -> str:
    return i18n.stamp(at, i18n.zone()) if at else ""


@admin.get("/admin")
@needs("site.administer")
def overview() -> ResponseReturnValue:
    """Every plugin: version, contract, health, last faults, settings with their origin."""
    media = {name: breaker.media_health(name) for name in runtime.current().registry.media}
    with looking():
        services = breaker.states()
        cards = [_plugin(loaded, media, services) for loaded in runtime.current().registry.plugins.values()]
    return _page("overview", plugins=cards, contract=CONTRACT_VERSION)


def _plugin(loaded: LoadedPlugin, media: Mapping[str, Health], services: Sequence[ServiceState]) -> dict[str, Any]:
    info = loaded.info
    owners = runtime.current().registry.owners
    own = [s for s in services if owners.get((OWNED.get(s.concern, ""), s.name)) == info.name]
    kind, word = _health(info.name, media, own)
    return {
        "name": info.name,
        "title": say(info.title),
        "description": say(info.description),
        "state": {"kind": kind, "label": word},
        "facts": [
            {"term": text("Version"), "text": f"{info.version} · {loaded.source}"},
            {"term": text("Contract"), "text": str(info.contract)},
            {"term": text("Provides"), "text": ", ".join(_provides(info.name)) or text("nothing beside pages")},
            {"term": text("Stores"), "text": _stores(info.name)},
            *({"term": text("Outside service"), "text": _answers(state)} for state in own),
        ],
        "settings": _settings(loaded),
        "faults": [f"{_stamp(job.run_at)} · {job.name} · {job.last_error}" for job in administration.faults_of(info.name)],
    }


def _provides(name: str) -> list[str]:
    """What the core gets from a plugin, in words, each once."""
    given = {concern for (concern, _key), owner in runtime.current().registry.owners.items() if owner == name}
    return [text(word) for concern, word in PROVIDED.items() if concern in given]


PROVIDED = {
    "schedulers": _("agendas"),
    "media": _("sound and picture"),
    "payments": _("a way to pay"),
    "carriers": _("prescription documents"),
    "drug_databases": _("a drug database"),
    "reimbursement": _("reimbursement rules"),
    "countries": _("the rules of a country"),
    "fact_types": _("facts about patients"),
    "steps": _("steps of a visit"),
    "channels": _("a way to send messages"),
    "jobs": _("background jobs"),
    "personal_data": _("export and erasure of its data"),
    "demo": _("demonstration data"),
}


def _stores(name: str) -> str:
    tables = sum(1 for table in Table.metadata.tables if table.startswith(f"{name}_"))
    return ngettext("%(num)s table of its own", "%(num)s tables of its own", tables) if tables else text("nothing of its own")


OWNED = {"payment": "payments", "media": "media"}
"""Under which concern of the registry the services stand that the breaker watches."""


def _answers(state: ServiceState) -> str:
    """How an outside service answers, in words."""
    if state.state == "answers":
        return text("answers, in %(ms)s ms when it was asked last (%(at)s)", ms=state.last_ms, at=_stamp(state.answered_at))
    silent = ngettext(
        "%(num)s call without an answer, the last one at %(at)s",
        "%(num)s calls without an answer, the last one at %(at)s",
        state.failures,
        at=_stamp(state.failed_at),
    )
    return silent if state.rests_until is None else f"{silent} · {text('left alone until %(at)s', at=_stamp(state.rests_until))}"


def _health(name: str, media: Mapping[str, Health], services: Sequence[ServiceState]) -> tuple[str, str]:
    """What the plugin's media say of themselves and whether its service answers; others are well while their jobs run."""
    for key, health in media.items():
        if runtime.current().registry.owners["media", key] == name and not health.ok:
            return "stop", say(health.message) if health.message else text("does not work")
    if any(state.state == "rests" for state in services):
        return "stop", text("its service does not answer")
    dead = any(job.state == administration.DEAD for job in administration.faults_of(name))
    return ("attention", text("loaded, a job gave up")) if dead else ("done", text("works"))


def _settings(loaded: LoadedPlugin) -> list[list[Any]]:
    """Each setting, secrets as stars, and where its value comes from."""
    return [[key, _value(getattr(loaded.settings, key)), _origin(loaded, key)] for key in type(loaded.settings).model_fields]


def _value(value: object) -> str:
    """A setting's value for people; a secret is never more than stars, wherever it stands."""
    if isinstance(value, SecretStr | Referenced):
        return "••••••"
    if value is None or value == "":
        return text("not set")
    if isinstance(value, bool):
        return text("yes") if value else text("no")
    if isinstance(value, BaseModel):
        value = {name: getattr(value, name) for name in type(value).model_fields}
    if isinstance(value, Mapping):
        return "; ".join(f"{key}: {_value(part)}" for key, part in value.items()) or text("none")
    if isinstance(value, list | tuple | set | frozenset):
        return ", ".join(_value(part) for part in value) or text("none")
    return str(value)


def _origin(loaded: LoadedPlugin, key: str) -> str:
    if f"{PREFIX}SETTINGS__{loaded.info.name}__{key}".upper() in {name.upper() for name in os.environ}:
        return text("environment")
    return text("deployment file") if key in loaded.settings.model_fields_set else text("default")


@admin.get("/admin/jobs")
@needs("site.administer")
def jobs() -> ResponseReturnValue:
    """What runs in the background, what failed, what gave up."""
    with looking():
        counts = administration.job_counts()
        troubled = [_job(row) for row in administration.troubled_jobs()]
        waiting = [[job_words(row.name), _state(row), _stamp(row.run_at), str(row.attempts)] for row in administration.waiting_jobs()]
        refunds = [_refused(found) for found in payments.refused_refunds()]
    return _page("jobs", refunds=refunds, counts={s: counts.get(s, 0) for s in ("ready", "running", "done", "dead")}, troubled=troubled, waiting=waiting)


def _state(row: JobRow) -> dict[str, str]:
    words = {"ready": ("plain", text("waits")), "running": ("info", text("runs")), "dead": ("stop", text("gave up"))}
    kind, word = ("attention", text("tries again")) if row.state == "ready" and row.last_error else words[row.state]
    return {"text": word, "state": kind}


def _job(row: JobRow) -> list[Any]:
    what = job_words(row.name)
    retry = {"label": text("Try again"), "post": url_for("admin.retry", job_id=row.id), "kind": "secondary", "spoken": text("Try again %(job)s", job=what)}
    drop = {"label": text("Discard"), "post": url_for("admin.discard", job_id=row.id), "kind": "quiet", "spoken": text("Discard %(job)s", job=what)}
    actions = [retry, drop] if row.state == administration.DEAD else []
    return [what, _state(row), row.last_error, str(row.attempts), _stamp(row.run_at), {"text": "", "actions": actions}]


def _refused(found: payments.RefusedRefund) -> list[Any]:
    again = {"label": text("Try again"), "post": url_for("admin.refund_again", call_id=found.call_id), "kind": "secondary"}
    amount, whose = i18n.money(found.amount), directory.organisation(found.organisation_id).name
    again["spoken"] = text("Try again to give %(amount)s back", amount=amount)
    return [_stamp(found.at), whose, found.provider, found.provider_ref, amount, {"text": "", "actions": [again]}]


@admin.post("/admin/refunds/<call_id>/again")
@needs("site.administer")
def refund_again(call_id: str) -> ResponseReturnValue:
    """Order a refund that the payment service refused anew."""
    with acting():
        found = payments.refund_again(call_id)
    if found:
        flash(text("The refund is ordered again. If it is refused once more, it stands here again."), "done")
    else:
        flash(text("This refund is on its way or was made: nothing was changed."), "attention")
    return redirect(url_for("admin.jobs"), 303)


@admin.post("/admin/jobs/<job_id>/retry")
@needs("site.administer")
def retry(job_id: str) -> ResponseReturnValue:
    """Let a job that gave up begin anew."""
    with acting():
        found = administration.retry(job_id)
    return _said(text("It is tried again now.") if found else "")


@admin.post("/admin/jobs/<job_id>/discard")
@needs("site.administer")
def discard(job_id: str) -> ResponseReturnValue:
    """Never run a job that gave up."""
    with acting():
        found = administration.discard(job_id)
    return _said(text("It will not be run. Its row stays.") if found else "")


def _said(done: str) -> ResponseReturnValue:
    flash(done or text("This job has not given up, or is gone: nothing was changed."), "done" if done else "attention")
    return redirect(url_for("admin.jobs"), 303)


@admin.get("/admin/mail")
@needs("site.administer")
def mail() -> ResponseReturnValue:
    """Messages by kind and state; never to whom, never what they say."""
    with looking():
        counts = administration.mail_counts()
        rows = [_message(row) for row in administration.last_mail()]
    return _page("mail", counts=counts, rows=rows)


CHANNELS = {"mail": _("Mail")}


def _message(row: NotificationRow) -> list[Any]:
    """What a message is about, without whom and when; the bare name for one that a plugin sent."""
    subject, channel = text(SUBJECTS.get(row.template, row.template)), text(CHANNELS.get(row.channel, row.channel))
    return [_stamp(row.created_at), subject, channel, _mail_state(row.status), _stamp(row.sent_at)]


SUBJECTS = {
    "login_code": _("Code to sign in"),
    "appointment_booked": _("Appointment booked"),
    "appointment_moved": _("Appointment moved"),
    "appointment_cancelled": _("Appointment cancelled"),
    "payment_released": _("Payment released"),
    "document_ready": _("Document ready"),
    "prescription_withdrawn": _("Document withdrawn"),
    "delegation_given": _("Agenda delegated"),
    "new_link": _("A new link for your appointment"),
}


def _mail_state(status: str) -> dict[str, str]:
    words = {"queued": ("attention", text("waits")), "sent": ("done", text("sent"))}
    kind, word = words.get(status, ("stop", status))
    return {"text": word, "state": kind}


@admin.get("/admin/audit")
@needs("site.administer")
def audit() -> ResponseReturnValue:
    """The newest rows of the trail."""
    with looking():
        return _audit(None)


def _audit(verdict: chain.Verdict | None) -> ResponseReturnValue:
    events = administration.last_events()
    names = administration.practitioner_names([e.actor_person_id for e in events if e.actor_person_id])
    return _page("audit", rows=[_event(e, names.get(e.actor_person_id, "")) for e in events], verdict=verdict)


def _event(event: AuditEvent, name: str) -> list[str]:
    mark = event.actor_id[:8] if event.actor_id != event.actor_kind else ""
    who = name or f"{trail_words.kind_of_actor(event)} {mark}".strip()
    about = f"{trail_words.thing(event)} {', '.join(i[:8] for i in event.object_ids[:3])}"
    more = len(event.object_ids) - 3
    return [_stamp(event.at), who, trail_words.action(event), about + (f" +{more}" if more > 0 else ""), _reason(event.reason)]


def _reason(written: str) -> str:
    """What somebody wrote, or the words for what the program wrote."""
    return text(REASONS[written]) if written in REASONS else written


@admin.post("/admin/audit")
@needs("site.administer")
def verify() -> ResponseReturnValue:
    """Recompute the whole chain and hold it against the anchors outside the database."""
    with database().reading() as reading:
        verdict = chain.verify(reading, anchors(runtime.current().settings))
    with looking():
        return _audit(verdict)


@admin.get("/admin/people")
@needs("site.administer")
def people() -> ResponseReturnValue:
    """Organisations, and who has which role in them."""
    with looking():
        organisations = [[o.name, o.country, o.currency, o.zone, o.phone] for o in administration.organisations()]
        staff = [[s.name or s.email, s.email, text(ROLES.get(s.role, s.role)), s.organisation, _second_factor(s)] for s in administration.staff()]
    return _page("people", organisations=organisations, staff=staff)


ROLES = {
    "practitioner": _("Practitioner"),
    "secretary": _("Secretary"),
    "reviewer": _("Reviewer"),
    "administrator": _("Administrator"),
}
REASONS = {
    **ROLES,
    "settle": _("Settled"),
    "no_show": _("Marked: the patient did not come"),
    "everything": _("Everything"),
    "what the law does not keep": _("What the law does not keep"),
}


def _second_factor(line: administration.StaffLine) -> dict[str, str]:
    if line.disabled_at:
        return {"text": text("account closed"), "state": "stop"}
    return {"text": text("set up"), "state": "done"} if line.second_factor else {"text": text("not yet"), "state": "attention"}


@admin.get("/admin/hosts")
@needs("site.administer")
def hosts() -> ResponseReturnValue:
    """Every machine outside that may be called; the network client refuses all others."""
    toubib = runtime.current()
    declared = declared_hosts(toubib.settings, list(toubib.registry.plugins.values()))
    return _page("hosts", rows=[[h.host, text(h.purpose), text(h.stand_in) if h.stand_in else "", _reached(reached=h.reached)] for h in declared])


def _reached(*, reached: bool) -> dict[str, str]:
    return {"text": text("yes"), "state": "done"} if reached else {"text": text("never reached from here"), "state": "attention"}


@admin.get("/admin/rules")
@needs("site.administer")
def rules() -> ResponseReturnValue:
    """Every rule and tariff in use that was not read at its source, and what it does meanwhile."""
    found = unverified.unverified(runtime.current().packs, countries.in_use())
    rows = [[u.rule.rule, say(u.rule.sentence), _since_day(u.rule.valid_from), u.rule.source, _effect(u)] for u in found]
    return _page("rules", rows=rows)


@admin.get("/admin/limits")
@needs("site.administer")
def limits() -> ResponseReturnValue:
    """Where each practice and practitioner stands to the limits of the schemes; figures without a patient."""
    with looking():
        today = clock.today(runtime.current().settings.site.zone)
        rows = [_limit(stand) for organisation in administration.organisations() for stand in activity.stands(organisation.id, today)]
    return _page("limits", rows=rows)


def _limit(stand: activity.Stand) -> list[Any]:
    whose = directory.role(stand.role_id).name if stand.role_id else directory.organisation(stand.organisation_id).name
    counted = f"{stand.cap.count} / {stand.cap.of}" if stand.cap.of is not None else str(stand.cap.count)
    label, state = LIMIT_WORDS[stand.cap.status]
    return [whose, f"{_since_day(stand.start)} – {_since_day(stand.end)}", say(stand.cap.why.sentence), counted, {"text": text(label), "state": state}]


LIMIT_WORDS = {
    CapStatus.OK: (_("within"), "done"),
    CapStatus.NEAR: (_("near the limit"), "attention"),
    CapStatus.EXCEEDED: (_("above the limit"), "stop"),
    CapStatus.UNKNOWN: (_("no verified rule"), "attention"),
}


def _since_day(day: date | None) -> str:
    return format_date(day, "medium", locale=i18n.locale()) if day else ""


def _effect(found: unverified.Unverified) -> dict[str, str]:
    if found.moves_money:
        return {"text": text("used, and said so"), "state": "attention"}
    return {"text": text("moves no money until a person confirms it"), "state": "stop"}
