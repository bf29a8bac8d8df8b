"""From an issued prescription to a PDF: template, packed fonts, QR code. No network, no file outside the package."""

import base64
import io
from functools import cache
from importlib import resources

import segno
from jinja2 import Environment, PackageLoader, StrictUndefined

from toubib.contracts.prescription import IssuedPrescription
from toubib_eprescription_email.reading import Reader
from toubib_eprescription_email.sheet import context

TEMPLATE = "eprescription_email/prescription.html"
STYLE = "templates/eprescription_email/prescription.css"
VARIANT = "pdf/a-3a"
"""Archival and tagged. The claim of conformance was not checked by a validator of PDF/A."""


def pdf(issued: IssuedPrescription, reader: Reader) -> bytes:
    """The unsigned document as tagged PDF/A, A5."""
    from weasyprint import CSS, HTML
    from weasyprint.text.fonts import FontConfiguration

    from toubib_eprescription_email.assets import PackedOnly

    fetcher, fonts = PackedOnly(), FontConfiguration()
    style = resources.files(__package__).joinpath(STYLE).read_text("utf-8")
    page = HTML(string=html(issued, reader), url_fetcher=fetcher)
    sheet = CSS(string=style, url_fetcher=fetcher, font_config=fonts)
    content: bytes = page.write_pdf(stylesheets=[sheet], font_config=fonts, pdf_variant=VARIANT, pdf_tags=True)
    return content


def html(issued: IssuedPrescription, reader: Reader) -> str:
    """The same content as a page: what the PDF is made from."""
    template = _environment().get_template(TEMPLATE)
    return template.render(context(issued, reader), _=reader.gettext, qr=qr(issued.verify_url))


def qr(text: str) -> str:
    """A QR code (error correction M) as a `data:` address of an SVG picture."""
    buffer = io.BytesIO()
    segno.make(text, error="m", micro=False).save(buffer, kind="svg", scale=4, border=2, dark="#000000", light="#ffffff")
    return "data:image/svg+xml;base64," + base64.b64encode(buffer.getvalue()).decode()


@cache
def _environment() -> Environment:
    loader = PackageLoader(__package__ or "", "templates")
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
