"""A row that whoever comes first adds, and everybody after them finds."""

from typing import TypeVar

from sqlalchemy.exc import IntegrityError
from sqlmodel.sql.expression import SelectOfScalar

from toubib.db.types import Table
from toubib.db.work import session

Row = TypeVar("Row", bound=Table)


def found_or_added(query: SelectOfScalar[Row], new: Row) -> Row:
    """The one row of a query, or `new`. Whoever adds theirs at the same moment makes us wait and take it.

    The query names all columns of a unique constraint of the table; with `with_for_update` the row is ours until the unit of
    work ends, whoever added it.
    """
    session().flush()
    found = session().exec(query).first()
    if found is not None:
        return found
    try:
        with session().begin_nested():
            session().add(new)
    except IntegrityError:
        return session().exec(query).one()
    return new
