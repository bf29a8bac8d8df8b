"""From services to lines: tariff base, rate and gross share of the national insurance, each rounded by itself."""

from dataclasses import dataclass

from toubib_claims_fr.book import Book, UnknownRuleError
from toubib_claims_fr.dated import Row
from toubib_claims_fr.money import share_of
from toubib_claims_fr.profile import Entitlement, OutPolicy, Service
from toubib_claims_fr.ruleset import Act, Kind

CONSULTATION_ACTS = frozenset({Kind.TELECONSULTATION, Kind.IN_PERSON, Kind.SUPPLEMENT, Kind.RAW})


@dataclass(frozen=True, slots=True)
class Line:
    """One priced service. `tariff` is `None` for a base given by the source; amounts in cents."""

    service: Service
    act: Act
    tariff: Row | None
    base: int
    rate: Row
    gross: int
    local: int
    local_rule: Row | None

    @property
    def legal_share(self) -> int:
        """What the schemes leave of the base, before majoration and flat contribution."""
        return self.base - self.gross - self.local


def priced_lines(book: Book, *, out_of_pathway: bool) -> tuple[Line, ...]:
    """Price every service of the profile. Raises `UnknownRulesError` with all codes without a usable tariff."""
    bases, unknown = [], []
    for service in book.profile.services:
        try:
            bases.append(_base(book, service))
        except UnknownRuleError as error:
            unknown.append(error.rule)
    if unknown:
        raise UnknownRulesError(tuple(unknown))
    return _within_fee(book, bases, out_of_pathway=out_of_pathway)


class UnknownRulesError(Exception):
    """Several rules are absent or unverified."""

    def __init__(self, rules: tuple[str, ...]) -> None:
        super().__init__(*rules)
        self.rules = rules


def _base(book: Book, service: Service) -> tuple[Service, Act, Row | None, int]:
    act = book.act(service)
    if service.raw_base is not None:
        return service, act, None, share_of(service.raw_base, service.coefficient)
    tariff = book.tariff(service.code)
    return service, act, tariff, share_of(tariff.value, service.coefficient)


def _within_fee(book: Book, bases: list[tuple[Service, Act, Row | None, int]], *, out_of_pathway: bool) -> tuple[Line, ...]:
    """A scheme never pays on more than was charged: a fee below the tariff lowers the last bases first."""
    left = book.profile.fee
    remote = any(act.kind is Kind.TELECONSULTATION for _, act, _, _ in bases)
    found = []
    for service, act, tariff, full in bases:
        base = min(full, left)
        left -= base
        rate = _rate(book, act, remote=remote, out_of_pathway=out_of_pathway)
        found.append(_line(book, service, act, tariff, base, rate))
    return tuple(found)


def _line(book: Book, service: Service, act: Act, tariff: Row | None, base: int, rate: Row) -> Line:
    gross = share_of(base, rate.value)
    rule = _local_rule(book, rate)
    local = min(share_of(base, rule.value), base - gross) if rule else 0
    return Line(service, act, tariff, base, rate, gross, local, rule)


def _local_rule(book: Book, rate: Row) -> Row | None:
    if not book.profile.has(Entitlement.LOCAL_SCHEME_ALSACE_MOSELLE) or rate.value in (0, 100):
        return None
    doctors = rate.rule != "rate.auxiliary"
    return book.parameter("rate.local_scheme" if doctors else "rate.local_scheme_auxiliary")


def _rate(book: Book, act: Act, *, remote: bool, out_of_pathway: bool) -> Row:
    if act.kind is Kind.TELEEXPERTISE:
        return book.parameter("rate.teleexpertise")
    refused = out_of_pathway and book.profile.policy is OutPolicy.NOT_COVERED
    if refused and act.kind in CONSULTATION_ACTS:
        return book.parameter("pathway.not_covered")
    return _exemption(book) or _covid(book, act, remote=remote) or _ordinary(book, act)


def _exemption(book: Book) -> Row | None:
    rules = (
        (Entitlement.MATERNITY, "rate.maternity"),
        (Entitlement.ALD_RELATED, "rate.ald"),
        (Entitlement.AME, "rate.ame"),
    )
    return next((book.parameter(rule) for right, rule in rules if book.profile.has(right)), None)


def _covid(book: Book, act: Act, *, remote: bool) -> Row | None:
    concerned = act.kind is Kind.TELECONSULTATION or (remote and act.kind is Kind.SUPPLEMENT)
    return book.rules.parameter("rate.covid", book.profile.care_date) if concerned else None


def _ordinary(book: Book, act: Act) -> Row:
    by_act = act.kind in (Kind.ACCOMPANIMENT, Kind.REMOTE_CARE)
    by_profession = act.kind is Kind.RAW and book.is_auxiliary
    return book.parameter("rate.auxiliary" if by_act or by_profession else "rate.standard")
