"""What to run: the best feasible strategy per category, beside what the rules say (the method, sections 10 and 11)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from planner.domain.matrix import Matrix, Position, Verdict, load_matrix
from planner.domain.plan import Plan, Scenario
from planner.domain.strategies import Single, Strategy, strategy_for
from planner.engine.attribution import EXTRA_ENDPOINT, EndpointUse
from planner.engine.evaluate import (
    Basic,
    Evaluation,
    ScenarioResult,
    evaluate_scenario,
    make_setting,
)
from planner.engine.options import Options, open_options, rebuilt, why_not
from planner.engine.payback import Payback, paybacks
from planner.engine.portfolio import Pick, coupling, pick, portfolio
from planner.engine.relaxations import Obstruction, Relaxation, as_strategy, obstruction
from planner.engine.setting import Setting
from planner.engine.thresholds import Turns
from planner.engine.turning import Here, Threshold
from pricing.errors import InputError
from pricing.offers import Model

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Rows = NDArray[np.intp]

RECOMMENDED = "Recommended"
SIZES: tuple[Literal["small", "medium", "large"], ...] = ("small", "medium", "large")


@dataclass(frozen=True)
class Alternative:
    """A strategy that could serve a category, and why it does not."""

    strategy: Basic
    total_usd: float | None
    residual_error_share: float | None
    infeasible_because: str | None
    within_margin: bool = False
    """A single model whose error rate is within the quality margin of the best."""
    batch_share: float | None = None
    """Share of requests that would go through the seller's batch service; None: as in the plan."""


@dataclass(frozen=True)
class CategoryChoice:
    """The rules' verdict and the economic one for one category."""

    name: str
    rule: Verdict
    strategy: Basic | None
    """The economic choice; None where nothing is feasible."""
    total_usd: float | None
    least_total_usd: float | None
    """Total of the cheapest feasible strategy; lower where the difference is not worth choosing by cost."""
    size: str | None
    """Size of the model that answers most requests, self_hosted for own hardware."""
    agree: bool
    alternatives: tuple[Alternative, ...]
    """Single models within the quality margin first, then by total; what is ruled out last."""
    rule_total_usd: float | None = None
    """Least total of a single model of the size that the rules ask for; None where there is none."""
    rule_stopped_by: str | None = None
    """Why no model of that size can serve it, where none can."""


@dataclass(frozen=True)
class Recommendation:
    """The recommended scenario and what it rests on."""

    scenario: ScenarioResult | None
    """None where no category can be served at all; without a way to keep every limit, the cheapest that gives way."""
    feasible: bool
    """Whether the scenario keeps every limit of the plan."""
    from_plan: str | None
    """Name of the plan's own scenario, if that is the recommended one."""
    runner_up: ScenarioResult | None
    """The next best scenario of the plan."""
    baseline: ScenarioResult | None
    categories: tuple[CategoryChoice, ...]
    turns: Turns | None
    """Where the answer turns; None where there is none to turn."""
    confidence: str
    """clear, likely or too_close."""
    binding_limits: tuple[str, ...]
    """Limits without each of which something could be run; empty where all are kept."""
    relaxations: tuple[Relaxation, ...]
    """The two cheapest ways to give way."""
    gap: float
    """How far the total may be above the least one, as a share; 0 where it is proven."""
    paybacks: tuple[Payback, ...]
    """Endpoints with a one-off cost, and when they have earned it."""
    smallest_vendor_share: float | None
    """Share of the invoice that the smallest of several sellers gets; None with one seller."""
    setting: Setting

    @property
    def strategy(self) -> Strategy | None:
        """The recommended strategy."""
        return self.scenario.strategy if self.scenario else None

    @property
    def thresholds(self) -> tuple[Threshold, ...]:
        """Every threshold, nearest first."""
        return () if self.turns is None else self.turns.every


def recommend(evaluation: Evaluation) -> Recommendation:
    """The recommendation for an evaluated plan, chosen among the endpoints that the plan names."""
    plan = evaluation.plan
    setting = make_setting(plan, evaluation.day, [scenario.strategy for scenario in plan.scenarios],
                           evaluation.catalog, tuple(plan.endpoints))
    ranked = sorted(
        (each for each in evaluation.scenarios if each.passes and not limits_broken(each, plan)),
        key=lambda each: each.total("total_usd") or 0.0,
    )
    if not setting.demand.names or not setting.columns:
        return _nothing_to_choose(evaluation, setting, ranked)
    here = open_options(setting, evaluation)
    materiality = _materiality(plan, setting)
    limits = coupling(plan.limits)
    picked = pick(here.every, portfolio(here.every, setting, limits), materiality)
    economic = _evaluated(picked.strategies, here, evaluation)
    best, from_plan = _best_whole(economic, ranked, materiality)
    stopped = Obstruction((), ())
    if best is None:
        stopped = obstruction(setting, limits, lambda demand: rebuilt(demand, setting, evaluation))
        if stopped.relaxations:
            way = Scenario(name=RECOMMENDED, strategy=stopped.relaxations[0].strategy)
            best = evaluate_scenario(way, plan, setting, evaluation.catalog)
    matrix, sizes = load_matrix(setting.register), _sizes(setting, evaluation)
    choices = tuple(_choice(k, here, best, sizes, matrix, evaluation) for k in range(len(setting.demand.names)))
    runner = next((each for each in ranked if best is None or each.strategy != best.strategy), None)
    return Recommendation(
        scenario=best, feasible=best is not None and not stopped.binding, from_plan=from_plan, runner_up=runner,
        baseline=evaluation.baseline, categories=choices,
        turns=None if stopped.binding else _turns(best, picked, here, materiality, evaluation),
        confidence=_confidence(best, runner, materiality), binding_limits=stopped.binding,
        relaxations=stopped.relaxations, gap=picked.solution.gap, paybacks=paybacks(here.every, setting, plan),
        smallest_vendor_share=_smallest_vendor(best), setting=setting,
    )


def _nothing_to_choose(evaluation: Evaluation, setting: Setting, ranked: list[ScenarioResult]) -> Recommendation:
    """Without categories or endpoints the cheapest of the plan's own scenarios is all there is."""
    best = ranked[0] if ranked else None
    return Recommendation(best, best is not None, best.name if best else None, None, evaluation.baseline, (), None,
                          "likely", (), (), 0.0, (), None, setting)


def _evaluated(strategies: Rows | None, here: Options, evaluation: Evaluation) -> ScenarioResult | None:
    if strategies is None:
        return None
    scenario = Scenario(name=RECOMMENDED, strategy=as_strategy(here.every, strategies, here.setting))
    return evaluate_scenario(scenario, evaluation.plan, here.setting, evaluation.catalog)


def _materiality(plan: Plan, setting: Setting) -> float:
    own = plan.limits.materiality_usd
    return setting.register.value("materiality_usd") if own is None else own


def limits_broken(result: ScenarioResult, plan: Plan) -> tuple[str, ...]:
    """Limits on the whole that a scenario breaks."""
    limits, invoice, by_seller = plan.limits, result.total("invoice_usd") or 0.0, _by_seller(result)
    largest = max(by_seller.values(), default=0.0)
    budget = np.inf if limits.monthly_budget_usd is None else limits.monthly_budget_usd
    broken = {
        "monthly_budget_usd": invoice > budget * (1 + 1e-6),
        "min_vendors": bool(by_seller) and len(by_seller) < limits.min_vendors,
        "max_vendor_share": invoice > 0 and largest > limits.max_vendor_share * invoice * (1 + 1e-6),
    }
    return tuple(name for name, is_broken in broken.items() if is_broken)


def _by_seller(result: ScenarioResult) -> dict[str, float]:
    """Invoice per seller; routers and checks of one's own have none."""
    found: dict[str, float] = {}
    for use in result.endpoints:
        if use.id != EXTRA_ENDPOINT:
            found[use.seller] = found.get(use.seller, 0.0) + use.spend_usd + use.fixed_cost_usd
    return found


def _smallest_vendor(best: ScenarioResult | None) -> float | None:
    by_seller = {} if best is None else _by_seller(best)
    invoice = sum(by_seller.values())
    return min(by_seller.values()) / invoice if len(by_seller) > 1 and invoice > 0 else None


def _best_whole(economic: ScenarioResult | None, ranked: list[ScenarioResult], materiality: float
                ) -> tuple[ScenarioResult | None, str | None]:
    """The allocation, unless one of the plan's own scenarios is cheaper as a whole or the same thing."""
    if economic is None or not economic.passes:
        return (ranked[0], ranked[0].name) if ranked else (None, None)
    same = next((each for each in ranked if each.strategy == economic.strategy), None)
    if same is not None:
        return same, same.name
    total = economic.total("total_usd") or 0.0
    if ranked and (ranked[0].total("total_usd") or 0.0) < total - materiality * len(economic.blocked):
        return ranked[0], ranked[0].name
    return economic, None


def _choice(k: int, here: Options, best: ScenarioResult | None, sizes: dict[str, str], matrix: Matrix,
            evaluation: Evaluation) -> CategoryChoice:
    setting, every = here.setting, here.every
    name = setting.demand.names[k]
    strategy = None if best is None else strategy_for(best.strategy, name)
    verdict = matrix.verdict(_position(k, setting, evaluation, sizes))
    wanted = "self_hosted" if verdict.tier == "self_hosted" else verdict.size
    size = None if best is None else _main_size(best, k, sizes)
    least = every.total_usd[every.feasible[:, k], k]
    alternatives = _alternatives(k, strategy, here, evaluation)
    rule_total, stopped = _of_size(k, wanted, here, sizes)
    return CategoryChoice(
        name=name, rule=verdict, strategy=strategy,
        total_usd=None if best is None else _finite(best.outcome.total_usd[k]),
        least_total_usd=_finite(least.min()) if least.size else None, size=size, agree=size == wanted,
        alternatives=tuple(alternatives), rule_total_usd=rule_total, rule_stopped_by=stopped,
    )


def _of_size(k: int, wanted: str, here: Options, sizes: dict[str, str]) -> tuple[float | None, str | None]:
    """Least total of a single model of a size, or why there is none."""
    every = here.every
    singles = [(s, every.strategies[s]) for s in np.nonzero(every.kinds == "single")[0].tolist()]
    of_size = [s for s, each in singles if isinstance(each, Single) and sizes[each.model] == wanted]
    usable = [float(every.total_usd[s, k]) for s in of_size if every.feasible[s, k]]
    if usable or not of_size:
        return min(usable, default=None), None
    return None, why_not(k, of_size[0], here)


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


def _position(k: int, setting: Setting, evaluation: Evaluation, sizes: dict[str, str]) -> Position:
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


def _alternatives(k: int, chosen: Strategy | None, here: Options, evaluation: Evaluation) -> list[Alternative]:
    """Every single model and the best of each other form besides the chosen strategy; see CategoryChoice."""
    every = here.every
    total, residual = every.total_usd[:, k], every.follows.residual_error_share[:, k]
    usable = np.nonzero(every.feasible[:, k])[0]
    here_s = None if chosen is None or chosen.kind == "allocation" else every.positions.get(chosen)
    by_total = usable[np.argsort(total[usable], kind="stable")]
    by_total = by_total[by_total != here_s]
    best_of = {kind: by_total[every.kinds[by_total] == kind][:1].tolist() for kind in ("split", "cascade", "two_modes")}
    singles = [s for s in np.nonzero(every.kinds == "single")[0].tolist() if s != here_s]
    margin = evaluation.plan.limits.quality_margin
    margin = here.setting.register.value("quality_margin_share") if margin is None else margin
    most = residual[usable].min(initial=np.inf) + margin
    listed = []
    for s in [*singles, *(s for best in best_of.values() for s in best)]:
        because = None if every.feasible[s, k] else why_not(k, s, here)
        near = because is None and every.kinds[s] == "single" and bool(residual[s] <= most + 1e-12)
        listed.append(Alternative(every.strategies[s], _finite(total[s]), _finite(residual[s]), because, near))
    listed += _batched(k, here)
    return sorted(listed, key=lambda each: (
        each.infeasible_because is not None, not each.within_margin,
        np.inf if each.total_usd is None else each.total_usd,
    ))


def _batched(k: int, here: Options) -> list[Alternative]:
    """The least total if all requests of a category that can wait went through the sellers' batch service."""
    every = here.every
    if here.batched_usd is None:
        return []
    total = np.where(every.feasible[:, k] & np.isfinite(here.batched_usd[:, k]), here.batched_usd[:, k], np.inf)
    s = int(np.argmin(total))
    if not np.isfinite(total[s]) or total[s] >= every.total_usd[s, k] - 1e-9:
        return []
    residual = every.follows.residual_error_share[s, k]
    return [Alternative(every.strategies[s], float(total[s]), _finite(residual), None, False, 1.0)]


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _turns(best: ScenarioResult | None, picked: Pick, here: Options, materiality: float, evaluation: Evaluation
           ) -> Turns | None:
    """Where the choice of a category turns, for the categories that are chosen as if they stood alone."""
    every, names = here.every, here.setting.demand.names
    if best is None:
        return None
    chosen = [every.positions.get(strategy_for(best.strategy, name)) for name in names]
    rows = [k for k, s in enumerate(chosen) if s is not None and every.feasible[s, k] and _is_own_choice(k, s, picked)]
    if not rows:
        return None
    known = np.array([-1 if s is None else s for s in chosen], np.intp)
    return Turns(Here(every, here.setting, known, np.array(rows, np.intp), materiality), evaluation)


def _is_own_choice(k: int, s: int, picked: Pick) -> bool:
    return picked.strategies is not None and bool(picked.alone[k]) and int(picked.strategies[k]) == s


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
