"""Catalogues: every text of the core and of every plugin is translated into French and English, and whatever else a deployment speaks."""

import tomllib
from pathlib import Path

import pytest

from toubib.testing.catalogues import LANGUAGES, complete, faults, main, read, texts_of

ROOT = Path(__file__).resolve().parents[2]
CORE = ROOT / "core" / "toubib"
PACKAGES = [CORE, *sorted(path for path in ROOT.glob("plugins/*/toubib_*") if (path / "__init__.py").is_file())]


def spoken() -> list[tuple[Path, str]]:
    """The core and the plugins of each deployment, in the languages that it offers beside French and English."""
    found = set()
    for path in ROOT.glob("deployments/*/deployment.toml"):
        deployment = tomllib.loads(path.read_text(encoding="utf-8"))
        packages = [CORE, *(ROOT / "plugins" / name / f"toubib_{name}" for name in deployment["plugins"])]
        found |= {(package, language) for package in packages for language in deployment["site"]["languages"] if language not in LANGUAGES}
    return sorted(found)


@pytest.mark.feature("REACH-01:b")
@pytest.mark.parametrize(("package", "language"), spoken(), ids=lambda part: part if isinstance(part, str) else part.name)
def test_what_a_deployment_speaks_is_translated(package: Path, language: str) -> None:
    inherited = None if package == CORE else {language: read(CORE, language)}
    assert faults(package, language, inherited) == []


@pytest.mark.parametrize(("package", "language"), spoken(), ids=lambda part: part if isinstance(part, str) else part.name)
def test_each_of_these_texts_says_who_answers_for_it(package: Path, language: str) -> None:
    entries = [message for message in read(package, language) if message.id]
    assert [message.id for message in entries if not any(note.startswith("state: ") for note in message.auto_comments)] == []


def test_somebody_speaks_swedish_and_german() -> None:
    assert {language for _, language in spoken()} >= {"sv", "de"}


@pytest.mark.feature("REACH-01:a")
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("package", PACKAGES, ids=lambda path: path.name)
def test_every_text_is_translated(package: Path, language: str) -> None:
    inherited = None if package == CORE else {language: read(CORE, language)}
    assert faults(package, language, inherited) == []


CODE = '''
from sqlalchemy import text
from toubib.contracts.common import Message
LATE = "Too late for %(day)s."

def say(key, **params):
    """A message of this plugin."""
    return Message("probe", key, params)

class Speaker:
    def text(self, key):
        return Message("probe", key, {})

def talk(_, ngettext, n):
    say("Said by a helper")
    text("SELECT 1")
    Message("probe", LATE, {})
    return _("In code"), ngettext("one slot", "%(n)s slots", n)
'''
TEMPLATE = """{{ _("In a template") }} {{ ngettext("one day", "%(n)s days", n) }} {% trans %}In a block{% endtrans %}"""
TEXTS = {"Said by a helper", "Too late for %(day)s.", "In code", ("one slot", "%(n)s slots"), "In a template", ("one day", "%(n)s days"), "In a block"}


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A plugin's package with one text of each kind."""
    folder = tmp_path / "toubib_probe"
    (folder / "templates" / "probe").mkdir(parents=True)
    (folder / "__init__.py").write_text(CODE)
    (folder / "templates" / "probe" / "page.html").write_text(TEMPLATE)
    return folder


def test_no_text_escapes(package: Path) -> None:
    assert texts_of(package) == TEXTS


def test_missing_then_empty_then_translated(package: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert len(faults(package, "fr")) == len(TEXTS)
    assert main([str(package), "--write"]) == 1
    assert "toubib_probe fr: empty: 'In code'" in capsys.readouterr().out
    assert faults(package, "en") == []
    po = package / "translations" / "fr" / "LC_MESSAGES" / "probe.po"
    po.write_text(po.read_text().replace('""', '"fait"').replace('msgid "fait"\nmsgstr "fait"', 'msgid ""\nmsgstr ""', 1))
    assert faults(package, "fr") == [f"other parameters than the English text: '{text}'" for text in ("Too late for %(day)s.", "one day", "one slot")]


def test_a_fuzzy_entry_is_found(package: Path) -> None:
    complete(package, "en")
    po = package / "translations" / "en" / "LC_MESSAGES" / "probe.po"
    po.write_text(po.read_text().replace('msgid "In code"', '#, fuzzy\nmsgid "In code"'))
    assert faults(package, "en") == ["fuzzy: 'In code'"]


def test_what_the_core_translates_need_not_be_repeated(package: Path) -> None:
    complete(package, "fr")
    assert "missing: 'In code'" not in faults(package, "fr", {"fr": read(package, "fr")})
