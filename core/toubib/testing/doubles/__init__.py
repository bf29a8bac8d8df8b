"""Doubles of the outside world, for tests only: strict, in memory, and made to fail on demand."""
