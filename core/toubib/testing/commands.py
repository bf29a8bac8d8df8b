"""An installation that is run by commands alone, as an operator runs it: a settings file, and `toubib` in processes of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

PROGRAM = Path(sys.executable).with_name("toubib")


@dataclass(frozen=True, slots=True)
class Site:
    """A settings file in a folder, and what every command is given beside it in its environment."""

    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def laid_out(cls, folder: Path, database_url: str, *plugins: str, use: Mapping[str, object] | None = None) -> "Site":
        """Write the settings of an installation whose data lie in `folder/data`, as those of the fixture `installation` do."""
        folder.joinpath("data").mkdir(parents=True, exist_ok=True)
        lines = [f"plugins = {json.dumps(plugins)}", "[site]", 'name = "Test"', 'zone = "Europe/Paris"', 'languages = ["fr", "en"]']
        lines += ["[database]", f"url = {json.dumps(database_url)}", "[storage]", f"data = {json.dumps(str(folder / 'data'))}"]
        lines += ["[use]", *(f"{name} = {json.dumps(value)}" for name, value in (use or {}).items())]
        folder.joinpath("site.toml").write_text("\n".join(lines) + "\n")
        return cls(folder)

    @property
    def data(self) -> Path:
        """The folder of the key ring, the audit anchor and the files."""
        return self.folder / "data"

    def command(self, *arguments: str) -> Sequence[str]:
        """The words of a command on this installation."""
        return [str(PROGRAM), "--settings", str(self.folder / "site.toml"), *arguments]

    def run(self, *arguments: str, seconds: float = 60) -> "subprocess.CompletedProcess[str]":
        """Run a command to its end without a terminal; what it printed, and its exit code."""
        variables = {**os.environ, **self.environment}
        return subprocess.run(
            self.command(*arguments), env=variables, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=seconds, check=False
        )

    def done(self, *arguments: str, seconds: float = 60) -> str:
        """Run a command that must succeed; what it printed."""
        ended = self.run(*arguments, seconds=seconds)
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return ended.stdout
