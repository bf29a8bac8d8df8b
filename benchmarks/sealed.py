"""What sealing costs: rows read with a plain column only, and with one that is opened; and documents of 100 kB, copied and sealed."""

from installed import installed
from measuring import SEED, Size, Way, asked, compare
from sqlmodel import col, select

from toubib.db import database, session, vault
from toubib.db.tables.access import Account
from toubib.services import people

ROWS = 500
DOCUMENT = bytes(SEED % 251 for _ in range(100_000))


def fill(count: int) -> None:
    """So many accounts, whose address stands both plain and sealed: the same text, so that both ways give the same."""
    with database().unit_of_work():
        for number in range(count):
            address = f"number.{number}@patient.test"
            account = Account(person_id=people.newcomer().id, email_index=address)
            vault().seal(account, "email", address)
            session().add(account)


def accounts() -> list[Account]:
    """All of them, in order."""
    return list(session().exec(select(Account).order_by(col(Account.email_index))).all())


def plain() -> object:
    """The addresses from the plain column."""
    with database().reading():
        return [row.email_index for row in accounts()]


def opened() -> object:
    """The addresses from the sealed column."""
    with database().reading():
        return [vault().read(row, "email") for row in accounts()]


def sealed_and_opened() -> object:
    """A document through the vault and back."""
    return vault().open_bytes(vault().seal_bytes(DOCUMENT, "a document"), "a document")


def run(size: Size) -> None:
    """Compare both pairs."""
    with installed():
        fill(size.of(ROWS))
        compare(f"{size.of(ROWS)} rows from the database", size, Way("plain", plain), Way("sealed", opened))
        copied = Way("copied twice", lambda: bytes(bytearray(bytes(bytearray(DOCUMENT)))))
        compare("a document of 100 kB", size, copied, Way("sealed and opened", sealed_and_opened))


if __name__ == "__main__":
    run(asked(__doc__ or ""))
