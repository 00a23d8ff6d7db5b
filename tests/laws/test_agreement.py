"""The engine agrees with the method worked out a second time, one number at a time (tests/oracle.py)."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.domain.plan import Plan
from planner.engine.evaluate import evaluate
from tests.laws.plans import plans
from tests.market import DAY, MARKET
from tests.oracle import Judge


@pytest.mark.parametrize("names", [("Mail",), ("Mail", "Chat")], ids=["one category", "two categories"])
@settings(max_examples=25)
@given(data=st.data())
def test_every_figure_of_every_strategy(names: tuple[str, ...], data: st.DataObject) -> None:
    plan: Plan = data.draw(plans(names))
    judge = Judge(plan, DAY, MARKET)
    evaluation = evaluate(plan, DAY, MARKET)
    for scenario, result in zip(plan.scenarios, evaluation.scenarios, strict=True):
        follows = result.outcome.follows
        for k, category in enumerate(plan.workload.categories):
            expected = judge.answer(category, scenario.strategy)
            figures = {
                "spend_usd": (result.outcome.spend_usd, 1e-7),
                "error_share": (result.outcome.error_share, 1e-6),
                "residual_error_share": (follows.residual_error_share, 1e-6),
                "error_cost_usd": (follows.error_cost_usd, 1e-5),
                "fix_cost_usd": (follows.fix_cost_usd, 1e-5),
                "review_cost_usd": (follows.review_cost_usd, 1e-5),
                "handoff_cost_usd": (follows.handoff_cost_usd, 1e-9),
                "served_requests": (result.outcome.served_requests, 1e-9),
                "worst_case_spend_usd": (result.outcome.worst_case_spend_usd, 1e-9),
                "escalation_share": (result.outcome.escalation_share, 1e-6),
                "random_error_share": (result.outcome.random_error_share, 1e-6),
                "independent_error_share": (result.outcome.independent_error_share, 1e-6),
            }
            for name, (values, within) in figures.items():
                wanted, got = getattr(expected, name), float(values[k])
                if math.isnan(wanted):
                    assert math.isnan(got), f"{scenario.name} > {category.name} > {name}: {got} is a number"
                else:
                    slack = within * max(1.0, category_scale(name, expected.requests))
                    assert got == pytest.approx(wanted, rel=within, abs=slack), (
                        f"{scenario.name} > {category.name} > {name}")
            best = float(result.outcome.best_order_error_share[k])
            if not (math.isnan(best) or math.isnan(expected.best_order_error_share)):
                assert best == pytest.approx(expected.best_order_error_share, abs=2e-3)


def category_scale(name: str, requests: float) -> float:
    """Amounts that follow from an error share carry its rounding times the number of requests."""
    return requests * 50 if name.endswith("_usd") and name != "spend_usd" else 1.0
