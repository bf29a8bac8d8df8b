"""Payers (insurers, sponsors) who owe organisations money themselves, and their transfers as somebody recorded them.

What they owe is entered when an encounter is settled (`guarantees`); a plugin that sends statements records what arrived.
Both stand in the ledger; nothing here knows of any person or visit. Everything joins the open unit of work.
"""

from toubib.contracts.common import Money
from toubib.services import ledger


class NotOwed(Exception):
    """More would be entered as received than the payer owes, or more taken back than was received."""


def owed(organisation_id: str, payer: str, currency: str) -> Money:
    """What a payer owes an organisation now."""
    return _on(organisation_id, ledger.AccountRef(ledger.THIRD_PARTY, payer), currency)


def _on(organisation_id: str, account: ledger.AccountRef, currency: str) -> Money:
    found = [b.balance for b in ledger.balances(organisation_id) if b.account == account and b.balance.currency == currency]
    return found[0] if found else Money(0, currency)


def received(organisation_id: str, payer: str, amount: Money, key: str) -> None:
    """A payer's money arrived at an organisation: it owes so much less. Once per organisation and `key`, a fact of the caller's own.

    Raises `NotOwed` for more than it owes; the caller has locked whatever keeps two from recording at once.
    """
    fact = f"payer:{organisation_id}:{key}"
    if not ledger.posted(fact) and amount.minor > owed(organisation_id, payer, amount.currency).minor:
        raise NotOwed(f"{payer} owes less than {amount.minor}")
    bank, owing = ledger.AccountRef(ledger.BANK, payer), ledger.AccountRef(ledger.THIRD_PARTY, payer)
    ledger.post(organisation_id, debit=bank, credit=owing, amount=amount, why="payer_paid", key=fact)


def taken_back(organisation_id: str, payer: str, amount: Money, key: str) -> None:
    """What was recorded as received under `key` was a mistake, or went back to the payer, who owes it again.

    Once per `key`; raises `NotOwed` for more than was received.
    """
    bank, owing = ledger.AccountRef(ledger.BANK, payer), ledger.AccountRef(ledger.THIRD_PARTY, payer)
    fact = f"payer:{organisation_id}:{key}:back"
    if not ledger.posted(fact) and amount.minor > _on(organisation_id, bank, amount.currency).minor:
        raise NotOwed(f"less than {amount.minor} was received of {payer}")
    ledger.post(organisation_id, debit=owing, credit=bank, amount=amount, why="payer_taken_back", key=fact)
