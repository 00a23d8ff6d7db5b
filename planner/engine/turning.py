"""How a turn is found: candidates are weighed anew along a path, and the first change is closed in by bisection.

The rule that chooses is the one of the recommendation: least total; within the materiality threshold the fewest errors,
then the fewest endpoints, then the lower total.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from planner.engine.candidates import NONE, Candidates
from planner.engine.consequences import consequences
from planner.engine.evaluate import Basic
from planner.engine.setting import Setting

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Rows = NDArray[np.intp]

STEPS = 8
"""Points at which a stretch is looked at before the first turn is closed in."""
HALVINGS = 16


@dataclass(frozen=True)
class Threshold:
    """An input, the value at which the answer changes, and to what."""

    kind: str
    """error_cost, price, volume, complex_share, escalation, accepted_error or small_error."""
    subject: str
    """Category or endpoint."""
    now: float
    threshold: float
    then: Basic
    """The strategy that takes over."""
    category: str
    """The category whose strategy changes."""


def distance(threshold: Threshold) -> float:
    """How far a threshold is from today, as a ratio on a log scale."""
    if threshold.now <= 0 or threshold.threshold <= 0:
        return np.inf
    return abs(float(np.log(threshold.threshold / threshold.now)))


@dataclass(frozen=True)
class Here:
    """Today's choice and what is needed to weigh it anew."""

    every: Candidates
    setting: Setting
    chosen: Rows
    """Candidate per category."""
    rows: Rows
    """Categories that are chosen as if they stood alone; the others move with the whole."""
    materiality_usd: float

    @cached_property
    def unavoidable_usd(self) -> Floats:
        """Review and hand-off a month if every answer were right, per category."""
        return consequences(self.setting.demand, np.zeros(len(self.setting.demand.names))).usd

    @cached_property
    def usd_per_error_share(self) -> Floats:
        """What it costs more a month if every answer were wrong: everything in between is a straight line."""
        return consequences(self.setting.demand, np.ones(len(self.setting.demand.names))).usd - self.unavoidable_usd

    def turned(self, answers: Rows, rows: Rows) -> Bools:
        """Whether the answers for the categories ``rows`` are others than today's."""
        forms = self.every.forms
        return np.asarray(forms[answers] != forms[self.chosen[rows]])


class Lines:
    """Totals that are straight lines of one input, one column per question; the rule that chooses, applied to all.

    Candidates are put in the order of preference (fewest errors, endpoints, lower total), so the choice within the
    materiality threshold is the first one that is near the least.
    """

    def __init__(self, here: Here, rows: Rows, level: Floats, slope: Floats) -> None:
        every = here.every
        error = np.round(every.follows.residual_error_share, 12)
        orders, groups = {}, {}
        for k in np.unique(rows).tolist():
            open_ = np.nonzero(every.feasible[:, k])[0]
            order = open_[np.lexsort((every.total_usd[open_, k], every.endpoints[open_], error[open_, k]))]
            orders[k] = np.concatenate((order, np.full(len(every.strategies) - len(order), NONE)))
            same = (np.diff(error[order, k]) == 0) & (np.diff(every.endpoints[order]) == 0)
            groups[k] = np.concatenate((same, np.zeros(len(every.strategies) - len(same), bool)))
        self.materiality_usd = here.materiality_usd
        self.order = np.stack([orders[k] for k in rows.tolist()], axis=1)
        self.same = np.stack([groups[k] for k in rows.tolist()], axis=1)
        """Whether the next candidate is as good in errors and endpoints."""
        depth = int((self.order >= 0).any(axis=1).sum())
        self.order, self.same = self.order[:depth], self.same[:depth]
        at = (self.order, np.arange(len(rows)))
        self.level = np.where(self.order >= 0, level[at], np.inf)
        self.slope = np.where(self.order >= 0, slope[at], 0.0)

    def answers(self, x: Floats, columns: Rows) -> Rows:
        """The candidate chosen at input ``x`` per question in ``columns``."""
        total = self.slope[:, columns] * x + self.level[:, columns]
        near = total <= total.min(axis=0) + self.materiality_usd
        best = near.argmax(axis=0)
        which = np.arange(len(columns))
        # among equals in errors and endpoints the lower total counts, and prices move it
        reach = best.copy()
        same = self.same[:, columns]
        while (going := same[reach, which]).any():
            reach = reach + going
            better = going & near[reach, which] & (total[reach, which] < total[best, which])
            best = np.where(better, reach, best)
        return np.asarray(self.order[best, columns])


def first_turns(here: Here, rows: Rows, path: Callable[[Floats, Rows], Floats],
                answers: Callable[[Floats, Rows], Rows], steps: int = STEPS, halvings: int = HALVINGS
                ) -> Iterator[tuple[int, float, int]]:
    """(question, input, candidate) of the first turn along ``path``, which runs from today (0) to the far end (1)."""
    every = np.arange(len(rows))
    low, high = np.zeros(len(rows)), np.full(len(rows), np.nan)
    for step in range(1, steps + 1):
        waiting = every[np.isnan(high)]
        if not waiting.size:
            break
        t = np.full(len(waiting), step / steps)
        turned = here.turned(answers(path(t, waiting), waiting), rows[waiting])
        high[waiting[turned]] = step / steps
        low[waiting[~turned]] = step / steps
    found = every[np.isfinite(high)]
    if not found.size:
        return
    for _ in range(halvings):
        middle = (low[found] + high[found]) / 2.0
        turned = here.turned(answers(path(middle, found), found), rows[found])
        high[found] = np.where(turned, middle, high[found])
        low[found] = np.where(turned, low[found], middle)
    at = path(high[found], found)
    then = answers(at, found)
    yield from zip(found.tolist(), at.tolist(), then.tolist(), strict=True)


def both_ways(now: Floats, farthest: float) -> Callable[[Floats, Rows], Floats]:
    """A path from ``now`` up to ``farthest`` times as much (first half of the questions) and down to as small a part.

    From 0 the way up starts at a ten-thousandth of a unit, and there is no way down.
    """
    half = len(now) // 2
    sign = np.where(np.arange(len(now)) < half, 1.0, -1.0)

    def path(t: Floats, questions: Rows) -> Floats:
        start, up = now[questions], sign[questions] > 0
        from_zero = np.where(up, 1e-4 * (1e4 * farthest) ** t, 0.0)
        return np.asarray(np.where(start > 0, start * farthest ** (sign[questions] * t), from_zero))

    return path


def choose_anew(here: Here, total: Floats, error_share: Floats, feasible: Bools, rows: Rows) -> Rows:
    """The rule that chooses, for totals and errors that have moved; shapes (strategies, len(rows))."""
    demand = here.setting.demand
    kept = 1.0 - demand.review_share[rows] * demand.catch_share[rows]
    residual = np.round(error_share * kept, 12)
    open_ = feasible & (residual <= demand.max_error_share[rows] + 1e-12)
    usd = np.where(open_, total, np.inf)
    near = open_ & (usd <= usd.min(axis=0) + here.materiality_usd)
    error = np.where(near, residual, np.inf)
    near &= error == error.min(axis=0)
    needs = np.where(near, here.every.endpoints[:, None], 9)
    near &= needs == needs.min(axis=0)
    return np.asarray(np.where(near, usd, np.inf).argmin(axis=0))


def moved_usd(here: Here, error_share: Floats, rows: Rows) -> Floats:
    """Errors, review and hand-off a month at other error shares, shape (strategies, len(rows))."""
    return here.unavoidable_usd[rows] + here.usd_per_error_share[rows] * error_share
