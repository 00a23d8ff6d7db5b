"""The months ahead under doubt, and when a budget is passed (the method, sections 1 and 12).

Month 1 of a band is the band of the month itself: the same draws, at today's prices. A draw keeps its growth for all
months. Prices change on announced days, the same for every draw; error rates stay as they are today.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from planner.domain.quantities import likely
from planner.engine.beliefs import DRIFT_KEY, GROWTH_KEY
from planner.engine.draws import Values
from planner.engine.evaluate import Evaluation, ScenarioResult
from planner.engine.forecast import month_starts, price_key, price_settings, seasons
from planner.engine.response import Totals
from planner.engine.setting import Setting

Floats = NDArray[np.float64]

EVEN_CHANCE = 0.5


@dataclass(frozen=True)
class LaterPrices:
    """The months of a forecast and the price list of each."""

    months: tuple[date, ...]
    settings: tuple[Setting, ...]
    """Price lists besides today's."""
    of_month: tuple[int, ...]
    """Position of each month's list; 0 is today's."""


@dataclass(frozen=True)
class MonthBands:
    """10, 50 and 90 % points by month, each of shape (months,); NaN where a price is missing."""

    p10: Floats
    p50: Floats
    p90: Floats


@dataclass(frozen=True)
class BudgetLine:
    """When a scenario's invoice passes the budget."""

    line_usd: float
    by_month: Floats
    """P(the invoice was above the line in this month or an earlier one), (months,)."""
    month: date | None
    """First month by which that is at least as likely as not; None if it never is."""

    @property
    def chance(self) -> float:
        """P(the invoice passes the line within the horizon)."""
        return float(self.by_month[-1])


@dataclass(frozen=True)
class ScenarioBands:
    """One scenario over the months."""

    name: str
    spend_usd: MonthBands
    invoice_usd: MonthBands
    total_usd: MonthBands
    budget: BudgetLine | None
    """None without a budget, or where a price is missing."""
    budget_with_margin: BudgetLine | None
    """The same for a line lowered by the planning margin, which stands in no cost figure."""


@dataclass(frozen=True)
class Fan:
    """All scenarios over the months."""

    months: tuple[date, ...]
    scenarios: tuple[ScenarioBands, ...]
    budget_usd: float | None
    planning_margin_share: float
    best: str | None

    def scenario(self, name: str) -> ScenarioBands:
        """One scenario's bands."""
        return next(each for each in self.scenarios if each.name == name)


def later_prices(evaluation: Evaluation, months: int | None = None) -> LaterPrices:
    """The price lists of the coming months; a month at today's prices has none of its own."""
    plan = evaluation.plan
    starts = month_starts(evaluation.day, months or plan.horizon_months)
    by_month = price_settings(evaluation.setting, plan, evaluation.catalog, starts)
    today = _names(evaluation.setting)
    further: dict[int, Setting] = {id(each): each for each in by_month if _names(each) != today}
    place = {key: i + 1 for i, key in enumerate(further)}
    return LaterPrices(starts, tuple(further.values()), tuple(place.get(id(each), 0) for each in by_month))


def _names(setting: Setting) -> list[object]:
    return [price_key(state) for state in setting.states.values()]


def fan(evaluation: Evaluation, results: tuple[ScenarioResult, ...], later: LaterPrices,
        parts: list[tuple[Values, Totals]], best: str | None) -> Fan:
    """Bands by month from priced draws."""
    plan, budget = evaluation.plan, evaluation.plan.limits.monthly_budget_usd
    margin = evaluation.register.value("planning_margin_share")
    lines = [] if budget is None else [budget, budget / (1.0 + margin)]
    season, rows = seasons(plan, later.months), sum(totals.own_usd.shape[1] for _, totals in parts)
    shape = (len(later.months), len(results))
    points = np.full((3, 3, *shape), np.nan)
    passed = np.zeros((len(lines), len(results), rows), bool)
    by_month = np.zeros((len(lines), *shape))
    for j, prices in enumerate(later.of_month):
        found = np.concatenate([
            _month(totals, j, prices, float(season[j]), values.get(GROWTH_KEY, likely(plan.monthly_growth)),
                   values.get(DRIFT_KEY, likely(plan.monthly_price_drift))) for values, totals in parts
        ], axis=2)
        known = np.isfinite(found).all(axis=(0, 2))
        if known.any():
            points[:, :, j, known] = np.percentile(found[:, known], (10, 50, 90), axis=2)
        for i, line in enumerate(lines):
            passed[i] |= found[1] > line
            by_month[i, j] = np.where(known, passed[i].mean(axis=1), np.nan)
    bands = []
    for s, each in enumerate(results):
        spend, invoice, total = (MonthBands(*points[:, what, :, s]) for what in range(3))
        plain, with_margin = _budget_lines(lines, by_month[:, :, s], later.months)
        bands.append(ScenarioBands(each.name, spend, invoice, total, plain, with_margin))
    return Fan(later.months, tuple(bands), budget, margin, best)


def _month(totals: Totals, j: int, prices: int, season: float, growth: Floats | float, drift: Floats | float) -> Floats:
    """Spend, invoice and total of month ``j`` (from 0) for every draw: (3, scenarios, rows)."""
    multiple = np.asarray((1.0 + np.asarray(growth)) ** j * season)
    prices_drift = np.asarray((1.0 + np.asarray(drift)) ** j)
    invoice = totals.invoice_usd(prices, multiple, prices_drift)
    spend = totals.spend_usd(prices, multiple, prices_drift)
    return np.stack((spend, invoice, invoice + totals.follows_usd * multiple))


def _budget_lines(lines: list[float], by_month: Floats, months: tuple[date, ...]
                  ) -> tuple[BudgetLine | None, BudgetLine | None]:
    """The budget itself, and lowered by the planning margin."""
    found: list[BudgetLine | None] = [None, None]
    for i, line in enumerate(lines):
        if np.isfinite(by_month[i]).all():
            at = np.flatnonzero(by_month[i] >= EVEN_CHANCE)
            found[i] = BudgetLine(line, by_month[i], months[int(at[0])] if at.size else None)
    return found[0], found[1]
