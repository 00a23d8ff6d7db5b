"""The difficulty model for ten thousand draws at once (the method, section 4).

The same integrals as in :mod:`planner.engine.difficulty`, made fast for many rows: the ability behind an error rate is
read off a table that is solved once, and the integrals over difficulty are sums over some thirty nodes in single
precision. Against the exact integrals a strategy's error share is off by less than 0.0001, that is 0.01 points.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from planner.domain.workload import SegmentRates
from planner.engine.difficulty import normal_quantile, quadrature, solve_ability, solve_ability_on

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]

REACH_Z = 5.0
"""Beyond this many standard deviations lie 6 of 10 million requests."""
MOST_SIGMA = 8.0
MOST_LOGIT = 14.0
_NODES_BY_WIDTH = 2.7
_LEAST_NODES = 6
_EVEN_STEP = 0.4
_SIGMA_STEPS, _LOGIT_STEPS = 128, 448
_EXACT_SIGMAS, _EXACT_LOGITS = 24, 40


def _chebyshev(count: int) -> Floats:
    return np.asarray(np.cos((np.arange(count) + 0.5) * np.pi / count))


def _resampling(count: int, at: Floats) -> Floats:
    """Matrix that takes values at ``count`` Chebyshev nodes to the points ``at`` in [-1, 1]."""
    basis = np.polynomial.chebyshev.chebvander
    return np.asarray(basis(at, count - 1) @ np.linalg.inv(basis(_chebyshev(count), count - 1)))


@cache
def _table() -> Singles:
    """Ability over logit of the accuracy, by spread of difficulty and by that logit, on a fine even grid.

    Solved exactly at a few hundred Chebyshev points, and interpolated between them; a model of 50 % has ability 0, and
    a logit of the other sign the ability of the other sign.
    """
    sigmas = (1.0 + _chebyshev(_EXACT_SIGMAS)) / 2.0 * MOST_SIGMA
    logits = (1.0 + _chebyshev(_EXACT_LOGITS)) / 2.0 * MOST_LOGIT
    wrong = 1.0 / (1.0 + np.exp(logits))
    exact = np.stack([-solve_ability(wrong, float(sigma)) / logits for sigma in sigmas])
    fine_sigma = _resampling(_EXACT_SIGMAS, np.linspace(-1.0, 1.0, _SIGMA_STEPS + 1))
    fine_logit = _resampling(_EXACT_LOGITS, np.linspace(-1.0, 1.0, _LOGIT_STEPS + 1))
    return np.asarray(fine_sigma @ exact @ fine_logit.T, np.float32)


class SigmaAt(NamedTuple):
    """Spread of difficulty per row, with its place in the table of abilities."""

    sigma: Singles
    row: NDArray[np.intp]
    part: Singles


def sigma_at(sigma: Floats) -> SigmaAt:
    """Places of spreads, which are cut at 8 logits."""
    held = np.clip(sigma, 0.0, MOST_SIGMA)
    place = held * (_SIGMA_STEPS / MOST_SIGMA)
    row = np.minimum(place.astype(np.intp), _SIGMA_STEPS - 1)
    return SigmaAt(held.astype(np.float32), row * (_LOGIT_STEPS + 1), (place - row).astype(np.float32))


def abilities(error_share: Floats, at: SigmaAt) -> Singles:
    """theta for every row; error shares beyond one in a million of 0 and 1 are cut to that."""
    share = np.clip(error_share, 1e-6, 1.0 - 1e-6)
    logit = (np.log1p(-share) - np.log(share)).astype(np.float32)
    place = np.abs(logit) * np.float32(_LOGIT_STEPS / MOST_LOGIT)
    column = np.minimum(place.astype(np.intp), _LOGIT_STEPS - 1)
    part = place - column
    flat, index = _table().ravel(), at.row + column
    below = flat[index] * (1 - part) + flat[index + 1] * part
    index = index + _LOGIT_STEPS + 1
    above = flat[index] * (1 - part) + flat[index + 1] * part
    return np.asarray(logit * (below * (1 - at.part) + above * at.part))


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


@cache
def _uncut() -> Nodes:
    """Even steps: on a smooth bell that ends in nothing they beat every other rule."""
    z = np.arange(-REACH_Z, REACH_Z + _EVEN_STEP / 2.0, _EVEN_STEP)[:, None]
    density = np.exp(-z * z / 2.0)
    return Nodes(z.astype(np.float32), (density / density.sum()).astype(np.float32), np.ones_like(z))


def nodes_at(cuts: list[Floats]) -> Nodes:
    """Nodes between boundaries: shares of requests, each a number or one per row, in any order."""
    if not cuts:
        return _uncut()
    rows = np.broadcast_shapes((1,), *(np.shape(cut) for cut in cuts))
    inner = [np.broadcast_to(np.clip(cut, 0.0, 1.0), rows) for cut in cuts]
    ends = np.sort(np.stack([np.zeros(rows), *inner, np.ones(rows)]), axis=0)
    if rows == (1,):
        z = np.clip(normal_quantile(ends), -REACH_Z, REACH_Z)
    else:
        z = np.interp(ends, *_quantiles())
    parts: list[tuple[Floats, Floats, Floats]] = []
    for low, high, share, upper in zip(z[:-1], z[1:], np.diff(ends, axis=0), ends[1:], strict=True):
        width = float((high - low).max())
        if width <= 0:
            continue
        x, w = _legendre(_LEAST_NODES + int(np.ceil(_NODES_BY_WIDTH * width)))
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
    wrong = theta - spread_z
    with np.errstate(over="ignore"):
        np.exp(wrong, out=wrong)
    wrong += np.float32(1.0)
    return np.divide(np.float32(1.0), wrong, out=wrong)


def weighted(weight: Singles, values: Singles) -> Floats:
    """Sum over the nodes."""
    if weight.shape[1] == 1:
        return np.asarray(weight[:, 0] @ values, np.float64)
    return np.asarray(np.einsum("jd,jd->d", weight, values), np.float64)


def segment_abilities(given: SegmentRates, sigma: Floats, routine_share: Floats) -> tuple[Singles, Singles]:
    """theta on the routine and on the complex segment for rates entered apart; smooth in both arguments.

    Solved exactly at a few Chebyshev points of the range that the rows span, interpolated between them.
    """
    shares = np.clip(routine_share, 1e-3, 1.0 - 1e-3)
    axes, ways = [], []
    for values, most in ((np.atleast_1d(sigma), 12), (np.atleast_1d(shares), 12)):
        low, high = float(values.min()), float(values.max())
        count = most if high > low else 1
        axes.append((low + high) / 2.0 + (high - low) / 2.0 * _chebyshev(count))
        ways.append(_resampling(count, 2.0 * (values - low) / (high - low) - 1.0) if count > 1
                    else np.ones((values.size, 1)))
    slices = quadrature(axes[1][:, None])
    found = []
    for segment, rate in enumerate((given.routine, given.complex)):
        accuracy = 1.0 - min(max(rate, 1e-6), 1.0 - 1e-6)
        z, weight = slices.z[:, segment], slices.weight[:, segment]
        exact = np.stack([solve_ability_on(np.full(len(axes[1]), accuracy), z, weight, float(each)) for each in axes[0]])
        found.append(((ways[0] @ exact) * ways[1]).sum(axis=-1))
    return found[0].astype(np.float32), found[1].astype(np.float32)
