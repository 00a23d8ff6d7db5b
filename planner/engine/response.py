"""A month's spend, invoice and total of every scenario, for any number of drawn rows at once (the method, section 12).

The same formulas as :mod:`planner.engine.evaluate`, arranged for ten thousand rows: spend is a matrix product of tokens
and prices, costs of errors are linear in error shares, and own servers are sized at each row's own load. With every
input at its likely value a row equals the point evaluation, but for 0.01 points in error shares behind a split or a
cascade (:mod:`planner.engine.drawn_difficulty`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from planner.domain.quantities import Range
from planner.domain.strategies import strategy_for
from planner.engine.beliefs import (
    BUY_KEYS,
    SELF_HOST_KEYS,
    UPKEEP_KEYS,
    Basic,
    assumption_key,
    category_inputs,
    growth_inputs,
    hosting_inputs,
    latency_entry,
    routing_inputs,
    upkeep_inputs,
)
from planner.engine.consequences import consequences
from planner.engine.demand import Demand
from planner.engine.drawn_demand import PriceSheet, as_rows, category_demand, features, price_sheet
from planner.engine.drawn_rates import DrawnRates, drawn_rates
from planner.engine.drawn_routes import Route, Rows, columns_used, cuts_of, needs_segments, route_of
from planner.engine.draws import UncertainInput, Values, category_key
from planner.engine.evaluate import Evaluation, ScenarioResult
from planner.engine.hosting import Hosted
from planner.engine.self_host import (
    HostedWork,
    SelfHostTerms,
    cost_at_load,
    egress_usd,
    work_loads,
)
from planner.engine.serving import latency_factor, usable_share
from planner.engine.setting import Setting
from pricing.hardware import load_hardware

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class HostedRows:
    """One self-hosted endpoint of one scenario: what it has to do in every row, and on which terms."""

    terms: SelfHostTerms
    usable: Floats
    load: Floats
    egress_usd: Floats

    def usd(self, multiple: Floats) -> Floats:
        """Its month at a multiple of the drawn volume."""
        return cost_at_load(self.terms, self.load * multiple, self.usable, self.egress_usd * multiple).total_usd


@dataclass(frozen=True)
class Totals:
    """A month of every scenario, one column per row of draws; NaN where a price is missing."""

    bought_usd: Floats
    """Spend at sellers of the catalogue by price list, scenario and row: (price lists, scenarios, rows)."""
    own_usd: Floats
    """Spend at own endpoints, routers and checks: (scenarios, rows)."""
    follows_usd: Floats
    """Errors, review and hand-off: (scenarios, rows)."""
    fixed_usd: Floats
    """Fixed cost besides own servers: (scenarios, rows or 1)."""
    hosted: tuple[tuple[HostedRows, ...], ...]
    """Own servers by scenario."""

    def spend_usd(self, prices: int = 0, multiple: Floats | float = 1.0, drift: Floats | float = 1.0) -> Floats:
        """Spend at a multiple of the drawn volume, on one of the price lists and with prices drifted."""
        return np.asarray((self.bought_usd[prices] * drift + self.own_usd) * multiple)

    def invoice_usd(self, prices: int = 0, multiple: Floats | float = 1.0, drift: Floats | float = 1.0) -> Floats:
        """Spend and fixed cost."""
        fixed = self.fixed_usd + np.zeros_like(self.own_usd)
        for s, endpoints in enumerate(self.hosted):
            for each in endpoints:
                fixed[s] += each.usd(np.asarray(multiple))
        return self.spend_usd(prices, multiple, drift) + fixed

    def total_usd(self, multiple: Floats | float = 1.0) -> Floats:
        """Invoice at today's prices, errors, review and hand-off."""
        return np.asarray(self.invoice_usd(0, multiple) + self.follows_usd * multiple)


@dataclass(frozen=True)
class _Category:
    """One category as the rows need it."""

    k: int
    basics: tuple[Basic, ...]
    of_scenario: NDArray[np.intp]
    """Position of each scenario's strategy among the basic ones."""
    columns: tuple[int, ...]
    drawn: DrawnRates
    cuts: list[float]
    cuts_segments: bool
    by_segment: bool
    has_batch: bool


@dataclass(frozen=True)
class Response:
    """A plan made ready for draws: its uncertain inputs, and its scenarios as functions of them."""

    evaluation: Evaluation
    results: tuple[ScenarioResult, ...]
    settings: tuple[Setting, ...]
    """Today's prices first, then those of later months where they differ."""
    inputs: tuple[UncertainInput, ...]
    categories: tuple[_Category, ...]

    def totals(self, values: Values) -> Totals:
        """A month of every scenario for every row of ``values``, which holds an array for each of the inputs."""
        rows = max((each.size for each in values.values()), default=1)
        shape = (len(self.results), rows)
        bought = np.zeros((len(self.settings), *shape))
        own, follows = np.zeros(shape), np.zeros(shape)
        hosting = [_Hosting(result, self, values, rows) for result in self.results]
        for category in self.categories:
            self._add(category, values, rows, bought, own, follows, hosting)
        known = [np.isfinite(_plain_fixed_usd(result)) for result in self.results]
        fixed = np.array([[_plain_fixed_usd(result)] if ok else [np.nan]
                          for result, ok in zip(self.results, known, strict=True)]).reshape(len(self.results), 1)
        fixed = fixed + self._upkeep(values)
        return Totals(bought, own, follows, fixed, tuple(each.rows() for each in hosting))

    def _add(self, category: _Category, values: Values, rows: int, bought: Floats, own: Floats, follows: Floats,
             hosting: list[_Hosting]) -> None:
        plan, setting = self.evaluation.plan, self.settings[0]
        stated = plan.workload.categories[category.k]
        demand = category_demand(setting.demand, stated, category.k, values)
        here = Rows(category.k, demand, values, category.drawn, category.drawn.rates(values), setting, self.evaluation,
                    category.cuts, category.cuts_segments, category.by_segment)
        routes = [route_of(each, here) for each in category.basics]
        scenarios = category.of_scenario
        # costs of errors are linear in the error share: two points give the line
        none, every = (consequences(demand, np.asarray(share)).usd for share in (0.0, 1.0))
        slope = every - none
        for b, route in enumerate(routes):
            follows[scenarios == b] += none + slope * route.error_share
        lengths = np.atleast_1d(demand.input_tokens)
        drawn_features = features(demand, rows, category.has_batch)
        for p, prices in enumerate(self.settings):
            sheet = price_sheet(prices, category.k, self._reference, (float(lengths.min()), float(lengths.max())),
                                category.has_batch)
            _spend(routes, category, sheet, demand, drawn_features, prices, scenarios,
                   bought[p], own if p == 0 else None)
        for s, each in enumerate(hosting):
            each.add(routes[scenarios[s]], category.k, demand, category.by_segment)

    @property
    def _reference(self) -> float:
        counted = self.evaluation.plan.tokens_counted_with
        return np.nan if counted is None else self.evaluation.catalog.resolve_model(counted).tokenizer_factor

    def _upkeep(self, values: Values) -> Floats:
        """What drawn upkeep adds to or takes off the point evaluation's, per scenario."""
        register = self.settings[0].register
        change = np.zeros((len(self.results), 1))
        for name, count in zip(UPKEEP_KEYS, ("model_id", "seller"), strict=True):
            drawn = values.get(assumption_key(name))
            if drawn is None:
                continue
            states = self.settings[0].states
            used = [{getattr(state, count) or state.id for state in states.values()
                     if any(use.id == state.id for use in result.endpoints)} for result in self.results]
            extra = np.array([[max(len(each) - 1, 0)] for each in used])
            change = change + extra * (drawn - register.value(name))
        return change


def _spend(routes: list[Route], category: _Category, sheet: PriceSheet, demand: Demand, drawn: Floats, prices: Setting,
           scenarios: NDArray[np.intp], bought: Floats, own: Floats | None) -> None:
    """Add one category's spend; ``own`` only where spend at own endpoints is wanted."""
    mean, routine, complex_ = sheet.usd(demand, drawn)
    rows = drawn.shape[1]
    scale = np.broadcast_to(demand.requests * demand.spend_factor, (rows,))
    listed = list(prices.columns)
    is_bought = {m: "/" in prices.states[listed[m].name].id for m in category.columns}
    constant = np.zeros((len(routes), 2, mean.shape[0]))
    for b, route in enumerate(routes):
        here = scenarios == b
        for part in route.parts:
            target = bought if is_bought[part.column] else own
            if target is None:
                continue
            shares = ((part.routine, part.complex) if category.by_segment
                      else (part.routine + part.complex, np.zeros(())))
            for g, (share, usd) in enumerate(zip(shares, (routine, complex_), strict=True)):
                weight = np.asarray(share * part.length)
                if weight.ndim == 0 and is_bought[part.column] and np.isfinite(usd[part.column, 0]):
                    constant[b, g, part.column] += weight
                elif weight.any():
                    target[here] += weight * usd[part.column]
        if own is not None and np.any(route.extra_usd):
            own[here] += route.extra_usd * scale
    known = np.isfinite(mean[:, 0]) & np.array([m in is_bought for m in range(mean.shape[0])])
    weights = constant[scenarios][:, :, known]
    if category.by_segment:
        bought += weights[:, 0] @ routine[known] + weights[:, 1] @ complex_[known]
    else:
        bought += weights[:, 0] @ mean[known]


class _Hosting:
    """Loads on a scenario's own servers, summed over the categories."""

    def __init__(self, result: ScenarioResult, response: Response, values: Values, rows: int) -> None:
        self.values, self.setting = values, response.settings[0]
        listed = {self.setting.states[column.name].id: (m, column) for column, m in self.setting.columns.items()
                  if self.setting.states[column.name].hosting is not None and not column.thinking}
        self.used = [(each, *listed[each.id]) for each in result.hosted if each.id in listed]
        self.load = [np.zeros(rows) for _ in self.used]
        self.egress = [np.zeros(rows) for _ in self.used]
        self.terms = [_drawn_terms(each, response, values) for each, _, _ in self.used]

    def add(self, route: Route, k: int, demand: Demand, by_segment: bool) -> None:
        """One category's calls."""
        for i, (hosted, column, named) in enumerate(self.used):
            if hosted.machine.capacity is None:
                continue
            for part in route.parts:
                if part.column != column:
                    continue
                whole = as_rows(demand)
                lengths = demand.segment_lengths if by_segment else (np.ones(()), np.ones(()))
                shares = ((part.routine, part.complex) if by_segment
                          else (part.routine + part.complex, np.zeros(())))
                for share, length in zip(shares, lengths, strict=True):
                    if not np.any(share):
                        continue
                    calls = share * part.length * demand.expected_attempts
                    work = HostedWork(
                        whole.requests, np.asarray(calls)[..., None],
                        whole.input_tokens * np.asarray(length)[..., None],
                        whole.output_tokens * named.output_factor * np.asarray(length)[..., None], whole.peak_factor,
                    )
                    self.load[i] += work_loads(self.terms[i], hosted.machine.capacity, work)[..., 0]
                    self.egress[i] += egress_usd(_with_axis(self.terms[i]), work)[..., 0]

    def rows(self) -> tuple[HostedRows, ...]:
        """The endpoints with their loads; NaN where an endpoint cannot be sized."""
        found = []
        for (hosted, _, _), terms, load, egress in zip(self.used, self.terms, self.load, self.egress, strict=True):
            capacity = hosted.machine.capacity
            if capacity is None or hosted.cost is None:
                found.append(HostedRows(terms, np.ones(()), load * np.nan, egress))
                continue
            usable = usable_share(capacity, terms.latency_factor, terms.target_utilization)
            found.append(HostedRows(terms, usable, load, egress))
        return tuple(found)


def _with_axis(terms: SelfHostTerms) -> SelfHostTerms:
    """What meets the categories gets an axis for them."""
    return replace(terms, bytes_per_token=np.asarray(terms.bytes_per_token)[..., None],
                   egress_usd_per_gb=np.asarray(terms.egress_usd_per_gb)[..., None])


def _drawn_terms(hosted: Hosted, response: Response, values: Values) -> SelfHostTerms:
    """An endpoint's terms with what was drawn in place of the register's values."""
    own, terms = response.evaluation.plan.endpoints[hosted.id], hosted.machine.terms
    assert own.kind == "self_hosted", "only self-hosted endpoints are sized"

    def drawn(keys: dict[str, str]) -> dict[str, Floats]:
        return {name: values[assumption_key(entry)] for name, entry in keys.items()
                if getattr(own, name) is None and assumption_key(entry) in values}

    if terms.buy is not None:
        terms = replace(terms, buy=replace(terms.buy, **drawn(BUY_KEYS)))
    factor = np.asarray(own.latency_factor) if own.latency_factor is not None else values.get(
        assumption_key(latency_entry(hosted)),
        np.asarray(latency_factor(hosted.latency_class, load_hardware().memory(hosted.machine.model_id),
                                  hosted.machine.latency_factors)),
    )
    return replace(terms, latency_factor=factor, **drawn(SELF_HOST_KEYS))


def _plain_fixed_usd(result: ScenarioResult) -> float:
    """Fixed cost besides own servers."""
    return float(result.outcome.fixed_cost_usd.sum()) - sum(each.monthly_usd for each in result.hosted)


def respond(evaluation: Evaluation, results: tuple[ScenarioResult, ...] | None = None,
            settings: tuple[Setting, ...] = ()) -> Response:
    """Make an evaluated plan ready for draws.

    ``results``: the scenarios, those of the plan if left out; all their endpoints must be columns of the setting.
    ``settings``: further price lists, such as those of later months.
    """
    scenarios = evaluation.scenarios if results is None else results
    setting = evaluation.setting
    categories, inputs = [], []
    every: dict[Basic, None] = {}
    for k, stated in enumerate(evaluation.plan.workload.categories):
        chosen = [strategy_for(each.strategy, stated.name) for each in scenarios]
        basics = tuple(dict.fromkeys(chosen))
        every |= dict.fromkeys(basics)
        columns = columns_used(list(basics), setting)
        drawn = drawn_rates(k, list(basics), columns, evaluation, setting)
        by_segment = _varies(stated.complex_token_factor, 1.0)
        cuts_segments = needs_segments(list(basics), columns, k, setting, by_segment)
        is_hosted = any(setting.states[list(setting.columns)[m].name].hosting is not None for m in columns)
        skip = set() if cuts_segments else {category_key(stated.name, "complex_share")}
        inputs += [each for each in category_inputs(stated, setting.register, is_hosted) if each.key not in skip]
        inputs += drawn.inputs
        categories.append(_Category(
            k, basics, np.array([basics.index(each) for each in chosen], np.intp), tuple(sorted(columns)), drawn,
            cuts_of(list(basics)), cuts_segments, by_segment, _varies(stated.batch_share, 0.0),
        ))
    hosted = [each for result in scenarios for each in result.hosted]
    inputs += [*routing_inputs(list(every), setting.register),
               *hosting_inputs(hosted, evaluation.plan, setting.register), *upkeep_inputs(setting.register),
               *growth_inputs(evaluation.plan)]
    unique = {each.key: each for each in inputs}
    return Response(evaluation, scenarios, (setting, *settings), tuple(unique.values()), tuple(categories))


def _varies(quantity: float | Range, usual: float) -> bool:
    """Whether a quantity is, or may be drawn as, anything but its usual value."""
    parts = (quantity.low, quantity.likely, quantity.high) if isinstance(quantity, Range) else (quantity,)
    return any(part != usual for part in parts)


def in_blocks(response: Response, values: Values, most: int = 10_000) -> Iterator[tuple[slice, Totals]]:
    """The totals a block of rows at a time, so that memory stays bounded."""
    rows = max((each.size for each in values.values()), default=1)
    for start in range(0, rows, most):
        part = slice(start, start + most)
        yield part, response.totals({key: each[part] for key, each in values.items()})
