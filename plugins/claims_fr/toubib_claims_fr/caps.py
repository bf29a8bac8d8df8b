"""The limit on acts at a distance in a practitioner's year (convention 2024, art. 87 to 90)."""

from collections.abc import Sequence

from toubib.contracts.activity import ActivityCounts, Cap, share_cap
from toubib_claims_fr.explain import described
from toubib_claims_fr.ruleset import Ruleset

PSYCHIATRY = frozenset({"33", "75"})


def remote_cap(counts: ActivityCounts, rules: Ruleset) -> Sequence[Cap]:
    """The cap in force at the end of the year; none before the rule began."""
    general = rules.parameter("cap.remote_percent", counts.end)
    wider = rules.parameter("cap.remote_percent_psychiatry", counts.end) if counts.specialty in PSYCHIATRY else None
    row = wider or general
    return (share_cap(described(row), counts.acts_remote, counts.acts, row.value),) if row else ()
