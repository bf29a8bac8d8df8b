"""Run import-linter with the rules of the house, written for the plugins that are there: a new plugin cannot be forgotten.

The rules: the core imports no plugin; plugins import only the public part of the core, and never one another; data walk down from web to services to contracts.
"""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PUBLIC = frozenset({"contracts", "db", "i18n", "runtime", "seams", "services", "testing", "web"})
"""The modules of the core that a plugin may import."""
LAYERS = ("web", "services", "contracts")


def plugin_packages() -> list[str]:
    """The packages of all plugins in this repository."""
    return [path.name for path in sorted(ROOT.glob("plugins/*/toubib_*")) if (path / "__init__.py").is_file()]


def internal_modules() -> list[str]:
    """The modules of the core that only the core may import."""
    names = {path.stem for path in (ROOT / "core" / "toubib").iterdir() if path.suffix == ".py" or (path / "__init__.py").is_file()}
    return [f"toubib.{name}" for name in sorted(names - PUBLIC - {"__init__"})]


def contract(name: str, kind: str, **values: str | list[str]) -> str:
    """One section of import-linter's configuration."""
    lines = [f"[importlinter:contract:{name.replace(' ', '-')}]", f"name = {name}", f"type = {kind}"]
    for key, value in values.items():
        lines.append(f"{key} = {value}" if isinstance(value, str) else "\n    ".join([f"{key} =", *value]))
    return "\n".join(lines) + "\n"


def configuration() -> str:
    """All contracts as text."""
    plugins = plugin_packages()
    head = "\n    ".join(["[importlinter]\nroot_packages =", "toubib", *plugins]) + "\n"
    layers = [f"({layer})" for layer in LAYERS]
    parts = [head, contract("data walk down", "layers", containers="toubib", layers=layers)]
    if plugins:
        parts.append(contract("core imports no plugin", "forbidden", source_modules=["toubib"], forbidden_modules=plugins))
        direct: dict[str, str | list[str]] = {"forbidden_modules": internal_modules(), "allow_indirect_imports": "True"}
        parts.append(contract("plugins import public modules only", "forbidden", source_modules=plugins, **direct))
    if len(plugins) > 1:
        parts.append(contract("plugins do not know each other", "independence", modules=plugins))
    return "\n".join(parts)


def main() -> int:
    """Write the configuration into build/ and run the linter; its exit code."""
    target = ROOT / "build" / "imports.ini"
    target.parent.mkdir(exist_ok=True)
    target.write_text(configuration())
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache", "--config", str(target), *sys.argv[1:]]
    places = os.pathsep.join([str(ROOT / "core"), *(str(path) for path in sorted(ROOT.glob("plugins/*")))])
    return subprocess.run(command, cwd=ROOT, check=False, env={**os.environ, "PYTHONPATH": places}).returncode


if __name__ == "__main__":
    sys.exit(main())
