"""How soon answers come: median and 95th percentile per strategy (the method, sections 6 and 9).

The time to the first token and the time per output token of an endpoint are lognormal, from their median and their
slow tail. A strategy is a mixture of paths; a path that calls several endpoints adds their times, and its sum is taken
as the lognormal with the same mean and variance. A percentile is that of the mixture, never a sum of percentiles.

In a cascade nobody sees an answer before it is checked: the first answer token of an accepted answer comes when the
answer is complete, and that of an escalated request after all stages before it are complete.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from planner.domain.assumptions import Register
from planner.domain.latency_table import LatencyTable, MeasuredLatency
from planner.domain.strategies import Cascade, Single, Split, TwoModes
from planner.engine.demand import Demand
from planner.engine.endpoints import Column, EndpointState
from planner.engine.kept import kept_by_content
from pricing.catalog import Catalog

Floats = NDArray[np.float64]

QUANTILES = (0.50, 0.95)
_Z95 = NormalDist().inv_cdf(0.95)
_NEWTON_STEPS = 60


class Moments(NamedTuple):
    """Mean and variance of a time; sums of independent times add both."""

    mean: Floats
    variance: Floats

    def plus(self, other: Moments) -> Moments:
        """The sum of two independent times."""
        return Moments(self.mean + other.mean, self.variance + other.variance)

    def times(self, factor: ArrayLike) -> Moments:
        """The time multiplied by a fixed factor."""
        by = np.asarray(factor, float)
        return Moments(self.mean * by, self.variance * by * by)


def lognormal(median: ArrayLike, p95: ArrayLike) -> Moments:
    """Mean and variance of the lognormal with that median and 95th percentile.

    >>> moments = lognormal(1.0, 1.0)
    >>> float(moments.mean), float(moments.variance)
    (1.0, 0.0)
    """
    middle = np.asarray(median, float)
    spread = np.log(np.asarray(p95, float) / middle) / _Z95
    mean = middle * np.exp(spread * spread / 2.0)
    return Moments(mean, mean * mean * np.expm1(spread * spread))


@kept_by_content(256)
def mixture_quantiles(shares: Floats, times: Moments, wanted: tuple[float, ...] = QUANTILES) -> Floats:
    """Quantiles of a mixture of lognormal times; shape (quantiles, ...).

    ``shares`` and the moments have shape (paths, ...); the shares add up to 1 over the paths. A path with share 0
    counts for nothing, and one whose time is NaN makes the quantile NaN wherever it has a share.

    >>> one = mixture_quantiles(np.array([1.0]), lognormal([2.0], [6.0]))
    >>> one.round(9).tolist()
    [2.0, 6.0]
    """
    used = shares > 0
    mean, variance = np.where(used, times.mean, 1.0), np.where(used, times.variance, 0.0)
    spread = np.sqrt(np.log1p(variance / (mean * mean)))
    middle = np.log(mean) - spread * spread / 2.0
    z = np.array([NormalDist().inv_cdf(each) for each in wanted])
    ends = middle + spread * z.reshape(-1, *(1,) * middle.ndim)
    low = np.where(used, ends, np.inf).min(axis=1)
    high = np.where(used, ends, -np.inf).max(axis=1)
    if not (high > low).any():
        return np.asarray(np.exp(low))
    target = np.asarray(wanted, float).reshape(-1, *(1,) * (middle.ndim - 1))
    width = np.maximum(spread, 1e-9)
    at = (low + high) / 2.0
    for _ in range(_NEWTON_STEPS):
        standard = (at[:, None] - middle) / width
        gap = (shares * _normal_cdf(standard)).sum(axis=1) - target
        low, high = np.where(gap < 0, at, low), np.where(gap < 0, high, at)
        slope = (shares * np.exp(-0.5 * np.minimum(standard * standard, 700.0)) / width).sum(axis=1) * _DENSITY
        step = at - gap / np.maximum(slope, 1e-300)
        moved = np.where((step > low) & (step < high), step, (low + high) / 2.0)
        done = not (np.abs(moved - at) > 1e-9).any()
        at = moved
        if done:
            break
    return np.asarray(np.exp(at))


def share_within(shares: Floats, times: Moments, limit_s: ArrayLike) -> Floats:
    """Share of a mixture of lognormal times that is over within the limit; arguments as :func:`mixture_quantiles`.

    >>> share_within(np.array([1.0]), lognormal([2.0], [6.0]), 6.0).round(6).tolist()
    0.95
    """
    used = shares > 0
    mean, variance = np.where(used, times.mean, 1.0), np.where(used, times.variance, 0.0)
    spread = np.sqrt(np.log1p(variance / (mean * mean)))
    middle = np.log(mean) - spread * spread / 2.0
    standard = (np.log(np.asarray(limit_s, float)) - middle) / np.maximum(spread, 1e-9)
    return np.asarray((shares * _normal_cdf(standard)).sum(axis=0))


def late(columns: NDArray[np.intp], calls: Floats, is_cascade: NDArray[np.bool_], times: Timings, limit_s: Floats
         ) -> NDArray[np.bool_]:
    """Strategies whose known 95th percentile misses the limit; shape (strategies, categories).

    ``columns`` (strategies, slots) are the endpoint columns that a strategy calls, -1 where a slot is empty, and
    ``calls`` (strategies, slots, categories) the calls per request there. What is not measured is not late.
    """
    found = np.zeros((len(columns), len(limit_s)), bool)
    rows = np.nonzero(np.isfinite(limit_s) & times.waits)[0]
    if not rows.size:
        return found
    slots = (columns >= 0).sum(axis=1)
    groups = [(count, np.nonzero(is_cascade & (slots == count))[0]) for count in np.unique(slots[is_cascade]).tolist()]
    for count, which in [*groups, (0, np.nonzero(~is_cascade)[0])]:
        if not which.size:
            continue
        used = columns[which][:, : count or columns.shape[1]]
        shares = np.moveaxis(calls[which][:, : used.shape[1], rows], 1, 0)
        answered, whole = (
            Moments(*(np.moveaxis(part[rows][:, used], (0, 1, 2), (2, 1, 0)) for part in moments))
            for moments in (times.first, times.whole)
        )
        if count:
            shares, answered, _ = cascade_paths(shares, answered, whole)
        within = share_within(shares, answered, limit_s[rows])
        found[np.ix_(which, rows)] = within < LATE_SHARE - 1e-9
    return found


LATE_SHARE = 0.95
"""Share of requests that a latency limit speaks of."""
_DENSITY = 1.0 / np.sqrt(2.0 * np.pi)


@cache
def _cdf_table() -> tuple[Floats, Floats]:
    z = np.linspace(-8.0, 8.0, 4001)
    normal = NormalDist()
    return z, np.array([normal.cdf(each) for each in z.tolist()])


def _normal_cdf(z: Floats) -> Floats:
    """P(Z < z), from a table; six digits are more than a latency has."""
    return np.asarray(np.interp(z, *_cdf_table()))


@dataclass(frozen=True)
class Timings:
    """Times of one call per category (axis -2) and endpoint column (axis -1); NaN where nothing is measured."""

    first: Moments
    """To the first answer token, in seconds."""
    whole: Moments
    """To the last one."""
    measured: tuple[MeasuredLatency | None, ...]
    """Per column: what it rests on."""
    waits: NDArray[np.bool_]
    """Categories in which somebody waits for the answers."""


def timings(demand: Demand, columns: list[Column], states: Mapping[str, EndpointState], register: Register,
            table: LatencyTable, catalog: Catalog) -> Timings:
    """Times of every endpoint in every category.

    Thinking without a measurement of its own writes ``output_factor - 1`` hidden tokens per output token before the
    first answer token, at the endpoint's speed.
    """
    measured, hidden_factor = [], np.zeros(len(columns))
    for m, column in enumerate(columns):
        state = states[column.name]
        found = _measured(state, column.thinking, table, catalog)
        if found is None and column.thinking:
            found = _measured(state, False, table, catalog)
            hidden_factor[m] = max(column.output_factor - 1.0, 0.0)
        measured.append(found)
    rows = [None if each is None else each.row for each in measured]
    ttft = _column(rows, "ttft_p50_s")
    ttft_p95 = _or(_column(rows, "ttft_p95_s"), ttft * register.value("ttft_p95_to_p50_ratio"))
    speed = _column(rows, "tokens_per_s_p50")
    slow = _or(_column(rows, "tokens_per_s_p05"), speed / register.value("speed_p50_to_p05_ratio"))
    first_token, per_token = lognormal(ttft, np.maximum(ttft_p95, ttft)), lognormal(1.0 / speed, 1.0 / slow)
    tokens = demand.output_tokens[..., None] * np.array(
        [states[column.name].output_factor * column.output_factor for column in columns]
    )
    hidden = demand.output_tokens[..., None] * hidden_factor
    reasoning = per_token.times(hidden)
    none = hidden <= 0
    first = Moments(
        first_token.mean + np.where(none, 0.0, reasoning.mean),
        first_token.variance + np.where(none, 0.0, reasoning.variance),
    )
    return Timings(first, first_token.plus(per_token.times(tokens)), tuple(measured), ~demand.is_batch)


def _measured(state: EndpointState, thinking: bool, table: LatencyTable, catalog: Catalog) -> MeasuredLatency | None:
    if state.kind != "api" or state.quote is None:
        return None
    offer = state.quote.offer
    spread_out = catalog.is_own(offer) or catalog.seller_kind(offer) == "router"
    return table.latency(state.model_id, offer.seller, spread_out, thinking)


def _column(rows: Sequence[object], name: str) -> Floats:
    return np.array([np.nan if row is None else getattr(row, name) for row in rows], float)


def _or(values: Floats, otherwise: Floats) -> Floats:
    return np.where(np.isnan(values), otherwise, values)


class Latency(NamedTuple):
    """Seconds per category; NaN where an endpoint is not measured or nobody waits."""

    p50_s: Floats
    """Median time to the first answer token."""
    p95_s: Floats
    total_p50_s: Floats
    """Median time to the whole answer."""
    total_p95_s: Floats


class Paths(NamedTuple):
    """The ways a request can take, shape (paths, categories): how many take it, and how long it lasts."""

    shares: Floats
    first: Moments
    """Time to the first answer token."""
    whole: Moments

    def share_within(self, limit_s: ArrayLike) -> Floats:
        """Share of requests whose first answer token comes within the limit; NaN where a time is not known."""
        return share_within(self.shares, self.first, limit_s)

    def latency(self, waits: NDArray[np.bool_]) -> Latency:
        """Median and 95th percentile, where somebody waits."""
        both = Moments(*(np.stack(pair, axis=1) for pair in zip(self.first, self.whole, strict=True)))
        found = mixture_quantiles(np.stack((self.shares, self.shares), axis=1), both)
        found = np.where(waits, found, np.nan)
        return Latency(found[0, 0], found[1, 0], found[0, 1], found[1, 1])


def paths_of(strategy: Single | Split | Cascade | TwoModes, rows: NDArray[np.intp], calls: Floats,
             escalation_share: Floats, columns: Mapping[Column, int], times: Timings) -> Paths:
    """The paths of a strategy in the categories ``rows``.

    ``calls`` (categories, columns) are calls per request and ``escalation_share`` the share that leaves the first
    stage, both over the same categories.
    """
    if isinstance(strategy, Cascade):
        stages = [columns[Column(name)] for name in strategy.stages]
        later = [escalation_share, calls.sum(axis=-1) - 1.0 - escalation_share][: len(stages) - 1]
        reached = np.stack([np.ones_like(escalation_share), *later])
        return Paths(*cascade_paths(reached, _at(times.first, rows, stages), _at(times.whole, rows, stages)))
    used = np.nonzero((calls > 0).any(axis=0))[0].tolist()
    shares = calls[:, used].T / np.maximum(calls[:, used].sum(axis=-1), 1e-300)
    return Paths(shares, _at(times.first, rows, used), _at(times.whole, rows, used))


def _at(moments: Moments, rows: NDArray[np.intp], columns: list[int]) -> Moments:
    """Moments of some categories and columns, shape (columns, categories)."""
    return Moments(moments.mean[rows][:, columns].T, moments.variance[rows][:, columns].T)


def cascade_paths(reached: Floats, first: Moments, whole: Moments) -> tuple[Floats, Moments, Moments]:
    """Shares, times to the first answer token and whole times of the paths of a cascade.

    All arguments have shape (stages, ...): the share of requests that reaches a stage, and the times of one call there.
    Path i is answered at stage i: all its stages ran to the end, and only the last stage streams its answer.
    """
    shares = np.maximum(reached - np.concatenate((reached[1:], np.zeros_like(reached[:1]))), 0.0)
    total = Moments(np.cumsum(whole.mean, axis=0), np.cumsum(whole.variance, axis=0))
    seen = Moments(total.mean.copy(), total.variance.copy())
    seen.mean[-1] += first.mean[-1] - whole.mean[-1]
    seen.variance[-1] += first.variance[-1] - whole.variance[-1]
    return shares, seen, total
