"""What happens in a demonstration that is lived in: one patient's visits in every state, with papers, relatives, helpers and refusals."""

import json
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from sqlmodel import col, select

from toubib import runtime
from toubib.contracts.common import Period, Refused
from toubib.contracts.identity import Actor, ActorKind, Role
from toubib.contracts.payment import Redirect
from toubib.contracts.prescription import MedicationLine
from toubib.contracts.scheduling import OfferQuery
from toubib.db import database, session, vault
from toubib.db.tables.access import Account, RoleAssignment
from toubib.db.tables.directory import Organisation, Practitioner, PractitionerRole
from toubib.db.tables.machinery import NotificationRow
from toubib.db.tables.prescriptions import Prescription
from toubib.demo.seed import book
from toubib.seams import clock
from toubib.services import accompaniment, care, checkout, delegations, dispensing, insured, login, missed, payments, people, prescriptions, relatives, visits
from toubib.services.care import AdmissionLine
from toubib.services.people import Traits
from toubib.services.privacy import exports
from toubib.testing.booked import Booked, booked
from toubib.testing.lived_in import House, sign_in
from toubib.testing.practices import Practice

PATIENT, NEW, HELPER = "ada.exemple@exemple.test", "otto.neu@exemple.test", "ines.aide@exemple.test"
PHARMACY = "Pharmacie Lilas"
LINES = (MedicationLine("Sirop Orge", "1 c", "soir", 5), MedicationLine("Collyre", "2 g", "matin", 7, quantity="1 fl"))
HERE = AdmissionLine(True, "FR", "3 rue Acacias, 69003 Lyon", "01 99 00 44 17")


class Refusal(AssertionError):
    """Something that the demonstration needs was refused."""


def well(answer: object) -> None:
    """Stop unless a service did what it was asked."""
    if isinstance(answer, Refused):
        raise Refusal(f"{answer.rule}: {answer.message}")


def settle_in(house: House) -> None:
    """Seat everybody at a browser, and let a patient have visits in every state."""
    with database().unit_of_work():
        made = main_practice()
        patient = login.account_for(PATIENT, house.language)
        people.set_traits(patient.person_id, Traits("Exemple", "Ada", date(1984, 3, 9), "female", "01 99 00 44 17"))
        if insured.is_asked():
            people.declare_fact(patient.person_id, insured.KEY, session().get_one(Organisation, made.organisation_id).country)
        people.set_traits(login.account_for(NEW, house.language).person_id, Traits("Neu", "Otto"))
    _paid_visits(house, patient, made)
    _states(house, patient, made)
    with database().unit_of_work():
        well(relatives.add(patient.person_id, Traits("Exemple", "Zoe", date(2019, 5, 1), "female", ""), "child", "parental_authority"))
        exports.ask(patient.person_id)
    house.work()
    with database().unit_of_work():
        exports.ask(patient.person_id)
    _seats(house, made)
    _drafts(house, made)


def main_practice() -> Practice:
    """The practice of the first practitioner, where there is a doctor of the deployment's country of prescriptions."""
    query = select(PractitionerRole).join(Practitioner).where(PractitionerRole.profession == "physician")
    rows = session().exec(query.order_by(col(Practitioner.slug))).all()
    row = next((r for r in rows if session().get_one(Organisation, r.organisation_id).country == "FR"), rows[0])
    return Practice(row.organisation_id, row.practitioner_id, row.id)


def practitioner(made: Practice) -> Actor:
    """The practitioner, for services that ask who acts."""
    account = session().exec(select(Account).where(Account.person_id == made.practitioner_id)).one()
    return Actor(ActorKind.USER, account.id, made.practitioner_id, (Role("practitioner", made.organisation_id, made.role_id),), strong=True)


def _paid_visits(house: House, account: Account, made: Practice) -> None:
    """Three visits through booking and payment: one to come, one settled, one cancelled by its patient."""
    ids = [_paid(house, account, made) for _ in range(3)]
    for encounter_id in ids[1:2]:
        go_on(encounter_id, "ended")
    with database().unit_of_work():
        well(visits.cancel(ids[2], "patient"))
    house.work()


def _paid(house: House, account: Account, made: Practice) -> str:
    encounter_id = book(account, made.role_id, clock.now() + timedelta(days=2))
    if not encounter_id:
        raise Refusal("nothing is free")
    secure(house, encounter_id)
    return encounter_id


def secure(house: House, encounter_id: str) -> None:
    """Pay for what was agreed, and make it certain."""
    if runtime.current().payments:
        with database().unit_of_work():
            attempt = checkout.prepare(encounter_id, runtime.current().payments[0].name)
            well(attempt)
        if isinstance(attempt, str):
            begun = checkout.begin(attempt, "http://localhost:8000/")
            if isinstance(begun, Redirect):
                house.provider.pay(begun.url)
                payments.look(attempt)
    with database().unit_of_work():
        well(checkout.confirm(encounter_id))


def go_on(encounter_id: str, state: str) -> None:
    """Let a visit go on, to the waiting room, the call or its end."""
    steps: dict[str, Callable[[], object]] = {
        "arrived": lambda: care.arrive(encounter_id),
        "admitted": lambda: care.admit(encounter_id, HERE),
        "ended": lambda: care.end(encounter_id),
    }
    for name, step in steps.items():
        with database().unit_of_work():
            well(step())
        if name == state:
            return


def _states(house: House, account: Account, made: Practice) -> None:
    """Visits of today in every state. Their times lie in the night, so that nothing else stands there."""
    with database().unit_of_work():
        start, rooms = clock.now() - timedelta(hours=7), ("video",) * 6 + ("in_person",) * 4
        who: dict[str, Any] = {"person_id": account.person_id, "locale": house.language}
        made_of = [booked(made, start + timedelta(minutes=21 * n), modality=room, **who) for n, room in enumerate(rooms)]
        soon = booked(made, clock.now() + timedelta(hours=16), **who)
    called, waits, over, missing, vain, unfit, desk, withdrawn, replaced, dispensed = made_of
    for part in ("room/left", "room/state", "room/chat", "room"):
        house.start("patient", f"/visits/{called.encounter_id}/{part}")
    for part in ("presence?was=in-progress", "prescription/sign", "prescription", "unsuitable"):
        house.start("practitioner", f"/practice/visits/{called.encounter_id}/{part}")
    house.start("practitioner", f"/practice/visits/{waits.encounter_id}/presence?was=arrived")
    house.start("patient", f"/visits/{waits.encounter_id}/room/state")
    go_on(called.encounter_id, "admitted")
    for visit in (waits, vain, unfit):
        go_on(visit.encounter_id, "arrived")
    for visit in (desk, over, withdrawn, replaced, dispensed):
        go_on(visit.encounter_id, "admitted")
    _prescriptions(house, made, withdrawn, replaced, dispensed, called)
    for visit in (over, withdrawn, replaced, dispensed):
        go_on(visit.encounter_id, "ended")
    with database().unit_of_work():
        well(missed.patient_did_not_come(missing.encounter_id, ask_fee=False))
        well(missed.practitioner_did_not_come(vain.encounter_id))
        well(care.unsuitable(unfit.encounter_id))
    house.work()
    _guest(house, soon)
    _companion(house, made, soon)


def _prescriptions(house: House, made: Practice, withdrawn: Booked, replaced: Booked, dispensed: Booked, called: Booked) -> None:
    """Prescriptions that were withdrawn, replaced, handed out in part, and one that is being written."""
    if not runtime.current().settings.use.carrier:
        return
    with database().unit_of_work():
        doctor = practitioner(made)
    ids = {}
    for visit in (withdrawn, replaced, dispensed):
        with database().unit_of_work(doctor):
            ids[visit.encounter_id] = prescriptions.draft(visit.encounter_id)
            prescriptions.set_lines(ids[visit.encounter_id], LINES)
            well(prescriptions.issue(ids[visit.encounter_id]))
    house.work()
    with database().unit_of_work(doctor):
        well(prescriptions.revoke(ids[withdrawn.encounter_id], "Dose xx"))
        well(prescriptions.begin_replacing(ids[replaced.encounter_id], "Dose yy"))
        draft = prescriptions.draft(replaced.encounter_id)
        well(prescriptions.issue(draft))
        first = dispensing.lines(ids[dispensed.encounter_id])[0]
        well(dispensing.dispense(ids[dispensed.encounter_id], first.id, PHARMACY))
        prescriptions.set_lines(prescriptions.draft(called.encounter_id), LINES[:1])
    house.work()


def codes() -> tuple[str, str]:
    """The code of a paper that holds, and the patient's of today; "" where nothing is prescribed."""
    with database().reading() as reading:
        row = reading.exec(select(Prescription).where(Prescription.status == "issued")).first()
        return (vault().read(row, "verify_code"), dispensing.patient_code(row.id)) if row else ("", "")


def _guest(house: House, visit: Booked) -> None:
    """Somebody who opened the mailed link, without an account."""
    house.browser("guest")
    house.start("anonymous", f"/join/{visit.token}")
    house.start("anonymous", "/join/nothing-like-it")
    house.post("guest", f"/join/{visit.token}", f"/join/{visit.token}")
    for part in ("", "/room", "/cancel", "/move"):
        house.start("guest", f"/visits/{visit.encounter_id}{part}")


def _companion(house: House, made: Practice, visit: Booked) -> None:
    """A nurse at the patient's side, where the deployment has companions."""
    if not accompaniment.offered():
        return
    with database().unit_of_work():
        query = select(PractitionerRole).where(PractitionerRole.organisation_id == made.organisation_id, PractitionerRole.profession == "nurse")
        nurse = session().exec(query).one()
        own = accompaniment.begin(visit.encounter_id, (nurse.id,))
        well(own)
    house.start("nurse", f"/practice/side/{own}")


def _seats(house: House, made: Practice) -> None:
    """Everybody who has a role signs in, one browser a role; so do two patients, and the practitioner without a second factor."""
    house.browser("anonymous")
    with database().unit_of_work():
        doctor = practitioner(made)
    with database().unit_of_work(doctor):
        well(delegations.give(made.role_id, HELPER))
    with database().unit_of_work():
        known = {"patient": login.account_for(PATIENT, ""), "newcomer": login.account_for(NEW, ""), "secretary": login.account_for(HELPER, "")}
        known["practitioner"] = session().get_one(Account, doctor.id)
        for row in session().exec(select(RoleAssignment).order_by(col(RoleAssignment.role))):
            known.setdefault("nurse" if _is_nurse(row, made) else row.role, session().get_one(Account, row.account_id))
        for who, account in known.items():
            house.browser(who, sign_in(account, agendas=who in ("nurse", "secretary")))
        house.browser("weak", sign_in(known["administrator"], strong=False))


def _is_nurse(row: RoleAssignment, made: Practice) -> bool:
    role = session().get(PractitionerRole, row.practitioner_role_id) if row.practitioner_role_id else None
    return role is not None and role.profession == "nurse" and role.organisation_id == made.organisation_id


def _drafts(house: House, made: Practice) -> None:
    """Bookings that somebody left at each of their screens."""
    with database().unit_of_work():
        service = runtime.current().scheduler.services([made.role_id])[made.role_id][0].id
        offers = runtime.current().scheduler.offers(OfferQuery(service, Period(clock.now(), clock.now() + timedelta(days=14)), 200))
        starts = [offer.period.start.isoformat() for offer in offers[-40::10]]
    page = "/verify"
    for who, start in zip(("anonymous", "visitor", "newcomer", "patient"), starts, strict=True):
        if who == "visitor":
            house.browser(who)
        house.start(who, house.post(who, "/hold", page, service=service, start=start))
    typed = house.starts["visitor"][0]
    house.post("visitor", typed, typed, email=NEW)
    held = house.post("secretary", f"/practice/plan/{made.role_id}/hold", page, service=service, start=offers[-5].period.start.isoformat())
    house.start("secretary", held)
    house.browser("at the code")
    house.start("at the code", house.post("at the code", "/sign-in", "/sign-in", email=NEW))
    house.start("anonymous", _mailed_link())
    house.start("weak", "/practice")
    unpaid = _unpaid(made)
    for screen in ("price", "paid"):
        house.start("patient", f"/visits/{unpaid}/{screen}")


def _mailed_link() -> str:
    """The link of the newest mail that lets somebody sign in."""
    with database().reading() as reading:
        row = reading.exec(select(NotificationRow).where(NotificationRow.template == "login_code")).all()[-1]
        return str(json.loads(vault().read(row, "body"))["link"])


def _unpaid(made: Practice) -> str:
    """A visit whose patient has read the price and left the provider's page."""
    with database().unit_of_work():
        account = login.account_for(PATIENT, "")
    encounter_id = book(account, made.role_id, clock.now() + timedelta(days=4))
    if runtime.current().payments:
        with database().unit_of_work():
            attempt = checkout.prepare(encounter_id, runtime.current().payments[0].name)
        if isinstance(attempt, str):
            checkout.begin(attempt, "http://localhost:8000/")
    return encounter_id
