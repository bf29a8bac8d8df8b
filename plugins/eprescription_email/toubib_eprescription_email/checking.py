"""Whether a file is a document of ours, unchanged: the signature is validated in full, trusting only our own authorities."""

import io
import logging
from collections.abc import Sequence
from typing import Any

from asn1crypto import parser

from toubib.contracts.common import Message
from toubib.seams import clock
from toubib_eprescription_email.refusals import DOMAIN
from toubib_eprescription_email.seal import certificate

MAX_BYTES = 10_000_000

# A stranger's file on a public page is no event worth a stack trace in the log.
logging.getLogger("pyhanko.sign.validation").setLevel(logging.ERROR)

NOT_A_PDF = Message(DOMAIN, "This file is not a PDF that can be read. Ask for the file again, as it was downloaded.")
TOO_LARGE = Message(DOMAIN, "This file is larger than any prescription of ours. Nothing was checked.")
NO_SEAL = Message(DOMAIN, "This file bears no seal. It may be a scan or a print made anew: check it by its code.")
FOREIGN_SEAL = Message(DOMAIN, "This file is sealed, but not by this installation. Do not rely on it.")
CHANGED = Message(DOMAIN, "This file was changed after it was sealed. Do not rely on it.")


def faults(content: bytes, authorities: Sequence[bytes]) -> tuple[Message, ...]:
    """What is wrong with a file that claims to be ours; empty when its one seal is ours and covers all of it."""
    if len(content) > MAX_BYTES:
        return (TOO_LARGE,)
    try:
        signatures = _signatures(content)
        if len(signatures) != 1:
            return (CHANGED if signatures else NO_SEAL,)
        return _faults_of(content, signatures[0], authorities)
    except Exception:  # noqa: BLE001  hostile bytes: whatever a reader trips over, the answer to the person is the same
        return (NOT_A_PDF,)


def _signatures(content: bytes) -> list[Any]:
    from pyhanko.pdf_utils.reader import PdfFileReader

    return list(PdfFileReader(io.BytesIO(content)).embedded_signatures)


def _hole_holds_signature_only(content: bytes, signature: Any) -> bool:
    """Whether the only bytes that the signature cannot cover, its own place in the file, hold it and nothing else."""
    start, length, resumes, _ = (int(n) for n in signature.byte_range)
    filling = bytes(signature.sig_object.raw_get("/Contents"))
    return content[start + length : resumes] == b"<" + filling.hex().upper().encode() + b">" and not filling[parser.peek(filling) :].strip(b"\0")


def _faults_of(content: bytes, signature: Any, authorities: Sequence[bytes]) -> tuple[Message, ...]:
    from pyhanko.sign.diff_analysis import ModificationLevel
    from pyhanko.sign.validation import validate_pdf_signature
    from pyhanko.sign.validation.status import SignatureCoverageLevel
    from pyhanko_certvalidator import ValidationContext

    trust = ValidationContext(trust_roots=[certificate(pem) for pem in authorities], allow_fetching=False, moment=clock.now())
    status = validate_pdf_signature(signature, signer_validation_context=trust)
    whole = status.coverage == SignatureCoverageLevel.ENTIRE_FILE and status.modification_level in {None, ModificationLevel.NONE}
    if not (status.intact and status.valid and whole and _hole_holds_signature_only(content, signature)):
        return (CHANGED,)
    return () if status.trusted and status.bottom_line else (FOREIGN_SEAL,)
