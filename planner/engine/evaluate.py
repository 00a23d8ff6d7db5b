"""A plan on one day: what every scenario spends, gets wrong and costs in all (the method, sections 1 to 8)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from planner.domain.assumptions import Register, register_of
from planner.domain.evidence import load_evidence
from planner.domain.latency_table import load_latency_table
from planner.domain.plan import Plan, Scenario
from planner.domain.strategies import Cascade, Single, Split, Strategy, TwoModes, endpoints_of, strategy_for
from planner.engine.attribution import EndpointUse, endpoint_uses, fixed_cost_usd
from planner.engine.cascade import route_cascade, uses_counts
from planner.engine.consequences import Consequences, consequences
from planner.engine.demand import Demand, demand_of
from planner.engine.endpoints import Column, endpoint_state, unit_costs
from planner.engine.error_rates import ORIGINS, counted_cascade, counted_pair, error_rates
from planner.engine.hosting import Hosted, Part, host
from planner.engine.latency import Latency, Paths, timings
from planner.engine.setting import Routed, Setting
from planner.engine.split import route_single, route_split, route_two_modes
from planner.engine.waiting import latency_warnings, missed_limits, scenario_paths
from pricing.catalog import Catalog, load_catalog

Floats = NDArray[np.float64]
Basic = Single | Split | Cascade | TwoModes


@dataclass(frozen=True)
class Outcome:
    """What a scenario causes in a month, one entry per category; NaN where a price is missing."""

    requests: Floats
    spend_usd: Floats
    fixed_cost_usd: Floats
    follows: Consequences
    """Errors, review and hand-off with their costs."""
    served_requests: Floats
    worst_case_spend_usd: Floats
    error_share: Floats
    origin: NDArray[np.int8]
    escalation_share: Floats
    random_error_share: Floats
    best_order_error_share: Floats
    independent_error_share: Floats

    @property
    def invoice_usd(self) -> Floats:
        """Spend and fixed cost: what is paid to sellers and for hosting."""
        return self.spend_usd + self.fixed_cost_usd

    @property
    def total_usd(self) -> Floats:
        """Invoice, errors, review and hand-off."""
        return self.invoice_usd + self.follows.usd


@dataclass(frozen=True)
class ScenarioResult:
    """One scenario, evaluated."""

    name: str
    strategy: Strategy
    status: str
    """priced, partly_priced, unpriced, infeasible or retired."""
    reason: str | None
    outcome: Outcome
    endpoints: tuple[EndpointUse, ...]
    hosted: tuple[Hosted, ...]
    blocked: tuple[str | None, ...]
    """Per category: why it cannot be run or priced this way; None if it can."""
    warnings: tuple[str, ...]
    max_error_share: Floats
    paths: Paths
    """The ways a request can take, and how long each lasts."""
    waits: NDArray[np.bool_]
    """Categories in which somebody waits for the answer."""
    late: tuple[str | None, ...]
    """Per category: that its latency limit is missed, in words; None if it is kept or nothing is known."""

    @cached_property
    def latency(self) -> Latency:
        """Seconds per category; NaN where nothing is measured or nobody waits."""
        return self.paths.latency(self.waits)

    @property
    def is_priced(self) -> bool:
        """Whether all of it has a price and can be run."""
        return self.status == "priced"

    @property
    def passes(self) -> bool:
        """Whether it can be recommended: priced, and every error ceiling and latency limit kept."""
        over = self.outcome.follows.residual_error_share > self.max_error_share + 1e-12
        return self.is_priced and not bool(over.any()) and not any(self.late)

    def total(self, name: str) -> float | None:
        """A field of the outcome summed over the categories; None where it is not known.

        A partly priced scenario sums what is known: it costs at least this much.
        """
        holder = self.outcome if hasattr(self.outcome, name) else self.outcome.follows
        values = np.asarray(getattr(holder, name), float)
        known = values[np.isfinite(values)]
        if known.size < values.size and self.status != "partly_priced":
            return None
        return float(known.sum())


@dataclass(frozen=True)
class Evaluation:
    """A plan with everything that was computed from it."""

    plan: Plan
    day: date
    setting: Setting
    scenarios: tuple[ScenarioResult, ...]
    catalog: Catalog
    warnings: tuple[str, ...]

    @property
    def demand(self) -> Demand:
        """The workload as arrays."""
        return self.setting.demand

    @property
    def register(self) -> Register:
        """The assumptions in force."""
        return self.setting.register

    @property
    def baseline(self) -> ScenarioResult | None:
        """The scenario that savings are measured against."""
        return next((each for each in self.scenarios if each.name == self.plan.baseline_name), None)

    def scenario(self, name: str) -> ScenarioResult:
        """One scenario's result. Raises InputError with the nearest names."""
        self.plan.scenario(name)
        return next(each for each in self.scenarios if each.name == name)


def columns_of(strategies: list[Strategy]) -> dict[Column, int]:
    """Every endpoint in every mode that some strategies use, with its position."""
    found: dict[Column, int] = {}
    for strategy in strategies:
        parts = [strategy.default, *strategy.by_category.values()] if strategy.kind == "allocation" else [strategy]
        for part in parts:
            for name in endpoints_of(part):
                found.setdefault(Column(name), len(found))
            if isinstance(part, TwoModes):
                found.setdefault(Column(part.model, True, part.thinking_factor), len(found))
    return found


def make_setting(plan: Plan, day: date, strategies: list[Strategy], catalog: Catalog, extra: tuple[str, ...] = ()
                 ) -> Setting:
    """Demand, prices and error rates for all endpoints of ``strategies`` and those named in ``extra``."""
    register = register_of(plan.assumptions)
    demand = demand_of(plan, register)
    columns = columns_of(strategies)
    for name in extra:
        columns.setdefault(Column(name), len(columns))
    states = {column.name: endpoint_state(column.name, plan, catalog, day) for column in columns}
    counted = plan.tokens_counted_with
    reference = np.nan if counted is None else catalog.resolve_model(counted).tokenizer_factor
    listed = list(columns)
    rates = error_rates(plan, demand, listed, states, register, load_evidence(catalog), catalog)
    times = timings(demand, listed, states, register, load_latency_table(), catalog)
    return Setting(demand, columns, states, unit_costs(demand, listed, states, reference), rates, register, times)


def evaluate(plan: Plan, day: date, catalog: Catalog | None = None) -> Evaluation:
    """Every scenario of a plan at the prices of ``day``."""
    book = catalog or load_catalog()
    setting = make_setting(plan, day, [scenario.strategy for scenario in plan.scenarios], book)
    results = tuple(evaluate_scenario(scenario, plan, setting, book) for scenario in plan.scenarios)
    return Evaluation(plan, day, setting, results, book, tuple(_plan_warnings(plan, setting)))


def evaluate_scenario(scenario: Scenario, plan: Plan, setting: Setting, catalog: Catalog) -> ScenarioResult:
    """One scenario; every endpoint of its strategy must be a column of ``setting``."""
    routed = _route_all(scenario.strategy, plan, setting, catalog)
    hosted = _hosted(routed, setting)
    paths = scenario_paths(scenario.strategy, routed, setting)
    blocked, kinds = _blocked(scenario.strategy, routed, setting, hosted)
    late = missed_limits(paths, setting)
    outcome = _outcome(routed, setting, hosted)
    status, reason = _status(blocked, kinds, setting)
    uses = tuple(endpoint_uses(routed, setting, hosted))
    return ScenarioResult(
        name=scenario.name, strategy=scenario.strategy, status=status, reason=reason, outcome=outcome, endpoints=uses,
        hosted=tuple({each.id: each for each in hosted.values()}.values()), blocked=tuple(blocked),
        warnings=tuple(dict.fromkeys((
            *(f"{words}." for words in late if words), *_warnings(outcome, scenario.strategy, routed, setting, hosted),
            *latency_warnings(paths, routed.calls.sum(axis=0), setting),
        ))),
        paths=paths, waits=setting.timings.waits, late=late,
        max_error_share=setting.demand.max_error_share,
    )


def route(strategy: Basic, rows: NDArray[np.intp], plan: Plan, setting: Setting, catalog: Catalog) -> Routed:
    """One basic strategy in the categories ``rows``."""
    match strategy:
        case Single():
            return route_single(strategy, setting, rows)
        case Split():
            return route_split(strategy, setting, rows)
        case TwoModes():
            return route_two_modes(strategy, setting, rows)
        case Cascade(stages=stages):
            measured = {}
            if len(stages) == 2 and plan.evaluations:
                for k in rows.tolist():
                    pair = counted_pair(plan, setting.demand.names[k], stages[0], stages[1], catalog)
                    if pair is not None:
                        measured[k] = pair
            counted = {}
            if plan.evaluations and uses_counts(strategy):
                found = {k: counted_cascade(plan, setting.demand.names[k], stages, catalog) for k in rows.tolist()}
                counted = {k: cells for k, cells in found.items() if cells is not None}
            return route_cascade(strategy, setting, rows, measured, counted)


def _route_all(strategy: Strategy, plan: Plan, setting: Setting, catalog: Catalog) -> Routed:
    groups: dict[Basic, list[int]] = {}
    for k, name in enumerate(setting.demand.names):
        groups.setdefault(strategy_for(strategy, name), []).append(k)
    if len(groups) == 1:
        (only, rows), = groups.items()
        return route(only, np.array(rows), plan, setting, catalog)
    count, width = len(setting.demand.names), len(setting.columns)
    shapes = {"calls": (2, count, width), "load": (2, count, width), "usd_by_column": (count, width)}
    merged = {name: np.zeros(shapes.get(name, (count,))) for name in Routed.__dataclass_fields__}
    for part, members in groups.items():
        rows_of_part = np.array(members)
        routed = route(part, rows_of_part, plan, setting, catalog)
        for name, whole in merged.items():
            index = (slice(None), rows_of_part) if whole.ndim == 3 else rows_of_part
            whole[index] = getattr(routed, name)
    return Routed(**merged)


def _hosted(routed: Routed, setting: Setting) -> dict[int, Hosted]:
    """Self-hosted endpoints that get calls, by column; the modes of one endpoint share their replicas."""
    parts: dict[str, dict[int, Part]] = {}
    for column, m in setting.columns.items():
        if setting.states[column.name].hosting is not None and (routed.load[:, :, m] > 0).any():
            parts.setdefault(column.name, {})[m] = column, routed.load[:, :, m]
    found: dict[int, Hosted] = {}
    for name, modes in parts.items():
        pooled = host(setting.states[name], list(modes.values()), setting.demand, setting.register)
        found |= dict.fromkeys(modes, pooled)
    return found


def _blocked(strategy: Strategy, routed: Routed, setting: Setting, hosted: Mapping[int, Hosted]
             ) -> tuple[list[str | None], list[str]]:
    """Per category the first reason that stops it, and the kinds of all reasons in reading order."""
    blocked: list[str | None] = [None] * len(setting.demand.names)
    kinds: list[str] = [""] * len(blocked)
    used = (routed.calls > 0).any(axis=0)
    listed = list(setting.columns)
    for k, m in zip(*np.nonzero(used), strict=True):
        found = obstacle(int(k), listed[m], int(m), setting, hosted)
        if found is not None and (blocked[k] is None or (kinds[k] != "infeasible" and found[0] == "infeasible")):
            kinds[k], blocked[k] = found
    return blocked, kinds


def obstacle(k: int, column: Column, m: int, setting: Setting, hosted: Mapping[int, Hosted]
             ) -> tuple[str, str] | None:
    """Why endpoint column ``m`` cannot serve category ``k``: (kind, words); None if it can."""
    state, demand, costs = setting.states[column.name], setting.demand, setting.costs
    name = demand.names[k]
    if demand.in_house_only[k] and not state.in_house:
        return "infeasible", f"{name} must stay in house, and {state.label} runs at {state.seller_label}"
    if costs.window_exceeded[k, m]:
        return "infeasible", (
            f"{name} has prompts of {costs.longest_prompt_tokens[k, m]:,.0f} tokens, and {state.label} takes "
            f"{state.context_tokens:,.0f}"
        )
    if costs.batch_refused[k, m]:
        return "infeasible", (
            f"{name} sends {demand.batch_share[k]:.0%} in batch, and {state.label} does not offer batch"
        )
    if m in hosted and hosted[m].infeasible is not None:
        return "infeasible", f"{state.label}: {hosted[m].infeasible}"
    if state.state == "retired":
        return "retired", f"{state.label} was {state.reason}"
    if not state.is_priced:
        return "unpriced", f"{state.label} has no price: {state.reason}"
    return None


def _status(blocked: list[str | None], kinds: list[str], setting: Setting) -> tuple[str, str | None]:
    reasons = list(dict.fromkeys(reason for reason in blocked if reason is not None))
    if not reasons:
        return "priced", None
    words = "; ".join(reasons[:3]) + (f"; and {len(reasons) - 3} more" if len(reasons) > 3 else "") + "."
    for kind in ("infeasible", "retired"):
        if kind in kinds:
            return kind, words
    return ("unpriced" if all(kind == "unpriced" for kind in kinds) else "partly_priced"), words


def _outcome(routed: Routed, setting: Setting, hosted: Mapping[int, Hosted]) -> Outcome:
    d = setting.demand
    used = (routed.calls > 0).any(axis=0)
    origins = np.where(used, setting.rates.origin, 0)
    return Outcome(
        requests=d.requests,
        spend_usd=d.requests * routed.usd * d.spend_factor,
        fixed_cost_usd=fixed_cost_usd(routed, setting, hosted),
        follows=consequences(d, routed.error_share),
        served_requests=d.requests * d.served_share,
        worst_case_spend_usd=d.requests * routed.worst_usd * d.max_attempts,
        error_share=routed.error_share,
        origin=origins.max(axis=1, initial=0).astype(np.int8),
        escalation_share=routed.escalation_share,
        random_error_share=routed.random_error_share,
        best_order_error_share=routed.best_order_error_share,
        independent_error_share=routed.independent_error_share,
    )


def _order(strategy: Strategy, category: str) -> str:
    """Who decides which requests the small model gets."""
    part = strategy_for(strategy, category)
    return "this router" if isinstance(part, Split) and part.router is not None else "sending the easiest first"


def _warnings(outcome: Outcome, strategy: Strategy, routed: Routed, setting: Setting, hosted: Mapping[int, Hosted]
              ) -> list[str]:
    d = setting.demand
    said: list[str] = []
    worse = np.nonzero(routed.error_share > routed.random_error_share + 1e-9)[0]
    said += [f"{d.names[k]}: {_order(strategy, d.names[k])} does worse than sending at random." for k in worse]
    gap = routed.error_share - routed.independent_error_share
    if (gap > 0.005).any():
        k = int(np.nanargmax(gap))
        said.append(
            f"{d.names[k]}: if the stages failed independently the error rate would be "
            f"{routed.independent_error_share[k]:.1%}; because hard requests are hard for both it is "
            f"{routed.error_share[k]:.1%}."
        )
    over = np.nonzero(outcome.follows.residual_error_share > d.max_error_share + 1e-12)[0]
    said += [
        f"{d.names[k]}: {outcome.follows.residual_error_share[k]:.1%} wrong answers after review, above your ceiling "
        f"of {d.max_error_share[k]:.1%}." for k in over
    ]
    for column, m in setting.columns.items():
        state = setting.states[column.name]
        if not (routed.calls[:, :, m] > 0).any():
            continue
        if (d.cached_share > 0).any() and not state.cache_read_known and state.is_priced:
            said.append(f"{state.label} publishes no price for cached input: billed as fresh input.")
        if state.quote is not None and state.quote.next_change is not None and state.is_priced:
            day, words = state.quote.next_change
            said.append(f"{state.label} from {day}: {words}.")
        said += hosted[m].warnings if m in hosted else ()
    return said


def _plan_warnings(plan: Plan, setting: Setting) -> list[str]:
    d = setting.demand
    said = list(setting.rates.notes)
    free = [name for name, given in zip(d.names, d.error_cost_given, strict=True) if not given]
    if free:
        said.append(f"No error cost is entered for {', '.join(free)}: a wrong answer counts as $0.")
    factors = {state.tokenizer_factor for state in setting.states.values()}
    if plan.tokens_counted_with is None and len(factors) > 1:
        said.append(
            "Models of this plan count tokens differently. Say which model your counts come from (tokens_counted_with)."
        )
    return said


def origin_words(index: int) -> str:
    """measured, entered, evidence or assumed."""
    return ORIGINS[index]
