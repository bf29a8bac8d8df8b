"""Benchmarks run, and both ways of each give the same answer. How fast they are is no test's business."""

import re
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / "benchmarks"
HELPERS = {"run", "measuring", "installed"}


def test_every_benchmark_runs_and_its_ways_agree() -> None:
    done = subprocess.run([sys.executable, str(FOLDER / "run.py"), "--tiny"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    told = re.split(r"^(\w+): .*\n", done.stdout, flags=re.MULTILINE)[1:]
    ran = {name: lines.splitlines() for name, lines in zip(told[::2], told[1::2], strict=True)}
    assert set(ran) == {path.stem for path in FOLDER.glob("*.py")} - HELPERS
    assert all(lines and all("least x" in line for line in lines) for lines in ran.values()), ran


def test_the_page_tells_of_every_benchmark() -> None:
    page = (FOLDER / "README.md").read_text()
    assert [path.name for path in sorted(FOLDER.glob("*.py")) if path.name not in page and path.stem not in HELPERS] == []
