"""One difficulty model under every error rate (the method, section 4).

Difficulty D of a request is normal with mean 0 and spread ``sigma`` logits. A model of ability theta answers it right
with probability ``logistic(theta - D)``; theta is solved so that the mean over D is the model's accuracy. Error per
segment, joint outcomes of any models, the gain of routing and repeated tries follow from it without further numbers.

Integrals over ``z = D / sigma`` are Gauss-Legendre sums, 96 nodes per piece, cut at +-9 and at every boundary given.
"""

from __future__ import annotations

from functools import cache, lru_cache
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

NODES_PER_PIECE = 96
CUT_Z = 9.0
_NEWTON_STEPS = 40


class Quadrature(NamedTuple):
    """Nodes z and weights of shape (..., pieces, 96); the weights of a piece add up to its share of requests."""

    z: Floats
    weight: Floats
    upper: Floats
    """Upper end of each piece as a share of requests, easiest first; shape (..., pieces)."""


@cache
def _legendre() -> tuple[Floats, Floats]:
    nodes, weights = np.polynomial.legendre.leggauss(NODES_PER_PIECE)
    return nodes, weights


def logit(share: ArrayLike) -> Floats:
    """``ln(p / (1 - p))``; -inf and inf at 0 and 1."""
    p = np.asarray(share, float)
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(p) - np.log1p(-p))


def logistic(x: ArrayLike) -> Floats:
    """``1 / (1 + e^-x)``, without overflow.

    >>> float(logistic(0.0)), float(logistic(float("inf")))
    (0.5, 1.0)
    """
    with np.errstate(over="ignore"):
        return np.asarray(1.0 / (1.0 + np.exp(-np.asarray(x, float))))


def normal_quantile(share: ArrayLike) -> Floats:
    """z with ``P(Z < z) = share``, cut at +-9."""
    p = np.asarray(share, float)
    unique, inverse = np.unique(p, return_inverse=True)
    normal = NormalDist()
    z = np.array([-CUT_Z if u <= 0 else CUT_Z if u >= 1 else normal.inv_cdf(u) for u in unique.tolist()])
    return np.asarray(np.clip(z, -CUT_Z, CUT_Z)[inverse].reshape(p.shape))


def quadrature(cuts: ArrayLike) -> Quadrature:
    """Nodes between the boundaries ``cuts``: shares of requests, shape (..., n), in any order.

    >>> round(float(quadrature([0.2, 0.75]).weight.sum()), 12)
    1.0
    """
    inner = np.asarray(cuts, float)
    return _quadrature(inner.shape, inner.tobytes())


@lru_cache(maxsize=256)
def _quadrature(shape: tuple[int, ...], raw: bytes) -> Quadrature:
    """Kept by content: a slider moves one share and leaves every other boundary where it was."""
    inner = np.sort(np.clip(np.frombuffer(raw).reshape(shape), 0.0, 1.0), axis=-1)
    ends = np.zeros((*inner.shape[:-1], 1))
    upper = np.concatenate((inner, ends + 1.0), axis=-1)
    lower = np.concatenate((ends, inner), axis=-1)
    z_low, z_high = normal_quantile(lower), normal_quantile(upper)
    x, w = _legendre()
    half = (z_high - z_low)[..., None] / 2.0
    z = (z_high + z_low)[..., None] / 2.0 + half * x
    density = half * w * np.exp(-z * z / 2.0)
    mass = density.sum(axis=-1, keepdims=True)
    # the share of a piece is known exactly, so its weights are scaled to it: parts add up to totals
    scale = np.divide((upper - lower)[..., None], mass, out=np.zeros_like(mass), where=mass > 0)
    return Quadrature(*map(_frozen, (z, density * scale, upper)))


def _frozen(values: Floats) -> Floats:
    values.flags.writeable = False
    return values


@cache
def _whole() -> Quadrature:
    return quadrature([0.5])


def right_probability(ability: ArrayLike, z: Floats, sigma: ArrayLike) -> Floats:
    """P(right | D = sigma * z). ``ability`` must broadcast against ``z``."""
    return logistic(np.asarray(ability, float) - np.asarray(sigma, float) * z)


def solve_ability(accuracy: ArrayLike, sigma: float) -> Floats:
    """theta whose mean accuracy over all difficulties is ``accuracy``; any shape.

    Accuracies of exactly 0 and 1 give -inf and inf: such a model is always wrong or always right.

    >>> round(float(solve_ability(0.5, 2.6)), 9) + 0.0
    0.0
    """
    wanted = np.asarray(accuracy, float)
    unique, inverse = np.unique(wanted, return_inverse=True)
    return np.asarray(_abilities(unique.tobytes(), float(sigma))[inverse].reshape(wanted.shape))


@lru_cache(maxsize=64)
def _abilities(raw: bytes, sigma: float) -> Floats:
    nodes = _whole()
    return _frozen(solve_ability_on(np.frombuffer(raw), nodes.z.ravel(), nodes.weight.ravel(), sigma))


def solve_segments(accuracy: Floats, routine_share: Floats, sigma: float) -> Floats:
    """theta on the routine and on the complex segment, shape (n, 2), for accuracies per segment of the same shape.

    ``routine_share`` (n) says where each one's segments part. Kept by content, as rates change less often than plans.
    """
    return _segments(accuracy.tobytes(), routine_share.tobytes(), float(sigma))


@lru_cache(maxsize=64)
def _segments(accuracy: bytes, routine_share: bytes, sigma: float) -> Floats:
    slices = quadrature(np.frombuffer(routine_share)[:, None])
    return _frozen(solve_ability_on(np.frombuffer(accuracy).reshape(-1, 2), slices.z, slices.weight, sigma))


def solve_ability_on(accuracy: ArrayLike, z: Floats, weight: Floats, sigma: float) -> Floats:
    """theta whose mean accuracy over the nodes is ``accuracy``.

    ``z`` and ``weight`` have shape (..., n) with leading axes that broadcast against ``accuracy``; the weights need
    not add up to 1. Where they add up to 0 (an empty segment) or the accuracy is NaN the result is NaN.
    """
    target = np.asarray(accuracy, float)
    mass = weight.sum(axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = weight / mass[..., None]
        wanted = logit(target)
        theta = wanted * np.sqrt(1.0 + 0.3927 * sigma * sigma) + sigma * (share * z).sum(axis=-1)
        finite = np.isfinite(wanted) & (mass > 0)
        theta = np.where(finite, theta, 0.0)
        for _ in range(_NEWTON_STEPS):
            p = right_probability(theta[..., None], z, sigma)
            mean = (share * p).sum(axis=-1)
            slope = (share * p * (1.0 - p)).sum(axis=-1)
            # Newton on the logit scale: nearly linear, so it neither overshoots nor stalls at extreme rates
            step = (wanted - logit(mean)) * mean * (1.0 - mean) / slope
            step = np.where(finite & np.isfinite(step), np.clip(step, -20.0, 20.0), 0.0)
            theta = theta + step
            if np.all(np.abs(step) < 1e-12):
                break
        return np.where(finite, theta, np.where(mass > 0, wanted, np.nan))


def joint_wrong(accuracy_a: ArrayLike, accuracy_b: ArrayLike, sigma: float) -> Floats:
    """P(both wrong) of two models under the difficulty model.

    >>> bool(joint_wrong(0.8, 0.9, 2.6) > 0.2 * 0.1)
    True
    """
    nodes = _whole()
    z, weight = nodes.z.ravel(), nodes.weight.ravel()
    wrong_a = 1.0 - right_probability(solve_ability(accuracy_a, sigma)[..., None], z, sigma)
    wrong_b = 1.0 - right_probability(solve_ability(accuracy_b, sigma)[..., None], z, sigma)
    return np.asarray((wrong_a * wrong_b * weight).sum(axis=-1))


def wrong_by_piece(
    routine_ability: Floats, complex_ability: Floats, routine_share: Floats, nodes: Quadrature, sigma: float
) -> Floats:
    """Share of all requests that fall in a piece and are answered wrong; shape (..., pieces).

    The abilities and ``routine_share`` have the leading axes of ``nodes``; a piece belongs to the routine segment if it
    ends at or below ``routine_share``, which must be one of the cuts.
    """
    right = right_by_node(routine_ability, complex_ability, routine_share, nodes, sigma)
    return np.asarray((nodes.weight * (1.0 - right)).sum(axis=-1))


def right_by_node(
    routine_ability: Floats, complex_ability: Floats, routine_share: Floats, nodes: Quadrature, sigma: float
) -> Floats:
    """P(right) at every node, shape (..., pieces, 96); see :func:`wrong_by_piece`."""
    is_routine = nodes.upper <= np.asarray(routine_share)[..., None]
    theta = np.where(is_routine, np.asarray(routine_ability)[..., None], np.asarray(complex_ability)[..., None])
    # an empty segment has no ability; its nodes have no weight, so any number will do
    return right_probability(np.where(np.isnan(theta), 0.0, theta)[..., None], nodes.z, sigma)


@cache
def even_z(count: int) -> Floats:
    """z at the midpoints of ``count`` equally likely slices, easiest first."""
    return normal_quantile((np.arange(count) + 0.5) / count)
