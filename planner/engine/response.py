"""A month's spend, invoice and total of every scenario, for any number of drawn rows at once (the method, section 12).

The same formulas as :mod:`planner.engine.evaluate`, arranged for ten thousand rows: spend is a matrix product of tokens
and prices, costs of errors are linear in error shares, and own servers are sized at each row's own load. With every
input at its likely value a row equals the point evaluation, but for 0.01 points in error shares behind a split or a
cascade (:mod:`planner.engine.drawn_difficulty`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

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
from planner.engine.drawn_routes import (
    ONE,
    ZERO,
    Part,
    Route,
    Rows,
    columns_used,
    cuts_of,
    needs_segments,
    pairs_of,
    route_of,
)
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
from planner.engine.serving import usable_share
from planner.engine.setting import Setting

Floats = NDArray[np.float64]
BLOCK_ROWS = 10_000


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
    pairs: list[tuple[int, int]]


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
        spend, follows = [_Spend(*shape) for _ in self.settings], np.zeros(shape)
        hosting = [_Hosting(result, self, values, rows) for result in self.results]
        for category in self.categories:
            self._add(category, values, rows, spend, follows, hosting)
        fixed = np.array([_plain_fixed_usd(result) for result in self.results])[:, None] + self._upkeep(values)
        bought, own = zip(*(each.totals() for each in spend), strict=True)
        return Totals(np.stack(bought), own[0], follows, fixed, tuple(each.rows() for each in hosting))

    def _add(self, category: _Category, values: Values, rows: int, spend: list[_Spend], follows: Floats,
             hosting: list[_Hosting]) -> None:
        plan, setting = self.evaluation.plan, self.settings[0]
        stated = plan.workload.categories[category.k]
        demand = category_demand(setting.demand, stated, category.k, values)
        here = Rows(category.k, demand, values, category.drawn, category.drawn.rates(values), setting, self.evaluation,
                    category.cuts, category.cuts_segments, category.by_segment, category.pairs)
        routes = [route_of(each, here) for each in category.basics]
        scenarios = category.of_scenario
        # costs of errors are linear in the error share: two points give the line
        none, every = (consequences(demand, np.asarray(share)).usd for share in (0.0, 1.0))
        slope = every - none
        caused = [none + slope * route.error_share for route in routes]
        for s, b in enumerate(scenarios):
            follows[s] += caused[b]
        lengths = np.atleast_1d(demand.input_tokens)
        drawn_features = features(demand, rows, category.has_batch)
        for each, prices in zip(spend, self.settings, strict=True):
            sheet = price_sheet(prices, category.k, self._reference, (float(lengths.min()), float(lengths.max())),
                                category.has_batch)
            each.add(routes, category, sheet, demand, drawn_features)
        for s, servers in enumerate(hosting):
            servers.add(routes[scenarios[s]], demand, category.by_segment)

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


class _Spend:
    """Spend on one price list, summed over the categories: what is constant is gathered into one matrix product."""

    def __init__(self, scenarios: int, rows: int) -> None:
        self.bought, self.own = np.zeros((2, scenarios, rows))
        self._weights: list[Floats] = []
        self._features: list[Floats] = []

    def add(self, routes: list[Route], category: _Category, sheet: PriceSheet, demand: Demand, drawn: Floats) -> None:
        """One category's spend."""
        usd = sheet.usd(demand, drawn)[1:]
        constant = np.zeros((2, len(routes), len(sheet.columns)))
        for b, route in enumerate(routes):
            here = np.flatnonzero(category.of_scenario == b)
            for part in route.parts:
                is_bought = "/" in sheet.states[sheet.columns[part.column].name].id
                shares = ((part.routine, part.complex) if category.by_segment
                          else (part.routine + part.complex, ZERO))
                for g, share in enumerate(shares):
                    weight = np.asarray(share * part.length)
                    if weight.ndim == 0 and is_bought:
                        constant[g, b, part.column] += weight
                    elif weight.any():
                        self._to(here, weight * usd[g][part.column], is_bought)
            if np.any(route.extra_usd):
                self._to(here, np.broadcast_to(route.extra_usd * demand.requests * demand.spend_factor,
                                               (drawn.shape[1],)), False)
        # an endpoint without a price makes every scenario that uses it unknown, and no other
        unpriced = ~(np.isfinite(usd[0]) & np.isfinite(usd[1])).all(axis=1)
        lost = (constant[:, :, unpriced] != 0).any(axis=(0, 2))
        constant[:, :, unpriced] = 0.0
        for g in range(1 + category.by_segment):
            by_scenario = constant[g][category.of_scenario]
            self._gather(by_scenario[:, ~unpriced], usd[g][~unpriced])
        self.bought[lost[category.of_scenario]] = np.nan

    def _to(self, scenarios: NDArray[np.intp], usd: Floats, is_bought: bool) -> None:
        for s in scenarios:
            (self.bought if is_bought else self.own)[s] += usd

    def _gather(self, weights: Floats, features: Floats) -> None:
        self._weights.append(weights)
        self._features.append(features)

    def totals(self) -> tuple[Floats, Floats]:
        """Spend at sellers of the catalogue and at own endpoints, (scenarios, rows)."""
        if self._features:
            self.bought += np.concatenate(self._weights, axis=1) @ np.concatenate(self._features)
        return self.bought, self.own


class _Hosting:
    """Loads on a scenario's own servers, summed over the categories and over the modes of a model."""

    def __init__(self, result: ScenarioResult, response: Response, values: Values, rows: int) -> None:
        setting = response.settings[0]
        self.used = [
            (each, {m: column for column, m in setting.columns.items() if setting.states[column.name].id == each.id})
            for each in result.hosted
        ]
        self.load = [np.zeros(rows) for _ in self.used]
        self.egress = [np.zeros(rows) for _ in self.used]
        self.terms = [_drawn_terms(each, response, values) for each, _ in self.used]

    def add(self, route: Route, demand: Demand, by_segment: bool) -> None:
        """One category's calls."""
        for i, (hosted, columns) in enumerate(self.used):
            capacity, terms = hosted.machine.capacity, self.terms[i]
            if capacity is None or terms is None:
                continue
            for part in route.parts:
                if part.column in columns:
                    for work in _works(part, columns[part.column].output_factor, demand, by_segment):
                        self.load[i] += work_loads(terms, capacity, work)[..., 0]
                        self.egress[i] += egress_usd(_with_axis(terms), work)[..., 0]

    def rows(self) -> tuple[HostedRows, ...]:
        """The endpoints with their loads; an endpoint that cannot be sized costs NaN."""
        found = []
        for (hosted, _), terms, load, egress in zip(self.used, self.terms, self.load, self.egress, strict=True):
            capacity = hosted.machine.capacity
            if capacity is None or terms is None:
                found.append(HostedRows(hosted.machine.terms, ONE, load * np.nan, egress))
            else:
                usable = usable_share(capacity, terms.latency_factor, terms.target_utilization)
                found.append(HostedRows(terms, usable, load, egress))
        return tuple(found)


def _works(part: Part, output_factor: float, demand: Demand, by_segment: bool) -> Iterator[HostedWork]:
    """A part's calls as work for a server, the segments apart where their lengths differ."""
    whole = as_rows(demand)
    lengths = demand.segment_lengths if by_segment else (ONE, ONE)
    shares = (part.routine, part.complex) if by_segment else (part.routine + part.complex, ZERO)
    for share, length in zip(shares, lengths, strict=True):
        if np.any(share):
            calls, long = np.asarray(share * part.length * demand.expected_attempts), np.asarray(length)[..., None]
            yield HostedWork(whole.requests, calls[..., None], whole.input_tokens * long,
                             whole.output_tokens * output_factor * long, whole.peak_factor)


def _with_axis(terms: SelfHostTerms) -> SelfHostTerms:
    """What meets the categories gets an axis for them."""
    return replace(terms, bytes_per_token=np.asarray(terms.bytes_per_token)[..., None],
                   egress_usd_per_gb=np.asarray(terms.egress_usd_per_gb)[..., None])


def _drawn_terms(hosted: Hosted, response: Response, values: Values) -> SelfHostTerms | None:
    """An endpoint's terms with what was drawn in place of the register's values; None where it cannot be sized."""
    own, terms = response.evaluation.plan.endpoints[hosted.id], hosted.terms
    if terms is None:
        return None
    assert own.kind == "self_hosted", "only self-hosted endpoints are sized"

    def drawn(keys: dict[str, str]) -> dict[str, Any]:
        return {name: values[assumption_key(entry)] for name, entry in keys.items()
                if getattr(own, name) is None and assumption_key(entry) in values}

    if terms.buy is not None:
        terms = replace(terms, buy=replace(terms.buy, **drawn(BUY_KEYS)))
    return replace(terms, **drawn(SELF_HOST_KEYS | {"latency_factor": latency_entry(hosted)}))


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
            pairs_of(list(basics), stated.name, evaluation, setting),
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


def blocks(values: Values, most: int = BLOCK_ROWS) -> Iterator[Values]:
    """The rows a block at a time, so that memory stays bounded."""
    rows = max((each.size for each in values.values()), default=1)
    for start in range(0, rows, most):
        yield {key: each[start : start + most] for key, each in values.items()}
