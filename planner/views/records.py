"""An evaluated plan as plain values under stable keys: what ``--json`` prints and the tables are made of."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any

import numpy as np

from planner import __version__
from planner.domain.plan import plan_hash
from planner.domain.strategies import Strategy
from planner.engine.break_even import BreakEven
from planner.engine.crossover import Crossover, Timing
from planner.engine.error_rates import ORIGINS
from planner.engine.evaluate import Evaluation, ScenarioResult
from planner.engine.recommend import Recommendation
from planner.engine.relaxations import Relaxation
from planner.engine.rollout import roll_out
from planner.engine.study import Study
from planner.views.wording import (
    limit_notes,
    payback_words,
    reasons,
    relaxation_words,
    sentence,
    strategy_phrase,
    threshold_words,
    why,
)

Values = dict[str, Any]

ROUNDING = 1e-9
"""Share of a whole below which a difference of sums is nothing but their rounding."""


def number(value: Any) -> float | None:
    """A finite number, or None."""
    if value is None or not math.isfinite(value):
        return None
    return float(value)


def ratio(part: float | None, whole: float | None) -> float | None:
    """``part / whole``; None where it means nothing."""
    return None if part is None or not whole else part / whole


def strategy_values(strategy: Strategy) -> Values:
    """A strategy as it is written in a plan file, every field that says something."""
    return {key: value for key, value in strategy.model_dump(mode="json").items() if value not in (None, False, {})}


def evaluation_values(evaluation: Evaluation) -> Values:
    """The whole of ``evaluate --json``."""
    return {
        **stamp(evaluation),
        "scenarios": [scenario_values(result, evaluation) for result in evaluation.scenarios],
        "warnings": list(evaluation.warnings),
    }


def stamp(evaluation: Evaluation) -> Values:
    """What names a result: plan, price date, version and content hash."""
    return {
        "plan": evaluation.plan.name, "price_date": evaluation.day.isoformat(), "version": __version__,
        "plan_hash": plan_hash(evaluation.plan), "baseline": evaluation.plan.baseline_name,
    }


def scenario_values(result: ScenarioResult, evaluation: Evaluation) -> Values:
    """One scenario of ``evaluate --json``."""
    return {
        "name": result.name, "strategy": strategy_values(result.strategy), "status": result.status,
        "reason": result.reason, "monthly": monthly_values(result, evaluation),
        "saving_vs_baseline": saving_values(result, evaluation.baseline),
        "categories": [category_values(k, result, evaluation) for k in range(len(evaluation.demand.names))],
        "endpoints": [
            {"id": use.id, "seller": use.seller, "requests": use.requests, "spend_usd": number(use.spend_usd),
             "fixed_cost_usd": number(use.fixed_cost_usd), "replicas": use.replicas} for use in result.endpoints
        ],
        "warnings": [*result.warnings, *evaluation.warnings],
    }


def monthly_values(result: ScenarioResult, evaluation: Evaluation) -> Values:
    """A month of one scenario; amounts that are not known are None."""
    demand, outcome = evaluation.demand, result.outcome
    total = result.total
    served = total("served_requests") or 0.0
    errors, uncaught = total("expected_errors"), total("uncaught_errors")
    invoice, requests = total("invoice_usd"), float(demand.requests.sum())
    paid = _sum(invoice, total("review_cost_usd"), total("handoff_cost_usd"), total("fix_cost_usd"))
    right = served - uncaught if uncaught is not None else None
    if right is not None and right <= ROUNDING * served:
        right = 0.0  # what is left of sums of shares where every answer is wrong
    return {
        "requests": requests,
        "input_tokens": float((demand.requests * demand.input_tokens).sum()),
        "output_tokens": float((demand.requests * demand.output_tokens).sum()),
        "spend_usd": total("spend_usd"), "fixed_cost_usd": total("fixed_cost_usd"), "invoice_usd": invoice,
        "error_cost_usd": total("error_cost_usd"), "review_cost_usd": total("review_cost_usd"),
        "handoff_cost_usd": total("handoff_cost_usd"), "total_usd": total("total_usd"),
        "expected_errors": errors, "error_rate": ratio(errors, served), "uncaught_errors": uncaught,
        "residual_error_rate": ratio(uncaught, served),
        "cost_per_1k_requests_usd": None if invoice is None or requests == 0 else invoice / requests * 1000,
        "cost_per_success_usd": ratio(paid, right),
        "worst_case_spend_usd": total("worst_case_spend_usd"),
        "error_origin": ORIGINS[int(outcome.origin.max(initial=0))],
    }


def _sum(*parts: float | None) -> float | None:
    return None if None in parts else sum(part for part in parts if part is not None)


def saving_values(result: ScenarioResult, baseline: ScenarioResult | None) -> Values:
    """Baseline minus scenario: positive is cheaper. None, with a reason, unless both have a full price."""
    keys = ("spend", "invoice", "total")
    if baseline is None or not (result.is_priced and baseline.is_priced):
        missing = result if baseline is None or not result.is_priced else baseline
        reason = "no baseline" if baseline is None else f"{missing.name} is not fully priced ({missing.status})"
        return {**{f"{key}_{part}": None for key in keys for part in ("usd", "share")}, "reason": reason}
    values: Values = {}
    for key in keys:
        mine, other = result.total(f"{key}_usd"), baseline.total(f"{key}_usd")
        saved = None if mine is None or other is None else other - mine
        values |= {f"{key}_usd": saved, f"{key}_share": ratio(saved, other)}
    return values | {"reason": None}


def category_values(k: int, result: ScenarioResult, evaluation: Evaluation) -> Values:
    """One category of one scenario."""
    outcome = result.outcome
    follows = outcome.follows
    return {
        "name": evaluation.demand.names[k], "requests": float(outcome.requests[k]),
        "spend_usd": number(outcome.spend_usd[k]), "fixed_cost_usd": number(outcome.fixed_cost_usd[k]),
        "invoice_usd": number(outcome.invoice_usd[k]), "error_cost_usd": number(follows.error_cost_usd[k]),
        "review_cost_usd": number(follows.review_cost_usd[k]), "handoff_cost_usd": number(follows.handoff_cost_usd[k]),
        "total_usd": number(outcome.total_usd[k]), "expected_errors": number(follows.expected_errors[k]),
        "error_rate": number(outcome.error_share[k]), "residual_error_rate": number(follows.residual_error_share[k]),
        "error_origin": ORIGINS[int(outcome.origin[k])], "escalation_share": number(outcome.escalation_share[k]),
        "random_split_error_rate": number(outcome.random_error_share[k]),
        "best_order_error_rate": number(outcome.best_order_error_share[k]),
        "independent_error_rate": number(outcome.independent_error_share[k]),
        "p50_latency_s": number(result.latency.p50_s[k]), "p95_latency_s": number(result.latency.p95_s[k]),
        "total_p50_latency_s": number(result.latency.total_p50_s[k]),
        "total_p95_latency_s": number(result.latency.total_p95_s[k]),
        "infeasible_because": result.blocked[k],
    }


def recommendation_values(study: Study) -> Values:
    """The whole of ``recommend --json``."""
    advice, evaluation = study.recommendation, study.evaluation
    states = advice.setting.states
    return {
        **stamp(evaluation),
        "scenario": None if advice.scenario is None else scenario_values(advice.scenario, evaluation),
        "sentence": sentence(study), "confidence": advice.confidence,
        "reasons": [f"{reason.claim}: {reason.because}" for reason in reasons(study)],
        "changes_if": changes_if_values(study),
        "categories": [_choice_values(i, advice) for i in range(len(advice.categories))],
        "feasible": advice.feasible, "binding_limits": list(advice.binding_limits),
        "relaxations": [_relaxation_values(each, advice) for each in advice.relaxations], "gap": advice.gap,
        "paybacks": [
            {"endpoint": each.endpoint, "one_off_usd": each.one_off_usd, "saving_usd_per_month": each.saving_usd,
             "payback_months": each.months, "categories": list(each.categories), "words": payback_words(each, states)}
            for each in advice.paybacks
        ],
        "roll_out": _plain(None if (way := roll_out(advice, evaluation)) is None else asdict(way)),
        "warnings": [*(advice.scenario.warnings if advice.scenario else ()), *limit_notes(study), *evaluation.warnings],
        "alternatives_named": {name: state.label for name, state in states.items()},
    }


def _relaxation_values(found: Relaxation, advice: Recommendation) -> Values:
    return {
        "limit": found.limit, "category": found.category, "now": found.now, "needed": found.needed,
        "strategy": strategy_values(found.strategy), "invoice_usd": found.invoice_usd, "total_usd": found.total_usd,
        "together": found.together, "words": relaxation_words(found, advice.setting.states),
    }


def changes_if_values(study: Study) -> list[Values]:
    """Every threshold at which the recommendation changes, nearest first, and the volume that makes hosting pay."""
    states = study.recommendation.setting.states
    found: list[Values] = []
    for each in study.recommendation.thresholds:
        words, then = threshold_words(each, states)
        found.append({"input": f"{each.kind} of {each.subject}", "threshold": each.threshold, "now": each.now,
                      "then": then, "category": each.category, "words": words})
    host = study.self_host
    if isinstance(host, Crossover) and host.invoice.permanent is not None:
        found.append({
            "input": "requests_per_month", "threshold": host.invoice.permanent.requests_per_month,
            "now": host.invoice.today.requests_per_month, "then": host.challenger.name, "category": None,
            "words": "self-hosting pays for good",
        })
    return found


def _choice_values(i: int, advice: Recommendation) -> Values:
    choice, states = advice.categories[i], advice.setting.states
    return {
        "name": choice.name,
        "rule": {"tier": choice.rule.tier, "strategy": choice.rule.strategy, "rules": list(choice.rule.rules),
                 "because": list(choice.rule.because), "bands": choice.rule.bands._asdict()},
        "economic": {"strategy": None if choice.strategy is None else strategy_values(choice.strategy),
                     "total_usd": choice.total_usd, "size": choice.size,
                     "words": None if choice.strategy is None else strategy_phrase(choice.strategy, states)},
        "agree": choice.agree, "why": why(choice, states),
        "alternatives": [
            {"strategy": strategy_values(each.strategy), "total_usd": each.total_usd,
             "residual_error_rate": each.residual_error_share, "infeasible_because": each.infeasible_because,
             "within_quality_margin": each.within_margin, "batch_share": each.batch_share}
            for each in choice.alternatives
        ],
    }


def crossover_values(found: Crossover) -> Values:
    """The whole of ``break-even --json``."""
    return {
        "challenger": found.challenger.name, "incumbent": found.incumbent.name,
        **_crossing_values(found.invoice, found.timing),
        "including_errors": _crossing_values(found.including_errors, found.timing_including_errors),
    }


def _crossing_values(found: BreakEven, timing: Timing) -> Values:
    return {key: _plain(value) for key, value in {**asdict(found), **asdict(timing)}.items()}


def _plain(value: Any) -> Any:
    """Containers of plain values, NaN and infinities as None."""
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(part) for part in value]
    if isinstance(value, (float, np.floating)):
        return number(value)
    return value
