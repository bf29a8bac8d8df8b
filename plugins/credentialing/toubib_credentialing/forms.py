"""Reading the application: each field checked, each error a sentence at its field; files by their first bytes, not by their name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from werkzeug.datastructures import FileStorage, MultiDict

from toubib import runtime
from toubib.contracts.common import ContractError, Message
from toubib.contracts.country import Country
from toubib.seams import clock
from toubib.services import documents, room_files
from toubib.services.country_basics import FAMILIES
from toubib_credentialing import house
from toubib_credentialing.applications import Claim, File
from toubib_credentialing.texts import KINDS, say

LONGEST = 120


def country() -> Country | None:
    """The deployment's country pack, if there is one."""
    try:
        return runtime.current().country()
    except runtime.NotConfigured:
        return None


@dataclass(slots=True)
class Reader:
    """Reads the fields and collects what is wrong by field name."""

    values: MultiDict[str, str]
    files: MultiDict[str, FileStorage]
    zone: str
    errors: dict[str, Message] = field(default_factory=dict)

    def claim(self) -> Claim:
        """Who applies, as what, under which number."""
        professions, specialties = choices()
        return Claim(
            self._line("display_name", say("Write the name under which you practise.")),
            self.values.get("title", "").strip()[:LONGEST],
            self._one_of("profession", professions),
            self._one_of("specialty", {"": say("None"), **specialties}),
            *self._number(),
            tuple(code for code in self.values.getlist("languages") if code in runtime.current().settings.site.languages),
        )

    def _line(self, name: str, missing: Message) -> str:
        found = " ".join(self.values.get(name, "").split())[:LONGEST]
        if len(found) < 3:
            self.errors[name] = missing
        return found

    def _one_of(self, name: str, allowed: Mapping[str, Message]) -> str:
        found = self.values.get(name, "")
        if found not in allowed:
            self.errors[name] = say("Choose one of the entries.")
        return found

    def _number(self) -> tuple[str, str]:
        """The registry number, checked by the country pack where it knows the register."""
        key, typed = house.settings().registry, self.values.get("registry_number", "").strip()
        pack = country()
        if not typed:
            self.errors["registry_number"] = say("Write your registry number.")
        elif pack is not None and key:
            try:
                return key.upper(), pack.check_identifier(key, typed, allow_test=not runtime.current().settings.web.production).value
            except ContractError as error:
                self.errors["registry_number"] = error.message
        elif len(typed) > 40:
            self.errors["registry_number"] = say("This number is too long.")
        return key.upper(), typed

    def agreed(self) -> None:
        """The statement of truth must be ticked."""
        if not self.values.get("truth"):
            self.errors["truth"] = say("Tick this box to send your application.")

    def file(self, kind: str, name: str = "") -> tuple[bytes, date | None] | None:
        """A proof with its last day, from the fields `name` and `name_expires` (the kind's own); `None` when something is wrong with it."""
        name = name or kind
        ends = self._end(f"{name}_expires", needed=kind == "insurance")
        given = self.files.get(name)
        content = given.read() if given else b""
        largest = house.settings().max_file_bytes
        if not content:
            self.errors[name] = say("Choose a file.")
        elif len(content) > largest:
            self.errors[name] = say("This file is too large. The largest size is %(size)s MB.", size=max(1, largest // 1_000_000))
        elif not room_files.media_type(content):
            self.errors[name] = say("This file is no PDF, JPEG or PNG. Choose another one.")
        else:
            return content, ends
        return None

    def _end(self, name: str, *, needed: bool) -> date | None:
        typed = self.values.get(name, "").strip()
        if not typed:
            if needed:
                self.errors[name] = say("Write the last day of the insurance.")
            return None
        try:
            found = datetime.strptime(typed, "%Y-%m-%d").replace(tzinfo=UTC).date()
        except ValueError:
            self.errors[name] = say("This date does not exist.")
            return None
        if found < clock.today(self.zone):
            self.errors[name] = say("This date has passed: the document has ended. Give one that still holds.")
        return found


def choices() -> tuple[Mapping[str, Message], Mapping[str, Message]]:
    """Professions that may apply, and specialties, both in words; codes where no country pack names them."""
    pack = country()
    known = pack.professions() if pack else {}
    allowed = house.settings().professions
    professions = {code: known.get(code, Message("", code)) for code in allowed}
    return professions, {code: label for code, label in known.items() if code not in allowed and code not in FAMILIES}


def written(found: Mapping[str, tuple[bytes, date | None]]) -> Sequence[File]:
    """Checked proofs, written as blobs: before the unit of work that keeps them."""
    return [File(kind, documents.write_blob(content), content, ends) for kind, (content, ends) in found.items()]


def all_files(reader: Reader) -> dict[str, tuple[bytes, date | None]]:
    """Every needed proof that is right; the reader's errors name the others."""
    return {kind: found for kind in KINDS if (found := reader.file(kind))}
