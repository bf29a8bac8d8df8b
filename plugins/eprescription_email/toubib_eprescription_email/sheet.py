"""The words of a prescription sheet, ready for its template: nothing here decides, everything is what the author issued."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from zoneinfo import ZoneInfo

from toubib.contracts.prescription import IssuedPrescription, MedicationLine, Party, Subject
from toubib_eprescription_email.legal import STATUS
from toubib_eprescription_email.reading import Reader
from toubib_eprescription_email.spelled import spelled


@dataclass(frozen=True, slots=True)
class LineText:
    """One line as the pharmacist reads it."""

    number: int
    drug: str
    how: str
    how_many: str
    substitution: str
    free_text: bool


@dataclass(frozen=True, slots=True)
class LineGroup:
    """Lines under one heading; a plain prescription has a single group without heading."""

    heading: str
    lines: tuple[LineText, ...]


def context(issued: IssuedPrescription, reader: Reader) -> dict[str, object]:
    """Everything the template prints, in the document's language."""
    _ = reader.gettext
    day = reader.day(_local_date(issued))
    return {
        "issued": issued,
        "language": reader.language,
        "title": _("Prescription of %(date)s", date=day),
        "created": issued.issued_at.isoformat(timespec="seconds"),
        "date": day,
        "reference": reference(issued),
        "running_line": _("%(author)s, prescription of %(date)s for %(patient)s", author=issued.author.name, date=day, patient=issued.subject.name),
        "patient": ", ".join(_patient(issued.subject, reader)),
        "address": issued.organisation.lines or issued.author.lines,
        "phone": issued.author.phone or issued.organisation.phone,
        "email": issued.author.email or issued.organisation.email,
        "groups": groups(issued.lines, reader),
        "signed_by": _("Decided and signed by %(author)s", author=issued.author.name),
        "signed_at": _("on %(date)s at %(hour)s (%(zone)s)", date=day, hour=reader.hour(issued.issued_at, issued.zone), zone=issued.zone),
        "count": _count(len(issued.lines), reader),
        "code": grouped(issued.verify_code),
        "check_at": issued.verify_url.partition("?")[0],
        "author_numbers": numbers(issued.author),
        "organisation_numbers": numbers(issued.organisation),
        "mentions": tuple(_mentions(issued, reader)),
        "legal_status": reader.message(STATUS),
    }


def reference(issued: IssuedPrescription) -> str:
    """The short reference printed on the document and in the file's name."""
    return issued.id[:8].upper()


def numbers(party: Party) -> tuple[str, ...]:
    """A party's numbers with their systems; a system that comes as a bare key is known by its abbreviation."""
    return tuple(f"{key.upper() if key.islower() and key.isalnum() else key} {value}" for key, value in party.identifiers.items() if value)


def grouped(code: str) -> str:
    """A code of digits in groups of four, so that it can be read aloud and typed; any other code as it is."""
    return " ".join(code[i : i + 4] for i in range(0, len(code), 4)) if code.isdigit() else code


def groups(lines: tuple[MedicationLine, ...], reader: Reader) -> tuple[LineGroup, ...]:
    """The lines of a long-term condition first, under their own heading. Each keeps the number under which it was written."""
    two_zones = any(line.long_term_condition for line in lines)
    numbered = [(line.long_term_condition, line_text(number, line, reader)) for number, line in enumerate(lines, start=1)]
    numbered.sort(key=lambda pair: not pair[0])
    return tuple(
        LineGroup(_heading(linked, reader) if two_zones else "", tuple(text for _linked, text in members))
        for linked, members in groupby(numbered, key=lambda pair: pair[0])
    )


def line_text(number: int, line: MedicationLine, reader: Reader) -> LineText:
    """One line in words."""
    how = [line.dose, line.timing, *([_duration(line.duration_days, reader)] if line.duration_days else [])]
    how_many = [*([reader.gettext("Quantity: %(quantity)s", quantity=line.quantity)] if line.quantity else []), _repeats(line.repeats, reader)]
    return LineText(
        number=number,
        drug=line.text,
        how=", ".join(part for part in how if part),
        how_many=". ".join(how_many),
        substitution=reader.gettext("NOT SUBSTITUTABLE, reason: %(reason)s", reason=line.not_substitutable) if line.not_substitutable else "",
        free_text=not line.code,
    )


def _heading(linked: bool, reader: Reader) -> str:  # noqa: FBT001  two zones, one question
    if linked:
        return reader.gettext("For the recognised long-term condition (covered in full)")
    return reader.gettext("Without link to the long-term condition")


def _number(number: int, reader: Reader) -> str:
    words = spelled(number, reader.language)
    return f"{number} ({words})" if words else str(number)


def _duration(days: int, reader: Reader) -> str:
    return reader.ngettext("for %(days)s day", "for %(days)s days", days, days=_number(days, reader))


def _repeats(times: int, reader: Reader) -> str:
    if not times:
        return reader.gettext("Not to be renewed")
    return reader.ngettext("To be renewed %(times)s time", "To be renewed %(times)s times", times, times=_number(times, reader))


def _count(number: int, reader: Reader) -> str:
    return reader.ngettext("%(number)s line prescribed", "%(number)s lines prescribed", number, number=_number(number, reader))


def _patient(subject: Subject, reader: Reader) -> Iterator[str]:
    sexes = {"female": reader.gettext("sex: female"), "male": reader.gettext("sex: male")}
    yield reader.gettext("born on %(date)s", date=reader.day(subject.birth_date))
    if subject.sex:
        yield sexes.get(subject.sex, reader.gettext("sex: %(sex)s", sex=subject.sex))
    if subject.weight_kg:
        yield reader.gettext("weight: %(weight)s kg", weight=subject.weight_kg)


def _mentions(issued: IssuedPrescription, reader: Reader) -> Iterator[str]:
    if issued.valid_until:
        yield reader.gettext("To be presented to a pharmacy by %(date)s at the latest.", date=reader.day(issued.valid_until))
    if issued.replaces:
        yield reader.gettext("Cancels and replaces the prescription %(reference)s.", reference=issued.replaces[:8].upper())
    yield from (reader.message(mention) for mention in issued.mentions)


def _local_date(issued: IssuedPrescription) -> date:
    return issued.issued_at.astimezone(ZoneInfo(issued.zone)).date()
