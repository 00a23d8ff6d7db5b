"""How fast doubt is priced, beside drawing the random numbers alone."""

from __future__ import annotations

from datetime import date
from itertools import combinations
from typing import Any

from pytest_benchmark.fixture import BenchmarkFixture

from planner.domain.plan import Plan, build_plan, load_plan
from planner.domain.templates import example_plan
from planner.engine.draws import draw
from planner.engine.evaluate import evaluate
from planner.engine.response import respond
from planner.engine.study import study
from planner.engine.uncertainty import assess_study
from tests.benchmarks.ratios import ratio

DAY = date(2026, 11, 25)
MODELS = ("claude-haiku-4-5", "claude-opus-4-5", "gpt-5.4", "gpt-5.4-mini", "gemini-2.5-flash", "claude-sonnet-4-5")


def wide_plan(categories: int) -> Plan:
    """Volume, lengths and error cost as ranges, six measured models; 6 single models, 14 splits, 10 cascades."""
    work: list[dict[str, Any]] = [
        {"name": f"Category {k}", "task": "classification", "complexity": ("low", "medium", "high")[k % 3],
         "requests_per_month": {"low": 1_000.0 * (k + 1), "likely": 1_500.0 * (k + 1), "high": 2_600.0 * (k + 1)},
         "input_tokens_per_request": {"low": 900.0, "likely": 1_500.0, "high": 2_500.0},
         "output_tokens_per_request": {"low": 200.0, "likely": 300.0, "high": 500.0},
         "error_cost_usd": {"low": 0.1, "likely": 0.2, "high": 0.4}}
        for k in range(categories)
    ]
    measured = [{"category": each["name"], "models": {
        model: {"n": 200, "correct": 170 + 4 * i} for i, model in enumerate(MODELS)}} for each in work]
    pairs = list(combinations(MODELS, 2))
    strategies: list[dict[str, Any]] = [{"kind": "single", "model": model} for model in MODELS]
    strategies += [{"kind": "split", "small": a, "large": b, "small_share": share}
                   for a, b in pairs[:7] for share in (0.75, 0.9)]
    strategies += [{"kind": "cascade", "stages": [a, b], "usd_per_check": [0.0001]} for a, b in pairs[:10]]
    return build_plan({"workload": {"categories": work}, "evaluations": measured, "scenarios": [
        {"name": f"S{i}", "strategy": strategy} for i, strategy in enumerate(strategies)]})


def test_pricing_ten_thousand_draws_costs_little_more_than_drawing_them(benchmark: BenchmarkFixture) -> None:
    """10,000 draws x 50 categories x 30 strategies against the random numbers alone; fewer where no time is taken."""
    draws = 10_000 if benchmark.enabled else 500
    wide = respond(evaluate(wide_plan(50 if benchmark.enabled else 4), DAY))
    values = draw(wide.inputs, count=draws)

    def priced() -> Any:
        return wide.totals(values).total_usd()

    found = ratio(priced, lambda: draw(wide.inputs, count=draws), rounds=7 if benchmark.enabled else 1)
    benchmark.extra_info["times drawing the random numbers"] = round(found, 2)
    benchmark.pedantic(priced, rounds=3 if benchmark.enabled else 1)
    if benchmark.enabled:
        assert found < 4.0  # about 2.7 on two shared cores; the margin is for a busy machine


def test_the_outlook_of_the_example(benchmark: BenchmarkFixture) -> None:
    """10,000 draws, seven scenarios, 24 months: what the page of forecast and risk waits for."""
    found = study(load_plan(example_plan().path), DAY)
    outlook = benchmark.pedantic(lambda: assess_study(found, draws=10_000 if benchmark.enabled else 500),
                                 rounds=3 if benchmark.enabled else 1)
    assert outlook.risk.best is not None
