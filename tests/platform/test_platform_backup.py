"""The operator's drill: back up while it runs, restore elsewhere, by the very commands of docs/operations.md."""

import os
import re
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy.engine.url import make_url
from sqlmodel import select

from toubib.audit import chain, trail
from toubib.contracts.common import Ref
from toubib.core_parts import anchors
from toubib.db import database
from toubib.db.tables.machinery import AuditEvent
from toubib.db.tables.people import Person
from toubib.db.tables.prescriptions import Document
from toubib.runtime import Toubib
from toubib.services import documents, people
from toubib.services.people import Traits
from toubib.testing.commands import PROGRAM, Site
from toubib.testing.databases import fresh
from toubib.testing.installations import Starter
from toubib.testing.practices import practice

ROOT = Path(__file__).resolve().parents[2]
NAMES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}


@dataclass(frozen=True)
class Place:
    """An installation's data and database, as the commands name them."""

    site: Site
    url: str

    def variables(self) -> Mapping[str, str]:
        """What the commands read of it."""
        parsed = make_url(self.url)
        address = str(parsed.database) if parsed.get_backend_name() == "sqlite" else parsed.set(drivername="postgresql").render_as_string()
        return {"DATA": str(self.site.data), "DATABASE": address, "SETTINGS": str(self.site.folder / "site.toml")}


def commands(title: str) -> str:
    """A block of commands of the documentation, by its first line."""
    found = re.search(rf"```sh\n# {title}\n(.*?)```", (ROOT / "docs/operations.md").read_text(), re.DOTALL)
    assert found, title
    return found[1]


def operate(title: str, place: Place, **folders: Path) -> str:
    """Run a block of commands as an operator would; what it printed."""
    binaries = subprocess.run([ROOT / "scripts/postgres", "available"], capture_output=True, text=True, check=False).stdout.strip()
    path = f"{PROGRAM.parent}:{binaries}:{os.environ['PATH']}"
    variables = {**os.environ, **place.variables(), **{name: str(folder) for name, folder in folders.items()}, "PATH": path}
    done = subprocess.run(["bash", "-euc", commands(title)], env=variables, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def somebody(name: str) -> str:
    """A person with sealed traits and a row in the sealed trail; opens its own unit of work."""
    with database().unit_of_work():
        row = people.newcomer()
        people.set_traits(row.id, Traits(name, "Ada"))
        trail.wrote("registered", Ref("person", row.id), person_id=row.id)
    return row.id


def paper(person_id: str, content: bytes) -> str:
    """A document of a person's record."""
    blob = documents.write_blob(content)
    with database().unit_of_work():
        about = {"organisation_id": practice().organisation_id, "person_id": person_id}
        return documents.keep(blob, content, **about, encounter_id=None, kind="report", filename="a.txt", media_type="text/plain")


def test_what_is_backed_up_by_the_documented_commands_is_whole_where_it_is_restored(
    installation: Callable[..., Toubib], database_url: str, tmp_path: Path
) -> None:
    kind = make_url(database_url).get_backend_name()
    toubib = installation()
    running = Place(Site.laid_out(tmp_path, database_url), database_url)
    ada = somebody("Lovelace")
    report = paper(ada, b"an old report")
    chain.seal(anchors(toubib.settings))
    backup, keys, elsewhere = (tmp_path / name for name in ("backup", "keys", "elsewhere"))
    for folder in (backup, keys, elsewhere):
        folder.mkdir()
    operate(f"back up {NAMES[kind]}", running, BACKUP=backup, KEYS=keys)
    late = somebody("Latecomer")
    chain.seal(anchors(toubib.settings))
    with fresh(kind, elsewhere) as url:
        restored = Place(Site.laid_out(elsewhere, url), url)
        said = operate(f"restore {NAMES[kind]}", restored, BACKUP=backup, KEYS=keys)
        assert "the database is current" in said
        assert said.endswith("the chain verifies\n")
        (restored.site.data / "audit-anchor.jsonl").write_bytes((running.site.data / "audit-anchor.jsonl").read_bytes())
        assert "is not the one that was anchored" in restored.site.run("audit", "verify").stdout, "a newer anchor shows what the backup lacks"
        starter = Starter(url, elsewhere)
        starter.start(migrated=False)
        with database().reading() as reading:
            assert people.traits(ada).family_name == "Lovelace"
            assert documents.read_blob(reading.get_one(Document, report).blob) == b"an old report"
            assert reading.get(Person, late) is None
            assert reading.exec(select(AuditEvent.person_id).where(AuditEvent.action == "registered")).all() == [ada]
        starter.stop()


@pytest.mark.parametrize("name", NAMES.values())
def test_no_key_is_kept_beside_the_backup(name: str) -> None:
    assert '"$KEYS/"' in commands(f"back up {name}").splitlines()[-1]
    assert "keys.json" not in "".join(line for line in commands(f"back up {name}").splitlines() if '"$BACKUP' in line)
