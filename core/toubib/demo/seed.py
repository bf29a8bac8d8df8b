"""Seeding the demonstration from the deployment's `demo.toml`. Run again, it adds only what is missing."""

import tomllib
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlmodel import select

from toubib import i18n, runtime
from toubib.contracts.common import Period
from toubib.contracts.demo import DemoRole
from toubib.contracts.journey import EncounterView
from toubib.contracts.scheduling import OfferQuery
from toubib.db import database, session, vault
from toubib.db.tables.access import Account, RoleAssignment
from toubib.db.tables.directory import Location, Organisation, Practitioner, PractitionerRole, Standing
from toubib.db.tables.journey import Encounter
from toubib.seams import clock
from toubib.services import checkout, insured, journey, login, people, requests, visits
from toubib.services.names import fold, slug

SECOND_FACTOR = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
"""The demonstration's only TOTP key, printed at the start so that anybody can sign in. Refused in production with the demo itself."""

Say = Callable[[str], None]


def seed(folder: Path, say: Say = lambda _text: None) -> None:
    """Fill the installation as `demo.toml` in the deployment's folder says."""
    site = runtime.current().settings.site
    i18n.set_locale(site.default_language, site.zone)
    plan = tomllib.loads((folder / "demo.toml").read_text())
    reasons = {r["key"]: r for r in plan.get("reason", ())}
    roles = []
    for practice in plan["practice"]:
        say(f"practice {practice['name']}")
        with database().unit_of_work():
            roles += list(_practice(practice, reasons))
    with database().unit_of_work():
        for member in (plan["administrator"] | {"role": "administrator"}, *plan.get("staff", ())):
            _staff(member)
    for part in runtime.current().registry.demo.values():
        say(f"{part.name}: its own rows")
        part.seed(roles)
    say("bookings around today")
    _bookings(plan.get("patient", ()), roles)


def _practice(plan: Mapping[str, Any], reasons: Mapping[str, Any]) -> Iterator[DemoRole]:
    settings = runtime.current().settings.site
    found = session().exec(select(Organisation).where(Organisation.slug == plan["slug"])).first()
    organisation = found or Organisation(
        name=plan["name"],
        slug=plan["slug"],
        phone=plan["phone"],
        email=plan["email"],
        country=plan.get("country", settings.country),
        zone=plan.get("zone", settings.zone),
        currency=plan.get("currency") or settings.currency or runtime.current().country(plan.get("country", "")).currency,
        identifiers=plan.get("identifiers", {}),
        kind=plan.get("kind", "practice"),
    )
    location = session().exec(select(Location).where(Location.organisation_id == organisation.id)).first() or Location(
        organisation_id=organisation.id,
        name=plan["name"],
        street=plan["street"],
        postcode=plan["postcode"],
        city=plan["city"],
        country=organisation.country,
        lat_e6=plan["lat_e6"],
        lon_e6=plan["lon_e6"],
    )
    session().add(organisation)
    session().flush()
    session().add(location)
    session().flush()
    for person in plan["practitioner"]:
        role_id = _practitioner(person, organisation, location)
        wanted = {**person, "reasons": [reasons[key] for key in person.get("reasons", ())]}
        yield DemoRole(role_id, organisation.currency, wanted)


def _practitioner(plan: Mapping[str, Any], organisation: Organisation, location: Location) -> str:
    address = slug(plan["name"])
    known = session().exec(select(Practitioner).where(Practitioner.slug == address)).first()
    if known is not None:
        return session().exec(select(PractitionerRole.id).where(PractitionerRole.practitioner_id == known.id)).one()
    account = login.account_for(plan["email"], runtime.current().settings.site.default_language)
    account.second_factor_required = True
    vault().seal(account, "totp_secret", SECOND_FACTOR)
    practitioner = Practitioner(
        id=account.person_id,
        slug=address,
        display_name=plan["name"],
        search_name=fold(plan["name"]),
        title=plan["title"],
        registry_key=plan["registry_key"],
        registry_number=plan["registry_number"],
        languages=plan["languages"],
        about=plan["about"],
    )
    session().add(practitioner)
    session().flush()
    role = PractitionerRole(
        practitioner_id=practitioner.id,
        organisation_id=organisation.id,
        location_id=location.id,
        profession=plan["profession"],
        specialty=plan["specialty"],
        sector=plan.get("sector", ""),
        attributes=plan.get("attributes", {}),
    )
    scopes = ["practise", *(requests.LICENCE + country for country in plan.get("licences", ()))]
    granted = [Standing(practitioner_id=practitioner.id, scope=s, state="good", source="demo", reason="invented practitioner") for s in scopes]
    session().add_all([role, *granted])
    session().flush()
    session().add(
        RoleAssignment(account_id=account.id, organisation_id=organisation.id, role="practitioner", practitioner_role_id=role.id)
    )
    return role.id


def _staff(plan: Mapping[str, Any]) -> None:
    """Somebody with a role at a practice who treats nobody: administrator, secretary, reviewer."""
    organisation = session().exec(select(Organisation).where(Organisation.slug == plan["practice"])).one()
    account = login.account_for(plan["email"], runtime.current().settings.site.default_language)
    if not session().exec(select(RoleAssignment).where(RoleAssignment.account_id == account.id)).first():
        account.second_factor_required = True
        vault().seal(account, "totp_secret", SECOND_FACTOR)
        session().add(RoleAssignment(account_id=account.id, organisation_id=organisation.id, role=plan["role"]))


def _bookings(patients: list[Mapping[str, Any]], roles: list[DemoRole]) -> None:
    """Each patient books the next free times of two practitioners, through the same services as everybody."""
    for position, plan in enumerate(patients):
        with database().unit_of_work():
            account = login.account_for(plan["email"], plan.get("language", runtime.current().settings.site.default_language))
            if session().exec(select(Encounter.id).where(Encounter.person_id == account.person_id)).first():
                continue
            born = date.fromisoformat(plan["birth"])
            people.set_traits(account.person_id, people.Traits(plan["family"], plan["given"], born, plan["sex"], plan["phone"]))
            for key, value in plan.get("facts", {}).items():
                people.declare_fact(account.person_id, key, value)
        for role in (roles[position % len(roles)], roles[(position + 3) % len(roles)]):
            book(account, role.id, clock.now() + timedelta(minutes=30 + 45 * position))


def book(account: Account, role_id: str, after: datetime) -> str:
    """Book the first reason of a practitioner at the first free time after an instant; the encounter's id, "" when there is none.

    Where no provider takes money without a page of its own, the price is accepted, and paying is left to whoever called.
    """
    toubib = runtime.current()
    with database().unit_of_work():
        offered = toubib.scheduler.services([role_id]).get(role_id)
        if not offered:
            return ""
        service = offered[0]
        offers = toubib.scheduler.offers(OfferQuery(service.id, Period(after, after + timedelta(days=14)), 1))
        if not offers:
            return ""
        held = visits.hold(service.id, offers[0].period.start, f"demo-{account.id}")
        if not isinstance(held, str):
            return ""
        visits.adopt(held, account.person_id)
        view = agree(held)
        if not any(step.name == "coverage.estimate" for step in journey.steps(view.journey)):
            checkout.confirm(held)
            return held
        checkout.accept(held, checkout.shown_now(held))
        offline = next((p.name for p in toubib.payments if not p.capabilities.online), None)
        attempt = checkout.prepare(held, offline) if offline else None
    if isinstance(attempt, str):
        checkout.begin(attempt, "")
    return held


def agree(encounter_id: str) -> EncounterView:
    """Consent as an invented patient does, and say nothing of their coverage beyond where it is; in the open unit of work."""
    view = journey.view(encounter_id)
    for step in journey.steps(view.journey):
        if step.name.startswith("consent."):
            step.submit(view, {step.name: "1"})
        if step.name == "coverage.facts":
            journey.mark(encounter_id, step.name, "asked", insured.country_of(view.person_id) or "1")
    return view
