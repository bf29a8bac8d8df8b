"""The public check of a file, through the application, and the commands of the seal."""

import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient
from sqlmodel import select

from toubib import runtime
from toubib.contracts.prescription import Carrier
from toubib.db import database
from toubib.db.tables.prescriptions import Document
from toubib.testing.conformance.prescription import prescription
from toubib_eprescription_email import keeping
from toubib_eprescription_email.carrier import SealedPdf
from toubib_eprescription_email.commands import group
from toubib_eprescription_email.settings import CarrierSettings

CHECK = "/eprescription_email/check"


@pytest.fixture
def client(app: Callable[..., Flask], browse: Callable[[Flask], FlaskClient], now: object) -> FlaskClient:  # noqa: ARG001  the clock stands still
    return browse(app("eprescription_email", settings={"eprescription_email": {"operator": "Fil d'essai"}}))


@pytest.fixture
def carrier() -> Carrier:
    return SealedPdf(CarrierSettings(operator="Fil d'essai"))


def give(client: FlaskClient, content: bytes | None, language: str = "fr") -> Any:
    """Send a file through the form of the page, as a pharmacist would."""
    page = client.get(CHECK, headers={"Accept-Language": language}).text
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert token
    files = {"file": (io.BytesIO(content), "ordonnance.pdf")} if content is not None else {}
    return client.post(CHECK, data={"csrf_token": token[1], **files}, headers={"Accept-Language": language}, content_type="multipart/form-data")


def test_a_genuine_file_is_confirmed_in_the_readers_language(client: FlaskClient, carrier: Carrier) -> None:
    content = carrier.render(prescription()).content
    answer = give(client, content)
    assert answer.status_code == 200
    assert "Le sceau est intact" in answer.text
    assert "PAdES, niveau B-B" in answer.text
    assert "The seal holds" in give(client, content, "en").text


def test_a_changed_file_is_not_confirmed_and_says_so(client: FlaskClient, carrier: Carrier) -> None:
    content = bytearray(carrier.render(prescription()).content)
    content[2000] ^= 1
    answer = give(client, bytes(content))
    assert answer.status_code == 200
    assert "Non confirmé" in answer.text
    assert "modifié après avoir été scellé" in answer.text
    assert "Le sceau est intact" not in answer.text


@pytest.mark.parametrize("content", [None, b""], ids=["no file", "empty file"])
def test_a_forgotten_file_is_asked_for(client: FlaskClient, content: bytes | None) -> None:
    answer = give(client, content)
    assert answer.status_code == 422
    assert "Choisissez d’abord le fichier PDF" in answer.text.replace("&#39;", "'")


def files_kept() -> list[Path]:
    """Every file below the folder of files, and the rows of documents."""
    with database().reading() as reading:
        assert reading.exec(select(Document)).all() == []
    return sorted((runtime.current().settings.storage.data / "blobs").rglob("*"))


def test_nothing_of_the_file_is_shown_or_kept(client: FlaskClient, carrier: Carrier) -> None:
    content = carrier.render(prescription()).content
    before = files_kept()
    answer = give(client, content)
    assert "Le sceau est intact" in answer.text
    assert "EXEMPLAMINE" not in answer.text
    assert "Œuvrard" not in answer.text
    assert files_kept() == before


def test_the_check_without_a_token_is_refused(client: FlaskClient) -> None:
    assert client.post(CHECK, data={}).status_code == 400


def test_too_many_checks_are_refused_in_words(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("toubib_eprescription_email.pages.PER_HOUR", 2)
    answers = [give(client, b"%PDF-1.4").status_code for _ in range(3)]
    assert answers[:2] == [200, 200]
    assert answers[2] >= 400
    assert answers[2] != 500


def test_the_public_certificate_is_public_and_has_no_key(client: FlaskClient, carrier: Carrier) -> None:
    assert client.get("/eprescription_email/authority.pem").data == b""
    carrier.render(prescription())
    pem = client.get("/eprescription_email/authority.pem").data
    assert pem.startswith(b"-----BEGIN CERTIFICATE-----")
    assert pem == keeping.authorities()[0]
    assert b"PRIVATE" not in pem


def test_the_commands_renew_and_print(client: FlaskClient) -> None:  # noqa: ARG001  the application runs
    commands = group(CarrierSettings(operator="Fil d'essai"))
    assert "Fil d'essai is in use" in CliRunner().invoke(commands, ["renew-seal"]).output
    assert CliRunner().invoke(commands, ["authority"]).output.count("BEGIN CERTIFICATE") == 1
    CliRunner().invoke(commands, ["renew-seal"])
    assert CliRunner().invoke(commands, ["authority"]).output.count("BEGIN CERTIFICATE") == 2
