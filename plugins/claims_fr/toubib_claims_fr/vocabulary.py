"""Reading one golden case: each cell against the published vocabulary, nothing guessed."""

import re
from collections.abc import Callable, Container, Mapping
from datetime import date
from enum import StrEnum
from typing import TypeVar

from toubib.services.golden_cases import outside
from toubib_claims_fr.profile import Cover, Entitlement, OutPolicy, Pathway, PaymentMode, Profile, Service
from toubib_claims_fr.ruleset import Ruleset

PACK = "claims_fr"
SECTORS = frozenset({"1", "optam", "2"})
ZONES = frozenset({"metro", "drom"})
RAW = re.compile(r"RAW:(\d{1,9})(?:\*(\d{1,3})(?:\.(\d{1,2}))?)?")
CODE = re.compile(r"([A-Z0-9]{1,5})(?:\*(\d{1,3})(?:\.(\d{1,2}))?)?")
OVERRUN = re.compile(r"responsible\+overrun:(\d{1,9})")

T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)


def read_profile(row: Mapping[str, str], rules: Ruleset) -> Profile:
    """The profile of a row. Rules of low confidence are priced too: who wrote the case answers for them."""
    _cell(row, "in_pack", lambda text: _one_of(text, frozenset({PACK})))
    born, cared = _cell(row, "in_patient_birth_date", _day), _cell(row, "in_care_date", _day)
    if born > cared:
        raise outside("in_patient_birth_date", born.isoformat())
    return Profile(
        care_date=cared,
        services=_cell(row, "in_services", lambda text: _services(text, rules)),
        fee=_cell(row, "in_fee_cents", _count),
        speciality=_cell(row, "in_practitioner_speciality_b2", lambda text: _one_of(text, rules.specialities)),
        sector=_cell(row, "in_practitioner_sector", lambda text: _one_of(text, SECTORS)),
        zone=_cell(row, "in_zone", lambda text: _one_of(text, ZONES)),
        birth_date=born,
        pathway=_cell(row, "in_pathway", Pathway),
        policy=_cell(row, "in_out_of_pathway_policy", OutPolicy),
        entitlements=_cell(row, "in_entitlements", _entitlements),
        cover=_cell(row, "in_complementary", _cover),
        flat_taken=_cell(row, "in_flat_contributions_this_year", _count),
        acts_same_day=_cell(row, "in_acts_same_day_same_practitioner", _count),
        all_confirmed=True,
    )


def read_payment_mode(row: Mapping[str, str]) -> PaymentMode:
    """The payment mode of a cash flow case."""
    return _cell(row, "in_payment_mode", PaymentMode)


def _cell(row: Mapping[str, str], column: str, read: Callable[[str], T]) -> T:
    try:
        return read((row.get(column) or "").strip())
    except ValueError:
        raise outside(column, row.get(column) or "") from None


def _day(text: str) -> date:
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        raise ValueError(text)
    return date.fromisoformat(text)


def _count(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise ValueError(text)
    return int(text)


def _one_of(text: str, allowed: Container[str]) -> str:
    if text not in allowed:
        raise ValueError(text)
    return text


def _entitlements(text: str) -> frozenset[Entitlement]:
    return frozenset(Entitlement(part.strip()) for part in text.split(";")) if text else frozenset()


def _cover(text: str) -> Cover:
    if text in ("none", "responsible"):
        return Cover(responsible=text == "responsible")
    found = OVERRUN.fullmatch(text)
    if not found:
        raise ValueError(text)
    return Cover(responsible=True, overrun_cents=int(found[1]))


def _services(text: str, rules: Ruleset) -> tuple[Service, ...]:
    return tuple(_service(part.strip(), rules) for part in text.split(";"))


def _service(text: str, rules: Ruleset) -> Service:
    raw = RAW.fullmatch(text)
    if raw:
        return Service("RAW", _hundredths(raw[2], raw[3]), int(raw[1]))
    found = CODE.fullmatch(text)
    if not found or found[1] not in rules.acts:
        raise ValueError(text)
    return Service(found[1], _hundredths(found[2], found[3]))


def _hundredths(whole: str | None, decimals: str | None) -> int:
    """A written coefficient (`1.5`) in hundredths, without passing through a float."""
    value = int(whole or "1") * 100 + int((decimals or "").ljust(2, "0"))
    if value == 0:
        raise ValueError("a coefficient is not zero")
    return value
