"""The carrier keeps its contract, and the document is the one a pharmacist needs."""

import dataclasses
import io
import re
import shutil
import subprocess
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

from toubib.contracts.common import ContractError
from toubib.contracts.prescription import Carrier, MedicationLine
from toubib.db import database
from toubib.i18n import catalogues
from toubib.testing.conformance.prescription import FREE, LINE, CarrierContract, prescription, words
from toubib_eprescription_email import checking, document, keeping, seal
from toubib_eprescription_email.models import SealRow

DOSED = MedicationLine(
    "AMOXICILLINE 1 g, comprimé dispersible", "1 comprimé", "matin et soir", 7, repeats=2, system="t", code="2", not_substitutable="enfant de moins de 6 ans"
)


class TestContract(CarrierContract):
    """Every carrier's contract."""

    plugins = ("eprescription_email",)
    carrier_name = "eprescription_email"


@pytest.fixture
def carrier(installation: Callable[..., Any], now: object) -> Carrier:  # noqa: ARG001  the clock stands still
    carrier: Carrier = installation("eprescription_email").registry.carriers["eprescription_email"]
    return carrier


def french(carrier: Carrier, *lines: MedicationLine, **changes: Any) -> str:
    return words(carrier.render(dataclasses.replace(prescription(*lines, locale="fr"), **changes)))


@pytest.mark.feature("RX-02:a", "RX-17:a")
def test_every_mention_of_the_checklist_stands_on_the_paper(carrier: Carrier) -> None:
    text = french(carrier, DOSED, FREE, replaces="0a1b2c3d4e5f", verify_code="1234567890123456")
    wanted = [
        "Ordonnance", "Dr Ana Exemple", "General practitioner", "No 1234", "Practice no 5678", "1 Example Street", "+44 20 7946 0000", "ana@exemple.test",
        "Établie le 2 mars 2026, référence C0FFEE00", "Béatrice Œuvrard-N’Guyen", "date de naissance : 12 mars 1984", "sexe : féminin", "poids : 62 kg",
        "1. AMOXICILLINE 1 g, comprimé dispersible", "1 comprimé, matin et soir, pendant 7 (sept) jours", "À renouveler 2 (deux) fois",
        "NON SUBSTITUABLE, motif : enfant de moins de 6 ans", "2. Compression stockings, class 2", "Quantité : 1 pair. À ne pas renouveler",
        "Texte libre, hors base de médicaments", "Décidée et signée par Dr Ana Exemple", "le 2 mars 2026 à 9 h 30 (Europe/Paris)", "2 (deux) lignes prescrites",
        "Fin de l’ordonnance : rien n’est prescrit sous cette ligne", "A mention that the country asks for.", "au plus tard le 2 juin 2026",
        "Annule et remplace l’ordonnance 0A1B2C3D", "PAdES, niveau B-B", "Ce n’est pas une signature électronique qualifiée",
        "ni une « ordonnance numérique » du service national", "https://toubib.test/verify/ABCD-EFGH", "1234 5678 9012 3456",
    ]  # fmt: skip
    plain = text.replace("\u00a0", " ")
    assert [mention for mention in wanted if mention not in plain] == []


def test_the_signature_follows_the_last_line_at_once(carrier: Carrier) -> None:
    text = french(carrier, LINE, DOSED)
    between = text[text.index("enfant de moins de 6 ans") + len("enfant de moins de 6 ans") : text.index("Décidée et signée")]
    assert between.strip() in {"", "ABCD-EFGH"}
    assert text.index("Décidée et signée") < text.index("Fin de l’ordonnance") < text.index("PAdES")


def test_lines_of_a_long_term_condition_stand_apart(carrier: Carrier) -> None:
    text = french(carrier, DOSED, dataclasses.replace(LINE, text="CHRONICAMINE 5 mg", long_term_condition=True))
    assert text.index("En rapport avec l’affection de longue durée") < text.index("2. CHRONICAMINE") < text.index("Sans rapport avec") < text.index("1. AMOX")
    assert "longue durée" not in french(carrier, DOSED)


@pytest.mark.feature("RX-17:b")
def test_a_demo_document_says_specimen_on_every_page(carrier: Carrier) -> None:
    lines = [dataclasses.replace(DOSED, code=str(n)) for n in range(14)]
    pages = PdfReader(io.BytesIO(carrier.render(prescription(*lines)).content)).pages
    assert len(pages) > 1
    assert all("SPECIMEN" in page.extract_text().replace("\n", "") for page in pages)
    assert all("page" in page.extract_text() and "Béatrice" in page.extract_text() for page in pages)


@pytest.mark.parametrize("shift", range(4))
def test_a_page_never_parts_a_line_from_its_dose(carrier: Carrier, shift: int) -> None:
    several = [
        dataclasses.replace(DOSED, text=f"MEDOC{n:02}", dose=f"DOSE{n:02} " + "comprimé " * ((n + shift) % 4 * 7), quantity=f"FIN{n:02}") for n in range(16)
    ]
    pages = [page.extract_text() for page in PdfReader(io.BytesIO(carrier.render(prescription(*several)).content)).pages]
    assert len(pages) > 1
    for number in range(16):
        where = {mark: [i for i, page in enumerate(pages) if f"{mark}{number:02}" in page] for mark in ("MEDOC", "DOSE", "FIN")}
        assert where["MEDOC"] == where["DOSE"] == where["FIN"], where
        assert len(where["FIN"]) == 1
    (signed,) = (page for page in pages if "Decided and signed" in page)
    assert all(mark in signed for mark in ("FIN15", "ABCD-EFGH", "End of the prescription"))


def test_a_usual_prescription_fits_on_one_page(carrier: Carrier) -> None:
    content = carrier.render(prescription(DOSED, LINE, DOSED, locale="fr")).content
    assert len(PdfReader(io.BytesIO(content)).pages) == 1


def test_it_is_tagged_archival_and_in_its_language(carrier: Carrier) -> None:
    reader = PdfReader(io.BytesIO(carrier.render(prescription(locale="fr")).content))
    catalogue: Any = reader.trailer["/Root"]
    assert catalogue["/MarkInfo"]["/Marked"]
    assert catalogue["/Lang"] == "fr"
    assert reader.metadata is not None
    assert reader.metadata.title == "Ordonnance du 2 mars 2026"
    assert b"pdfaid:part" in catalogue["/Metadata"].get_data()
    fonts = {font["/BaseFont"] for page in reader.pages for font in page["/Resources"]["/Font"].values()}  # type: ignore[index]
    assert fonts
    assert all("Atkinson" in font for font in fonts), fonts
    alternatives = re.findall(r"Code QR de l’adresse", _alternatives(catalogue["/StructTreeRoot"]))
    assert alternatives


def _alternatives(element: Any) -> str:
    element = element.get_object() if hasattr(element, "get_object") else element
    if isinstance(element, list):
        return " ".join(_alternatives(child) for child in element)
    if not isinstance(element, dict):
        return ""
    return f"{element.get('/Alt', '')} {_alternatives(element.get('/K', ''))}"


def test_an_altered_typed_text_cannot_write_markup(carrier: Carrier) -> None:
    text = french(carrier, dataclasses.replace(FREE, text="<b>Gel</b> & <img src='http://evil.test/x'> {{ 7*7 }}"))
    assert "<b>Gel</b> & <img src='http://evil.test/x'> {{ 7*7 }}" in text


@pytest.mark.poppler
@pytest.mark.feature("RX-02:b")
def test_the_seal_holds_for_another_program_too(carrier: Carrier, tmp_path: Path) -> None:
    if not shutil.which("pdfsig"):
        pytest.skip("pdfsig (poppler-utils) is not installed")
    path = tmp_path / "signed.pdf"
    path.write_bytes(carrier.render(prescription()).content)
    said = subprocess.run(["pdfsig", "-nocert", str(path)], capture_output=True, text=True, check=False).stdout
    assert "ETSI.CAdES.detached" in said
    assert "Signature is Valid" in said
    assert "Total document signed" in said


def test_a_seal_of_somebody_else_is_not_ours(carrier: Carrier) -> None:
    ours = carrier.render(prescription()).content
    assert checking.faults(ours, [seal.make("Somebody else").authority]) == (checking.FOREIGN_SEAL,)


def test_an_unsealed_file_and_an_appended_revision_are_found(carrier: Carrier) -> None:
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

    ours = carrier.render(prescription()).content
    writer: Any = IncrementalPdfFileWriter(io.BytesIO(ours))
    writer.root["/Extra"] = writer.root["/Type"]
    writer.update_root()
    out = io.BytesIO()
    writer.write(out)
    assert list(carrier.verify(out.getvalue())) == [checking.CHANGED]
    assert list(carrier.verify(b"%PDF-1.4 nonsense")) == [checking.NOT_A_PDF]


def test_a_large_file_is_not_even_read(carrier: Carrier) -> None:
    assert list(carrier.verify(b"0" * (checking.MAX_BYTES + 1))) == [checking.TOO_LARGE]


def test_one_seal_is_made_and_kept_encrypted(carrier: Carrier) -> None:
    first = carrier.render(prescription()).content
    second = carrier.render(prescription()).content
    assert len(keeping.authorities()) == 1
    with database().reading() as work:
        row = work.get_one(SealRow, work.connection().exec_driver_sql("SELECT id FROM eprescription_email_seal").scalar_one())
        assert row.key is not None
        assert b"PRIVATE" not in row.key
    assert carrier.verify(first) == carrier.verify(second) == ()


def test_after_a_new_seal_older_documents_still_hold(carrier: Carrier) -> None:
    old = carrier.render(prescription()).content
    keeping.renew("Fil d'essai")
    new = carrier.render(prescription()).content
    assert len(keeping.authorities()) == 2
    assert carrier.verify(old) == carrier.verify(new) == ()


def test_a_seal_lasts_years(carrier: Carrier, now: Any) -> None:
    content = carrier.render(prescription()).content
    now.advance(timedelta(days=365 * 5))
    assert carrier.verify(content) == ()
    assert carrier.render(prescription()).content
    assert len(keeping.authorities()) == 1
    now.advance(timedelta(days=365 * 6))
    assert carrier.verify(content) != ()


def test_no_document_is_sealed_with_a_seal_that_ends(carrier: Carrier, now: Any) -> None:
    first = carrier.render(prescription()).content
    now.advance(timedelta(days=365 * 9 + 10))
    second = carrier.render(prescription()).content
    assert carrier.verify(first) == carrier.verify(second) == ()
    now.advance(timedelta(days=365 * 3))
    assert carrier.verify(second) == ()
    assert len(keeping.authorities()) == 2


@pytest.mark.parametrize(
    ("line", "named"),
    [
        (
            MedicationLine("SKENAN L.P. 30 mg, gélule", "1", "matin et soir", 7, system="bdpm", code="1", classes=frozenset({"narcotic", "list_1"})),
            "stupéfiant",
        ),
        (MedicationLine("SUBUTEX 8 mg, comprimé", "1", "le matin", 7, system="bdpm", code="2", classes=frozenset({"secured"})), "ordonnance sécurisée"),
        (MedicationLine("Tramadol 50", "1", "si douleur", 3), "tramadol"),
        (MedicationLine("Collyre au sérum physiologique", "1 goutte", "si besoin", 3), ""),
        (MedicationLine("sirop à la CODÉINE", "1 c. à s.", "le soir", 3), "codeine"),
        (MedicationLine("Méthadone AP-HP 40 mg", "1", "le matin", 3), "methadone"),
    ],
)
def test_what_a_pdf_may_not_carry(carrier: Carrier, line: MedicationLine, named: str) -> None:
    said = [catalogues().render(message, "fr") for message in carrier.refusals((LINE, line))]
    if not named:
        assert said == []
        return
    assert len(said) == 1
    assert "2, " in said[0]
    assert line.text in said[0]
    assert named in said[0]
    with pytest.raises(ContractError):
        carrier.render(prescription(LINE, line))


def test_the_code_is_in_the_qr_code_and_beside_it_but_not_in_the_printed_address(carrier: Carrier) -> None:
    text = french(carrier, verify_url="https://toubib.test/verify?code=1234567890123456", verify_code="1234567890123456")
    assert "https://toubib.test/verify" in text
    assert "code=" not in text
    assert document.qr("https://toubib.test/verify?code=1") != document.qr("https://toubib.test/verify")


def test_numbers_bear_the_abbreviation_of_their_system(carrier: Carrier) -> None:
    author = dataclasses.replace(prescription().author, identifiers={"rpps": "10 000 001 916", "Licence no": "7", "empty": ""})
    text = french(carrier, author=author)
    assert "RPPS 10 000 001 916" in text
    assert "Licence no 7" in text
    assert "EMPTY" not in text


def test_an_old_birth_date_and_no_weight_print_well(carrier: Carrier) -> None:
    subject = dataclasses.replace(prescription().subject, birth_date=date(1925, 1, 1), weight_kg="", sex="unknown")
    text = french(carrier, subject=subject).replace("\u00a0", " ")
    assert "date de naissance : 1 janvier 1925, sexe : unknown" in text
    assert "poids" not in text
