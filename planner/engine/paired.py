"""What counts of right and wrong answers say: intervals, overlap of failures, good enough or not (the method, 12)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache, lru_cache
from statistics import NormalDist
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from planner.domain.strategies import JointCounts

Floats = NDArray[np.float64]
Verdict: TypeAlias = Literal["good_enough", "not_good_enough", "undecided"]

Z_ONE_SIDED95 = 1.645
"""One-sided 5 % point of the normal distribution, as the method writes it."""
Z_POWER80 = 0.842
"""80 % point: the chance that the samples asked for settle a true difference of 0."""

NODES = 96
_REACH_SD = 12.0
_NEWTON_STEPS = 60


@cache
def _legendre() -> tuple[Floats, Floats]:
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    return nodes, weights


def beta_quantile(share: ArrayLike, errors: ArrayLike, n: ArrayLike) -> Floats:
    """Quantile of ``Beta(1/2 + errors, 1/2 + n - errors)``; all arguments broadcast.

    With ``x = sin^2 t`` the density is ``sin(t)^(2 errors) cos(t)^(2 (n - errors))``: smooth everywhere and near normal
    with spread ``1 / (2 sqrt(n))``, so Gauss-Legendre sums over a window around its peak are exact to ten digits.

    >>> round(float(beta_quantile(0.5, 5, 10)), 12)
    0.5
    >>> round(float(beta_quantile(0.975, 0, 10)), 6)
    0.217196
    """
    p, x, total = np.broadcast_arrays(np.asarray(share, float), np.asarray(errors, float), np.asarray(n, float))
    peak = np.arctan2(np.sqrt(x), np.sqrt(total - x))
    reach = _REACH_SD / (2.0 * np.sqrt(total + 1.0))
    low, high = np.maximum(peak - reach, 0.0), np.minimum(peak + reach, math.pi / 2.0)

    def density(t: Floats) -> Floats:
        with np.errstate(divide="ignore", invalid="ignore"):
            wrong = np.where(x[..., None] > 0, 2.0 * x[..., None] * _log_ratio(np.sin, t, peak), 0.0)
            right = np.where(
                (total - x)[..., None] > 0, 2.0 * (total - x)[..., None] * _log_ratio(np.cos, t, peak), 0.0
            )
        return np.asarray(np.exp(wrong + right))

    nodes, weights = _legendre()

    def mass(upper: Floats) -> Floats:
        half = (upper - low)[..., None] / 2.0
        return np.asarray((density(low[..., None] + half * (1.0 + nodes)) * half * weights).sum(axis=-1))

    wanted = p * mass(high)
    t, left, right = (low + high) / 2.0, low, high
    for _ in range(_NEWTON_STEPS):
        gap = mass(t) - wanted
        left, right = np.where(gap < 0, t, left), np.where(gap < 0, right, t)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            step = t - gap / density(t[..., None])[..., 0]
        inside = np.isfinite(step) & (step > left) & (step < right)
        moved = np.where(inside, step, (left + right) / 2.0)
        done = np.abs(moved - t) < 1e-15
        t = moved
        if done.all():
            break
    return np.asarray(np.sin(t) ** 2)


def _log_ratio(function: np.ufunc, t: Floats, peak: Floats) -> Floats:
    """ln f(t) - ln f(peak)."""
    return np.asarray(np.log(function(t)) - np.log(function(peak))[..., None])


def jeffreys_interval(errors: ArrayLike, n: ArrayLike, coverage: float = 0.95) -> tuple[Floats, Floats]:
    """Two-sided interval of an error rate: low is 0 where nothing was wrong, high is 1 where everything was.

    >>> low, high = jeffreys_interval(28, 400)
    >>> round(float(low), 4), round(float(high), 4)
    (0.0481, 0.0981)
    """
    x, total = np.asarray(errors, float), np.asarray(n, float)
    tail = (1.0 - coverage) / 2.0
    low, high = beta_quantile(tail, x, total), beta_quantile(1.0 - tail, x, total)
    return np.where(x <= 0, 0.0, low), np.where(x >= total, 1.0, high)


@lru_cache(maxsize=4096)
def interval80(errors: float, n: float) -> tuple[float, float]:
    """The 80 % interval of one counted error rate, kept by content."""
    low, high = jeffreys_interval(errors, n, 0.80)
    return float(low), float(high)


@dataclass(frozen=True)
class Paired:
    """Two models on the same requests: how their failures overlap, and whether the small one is good enough."""

    n: float
    phi: float | None
    """Correlation of the two models' right answers; None where one of them was always right or always wrong."""
    kappa: float
    """P(both wrong) less what independence would say."""
    difference: float
    """How much more often the small model errs, shrunk a little towards 0."""
    standard_error: float
    margin: float
    verdict: Verdict
    samples_needed: int
    """Requests that would settle it if the two were equally good."""
    more_samples: int
    """Further requests that would settle it; 0 where it is settled."""
    mcnemar_p: float
    """Exact two-sided chance of so uneven a count of disagreements between equally good models."""


def paired(counts: JointCounts, margin: float) -> Paired:
    """Phi, kappa, verdict and samples needed of one pair (the method, section 12).

    >>> from planner.domain.strategies import JointCounts
    >>> found = paired(JointCounts(n11=365, n10=7, n01=20, n00=8), 0.02)
    >>> found.verdict, round(found.difference, 6), round(found.phi, 4)
    ('undecided', 0.032338, 0.3584)
    """
    n, n10, n01 = counts.total, counts.n10, counts.n01
    q_small, q_large = (n01 + counts.n00) / n, (n10 + counts.n00) / n
    kappa = counts.n00 / n - q_small * q_large
    spread = math.sqrt(q_small * (1 - q_small) * q_large * (1 - q_large))
    difference = (n01 - n10) / (n + 2)
    variance = n01 + n10 + 2 - (n01 - n10) ** 2 / (n + 2)
    standard_error = math.sqrt(variance) / (n + 2)
    verdict = _verdict(difference, standard_error, margin)
    psi = max((n01 + n10 + 2) / (n + 2), 1 / n)
    needed = _needed((Z_ONE_SIDED95 + Z_POWER80) ** 2 * psi, margin)
    more = 0
    if verdict == "undecided":
        more = needed - math.floor(n)
        if more <= 0:  # enough for equally good models, so the difference lies close to the margin
            more = max(_needed(Z_ONE_SIDED95**2 * psi, abs(margin - difference)) - math.floor(n), 1)
    return Paired(n, kappa / spread if spread > 0 else None, kappa, difference, standard_error, margin, verdict, needed,
                  more, mcnemar_p(n10, n01))


def _verdict(difference: float, standard_error: float, margin: float) -> Verdict:
    if difference + Z_ONE_SIDED95 * standard_error < margin:
        return "good_enough"
    return "not_good_enough" if difference - Z_ONE_SIDED95 * standard_error > margin else "undecided"


MOST_SAMPLES = 10**9


def _needed(scaled: float, gap: float) -> int:
    """``scaled / gap^2`` in whole requests, cut at a thousand million."""
    return MOST_SAMPLES if gap**2 * MOST_SAMPLES <= scaled else math.ceil(scaled / gap**2)


def mcnemar_p(only_small: float, only_large: float) -> float:
    """Exact two-sided p of the sign test on disagreements; counts above 1,000 take the normal limit.

    >>> mcnemar_p(1, 3)
    0.625
    """
    small, large = round(only_small), round(only_large)
    total, fewer = small + large, min(small, large)
    if total == 0:
        return 1.0
    if total > 1000:
        z = (abs(small - large) - 1) / math.sqrt(total)
        return min(1.0, 2.0 * (1.0 - NormalDist().cdf(max(z, 0.0))))
    return float(min(1.0, 2 * sum(math.comb(total, i) for i in range(fewer + 1)) / 2**total))
