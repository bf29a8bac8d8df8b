"""One page per contract, written from its docstrings: `python -m toubib.testing.contract_pages docs/contracts`.

A test compares the committed pages with what this writes, so that no hook, field or method is undocumented.
"""

import argparse
import ast
import dataclasses
import enum
import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from toubib import contracts
from toubib.contracts.registry import CONTRACT_VERSION, Specs

NO_CONTRACT = ("registry",)
STABLE = f"""Stable: **version {CONTRACT_VERSION}**. [What that promises, what changed before and why](../decisions/0020-contracts-version-1.md)."""


def modules() -> list[ModuleType]:
    """Every contract module, by name."""
    names = sorted(m.name for m in pkgutil.iter_modules(contracts.__path__) if m.name not in NO_CONTRACT)
    return [importlib.import_module(f"{contracts.__name__}.{name}") for name in names]


def hooks_of(module: ModuleType) -> Iterator[str]:
    """Hooks that register this module's types, by the annotation of what they return."""
    own = {name for name, _ in _own(module)}
    tree = ast.parse(inspect.getsource(inspect.getmodule(Specs) or contracts))
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.name.startswith("toubib_") and node.returns is not None:
            words = set("".join(c if c.isalnum() else " " for c in ast.unparse(node.returns)).split())
            if words & own:
                yield f"{node.name}({ast.unparse(node.args).removeprefix('self, ').removeprefix('self')}) -> {ast.unparse(node.returns)}"


def _own(module: ModuleType) -> list[tuple[str, type]]:
    found = [(n, c) for n, c in vars(module).items() if inspect.isclass(c) and c.__module__ == module.__name__]
    return [(n, c) for n, c in found if not n.startswith("_")]


def page(module: ModuleType) -> str:
    """The page of one contract."""
    name = module.__name__.rpartition(".")[2]
    lines = [f"# {name}", "", inspect.getdoc(module) or "", ""]
    if hooks := list(hooks_of(module)):
        lines += ["## Hooks", ""]
        for hook in hooks:
            spec = getattr(Specs, hook.partition("(")[0])
            lines += [f"`{hook}`", "", inspect.getdoc(spec) or "", ""]
    for title, wanted in KINDS:
        found = [(n, c) for n, c in _own(module) if wanted(c)]
        if found:
            lines += [f"## {title}", ""]
        for class_name, cls in found:
            lines += _class(class_name, cls)
    lines += _besides(module)
    return "\n".join(lines).rstrip() + "\n"


def _is_protocol(cls: type) -> bool:
    return bool(getattr(cls, "_is_protocol", False))


def _is_enum(cls: type) -> bool:
    return issubclass(cls, enum.Enum)


def _is_error(cls: type) -> bool:
    return issubclass(cls, Exception)


def _is_base(cls: type) -> bool:
    return not (_is_protocol(cls) or dataclasses.is_dataclass(cls) or _is_enum(cls) or _is_error(cls))


KINDS = (("Interfaces", _is_protocol), ("Bases", _is_base), ("Values", dataclasses.is_dataclass), ("Words", _is_enum), ("Errors", _is_error))


def _class(name: str, cls: type) -> list[str]:
    lines = [f"### {name}", "", inspect.getdoc(cls) or "", ""]
    if _is_enum(cls):
        return [*lines, ", ".join(f'`{member.name}` = `"{member.value}"`' for member in cls), ""]  # type: ignore[attr-defined]
    fields = _fields(cls)
    if fields:
        lines += ["```python", *fields, "```", ""]
    for node in _methods(cls):
        lines += _told(node)
    return [*lines, ""] if lines[-1] else lines


def _besides(module: ModuleType) -> list[str]:
    """What a module offers beside its classes: names for types, constants with what is said below them, functions."""
    body = ast.parse(inspect.getsource(module)).body
    names: list[str] = []
    for node, following in zip(body, [*body[1:], None], strict=True):
        if isinstance(node, ast.Assign | ast.AnnAssign) and not _target(node).startswith("_"):
            said = ast.literal_eval(following.value) if isinstance(following, ast.Expr) else ""
            first, *table = _named(node)
            names += [first, *([f"  {' '.join(said.split())}"] if said else []), *table]
    functions = [node for node in body if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")]
    lines = ["## Names", "", *names, ""] if names else []
    return [*lines, "## Functions", "", *(line for node in functions for line in _told(node))] if functions else lines


def _named(node: ast.Assign | ast.AnnAssign) -> list[str]:
    """A name with its value; a table of words as one line a word."""
    if not isinstance(node.value, ast.Dict):
        return [f"- `{ast.unparse(node)}`"]
    words: dict[str, str] = ast.literal_eval(node.value)
    return [f"- `{_target(node)}`", *(f"  - `{word}`: {meaning}" for word, meaning in words.items())]


def _target(node: ast.Assign | ast.AnnAssign) -> str:
    return ast.unparse(node.target if isinstance(node, ast.AnnAssign) else node.targets[0])


def _body(cls: type) -> list[ast.stmt]:
    tree = ast.parse(inspect.cleandoc("\n" + inspect.getsource(cls)))
    return next(node.body for node in tree.body if isinstance(node, ast.ClassDef))


def _fields(cls: type) -> list[str]:
    return [ast.unparse(node) for node in _body(cls) if isinstance(node, ast.AnnAssign)]


def _methods(cls: type) -> list[ast.FunctionDef]:
    return [node for node in _body(cls) if isinstance(node, ast.FunctionDef) and (not node.name.startswith("_") or node.name == "__call__")]


def _told(node: ast.FunctionDef) -> list[str]:
    """A function or method with its docstring. What is read without a call stands like a field, and says so."""
    returns = f" -> {ast.unparse(node.returns)}" if node.returns else ""
    said = " ".join((ast.get_docstring(node) or "").split())
    if any(isinstance(d, ast.Name) and d.id == "property" for d in node.decorator_list):
        return [f"- `{node.name}:{returns.removeprefix(' ->')}` (an attribute)", f"  {said}"]
    arguments = ast.unparse(node.args).removeprefix("self, ").removeprefix("self")
    return [f"- `{node.name}({arguments}){returns}`", f"  {said}"]


def index() -> str:
    """The list of all contracts."""
    lines = ["# Contracts", "", "Written from the docstrings by `python -m toubib.testing.contract_pages docs/contracts`.", "", STABLE, ""]
    for module in modules():
        name = module.__name__.rpartition(".")[2]
        lines.append(f"- [{name}]({name}.md): {(inspect.getdoc(module) or '').splitlines()[0]}")
    return "\n".join(lines) + "\n"


def write(folder: Path) -> None:
    """Write every page."""
    folder.mkdir(parents=True, exist_ok=True)
    for module in modules():
        (folder / f"{module.__name__.rpartition('.')[2]}.md").write_text(page(module))
    (folder / "README.md").write_text(index())


def main() -> None:
    """Write the pages into the folder that the command line names."""
    parser = argparse.ArgumentParser(description="Write one page per contract.")
    parser.add_argument("folder", type=Path)
    write(parser.parse_args().folder)


if __name__ == "__main__":
    main()
