"""All benchmarks, one after the other: python benchmarks/run.py"""

import earliest
import permissions
import sealed
import slots
from measuring import Size, asked


def run(size: Size) -> None:
    """Run every benchmark of this folder."""
    for module in (slots, earliest, permissions, sealed):
        print(f"{module.__name__}: {(module.__doc__ or '').strip()}", flush=True)
        module.run(size)


if __name__ == "__main__":
    run(asked(__doc__ or ""))
