"""The split of a digital visit between region and patient: the fee of the region, up to the exact ceiling of twelve months."""

from dataclasses import dataclass
from datetime import date

from toubib.services.counting import a_year_after


@dataclass(frozen=True, slots=True)
class Period:
    """Twelve months of patient fees: what was paid since the first visit. `start` is empty before the first one."""

    paid: int = 0
    start: date | None = None

    def on(self, day: date) -> "Period":
        """The period that a visit on `day` falls into; a new one once twelve months are over."""
        runs = self.start is not None and self.start <= day < a_year_after(self.start)
        return self if runs else Period()


@dataclass(frozen=True, slots=True)
class Split:
    """Amounts in öre: what is charged in all, who pays what of it, and what is counted since the period began."""

    gross: int
    patient: int
    region: int
    counted: int


def split(gross: int, fee: int, ceiling: int, period: Period, reached: frozenset[int]) -> Split:
    """The last fee below the ceiling may be lower than the fee of the region. `reached` are ceilings of the period that a rise left behind.

    `period` is the one of the day of care. Whoever had paid a former ceiling exactly keeps the free card to its end.
    """
    free = period.paid >= ceiling or (period.paid and period.paid in reached)
    patient = 0 if free else min(fee, gross, ceiling - period.paid)
    return Split(gross, patient, gross - patient, period.paid + patient)
