"""Small cells of published counts: which are hidden, and which others must be, so that no subtraction brings one back.

A column of counts is a tree of periods (weeks in months in years in the whole); the categories of a dimension are columns that add
up to the column of all. Such a table is a flow: each cell is an arc, each sum a node where what comes in goes out. A hidden count can
be told exactly if and only if no cycle of hidden arcs through it can be raised or lowered by one without a count below what everybody
knows: nothing, or one where only what has acts is listed.
So each hidden cell gets the cheapest such cycle, and all that lies on it is hidden too. Sums of counts that several dimensions share
are held fixed meanwhile, so tables stay safe together.
"""

import heapq
from collections.abc import Hashable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import count

THRESHOLD = 11
"""Counts below this are hidden, nothing included (convention of the French national health data system)."""

Path = tuple[str, ...]
"""A period by what it lies in: `()` is the whole, then year, month, week."""
Counts = Mapping[Path, int]
_Cell = tuple[str, Path]
_OUTSIDE = "outside"


class Telling(Exception):
    """Counts that could be told even if all of them were hidden, because each is listed and they add up to so little."""


def hide_periods(counts: Counts) -> frozenset[Path]:
    """Periods of the column of all whose count is hidden. The whole is hidden only where it is small, and everything with it."""
    if counts.get((), 0) < THRESHOLD:
        return frozenset(counts)
    arcs = [_arc("", path, counts, floor=1, outside=True) for path in counts if path]
    try:
        return frozenset(path for _, path in _close(arcs, frozenset()))
    except Telling:
        return frozenset(counts)


def hide_categories(hidden: AbstractSet[Path], columns: Mapping[str, Counts], floors: Mapping[str, int]) -> Mapping[str, frozenset[Path]]:
    """Hidden cells of the categories that add up to a column whose own hidden cells are `hidden`.

    Every column has the same periods, and in every lowest period some category has a count. What adds up to a hidden sum is hidden.
    `floors`: what anybody knows each category to have at least over the whole. Raises `Telling`: then publish none of these.
    """
    if len(columns) == 1:
        return dict.fromkeys(columns, frozenset(hidden))
    arcs = [_arc(name, path, counts, floor=0 if path else floors[name]) for name, counts in columns.items() for path in counts]
    found = _close(arcs, {(name, path) for name in columns for path in hidden})
    return {name: frozenset(path for owner, path in found if owner == name) for name in columns}


@dataclass(frozen=True, slots=True)
class _Arc:
    cell: _Cell
    tail: Hashable
    head: Hashable
    flow: int
    floor: int


def _arc(name: str, path: Path, counts: Counts, *, floor: int, outside: bool = False) -> _Arc:
    lowest = len(path) == max(map(len, counts))
    below: Hashable = (_OUTSIDE if outside else ("row", path)) if lowest else (name, path)
    return _Arc((name, path), below, (name, path[:-1]) if path else _OUTSIDE, counts[path], floor)


def _close(arcs: Sequence[_Arc], also: AbstractSet[_Cell]) -> set[_Cell]:
    """Small cells and `also`, with the cheapest cycle through each."""
    hidden = {arc.cell for arc in arcs if arc.flow < THRESHOLD} | set(also)
    graph, safe = _graph(arcs), set[_Cell]()
    for arc in sorted(arcs, key=lambda arc: (arc.flow, arc.cell)):
        if arc.cell in hidden and arc.cell not in safe:
            ways = [_way(graph, hidden, arc, arc.head, arc.tail)]
            ways += [_way(graph, hidden, arc, arc.tail, arc.head)] if arc.flow > arc.floor else []
            found = [way for way in ways if way]
            if not found:
                raise Telling
            _cost, cycle = min(found, key=lambda way: way[0])
            hidden |= cycle
            safe |= cycle | {arc.cell}
    return hidden


_Graph = Mapping[Hashable, Sequence[tuple[Hashable, _Arc]]]


def _graph(arcs: Sequence[_Arc]) -> _Graph:
    """From each node where one more can go: along an arc, or back along one that has more than everybody knows."""
    steps: dict[Hashable, list[tuple[Hashable, _Arc]]] = {}
    for arc in arcs:
        steps.setdefault(arc.tail, []).append((arc.head, arc))
        if arc.flow > arc.floor:
            steps.setdefault(arc.head, []).append((arc.tail, arc))
    return steps


def _way(graph: _Graph, hidden: AbstractSet[_Cell], without: _Arc, start: Hashable, goal: Hashable) -> tuple[int, set[_Cell]] | None:
    """The way that hides least (Dijkstra): what it costs and the cells on it; `None` where there is none."""
    order, came, done = count(), dict[Hashable, tuple[Hashable, _Arc]](), set[Hashable]()
    queue: list[tuple[int, int, Hashable, tuple[Hashable, _Arc] | None]] = [(0, next(order), start, None)]
    while queue:
        cost, _, node, step = heapq.heappop(queue)
        if node in done:
            continue
        done.add(node)
        if step:
            came[node] = step
        if node == goal:
            return cost, set(_back(came, start, goal))
        for nearby, arc in graph.get(node, ()):
            if nearby not in done and arc != without:
                heapq.heappush(queue, (cost + (0 if arc.cell in hidden else arc.flow), next(order), nearby, (node, arc)))
    return None


def _back(came: Mapping[Hashable, tuple[Hashable, _Arc]], start: Hashable, node: Hashable) -> Iterator[_Cell]:
    while node != start:
        node, arc = came[node]
        yield arc.cell
