"""What one visit at a French practice shows of the features: asked once, agreed to, priced, billed, told and kept to those whom it concerns."""

import io
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pypdf
import pytest
from aiosmtpd.controller import Controller
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient
from sqlmodel import col, select
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from toubib import runtime
from toubib.cli.main import toubib
from toubib.contracts.common import Message, Money, Period
from toubib.contracts.demo import DemoPart
from toubib.contracts.scheduling import Modality, OfferQuery
from toubib.db import database, session
from toubib.db.tables.access import Account, AuthSession, RoleAssignment
from toubib.db.tables.directory import PractitionerRole
from toubib.db.tables.machinery import JobRow
from toubib.db.tables.people import Consent
from toubib.demo.mailbox import Box, text_of
from toubib.seams import clock
from toubib.seams.clock import FixedClock
from toubib.services import notices, people, sessions
from toubib.steps import identity
from toubib.testing.demonstrations import free_ports
from toubib.testing.doubles.payment import MemoryProvider, use_memory_payments
from toubib.testing.practices import patient_session, practice, practitioner_session
from toubib.web import files_app
from toubib_booking.seed import consultation, seed

DEPLOYMENT = Path(__file__).resolve().parents[2] / "deployments" / "doctolib" / "deployment.toml"
ENGLISH = {"Accept-Language": "en"}
PLUGINS = ("country_fr", "booking", "payment_manual", "claims_fr", "drugs_fr", "eprescription_email")
STEPS = ("identity.traits", "consent.remote_care", "coverage.facts", "coverage.estimate", "payment.authorise", "room.wait", "room.consult", "close.settle")
USE: Mapping[str, Any] = {
    "scheduler": "booking",
    "payment": ["payment_manual"],
    "reimbursement": ["claims_fr"],
    "carrier": "eprescription_email",
    "drugs": "drugs_fr",
    "countries": ["FR"],
}
DETAILS: Mapping[str, str] = {
    "identity.family_name": "Testard",
    "identity.given_names": "Odile",
    "identity.birth_date_day": "12",
    "identity.birth_date_month": "5",
    "identity.birth_date_year": "1969",
    "identity.sex": "female",
    "identity.phone": "01 99 00 44 17",
    "claims_fr.nir": "2 69 05 49 588 157 80",
    "claims_fr.scheme": "general",
    "claims_fr.treating_doctor": "this",
    "claims_fr.full_cover": "no",
    "claims_fr.complementary": "responsible",
    "consent.remote_care": "1",
}
NOTE = "Zweifel am Bericht, vertraulich"
ADDRESS = "odile@patient.test"


class Refusing(Box):
    """A mail server that knows none of the recipients."""

    asked = 0

    async def handle_RCPT(self, _server: Any, _session: Any, _envelope: Any, _address: str, _options: Any) -> str:  # noqa: N802  the name is aiosmtpd's
        """No such mailbox."""
        self.asked += 1
        return "550 no such mailbox"


@contextmanager
def mail_server(box: Box) -> Iterator[int]:
    """A real mail server for as long as the block; its port."""
    (port,) = free_ports(1)
    server = Controller(box, hostname="127.0.0.1", port=port)
    server.start()
    try:
        yield port
    finally:
        server.stop()


@dataclass
class Clinic:
    """A practice, who stands at which browser, and what they do there."""

    app: Flask
    clock: FixedClock
    service: str
    patient: FlaskClient
    practitioner: FlaskClient
    organisation_id: str

    def post(self, client: FlaskClient, path: str, page: str, **form: Any) -> TestResponse:
        """Send a form with the token of a page."""
        found = re.search(r'name="csrf_token" value="([0-9a-f]+)"', client.get(page, headers=ENGLISH).text)
        assert found, page
        return client.post(path, data={"csrf_token": found[1], **form}, headers=ENGLISH)

    def see(self, path: str, client: FlaskClient | None = None) -> str:
        """A page, of the patient unless somebody else looks."""
        answer = (client or self.patient).get(path, headers=ENGLISH)
        assert answer.status_code == 200, f"{path}: {answer.status_code}"
        return answer.text

    def hold(self, place: int = 0) -> str:
        """Hold a free time; the encounter."""
        with database().reading():
            window = Period(clock.now(), clock.now() + timedelta(days=7))
            start = runtime.current().scheduler.offers(OfferQuery(self.service, window, 100))[place].period.start
        answer = self.post(self.patient, "/hold", "/search", service=self.service, start=start.isoformat())
        found = re.search(r"/visits/([0-9a-f]+)", answer.headers.get("Location", ""))
        assert found, answer.text
        return found[1]

    def tell(self, encounter: str, **changes: str) -> TestResponse:
        """Fill in the details and send them."""
        path = f"/visits/{encounter}/details"
        return self.post(self.patient, path, path, **{**DETAILS, **{name.replace("__", "."): value for name, value in changes.items()}})

    def pay(self, encounter: str, **form: str) -> TestResponse:
        """Accept the price that stands on the page."""
        page = f"/visits/{encounter}/price"
        shown = re.search(r'name="shown" value="([0-9a-f]+)"', self.see(page))
        assert shown
        return self.post(self.patient, f"/visits/{encounter}/pay", page, shown=shown[1], **form)

    def state(self, encounter: str) -> str:
        """The word for where the visit stands."""
        found = re.search(r"tb-state[^>]*>(?:<svg.*?</svg>)?\s*(?:<span>)?([^<]+)", self.see(f"/visits/{encounter}"), re.DOTALL)
        assert found
        return found[1].strip()

    def booked(self, place: int = 0) -> str:
        """A visit that was held, told and accepted."""
        encounter = self.hold(place)
        assert self.tell(encounter).status_code == 302
        assert self.pay(encounter).status_code in (302, 303)
        assert self.state(encounter) == "Booked"
        return encounter

    def begin(self, encounter: str) -> str:
        """The patient comes, the practitioner begins; the address of the consultation."""
        page = f"/practice/visits/{encounter}"
        if 'name="place"' not in self.see(page, self.practitioner):
            self.patient.get(f"/visits/{encounter}/room", headers=ENGLISH)
        if f"{page}/arrive" in self.see(page, self.practitioner):
            self.post(self.practitioner, f"{page}/arrive", page)
        line = {"identity_checked": "1", "country": "FR", "place": "3 rue des Acacias, 69003 Lyon", "phone": "01 99 00 44 17"}
        assert self.post(self.practitioner, f"{page}/admit", page, **line).status_code == 303
        return page

    def end(self, encounter: str, *, fee: str = "25.00", acts: tuple[str, ...] = ("TCG",), note: str = "") -> None:
        """End the consultation with acts and a fee, then let the worker do what follows."""
        page = f"/practice/visits/{encounter}"
        answer = self.post(self.practitioner, f"{page}/end", page, acts=list(acts), fee=fee, note=note)
        assert answer.status_code == 303, answer.text
        work()


def work() -> None:
    """Let the worker do all that is due."""
    jobs = runtime.current().jobs
    jobs.ensure_periodic()
    for _ in range(20):
        if not jobs.run_due():
            return


def options(**changes: Any) -> dict[str, Any]:
    """The settings of the practice, with some in other words."""
    use = {**USE, **changes.pop("use", {})}
    steps = changes.pop("steps", STEPS)
    return {
        "site": {"country": "FR", "languages": ["fr", "en"]},
        "rules": {"join_early_minutes": 7 * 24 * 60},
        "use": use,
        "journeys": {"booked": {"steps": steps}},
        "settings": {"eprescription_email": {"operator": "Fil d'essai"}},
        **changes,
    }


Open = Callable[..., Clinic]


@pytest.fixture
def opened(app: Callable[..., Flask], browse: Callable[[Flask], FlaskClient], now: FixedClock) -> Open:
    """Open a practice, with everybody signed in."""

    def build(*plugins: str, modality: Modality = Modality.VIDEO, **changes: Any) -> Clinic:
        running = app(*(plugins or PLUGINS), **options(**changes))
        with database().unit_of_work():
            made = practice(country="FR")
            role = session().exec(select(PractitionerRole).where(PractitionerRole.id == made.role_id)).one()
            role.specialty, role.sector, role.attributes = "01", "1", {"department": "69"}
            service = seed(made.role_id, services=[consultation(Money(2500, "EUR"), modality=modality, act_codes=("TCG",))])[0]
            token, strong = patient_session("Odile")[1], practitioner_session(made)
        drugs: DemoPart | None = runtime.current().registry.demo.get("drugs_fr")
        if drugs is not None:
            drugs.seed([])
        patient, practitioner = browse(running), browse(running)
        patient.set_cookie("tb_session", token)
        practitioner.set_cookie("tb_session", strong)
        return Clinic(running, now, service, patient, practitioner, made.organisation_id)

    return build


def field(page: str, name: str) -> str:
    """What stands in a field of a page: typed, chosen or ticked."""
    inputs = [tag for tag in re.findall(r"<input[^>]*>", page) if f'name="{name}"' in tag]
    chosen = [tag for tag in inputs if "checked" in tag or 'type="radio"' not in tag]
    value = re.search(r'value="([^"]*)"', chosen[0]) if chosen else None
    if not inputs:
        value = re.search(rf'<select[^>]*name="{re.escape(name)}".*?<option value="([^"]*)"[^>]*selected', page, re.DOTALL)
    return value[1] if value else ""


@pytest.mark.feature("EASE-05:a", "EASE-05:b")
def test_what_is_known_is_filled_in_and_can_be_corrected(opened: Open) -> None:
    clinic = opened()
    clinic.booked()
    second = clinic.hold(3)
    page = clinic.see(f"/visits/{second}/details")
    asked = [name for name in DETAILS if name != "consent.remote_care"]
    plain = {**DETAILS, "claims_fr.nir": DETAILS["claims_fr.nir"].replace(" ", "")}
    assert {name: field(page, name) for name in asked} == {name: plain[name] for name in asked}
    assert clinic.tell(second, identity__phone="01 99 00 55 18", claims_fr__complementary="none").status_code == 302
    page = clinic.see(f"/visits/{clinic.hold(6)}/details")
    assert (field(page, "identity.phone"), field(page, "claims_fr.complementary")) == ("01 99 00 55 18", "none")
    assert field(page, "identity.family_name") == "Testard"


def consents() -> list[tuple[str, str]]:
    """Version and hash of every consent, oldest first."""
    with database().reading() as reading:
        return [(c.version, c.text_hash) for c in reading.exec(select(Consent).order_by(col(Consent.given_at), col(Consent.version)))]


@pytest.mark.feature("REC-07:a", "REC-07:b")
def test_consents_keep_the_version_shown_and_are_asked_again_when_it_changes(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    clinic = opened()
    encounter = clinic.hold()
    assert identity.TERMS.key in clinic.see(f"/visits/{encounter}/details")
    assert clinic.tell(encounter, consent__remote_care="").status_code == 422
    assert consents() == []
    clinic.tell(encounter)
    ((version, former),) = consents()
    assert version == identity.TERMS_VERSION
    assert 'name="consent.remote_care"' not in clinic.see(f"/visits/{encounter}/details")
    clinic.clock.advance(timedelta(seconds=1))
    monkeypatch.setattr(identity, "TERMS", Message("toubib", "Other words to agree to."))
    monkeypatch.setattr(identity, "TERMS_VERSION", "2027-01")
    assert clinic.patient.get(f"/visits/{encounter}/price").location.endswith("/details")
    assert "Other words to agree to." in clinic.see(f"/visits/{encounter}/details")
    clinic.tell(encounter)
    assert [v for v, _hash in consents()] == [version, "2027-01"]
    assert consents()[1][1] != former
    assert clinic.pay(encounter).status_code in (302, 303)


@pytest.mark.feature("CLAIM-03:a", "CLAIM-03:b")
def test_the_bill_is_the_estimate_or_says_why_not(opened: Open) -> None:
    clinic = opened()
    for place, fee, said in ((0, "25.00", ()), (3, "22.00", ("€25.00", "another fee was asked"))):
        encounter = clinic.booked(place)
        clinic.begin(encounter)
        clinic.end(encounter, fee=fee)
        page = clinic.see(f"/visits/{encounter}").replace("\u00a0", "")
        receipt = page[page.index('class="tb-receipt"') :]
        assert f"€{fee}" in receipt
        assert ("Before the visit you read another amount" in receipt) is bool(said)
        assert all(words in receipt for words in said), receipt


@pytest.mark.feature("PAY-09:c")
def test_a_deployment_without_payment_books_and_bills(opened: Open) -> None:
    plugins = [name for name in PLUGINS if name != "payment_manual"]
    clinic = opened(*plugins, use={"payment": []}, steps=[step for step in STEPS if step != "payment.authorise"])
    encounter = clinic.hold()
    clinic.tell(encounter)
    page = clinic.see(f"/visits/{encounter}/price")
    assert "€25.00" in page
    assert 'name="provider"' not in page
    clinic.pay(encounter)
    assert clinic.state(encounter) == "Booked"
    clinic.begin(encounter)
    clinic.end(encounter)
    assert "€25.00" in clinic.see(f"/visits/{encounter}")


@pytest.mark.feature("PAY-15:d")
def test_a_bounce_blocks_neither_payment_nor_booking(opened: Open) -> None:
    box = Refusing()
    with mail_server(box) as port:
        clinic = opened(mail={"host": "127.0.0.1", "port": port})
        till = MemoryProvider()
        use_memory_payments(runtime.current(), till)
        encounter = clinic.hold(10)
        clinic.tell(encounter)
        till.pay(clinic.pay(encounter).location)
        clinic.patient.get(f"/visits/{encounter}/paid")
        for _ in range(4):
            work()
            clinic.clock.advance(timedelta(minutes=5))
        with database().reading() as reading:
            mails = reading.exec(select(JobRow).where(JobRow.name == "toubib.send_mail")).all()
        assert box.asked >= 2
        assert [m.state for m in mails if m.state == "done"] == []
        assert clinic.state(encounter) == "Booked"
        clinic.begin(encounter)
        clinic.end(encounter)
        (page,) = till.pages.values()
        assert (page.authorised, page.captured) == (2500, 2500)


def typed(drug: str) -> dict[str, str]:
    """A line of a prescription, as the form sends it."""
    return {"lines-0-drug": drug, "lines-0-dose": "1 spoon", "lines-0-when": "evening", "lines-0-duration": "5"}


@pytest.mark.feature("RX-14:c")
def test_a_line_in_free_text_is_possible_and_marked(opened: Open) -> None:
    clinic = opened(modality=Modality.IN_PERSON)
    encounter = clinic.booked()
    page = clinic.begin(encounter)
    path, drug = f"{page}/prescription", "Sirop de la maison"
    assert "free text, not checked" in clinic.post(clinic.practitioner, path, page, free="1", drug=drug).text
    answer = clinic.post(clinic.practitioner, path, page, sign="1", **typed(drug))
    assert answer.status_code == 303, answer.text
    sheet = clinic.see(answer.location, clinic.practitioner)
    assert re.search(rf"{drug}</strong> <span[^>]*>free text", sheet)
    seen = re.search(r'name="seen" value="([0-9a-f]+)"', sheet)
    assert seen
    clinic.post(clinic.practitioner, f"{path}/sign", path, seen=seen[1])
    (words,) = papers(clinic, encounter)
    assert drug in words
    assert "Texte libre" in words


def papers(clinic: Clinic, encounter: str) -> list[str]:
    """The words of every paper that the patient may download."""
    work()
    files, found = files_app.build(runtime.current()).test_client(), []
    for link in dict.fromkeys(re.findall(r'href="(/documents/[0-9a-f]+)"', clinic.see(f"/visits/{encounter}"))):
        answer = files.get(urlsplit(clinic.patient.get(link).location).path)
        assert answer.status_code == 200
        found.append(" ".join("".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(answer.data)).pages).split()))
    return found


def addresses(app: Flask, encounter: str) -> Iterator[str]:
    """Every address that answers GET and needs no more than this visit."""
    adapter = app.url_map.bind("localhost")
    rule: Rule
    for rule in app.url_map.iter_rules():
        if "GET" in (rule.methods or ()) and rule.arguments <= {"encounter_id"}:
            yield str(adapter.build(rule.endpoint, dict.fromkeys(rule.arguments, encounter)))


@pytest.mark.feature("RX-11:a")
def test_private_notes_never_reach_the_patient(opened: Open) -> None:
    with mail_server(box := Box()) as port:
        clinic = opened(mail={"host": "127.0.0.1", "port": port})
        encounter = clinic.booked()
        page = clinic.begin(encounter)
        clinic.post(clinic.practitioner, f"{page}/note", page, note=NOTE)
        assert NOTE in clinic.see(page, clinic.practitioner)
        during = {path: clinic.patient.get(path, headers=ENGLISH) for path in addresses(clinic.app, encounter)}
        clinic.end(encounter, note=NOTE)
        after = {path: clinic.patient.get(path, headers=ENGLISH) for path in addresses(clinic.app, encounter)}
        assert f"/visits/{encounter}" in [path for path, answer in after.items() if answer.status_code == 200]
        assert [path for seen in (during, after) for path, answer in seen.items() if NOTE in answer.text] == []
        words = papers(clinic, encounter)
        assert len(words) >= 1
        assert NOTE not in " ".join(words)
        assert box.messages
        assert all(NOTE.encode() not in message.as_bytes() for message in box.messages)
    with database().reading():
        person = session().exec(select(Account.person_id).where(Account.email_index.startswith("index of"))).all()
        exported = [item.content for part in runtime.current().registry.personal_data.values() for p in person for item in part.export(p)]
    assert NOTE not in " ".join(exported)


HEALTH = re.compile(r"consult|médec|medic|doctor|docteur|ordonn|prescri|drug|santé|health|generalist|généralist|video|vidéo", re.IGNORECASE)


@pytest.mark.feature("TELL-04:a")
def test_mails_of_a_whole_visit_say_nothing_of_health(opened: Open) -> None:
    with mail_server(box := Box()) as port:
        clinic = opened(modality=Modality.IN_PERSON, mail={"host": "127.0.0.1", "port": port})
        moved = clinic.booked(20)
        move, cancel = f"/visits/{moved}/move", f"/visits/{moved}/cancel"
        late = re.findall(r'name="start" value="(20[^"]+)"', clinic.see(move))[-1]
        assert clinic.post(clinic.patient, move, move, start=late).status_code == 302
        assert clinic.post(clinic.patient, cancel, cancel).status_code == 302
        encounter = clinic.booked()
        page = clinic.begin(encounter)
        clinic.post(clinic.practitioner, f"{page}/prescription", page, sign="1", **typed("Sirop de la maison"))
        seen = re.search(r'name="seen" value="([0-9a-f]+)"', clinic.see(f"{page}/prescription/sign", clinic.practitioner))
        assert seen
        clinic.post(clinic.practitioner, f"{page}/prescription/sign", f"{page}/prescription", seen=seen[1])
        work()
        assert len(box.messages) >= 5, [str(m["Subject"]) for m in box.messages]
        for message in box.messages:
            attached = " ".join(str(part.get_content()) for part in message.iter_attachments())
            words = re.sub(r"https?://\S+|\S+@\S+", "", f"{message['Subject']} {text_of(message)} {attached}")
            assert not HEALTH.search(words), words
            assert "Sirop" not in message.as_string()


@pytest.mark.feature("TELL-04:a")
@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_template_of_a_mail_is_neutral(opened: Open, language: str) -> None:
    assert opened().service
    for template in notices.TEMPLATES.values():
        for words in (template.subject, *template.paragraphs, template.link_label):
            assert not HEALTH.search(runtime.current().catalogues.gettext("toubib", words, language)), words


@pytest.mark.feature("CLAIM-16:a")
def test_the_administrator_reads_which_rules_in_use_are_not_verified(opened: Open) -> None:
    clinic = opened(settings={"eprescription_email": {"operator": "Fil"}, "claims_fr": {"confirmed_rules": ["tariff.TCS.metro.gynaecology"]}})
    with database().unit_of_work():
        person = people.newcomer()
        account = Account(person_id=person.id, email_index="index of the administrator")
        session().add(account)
        session().flush()
        session().add(RoleAssignment(account_id=account.id, organisation_id=clinic.organisation_id, role="administrator"))
        token = sessions.begin(account, "test")
        session().flush()
        session().exec(select(AuthSession).where(AuthSession.account_id == account.id)).one().second_factor_at = clock.now()
    client = clinic.app.test_client()
    client.set_cookie("tb_session", token)
    page = clinic.see("/admin/rules", client)
    rows = [(words[0], " ".join(words)) for row in page.split("<tr")[2:] if (words := re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL))]
    waiting = {rule for rule, words in rows if "moves no money until a person confirms it" in words}
    assert "tariff.TCS.metro.psychiatry" in waiting
    assert "tariff.TCS.metro.gynaecology" not in waiting
    assert "tariff.TCS.metro.gynaecology" in {rule for rule, words in rows if "used, and said so" in words}
    assert "tariff.TCG.metro" not in {rule for rule, _words in rows}
    assert clinic.patient.get("/admin/rules").status_code == 404


@pytest.mark.feature("CLAIM-16:a")
def test_the_command_lists_the_unverified_rules_of_a_deployment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOUBIB_SETTINGS", str(DEPLOYMENT))
    done = CliRunner().invoke(toubib, ["claims", "unverified"])
    assert done.exit_code == 0, done.output
    lines = done.output.splitlines()
    assert any("tariff.TCS.metro.psychiatry" in line and "moves no money until a person confirms it" in line for line in lines)
    assert lines[-1] == f"{len(lines) - 1} rules in use are not verified"


def links(page: str) -> dict[str, str]:
    """The files among the messages: where each leads, by its name."""
    log = page[page.index('id="chat-log"') :]
    return {name: href for href, name in re.findall(r'class="tb-chat-text"[^>]*><a href="([^"]+)"[^>]*>([^<]+)</a>', log)}


@pytest.mark.feature("ROOM-08:b")
def test_each_side_gives_the_other_a_file_in_the_call(opened: Open) -> None:
    clinic = opened()
    encounter = clinic.booked()
    room, send = f"/visits/{encounter}/room", f"/visits/{encounter}/room/files"
    page = clinic.begin(encounter)
    pictures = {"Blutbild.pdf": b"%PDF-1.7 values", "skin.jpeg": b"\xff\xd8\xff picture"}
    for client, where, (name, content) in zip((clinic.practitioner, clinic.patient), (page, room), pictures.items(), strict=True):
        answer = clinic.post(client, send, where, next=where, file=(io.BytesIO(content), name))
        assert answer.status_code == 302, answer.text
        clinic.clock.advance(timedelta(seconds=5))
    files = files_app.build(runtime.current()).test_client()
    for client, where in ((clinic.patient, room), (clinic.practitioner, page)):
        given = links(clinic.see(where, client))
        assert list(given) == ["Blutbild.pdf", "skin.jpg"]
        assert [files.get(urlsplit(client.get(href).location).path).data for href in given.values()] == list(pictures.values())
    refused = clinic.post(clinic.patient, send, room, next=room, file=(io.BytesIO(b"MZ program"), "harmless.pdf"))
    assert (refused.status_code, "Only PDF files and pictures" in refused.text) == (422, True)
    assert len(links(clinic.see(room))) == 2
    stranger = clinic.app.test_client().get(links(clinic.see(room))["skin.jpg"])
    assert "/sign-in" in stranger.location
    clinic.end(encounter)
    assert "File from the practitioner" in clinic.see(f"/visits/{encounter}")


@pytest.mark.feature("REACH-04:c")
@pytest.mark.parametrize(
    ("language", "name", "other"),
    [("fr", "Odile Testard", "Testard Odile"), ("en", "Odile Testard", "Testard Odile"), ("hu", "Testard Odile", "Odile Testard")],
)
def test_names_stand_in_the_order_of_the_readers_language(opened: Open, language: str, name: str, other: str) -> None:
    clinic = opened(site={"country": "FR", "languages": ["fr", "en", "hu"]})
    page = f"/practice/visits/{clinic.booked()}"
    shown = clinic.practitioner.get(page, headers={"Accept-Language": language}).text
    assert name in shown
    assert other not in shown
