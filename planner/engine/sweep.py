"""Total cost against the share sent to the small model, and against the share escalated (the method, sections 5, 6)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from planner.engine.consequences import consequences
from planner.engine.endpoints import Column
from planner.engine.setting import Setting
from planner.engine.split import easiest_first, easiest_first_error, mixed_usd

Floats = NDArray[np.float64]

SHARES = np.round(np.linspace(0.0, 1.0, 101), 2)
NEAR = 0.05
"""Totals within this share of the least count as equally good."""


@dataclass(frozen=True)
class SplitSweep:
    """Monthly USD over all categories, one entry per share; fixed cost is left out, it is the same at every share."""

    shares: Floats
    invoice_usd: Floats
    total_usd: Floats
    """With the easiest requests sent to the small model first."""
    random_total_usd: Floats
    """With as many requests drawn at random."""
    error_share: Floats
    """Mean share of wrong answers over all requests, easiest first."""

    @property
    def least(self) -> int:
        """Position of the least total."""
        return int(np.argmin(self.total_usd))

    @property
    def near(self) -> tuple[float, float]:
        """The stretch of shares around the least total whose totals are within 5 % of it."""
        close = self.total_usd <= self.total_usd[self.least] * (1.0 + NEAR)
        low = high = self.least
        while low > 0 and close[low - 1]:
            low -= 1
        while high < len(close) - 1 and close[high + 1]:
            high += 1
        return float(self.shares[low]), float(self.shares[high])


def split_sweep(setting: Setting, small: str, large: str, shares: ArrayLike = SHARES) -> SplitSweep:
    """The split between two endpoints of ``setting`` at every share, all categories at once."""
    f = np.asarray(shares, float)
    a, b = setting.columns[Column(small)], setting.columns[Column(large)]
    demand, costs, rates = setting.demand, setting.costs, setting.rates.share
    w = demand.routine_share
    rows = np.arange(len(demand.names))
    grid = np.broadcast_to(f[:, None], (len(f), len(rows)))
    parts = easiest_first(grid, w)
    at_small, at_large = mixed_usd(*parts, w, (costs.routine[:, a], costs.complex[:, a]),
                                   (costs.routine[:, b], costs.complex[:, b]))
    month = demand.requests * demand.spend_factor
    error = easiest_first_error(
        grid, np.broadcast_to(w, grid.shape), setting.ability(a, rows), setting.ability(b, rows), setting.sigma
    )
    at_random = grid * rates[:, a] + (1.0 - grid) * rates[:, b]
    random_small, random_large = mixed_usd(grid * w, grid * (1.0 - w), w, (costs.routine[:, a], costs.complex[:, a]),
                                           (costs.routine[:, b], costs.complex[:, b]))
    invoice = ((at_small + at_large) * month).sum(axis=-1)
    served = float((demand.requests * demand.served_share).sum())
    follows = consequences(demand, error)
    return SplitSweep(
        shares=f, invoice_usd=invoice, total_usd=invoice + follows.usd.sum(axis=-1),
        random_total_usd=((random_small + random_large) * month).sum(axis=-1)
        + consequences(demand, at_random).usd.sum(axis=-1),
        error_share=follows.expected_errors.sum(axis=-1) / served if served > 0 else np.zeros(len(f)),
    )
