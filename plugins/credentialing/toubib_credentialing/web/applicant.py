"""The applicant's pages: what is needed, the application, where it stands, a newer document, withdrawing."""

from collections.abc import Mapping
from typing import Any

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue

from toubib import i18n, runtime
from toubib.contracts.common import Message
from toubib.contracts.identity import ActorKind
from toubib.db import across_organisations, session
from toubib.services import documents, limits, people
from toubib.web import acting, current_actor, looking, needs, not_found, problem, public, render
from toubib_credentialing import applications, forms, house
from toubib_credentialing.models import Application, Credential
from toubib_credentialing.texts import DOMAIN, KINDS, say, words
from toubib_credentialing.web.shared import badge, blueprint, documents_table, state_of, thread

SIMPLE = ("display_name", "title", "profession", "specialty", "registry_number", "insurance_expires", "diploma_expires")
NOTES = {
    "sent": say("Your application was sent. You get a mail when the reviewers have decided."),
    "renewed": say("Your newer document was sent. The former one counts until the reviewers have decided."),
    "withdrawn": say("Your application is withdrawn."),
}


@blueprint.get("/apply")
@public("where a practitioner applies")
def apply() -> ResponseReturnValue:
    """What is needed, and the form for whoever is signed in."""
    actor = current_actor()
    with looking():
        name = house.organisation().name
        if actor.kind is not ActorKind.USER or actor.person_id is None:
            return render("credentialing/welcome.html", house=name, sign_in=url_for("account.sign_in", next=url_for(f"{DOMAIN}.apply")))
        if applications.live(actor.person_id):
            return redirect(url_for(f"{DOMAIN}.mine"))
        known = people.traits(actor.person_id)
        typed = dict.fromkeys(SIMPLE, "") | {"display_name": f"{known.given_names} {known.family_name}".strip()}
        return _form(typed, {}, [])


def _form(typed: Mapping[str, str], errors: Mapping[str, Message], languages: list[str]) -> ResponseReturnValue:
    professions, specialties = forms.choices()
    site = runtime.current().settings.site
    return render(
        "credentialing/apply.html",
        422 if errors else 200,
        house=house.organisation().name,
        typed=typed,
        errors={name: words(message) for name, message in errors.items()},
        professions=_options(professions),
        specialties=sorted(_options(specialties), key=lambda o: o["label"]),
        languages=[{"value": code, "label": _language(code)} for code in site.languages],
        spoken=languages or [i18n.locale()],
        number=_number_label(),
        largest=max(1, house.settings().max_file_bytes // 1_000_000),
    )


def _options(choices: Mapping[str, Message]) -> list[dict[str, str]]:
    return [{"value": code, "label": words(label) if label.domain else code} for code, label in choices.items()]


def _language(code: str) -> str:
    from babel import Locale

    return str(Locale.parse(code).get_display_name(i18n.locale())).capitalize()


def _number_label() -> dict[str, str]:
    """The register's number as the country pack calls it, with an example."""
    pack = forms.country()
    found = [t for t in pack.identifier_types if t.key == house.settings().registry] if pack else []
    return {"label": words(found[0].label), "example": found[0].example} if found else {"label": words(say("Registry number")), "example": ""}


@blueprint.post("/apply", endpoint="send")
@needs("credentialing.apply")
def send() -> ResponseReturnValue:
    """Check everything, then send it; what is wrong is said at its field, and what was typed stays."""
    person_id = current_actor().person_id or ""
    with acting():
        limits.count(f"{DOMAIN}.apply", person_id, per_hour=house.settings().applications_per_hour)
        zone = house.organisation().zone
    reader = forms.Reader(request.form, request.files, zone)
    claim = reader.claim()
    found = forms.all_files(reader)
    reader.agreed()
    if reader.errors:
        with looking():
            return _form({name: request.form.get(name, "") for name in SIMPLE}, reader.errors, request.form.getlist("languages"))
    files = forms.written(found)
    with acting():
        applications.submit(person_id, claim, files)
    return redirect(url_for(f"{DOMAIN}.mine", done="sent"), 303)


@blueprint.get("/mine")
@needs("credentialing.apply")
def mine() -> ResponseReturnValue:
    """Where one's application stands, with its documents."""
    with looking():
        row = applications.latest(current_actor().person_id or "")
        if row is None:
            return redirect(url_for(f"{DOMAIN}.apply"))
        return _page({})


def _page(errors: Mapping[str, Message]) -> ResponseReturnValue:
    row = applications.latest(current_actor().person_id or "")
    if row is None:
        return not_found()
    note = NOTES.get(request.args.get("done", ""))
    kinds = [{"value": kind, "label": words(label)} for kind, label in KINDS.items()]
    page: dict[str, Any] = {
        "thread": thread(row),
        "state": badge(state_of(row)),
        "documents": documents_table(applications.credentials(row.id)),
        "may_renew": row.state in ("accepted", "suspended"),
        "may_withdraw": row.state in applications.LIVE,
        "may_apply": row.state not in applications.LIVE,
        "kinds": kinds,
        "typed": request.form,
        "errors": {name: words(message) for name, message in errors.items()},
        "largest": max(1, house.settings().max_file_bytes // 1_000_000),
        "notices": [{"kind": "done", "text": words(note)}] if note else [],
    }
    return render("credentialing/mine.html", 422 if errors else 200, **page)


@blueprint.post("/mine/renew")
@needs("credentialing.apply")
def renew() -> ResponseReturnValue:
    """Give a newer document of one kind."""
    kind = request.form.get("kind", "")
    with looking():
        zone = house.organisation().zone
    reader = forms.Reader(request.form, request.files, zone)
    if kind not in KINDS:
        reader.errors["kind"] = say("Choose one of the entries.")
    found = reader.file(kind, "file") if kind in KINDS else None
    if reader.errors or found is None:
        with looking():
            return _page(reader.errors)
    files = forms.written({kind: found})
    with acting():
        applications.renew(current_actor().person_id or "", files[0])
    return redirect(url_for(f"{DOMAIN}.mine", done="renewed"), 303)


@blueprint.post("/mine/withdraw")
@needs("credentialing.apply")
def withdraw() -> ResponseReturnValue:
    """Withdraw, once it was said twice."""
    if not request.form.get("sure"):
        again = {"label": words(say("Withdraw my application")), "post": url_for(f"{DOMAIN}.withdraw"), "fields": {"sure": "1"}, "kind": "danger"}
        back = {"label": words(say("Keep it")), "href": url_for(f"{DOMAIN}.mine"), "kind": "secondary"}
        what = words(say("Whoever practises here may not act any more from that instant on. Booked visits stay with the practice, which is told."))
        return problem(409, words(say("Withdraw your application?")), what, actions=[again, back])
    with acting():
        applications.withdraw(current_actor().person_id or "")
    return redirect(url_for(f"{DOMAIN}.mine", done="withdrawn"), 303)


@blueprint.get("/files/<credential_id>")
@needs("credentialing.apply")
def open_file(credential_id: str) -> ResponseReturnValue:
    """Open a document: its owner, and the reviewers of the organisation. Who opened it is noted."""
    actor = current_actor()
    with looking():
        row = session().get(Credential, credential_id)
        application = session().get_one(Application, row.application_id) if row else None
        if row is None or application is None or not (application.person_id == actor.person_id or house.reviews(actor, row.organisation_id)):
            return not_found()
        with across_organisations("its owner, or a reviewer of its organisation"):
            return redirect(documents.handed(row.document_id), 303)
