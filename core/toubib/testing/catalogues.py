"""Catalogues of a package against its texts: what is missing, empty, fuzzy or has other parameters.

`python -m toubib.testing.catalogues FOLDER...` prints the faults of packages (`core/toubib`, `plugins/NAME/toubib_NAME`);
with `--write` it adds missing entries to the `.po` files (French empty, to be translated; English as it stands).
"""

import argparse
import ast
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po
from jinja2 import Environment
from jinja2.ext import extract_from_ast

LANGUAGES = ("fr", "en")
SOURCE_LANGUAGE = "en"
FUNCTIONS = frozenset({"_", "gettext", "N_"})
PLURALS = frozenset({"ngettext", "npgettext", "_n"})
_PARAMETER = re.compile(r"%\((\w+)\)[sd]")

Text = str | tuple[str, str]
"""An English text, or its singular and plural."""


def domain_of(package: Path) -> str:
    """The gettext domain of a package: `toubib` for the core, the plugin's name for a plugin."""
    return package.name.removeprefix("toubib_")


def texts_of(package: Path) -> set[Text]:
    """Every text that the package's code and templates hand to translation."""
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in sorted(package.rglob("*.py")) if "migrations" not in path.parts]
    makers = {name for tree in trees for name in _makers(tree)}
    found = {text for tree in trees for text in _texts_in_code(tree, FUNCTIONS | makers)}
    for pattern in ("*.html", "*.txt", "*.jinja"):
        for path in sorted((package / "templates").rglob(pattern)):
            found |= set(_texts_in_template(path.read_text(encoding="utf-8")))
    return found


def _makers(tree: ast.Module) -> Iterator[str]:
    """Functions of the package that make a `Message` from their first parameter, such as `say(key, **params)`."""
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef):
            first = [argument.arg for argument in function.args.args if argument.arg not in {"self", "cls"}][:1]
            if any(isinstance(call, ast.Call) and _is_message(call) and _name(call.args[1]) in first for call in ast.walk(function)):
                yield function.name


def _is_message(call: ast.Call) -> bool:
    return _name(call.func) == "Message" and len(call.args) > 1


def _name(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _literal(node: ast.expr) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _texts_in_code(tree: ast.Module, functions: frozenset[str] | set[str]) -> Iterator[Text]:
    constants, functions = dict(_constants(tree)), functions - set(_of_the_database(tree))
    for call in ast.walk(tree):
        if not isinstance(call, ast.Call) or not call.args:
            continue
        arguments = [_literal(argument) or constants.get(_name(argument)) for argument in call.args]
        if _name(call.func) in PLURALS and len(arguments) > 1 and arguments[0] and arguments[1]:
            yield arguments[0], arguments[1]
        elif _is_message(call) and arguments[1]:
            yield arguments[1]
        elif _name(call.func) == "OutsideHost" and len(arguments) > 1:
            said = [arguments[1], *(_literal(given.value) for given in call.keywords if given.arg == "stand_in")]
            yield from (text for text in said if text)
        elif _name(call.func) in functions and (text := arguments[0] or _after_domain(call, arguments)):
            yield text


def _after_domain(call: ast.Call, arguments: Sequence[str | None]) -> str | None:
    """The text of `catalogues.gettext(domain, text, language)`, whose domain is a name."""
    return arguments[1] if _name(call.func) == "gettext" and len(arguments) > 1 else None


def _of_the_database(tree: ast.Module) -> Iterator[str]:
    """Names that a module takes from SQLAlchemy: its `text` is a statement, not a text for people."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "sqlalchemy":
            yield from (alias.asname or alias.name for alias in node.names)


def _constants(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in tree.body:
        if isinstance(node, ast.Assign) and (text := _literal(node.value)):
            yield from ((_name(target), text) for target in node.targets)


def _texts_in_template(source: str) -> Iterator[Text]:
    environment = Environment(extensions=["jinja2.ext.i18n", "jinja2.ext.do", "jinja2.ext.loopcontrols"], autoescape=True)
    for _, _, text in extract_from_ast(environment.parse(source), ("_", "gettext", "ngettext")):
        parts = [part for part in (text if isinstance(text, tuple) else (text,)) if part]
        if len(parts) > 1:
            yield parts[0], parts[1]
        elif parts:
            yield parts[0]


def read(package: Path, language: str) -> Catalog:
    """The catalogue of a package in a language; empty when there is no file."""
    path = package / "translations" / language / "LC_MESSAGES" / f"{domain_of(package)}.po"
    if not path.is_file():
        return Catalog(locale=language, domain=domain_of(package))
    with path.open("rb") as file:
        return read_po(file, locale=language, domain=domain_of(package), abort_invalid=True)


def _id(text: str | Sequence[str]) -> str:
    return text if isinstance(text, str) else text[0]


def _all(text: str | Sequence[str | None] | None) -> list[str]:
    return [text or ""] if isinstance(text, str) or text is None else [one or "" for one in text]


def _parameters(texts: Iterable[str]) -> set[str]:
    return {name for text in texts for name in _PARAMETER.findall(text)}


def _entry_faults(catalogue: Catalog) -> Iterator[str]:
    for message in catalogue:
        if not message.id:
            continue
        ids, strings = _all(message.id), _all(message.string)
        if message.fuzzy:
            yield f"fuzzy: {ids[0]!r}"
        elif not all(strings):
            yield f"empty: {ids[0]!r}"
        elif _parameters(strings) != _parameters(ids):
            yield f"other parameters than the English text: {ids[0]!r}"


def faults(package: Path, language: str, inherited: Mapping[str, Catalog] | None = None) -> list[str]:
    """What is wrong with a package's catalogue in a language; empty when it is complete.

    `inherited` are catalogues that are asked when the package's own has no entry: the core's, for a plugin.
    """
    catalogue, texts = read(package, language), {_id(text) for text in texts_of(package)}
    own = {_id(message.id) for message in catalogue if message.id}
    further = (inherited or {}).get(language)
    given = own | ({_id(message.id) for message in further if message.id} if further else set())
    missing = [] if language == SOURCE_LANGUAGE else [f"missing: {text!r}" for text in sorted(texts - given)]
    return [*missing, *sorted(_entry_faults(catalogue))]


def complete(package: Path, language: str, inherited: Mapping[str, Catalog] | None = None) -> int:
    """Add what is missing to the `.po` file; the number of entries to translate."""
    catalogue, texts = read(package, language), texts_of(package)
    further = (inherited or {}).get(language)
    wanted = {text for text in texts if further is None or _id(text) not in further}
    for text in sorted(wanted - {message.id for message in catalogue}, key=_id):
        same = language == SOURCE_LANGUAGE
        catalogue.add(text, string=text if same else ("", "") if isinstance(text, tuple) else "")
    path = package / "translations" / language / "LC_MESSAGES" / f"{domain_of(package)}.po"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write_po(file, catalogue, width=0, sort_output=True, omit_header=False, ignore_obsolete=True)
    return sum(1 for fault in _entry_faults(catalogue) if fault.startswith("empty"))


def main(arguments: list[str] | None = None) -> int:
    """Print the faults of packages, or mend what a program can mend; exit code 1 when any is left."""
    parser = argparse.ArgumentParser(prog="python -m toubib.testing.catalogues", description="Compare catalogues with the texts in use.")
    parser.add_argument("packages", type=Path, nargs="+", metavar="FOLDER")
    parser.add_argument("--write", action="store_true", help="add missing entries to the .po files")
    options = parser.parse_args(arguments)
    core = Path(__file__).resolve().parents[1]
    count = 0
    for package in options.packages:
        inherited = {language: read(core, language) for language in LANGUAGES} if package.resolve() != core else None
        for language in LANGUAGES:
            if options.write:
                complete(package, language, inherited)
            for fault in faults(package, language, inherited):
                sys.stdout.write(f"{package.name} {language}: {fault}\n")
                count += 1
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main())
