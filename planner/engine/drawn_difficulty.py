"""The difficulty model for ten thousand draws at once (the method, section 4).

The same integrals as in :mod:`planner.engine.difficulty`, made fast for many rows: the ability behind an error rate is
read off a table that is solved once, and the integrals over difficulty are sums over some thirty nodes in single
precision. Against the exact integrals a strategy's error share is off by less than 0.0001, that is 0.01 points.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from planner.domain.workload import SegmentRates
from planner.engine.difficulty import quadrature, solve_ability, solve_ability_on

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]

REACH_Z = 4.5
"""Beyond this many standard deviations lie 7 of a million requests."""
SURE = 1e-6
"""Error shares closer than this to 0 or 1 count as this close."""
USUAL_SIGMA, MOST_SIGMA = 6.0, 20.0
"""The tables reach to the first; where spreads may lie beyond it, to the second, at less resolution."""
MOST_LOGIT = 14.0
_SIGMA_STEPS, _LOGIT_STEPS = 128, 896
_EXACT_SIGMAS, _EXACT_LOGITS, _EXACT_ENTERED = 24, 40, 8
_EVEN_STEP = 0.4
_NODES_BY_WIDTH = 2.7
_LEAST_NODES = 6
_BLOCK = 2_048
"""Rows whose nodes fit the processor's cache."""


def _chebyshev(count: int) -> Floats:
    return np.asarray(np.cos((np.arange(count) + 0.5) * np.pi / count))


def _resampling(count: int, at: Floats) -> Floats:
    """Matrix that takes values at ``count`` Chebyshev nodes to the points ``at`` in [-1, 1]."""
    basis = np.polynomial.chebyshev.chebvander
    return np.asarray(basis(at, count - 1) @ np.linalg.inv(basis(_chebyshev(count), count - 1)))


@cache
def _ability_table(most_sigma: float) -> Singles:
    """theta by spread of difficulty and logit of the accuracy, on an even grid.

    Solved exactly at a few hundred Chebyshev points and interpolated between them. Its ratio to the logit is smooth,
    and the same for a logit of the other sign.
    """
    sigmas = (1.0 + _chebyshev(_EXACT_SIGMAS)) / 2.0 * most_sigma
    logits = (1.0 + _chebyshev(_EXACT_LOGITS)) / 2.0 * MOST_LOGIT
    right = 1.0 / (1.0 + np.exp(-logits))
    exact = np.stack([solve_ability(right, float(sigma)) / logits for sigma in sigmas])
    grid = np.linspace(-1.0, 1.0, _LOGIT_STEPS + 1)
    by_sigma = _resampling(_EXACT_SIGMAS, np.linspace(-1.0, 1.0, _SIGMA_STEPS + 1))
    by_logit = _resampling(_EXACT_LOGITS, 2.0 * np.abs(grid) - 1.0)
    return np.asarray((by_sigma @ exact @ by_logit.T) * (grid * MOST_LOGIT), np.float32)


@lru_cache(maxsize=128)
def _wrong_below_table(share: float) -> Singles:
    """Share of all requests that are among the ``share`` easiest and answered wrong, on the same grid."""
    theta = _ability_table(USUAL_SIGMA)
    sigmas = np.linspace(0.0, USUAL_SIGMA, _SIGMA_STEPS + 1, dtype=np.float32)[:, None]
    nodes = nodes_at([np.asarray(share)], USUAL_SIGMA)
    found = np.zeros_like(theta)
    for z, weight in zip(nodes.z[:, 0], nodes.below(np.asarray(share))[:, 0], strict=True):
        if weight > 0:
            found += weight * wrong_at(theta, sigmas * z)
    return found


class SigmaAt(NamedTuple):
    """Spread of difficulty per row, with its place in the tables."""

    sigma: Singles
    row: NDArray[np.integer[Any]]
    part: Singles
    table_reach: float
    """Widest spread in the table."""


def sigma_at(sigma: Floats, reach: float = USUAL_SIGMA) -> SigmaAt:
    """Places of spreads in the table that reaches to 6 or 20 logits, where they are cut."""
    held = np.clip(sigma, 0.0, reach)
    place = held * (_SIGMA_STEPS / reach)
    row = np.minimum(place.astype(np.int32), _SIGMA_STEPS - 1)
    return SigmaAt(held.astype(np.float32), row * (_LOGIT_STEPS + 1), (place - row).astype(np.float32), reach)


class Place(NamedTuple):
    """Where rows lie in the tables, by the model's error share and the spread of difficulty."""

    at: NDArray[np.integer[Any]]
    logit_part: Singles
    sigma_part: Singles
    table_reach: float


def place_of(error_share: Floats, at: SigmaAt) -> Place:
    """Places of error shares."""
    share = np.clip(error_share, SURE, 1.0 - SURE).astype(np.float32)
    logit = np.log(np.float32(1.0) / share - np.float32(1.0))
    place = (logit + np.float32(MOST_LOGIT)) * np.float32(_LOGIT_STEPS / (2.0 * MOST_LOGIT))
    column = place.astype(np.int32)
    return Place(at.row + column, place - column.astype(np.float32), at.part, at.table_reach)


def _read(table: Singles, place: Place) -> Singles:
    index, step = place.at, _LOGIT_STEPS + 1
    low, after_low = table.take(index), table.take(index + 1)
    high, after_high = table.take(index + step), table.take(index + (step + 1))
    low += (after_low - low) * place.logit_part
    high += (after_high - high) * place.logit_part
    high -= low
    high *= place.sigma_part
    high += low
    return high


def abilities(place: Place) -> Singles:
    """theta for every row."""
    return _read(_ability_table(place.table_reach).ravel(), place)


def wrong_below(share: float, place: Place) -> Floats:
    """Share of all requests that are among the ``share`` easiest and answered wrong, for rows of a usual spread."""
    return _read(_wrong_below_table(share).ravel(), place).astype(np.float64)


def both_wrong(thetas: Mapping[int, Singles], pairs: Iterable[tuple[int, int]], at: SigmaAt
               ) -> dict[tuple[int, int], Floats]:
    """P(both wrong) for pairs of models whose abilities hold for every difficulty; ``thetas`` by row."""
    wanted = list(pairs)
    columns = sorted({m for pair in wanted for m in pair})
    sigma = at.sigma
    rows = max(sigma.size, *(thetas[m].size for m in columns))
    nodes = _uncut(at.table_reach)
    found = {pair: np.empty(rows) for pair in wanted}
    for start in range(0, rows, _BLOCK):
        part = slice(start, min(start + _BLOCK, rows))
        spread_z = nodes.z * (sigma[part] if sigma.size > 1 else sigma)
        wrong = {m: wrong_at(thetas[m][part] if thetas[m].size > 1 else thetas[m], spread_z) for m in columns}
        for pair in wanted:
            found[pair][part] = nodes.weight[:, 0] @ (wrong[pair[0]] * wrong[pair[1]])
    return found


class Nodes(NamedTuple):
    """Points of difficulty with their weights: shape (nodes, 1) where all rows share them, else (nodes, rows)."""

    z: Singles
    weight: Singles
    upper_share: Floats
    """Share of requests up to the end of the piece that a node lies in; shape as ``z``."""

    def below(self, share: Floats) -> Singles:
        """Weights of the nodes among the ``share`` easiest requests, which must be one of the cuts; 0 elsewhere."""
        return np.where(self.upper_share <= np.asarray(share) + 1e-9, self.weight, np.float32(0.0))


@cache
def _legendre(count: int) -> tuple[Floats, Floats]:
    nodes, weights = np.polynomial.legendre.leggauss(count)
    return nodes, weights


@cache
def _quantiles() -> tuple[Floats, Floats]:
    """Shares of requests and their z, close enough for straight lines between them."""
    z = np.linspace(-REACH_Z, REACH_Z, 4001)
    # cumulated density, by Simpson's rule between the points
    middle = (z[1:] + z[:-1]) / 2.0
    density = np.exp(-(z**2) / 2.0)
    steps = (density[1:] + density[:-1] + 4.0 * np.exp(-(middle**2) / 2.0)) * (z[1] - z[0]) / 6.0
    share = np.concatenate(([0.0], np.cumsum(steps)))
    return share / share[-1], z


@lru_cache(maxsize=64)
def _uncut(most_sigma: float) -> Nodes:
    """Even steps: on a smooth bell that ends in nothing they beat every other rule. Wide spreads need finer ones."""
    count = int(np.ceil(2.0 * REACH_Z / min(_EVEN_STEP, 2.4 / most_sigma)))
    z = np.linspace(-REACH_Z, REACH_Z, count + 1)[:, None]
    density = np.exp(-z * z / 2.0)
    return Nodes(z.astype(np.float32), (density / density.sum()).astype(np.float32), np.ones_like(z))


def nodes_at(cuts: list[Floats], most_sigma: float) -> Nodes:
    """Nodes between boundaries: shares of requests, each a number or one per row, in any order."""
    if not cuts:
        return _uncut(most_sigma)
    by_width = max(_NODES_BY_WIDTH, 0.45 * most_sigma)
    rows = np.broadcast_shapes((1,), *(np.shape(cut) for cut in cuts))
    inner = [np.broadcast_to(np.clip(cut, 0.0, 1.0), rows) for cut in cuts]
    ends = np.sort(np.stack([np.zeros(rows), *inner, np.ones(rows)]), axis=0)
    z = np.interp(ends, *_quantiles())
    parts: list[tuple[Floats, Floats, Floats]] = []
    for low, high, share, upper in zip(z[:-1], z[1:], np.diff(ends, axis=0), ends[1:], strict=True):
        width = float((high - low).max())
        if width <= 0:
            continue
        x, w = _legendre(_LEAST_NODES + int(np.ceil(by_width * width)))
        half = (high - low) / 2.0
        at = (high + low) / 2.0 + half * x[:, None]
        density = half * w[:, None] * np.exp(-at * at / 2.0)
        mass = density.sum(axis=0)
        # the share of a piece is known exactly, so its weights are scaled to it
        weight = density * np.divide(share, mass, out=np.zeros_like(mass), where=mass > 0)
        parts.append((at, weight, np.broadcast_to(upper, at.shape)))
    at, weight, upper_share = (np.concatenate(each) for each in zip(*parts, strict=True))
    return Nodes(at.astype(np.float32), weight.astype(np.float32), upper_share)


def wrong_at(theta: Singles, spread_z: Singles) -> Singles:
    """P(wrong) at every node; ``spread_z`` is sigma times z, shape (nodes, rows)."""
    wrong: Singles = theta - spread_z
    with np.errstate(over="ignore"):
        np.exp(wrong, out=wrong)
    wrong += np.float32(1.0)
    np.reciprocal(wrong, out=wrong)
    return wrong


def weighted(weight: Singles, values: Singles) -> Floats:
    """Sum over the nodes."""
    if weight.shape[1] == 1:
        return np.asarray(weight[:, 0] @ values, np.float64)
    return np.asarray(np.einsum("jd,jd->d", weight, values), np.float64)


def segment_abilities(given: SegmentRates, sigma: Floats, routine_share: Floats) -> tuple[Singles, Singles]:
    """theta on the routine and on the complex segment for rates entered apart, by the rows of both arguments.

    Smooth in the spread of difficulty and in the difficulty at which the segments part: solved exactly at a few
    Chebyshev points of the range that the rows span, and interpolated between them.
    """
    border = np.interp(np.clip(np.atleast_1d(routine_share), 1e-4, 1.0 - 1e-4), *_quantiles())
    sigmas, sigma_weights = _nodes_over(np.atleast_1d(sigma))
    borders, border_weights = _nodes_over(border)
    shares, places = _quantiles()
    slices = quadrature(np.interp(borders, places, shares)[:, None])
    found = []
    for segment, rate in enumerate((given.routine, given.complex)):
        accuracy = np.full((sigmas.size, borders.size), 1.0 - min(max(rate, SURE), 1.0 - SURE))
        # all spreads at once: difficulty itself in place of z, and a spread of 1
        exact = solve_ability_on(accuracy, sigmas[:, None, None] * slices.z[:, segment], slices.weight[:, segment], 1.0)
        found.append(((sigma_weights @ exact) * border_weights).sum(axis=-1).astype(np.float32))
    return found[0], found[1]


def _nodes_over(values: Floats) -> tuple[Floats, Floats]:
    """Chebyshev points over the range of some values, and the matrix that takes what is known there to the values."""
    low, high = float(values.min()), float(values.max())
    if low == high:
        return np.array([low]), np.ones((values.size, 1))
    points = (low + high) / 2.0 + (high - low) / 2.0 * _chebyshev(_EXACT_ENTERED)
    return points, _resampling(_EXACT_ENTERED, 2.0 * (values - low) / (high - low) - 1.0)
