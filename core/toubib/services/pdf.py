"""From a page to a PDF. Import it where it is used: WeasyPrint is heavy, and not every installation has it."""

from importlib import resources

from weasyprint import CSS, HTML
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import URLFetcher, URLFetcherResponse

PACKED = "packed:"


class PackedOnly(URLFetcher):  # type: ignore[misc]
    """Serves `packed:NAME` from the house's fonts and `data:` addresses; refuses every other: no network, no file."""

    def __init__(self) -> None:
        super().__init__(allowed_protocols={"data"}, allow_redirects=False, fail_on_errors=True)

    def fetch(self, url: str, headers: object = None) -> URLFetcherResponse:
        """The bytes of an address; raises `ValueError` for anything outside the package."""
        if not url.startswith(PACKED):
            return super().fetch(url, headers)
        name = url.removeprefix(PACKED)
        if "/" in name or not name.endswith(".woff2"):
            raise ValueError(f"not a packed font: {name}")
        font = resources.files("toubib").joinpath("static", "vendor", name)
        return URLFetcherResponse(url, font.read_bytes(), {"Content-Type": "font/woff2"})


def render(html: str, css: str) -> bytes:
    """A tagged PDF of one page's HTML and CSS."""
    fetcher, fonts = PackedOnly(), FontConfiguration()
    sheet = CSS(string=css, url_fetcher=fetcher, font_config=fonts)
    content: bytes = HTML(string=html, url_fetcher=fetcher).write_pdf(stylesheets=[sheet], font_config=fonts, pdf_tags=True)
    return content
