"""What every reimbursement pack must do. A plugin's test inherits the class and says what to price:

    class TestFrance(ReimbursementContract):
        @pytest.fixture
        def subject(self) -> ReimbursementSubject:
            return ReimbursementSubject(pack=FrenchPack(Settings()), covered=..., unknown=..., uncovered=...)

`covered` is a context in which the pack pays something (or `None` when it never does), `unknown` one that lacks facts.
No test opens a unit of work: a pack that touched the database or the network would fail.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

import pytest

from toubib.contracts.activity import ActivityCounts, CapStatus
from toubib.contracts.common import Message, Money
from toubib.contracts.reasons import Confidence
from toubib.contracts.reimbursement import ClaimState, CoverageStatus, PaymentModeAsked, Quote, QuoteContext, ReimbursementPack, Share

LATER = datetime(2030, 1, 1, tzinfo=UTC)
OPEN = (CoverageStatus.NEEDS_EVIDENCE, CoverageStatus.UNKNOWN)


@dataclass(frozen=True, slots=True)
class ReimbursementSubject:
    """The pack under test with contexts to price."""

    pack: ReimbursementPack
    unknown: QuoteContext
    covered: QuoteContext | None = None

    @property
    def contexts(self) -> Sequence[QuoteContext]:
        """Every context, in each payment mode."""
        given = [self.unknown, *([self.covered] if self.covered else [])]
        return [replace(context, payment_mode=mode) for context in given for mode in PaymentModeAsked]


def total(context: QuoteContext) -> int:
    """What is charged, in minor units."""
    return sum(charge.charged.minor * charge.qty for charge in context.charges)


def paid(quote: Quote) -> int:
    """What payers take of the charges, in minor units."""
    return sum(share.amount.minor for share in quote.shares if not share.deduction)


class ReimbursementContract:
    """The promises of `toubib.contracts.reimbursement.ReimbursementPack`."""

    @pytest.fixture
    def subject(self) -> ReimbursementSubject:
        """The pack under test; to be overridden."""
        raise NotImplementedError("give the fixture `subject`")

    def quotes(self, subject: ReimbursementSubject) -> Sequence[tuple[QuoteContext, Quote]]:
        """Every context with its quote, asked in one batch; without those that are not this payer's."""
        found = subject.pack.quote(subject.contexts, [()] * len(subject.contexts))
        assert len(found) == len(subject.contexts)
        return [(context, quote) for context, quote in zip(subject.contexts, found, strict=True) if quote is not None]

    def covered(self, subject: ReimbursementSubject) -> tuple[QuoteContext, Quote]:
        """The covered context with its quote; the other one for a pack that never pays."""
        context = subject.covered or subject.unknown
        return context, self.ask(subject, context)

    def ask(self, subject: ReimbursementSubject, context: QuoteContext, before: Sequence[Share] = ()) -> Quote:
        """The pack's answer for one context that is its own."""
        quote = subject.pack.quote([context], [tuple(before)])[0]
        assert quote is not None
        return quote

    def test_has_a_name_and_a_title(self, subject: ReimbursementSubject) -> None:
        assert subject.pack.name.isidentifier()
        assert isinstance(subject.pack.title, Message)

    def test_shares_are_never_negative_and_never_exceed_the_charges(self, subject: ReimbursementSubject) -> None:
        for context, quote in self.quotes(subject):
            assert quote.pack == subject.pack.name
            assert all(share.amount.minor >= 0 for share in quote.shares)
            assert paid(quote) <= total(context)
            assert all(share.amount.currency == context.currency for share in quote.shares)

    def test_every_amount_names_its_rule_and_where_it_is_written(self, subject: ReimbursementSubject) -> None:
        for _, quote in self.quotes(subject):
            for share in quote.shares:
                assert share.why
                assert all(why.rule and why.source and why.sentence.key for why in share.why)

    def test_what_is_not_known_promises_nothing(self, subject: ReimbursementSubject) -> None:
        for _, quote in self.quotes(subject):
            if quote.missing or quote.status in OPEN:
                assert quote.status in OPEN
                assert quote.shares == ()
                assert quote.counters == {}
            if quote.status is CoverageStatus.NOT_COVERED:
                assert paid(quote) == 0

    def test_a_covered_visit_pays_something(self, subject: ReimbursementSubject) -> None:
        _, quote = self.covered(subject)
        if subject.covered is None:
            assert paid(quote) == 0
            return
        assert quote.status in (CoverageStatus.COVERED, CoverageStatus.REDUCED)
        assert paid(quote) > 0 or quote.points > 0
        assert not quote.missing

    def test_the_same_question_gets_the_same_answer_alone_or_in_a_batch(self, subject: ReimbursementSubject) -> None:
        for context, quote in self.quotes(subject):
            assert subject.pack.quote([context], [()]) == [quote]
            assert subject.pack.quote([replace(context, now=LATER)], [()]) == [quote]

    def test_payers_before_leave_only_the_rest(self, subject: ReimbursementSubject) -> None:
        context, _ = self.covered(subject)
        left = min(100, total(context))
        before = Share("somebody", Message("toubib", "Your coverage"), Money(total(context) - left, context.currency), ())
        assert paid(self.ask(subject, context, [before])) <= left

    def test_a_payer_that_excludes_the_pack_is_respected(self, subject: ReimbursementSubject) -> None:
        context, _ = self.covered(subject)
        before = Share("somebody", Message("toubib", "Your coverage"), Money(0, context.currency), (), excludes=frozenset({subject.pack.name}))
        assert paid(self.ask(subject, context, [before])) == 0

    def test_a_line_is_in_money_or_in_points_and_what_is_in_points_costs_nothing(self, subject: ReimbursementSubject) -> None:
        for _, quote in self.quotes(subject):
            for line in quote.lines:
                assert line.base is None or line.points is None
                assert line.points is None or (line.points >= 0 and line.charged.minor == 0)

    def test_what_is_charged_is_never_more_than_what_is_asked(self, subject: ReimbursementSubject) -> None:
        for context in subject.contexts:
            billed = replace(context, charges=tuple(subject.pack.charges(context)))
            assert 0 <= total(billed) <= total(context)
            assert billed.charges == tuple(subject.pack.charges(billed))

    def test_counts_are_declared_and_bear_the_name_of_the_pack(self, subject: ReimbursementSubject) -> None:
        declared = {rule.key for rule in subject.pack.counters}
        assert all(key.startswith(f"{subject.pack.name}.") for key in declared)
        for _, quote in self.quotes(subject):
            assert set(quote.counters) <= declared

    def test_limits_on_activity_say_what_they_count(self, subject: ReimbursementSubject) -> None:
        for rule in subject.pack.cap_rules:
            for cap in subject.pack.caps(ActivityCounts(rule.subject, date(2026, 1, 1), date(2026, 3, 31), 0, 0, 0, 0)):
                assert cap.why.rule
                assert cap.why.source
                assert cap.count == 0
                assert cap.status in (CapStatus.OK, CapStatus.UNKNOWN)

    def test_each_fact_is_asked_once(self, subject: ReimbursementSubject) -> None:
        for context in subject.contexts:
            keys = [need.key for need in subject.pack.facts_needed(context)]
            assert len(keys) == len(set(keys))

    def test_what_is_missing_can_be_asked(self, subject: ReimbursementSubject) -> None:
        for context, quote in self.quotes(subject):
            assert set(quote.missing) <= {need.key for need in subject.pack.facts_needed(context) if need.blocking}

    def test_acts_are_offered_once_each(self, subject: ReimbursementSubject) -> None:
        for context in subject.contexts:
            codes = [act.code for act in subject.pack.acts(context)]
            assert len(codes) == len(set(codes))

    def test_items_are_frozen_with_stable_ids(self, subject: ReimbursementSubject) -> None:
        context, quote = self.covered(subject)
        items = subject.pack.items(context, quote)
        again = subject.pack.items(context, quote)
        assert [item.id for item in items] == [item.id for item in again]
        assert len({item.id for item in items}) == len(items)
        assert all(item.grouping_key and item.pack == subject.pack.name for item in items)
        assert all(json.dumps(dict(item.payload)) for item in items)

    def test_a_claim_is_never_said_to_be_sent(self, subject: ReimbursementSubject) -> None:
        """Without a gateway a pack knows drafts only; sending is the gateway's word."""
        context, quote = self.covered(subject)
        items = subject.pack.items(context, quote)
        at = context.care_at + timedelta(hours=1)
        for key in {item.grouping_key for item in items}:
            claim = subject.pack.assemble(key, [item for item in items if item.grouping_key == key], at)
            assert claim.grouping_key == key
            assert claim.state in set(ClaimState)
            assert claim.legal_status.key
            assert claim.next_step.key
            assert (claim.state is ClaimState.HELD) == bool(claim.violations)
            assert json.loads(json.dumps(dict(claim.payload))) == claim.payload

    def test_foreign_cases_are_left_to_others(self, subject: ReimbursementSubject) -> None:
        assert subject.pack.cases(["id", "title", "something", "else"]) is None

    def test_every_rule_in_use_has_a_source_and_a_confidence(self, subject: ReimbursementSubject) -> None:
        for why in subject.pack.rulesets():
            assert why.rule
            assert why.source
            assert isinstance(why.confidence, Confidence)
