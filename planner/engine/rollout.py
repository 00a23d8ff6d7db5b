"""How to switch: shadow traffic, steps, alerts and the way back, with this plan's numbers (rule R29)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from planner.engine.attribution import EXTRA_ENDPOINT
from planner.engine.evaluate import Evaluation, ScenarioResult
from planner.engine.recommend import Recommendation

HOURS_PER_DAY = 24.0


@dataclass(frozen=True)
class Step:
    """A part of the requests that goes the new way."""

    share: float
    requests_per_day: float
    """Requests that go the new way."""
    invoice_usd_per_day: float
    """Both ways together; what is fixed is paid for both until the last step."""
    errors_per_day: float
    """Wrong answers of both ways together."""


@dataclass(frozen=True)
class Alert:
    """A figure to watch, what to expect of it, and from where on to go back a step."""

    kind: str
    """escalation_share, error_share, usd_per_success or invoice_usd."""
    category: str | None
    """None for the whole."""
    expected: float
    alert_at: float
    turns_answer: bool
    """Whether beyond it another strategy would be the better one; else it is a margin on what is expected."""


@dataclass(frozen=True)
class RollOut:
    """Everything rule R29 asks for."""

    shadow_days: float
    shadow_requests: float
    """Requests that are answered both ways."""
    shadow_usd: float
    """What the second answers cost on top of the bill that is paid anyway."""
    steps: tuple[Step, ...]
    alerts: tuple[Alert, ...]
    back_to: str
    """The scenario that stays switched on as the way back."""
    back_usd: float
    """Its invoice a month, which returns with it."""
    fallback: str | None
    """Endpoint of another seller that could take over from the one with the most calls; None where there is none."""
    fallback_seller: str | None


def roll_out(advice: Recommendation, evaluation: Evaluation) -> RollOut | None:
    """The way from the baseline to the recommendation; None where there is nothing to move from, or to."""
    best, old = advice.scenario, advice.baseline
    requests = float(evaluation.demand.requests.sum())
    if best is None or old is None or not best.is_priced or not old.is_priced or best.strategy == old.strategy:
        return None
    if requests <= 0:
        return None
    value = evaluation.register.value
    days = value("hours_per_month") / HOURS_PER_DAY
    shadow_days = value("shadow_traffic_days")
    steps = tuple(_step(share, old, best, requests, days)
                  for share in (value("rollout_first_share"), value("rollout_second_share"), 1.0))
    fallback = _fallback(advice, best)
    return RollOut(
        shadow_days, requests * shadow_days / days, _usd(best, "invoice_usd") * shadow_days / days, steps,
        tuple(_alerts(advice, best, evaluation)), old.name, _usd(old, "invoice_usd"),
        *((None, None) if fallback is None else fallback),
    )


def _usd(result: ScenarioResult, field: str) -> float:
    return result.total(field) or 0.0


def _step(share: float, old: ScenarioResult, new: ScenarioResult, requests: float, days: float) -> Step:
    """Requests are drawn at random, so spend and errors lie on the straight line between the two ways."""

    def between(field: str) -> float:
        return (1.0 - share) * _usd(old, field) + share * _usd(new, field)

    fixed = _usd(new, "fixed_cost_usd") + (_usd(old, "fixed_cost_usd") if share < 1.0 else 0.0)
    invoice = between("spend_usd") + fixed
    return Step(share, share * requests / days, invoice / days, between("expected_errors") / days)


def _alerts(advice: Recommendation, best: ScenarioResult, evaluation: Evaluation) -> Iterator[Alert]:
    demand, plan, value = evaluation.demand, evaluation.plan, evaluation.register.value
    margin = value("planning_margin_share")
    quality = plan.limits.quality_margin
    quality = value("quality_margin_share") if quality is None else quality
    turns = () if advice.turns is None else advice.turns.quality
    sent_on = {each.category: each.threshold for each in turns if each.kind == "escalation"}
    for k, name in enumerate(demand.names):
        escalates = float(best.outcome.escalation_share[k])
        if np.isfinite(escalates) and escalates > 0:
            limit = sent_on.get(name)
            limit = None if limit is None or limit <= escalates else limit
            yield Alert("escalation_share", name, escalates,
                        min(1.0, escalates * (1.0 + margin)) if limit is None else limit, limit is not None)
        wrong = float(best.outcome.error_share[k])
        caught = float(demand.review_share[k] * demand.catch_share[k])
        ceiling = float(demand.max_error_share[k]) / (1.0 - caught) if caught < 1.0 else np.inf
        yield Alert("error_share", name, wrong, min(wrong + quality, ceiling, 1.0), False)
    served, uncaught = _usd(best, "served_requests"), _usd(best, "uncaught_errors")
    if served > uncaught:
        fields = ("invoice_usd", "review_cost_usd", "handoff_cost_usd", "fix_cost_usd")
        each = sum(_usd(best, field) for field in fields) / (served - uncaught)
        yield Alert("usd_per_success", None, each, each * (1.0 + margin), False)
    invoice, budget = _usd(best, "invoice_usd"), plan.limits.monthly_budget_usd
    yield Alert("invoice_usd", None, invoice, invoice * (1.0 + margin) if budget is None else budget, False)


def _fallback(advice: Recommendation, best: ScenarioResult) -> tuple[str, str] | None:
    """The single model of another seller with the least total in the category that uses the main endpoint most."""
    uses = [use for use in best.endpoints if use.id != EXTRA_ENDPOINT]
    if not uses:
        return None
    main = max(uses, key=lambda use: use.requests)
    choice = advice.categories[int(np.argmax(main.calls_by_category))]
    states = advice.setting.states
    for each in sorted(choice.alternatives, key=lambda each: np.inf if each.total_usd is None else each.total_usd):
        if each.strategy.kind == "single" and each.infeasible_because is None and each.batch_share is None:
            state = states[each.strategy.model]
            if state.seller != main.seller:
                return each.strategy.model, state.seller
    return None
