"""The engine agrees with the method worked out a second time, one number at a time (tests/oracle.py)."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.domain.plan import Plan, build_plan
from planner.engine.evaluate import evaluate
from tests.laws.plans import basic, categories, plans
from tests.market import DAY, MARKET
from tests.oracle import Judge, busy_replicas, replicas_for


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


OWN = ("own", "small", "large")
LAWS = st.one_of(
    st.just({"measured_requests_per_s": 0.5}),
    st.just({"capacity": {"a_s_per_input_token": 1e-5, "b_s_per_output_token": 1e-4,
                          "c_s_per_output_token_per_context_token": 1e-8}, "latency_factor": 0.5}),
)
HARDWARE = st.builds(
    lambda law, hit, peak, spare: {
        "kind": "self_hosted", "model": "open", "gpu": "H100 SXM", "gpus_per_replica": 2, "usd_per_gpu_hour": 2.0,
        "prefix_hit_share": hit, "redundancy": spare, "overhead": 0.2, "fte": 0.5, "fte_usd_per_month": 10_000,
        "other_fixed_usd_per_month": 7, "egress_usd_per_gb": 0, **law,
        **({} if peak is None else {"peak_factor": peak}),
    },
    LAWS, st.sampled_from([0, 0.3]), st.sampled_from([None, 2.5]), st.sampled_from([0, 2]),
)


@settings(max_examples=30)
@given(work=st.tuples(categories("Mail", OWN), categories("Chat", OWN)), own=HARDWARE, strategy=basic(OWN))
def test_own_hardware_under_every_strategy(work: tuple[Any, Any], own: dict[str, Any], strategy: Any) -> None:
    plan = build_plan({
        "workload": {"categories": [{**each, "load": load, "batch_share": 0}
                                    for each, load in zip(work, ("office_hours", "always_on"), strict=True)]},
        "endpoints": {"own": own}, "scenarios": [{"name": "A", "strategy": strategy}],
    }, "plan", MARKET)
    judge = Judge(plan, DAY, MARKET)
    (result,) = evaluate(plan, DAY, MARKET).scenarios
    answers = {each.name: judge.answer(each, plan.scenarios[0].strategy) for each in plan.workload.categories}
    if not any(place[0].startswith("own") and calls > 0 for each in answers.values()
               for place, calls in each.load.items()):
        assert result.hosted == ()
        return
    (hosted,) = result.hosted
    load = busy_replicas(judge, "own", answers, strategy.get("thinking_factor", 1.0))
    usable = 0.8 * (own.get("latency_factor", 1.0))
    assert hosted.load == pytest.approx(load, rel=1e-6, abs=1e-9)
    if abs(load / usable - round(load / usable)) > 1e-5:
        replicas = replicas_for(load, usable, own["redundancy"])
        # 2 GPUs at $2 for 730 h with a fifth on top, half a post at $10,000 and $7
        assert hosted.replicas == replicas
        assert result.total("fixed_cost_usd") == pytest.approx(replicas * 2 * 2 * 730 * 1.2 + 5007, rel=1e-9)
