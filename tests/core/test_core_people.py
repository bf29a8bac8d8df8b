"""Persons: what being seen vouches for, what verifying changes, and who arrives when who looks."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from toubib.contracts.common import Message, Refused
from toubib.contracts.identity import FactType, IdentityLevel, Sensitivity, Verification
from toubib.db import database
from toubib.runtime import Toubib
from toubib.seams.clock import FixedClock
from toubib.services import countries, people, relatives, visits
from toubib.services.people import Traits
from toubib.testing.booked import booked
from toubib.testing.practices import patient_session, practice, practitioner_session
from toubib_country_uk.country import UnitedKingdom

ADA = Traits("Test", "Ada", date(1980, 5, 1), "female", "01 99 00 00 01")


@pytest.mark.parametrize(("given", "level"), [
    (ADA, IdentityLevel.SEEN),
    (Traits("Test", "Ada", date(1980, 5, 1), "female", "01 99 00 00 02"), IdentityLevel.SEEN),
    (Traits("Autre", "Ada", date(1980, 5, 1), "female", "01 99 00 00 01"), IdentityLevel.TRAITS),
    (Traits("Test", "Ada", date(1981, 5, 1), "female", "01 99 00 00 01"), IdentityLevel.TRAITS),
])  # fmt: skip
def test_another_identity_than_the_one_seen_was_not_seen(installation: Callable[..., Toubib], given: Traits, level: IdentityLevel) -> None:
    installation()
    with database().unit_of_work():
        person, _ = patient_session()
        people.set_traits(person, ADA)
        people.raise_level(person, IdentityLevel.SEEN)
        people.set_traits(person, given)
        assert people.traits(person).level is level


def test_a_declared_fact_can_be_verified_and_stays_so(installation: Callable[..., Toubib]) -> None:
    label = Message("toubib", "Your coverage")
    toubib = installation()
    toubib.registry.fact_types["test.number"] = FactType("test.number", label, label, Sensitivity.HEALTH, lambda text: text.strip())
    with database().unit_of_work():
        person, _ = patient_session()
        for verification in (Verification.DECLARED, Verification.VERIFIED, Verification.VERIFIED, Verification.DECLARED):
            people.declare_fact(person, "test.number", " 42 ", verification)
        facts = people.dated_facts(person)
    assert [(f.value, f.verification, f.valid_to is None) for f in facts] == [
        ("42", Verification.DECLARED, False),
        ("42", Verification.VERIFIED, True),
    ]


def test_a_practitioner_who_asks_how_it_stands_does_not_arrive_for_the_patient(
    app: Callable[..., Flask], browse: Callable[[Flask], FlaskClient], now: FixedClock
) -> None:
    client = browse(app(journeys={"booked": {"steps": []}}))
    with database().unit_of_work():
        made = practice()
        visit = booked(made, now.now() + timedelta(minutes=5))
        client.set_cookie("tb_session", practitioner_session(made))
    assert client.get(f"/visits/{visit.encounter_id}/room/state").status_code == 200
    with database().reading():
        assert visits.visit(visit.encounter_id).status == "planned"


def test_somebody_new_reads_the_first_language_of_the_site(installation: Callable[..., Toubib]) -> None:
    installation(site={"languages": ["sv", "en"], "zone": "Europe/Stockholm"})
    with database().unit_of_work():
        person = people.newcomer()
        assert (person.locale, person.zone) == ("sv", "Europe/Stockholm")
        assert people.newcomer("en").locale == "en"


def test_a_child_is_of_age_where_the_law_of_the_country_says(installation: Callable[..., Toubib], monkeypatch: pytest.MonkeyPatch) -> None:
    installation("country_se", "country_uk", use={"countries": ["SE", "GB"]})
    monkeypatch.setattr(UnitedKingdom, "adult_at", 16)
    assert [countries.majority(code) for code in ("SE", "GB", "", "US")] == [18, 16, 16, 16]


def test_no_child_is_added_where_no_age_of_majority_is_known(installation: Callable[..., Toubib]) -> None:
    installation()
    with database().unit_of_work():
        lou = Traits("Testard", "Lou", date(2018, 4, 3), "female", "01 99 00 44 17")
        refused = relatives.add(people.newcomer().id, lou, relatives.CHILD, "parental_authority")
        assert isinstance(refused, Refused)
        assert refused.message.key.startswith("Until what age a parent decides is not known here")
