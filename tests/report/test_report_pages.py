"""The report over HTTP: administrators only, table before plot, no script or style, the same in the file, and from settled visits."""

import re
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlmodel import select

from toubib import runtime
from toubib.db import database, session, vault
from toubib.db.tables.access import RoleAssignment
from toubib.db.tables.directory import Location, PractitionerRole
from toubib.db.tables.journey import Encounter
from toubib.db.tables.money import ChargeItem
from toubib.db.tables.people import Person
from toubib.runtime import Toubib
from toubib.seams.clock import FixedClock
from toubib.services import care, checkout, report_sources, settlement
from toubib.services.care import AdmissionLine
from toubib.testing.booked import booked
from toubib.testing.practices import practice, practitioner_session

PRESS = Path(__file__).parent / "press_2019.csv"
FORECAST = {"2019": 500_000, "2020": 1_000_000, "2021": 1_300_000}
NICE = AdmissionLine(True, "FR", "Nice", "01 99 00 00 01")
ENGLISH = {"Accept-Language": "en"}


@pytest.fixture
def client(app: Callable[..., Flask], now: FixedClock) -> FlaskClient:
    assert now.now().tzinfo
    site = app("country_fr", report={"counts": str(PRESS), "forecast": FORECAST})
    with database().unit_of_work():
        token = practitioner_session(practice("clinic"))
        session().exec(select(RoleAssignment)).one().role = "administrator"
    client = site.test_client()
    client.set_cookie("tb_session", token)
    return client


def rows(page: str) -> list[list[str]]:
    return [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL) for row in page.split("<tr")[1:]]


@pytest.mark.feature("CLAIM-09:b")
@pytest.mark.feature("CLAIM-09:c")
def test_the_press_figures_stand_in_tables_plots_and_file(client: FlaskClient) -> None:
    page = client.get("/admin/report", headers=ENGLISH).text
    assert "7,939 acts in all" in page
    assert "Constructed: only the sums are press figures" in page
    assert ["general practitioners", "3,192", "40.2 %"] in rows(page)
    assert ["specialists", "2,556", "32.2 %"] in rows(page)
    assert ["health centres", "1,580", "19.9 %"] in rows(page)
    assert ["hospitals", "611", "7.7 %"] in rows(page)
    assert [line[2] for line in rows(page) if line[:1] in (["2019"], ["2020"], ["2021"]) and len(line) == 4] == ["500,000", "1,000,000", "1,300,000"]
    plots = re.findall(r"<svg class=\"tb-plot\".*?</svg>", page, re.DOTALL)
    assert len(plots) == 5
    for plot in plots:
        assert re.search(r'role="img" aria-label="[^"]+The table before it', plot)
        assert "style" not in plot
        assert "<script" not in plot
    assert ">7,939<" not in plots[0]
    assert page.index("<table") < page.index('class="tb-plot"')
    file = client.get("/admin/report.csv")
    assert file.mimetype == "text/csv"
    for text in ("all,,,all,7939,100.0,,", "profession,,hospitals,all,611,7.7,,", "profession,,specialists,all,2556,32.2,,", "forecast,,,2021,0,,1300000,0.0"):
        assert text in file.text.splitlines()


@pytest.mark.parametrize("path", ["/admin/report", "/admin/report.csv"])
def test_nobody_else_reads_it(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code == 200
    assert client.application.test_client().get(path).status_code != 200


@pytest.mark.feature("CLAIM-09:a")
def test_acts_of_settled_visits_are_counted_by_day_of_care_and_kind(installation: Callable[..., Toubib], now: FixedClock) -> None:
    installation("country_fr", "payment_manual", use={"payment": ["payment_manual"]}, journeys={"booked": {"steps": ["identity.traits"]}})
    with database().unit_of_work():
        made = practice("clinic")
        place, role = session().exec(select(Location)).one(), session().exec(select(PractitionerRole)).one()
        place.country, place.postcode, role.specialty = "FR", "06000", "dermatology"
    for hours, qty, ended in ((0, 2, True), (1, 11, True), (2, 40, False)):
        with database().unit_of_work():
            visit = booked(made, now.now() + timedelta(hours=hours))
            vault().seal(session().get_one(Person, visit.person_id), "birth_date", "1956-03-02")
            assert checkout.accept(visit.encounter_id, checkout.shown_now(visit.encounter_id)) is None
            assert care.arrive(visit.encounter_id) is None
            assert care.admit(visit.encounter_id, NICE) is None
            assert care.end(visit.encounter_id) is None
            state(visit.encounter_id, qty)
        if ended:
            with database().unit_of_work():
                settlement.settle(visit.encounter_id)
    with database().reading():
        found = report_sources.current()
    assert [(c.period[-1], c.count) for c in found.of("all", 3)] == [("2026-W10", 13)]
    known = {(c.dimension, c.category): c.count for c in found.cells if not c.period}
    assert known["age", "70+"] == 13
    assert known["profession", "physician"] == 13
    assert known["specialty", "dermatology"] == known["department", "FR 06"] == 13
    assert [region for dimension, region in known if dimension == "region"] == [nice()]


def nice() -> str:
    """The region of Nice as the country's own list of places has it."""
    return f"FR {runtime.current().registry.countries['FR'].places('06000', 1)[0].region}"


def state(encounter_id: str, qty: int) -> None:
    """An act that the practitioner stated so many times."""
    visit = session().get_one(Encounter, encounter_id)
    item = ChargeItem(organisation_id=visit.organisation_id, encounter_id=visit.id, performer_role_id="", qty=qty, charged_minor=2500, currency="EUR")
    item.performer_role_id = visit.practitioner_role_id or ""
    session().add(item)


def test_a_file_is_found_beside_the_settings(installation: Callable[..., Toubib], tmp_path: Path) -> None:
    shutil.copy(PRESS, tmp_path / "counts.csv")
    installation("country_fr", folder=str(tmp_path), report={"counts": "counts.csv"})
    assert runtime.current().settings.folder == tmp_path
    with database().reading():
        assert report_sources.current().of("all", 0)[0].count == 7939
