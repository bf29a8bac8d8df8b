"""Billing: the one place where the amount of a due becomes final, so that whatever is earned also has its paper.

Entered in the ledger, shared out, asked of the payment provider, invoiced: in one unit of work, or not at all.
"""

from toubib.contracts.country import Billed
from toubib.services import dues, invoices, payments, shares

EARNED_AS = {Billed.CARE: "settle", Billed.MISSED: "no_show"}


def bill(due_id: str, minor: int, what: Billed = Billed.CARE) -> None:
    """The real amount of an encounter's due is known; what was held beyond it is released.

    Joins the unit of work, late: the organisation's numbering is locked until it ends. Fees for missed visits are not shared.
    Raises what `dues.set_final` and `invoices.issue` raise.
    """
    dues.set_final(due_id, minor, EARNED_AS[what])
    if what is Billed.CARE:
        shares.post(due_id)
    payments.collect(due_id)
    invoices.issue(due_id, what)
