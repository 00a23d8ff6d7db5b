"""Public results, replayed question by question: the joint formula is exact, the difficulty model beats independence.

`python -m tests.replays` prints the table that these tests hold in aggregate.
"""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from planner.domain.plan import Plan, build_plan
from planner.engine.cascade import escalation, joint_of_counts, two_stage_error
from planner.engine.evaluate import evaluate
from planner.engine.measured import measure
from planner.engine.recommend import recommend
from pricing.catalog import load_catalog
from tests.replays import (
    FILES,
    Miss,
    answered,
    misses,
    repeated_misses,
    replayed_error,
    replays,
    requests_of,
)

DAY = date(2026, 11, 25)


@pytest.mark.parametrize("file", FILES)
def test_the_joint_formula_is_the_replay(file: str) -> None:
    requests = requests_of(file)
    counted = {(pair.counts.small, pair.counts.large): pair.counts
               for pair in measure(requests, load_catalog(), DAY, 0.02).pairs}
    assert len(counted) == len(requests.models) * (len(requests.models) - 1) // 2
    for (small, large), counts in counted.items():
        first, second = answered(requests, small, large)
        for a, b in ((0.9, 0.2), (1.0, 0.0), (0.7, 0.7), (0.35, 0.05)):
            assert float(two_stage_error(joint_of_counts(counts), a, b)) == pytest.approx(
                replayed_error(first, second, a, b), abs=1e-9
            )


def test_gpt_4o_mini_and_gpt_4o_on_competition_maths() -> None:
    # Counted: both right 297, only mini 75, only 4o 100, neither 247 of 719. A check passes 90 % right, 20 % wrong.
    # Onward: (372 * 0.1 + 347 * 0.8) / 719 = 0.43783. Error: (347 * 0.2 + 75 * 0.1 + 247 * 0.8) / 719 = 0.38178.
    first, second = answered(requests_of("competition_maths"), "gpt4omini", "gpt4o")
    assert [int((first * second).sum()), int(first.sum()), int(second.sum()), len(first)] == [297, 372, 397, 719]
    assert float(escalation(347 / 719, 0.9, 0.2)) == pytest.approx(0.437830, abs=1e-6)
    assert replayed_error(first, second) == pytest.approx(0.381780, abs=1e-6)
    told = next(each for each in replays("competition_maths") if (each.first, each.second) == ("gpt4omini", "gpt4o"))
    assert told.by_independence == pytest.approx(0.292602, abs=1e-6)
    assert told.by_difficulty == pytest.approx(0.381780, abs=0.01)


@pytest.mark.parametrize(
    ("file", "cases", "at_most_points", "independence_at_least"),
    [("competition_maths", 15, 1.5, 6.0), ("mixed_questions", 1, 1.5, 6.0), ("shell_tasks", 10, 1.5, 1.0)],
)
def test_two_accuracies_alone_foretell_a_cascade(file: str, cases: int, at_most_points: float,
                                                 independence_at_least: float) -> None:
    found = misses(file)
    assert found.cases == cases
    assert found.by_difficulty < at_most_points
    assert found.by_independence > independence_at_least
    assert found.by_difficulty < found.by_independence


def test_over_all_files_the_difficulty_model_is_nearer() -> None:
    every = [misses(file) for file in FILES]
    assert np.mean([each.by_difficulty for each in every]) < 2.5
    assert np.mean([each.by_independence for each in every]) > 4.5


def test_where_models_answer_by_habit_only_counting_helps() -> None:
    # Is 17077 a prime? One model says yes to nearly all, another no: their failures exclude each other, and no
    # difficulty explains that. The model is off by 6 points; the counted pair is exact, whatever the reason.
    found = misses("number_puzzles")
    assert found.by_difficulty > found.by_independence
    requests = requests_of("number_puzzles")
    phis = [pair.paired.phi for pair in measure(requests, load_catalog(), DAY, 0.02).pairs]
    assert any(phi is not None and phi < -0.2 for phi in phis)


def test_repeated_tries_of_agents() -> None:
    # 16.6 points off if tries were independent; the same spread of difficulty leaves 4.9.
    four = repeated_misses()[-1]
    assert isinstance(four, Miss)
    assert four.cases == 77
    assert four.by_difficulty == pytest.approx(4.9, abs=0.1)
    assert four.by_independence == pytest.approx(16.6, abs=0.1)


@pytest.mark.parametrize("count", [2, 3])
def test_a_cascade_with_a_real_check_is_replayed_exactly(count: int) -> None:
    # The check: the answer agrees with another model's.
    requests = requests_of("competition_maths")
    found = measure(requests, load_catalog(), DAY, 0.02).cascades
    cascades = [each for each in found if len(each.counted.stages) == count]
    assert cascades
    for cascade in cascades:
        columns = [requests.models.index(name) for name in cascade.counted.stages]
        wrong = asked_again = 0
        for right, accepted in zip(requests.correct, requests.accepted, strict=True):
            stage = 0
            while stage < count - 1 and not accepted[columns[stage]]:
                stage += 1
            wrong += 1 - int(right[columns[stage]])
            asked_again += stage > 0
        assert cascade.outcome.error_share == pytest.approx(wrong / 719, abs=1e-9)
        assert cascade.outcome.reached[1] == pytest.approx(asked_again / 719, abs=1e-9)


def plan_of_maths(accept_wrong: float, ceiling: float | None = None) -> Plan:
    """The two models of the maths file at made-up prices, 16 to 1, with what was counted."""
    mini, large = "mini", "large"
    return build_plan({
        "workload": {"categories": [{
            "name": "Maths", "task": "reasoning", "requests_per_month": 10_000, "input_tokens_per_request": 200,
            "output_tokens_per_request": 500, "error_cost_usd": 2, "max_error_rate": ceiling,
        }]},
        "evaluations": [{
            "category": "Maths", "models": {mini: {"n": 719, "correct": 372}, large: {"n": 719, "correct": 397}},
            "pairs": [{"small": mini, "large": large, "n11": 297, "n10": 75, "n01": 100, "n00": 247}],
        }],
        "endpoints": {mini: {"kind": "custom", "input_usd_per_mtok": 0.15, "output_usd_per_mtok": 0.6},
                      large: {"kind": "custom", "input_usd_per_mtok": 2.4, "output_usd_per_mtok": 9.6}},
        "scenarios": [
            {"name": "Large", "strategy": {"kind": "single", "model": large}},
            {"name": "Cascade", "strategy": {"kind": "cascade", "stages": [mini, large], "accept_right": [0.9],
                                             "accept_wrong": [accept_wrong]}},
        ],
    })


def test_independence_reverses_a_verdict_on_real_results_and_the_product_says_so() -> None:
    # A weak check passes 70 % of wrong answers. Counted: (347 * 0.7 + 75 * 0.1 + 247 * 0.3) / 719 = 45.1 % wrong, more
    # than the 44.8 % of the large model alone. Independent failures would say 42.6 %: fewer. An error costs $2, so the
    # totals turn with the error rates.
    found = evaluate(plan_of_maths(0.7), DAY)
    alone, cascade = found.scenario("Large"), found.scenario("Cascade")
    assert cascade.outcome.error_share[0] == pytest.approx(0.45132, abs=1e-5)
    assert cascade.outcome.independent_error_share[0] == pytest.approx(0.42583, abs=1e-4)
    assert cascade.outcome.independent_error_share[0] < alone.outcome.error_share[0] < cascade.outcome.error_share[0]
    total_alone, total = alone.total("total_usd") or 0.0, cascade.total("total_usd") or 0.0
    gap = float(cascade.outcome.error_share[0] - cascade.outcome.independent_error_share[0])
    assert total > total_alone > total - 10_000 * 2 * gap
    assert any("failed independently" in words and "42.6%" in words and "45.1%" in words for words in cascade.warnings)


def test_a_ceiling_that_only_independence_would_keep_is_not_kept() -> None:
    # With the usual check the cascade errs in 38.2 %; independent failures would say 29.3 % and pass a ceiling of 35 %.
    found = evaluate(plan_of_maths(0.2, ceiling=0.35), DAY)
    cascade = found.scenario("Cascade")
    assert cascade.outcome.independent_error_share[0] < 0.35 < cascade.outcome.error_share[0]
    assert any("above your ceiling of 35.0%" in words for words in cascade.warnings)
    advice = recommend(found)
    assert all(each.strategy.kind != "cascade" for each in advice.categories[0].alternatives
               if each.infeasible_because is None)
