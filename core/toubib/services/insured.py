"""Where a patient is insured: what decides whose reimbursement pack is asked.

With the packs of one country only, everybody counts as insured there and nothing is asked. With several, the patient says it once.
"""

from collections.abc import Sequence

from toubib import i18n, runtime
from toubib.contracts.common import Message
from toubib.contracts.identity import FactType, Sensitivity
from toubib.contracts.reimbursement import ReimbursementPack
from toubib.hooks import Registry
from toubib.services import people
from toubib.services.answers import one_of
from toubib.settings import Settings

KEY = "toubib.insured_in"
ELSEWHERE = "elsewhere"
"""The answer of somebody whose country has no pack here."""


def _countries(settings: Settings, registry: Registry) -> tuple[str, ...]:
    packs = [registry.packs[name] for name in settings.use.reimbursement if name in registry.packs]
    return tuple(dict.fromkeys(pack.country for pack in packs if pack.country))


def fact_type(settings: Settings, registry: Registry) -> FactType | None:
    """The question of an installation with several countries' packs; `None` where it need not be asked."""
    codes = _countries(settings, registry)
    if len(codes) < 2:
        return None
    choices = (*((code, _name(code, registry)) for code in codes), (ELSEWHERE, Message(i18n.CORE, "In another country")))
    return FactType(
        KEY,
        Message(i18n.CORE, "Where are you insured?"),
        Message(i18n.CORE, "It decides who pays besides you, and what else we need to ask. Where you are now does not matter for it."),
        Sensitivity.PERSONAL,
        one_of(choices),
        choices=choices,
    )


def _name(code: str, registry: Registry) -> Message:
    """The country's name, or that of its scheme where only the reimbursement pack is loaded."""
    country = registry.countries.get(code)
    return country.name if country else next(pack.title for pack in registry.packs.values() if pack.country == code)


def is_asked() -> bool:
    """Whether patients of this installation are asked where they are insured."""
    return KEY in runtime.current().registry.fact_types


def country_of(person_id: str | None) -> str:
    """The country of a person's coverage: as they said, or the only one there is; empty while it is not known."""
    if is_asked():
        return people.facts_of(person_id, [KEY]).get(KEY, "") if person_id else ""
    toubib = runtime.current()
    return next(iter(_countries(toubib.settings, toubib.registry)), "")


def packs_of(country: str) -> Sequence[ReimbursementPack]:
    """The packs that are asked about somebody insured in `country`, in the deployment's order: its own, and those of no country."""
    return [pack for pack in runtime.current().packs if pack.country in ("", country)]
