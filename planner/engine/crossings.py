"""Where two monthly bills cross as volume grows: every crossing, exactly, from the structure of the steps.

The bills are straight lines with staircases on top (:class:`CostCurve`). Their difference, incumbent minus challenger,

    D(N) = f + d*N + sum of (+1 or -1) * usd_per_unit_j * units_j(N),

is a straight line of one and the same slope ``d`` inside every piece between two boundaries, so a piece holds at most
one crossing, and every other one is a jump at a boundary. The challenger is the cheaper where ``D >= 0``: it wins ties.

**Nothing is missed beyond the last crossing reported.** In the long run a staircase follows a line: ``units_j`` minus
``gpus / (unit_gpus * requests_per_replica) * N`` repeats with a period and so stays between two constants. ``D``
therefore stays inside a strip around a line of slope ``D' = d + sum of (+-) usd_per_unit_j * that slope``. Once the
strip has left zero, the verdict never changes again: with ``D' > 0`` it is the challenger for good, with ``D' < 0`` the
incumbent, and with ``D' = 0`` the constants decide, or the bills cross for ever.

With no staircase or one, this needs no search: the verdicts at the ends of the pieces repeat with the period while
``D`` moves by a constant from one period to the next, so that each piece of a period crosses in one run of periods that
is solved for (:func:`_periodic`). With several staircases the strip says which volumes have to be looked at, and those
are walked through in blocks of steps (:mod:`planner.engine.crossings_walk`).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from planner.engine.bill_difference import TIE, BillDifference, Crossings, bill_difference, starts_cheaper
from planner.engine.crossings_walk import walked
from planner.engine.staircase import CostCurve

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Wholes = NDArray[np.int64]

_MOST_PERIODS = 2.0**50


def find_crossings(challenger: CostCurve, incumbent: CostCurve, most: int = 20) -> Crossings:
    """Every crossing of two bills for volumes above 0: the first ``most`` and the number of all (see the module).

    Volumes may reach 10^15 requests; no array grows with them.

    >>> found = find_crossings(CostCurve(fixed_usd=50.0), CostCurve(usd_per_request=0.01))
    >>> found.requests.tolist(), found.is_rising.tolist(), found.ends_cheaper
    ([5000.0], [True], True)
    """
    difference = bill_difference(challenger, incumbent)
    return walked(difference, most) if len(difference.stairs) > 1 else _periodic(difference, most)


def _straight(difference: BillDifference) -> Crossings:
    """Two straight lines cross once at most."""
    start = bool(starts_cheaper(difference.fixed, difference.slope))
    end = difference.slope > 0 or (difference.slope == 0 and difference.fixed >= 0)
    if start == end:
        return Crossings(np.empty(0), np.empty(0, np.bool_), 0.0, end, None, True)
    root = -difference.fixed / difference.slope
    return Crossings(np.array([root]), np.array([end]), 1.0, end, root if end else None, True)


class _Runs(NamedTuple):
    """One array element for each kind of crossing: it happens on step ``step + m*period`` for ``first <= m < past``."""

    step: Wholes
    at_end: Bools
    """True for a jump at the end of the step, False for a crossing on it."""
    is_rising: Bools
    first: Floats
    past: Floats

    @property
    def lengths(self) -> Floats:
        """How often each kind happens; infinite where it never stops."""
        happens = self.first < self.past
        return np.where(happens, self.past, 0.0) - np.where(happens, self.first, 0.0)


def _periodic(difference: BillDifference, most: int) -> Crossings:
    """All crossings with at most one staircase."""
    if not difference.stairs:
        return _straight(difference)
    (sign,), (stairs,) = difference.signs, difference.stairs
    step = np.arange(stairs.period_steps + 1)
    level = difference.fixed + sign * stairs.usd_per_unit * np.asarray(stairs.units(step), np.float64)
    ends = level + difference.slope * stairs.up_to(step)
    starts = level + difference.slope * np.append(0.0, stairs.up_to(step[:-1]))
    by_line = difference.slope * stairs.period_replicas * stairs.requests_per_replica
    by_steps = sign * stairs.usd_per_unit * stairs.period_units
    drift = by_line + by_steps
    if abs(drift) <= TIE * (abs(by_line) + abs(by_steps)):
        drift = 0.0
    runs = _runs(starts, ends, drift, difference.slope)
    count = float(runs.lengths.sum())
    requests, is_rising = _located(runs, difference, most)
    ends_cheaper = _ends_cheaper(starts, ends, drift, difference.slope)
    last = None if np.isinf(count) else _last_rising(runs, difference)
    return Crossings(requests, is_rising, count, ends_cheaper, last, True)


def _edge(values: Floats, drift: float, strictly: bool) -> Floats:
    """The smallest whole ``m >= 0`` from which on ``value + m*drift`` has the sign that it keeps for good.

    The sign is "at least 0" ("above 0" where strictly) with drift >= 0, and its contrary with drift < 0.
    """
    holds = np.greater if strictly else np.greater_equal
    grows = drift >= 0
    if drift == 0:
        return np.where(holds(values, 0.0), 0.0, np.inf)
    edge = np.clip(np.ceil(-values / drift), 0.0, _MOST_PERIODS)
    # the division rounds: the values themselves decide, so that ties stay ties
    edge = np.where(holds(values + edge * drift, 0.0) == grows, edge, edge + 1.0)
    before = np.maximum(edge - 1.0, 0.0)
    return np.where(holds(values + before * drift, 0.0) == grows, before, edge)


def _runs(starts: Floats, ends: Floats, drift: float, slope: float) -> _Runs:
    """Every kind of crossing, from the values at the starts and ends of steps 0 to ``period``.

    Step 0 is met once. The others stand for themselves and for those whole periods later, when ``drift`` has been added
    once per period. A crossing is where the verdict differs between the start and the end of a step, or between its end
    and the start of the next.
    """
    period = len(starts) - 1
    start_edge = _edge(starts[1:], drift, strictly=slope < 0)
    end_edge = _edge(ends[1:], drift, strictly=False)
    next_edge = np.append(start_edge[1:], np.maximum(start_edge[0] - 1.0, 0.0))
    zeroth = bool(starts_cheaper(starts[0], slope)), bool(ends[0] >= 0), bool((start_edge[0] == 0) == (drift >= 0))
    later = np.arange(1, period + 1)
    kinds: list[tuple[ArrayLike, ...]] = [
        (0, False, zeroth[1] > zeroth[0], *_once(zeroth[0] != zeroth[1])),
        (0, True, zeroth[2] > zeroth[1], *_once(zeroth[1] != zeroth[2])),
        (later, False, True, *_first_only(end_edge, start_edge, drift)),
        (later, False, False, *_first_only(start_edge, end_edge, drift)),
        (later, True, True, *_first_only(next_edge, end_edge, drift)),
        (later, True, False, *_first_only(end_edge, next_edge, drift)),
    ]
    columns = zip(*(np.broadcast_arrays(*kind) for kind in kinds), strict=True)
    step, at_end, is_rising, first, past = (np.concatenate([np.atleast_1d(part) for part in column])
                                            for column in columns)
    return _Runs(step, at_end, is_rising, first, past)


def _once(happens: bool) -> tuple[float, float]:
    return 0.0, 1.0 if happens else 0.0


def _first_only(edge: Floats, other: Floats, drift: float) -> tuple[Floats, Floats]:
    """The periods in which the first verdict is "cheaper" and the other is not, as a run ``first <= m < past``."""
    return (edge, other) if drift >= 0 else (other, edge)


def _located(runs: _Runs, difference: BillDifference, most: int) -> tuple[Floats, Bools]:
    """The first ``most`` crossings of all runs, in order."""
    counted = np.minimum(runs.lengths, most).astype(np.int64)
    kind = np.repeat(np.arange(len(counted)), counted)
    within = np.arange(len(kind)) - np.repeat(np.cumsum(counted) - counted, counted)
    step = runs.step[kind] + (runs.first[kind].astype(np.int64) + within) * difference.stairs[0].period_steps
    order = np.lexsort((runs.at_end[kind], step))[:most]
    kind, step = kind[order], step[order]
    return _places(difference, step, runs.at_end[kind]), runs.is_rising[kind]


def _last_rising(runs: _Runs, difference: BillDifference) -> float | None:
    happens = runs.is_rising & (runs.lengths > 0)
    if not happens.any():
        return None
    step = runs.step[happens] + (runs.past[happens].astype(np.int64) - 1) * difference.stairs[0].period_steps
    last = np.lexsort((runs.at_end[happens], step))[-1:]
    return float(_places(difference, step[last], runs.at_end[happens][last])[0])


def _places(difference: BillDifference, step: Wholes, at_end: Bools) -> Floats:
    """Volumes of crossings: the end of the step, or where the line on the step reaches 0."""
    (sign,), (stairs,) = difference.signs, difference.stairs
    ends = stairs.up_to(step)
    if difference.slope == 0:
        return ends
    begins = np.where(step > 0, stairs.up_to(np.maximum(step - 1, 0)), 0.0)
    roots = -(difference.fixed + sign * stairs.usd_per_unit * stairs.units(step)) / difference.slope
    return np.where(at_end, ends, np.clip(roots, begins, ends))


def _ends_cheaper(starts: Floats, ends: Floats, drift: float, slope: float) -> bool | None:
    if drift != 0:
        return drift > 0
    verdicts = np.concatenate([starts_cheaper(starts[1:], slope), ends[1:] >= 0])
    return bool(verdicts[0]) if (verdicts == verdicts[0]).all() else None
