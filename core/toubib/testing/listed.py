"""A practitioner who can be found: in good standing, with an address of their own page."""

from toubib.db import session
from toubib.db.tables.directory import Standing
from toubib.testing.practices import Practice, practice


def listed(name: str = "praxis") -> Practice:
    """Make a practice whose practitioner may practise; their page is `/practitioners/NAME-dr`. In the open unit of work."""
    made = practice(name)
    session().add(Standing(practitioner_id=made.practitioner_id, state="good", source="test"))
    session().flush()
    return made
