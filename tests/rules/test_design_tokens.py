"""Style sheets take every colour, size and time from tokens, write no side of the page by name and fetch nothing from elsewhere."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
STATIC = ROOT / "core" / "toubib" / "static"
TOKENS = STATIC / "css" / "tokens.css"
DEPLOYMENT_TOKENS = sorted(ROOT.glob("deployments/*/*.css"))
SHEETS = sorted(
    path
    for pattern in ("core/toubib/static/css/*.css", "core/toubib/**/static/**/*.css", "plugins/*/toubib_*/static/**/*.css")
    for path in ROOT.glob(pattern)
    if path != TOKENS and "vendor" not in path.parts and path.name != "double.css"  # a double stands for a page that is not ours
)
TEMPLATES = sorted([*ROOT.glob("core/toubib/templates/**/*.html"), *ROOT.glob("plugins/*/toubib_*/templates/**/*.html")])

COLOUR = re.compile(r"#[0-9a-fA-F]{3,8}\b|\b(?:rgb|rgba|hsl|hsla|hwb|lab|lch|oklab|oklch|color)\(")
NAMED = re.compile(
    r"(?:color|background|border[\w-]*|outline[\w-]*|fill|stroke|box-shadow)\s*:[^;]*"
    r"\b(?:white|black|red|green|blue|gr[ae]y|orange|yellow|silver|navy|teal)\b"
)
SIZE = re.compile(r"(?<![\w#.-])-?(?:\d+\.?\d*|\.\d+)(?:px|rem|em|pt|mm|cm|ch|ex|ms|s)\b")
PHYSICAL = re.compile(r"(?:^|[\s;{])(?:(?:(?:margin|padding|border)-)?(?:left|right|top|bottom)|(?:min-|max-)?(?:width|height))\s*:")
PHYSICAL_VALUE = re.compile(r"(?:text-align|float|clear)\s*:\s*(?:left|right)\b")


def rules(text: str) -> str:
    """Return the sheet without comments, at-rule conditions and page boxes, where tokens cannot be used."""
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    return re.sub(r"@(?:media|container|supports)[^{]*\{|@page[^}]*\}", "{", text)


def names(paths: list[Path]) -> list[str]:
    return [str(path.relative_to(ROOT)) for path in paths]


@pytest.mark.parametrize("sheet", names(SHEETS))
@pytest.mark.parametrize("kind", [COLOUR, NAMED, SIZE], ids=["colour", "named colour", "size or time"])
def test_a_sheet_takes_its_values_from_the_tokens(sheet: str, kind: re.Pattern[str]) -> None:
    found = kind.findall(rules((ROOT / sheet).read_text()))
    assert not found, f"{sheet} holds raw values {found[:5]}: make them a token in {TOKENS.name}"


@pytest.mark.parametrize("sheet", names([*SHEETS, TOKENS, *DEPLOYMENT_TOKENS]))
def test_a_sheet_turns_with_the_direction_of_the_page(sheet: str) -> None:
    text = rules((ROOT / sheet).read_text())
    found = PHYSICAL.findall(text) + PHYSICAL_VALUE.findall(text)
    assert not found, f"{sheet} names sides of the page ({found[:5]}): use logical properties"


@pytest.mark.parametrize("sheet", names([*SHEETS, TOKENS, *DEPLOYMENT_TOKENS]))
def test_a_sheet_fetches_nothing_from_elsewhere(sheet: str) -> None:
    targets = re.findall(r"url\(\s*[\"']?([^\"')]+)", (ROOT / sheet).read_text())
    assert all(target.startswith("../vendor/") for target in targets), f"{sheet} fetches {targets}"


@pytest.mark.parametrize("sheet", names(DEPLOYMENT_TOKENS))
def test_a_deployment_sets_only_tokens_that_exist(sheet: str) -> None:
    known = set(re.findall(r"(--tb-[\w-]+)\s*:", TOKENS.read_text()))
    text = re.sub(r"/\*.*?\*/", "", (ROOT / sheet).read_text(), flags=re.DOTALL)
    names_set = re.findall(r"([\w-]+)\s*:(?!root)[^;{]*;", text)
    assert names_set, f"{sheet} sets nothing"
    assert set(names_set) <= known, f"{sheet} sets {sorted(set(names_set) - known)}, which no component reads"


def test_every_token_that_is_read_is_set() -> None:
    known = set(re.findall(r"(--tb-[\w-]+)\s*:", TOKENS.read_text()))
    read = {name for sheet in [*SHEETS, TOKENS] for name in re.findall(r"var\((--tb-[\w-]+)", sheet.read_text())}
    assert read <= known


def test_the_dark_palette_answers_the_light_one() -> None:
    text = TOKENS.read_text()
    light = set(re.findall(r"--tb-light-([\w-]+)\s*:", text))
    assert light == set(re.findall(r"--tb-dark-([\w-]+)\s*:", text))


def luminance(colour: str) -> float:
    """Relative luminance of `#rrggbb`, WCAG 2.2."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours, WCAG 2.2."""
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


GROUNDS = ("paper", "surface", "sunken")
STATES = ("done", "attention", "stop", "info")
PAIRS = [
    *(("ink", ground, 7.0) for ground in GROUNDS),
    *(("ink-2", ground, 4.5) for ground in (*GROUNDS, "action-tint")),
    *(("action", ground, 4.5) for ground in (*GROUNDS, "action-tint")),
    *(("on-action", ground, 4.5) for ground in ("action", "action-strong")),
    ("action-strong", "action-tint", 4.5),
    *((state, f"{state}-tint", 4.5) for state in STATES),
    *(("ink", f"{state}-tint", 7.0) for state in STATES),
    *(("border", ground, 3.0) for ground in GROUNDS),
    *(("focus", ground, 3.0) for ground in (*GROUNDS, "action-tint")),
]


@pytest.mark.parametrize("sheet", ["", *names(DEPLOYMENT_TOKENS)])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_and_lines_can_be_seen(scheme: str, sheet: str) -> None:
    text = TOKENS.read_text() + ((ROOT / sheet).read_text() if sheet else "")
    palette = dict(re.findall(rf"--tb-{scheme}-([\w-]+):\s*(#[0-9a-f]{{6}});", text))
    found = {(front, back): contrast(palette[front], palette[back]) for front, back, _ in PAIRS}
    weak = [f"{front} on {back}: {found[front, back]:.2f}" for front, back, least in PAIRS if found[front, back] < least]
    assert not weak


def pages() -> list[Path]:
    """Templates of pages. A document for paper is none: its style travels inside it."""
    return [path for path in TEMPLATES if "@page" not in path.read_text()]


@pytest.mark.parametrize("template", names(pages()))
def test_a_template_holds_no_style_and_no_script_of_its_own(template: str) -> None:
    text = re.sub(r"\{#.*?#\}", "", (ROOT / template).read_text(), flags=re.DOTALL)
    assert not re.search(r"\sstyle\s*=", text)
    assert "<style" not in text
    assert not re.search(r"<script(?![^>]*\bsrc=)", text)
    assert not re.search(r"\son[a-z]+\s*=\s*[\"']", text)


def test_the_first_view_stays_light() -> None:
    named = [STATIC / name for name in ("vendor/pico.min.css", "vendor/htmx.min.js", "icons.svg", "mark.svg")]
    first = [*named, *STATIC.glob("css/*.css"), *STATIC.glob("js/*.js")]
    fonts = [STATIC / "vendor" / f"atkinson-latin-{weight}.woff2" for weight in (400, 700)]
    weight = sum(len(gzip.compress(path.read_bytes())) for path in first) + sum(path.stat().st_size for path in fonts)
    assert weight <= 88_000, "the shell leaves 12 kB of the 100 kB for the page's own text"


def test_every_icon_in_use_is_in_the_sprite() -> None:
    known = set(re.findall(r'<symbol id="([\w-]+)"', (STATIC / "icons.svg").read_text()))
    used = {name for template in TEMPLATES for name in re.findall(r"\bicon\(\"([\w-]+)\"", template.read_text())}
    used |= {name for template in TEMPLATES for name in re.findall(r"\"icon(?:_on)?\": \"([\w-]+)\"", template.read_text())}
    assert used <= known
