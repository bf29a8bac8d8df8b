"""Write the table of outside services that no test here ever reached into a page, between its two marks.

`python scripts/outside_services.py README.md` writes it; `--check` only compares and exits with 1 when the page says otherwise.
The services are the hosts that the plugins of this repository declare; the network client refuses every other.
"""

import argparse
import importlib
import sys
from pathlib import Path

from toubib.contracts.plugin import OutsideHost, PluginInfo

ROOT = Path(__file__).resolve().parent.parent
BEGIN, END = "<!-- outside services: begin (make services) -->", "<!-- outside services: end -->"


def declared() -> list[tuple[str, OutsideHost]]:
    """Every declared host with its plugin, in the order of plugins and hosts."""
    found = []
    for path in sorted(ROOT.glob("plugins/*/pyproject.toml")):
        info: PluginInfo = importlib.import_module(f"toubib_{path.parent.name}.plugin").toubib_info()
        found += [(info.name, host) for host in sorted(info.hosts, key=lambda host: host.host)]
    return found


def table() -> str:
    """The services that were never reached, each with what stands in for it."""
    rows = [(host.host, name, host.purpose, host.stand_in or "nothing: off in the demo and in the tests") for name, host in declared() if not host.reached]
    if not rows:
        return "No plugin declares an outside service that was not reached."
    lines = ["| service | plugin | for | what stands in for it here |", "|---|---|---|---|"]
    return "\n".join(lines + [f"| `{service}` | `{plugin}` | {purpose} | {stand_in} |" for service, plugin, purpose, stand_in in rows])


def with_table(page: str) -> str:
    """The page with the table of now; raises `ValueError` when it lacks the marks."""
    head, begin, rest = page.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end:
        msg = f"the page lacks the lines {BEGIN!r} and {END!r}"
        raise ValueError(msg)
    return f"{head}{BEGIN}\n{table()}\n{END}{tail}"


def main() -> int:
    """Write or compare; the exit code."""
    parser = argparse.ArgumentParser(description="Write the table of outside services that were never reached.")
    parser.add_argument("page", type=Path)
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    page = options.page.read_text()
    wanted = with_table(page)
    if options.check:
        return int(page != wanted)
    options.page.write_text(wanted)
    return 0


if __name__ == "__main__":
    sys.exit(main())
