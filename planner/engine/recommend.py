"""What to run: the best feasible strategy per category, beside what the rules say (the method, sections 10 and 11)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from planner.domain.matrix import Matrix, Position, Verdict, load_matrix
from planner.domain.plan import Plan, Scenario
from planner.domain.strategies import Allocation, Cascade, Single, Split, Strategy, TwoModes, strategy_for
from planner.engine.candidates import Candidates, candidates
from planner.engine.evaluate import (
    EXTRA_ENDPOINT,
    EndpointUse,
    Evaluation,
    ScenarioResult,
    evaluate_scenario,
    make_setting,
    obstacle,
)
from planner.engine.hosting import Hosted, host
from planner.engine.latency import Moments, mixture_quantiles
from planner.engine.setting import Setting
from pricing.errors import InputError
from pricing.offers import Model

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

RECOMMENDED = "Recommended"
SIZES: tuple[Literal["small", "medium", "large"], ...] = ("small", "medium", "large")


@dataclass(frozen=True)
class Alternative:
    """A strategy that could serve a category, and why it does not."""

    strategy: Single | Split | Cascade | TwoModes
    total_usd: float | None
    residual_error_share: float | None
    infeasible_because: str | None


@dataclass(frozen=True)
class CategoryChoice:
    """The rules' verdict and the economic one for one category."""

    name: str
    rule: Verdict
    strategy: Single | Split | Cascade | TwoModes | None
    """The economic choice; None where nothing is feasible."""
    total_usd: float | None
    least_total_usd: float | None
    """Total of the cheapest feasible strategy; lower where the difference is not worth choosing by cost."""
    size: str | None
    """Size of the model that answers most requests, self_hosted for own hardware."""
    agree: bool
    alternatives: tuple[Alternative, ...]


@dataclass(frozen=True)
class Threshold:
    """An input, the value at which the answer changes, and to what."""

    kind: str
    """error_cost, price or volume."""
    subject: str
    """Category or endpoint."""
    now: float
    threshold: float
    then: Single | Split | Cascade | TwoModes
    """The strategy that takes over."""
    category: str
    """The category whose strategy changes."""


@dataclass(frozen=True)
class Recommendation:
    """The recommended scenario and what it rests on."""

    scenario: ScenarioResult | None
    """None where no category can be served at all."""
    from_plan: str | None
    """Name of the plan's own scenario, if that is the recommended one."""
    runner_up: ScenarioResult | None
    """The next best scenario of the plan."""
    baseline: ScenarioResult | None
    categories: tuple[CategoryChoice, ...]
    thresholds: tuple[Threshold, ...]
    confidence: str
    """clear, likely or too_close."""
    binding_limits: tuple[str, ...]
    setting: Setting

    @property
    def strategy(self) -> Strategy | None:
        """The recommended strategy."""
        return self.scenario.strategy if self.scenario else None


def recommend(evaluation: Evaluation) -> Recommendation:
    """The recommendation for an evaluated plan, chosen among the endpoints that the plan names."""
    plan, catalog = evaluation.plan, evaluation.catalog
    setting = make_setting(plan, evaluation.day, [scenario.strategy for scenario in plan.scenarios], catalog,
                           tuple(plan.endpoints))
    reasons = _obstacles(setting)
    allowed = np.array([reason is None for reason in reasons.ravel()], bool).reshape(reasons.shape)
    every = candidates(setting, plan, catalog, allowed)
    materiality = _materiality(plan, setting)
    chosen = [choose(every, k, materiality) for k in range(len(setting.demand.names))]
    allocation = _allocation(every, chosen, setting)
    economic = None if allocation is None else evaluate_scenario(
        Scenario(name=RECOMMENDED, strategy=allocation), plan, setting, catalog
    )
    ranked = sorted(
        (each for each in evaluation.scenarios if _passes(each)), key=lambda each: each.total("total_usd") or 0.0
    )
    best, from_plan = _best_whole(economic, ranked, materiality)
    matrix = load_matrix(setting.register)
    choices = tuple(
        _choice(k, every, chosen[k], best, reasons, setting, matrix, evaluation) for k in range(len(chosen))
    )
    runner = next((each for each in ranked if best is None or each.strategy != best.strategy), None)
    return Recommendation(
        scenario=best, from_plan=from_plan, runner_up=runner, baseline=evaluation.baseline, categories=choices,
        thresholds=tuple(_thresholds(best, every, setting, materiality)),
        confidence=_confidence(best, runner, materiality),
        binding_limits=tuple(_binding(best, plan)), setting=setting,
    )


def _materiality(plan: Plan, setting: Setting) -> float:
    own = plan.limits.materiality_usd
    return setting.register.value("materiality_usd") if own is None else own


def _obstacles(setting: Setting) -> NDArray[np.object_]:
    """Per category and column: why the endpoint alone cannot serve the category, or None."""
    found = np.full((len(setting.demand.names), len(setting.columns)), None, object)
    for column, m in setting.columns.items():
        state = setting.states[column.name]
        for k in range(len(setting.demand.names)):
            hosted: dict[int, Hosted] = {}
            if state.hosting is not None:
                calls = np.zeros((2, len(setting.demand.names)))
                calls[:, k] = setting.demand.routine_share[k], setting.demand.complex_share[k]
                hosted[m] = host(state, [(column, calls)], setting.demand, setting.register)
            stop = obstacle(k, column, m, setting, hosted)
            found[k, m] = None if stop is None else stop[1]
    return found


def choose(every: Candidates, k: int, materiality_usd: float) -> int | None:
    """The candidate for a category: within ``materiality_usd`` of the least total, the one with the fewest errors.

    Equal errors are settled by fewer endpoints, then by the lower total. None where nothing is feasible.
    """
    open_ = np.nonzero(every.feasible[:, k])[0]
    if not open_.size:
        return None
    total, error = every.total_usd[open_, k], every.follows.residual_error_share[open_, k]
    near = total <= total.min() + materiality_usd
    order = np.lexsort((total[near], every.endpoints[open_][near], np.round(error[near], 12)))
    return int(open_[near][order[0]])


def _allocation(every: Candidates, chosen: list[int | None], setting: Setting) -> Strategy | None:
    """The chosen strategies as one; a category that nothing can serve goes with the others."""
    picked = {name: every.strategies[s] for name, s in zip(setting.demand.names, chosen, strict=True) if s is not None}
    if not picked:
        return None
    default = Counter(picked.values()).most_common(1)[0][0]
    others: dict[str, Single | Split | Cascade | TwoModes] = {
        name: strategy for name, strategy in picked.items() if strategy != default
    }
    return Allocation(default=default, by_category=others) if others else default


def _passes(result: ScenarioResult) -> bool:
    """Whether a scenario can be run, is priced, and keeps every error ceiling."""
    over = result.outcome.follows.residual_error_share > result.max_error_share + 1e-12
    return result.is_priced and not bool(over.any())


def _best_whole(economic: ScenarioResult | None, ranked: list[ScenarioResult], materiality: float
                ) -> tuple[ScenarioResult | None, str | None]:
    """The allocation, unless one of the plan's own scenarios is cheaper as a whole or the same thing."""
    usable = economic if economic is not None and _passes(economic) else None
    if usable is None:
        return (ranked[0], ranked[0].name) if ranked else (economic, None)
    same = next((each for each in ranked if each.strategy == usable.strategy), None)
    if same is not None:
        return same, same.name
    total = usable.total("total_usd") or 0.0
    if ranked and (ranked[0].total("total_usd") or 0.0) < total - materiality * len(usable.blocked):
        return ranked[0], ranked[0].name
    return usable, None


def _choice(k: int, every: Candidates, chosen: int | None, best: ScenarioResult | None, reasons: NDArray[np.object_],
            setting: Setting, matrix: Matrix, evaluation: Evaluation) -> CategoryChoice:
    name = setting.demand.names[k]
    strategy = None if best is None else strategy_for(best.strategy, name)
    total = None if best is None else _finite(best.outcome.total_usd[k])
    sizes = _sizes(setting, evaluation)
    size = None if best is None else _main_size(best, k, sizes)
    verdict = matrix.verdict(_position(k, setting, evaluation, sizes, every))
    wanted = "self_hosted" if verdict.tier == "self_hosted" else verdict.size
    least = every.total_usd[every.feasible[:, k], k]
    return CategoryChoice(
        name=name, rule=verdict, strategy=strategy if chosen is not None or strategy is not None else None,
        total_usd=total, least_total_usd=_finite(least.min()) if least.size else None, size=size, agree=size == wanted,
        alternatives=tuple(_alternatives(k, every, strategy, reasons, setting)),
    )


def _sizes(setting: Setting, evaluation: Evaluation) -> dict[str, str]:
    """Size of every endpoint: by its model's tier, or self_hosted."""
    sizes = {}
    for name, state in setting.states.items():
        if state.kind == "self_hosted":
            sizes[state.id] = "self_hosted"
        elif state.model_id is not None:
            sizes[state.id] = _tier(evaluation.catalog.models[state.model_id], evaluation)
        else:
            sizes[state.id] = "small"
        sizes[name] = sizes[state.id]
    return sizes


def _tier(model: Model, evaluation: Evaluation) -> str:
    """The model's tier; large where it never had a price, as nothing is known of it but its name."""
    try:
        return evaluation.catalog.tier(model, evaluation.day)
    except InputError:
        return "large"


def _main_size(result: ScenarioResult, k: int, sizes: dict[str, str]) -> str | None:
    uses = [use for use in result.endpoints if use.id in sizes]
    main: EndpointUse | None = max(uses, key=lambda use: float(use.calls_by_category[k]), default=None)
    return None if main is None else sizes[main.id]


def _position(k: int, setting: Setting, evaluation: Evaluation, sizes: dict[str, str], every: Candidates) -> Position:
    demand = setting.demand
    category = evaluation.plan.workload.categories[k]
    limit = demand.p95_latency_s[k]
    under = {
        sizes[state.id] for column, m in setting.columns.items()
        if (state := setting.states[column.name]).kind != "self_hosted"
        and setting.rates.share[k, m] * (1 - demand.review_share[k] * demand.catch_share[k])
        <= demand.max_error_share[k] + 1e-12
    }
    free = not np.isfinite(demand.max_error_share[k])
    return Position(
        task=demand.tasks[k],
        tokens_per_month=float(demand.requests[k] * (demand.input_tokens[k] + demand.output_tokens[k])),
        complex_share=float(demand.complex_share[k]), error_cost_usd=float(demand.error_cost_usd[k]),
        latency=float(limit) if category.p95_latency_s is not None else category.latency,
        in_house_only=bool(demand.in_house_only[k]), max_prompt_tokens=float(demand.max_prompt_tokens[k]),
        ceiling_met_from="small" if free else next((size for size in SIZES if size in under), "large"),
    )


def _alternatives(k: int, every: Candidates, chosen: Strategy | None, reasons: NDArray[np.object_], setting: Setting
                  ) -> list[Alternative]:
    """Every single model and the best split and cascade besides the chosen strategy, cheapest first."""
    total, residual = every.total_usd[:, k], every.follows.residual_error_share[:, k]
    listed: list[Alternative] = []
    for kind in (Single, Split, Cascade):
        of_kind = [s for s, strategy in enumerate(every.strategies) if isinstance(strategy, kind)]
        usable = sorted((s for s in of_kind if every.feasible[s, k]), key=lambda s: float(total[s]))
        for s in of_kind if kind is Single else usable[:1]:
            if every.strategies[s] == chosen:
                continue
            because = reasons[k, every.first[s]]
            if because is None and every.late[s, k]:
                because = _too_late(k, every.first[s], setting)
            ceiling = setting.demand.max_error_share[k]
            if because is None and residual[s] > ceiling + 1e-12:
                because = f"{residual[s]:.1%} wrong answers, above the ceiling of {ceiling:.1%}"
            listed.append(Alternative(every.strategies[s], _finite(total[s]), _finite(residual[s]), because))
    return sorted(listed, key=lambda each: (each.infeasible_because is not None, each.total_usd or np.inf))


def _too_late(k: int, column: int, setting: Setting) -> str:
    """Why an endpoint alone misses the latency limit, with both figures."""
    first = setting.timings.first
    p95 = mixture_quantiles(np.ones(1), Moments(first.mean[k, column, None], first.variance[k, column, None]), (0.95,))
    return (f"{float(p95[0]):.1f} s to the first answer token in 95 of 100 requests, above the limit of "
            f"{setting.demand.p95_latency_s[k]:g} s")


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _thresholds(best: ScenarioResult | None, every: Candidates, setting: Setting, materiality: float
                ) -> list[Threshold]:
    """Where the choice of a category turns: solved on the straight lines that totals are of one input.

    A turn counts where another answer saves more than the materiality threshold; the same endpoints in the same form
    with another share are not another answer.
    """
    if best is None:
        return []
    found: list[Threshold] = []
    for k, name in enumerate(setting.demand.names):
        strategy = strategy_for(best.strategy, name)
        here = next((s for s, each in enumerate(every.strategies) if each == strategy), None)
        if here is None:
            continue
        lead = every.total_usd[:, k] + materiality - every.total_usd[here, k]
        lead[~(every.feasible[:, k] & _differs(every, here))] = np.nan
        found += _error_cost_threshold(k, name, here, lead, every, setting)
        found += _price_threshold(k, here, lead, every, setting)
    return sorted(found, key=_distance)


def _distance(threshold: Threshold) -> float:
    """How far a threshold is from today, as a ratio."""
    return abs(float(np.log(max(threshold.threshold, 1e-12) / threshold.now))) if threshold.now > 0 else np.inf


def _differs(every: Candidates, here: int) -> Bools:
    """Strategies that are another answer than ``here``."""
    forms = np.array([each.kind for each in every.strategies])
    same = (forms == forms[here]) & (every.first == every.first[here]) & (every.second == every.second[here])
    return np.asarray(~same)


def _error_cost_threshold(k: int, name: str, here: int, lead: Floats, every: Candidates, setting: Setting
                          ) -> list[Threshold]:
    """The nearest error cost at which another feasible strategy has the lower total."""
    demand = setting.demand
    now = float(demand.error_cost_usd[k])
    errors = every.follows.uncaught_errors[:, k]
    fewer = errors[here] - errors
    with np.errstate(divide="ignore", invalid="ignore"):
        at = now + lead / fewer
    at = np.where((np.abs(fewer) > 1e-9) & (at > 0), at, np.nan)
    return _nearest(at, "error_cost", name, now, name, every)


def _price_threshold(k: int, here: int, lead: Floats, every: Candidates, setting: Setting) -> list[Threshold]:
    """The nearest price, as a multiple of today's, of an endpoint at which another strategy has the lower total."""
    found: list[Threshold] = []
    for column, m in setting.columns.items():
        state = setting.states[column.name]
        if state.kind == "self_hosted" or column.thinking:
            continue
        spent = np.where(every.first == m, every.first_usd[:, k], 0.0) + np.where(
            (every.second == m) & (every.second != every.first), every.second_usd[:, k], 0.0
        )
        with np.errstate(divide="ignore", invalid="ignore"):
            at = 1.0 + lead / (spent[here] - spent)
        at = np.where((np.abs(spent[here] - spent) > 1e-9) & (at > 0), at, np.nan)
        found += _nearest(at, "price", state.short, 1.0, setting.demand.names[k], every)
    return found


def _nearest(at: Floats, kind: str, subject: str, now: float, category: str, every: Candidates) -> list[Threshold]:
    """The threshold nearest above and the one nearest below today's value."""
    found = []
    for side in (np.where(at > now, at, np.inf), np.where(at < now, -at, np.inf)):
        s = int(np.argmin(side))
        if np.isfinite(side[s]):
            found.append(Threshold(kind, subject, now, float(at[s]), every.strategies[s], category))
    return found


def _confidence(best: ScenarioResult | None, runner: ScenarioResult | None, materiality: float) -> str:
    """too_close within the materiality threshold or 2 %; clear if rates are measured or entered and 10 % apart."""
    if best is None or runner is None:
        return "likely"
    mine, other = best.total("total_usd") or 0.0, runner.total("total_usd") or 0.0
    gap = other - mine
    if gap <= max(materiality, 0.02 * other):
        return "too_close"
    known = int(best.outcome.origin.max(initial=0)) <= 1 and int(runner.outcome.origin.max(initial=0)) <= 1
    return "clear" if known and gap >= 0.10 * other else "likely"


def _binding(best: ScenarioResult | None, plan: Plan) -> list[str]:
    """Limits of the plan that the recommended scenario breaks."""
    if best is None:
        return []
    found = []
    invoice = best.total("invoice_usd") or 0.0
    budget = plan.limits.monthly_budget_usd
    if budget is not None and invoice > budget:
        found.append("monthly_budget_usd")
    by_seller: Counter[str] = Counter()
    for use in best.endpoints:
        if use.id == EXTRA_ENDPOINT:
            continue  # checks and routers of one's own are no vendor
        by_seller[use.seller] += use.spend_usd + use.fixed_cost_usd  # type: ignore[assignment]
    if by_seller and len(by_seller) < plan.limits.min_vendors:
        found.append("min_vendors")
    if invoice > 0 and max(by_seller.values(), default=0.0) / invoice > plan.limits.max_vendor_share + 1e-9:
        found.append("max_vendor_share")
    return found
