"""What a document may load: packed fonts and data addresses. WeasyPrint never reaches a network or a file from here."""

from importlib import resources

from weasyprint.urls import URLFetcher, URLFetcherResponse

PACKED = "packed:"
FONTS = ("toubib", "static/vendor")


class PackedOnly(URLFetcher):  # type: ignore[misc]
    """Serves `packed:NAME` from the house's vendored fonts and `data:` addresses; refuses every other."""

    def __init__(self) -> None:
        super().__init__(allowed_protocols={"data"}, allow_redirects=False, fail_on_errors=True)

    def fetch(self, url: str, headers: object = None) -> URLFetcherResponse:
        """The bytes of an address; raises `ValueError` for anything outside the package."""
        if not url.startswith(PACKED):
            return super().fetch(url, headers)
        name = url.removeprefix(PACKED)
        if "/" in name or not name.endswith(".woff2"):
            raise ValueError(f"not a packed font: {name}")
        package, folder = FONTS
        font = resources.files(package).joinpath(folder, name)
        return URLFetcherResponse(url, font.read_bytes(), {"Content-Type": "font/woff2"})
