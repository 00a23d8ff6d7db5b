"""What every strategy of a plan shares: demand, endpoints, unit costs and error rates on one day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from planner.domain.assumptions import Register
from planner.engine.demand import Demand
from planner.engine.endpoints import Column, EndpointState, UnitCosts
from planner.engine.error_rates import ErrorRates
from planner.engine.latency import Timings

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Setting:
    """Arrays over categories and endpoint columns, and the beliefs that routing needs."""

    demand: Demand
    columns: Mapping[Column, int]
    states: Mapping[str, EndpointState]
    costs: UnitCosts
    rates: ErrorRates
    register: Register
    timings: Timings
    """Seconds of one call, by category and endpoint column."""
    _abilities: dict[float, tuple[Floats, Floats]] = field(default_factory=dict, compare=False)

    @property
    def sigma(self) -> float:
        """Spread of difficulty in logits."""
        return self.register.value("difficulty_sigma_logits")

    def abilities(self, sigma: float | None = None) -> tuple[Floats, Floats]:
        """theta per category and column on the routine and the complex segment."""
        spread = self.sigma if sigma is None else sigma
        if spread not in self._abilities:
            self._abilities[spread] = self.rates.abilities(spread)
        return self._abilities[spread]

    def ability(self, column: int, rows: NDArray[np.intp], sigma: float | None = None) -> tuple[Floats, Floats]:
        """theta of one column in some categories, on the routine and the complex segment."""
        routine, complex_ = self.abilities(sigma)
        return routine[rows, column], complex_[rows, column]


@dataclass(frozen=True)
class Routed:
    """What a strategy does with one request of each category, before retries. Arrays over the categories asked for."""

    usd: Floats
    """Spend of one request, router and checks included."""
    extra_usd: Floats
    """Router and checks alone."""
    worst_usd: Floats
    """Spend if every stage runs."""
    calls: Floats
    """Calls per request, shape (2, categories, columns): routine, complex."""
    load: Floats
    """Calls per request as they load a server (later stages of a cascade are longer); shape as ``calls``."""
    usd_by_column: Floats
    """Spend of one request at each endpoint, shape (categories, columns)."""
    error_share: Floats
    """Share of requests answered wrong."""
    escalation_share: Floats
    """Share of requests that leave the first stage; NaN where there is none."""
    random_error_share: Floats
    """Error share if the same numbers of requests were sent at random; NaN where that means nothing."""
    best_order_error_share: Floats
    """Error share if each request went where it gains most; NaN where that means nothing."""
    independent_error_share: Floats
    """Error share if the stages failed independently; NaN where there is one stage."""
