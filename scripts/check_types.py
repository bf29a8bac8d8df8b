"""Run mypy --strict over the core, every plugin and all tests: whatever folder is there is checked, nothing has to be listed."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PATTERNS = ("core/toubib", "plugins/*/toubib_*", "plugins/*/tests", "tests", "benchmarks", "scripts")


def folders_with_code() -> list[str]:
    """The folders that hold Python, relative to the repository."""
    found = [path for pattern in PATTERNS for path in sorted(ROOT.glob(pattern)) if path.is_dir() and any(path.rglob("*.py"))]
    return [str(path.relative_to(ROOT)) for path in found]


if __name__ == "__main__":
    command = [sys.executable, "-m", "mypy", *folders_with_code(), *sys.argv[1:]]
    sys.exit(subprocess.run(command, cwd=ROOT, check=False).returncode)
