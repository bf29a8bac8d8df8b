"""Two ways of doing the same thing, measured in turn in one run: only their ratio means something on another machine."""

import argparse
import gc
import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

SEED = 20260302
"""Every invented practice, hour and booking of a benchmark comes from this."""


@dataclass(frozen=True, slots=True)
class Size:
    """How much a run measures: repeats of each way, and whether all amounts are tiny (to see that it runs at all)."""

    repeats: int
    tiny: bool

    def of(self, amount: int) -> int:
        """An amount, or hardly anything of it in a tiny run."""
        return min(amount, 3) if self.tiny else amount


@dataclass(frozen=True, slots=True)
class Way:
    """One way of doing it, and its name."""

    name: str
    act: Callable[[], object]


def asked(description: str) -> Size:
    """The size that the command line asks for."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--repeats", type=int, default=15, help="how often each way is measured (default: 15)")
    parser.add_argument("--tiny", action="store_true", help="tiny amounts, once: shows that it runs, measures nothing")
    options = parser.parse_args()
    return Size(1 if options.tiny else options.repeats, options.tiny)


def compare(title: str, size: Size, first: Way, second: Way) -> None:
    """Print how much more processor time of this process the second way takes; refuses ways that answer differently.

    Both are run once unmeasured, and then in turn. `least` compares the fastest of each, `median` the middle ones.
    """
    if first.act() != second.act():
        raise ValueError(f"{title}: the two ways give different answers")
    pairs = [(_seconds(first.act), _seconds(second.act)) for _ in range(size.repeats)]
    fast, slow = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    least, middle = min(slow) / max(min(fast), 1e-9), median(slow) / max(median(fast), 1e-9)
    told = f"{first.name} {1000 * median(fast):.2f} ms, {second.name} {1000 * median(slow):.2f} ms"
    print(f"{title}: least x{least:.1f}, median x{middle:.1f} ({told})")


def _seconds(act: Callable[[], object]) -> float:
    gc.collect()
    began = time.process_time()
    act()
    return time.process_time() - began
