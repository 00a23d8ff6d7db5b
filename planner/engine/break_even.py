"""When one scenario becomes cheaper than another: every crossing over volume, and the month of payback (section 8)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from planner.engine.bill_difference import Crossings
from planner.engine.crossings import find_crossings
from planner.engine.staircase import CostCurve, Staircase

__all__ = [
    "BreakEven", "CostCurve", "Crossing", "Payback", "Staircase", "Today", "Volume", "cumulative_challenger_usd",
    "find_break_even", "month_or_none", "payback", "reached_in_month",
]

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

LISTED = 20
"""Crossings that are named one by one; the others are counted."""
SLACK = 1e-9
"""Share of a cumulative bill by which it may be above the other and still count as equal: sums round."""


@dataclass(frozen=True, slots=True)
class Volume:
    """A monthly volume, in requests of the workload and in their input and output tokens."""

    requests_per_month: float
    tokens_per_month: float


@dataclass(frozen=True, slots=True)
class Crossing:
    """A volume at which the verdict changes."""

    requests_per_month: float
    tokens_per_month: float
    direction: Literal["rising", "falling"]
    """Rising: the challenger becomes the cheaper (it wins ties). Falling: it ceases to be."""


@dataclass(frozen=True, slots=True)
class Today:
    """Where the workload stands now."""

    requests_per_month: float
    multiple_of_break_even: float | None
    """Today's volume over the permanent break-even, or over the first rising crossing where there is no permanent one;
    None where neither exists or where it is 0."""
    challenger_usd: float
    incumbent_usd: float


@dataclass(frozen=True, slots=True)
class BreakEven:
    """Every crossing of two bills; ``dataclasses.asdict`` gives the keys of the command line's JSON."""

    crossings: tuple[Crossing, ...]
    """The first 20, in ascending order."""
    crossings_not_listed: int | None
    """How many more there are; None where the bills cross for ever."""
    permanent: Volume | None
    """From here on the challenger is the cheaper for good: the last rising crossing, or 0 requests where it is the
    cheaper from the first request on and stays so. None where the incumbent is the cheaper in the end, or neither."""
    floor_cost_usd: float
    """What the challenger costs a month without any request."""
    today: Today
    crosses_for_ever: bool
    """The two bills grow at the same pace and keep overtaking each other."""
    is_complete: bool
    """False where more steps of several staircases would have to be looked at than can be: ``crossings_not_listed`` is
    then a least number."""


def find_break_even(
    challenger: CostCurve, incumbent: CostCurve, today_requests: float, *, tokens_per_request: float
) -> BreakEven:
    """Every crossing of two monthly bills, the permanent one, and where today's volume stands (the method, section 8).

    ``tokens_per_request`` is the workload's mean of input and output tokens, for volumes in tokens. A permanent
    break-even exists only if, in the long run, one more replica costs less than the incumbent's bill for the load it
    carries, or where the two are the same and the constant terms speak for the challenger. Neither side need be
    self-hosted; both may be.

    >>> rented = CostCurve(staircases=(Staircase(requests_per_replica=1e6, usd_per_unit=3_000.0),))
    >>> found = find_break_even(rented, CostCurve(usd_per_request=0.004), 500_000, tokens_per_request=2_000)
    >>> [(round(crossing.requests_per_month), crossing.direction) for crossing in found.crossings]
    [(750000, 'rising'), (1000000, 'falling'), (1500000, 'rising'), (2000000, 'falling'), (2250000, 'rising')]
    >>> found.permanent.requests_per_month, round(found.today.multiple_of_break_even, 3)
    (2250000.0, 0.222)
    """
    found = find_crossings(challenger, incumbent, LISTED)
    crossings = tuple(
        Crossing(float(requests), float(requests) * tokens_per_request, "rising" if is_rising else "falling")
        for requests, is_rising in zip(found.requests, found.is_rising, strict=True)
    )
    settled = _permanent(found)
    return BreakEven(
        crossings=crossings,
        crossings_not_listed=None if np.isinf(found.total) else round(found.total) - len(crossings),
        permanent=None if settled is None else Volume(settled, settled * tokens_per_request),
        floor_cost_usd=float(challenger.usd(0.0)),
        today=Today(today_requests, _multiple(today_requests, settled, crossings),
                    float(challenger.usd(today_requests)), float(incumbent.usd(today_requests))),
        crosses_for_ever=bool(np.isinf(found.total)),
        is_complete=found.is_complete,
    )


def _permanent(found: Crossings) -> float | None:
    if not found.ends_cheaper:
        return None
    return found.last_rising if found.last_rising is not None else 0.0


def _multiple(today_requests: float, settled: float | None, crossings: tuple[Crossing, ...]) -> float | None:
    rising = (crossing.requests_per_month for crossing in crossings if crossing.direction == "rising")
    reference = next(rising, None) if settled is None else settled
    return today_requests / reference if reference else None


class Payback(NamedTuple):
    """Months counted from 1, one per case; NaN where it does not happen within the horizon."""

    month: Floats
    """The first month at whose end the challenger has cost no more in all than the incumbent."""
    sustained_month: Floats
    """The first month from which on that stays so to the horizon."""


def cumulative_challenger_usd(
    running_usd: ArrayLike,
    incumbent_usd: ArrayLike,
    *,
    one_off_usd: ArrayLike = 0.0,
    dual_run_months: ArrayLike = 0.0,
    servers: ArrayLike = 0.0,
    capex_usd_per_server: ArrayLike = 0.0,
) -> Floats:
    """Everything a challenger has cost up to the end of each month; months lie on the last axis.

    ``running_usd`` is its monthly bill, without depreciation where servers are bought (``SelfHostCost.cash_usd``):
    they count as cash in the month in which more of them run than ever before. The one-off falls into month 1. While
    both run side by side the incumbent's bill is paid as well, in the last month of that time for the part it lasts.

    >>> cumulative_challenger_usd([10.0, 10.0, 10.0], [40.0, 40.0, 40.0], one_off_usd=100, dual_run_months=1.5,
    ...                           servers=[1, 1, 2], capex_usd_per_server=50).tolist()
    [200.0, 230.0, 290.0]
    """
    running, incumbent = np.broadcast_arrays(
        np.asarray(running_usd, np.float64), np.asarray(incumbent_usd, np.float64)
    )
    before = np.arange(running.shape[-1])
    beside = np.clip(np.asarray(dual_run_months, np.float64)[..., None] - before, 0.0, 1.0)
    owned = np.maximum.accumulate(np.broadcast_to(np.asarray(servers, np.float64), running.shape), axis=-1)
    bought = np.diff(owned, axis=-1, prepend=0.0) * np.asarray(capex_usd_per_server, np.float64)[..., None]
    once = np.where(before == 0, np.asarray(one_off_usd, np.float64)[..., None], 0.0)
    return np.asarray(np.cumsum(running + beside * incumbent + bought + once, axis=-1), np.float64)


def payback(challenger_cumulative_usd: ArrayLike, incumbent_cumulative_usd: ArrayLike) -> Payback:
    """Month of payback and sustained month, from cumulative bills with the months on the last axis.

    >>> payback([50.0, 60.0, 85.0, 90.0], [20.0, 60.0, 80.0, 100.0])
    Payback(month=array(2.), sustained_month=array(4.))
    """
    challenger = np.asarray(challenger_cumulative_usd, np.float64)
    incumbent = np.asarray(incumbent_cumulative_usd, np.float64)
    is_paid = challenger <= incumbent + SLACK * np.maximum(np.abs(challenger), np.abs(incumbent))
    stays_paid = np.flip(np.logical_and.accumulate(np.flip(is_paid, axis=-1), axis=-1), axis=-1)
    return Payback(_first_month(is_paid), _first_month(stays_paid))


def reached_in_month(monthly_requests: ArrayLike, permanent_requests: float | None) -> Floats:
    """The first month (from 1) whose volume reaches the permanent break-even; NaN where none does or there is none.

    >>> float(reached_in_month([80.0, 100.0, 125.0], 100.0)), float(reached_in_month([80.0], None))
    (2.0, nan)
    """
    volume = np.asarray(monthly_requests, np.float64)
    return _first_month(volume >= (np.inf if permanent_requests is None else permanent_requests))


def month_or_none(month: ArrayLike) -> int | None:
    """One month as it is printed: a whole number, or None for NaN.

    >>> month_or_none(7.0), month_or_none(float("nan"))
    (7, None)
    """
    value = float(np.asarray(month, np.float64))
    return None if np.isnan(value) else round(value)


def _first_month(happens: Bools) -> Floats:
    return np.asarray(np.where(happens.any(axis=-1), happens.argmax(axis=-1) + 1.0, np.nan), np.float64)
