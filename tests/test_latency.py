"""How soon answers come: percentiles of mixtures, limits with both figures, and what nobody has measured."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pytest

from planner.domain.latency_table import MeasuredLatency, load_latency_table
from planner.domain.plan import Plan, build_plan
from planner.engine.evaluate import Evaluation, evaluate
from planner.engine.latency import Moments, cascade_paths, lognormal, mixture_quantiles, share_within
from planner.engine.recommend import recommend
from planner.views.records import evaluation_values

DAY = date(2026, 11, 25)
HAIKU, OPUS = "claude-haiku-4-5", "claude-opus-4-5"
# Live traffic, Anthropic's own service: seconds to the first token (middle, 95 of 100) and tokens per second.
HAIKU_TTFT, HAIKU_TTFT_P95, HAIKU_SPEED = 0.7354, 2.0698, 74.9
OPUS_TTFT, OPUS_TTFT_P95 = 1.5294, 4.3663


def plan_of(strategy: dict[str, Any], **category: Any) -> Plan:
    return build_plan({
        "workload": {"categories": [{"name": "Chat", "task": "chat", "requests_per_month": 1000,
                                     "input_tokens_per_request": 500, "output_tokens_per_request": 100, **category}]},
        "scenarios": [{"name": "It", "strategy": strategy}],
    })


def single(model: str) -> dict[str, Any]:
    return {"kind": "single", "model": model}


def cascade(*stages: str, **terms: Any) -> dict[str, Any]:
    return {"kind": "cascade", "stages": list(stages), **terms}


def seconds(found: Evaluation) -> tuple[float, float, float, float]:
    """Median and 95 of 100 to the first answer token, and the same for the whole answer."""
    p50, p95, total_p50, total_p95 = (float(each[0]) for each in found.scenarios[0].latency)
    return p50, p95, total_p50, total_p95


def drawn(median: float, p95: float, seed: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Half a million lognormal times with that middle and slow tail."""
    normal = np.random.default_rng(seed).normal(size=500_000)
    return median * np.exp(np.log(p95 / median) / 1.6448536 * normal)


def test_one_model_waits_as_long_as_was_measured() -> None:
    p50, p95, total_p50, total_p95 = seconds(evaluate(plan_of(single(HAIKU)), DAY))
    assert (p50, p95) == (pytest.approx(HAIKU_TTFT), pytest.approx(HAIKU_TTFT_P95))
    # 100 tokens at 74.9 a second; the slowest 5 of 100 at 74.9 / 1.41. Drawn instead of added:
    whole = drawn(HAIKU_TTFT, HAIKU_TTFT_P95, 1) + drawn(100 / HAIKU_SPEED, 141 / HAIKU_SPEED, 2)
    assert total_p50 == pytest.approx(np.quantile(whole, 0.5), rel=0.02)
    assert total_p95 == pytest.approx(np.quantile(whole, 0.95), rel=0.02)


def test_a_split_waits_like_the_mixture_and_not_like_a_mean() -> None:
    split = {"kind": "split", "small": HAIKU, "large": OPUS, "small_share": 0.75}
    p50, p95, *_ = seconds(evaluate(plan_of(split), DAY))
    small, large = drawn(HAIKU_TTFT, HAIKU_TTFT_P95, 3), drawn(OPUS_TTFT, OPUS_TTFT_P95, 4)
    both = np.concatenate((small[:375_000], large[:125_000]))
    assert p50 == pytest.approx(np.quantile(both, 0.5), rel=0.01)
    assert p95 == pytest.approx(np.quantile(both, 0.95), rel=0.01)
    assert HAIKU_TTFT_P95 < p95 < 0.75 * HAIKU_TTFT_P95 + 0.25 * OPUS_TTFT_P95 + 0.5


def test_a_cascade_shows_nothing_before_the_first_answer_is_checked() -> None:
    found = evaluate(plan_of(cascade(HAIKU, OPUS), error_rates={HAIKU: 0.2, OPUS: 0.1}), DAY)
    p50, p95, total_p50, total_p95 = seconds(found)
    onward = float(found.scenarios[0].outcome.escalation_share[0])
    assert onward == pytest.approx(0.24)  # 0.8 * 0.1 + 0.2 * 0.8
    first = drawn(HAIKU_TTFT, HAIKU_TTFT_P95, 5) + drawn(100 / HAIKU_SPEED, 141 / HAIKU_SPEED, 6)
    again = np.random.default_rng(7).random(len(first)) < onward
    seen = first + np.where(again, drawn(OPUS_TTFT, OPUS_TTFT_P95, 8), 0.0)
    assert p50 == pytest.approx(np.quantile(seen, 0.5), rel=0.02)
    assert p95 == pytest.approx(np.quantile(seen, 0.95), rel=0.02)
    assert p50 > HAIKU_TTFT + 100 / HAIKU_SPEED
    assert total_p95 > p95
    assert total_p50 >= p50


def test_percentiles_of_a_mixture_are_no_sums() -> None:
    # Nine in ten take exactly 1 s, one in ten exactly 10 s: the median is 1 s, 95 of 100 are over within 10 s.
    times = Moments(np.array([1.0, 10.0]), np.array([0.0, 0.0]))
    assert mixture_quantiles(np.array([0.9, 0.1]), times).round(3).tolist() == [1.0, 10.0]
    assert float(share_within(np.array([0.9, 0.1]), times, 5.0)) == pytest.approx(0.9)


def test_a_path_that_nobody_takes_may_be_unknown() -> None:
    times = Moments(np.array([1.0, np.nan]), np.array([0.0, np.nan]))
    assert mixture_quantiles(np.array([1.0, 0.0]), times).tolist() == [1.0, 1.0]
    assert np.isnan(mixture_quantiles(np.array([0.9, 0.1]), times)).all()


def test_three_stages_add_up_along_each_path() -> None:
    # Calls take 1, 2 and 4 s, their first token a tenth of that; half goes on, then a fifth.
    whole = Moments(np.array([[1.0], [2.0], [4.0]]), np.zeros((3, 1)))
    shares, first, total = cascade_paths(np.array([[1.0], [0.5], [0.2]]), whole.times(0.1), whole)
    assert shares.ravel().tolist() == pytest.approx([0.5, 0.3, 0.2])
    assert first.mean.ravel().tolist() == pytest.approx([1.0, 3.0, 3.4])
    assert total.mean.ravel().tolist() == pytest.approx([1.0, 3.0, 7.0])


def test_the_slow_tail_follows_from_the_median_where_only_that_is_known() -> None:
    # Claude 3.5 Haiku, measured at Bedrock: 0.6 s in the middle and no tail; 3.75 times that in the register.
    plan = plan_of(single("claude-3-5-haiku"))
    p50, p95, *_ = seconds(evaluate(plan, DAY))
    assert (p50, p95) == (pytest.approx(0.6), pytest.approx(2.25))


def test_hidden_reasoning_delays_the_first_answer_token() -> None:
    # Four times the output: 300 hidden tokens before the first of 100 visible ones.
    modes = {"kind": "two_modes", "model": HAIKU, "thinking_share": 1.0, "thinking_factor": 4}
    p50, *_ = seconds(evaluate(plan_of(modes), DAY))
    assert p50 == pytest.approx(HAIKU_TTFT + 300 / HAIKU_SPEED, rel=0.08)


def test_a_limit_that_is_missed_is_named_with_both_figures_and_keeps_the_scenario_from_being_recommended() -> None:
    found = evaluate(plan_of(single(OPUS), p95_latency_s=3.0), DAY).scenarios[0]
    assert found.status == "priced"
    assert not found.passes
    assert (
        "Chat must show its first answer token within 3 s in 95 of 100 requests, and this takes 4.4 s."
        in found.warnings
    )
    assert evaluate(plan_of(single(OPUS), p95_latency_s=4.4), DAY).scenarios[0].passes


@pytest.mark.parametrize(("latency", "passes"), [("interactive", True), ("real_time", False),
                                                 ("background", True), ("batch", True)])
def test_classes_have_limits_where_somebody_waits(latency: str, passes: bool) -> None:
    assert evaluate(plan_of(single(OPUS), latency=latency), DAY).scenarios[0].passes == passes


def test_batch_has_no_latency_and_background_shows_one_without_a_limit() -> None:
    assert np.isnan(seconds(evaluate(plan_of(single(OPUS), latency="batch"), DAY))).all()
    assert seconds(evaluate(plan_of(single(OPUS), latency="background"), DAY))[1] == pytest.approx(OPUS_TTFT_P95)


def test_what_nobody_has_measured_passes_with_a_warning() -> None:
    found = evaluate(plan_of(single("claude-opus-5-5"), p95_latency_s=0.1), DAY)
    assert found.scenarios[0].status == "priced"
    assert "No measured latency of Claude Opus 5.5: the limit of Chat is not checked." in found.scenarios[0].warnings
    values = evaluation_values(found)["scenarios"][0]["categories"][0]
    assert values["p95_latency_s"] is None
    assert values["total_p95_latency_s"] is None


def test_own_hardware_is_not_measured() -> None:
    document = {
        "workload": {"categories": [{"name": "Chat", "requests_per_month": 1000, "input_tokens_per_request": 500,
                                     "output_tokens_per_request": 100, "latency": "interactive"}]},
        "endpoints": {"ours": {"kind": "self_hosted", "model": "llama-3.3-70b", "gpu": "H100 SXM",
                               "gpus_per_replica": 2, "precision": "FP8"}},
        "scenarios": [{"name": "Ours", "strategy": single("ours")}],
    }
    found = evaluate(build_plan(document), DAY)
    assert any("No measured latency of Llama 3.3 70B, self-hosted" in each for each in found.scenarios[0].warnings)


def test_json_tells_both_percentiles() -> None:
    values = evaluation_values(evaluate(plan_of(single(HAIKU)), DAY))["scenarios"][0]["categories"][0]
    assert values["p95_latency_s"] == pytest.approx(HAIKU_TTFT_P95)
    assert values["total_p95_latency_s"] > values["p95_latency_s"] > values["p50_latency_s"]


def test_a_recommendation_leaves_out_what_is_too_slow_and_says_why() -> None:
    plan = build_plan({
        "workload": {"categories": [{"name": "Chat", "task": "reasoning", "requests_per_month": 1000,
                                     "input_tokens_per_request": 500, "output_tokens_per_request": 100,
                                     "error_cost_usd": 100, "p95_latency_s": 3.0,
                                     "error_rates": {HAIKU: 0.2, OPUS: 0.02}}]},
        "scenarios": [{"name": model, "strategy": single(model)} for model in (HAIKU, OPUS)],
    })
    advice = recommend(evaluate(plan, DAY))
    because = [each.infeasible_because for each in advice.categories[0].alternatives
               if each.strategy.kind == "single" and each.strategy.model == OPUS]
    assert because == ["4.4 s to the first answer token in 95 of 100 requests, above the limit of 3 s"]
    assert advice.scenario is not None
    p95 = float(advice.scenario.latency.p95_s[0])
    assert p95 <= 3.0
    # a split may still send a part to the slow model: 95 of 100 requests are in time all the same
    assert p95 > HAIKU_TTFT_P95


def test_sources_that_conflict_make_a_band() -> None:
    table = load_latency_table()
    found = table.latency("gpt-4.1-mini", "openai", True, False)
    assert isinstance(found, MeasuredLatency)
    assert found.row.grade == "A"
    assert found.low_ttft_s < found.row.ttft_p50_s < found.high_ttft_s
    assert found.high_ttft_s == pytest.approx(2.4)
    # live traffic just keeps 4 s, the slower source would not
    p95 = found.row.ttft_p95_s
    warnings = evaluate(plan_of(single("gpt-4.1-mini"), p95_latency_s=p95 + 0.5), DAY).scenarios[0].warnings
    assert any("sources put the middle wait for the first token between" in each for each in warnings)


def test_a_vendors_model_may_be_measured_at_its_partners() -> None:
    table = load_latency_table()
    elsewhere = table.latency("claude-opus-4-1", "anthropic", True, False)
    assert elsewhere is not None
    assert elsewhere.elsewhere
    assert "at bedrock" in elsewhere.words
    assert table.latency("claude-opus-4-1", "anthropic", False, False) is None


def test_equal_percentiles_mean_no_spread() -> None:
    moments = lognormal([2.0], [2.0])
    assert (moments.mean.tolist(), moments.variance.tolist()) == ([2.0], [0.0])
