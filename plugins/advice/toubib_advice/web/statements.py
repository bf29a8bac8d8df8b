"""Monthly statements: the practitioner's own, and for administrators everybody's to whom shares are owed."""

from typing import Any

from babel.dates import format_date
from flask import Response, request, url_for
from flask.typing import ResponseReturnValue

from toubib import i18n
from toubib.contracts.common import Money
from toubib.services import directory, shares
from toubib.web import current_actor, looking, needs, render
from toubib_advice import earnings
from toubib_advice.earnings import Month, month_of
from toubib_advice.texts import say, words
from toubib_advice.web.shared import blueprint


@blueprint.get("/earnings")
@needs("advice.work")
def own_earnings() -> ResponseReturnValue:
    """What the practitioner earned in a month."""
    with looking():
        roles = current_actor().practitioner_roles
        if not roles:
            return _page("own_earnings", "", month_of("", i18n.zone()), [])
        return _page("own_earnings", shares.party_of(roles[0]), month_of(request.args.get("month", ""), directory.role(roles[0]).zone), [])


@blueprint.get("/statements")
@needs("advice.operate")
def statements() -> ResponseReturnValue:
    """Everybody to whom the administrator's organisations owe shares, and one's statement."""
    with looking():
        held = list(current_actor().organisations("administrator"))
        known = shares.parties(held)
        wanted = request.args.get("party", "")
        party = next((p.party for p in known if p.party == wanted), known[0].party if known else "")
        return _page("statements", party, month_of(request.args.get("month", ""), i18n.zone()), held)


def _page(endpoint: str, party: str, month: Month, organisation_ids: list[str]) -> ResponseReturnValue:
    found = earnings.lines(party, month, organisation_ids) if party else []
    if request.args.get("format") == "csv":
        name = f"statement-{month.name}.csv"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return Response(earnings.as_csv(found, month.zone), content_type="text/csv; charset=utf-8", headers=headers)
    known = shares.parties(organisation_ids) if organisation_ids else []
    ask: dict[str, Any] = {"party": party} if organisation_ids else {}
    return render(
        "advice/earnings.html",
        month=_words(month),
        total=", ".join(i18n.money(total) for total in earnings.totals(found)) or i18n.money(Money(0, _currency())),
        table=_table(month, found),
        csv=url_for(f"advice.{endpoint}", month=month.name, format="csv", **ask),
        before=url_for(f"advice.{endpoint}", month=month.shifted(-1).name, **ask),
        after=url_for(f"advice.{endpoint}", month=month.shifted(1).name, **ask),
        parties=[
            {"href": url_for(f"advice.{endpoint}", month=month.name, party=p.party), "label": f"{p.name} {p.registry}".strip(), "current": p.party == party}
            for p in known
        ],
        everybody=bool(organisation_ids),
    )


def _currency() -> str:
    roles = current_actor().practitioner_roles
    return directory.organisation(directory.role(roles[0]).organisation_id).currency if roles else "EUR"


def _words(month: Month) -> str:
    """A month as people say it."""
    return format_date(month.start, "LLLL yyyy", locale=i18n.locale())


def _table(month: Month, found: Any) -> dict[str, Any]:
    return {
        "caption": words(say("Statement of %(month)s", month=_words(month))),
        "columns": [{"label": words(say("Day"))}, {"label": words(say("Reference"))}, {"label": words(say("Amount")), "numeric": True}],
        "rows": [[i18n.day(line.at, month.zone), line.reference, i18n.money(line.amount)] for line in found],
        "empty": words(say("Nothing in this month.")),
    }
