"""Spend, invoice and total month by month: growth, season, announced prices, retirements (the method, section 1)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

import numpy as np
from numpy.typing import NDArray

from planner.domain.plan import Plan, Scenario
from planner.domain.quantities import likely
from planner.engine.endpoints import EndpointState, endpoint_state, unit_costs
from planner.engine.evaluate import Evaluation, ScenarioResult, evaluate_scenario
from planner.engine.setting import Setting
from pricing.catalog import Catalog

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Event:
    """Something that changes the line of a scenario."""

    month: date
    what: str


@dataclass(frozen=True)
class ScenarioForecast:
    """One scenario over the months; NaN from the month on in which it can no longer be priced."""

    name: str
    spend_usd: Floats
    fixed_cost_usd: Floats
    follows_usd: Floats
    """Errors, review and hand-off."""
    replicas: Floats
    events: tuple[Event, ...]

    @property
    def invoice_usd(self) -> Floats:
        """Spend and fixed cost by month."""
        return self.spend_usd + self.fixed_cost_usd

    @property
    def total_usd(self) -> Floats:
        """Invoice, errors, review and hand-off by month."""
        return self.invoice_usd + self.follows_usd


@dataclass(frozen=True)
class Forecast:
    """All scenarios over the horizon."""

    months: tuple[date, ...]
    """The price date, then the first day of every month after it."""
    requests: Floats
    scenarios: tuple[ScenarioForecast, ...]

    def scenario(self, name: str) -> ScenarioForecast:
        """One scenario's months."""
        return next(each for each in self.scenarios if each.name == name)


def month_starts(first: date, months: int) -> tuple[date, ...]:
    """The price date, then the first day of each following month.

    >>> [day.isoformat() for day in month_starts(date(2026, 11, 22), 3)]
    ['2026-11-22', '2026-12-01', '2027-01-01']
    """
    index = first.year * 12 + first.month - 1
    return (first, *(date((index + j) // 12, (index + j) % 12 + 1, 1) for j in range(1, months)))


def volume_multiples(plan: Plan, months: tuple[date, ...]) -> Floats:
    """Requests of each month over today's: ``(1+growth)^(j-1) * season``."""
    return np.asarray((1.0 + likely(plan.monthly_growth)) ** np.arange(len(months)) * seasons(plan, months))


def seasons(plan: Plan, months: tuple[date, ...]) -> Floats:
    """The season's factor of each month."""
    return np.array([1.0 if plan.season is None else plan.season[day.month - 1] for day in months])


def forecast(evaluation: Evaluation, results: tuple[ScenarioResult, ...] | None = None, months: int | None = None
             ) -> Forecast:
    """Every scenario month by month; prices change on the days their tables name, and by the plan's drift besides."""
    plan, catalog = evaluation.plan, evaluation.catalog
    starts = month_starts(evaluation.day, months or plan.horizon_months)
    multiples = volume_multiples(plan, starts)
    drift = np.asarray((1.0 + likely(plan.monthly_price_drift)) ** np.arange(len(starts)), float)
    scenarios = evaluation.scenarios if results is None else results
    settings = price_settings(evaluation.setting, plan, catalog, starts)
    lines = [_line(result, settings, evaluation, starts, multiples, drift) for result in scenarios]
    return Forecast(starts, multiples * float(evaluation.demand.requests.sum()), tuple(lines))


def price_settings(setting: Setting, plan: Plan, catalog: Catalog, starts: tuple[date, ...]) -> list[Setting]:
    """One setting per month; months with the same prices share theirs. Error rates stay those of today."""
    counted = plan.tokens_counted_with
    reference = np.nan if counted is None else catalog.resolve_model(counted).tokenizer_factor
    seen: dict[tuple[object, ...], Setting] = {}
    found = []
    for day in starts:
        states = {name: endpoint_state(name, plan, catalog, day, follow=True) for name in setting.states}
        key = tuple(price_key(state) for state in states.values())
        if key not in seen:
            costs = unit_costs(setting.demand, list(setting.columns), states, reference)
            seen[key] = replace(setting, states=states, costs=costs)
        found.append(seen[key])
    return found


def price_key(state: EndpointState) -> object:
    """What tells two days' prices of an endpoint apart."""
    return (state.id, state.state, str(state.rates), str(state.batch), str(state.steps))


def _line(result: ScenarioResult, settings: list[Setting], evaluation: Evaluation, starts: tuple[date, ...],
          multiples: Floats, drift: Floats) -> ScenarioForecast:
    scenario = Scenario(name=result.name, strategy=result.strategy)
    by_setting: dict[int, ScenarioResult] = {}
    for setting in settings:
        if id(setting) not in by_setting:
            by_setting[id(setting)] = evaluate_scenario(scenario, evaluation.plan, setting, evaluation.catalog)
    months = [by_setting[id(setting)] for setting in settings]
    bought = np.array([_bought_usd(month) for month in months])
    spend = np.array([_number(month.total("spend_usd")) for month in months])
    replicas = np.zeros(len(months))
    fixed = np.array([_plain_fixed_usd(month) for month in months])
    for hosted in result.hosted:
        if hosted.stairs is None:
            fixed += np.nan
            continue
        fixed += hosted.stairs.usd(multiples)
        replicas += hosted.stairs.replicas_at(multiples)
    follows = float(result.outcome.follows.usd.sum()) * multiples
    spend = (spend - bought + bought * drift) * multiples
    return ScenarioForecast(result.name, spend, fixed, follows, replicas, _events(settings, months, starts))


def _number(value: float | None) -> float:
    return np.nan if value is None else value


def _bought_usd(result: ScenarioResult) -> float:
    """Spend at sellers' list prices: the part that drifts with the market."""
    return sum(use.spend_usd for use in result.endpoints if "/" in use.id)


def _plain_fixed_usd(result: ScenarioResult) -> float:
    """Fixed cost besides self-hosting, which has its own staircase."""
    hosted = sum(each.monthly_usd for each in result.hosted)
    return float(result.outcome.fixed_cost_usd.sum()) - hosted


def _events(settings: list[Setting], months: list[ScenarioResult], starts: tuple[date, ...]) -> tuple[Event, ...]:
    """What changes from one month to the next, for the endpoints that the scenario uses."""
    found: list[Event] = []
    for j in range(1, len(settings)):
        if settings[j] is settings[j - 1]:
            continue
        used = {use.label for use in (*months[j].endpoints, *months[j - 1].endpoints)}
        for name, state in settings[j].states.items():
            before = settings[j - 1].states[name]
            if price_key(state) != price_key(before) and (state.label in used or before.label in used):
                found.append(Event(starts[j], _change(before, state)))
    return tuple(found)


def _change(before: EndpointState, after: EndpointState) -> str:
    if after.notes:
        return after.notes[0]
    if after.rates is None:
        return f"{after.label}: {after.reason}"
    if before.rates is None:
        return f"{after.label} is on sale"
    return (
        f"{after.label}: input ${float(before.rates.input):g} to ${float(after.rates.input):g}, output "  # type: ignore[arg-type]
        f"${float(before.rates.output):g} to ${float(after.rates.output):g} per 1M tokens"  # type: ignore[arg-type]
    )
