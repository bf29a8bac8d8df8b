"""Contracts of carriers and drug databases, as tests to inherit.

class TestContract(CarrierContract):
    plugins = ("my_carrier",)
    carrier_name = "my_carrier"

class TestDatabase(DrugDatabaseContract):
    plugins = ("my_drugs",)
    database_name = "my_drugs"

    def load(self) -> None:
        "Load a few drugs through the plugin's own door."
"""

import dataclasses
import io
import re
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, ClassVar

import pytest

from toubib.contracts.common import ContractError, Message
from toubib.contracts.prescription import Carrier, DrugDatabase, IssuedPrescription, MedicationLine, Party, RenderedDocument, Subject
from toubib.db import UnitOfWorkOpen, database
from toubib.i18n import catalogues

if TYPE_CHECKING:
    from toubib.runtime import Toubib

LINE = MedicationLine("EXEMPLAMINE 500 mg, tablet", "1 tablet", "morning and evening", 7, system="test", code="1")
FREE = MedicationLine("Compression stockings, class 2", "worn by day", quantity="1 pair")
SEVERAL = tuple(dataclasses.replace(LINE, text=f"EXEMPLAMINE {n * 5} mg, tablet", code=str(n)) for n in range(1, 19))


def prescription(*lines: MedicationLine, locale: str = "en", specimen: bool = True) -> IssuedPrescription:
    """An issued prescription of invented people; only its lines, language and mark differ."""
    return IssuedPrescription(
        id="c0ffee00c0ffee00c0ffee00c0ffee00",
        author=Party("Dr Ana Exemple", identifiers={"No": "1234"}, phone="+44 20 7946 0000", email="ana@exemple.test", title="General practitioner"),
        organisation=Party("Exemple Practice", ("1 Example Street", "Exampleton"), {"Practice no": "5678"}),
        subject=Subject("Béatrice Œuvrard-N’Guyen", date(1984, 3, 12), "female", "62"),
        issued_at=datetime(2026, 3, 2, 8, 30, tzinfo=UTC),
        zone="Europe/Paris",
        lines=lines or (LINE, FREE),
        mentions=(Message("test", "A mention that the country asks for."),),
        modality="video",
        locale=locale,
        verify_url="https://toubib.test/verify/ABCD-EFGH",
        verify_code="ABCD-EFGH",
        valid_until=date(2026, 6, 2),
        specimen=specimen,
    )


def words(document: RenderedDocument) -> str:
    """The text of a document with single spaces, as a machine reads it. PDF and text documents only."""
    if document.media_type != "application/pdf":
        return " ".join(document.content.decode().split())
    from pypdf import PdfReader

    pages = PdfReader(io.BytesIO(document.content)).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())


def assert_speaks(messages: Iterable[Message], domain: str) -> None:
    """Every message is a sentence of the plugin's own catalogue, in English and in French, with all its parameters."""
    for message in messages:
        assert message.domain == domain
        english, french = (catalogues().render(message, language) for language in ("en", "fr"))
        assert english != french
        assert not re.search(r"%\(", english + french)


class CarrierContract:
    """What every carrier must do."""

    plugins: ClassVar[tuple[str, ...]]
    carrier_name: ClassVar[str]
    uncarried: ClassVar[str] = "narcotic"
    """A class of drugs that this carrier may not carry; "" when it may carry all."""

    @pytest.fixture
    def carrier(self, installation: "Callable[..., Toubib]", now: object) -> Carrier:  # noqa: ARG002  the clock stands still
        """The carrier in a started installation."""
        return installation(*self.plugins).registry.carriers[self.carrier_name]

    def test_it_has_a_name_and_a_title(self, carrier: Carrier) -> None:
        """The deployment chooses by name, people by title."""
        assert carrier.name == self.carrier_name
        assert_speaks([carrier.title], carrier.title.domain)

    def test_it_carries_ordinary_lines(self, carrier: Carrier) -> None:
        """Nothing is refused without a reason."""
        assert list(carrier.refusals((LINE, FREE))) == []

    def test_it_says_for_each_line_why_not(self, carrier: Carrier) -> None:
        """A refusal names its line."""
        if not self.uncarried:
            pytest.skip("this carrier carries every class of drugs")
        bad = dataclasses.replace(LINE, text="FORBIDAMINE 10 mg", classes=frozenset({self.uncarried}))
        refused = carrier.refusals((LINE, bad, FREE, bad))
        assert [message.params["line"] for message in refused] == [2, 4]
        assert_speaks(refused, carrier.title.domain)
        assert all("FORBIDAMINE" in catalogues().render(message, "fr") for message in refused)

    def test_a_refused_line_makes_no_document(self, carrier: Carrier) -> None:
        """Even when nobody asked before."""
        if not self.uncarried:
            pytest.skip("this carrier carries every class of drugs")
        with pytest.raises(ContractError):
            carrier.render(prescription(LINE, dataclasses.replace(LINE, classes=frozenset({self.uncarried}))))

    def test_it_recognises_its_own_document(self, carrier: Carrier) -> None:
        """A second rendering is as good as the first, and both are ours."""
        first, second = carrier.render(prescription()), carrier.render(prescription())
        assert (first.media_type, first.filename) == (second.media_type, second.filename)
        assert [list(carrier.verify(d.content)) for d in (first, second)] == [[], []]

    def test_everything_issued_is_in_the_document(self, carrier: Carrier) -> None:
        """Author, patient, every line and mention, the code: nothing is lost, on however many pages."""
        issued = prescription(*SEVERAL)
        text = words(carrier.render(issued))
        expected = [line.text for line in SEVERAL] + [issued.author.name, issued.organisation.name, issued.subject.name, issued.verify_code]
        expected += [*issued.author.identifiers.values(), *issued.organisation.lines, issued.mentions[0].key, LINE.dose, LINE.timing]
        assert [wanted for wanted in expected if wanted not in text] == []

    def test_a_demo_document_says_specimen(self, carrier: Carrier) -> None:
        """And a real one does not."""
        assert "SPECIMEN" in words(carrier.render(prescription()))
        assert "SPECIMEN" not in words(carrier.render(prescription(specimen=False)))

    def test_the_document_says_what_it_legally_is(self, carrier: Carrier) -> None:
        """The status given to the core stands on the document as well."""
        document = carrier.render(prescription())
        assert_speaks([document.status], carrier.title.domain)
        assert " ".join(catalogues().render(document.status, "en").split()) in words(document)

    def test_the_file_name_tells_nothing_of_the_patient(self, carrier: Carrier) -> None:
        """Files end up in many places."""
        issued = prescription()
        name = carrier.render(issued).filename.casefold()
        assert name.isascii()
        assert [part for part in re.split(r"\W+", issued.subject.name.casefold()) if len(part) > 2 and part in name] == []

    def test_a_changed_document_is_not_ours(self, carrier: Carrier) -> None:
        """One byte anywhere in the content, an addition, a cut."""
        content = carrier.render(prescription()).content
        for position in range(0, len(content), max(1, len(content) // 23)):
            changed = bytearray(content)
            changed[position] ^= 0x01
            assert carrier.verify(bytes(changed)), position
        assert carrier.verify(content + b"\n")
        assert carrier.verify(content[:-20])

    @pytest.mark.parametrize("content", [b"", b"hello", b"%PDF-1.7\n%%EOF\n", b"\0" * 5000], ids=["nothing", "text", "hollow", "zeros"])
    def test_what_is_no_document_is_refused_in_words(self, carrier: Carrier, content: bytes) -> None:
        """Hostile bytes get a sentence, not an error."""
        faults = carrier.verify(content)
        assert faults
        assert_speaks(faults, carrier.title.domain)

    def test_it_does_not_render_inside_a_unit_of_work(self, carrier: Carrier) -> None:
        """Rendering takes long; a transaction must not wait for it."""
        with database().unit_of_work(), pytest.raises(UnitOfWorkOpen):
            carrier.render(prescription())


class DrugDatabaseContract:
    """What every drug database must do."""

    plugins: ClassVar[tuple[str, ...]]
    database_name: ClassVar[str]
    word: ClassVar[str] = "paracetamol"
    """The beginning of a name or substance in what `load` loads, in lower case and without accents."""

    def load(self) -> None:
        """Load some drugs, outside any unit of work."""
        raise NotImplementedError

    @pytest.fixture
    def drugs(self, installation: "Callable[..., Toubib]", now: object) -> DrugDatabase:  # noqa: ARG002  the clock stands still
        """The database in a started installation, empty."""
        return installation(*self.plugins).registry.drugs[self.database_name]

    @pytest.fixture
    def loaded(self, drugs: DrugDatabase) -> DrugDatabase:
        """The database after the import."""
        self.load()
        return drugs

    def test_it_is_usable_before_the_first_import(self, drugs: DrugDatabase) -> None:
        """Empty, without a date, and no error."""
        with database().reading():
            assert drugs.published_on() is None
            assert list(drugs.search(self.word, 10)) == []
            assert drugs.get("1") is None

    def test_it_says_whose_data_and_from_when(self, loaded: DrugDatabase) -> None:
        """Shown beside every search."""
        assert_speaks([loaded.source()], loaded.source().domain)
        with database().reading():
            published = loaded.published_on()
        assert isinstance(published, date)

    def test_it_finds_by_the_beginning_of_words(self, loaded: DrugDatabase) -> None:
        """Whatever the case and the accents of what was typed."""
        typed = [self.word, self.word[:4], self.word.upper(), f"  {self.word} ", self.word.replace("e", "é")]
        with database().reading():
            answers = [[drug.code for drug in loaded.search(text, 5)] for text in typed]
        assert all(answers)
        assert answers[0] == answers[2] == answers[3] == answers[4]

    def test_what_it_finds_it_can_give(self, loaded: DrugDatabase) -> None:
        """A code is stable and complete."""
        with database().reading():
            found = loaded.search(self.word, 20)
            assert [loaded.get(drug.code) for drug in found] == list(found)
            assert all(drug.system and drug.name and drug.substances for drug in found)

    def test_it_keeps_the_limit(self, loaded: DrugDatabase) -> None:
        """And never answers everything."""
        with database().reading():
            assert len(loaded.search(self.word, 1)) == 1
            assert list(loaded.search(self.word, 0)) == []

    @pytest.mark.parametrize("text", ["", " ", "%", "_", "'; --", "\0", "🙂", "zzzzqq", "*", '"', "a" * 5000, "\\"])
    def test_odd_words_find_nothing_and_break_nothing(self, loaded: DrugDatabase, text: str) -> None:
        """Typing is not an attack, and an attack is only typing."""
        with database().reading():
            assert list(loaded.search(text, 5)) == []
            assert loaded.get(text) is None
