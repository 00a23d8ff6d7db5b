"""How fast the engine is, as ratios within one run; `make bench` prints them with pytest-benchmark's timings."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import genai_prices
import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from planner.domain.plan import Plan, load_plan
from planner.domain.templates import example_plan
from planner.engine.evaluate import evaluate
from planner.engine.split import easiest_first, usd_at_shares
from planner.engine.study import study
from pricing.charge import Rates, charge
from tests.benchmarks.ratios import ratio

DAY = date(2026, 11, 25)


@pytest.fixture(scope="module")
def plan() -> Plan:
    """Ten categories and six scenarios, made of the example."""
    example = load_plan(example_plan().path)
    categories = tuple(
        category.model_copy(update={"name": f"{category.name} {i}"})
        for i in range(3) for category in example.workload.categories
    )[:10]
    workload = example.workload.model_copy(update={"categories": categories})
    return example.model_copy(update={"workload": workload, "evaluations": ()})


def test_the_cube_of_splits_costs_little_more_than_writing_it_once(benchmark: BenchmarkFixture) -> None:
    """100 categories x 300 endpoints x 101 splits between each endpoint and one large model."""
    random = np.random.default_rng(1)
    routine_usd, complex_usd = random.random((2, 100, 300))
    large_routine, large_complex = random.random((2, 100, 1))
    routine_share = random.random(100)
    easy, hard = easiest_first(np.linspace(0, 1, 101)[None, :], routine_share[:, None])

    # all at the large model, and what a routine and what a complex request costs less at the small one
    large_usd = routine_share[:, None] * large_routine + (1 - routine_share[:, None]) * large_complex
    saved = routine_usd - large_routine, complex_usd - large_complex
    parts_usd = np.stack((np.broadcast_to(large_usd, saved[0].shape), *saved), axis=-1)
    shares = np.stack((np.ones_like(easy), easy, hard), axis=-2)

    def cube() -> np.ndarray:
        return usd_at_shares(parts_usd, shares)

    def write_once() -> np.ndarray:
        return np.full((100, 300, 101), 1.0)

    found = ratio(cube, write_once, repeats=3, against_repeats=3)
    benchmark.extra_info["times writing the result once"] = round(found, 2)
    benchmark(cube)
    if benchmark.enabled:
        assert found < 2.5  # about 2.0 on two shared cores; the margin is for a busy machine


def test_a_pair_is_priced_at_least_ten_thousand_times_cheaper_than_by_a_call(benchmark: BenchmarkFixture) -> None:
    """100 requests x 300 prices in one call of ours, against one call of genai-prices for one pair."""
    random = np.random.default_rng(2)
    rates = Rates(*random.random((5, 300)))
    tokens_in, tokens_out = random.integers(100, 5_000, (2, 100, 1)).astype(float)
    usage = genai_prices.Usage(input_tokens=1_000, output_tokens=200)

    def ours() -> np.ndarray:
        return charge(rates, tokens_in, tokens_out, 0.4, 0.1)

    def theirs() -> object:
        return genai_prices.calc_price(
            usage, model_ref="claude-haiku-4-5", provider_id="anthropic",
            genai_request_timestamp=datetime(2026, 11, 1, tzinfo=UTC),
        )

    found = ratio(theirs, ours, repeats=20, against_repeats=20) * ours().size
    benchmark.extra_info["pairs of ours for one call of genai-prices"] = round(found)
    benchmark(ours)
    if benchmark.enabled:
        assert found > 10_000


def test_a_plan_of_ten_categories_and_six_scenarios(benchmark: BenchmarkFixture, plan: Plan) -> None:
    result = benchmark(evaluate, plan, DAY)
    assert len(result.scenarios) == 6


def test_a_whole_study_of_that_plan(benchmark: BenchmarkFixture, plan: Plan) -> None:
    """Evaluation, recommendation, and self-hosting with its forecast: what a page waits for after an edit."""
    result = benchmark(study, plan, DAY)
    assert result.recommendation.scenario is not None


def test_the_command_line_starts_cold(benchmark: BenchmarkFixture, repository: Path) -> None:
    """`planner evaluate` in a new process, beside one that only imports the libraries it stands on."""
    template = str(example_plan().path)

    def run(*arguments: str) -> None:
        subprocess.run([sys.executable, *arguments], cwd=repository, check=True, capture_output=True)

    def planner() -> None:
        run("-m", "planner", "evaluate", template, "--json")

    found = ratio(planner, lambda: run("-c", "import numpy, pydantic, yaml"), rounds=3 if benchmark.enabled else 1)
    benchmark.extra_info["times importing its libraries"] = round(found, 2)
    benchmark.pedantic(planner, rounds=3 if benchmark.enabled else 1)
