"""The rules of the house, over every tracked file: sizes, words, who imports whom, where time, chance and the network come from."""

import ast
import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LONGEST_FILE, LONGEST_FUNCTION = 600, 60


def pieces(text: str) -> tuple[str, ...]:
    """Patterns written with `~` inside, so that this file does not hold the words it forbids."""
    return tuple(text.replace("~", "").split())


REGISTRIES = pieces(r"py~pi\.org python~hosted\.org npm~js\.(org|com) deb\.~debian\.org registry\.~yarn docker\.~io git~hub\.com/.*/releases/download")
MACHINE = pieces(r"(?<![\w.])/wo~rk/ (?<![\w.])/ro~ot/ (?<![\w.}])/tm~p/\w (?<![\w.])/ho~me/\w+/")
MAKERS = pieces("cla~ude anth~ropic open~ai chat~gpt co~pilot l~lm sub-?ag~ent")
UNDONE = pieces(r"(#|//|\*|<!--|--).*\bTO~DO\b \bFIX~ME\b \bX~XX\b")
SECRETS = pieces(r"sk_~live_\w PRIVATE\x20KEY~-----$ AKIA[0-9A-Z]{16}")
VENDORED = re.compile(r"(^|/)vendor/")
SAMPLES = "design.html"  # the page of all components shows invented samples
COUNTRIES = "France|Germany|Sweden|Spain|Italy|Belgium|Switzerland|England|Britain|United Kingdom|Portugal|Poland|Austria|Netherlands"
SCHEMES = "NIR|RPPS|ADELI|FINESS|AMELI|Ameli|SESAM|Vitale|Assurance maladie|CPAM|NHS|Krankenkasse|NGAP|CCAM"


@cache
def tracked() -> tuple[Path, ...]:
    """Every file under version control that is there."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True).stdout
    return tuple(path for name in listed.split("\0") if name and (path := ROOT / name).is_file() and not path.is_symlink())


def name_of(path: Path) -> str:
    """The path inside the repository."""
    return path.relative_to(ROOT).as_posix()


@cache
def text_of(path: Path) -> str:
    """The text of a file; empty for a binary one."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""


@cache
def trees() -> tuple[tuple[str, ast.Module], ...]:
    """Every Python file as a tree."""
    return tuple((name_of(path), ast.parse(text_of(path))) for path in tracked() if path.suffix == ".py")


def code_of(prefix: str) -> Iterator[tuple[str, ast.Module]]:
    """The trees of a part of the repository, without tests."""
    for name, tree in trees():
        if name.startswith(prefix) and "/tests/" not in name:
            yield name, tree


def found(patterns: tuple[str, ...], skip: re.Pattern[str], flags: int = 0) -> list[str]:
    """Where one of the patterns stands."""
    pattern = re.compile("|".join(patterns), flags)
    hits = []
    for path in tracked():
        if not skip.search(name_of(path)):
            hits += [f"{name_of(path)}:{number}: {m[0]}" for number, line in enumerate(text_of(path).splitlines(), 1) if (m := pattern.search(line))]
    return hits


def imports(tree: ast.Module) -> set[str]:
    """The absolute names of all that a module imports, anywhere in it."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def test_no_file_is_too_long() -> None:
    lengths = {name_of(p): text_of(p).count("\n") for p in tracked() if p.suffix in {".py", ".js", ".css", ".html"} and not VENDORED.search(name_of(p))}
    assert {name: n for name, n in lengths.items() if n > LONGEST_FILE} == {}


def test_no_function_is_too_long() -> None:
    functions = [(name, node) for name, tree in trees() for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    assert functions
    assert [f"{name}:{f.lineno} {f.name}" for name, f in functions if (f.end_lineno or 0) - f.lineno + 1 > LONGEST_FUNCTION] == []


def test_nothing_is_left_to_do() -> None:
    assert found(UNDONE, re.compile(r"(^|/)vendor/|\.(csv|txt)$")) == []


def test_no_registry_is_named() -> None:
    assert found(REGISTRIES, re.compile(r"\.(svg|woff2)$")) == []


def test_no_place_of_one_machine_is_named() -> None:
    assert found(MACHINE, VENDORED) == []


def test_files_speak_of_the_project_only() -> None:
    assert found(tuple(rf"\b{word}\b" for word in MAKERS), re.compile(r"(^|/)vendor/|\.(csv|po)$"), re.IGNORECASE) == []


def test_no_secret_lies_about() -> None:
    assert found(SECRETS, VENDORED) == []


def test_the_core_imports_no_plugin() -> None:
    assert [f"{name}: {used}" for name, tree in code_of("core/") for used in imports(tree) if used.startswith("toubib_")] == []


def test_no_plugin_imports_another() -> None:
    foreign = []
    for name, tree in trees():
        if name.startswith("plugins/"):
            own = f"toubib_{name.split('/')[1]}"
            foreign += [f"{name}: {used}" for used in imports(tree) if used.startswith("toubib_") and used.split(".")[0] != own]
    assert foreign == []


def texts_in_code(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Strings that the program uses: docstrings are left out."""
    described = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    bodies = [body for node in ast.walk(tree) if isinstance(node, described) for body in node.body]
    docstrings = {id(body.value) for body in bodies if isinstance(body, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.lineno, node.value


def test_the_core_knows_no_country() -> None:
    words = re.compile(rf"\b({COUNTRIES}|{SCHEMES})\b")
    in_code = [f"{name}:{line}: {m[0]}" for name, tree in code_of("core/") for line, text in texts_in_code(tree) if (m := words.search(text))]
    pages = [p for p in tracked() if name_of(p).startswith("core/") and p.suffix in {".html", ".js", ".css"}]
    pages = [p for p in pages if p.name != SAMPLES and not VENDORED.search(name_of(p))]
    in_pages = [f"{name_of(p)}: {m[0]}" for p in pages if (m := words.search(text_of(p)))]
    assert in_code + in_pages == []


def test_the_core_names_no_plugin() -> None:
    names = [p.name for p in sorted((ROOT / "plugins").iterdir()) if p.is_dir()]
    assert names
    word = re.compile("|".join([rf"^{n}([.:/]|$)|(?<!toubib)/{n}/" for n in names] + [rf"\b{n}\b" for n in names if "_" in n]))
    in_code = [f"{name}:{line}: {m[0]}" for name, tree in code_of("core/") for line, text in texts_in_code(tree) if (m := word.search(text))]
    distinct = re.compile("|".join(rf"\b{n}\b" for n in names if "_" in n))
    in_pages = [name_of(p) for p in tracked() if name_of(p).startswith("core/") and p.suffix in {".html", ".js"} and distinct.search(text_of(p))]
    assert in_code + in_pages == []


SEAMS = "core/toubib/seams/"
CLOCKS = {"datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time", "time.time_ns"}
CHANCE = {"random", "secrets", "uuid.uuid4", "uuid.uuid1", "os.urandom"}
NETWORK = {"requests", "urllib.request", "http.client", "smtplib", "aiohttp", "httpx", "urllib3"}
EXCEPT = {
    "core/toubib/testing/": "tests and their doubles play the outside world, and wait for real processes",
    "plugins/payment_stripe/toubib_payment_stripe/double/": "the double is the outside world, in a process of its own",
    "plugins/auth_oidc/toubib_auth_oidc/double/": "the demonstration provider is the outside world, in a process of its own",
}
"""Where the seams are not asked, each with its reason."""


def outside_the_seams() -> Iterator[tuple[str, ast.Module]]:
    """All code that must ask the seams."""
    for name, tree in trees():
        if name.startswith(("core/", "plugins/")) and "/tests/" not in name and not name.startswith((SEAMS, *EXCEPT)):
            yield name, tree


def dotted(node: ast.expr) -> str:
    """`datetime.now` for the expression that says so; empty for anything else."""
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}".lstrip(".")
    return node.id if isinstance(node, ast.Name) else ""


@pytest.mark.parametrize("forbidden", [CLOCKS, CHANCE], ids=["time", "chance"])
def test_calls_go_through_the_seams(forbidden: set[str]) -> None:
    calls = [(name, node.lineno, dotted(node.func)) for name, tree in outside_the_seams() for node in ast.walk(tree) if isinstance(node, ast.Call)]
    assert [f"{name}:{line}: {call}" for name, line, call in calls if any(call == f or call.endswith(f".{f}") for f in forbidden)] == []


@pytest.mark.parametrize("forbidden", [CHANCE, NETWORK], ids=["chance", "network"])
def test_only_the_seams_import_what_reaches_outside(forbidden: set[str]) -> None:
    assert [f"{name}: {used}" for name, tree in outside_the_seams() for used in sorted(imports(tree)) if used in forbidden] == []


def test_every_naive_or_local_time_would_be_found() -> None:
    tree = ast.parse("import datetime as d\nx = d.datetime.now()\ny = datetime.utcnow()")
    assert {dotted(n.func) for n in ast.walk(tree) if isinstance(n, ast.Call)} == {"d.datetime.now", "datetime.utcnow"}


def test_test_files_have_names_of_their_own() -> None:
    names = [Path(name).name for name, _ in trees() if Path(name).name.startswith("test_")]
    assert sorted({n for n in names if names.count(n) > 1}) == []
    assert [name for name, _ in trees() if name.startswith("plugins/") and name.endswith("conftest.py")] == []
