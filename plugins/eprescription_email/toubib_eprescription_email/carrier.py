"""The carrier: refuses what a PDF may not carry, makes the sealed document, and recognises its own."""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from toubib import i18n
from toubib.contracts.common import ContractError, Message
from toubib.contracts.prescription import IssuedPrescription, MedicationLine, RenderedDocument
from toubib_eprescription_email import checking, document, keeping, refusals, seal, sheet
from toubib_eprescription_email.legal import STATUS
from toubib_eprescription_email.reading import Reader
from toubib_eprescription_email.settings import CarrierSettings


class SealedPdf:
    """Prescriptions as PDF under the installation's electronic seal. Serves any country whose law allows such a paper."""

    name = refusals.DOMAIN
    title = Message(refusals.DOMAIN, "Sealed PDF, with a link by mail")

    def __init__(self, settings: CarrierSettings) -> None:
        self.settings = settings

    def refusals(self, lines: Sequence[MedicationLine]) -> Sequence[Message]:
        """One sentence per line that a PDF may not carry."""
        return refusals.refusals(lines)

    def render(self, issued: IssuedPrescription) -> RenderedDocument:
        """The sealed document. Raises `ContractError` for lines that it may not carry, even if nobody asked before."""
        refused = self.refusals(issued.lines)
        if refused:
            raise ContractError(refused[0])
        reader = Reader(i18n.catalogues(), issued.locale)
        reason = reader.gettext("Prescription %(reference)s", reference=sheet.reference(issued))
        content = seal.sign(document.pdf(issued, reader), keeping.current(self.settings.operator), reason)
        return RenderedDocument(content, "application/pdf", _filename(issued, reader), STATUS)

    def verify(self, content: bytes) -> Sequence[Message]:
        """What is wrong with a file that claims to be ours; empty when its seal holds. Takes a tenth of a second at most."""
        return checking.faults(content, keeping.authorities())


def _filename(issued: IssuedPrescription, reader: Reader) -> str:
    """A name without the patient's: files end up in many places."""
    day = issued.issued_at.astimezone(ZoneInfo(issued.zone)).date().isoformat()
    stem = reader.gettext("prescription")
    return f"{'SPECIMEN-' if issued.specimen else ''}{stem}-{day}-{sheet.reference(issued)}.pdf"
