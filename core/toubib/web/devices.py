"""A browser's name for people: "Firefox on Windows" from the line by which browsers announce themselves.

The lines claim to be each other, so the order of the names matters: whoever claims most stands first. What is not known keeps
the general word; nothing depends on it but that a list of one's sessions can be read.
"""

from toubib.web.shell import text

BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


def name(announced: str) -> str:
    """What to call a browser that announced itself so."""
    browser = next((word for mark, word in BROWSERS if mark in announced), "")
    system = next((word for mark, word in SYSTEMS if mark in announced), "")
    if browser and system:
        return text("%(browser)s on %(system)s", browser=browser, system=system)
    return browser or system or text("Unknown browser")
