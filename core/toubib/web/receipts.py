"""The receipt: one shape before, after and in print, made of an estimate or of what was settled."""

from typing import Any

from babel.dates import format_date

from toubib import i18n
from toubib.contracts.common import Message, Money
from toubib.contracts.reasons import Confidence, Why
from toubib.contracts.reimbursement import Share
from toubib.services.coverage import Estimate, shown_hash
from toubib.web.shell import say, text


def receipt_of(answer: Estimate, *, estimate: bool, before: Estimate | None = None, written: bool = False) -> dict[str, Any]:
    """Rows of price, minus what each payer takes, the rest, and what of the rest a payer keeps; under each its why.

    A bill says where it left the estimate `before`. What is `written` is no consultation, and its price no estimate of acts.
    """
    price = text("Price") if written else text("Price of the consultation")
    rows: list[dict[str, Any]] = [{"label": price, "amount": i18n.money(answer.total), "kind": "price"}]
    for quote in answer.quotes:
        if quote.lines and quote.lines[0].why:
            rows[0]["why"] = _why(quote.lines[0].why[0])
    if answer.points:
        rows.append({"label": text("Billed to your fund, not to you"), "amount": text("%(points)s points", points=answer.points), "kind": "price"})
    rows += [_share(s, estimate=estimate) for s in answer.shares if s.amount.minor and not s.deduction]
    rows.append({"label": text("Left for you"), "amount": i18n.money(answer.patient), "kind": "rest"})
    rows += [_share(s, estimate=estimate) for s in answer.shares if s.deduction and s.amount.minor]
    made: dict[str, Any] = {"title": text("What you pay, what comes back"), "rows": rows}
    made["notes"] = [say(w) for q in answer.quotes for w in q.warnings]
    made["grounds"] = [say(r.sentence) for q in answer.quotes for r in q.reasons]
    if answer.missing:
        made["notes"].append(text("Some facts are missing: without them nothing is promised back."))
    if before is not None:
        made["notes"] += difference(before, answer)
    if estimate:
        if not written:
            made["estimate"] = text("This is an estimate: the acts are stated at the end of the consultation.")
        most = text("The most that can be charged. Only the real amount is taken, after the consultation.")
        if written:
            most = text("The most that can be charged. Only the real amount is taken, once you have your answer.")
        if not answer.asked.minor:
            most = text("Nothing is asked of you, and no card is needed.")
        made["maximum"] = {"amount": i18n.money(answer.asked), "text": most}
    return made


def difference(before: Estimate, now: Estimate) -> list[str]:
    """Why a bill is not what was estimated, in sentences; none when it is the same."""
    if shown_hash(before) == shown_hash(now):
        return []
    price, rest = i18n.money(before.total), i18n.money(before.patient)
    said = [text("Before the visit you read another amount: price %(price)s, left for you %(rest)s.", price=price, rest=rest)]
    expected, stated = _codes(before), _codes(now)
    if expected != stated:
        said.append(text("Expected were the acts %(expected)s; stated at the end were %(stated)s.", expected=expected, stated=stated))
    elif before.total != now.total:
        said.append(text("The acts are those that were expected; another fee was asked for them at the end."))
    if before.total == now.total:
        said.append(text("What comes back was worked out again from the acts and from what is known of you now: see the reason under each line."))
    return said


def _codes(answer: Estimate) -> str:
    return ", ".join(dict.fromkeys(line.code for quote in answer.quotes for line in quote.lines if line.code))


def _share(share: Share, *, estimate: bool) -> dict[str, Any]:
    row: dict[str, Any] = {
        "label": text("included: %(what)s", what=say(share.payer_label)) if share.deduction else say(share.payer_label),
        "amount": i18n.money(share.amount if share.deduction else Money(-share.amount.minor, share.amount.currency)),
        "kind": "price" if share.deduction else "minus",
    }
    if share.why:
        row["why"] = _why(share.why[0])
    if estimate and any(w.confidence is not Confidence.HIGH for w in share.why):
        row["estimate"] = True
    return row


def _why(why: Why) -> dict[str, str]:
    shown = {"text": say(why.sentence), "rule": why.rule, "source": why.source}
    if why.valid_from:
        shown["date"] = format_date(why.valid_from, "long", locale=i18n.locale())
    if why.confidence is not Confidence.HIGH:
        shown["text"] += " " + say(Message("toubib", "This rule was not verified at its source: check it with your fund."))
    return shown
