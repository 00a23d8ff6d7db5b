"""How fast own servers are compared; `make bench` prints the timings."""

from __future__ import annotations

from datetime import date

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from planner.domain.plan import load_plan
from planner.domain.templates import example_plan
from planner.engine.break_even import CostCurve, Staircase, find_break_even
from planner.engine.evaluate import Evaluation, evaluate
from planner.engine.hosting_options import hosting_choices
from planner.engine.sensitivity import PriceGrid, Sensitivity, price_grid, sensitivity
from tests.benchmarks.ratios import seconds

DAY = date(2026, 11, 25)


@pytest.fixture(scope="module")
def evaluation() -> Evaluation:
    return evaluate(load_plan(example_plan().path), DAY)


def least_ms(benchmark: BenchmarkFixture, action: object) -> float:
    """The fastest of several calls in milliseconds: a busy machine slows some of them, not the code."""
    assert callable(action)
    found = min(seconds(action) for _ in range(7)) * 1e3
    benchmark.extra_info["fastest ms"] = round(found, 2)
    return found


def test_a_break_even_with_forty_crossings(benchmark: BenchmarkFixture) -> None:
    """A server of $1,000 that carries a million requests, against $0.00102 a request: they cross on every step."""
    rented = CostCurve(staircases=(Staircase(requests_per_replica=1e6, usd_per_unit=1_000.0),), fixed_usd=-480.0)
    api = CostCurve(usd_per_request=0.00102)

    def find() -> int:
        found = find_break_even(rented, api, 500_000, tokens_per_request=1_000)
        return len(found.crossings) + (found.crossings_not_listed or 0)

    assert benchmark(find) >= 40
    if benchmark.enabled:
        assert least_ms(benchmark, find) < 20


def test_the_sensitivity_of_every_input_and_the_square_of_prices(benchmark: BenchmarkFixture, evaluation: Evaluation
                                                                 ) -> None:
    """Ten inputs at both ends, and 36 pairs of prices, each an exact break-even."""
    own, rival = evaluation.scenario("Own Llama"), evaluation.scenario("Opus for everything")

    def both() -> tuple[object, object]:
        return sensitivity(evaluation, own, rival), price_grid(evaluation, own, rival)

    found, grid = benchmark(both)
    assert isinstance(found, Sensitivity)
    assert isinstance(grid, PriceGrid)
    assert len(found.swings) == 10
    assert grid.requests_per_month.shape == (6, 6)
    if benchmark.enabled:
        assert least_ms(benchmark, both) < 300


def test_every_machine_for_every_open_model(benchmark: BenchmarkFixture, evaluation: Evaluation) -> None:
    found = benchmark(hosting_choices, evaluation, ["Support bot"])
    assert sum(each.usd_per_month is not None for each in found) > 50
