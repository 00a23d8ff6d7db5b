"""What is believed about one uncertain number: how it is drawn, and its value at any share (the method, section 12).

``low`` and ``high`` of a belief are undercut and passed in one case out of ten each; every spread here keeps to that.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache
from statistics import NormalDist
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from planner.engine.difficulty import logistic
from planner.engine.paired import beta_quantile

Floats = NDArray[np.float64]

Z80 = NormalDist().inv_cdf(0.9)
"""Half of an 80 % band of the normal distribution, in standard deviations."""
Z95_ONE_SIDED = NormalDist().inv_cdf(0.95)
LOG_FROM_RATIO = 5.0
"""A range whose high is more than this many times its low speaks of orders of magnitude: it is read on a log scale."""
_PERT_WEIGHT = 4.0


class Spread(Protocol):
    """A belief about one number."""

    def sample(self, random: np.random.Generator, count: int) -> Floats:
        """``count`` independent draws."""
        ...

    def quantile(self, share: float) -> float:
        """The value that is undercut in ``share`` of all cases."""
        ...


@cache
def _modes() -> tuple[Floats, Floats, Floats, Floats]:
    """Per place of the mode in [0, 1]: 10 % and 90 % points of the unit PERT, and where the mode lies between them."""
    mode = np.linspace(0.0, 1.0, 201)
    low, high = (beta_quantile(p, 0.5 + _PERT_WEIGHT * mode, 1.0 + _PERT_WEIGHT) for p in (0.1, 0.9))
    return mode, low, high, (mode - low) / (high - low)


@lru_cache(maxsize=4096)
def _unit_pert(place: float) -> tuple[float, float, float]:
    """Mode, 10 % and 90 % point of the unit PERT whose mode lies at ``place`` between those points."""
    mode, low, high, places = _modes()
    at = float(np.interp(place, places, mode))
    return at, float(np.interp(at, mode, low)), float(np.interp(at, mode, high))


@dataclass(frozen=True, slots=True)
class Pert:
    """A PERT distribution with the mode ``likely`` and 10 % and 90 % points ``low`` and ``high``.

    A beta distribution with ``alpha = 1 + 4 (mode - least) / (most - least)`` and ``alpha + beta = 6``, stretched so
    that the two points fall where they were stated; on a log scale where ``high`` is more than five times ``low``.
    Values beyond ``at_least`` and ``at_most`` are cut to them.

    >>> belief = Pert(80.0, 100.0, 140.0)
    >>> round(belief.quantile(0.1), 6), round(belief.quantile(0.9), 6)
    (80.0, 140.0)
    """

    low: float
    likely: float
    high: float
    at_least: float = -np.inf
    at_most: float = np.inf

    @property
    def _is_log(self) -> bool:
        return self.low > 0 and self.high > LOG_FROM_RATIO * self.low

    def _frame(self) -> tuple[float, float, float]:
        """Shape, start and width of the stretched unit PERT."""
        low, likely, high = (np.log((self.low, self.likely, self.high)) if self._is_log
                             else np.array((self.low, self.likely, self.high)))
        mode, unit_low, unit_high = _unit_pert(float((likely - low) / (high - low)) if high > low else 0.5)
        width = float(high - low) / (unit_high - unit_low)
        return mode, float(low) - width * unit_low, width

    def _stretched(self, unit: Floats) -> Floats:
        _, start, width = self._frame()
        values = start + width * unit
        return np.asarray(np.clip(np.exp(values) if self._is_log else values, self.at_least, self.at_most))

    def sample(self, random: np.random.Generator, count: int) -> Floats:
        """Draws of it."""
        mode, _, _ = self._frame()
        return self._stretched(random.beta(1 + _PERT_WEIGHT * mode, 1 + _PERT_WEIGHT * (1 - mode), count))

    def quantile(self, share: float) -> float:
        """The value undercut in ``share`` of all cases."""
        if share in (0.1, 0.9):
            return float(np.clip(self.low if share == 0.1 else self.high, self.at_least, self.at_most))
        mode, _, _ = self._frame()
        return float(self._stretched(beta_quantile(share, 0.5 + _PERT_WEIGHT * mode, 1.0 + _PERT_WEIGHT)))


@dataclass(frozen=True, slots=True)
class Lognormal:
    """A positive number with a mean and a 95 % point; no spread where the point lies below the mean.

    The point can lie at most 3.87 times above the mean: no lognormal distribution is wider by that measure.

    >>> round(Lognormal(100.0, 200.0).quantile(0.95), 1)
    200.0
    """

    mean: float
    p95: float

    @property
    def spread(self) -> float:
        """Standard deviation of the logarithm: the smaller root of ``z s - s^2/2 = ln(p95/mean)``."""
        if self.mean <= 0 or self.p95 <= self.mean:
            return 0.0
        return float(Z95_ONE_SIDED - np.sqrt(max(Z95_ONE_SIDED**2 - 2.0 * np.log(self.p95 / self.mean), 0.0)))

    def _at(self, z: Floats) -> Floats:
        return np.asarray(self.mean * np.exp(self.spread * z - self.spread**2 / 2.0))

    def sample(self, random: np.random.Generator, count: int) -> Floats:
        """Draws of it."""
        return self._at(random.standard_normal(count))

    def quantile(self, share: float) -> float:
        """The value undercut in ``share`` of all cases."""
        return float(self._at(np.asarray(NormalDist().inv_cdf(share))))


@dataclass(frozen=True, slots=True)
class GrowthFactor:
    """A change per month whose factor ``1 + change`` is lognormal, each side of the likely change with its own width.

    >>> belief = GrowthFactor(0.0, 0.03, 0.05)
    >>> [round(belief.quantile(p), 4) + 0.0 for p in (0.1, 0.5, 0.9)]
    [0.0, 0.03, 0.05]
    """

    low: float
    likely: float
    high: float

    def _at(self, z: Floats) -> Floats:
        low, likely, high = np.log1p((self.low, self.likely, self.high))
        return np.asarray(np.expm1(likely + z / Z80 * np.where(z < 0, likely - low, high - likely)))

    def sample(self, random: np.random.Generator, count: int) -> Floats:
        """Draws of it."""
        return self._at(random.standard_normal(count))

    def quantile(self, share: float) -> float:
        """The value undercut in ``share`` of all cases."""
        if share in (0.1, 0.9):
            return self.low if share == 0.1 else self.high
        return float(self._at(np.asarray(NormalDist().inv_cdf(share))))


@dataclass(frozen=True, slots=True)
class LogitNormal:
    """A share that is normal on the logit scale, with its 80 % band.

    >>> round(LogitNormal(0.1, 0.1).quantile(0.9), 9)
    0.1
    """

    low: float
    high: float

    def _at(self, z: Floats) -> Floats:
        low, high = (np.log(share) - np.log1p(-share) for share in (self.low, self.high))
        return logistic((low + high) / 2.0 + (high - low) / (2.0 * Z80) * z)

    def sample(self, random: np.random.Generator, count: int) -> Floats:
        """Draws of it."""
        return self._at(random.standard_normal(count))

    def quantile(self, share: float) -> float:
        """The value undercut in ``share`` of all cases."""
        return float(self._at(np.asarray(NormalDist().inv_cdf(share))))


@dataclass(frozen=True, slots=True)
class BetaShare:
    """A share after ``hits`` and ``misses`` were counted, with so much added to both beforehand.

    ``prior`` 1/2 gives ``Beta(1/2 + x, 1/2 + n - x)``; 1/4 the parts of a pair's ``Dirichlet(1/4 + counts)``.
    """

    hits: float
    misses: float
    prior: float = 0.5

    def sample(self, random: np.random.Generator, count: int) -> Floats:
        """Draws of it."""
        return random.beta(self.prior + self.hits, self.prior + self.misses, count)

    def quantile(self, share: float) -> float:
        """The value undercut in ``share`` of all cases."""
        hits, misses = self.prior + self.hits - 0.5, self.prior + self.misses - 0.5
        if hits >= 0 and misses >= 0:
            return float(beta_quantile(share, hits, hits + misses))
        # a quarter of an observation has no smooth density: the point of a fixed sample will do
        return float(np.quantile(self.sample(np.random.Generator(np.random.PCG64(0)), 20_001), share))
