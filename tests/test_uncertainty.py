"""Doubt: what is drawn, that draws are priced like a plan, and what they say about the decision."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from planner.domain.plan import Plan, build_plan, load_plan
from planner.domain.templates import list_templates
from planner.engine.beliefs import assumption_key
from planner.engine.cascade import two_stage_error
from planner.engine.draws import at_likely, category_key, checked_draws, checked_seed, draw
from planner.engine.evaluate import Evaluation, evaluate, evaluate_scenario, make_setting
from planner.engine.response import Response, respond
from planner.engine.spread import BetaShare, GrowthFactor, LogitNormal, Lognormal, Pert
from planner.engine.uncertainty import Band, assess, band, confidence_of, odds
from pricing.errors import InputError

DAY = date(2026, 11, 25)
HAIKU, OPUS, SONNET = "claude-haiku-4-5", "claude-opus-4-5", "claude-sonnet-4-5"


def single(model: str) -> dict[str, Any]:
    return {"kind": "single", "model": model}


def category(name: str = "Triage", **fields: Any) -> dict[str, Any]:
    return {"name": name, "task": "classification", "requests_per_month": 10_000.0,
            "input_tokens_per_request": 1_000.0, "output_tokens_per_request": 100.0, "complexity": "low",
            "error_cost_usd": 1.0} | fields


def plan_of(categories: list[dict[str, Any]], strategies: dict[str, dict[str, Any]], **fields: Any) -> Plan:
    return build_plan({
        "version": 1, "workload": {"name": "Desk", "categories": categories},
        "scenarios": [{"name": name, "strategy": strategy} for name, strategy in strategies.items()], **fields,
    })


def ready(categories: list[dict[str, Any]], strategies: dict[str, dict[str, Any]], **fields: Any) -> Response:
    return respond(evaluate(plan_of(categories, strategies, **fields), DAY))


# --- beliefs about one number ------------------------------------------------------------------------------------


@pytest.mark.parametrize("belief", [
    Pert(80, 100, 140), Pert(10, 10, 20), Pert(10, 20, 20), Pert(0.02, 0.1, 0.45), Pert(0.1, 0.5, 0.95, 0.0, 1.0),
    GrowthFactor(-0.01, 0.03, 0.06), LogitNormal(0.02, 0.2),
])
def test_low_and_high_are_undercut_and_passed_in_one_case_of_ten(belief: Any) -> None:
    drawn = belief.sample(np.random.default_rng(1), 200_000)
    assert (drawn < belief.low).mean() == pytest.approx(0.1, abs=0.003)
    assert (drawn > belief.high).mean() == pytest.approx(0.1, abs=0.003)
    assert (belief.quantile(0.1), belief.quantile(0.9)) == pytest.approx((belief.low, belief.high))
    assert belief.quantile(0.5) == pytest.approx(np.median(drawn), rel=0.01)


def test_a_share_is_never_drawn_outside_0_and_1() -> None:
    drawn = Pert(0.1, 0.9, 0.99, 0.0, 1.0).sample(np.random.default_rng(1), 10_000)
    assert drawn.min() >= 0.0
    assert drawn.max() == 1.0


def test_a_range_of_equal_numbers_is_a_number() -> None:
    assert set(Pert(5, 5, 5).sample(np.random.default_rng(1), 10)) == {5.0}


def test_token_counts_keep_their_mean_and_their_95_percent_point() -> None:
    drawn = Lognormal(1_000.0, 2_500.0).sample(np.random.default_rng(1), 400_000)
    assert drawn.mean() == pytest.approx(1_000, rel=0.01)
    assert np.quantile(drawn, 0.95) == pytest.approx(2_500, rel=0.01)


def test_a_95_percent_point_below_the_mean_says_nothing_about_doubt() -> None:
    assert Lognormal(1_000.0, 900.0).spread == 0.0


def test_a_measured_rate_is_the_beta_of_its_counts() -> None:
    # Beta(12.5, 388.5): mean 12.5/401, variance mean*(1-mean)/402
    drawn = BetaShare(12, 388).sample(np.random.default_rng(1), 200_000)
    mean = 12.5 / 401
    assert drawn.mean() == pytest.approx(mean, rel=0.005)
    assert drawn.var() == pytest.approx(mean * (1 - mean) / 402, rel=0.02)
    assert BetaShare(12, 388).quantile(0.9) == pytest.approx(np.quantile(drawn, 0.9), rel=0.01)


# --- streams -----------------------------------------------------------------------------------------------------


VOLUME = {"low": 8_000.0, "likely": 10_000.0, "high": 15_000.0}


def test_another_category_or_another_order_leaves_the_draws_of_the_others_as_they_are() -> None:
    first, second, third = (category(name, requests_per_month=VOLUME) for name in ("A", "B", "C"))
    alone = ready([first, second], {"Haiku": single(HAIKU)})
    more = ready([third, second, first], {"Haiku": single(HAIKU), "Opus": single(OPUS)})
    before, after = draw(alone.inputs, 7, 500), draw(more.inputs, 7, 500)
    assert set(before) < set(after)
    assert all(np.array_equal(before[key], after[key]) for key in before)


def test_two_categories_do_not_share_their_draws_and_another_seed_gives_others() -> None:
    plan = ready([category(name, requests_per_month=VOLUME) for name in ("A", "B")], {"Haiku": single(HAIKU)})
    drawn = draw(plan.inputs, 1, 2_000)
    a, b = (drawn[category_key(name, "requests_per_month")] for name in ("A", "B"))
    assert abs(np.corrcoef(a, b)[0, 1]) < 0.06
    assert not np.array_equal(a, draw(plan.inputs, 2, 2_000)[category_key("A", "requests_per_month")])


def test_the_same_plan_and_seed_give_the_same_bytes_whatever_the_hash_seed(repository: Path, tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    plan.write_text(json.dumps({
        "version": 1, "workload": {"name": "Desk", "categories": [
            category(name, requests_per_month=VOLUME) for name in ("A", "B", "C")]},
        "scenarios": [{"name": "Haiku", "strategy": single(HAIKU)},
                      {"name": "Cascade", "strategy": {"kind": "cascade", "stages": [HAIKU, OPUS]}}],
    }), encoding="utf-8")

    def run(hash_seed: str) -> bytes:
        return subprocess.run(
            [sys.executable, "-m", "planner", "risk", str(plan), "--json", "--draws", "500"], cwd=repository,
            env=os.environ | {"PYTHONHASHSEED": hash_seed}, check=True, capture_output=True,
        ).stdout

    assert run("1") == run("2")


def test_what_stands_in_for_a_fact_about_a_category_is_drawn_for_each_apart_and_beliefs_about_the_world_once() -> None:
    plan = ready([category(name, error_cost_usd=None, error_cost="low") for name in ("A", "B")],
                 {"Cascade": {"kind": "cascade", "stages": [HAIKU, OPUS]}})
    keys = {each.key for each in plan.inputs}
    assert {category_key("A", "error_cost_usd"), category_key("B", "error_cost_usd")} < keys
    assert {assumption_key(name) for name in ("difficulty_sigma_logits", "cascade_accept_right",
                                              "cascade_accept_wrong", "escalated_token_factor")} < keys


def test_what_the_plan_states_is_not_drawn() -> None:
    stated = {"kind": "cascade", "stages": [HAIKU, OPUS], "accept_right": [0.9], "accept_wrong": [0.2],
              "escalated_token_factor": 1.1, "sigma": 2.6}
    plan = ready([category(error_rates={HAIKU: 0.05, OPUS: 0.02})], {"Cascade": stated})
    assert plan.inputs == ()


# --- a drawn row is priced like a plan ---------------------------------------------------------------------------


def everything() -> Plan:
    """Every strategy, every origin of a rate, every kind of endpoint, segments of different length, a price step."""
    counts = {"n11": 365, "n10": 7, "n01": 20, "n00": 8}
    rng = {"low": 0.8, "likely": 1.0, "high": 1.5}

    def around(value: float) -> dict[str, float]:
        return {key: value * factor for key, factor in rng.items()}

    return plan_of(
        [
            category("Measured", requests_per_month=around(5_000.0), review={"share": 0.2, "usd_per_review": 0.1,
                     "usd_per_fix": 1.0}, retries={"fail_rate": 0.02, "max_attempts": 2},
                     error_cost_usd=None, error_cost="medium", handoff={"rate": 0.01, "usd": 2.0}),
            category("Segments", input_tokens_per_request=around(1_200.0), complex_token_factor=around(2.0),
                     complex_share={"low": 0.15, "likely": 0.25, "high": 0.35}, cached_input_share=around(0.4),
                     error_rates={HAIKU: {"routine": 0.03, "complex": 0.16}, OPUS: 0.02}),
            category("Assumed", task="reasoning", complexity="high", requests_per_month=None,
                     monthly_input_tokens=around(5e7), input_tokens_per_request=around(190_000.0),
                     max_prompt_tokens=400_000.0, output_tokens_per_request=around(900.0)),
            category("Batch", batch_share=0.5, output_tokens_per_request=around(200.0), input_tokens_p95=2_200.0,
                     latency="batch"),
        ],
        {
            "Single": single(HAIKU),
            "Random": {"kind": "split", "small": HAIKU, "large": OPUS, "small_share": 0.7, "random": True},
            "Easiest": {"kind": "split", "small": HAIKU, "large": OPUS, "small_share": 0.75},
            "Router": {"kind": "split", "small": HAIKU, "large": OPUS, "router": {"usd_per_request": 0.0001}},
            "Cascade": {"kind": "cascade", "stages": [HAIKU, OPUS], "usd_per_check": [0.001]},
            "Own sigma": {"kind": "cascade", "stages": [HAIKU, OPUS], "sigma": 1.5, "accept_right": [0.8]},
            "Phi": {"kind": "cascade", "stages": [HAIKU, OPUS], "phi": 0.4},
            "Joint": {"kind": "cascade", "stages": [HAIKU, OPUS], "joint": counts},
            "Three": {"kind": "cascade", "stages": [HAIKU, SONNET, OPUS], "usd_per_check": [0.001, 0.002]},
            "Two modes": {"kind": "two_modes", "model": SONNET, "thinking_share": 0.3, "thinking_factor": 4.0},
            "Tuned": {"kind": "split", "small": "our-tuned", "large": OPUS, "small_share": 0.5},
            "Own": {"kind": "allocation", "default": single("our-llama"),
                    "by_category": {"Assumed": single(SONNET)}},
        },
        evaluations=[{"category": "Measured", "models": {HAIKU: {"n": 400, "correct": 372}},
                      "pairs": [{"small": HAIKU, "large": OPUS, **counts}]}],
        endpoints={
            "our-tuned": {"kind": "custom", "input_usd_per_mtok": 0.2, "output_usd_per_mtok": 0.8, "batch_factor": 0.5,
                          "fixed_usd_per_month": 300.0, "usd_per_request": 0.0002},
            "our-llama": {"kind": "self_hosted", "model": "llama-3.3-70b", "gpu": "H100 SXM", "gpus_per_replica": 2,
                          "precision": "FP8"},
        },
    )


@pytest.fixture(scope="module")
def evaluation() -> Evaluation:
    return evaluate(everything(), DAY)


@pytest.fixture(scope="module")
def response(evaluation: Evaluation) -> Response:
    return respond(evaluation)


def test_with_every_input_at_its_likely_value_a_row_is_the_point_evaluation(evaluation: Evaluation, response: Response
                                                                            ) -> None:
    totals = response.totals(at_likely(response.inputs))
    for s, each in enumerate(evaluation.scenarios):
        spend, invoice, total = (float(getattr(each.outcome, name).sum())
                                 for name in ("spend_usd", "invoice_usd", "total_usd"))
        assert totals.spend_usd()[s, 0] == pytest.approx(spend, rel=2e-4), each.name
        assert totals.invoice_usd()[s, 0] == pytest.approx(invoice, rel=2e-4), each.name
        assert totals.total_usd()[s, 0] == pytest.approx(total, rel=2e-3), each.name


@pytest.mark.parametrize("slug", [template.slug for template in list_templates()])
def test_that_holds_for_every_template(slug: str) -> None:
    path = next(template.path for template in list_templates() if template.slug == slug)
    found = evaluate(load_plan(path), DAY)
    rows = respond(found)
    totals = rows.totals(at_likely(rows.inputs)).total_usd()[:, 0]
    assert totals == pytest.approx([each.outcome.total_usd.sum() for each in found.scenarios], rel=1e-3, nan_ok=True)


def exactly(response: Response, values: dict[Any, Any], row: int) -> Evaluation:
    """The plan of one drawn row, evaluated without any of the shortcuts."""
    plan = response.evaluation.plan
    categories = []
    for stated in plan.workload.categories:
        own = {key[2]: float(array[row]) for key, array in values.items() if key[:2] == ("category", stated.name)}
        fields: dict[str, Any] = {name: value for name, value in own.items() if name in type(stated).model_fields}
        if "review_catch_share" in own:
            fields["review"] = stated.review.model_copy(update={"catch": own["review_catch_share"]})
        if "error_cost_usd" in fields:
            fields["error_cost"] = None
        categories.append(stated.model_copy(update=fields))
    beliefs = {key[1]: float(array[row]) for key, array in values.items() if key[0] == "assumption"}
    drawn = plan.model_copy(update={
        "workload": plan.workload.model_copy(update={"categories": tuple(categories)}), "assumptions": beliefs,
    })
    catalog = response.evaluation.catalog
    setting = make_setting(drawn, DAY, [each.strategy for each in drawn.scenarios], catalog)
    share = setting.rates.share.copy()
    for each in response.categories:
        for m, rate in each.drawn.rates(values).error_share.items():
            if (each.k, m) not in setting.rates.segments:
                share[each.k, m] = float(rate if np.ndim(rate) == 0 else rate[row])
    setting = replace(setting, rates=replace(setting.rates, share=share), _abilities={})
    results = tuple(evaluate_scenario(each, drawn, setting, catalog) for each in drawn.scenarios)
    return replace(response.evaluation, plan=drawn, setting=setting, scenarios=results)


def test_drawn_rows_equal_the_exact_evaluation_of_the_plan_they_describe(response: Response) -> None:
    """Total and invoice of 12 rows x 12 strategies; error shares are off by less than 0.1 points.

    The joint outcomes of the measured pair are drawn, which a plan of one row cannot say: two strategies rest on them.
    """
    values = draw(response.inputs, 5, 12)
    totals = response.totals(values)
    invoice, follows = totals.invoice_usd(), totals.follows_usd
    for row in range(12):
        exact = exactly(response, values, row)
        # what one more point of error costs, to turn a difference in USD into points
        served = exact.demand.requests * exact.demand.served_share
        point_usd = float((served * exact.demand.error_cost_usd).sum()) / 100
        for s, each in enumerate(exact.scenarios):
            if each.name in ("Cascade", "Joint"):
                continue
            assert invoice[s, row] == pytest.approx(float(each.outcome.invoice_usd.sum()), rel=5e-4), each.name
            off = abs(follows[s, row] - float(each.outcome.follows.usd.sum())) / point_usd
            assert off < 0.1, (each.name, row, off)


def test_a_price_step_counts_in_the_rows_whose_prompts_pass_it(response: Response) -> None:
    """Sonnet 4.5 doubles its input price above 200,000 tokens; the drawn means lie on both sides."""
    values = draw(response.inputs, 5, 200)
    tokens = values[category_key("Assumed", "input_tokens_per_request")]
    assert (tokens > 200_000).any()
    assert (tokens < 200_000).any()


# --- measured pairs ----------------------------------------------------------------------------------------------


PAIR = {"small": HAIKU, "large": OPUS, "n11": 70, "n10": 5, "n01": 15, "n00": 10}


def measured(**models: Any) -> Response:
    evaluations = [{"category": "Triage", "models": models.get("models", {}), "pairs": [PAIR]}]
    stated = {"kind": "cascade", "stages": [HAIKU, OPUS], "accept_right": [0.9], "accept_wrong": [0.2],
              "escalated_token_factor": 1.0}
    return ready([category(requests_per_month=100.0, error_cost_usd=1.0)],
                 {"Haiku": single(HAIKU), "Opus": single(OPUS), "Cascade": stated}, evaluations=evaluations)


def test_a_measured_pair_is_a_dirichlet_whose_margins_are_the_beta_of_each_model() -> None:
    plan = measured()
    drawn = plan.categories[0].drawn.rates(draw(plan.inputs, 3, 100_000))
    haiku, opus = (drawn.error_share[plan.evaluation.setting.columns[column]]
                   for column in plan.evaluation.setting.columns)
    # Dirichlet(1/4 + counts): 101 in all; Haiku wrong 25.5, Opus wrong 15.5, both wrong 10.25
    for rates, wrong in ((haiku, 25.5), (opus, 15.5)):
        assert rates.mean() == pytest.approx(wrong / 101, rel=0.005)
        assert rates.var() == pytest.approx(wrong / 101 * (1 - wrong / 101) / 102, rel=0.03)
    (joint,) = drawn.pairs.values()
    assert joint.both_wrong.mean() == pytest.approx(10.25 / 101, rel=0.01)
    parts = joint.both_right + joint.only_first + joint.only_second + joint.both_wrong
    assert parts == pytest.approx(np.ones(100_000))
    # covariance of the two margins of a Dirichlet: (p11*p00 - p10*p01) / (total + 1)
    p11, p10, p01, p00 = (np.array([70, 5, 15, 10]) + 0.25) / 101
    assert np.cov(haiku, opus)[0, 1] == pytest.approx((p11 * p00 - p10 * p01) / 102, rel=0.05)


def test_a_cascade_over_a_measured_pair_follows_the_two_stage_formula_in_every_draw() -> None:
    plan = measured()
    values = draw(plan.inputs, 3, 200)
    (joint,) = plan.categories[0].drawn.rates(values).pairs.values()
    # 100 requests at $1 an error: what follows is 100 times the error share
    assert plan.totals(values).follows_usd[2] == pytest.approx(100 * two_stage_error(joint, 0.9, 0.2), rel=1e-9)
    assert joint.first_wrong == pytest.approx(plan.totals(values).follows_usd[0] / 100)


def test_a_pair_written_the_other_way_round_is_the_same_pair() -> None:
    turned = {"small": OPUS, "large": HAIKU, "n11": 70, "n10": 15, "n01": 5, "n00": 10}
    strategies = {"Cascade": {"kind": "cascade", "stages": [HAIKU, OPUS]}}
    one, other = (ready([category()], strategies, evaluations=[{"category": "Triage", "pairs": [pair]}])
                  for pair in (PAIR, turned))
    values = draw(one.inputs, 3, 500)
    assert one.totals(values).total_usd().tolist() == other.totals(draw(other.inputs, 3, 500)).total_usd().tolist()


def test_a_model_with_counts_of_its_own_keeps_them() -> None:
    plan = measured(models={OPUS: {"n": 1_000, "correct": 900}})
    drawn = plan.categories[0].drawn.rates(draw(plan.inputs, 3, 50_000))
    opus = drawn.error_share[plan.evaluation.setting.columns[next(
        column for column in plan.evaluation.setting.columns if column.name == OPUS)]]
    assert opus.mean() == pytest.approx(100.5 / 1_001, rel=0.005)


def test_three_pairs_of_three_models_keep_every_margin() -> None:
    pairs = [PAIR, {"small": HAIKU, "large": SONNET, "n11": 68, "n10": 7, "n01": 14, "n00": 11},
             {"small": SONNET, "large": OPUS, "n11": 75, "n10": 7, "n01": 10, "n00": 8}]
    strategies = {f"{a} {b}": {"kind": "cascade", "stages": [a, b]} for a, b in
                  ((HAIKU, OPUS), (HAIKU, SONNET), (SONNET, OPUS))}
    plan = ready([category()], strategies, evaluations=[{"category": "Triage", "pairs": pairs}])
    drawn = plan.categories[0].drawn.rates(draw(plan.inputs, 3, 40_000))
    columns = {column.name: m for column, m in plan.evaluation.setting.columns.items()}
    for name, wrong in ((HAIKU, 25.5), (OPUS, 15.5), (SONNET, 18.5)):
        assert drawn.error_share[columns[name]].mean() == pytest.approx(wrong / 101, rel=0.01)
    for (a, b), joint in drawn.pairs.items():
        assert joint.first_wrong == pytest.approx(drawn.error_share[a], abs=1e-9)
        assert joint.only_first + joint.both_wrong == pytest.approx(drawn.error_share[b], abs=1e-9)


def test_outcomes_counted_request_by_request_are_drawn_as_a_tree() -> None:
    cells = {"111": 60, "101": 12, "100": 3, "010": 4, "000": 6, "001": 15}
    counted = {"category": "Triage", "models": {HAIKU: {"n": 100, "correct": 75}},
               "cascades": [{"stages": [HAIKU, OPUS], "cells": cells}]}
    plan = ready([category(requests_per_month=100.0)], {"Cascade": {"kind": "cascade", "stages": [HAIKU, OPUS]}},
                 evaluations=[counted])
    exact = plan.totals(at_likely(plan.inputs)).follows_usd[0, 0]
    # accepted and wrong 4, escalated and wrong 3 + 6: 13 errors in 100 requests at $1
    assert exact == pytest.approx(13.0)
    assert plan.totals(draw(plan.inputs, 3, 20_000)).follows_usd[0].mean() == pytest.approx(13.0, abs=0.6)


# --- what the draws say ------------------------------------------------------------------------------------------


def test_the_odds_are_paired_so_shared_volume_does_not_blur_them() -> None:
    """Opus costs five times what Haiku does at any volume; the bands overlap, and yet it is never the cheaper."""
    wide = {"low": 1_000.0, "likely": 10_000.0, "high": 100_000.0}
    plan = plan_of([category(requests_per_month=wide, error_cost_usd=0.0)],
                   {"Haiku": single(HAIKU), "Opus": single(OPUS)})
    risk = assess(evaluate(plan, DAY), draws=2_000).risk
    haiku, opus = (each.total_usd for each in risk.scenarios)
    assert haiku is not None
    assert opus is not None
    assert haiku.p90 > opus.p10
    assert risk.chance("Haiku", "Opus") == 1.0
    assert (risk.best, risk.second, risk.confidence) == ("Haiku", "Opus", "clear")


def test_two_names_for_one_strategy_are_a_tie_and_nothing_to_compare() -> None:
    plan = plan_of([category(requests_per_month=VOLUME)], {"One": single(HAIKU), "Two": single(HAIKU)})
    risk = assess(evaluate(plan, DAY), draws=200).risk
    assert risk.chance("One", "Two") == 0.5
    assert (risk.second, risk.confidence) == (None, None)


def test_odds_of_an_unpriced_scenario_are_unknown() -> None:
    found = odds(np.array([[1.0, 2.0], [np.nan, np.nan]]))
    assert np.isnan(found[0, 1])
    assert band(np.array([1.0, np.nan])) is None


@pytest.mark.parametrize(("chance", "lead", "expected"), [
    (0.95, Band(10, 100, 200), "clear"),
    (0.90, Band(0.1, 100, 200), "clear"),
    (0.80, Band(-20, 100, 200), "likely"),
    (0.60, Band(-80, 100, 200), "too_close"),
    (0.99, Band(5, 10, 20), "too_close"),  # a lead of $10 is below the $50 worth choosing by
    (0.20, Band(-300, -100, 50), "too_close"),
])
def test_how_sure_a_lead_is(chance: float, lead: Band, expected: str) -> None:
    assert confidence_of(chance, lead, 50.0) == expected


def test_the_tornado_moves_one_input_at_a_time_by_the_swing_of_the_decision() -> None:
    """10,000 requests of 1,000 + 100 tokens: Haiku $0.0015, Opus $0.0075, a lead of $0.006 a request before errors.

    Haiku errs in 5 %, Opus in 1 %: the lead is N*(0.006 - 0.04*L). At L = $0.10 and N = 10,000 it is $20. With N from
    5,000 to 20,000 it swings from $10 to $40, by $30; with L from $0.05 to $0.20 from $40 to -$20, by $60.
    """
    plan = plan_of(
        [category(requests_per_month={"low": 5_000.0, "likely": 10_000.0, "high": 20_000.0},
                  error_cost_usd={"low": 0.05, "likely": 0.1, "high": 0.2}, error_rates={HAIKU: 0.05, OPUS: 0.01})],
        {"Haiku": single(HAIKU), "Opus": single(OPUS)},
    )
    found = evaluate(plan, DAY)
    rows = respond(found)
    cost, volume = assess(found, draws=1_000).risk.tornado
    medians = {each.key[2]: each.spread.quantile(0.5) for each in rows.inputs}
    n, loss = medians["requests_per_month"], medians["error_cost_usd"]
    assert (cost.label, cost.low, cost.high) == ("Error cost of Triage", 0.05, 0.2)
    assert cost.at_low_usd == pytest.approx(n * (0.006 - 0.04 * 0.05))
    assert cost.at_high_usd == pytest.approx(n * (0.006 - 0.04 * 0.2))
    assert cost.flips
    assert (volume.low, volume.high) == (5_000, 20_000)
    assert volume.swing_usd == pytest.approx(15_000 * (0.006 - 0.04 * loss))
    assert not volume.flips


def test_a_plan_without_doubt_has_bands_of_no_width() -> None:
    plan = plan_of([category(error_rates={HAIKU: 0.05})], {"Haiku": single(HAIKU)})
    found = evaluate(plan, DAY)
    risk = assess(found).risk
    total = float(found.scenarios[0].outcome.total_usd.sum())
    assert risk.scenarios[0].total_usd == Band(*[pytest.approx(total)] * 3)  # type: ignore[arg-type]
    assert risk.tornado == ()


def test_a_plan_without_work_or_without_scenarios_says_so() -> None:
    assert assess(evaluate(plan_of([], {}), DAY), draws=100).risk.best is None
    empty = assess(evaluate(plan_of([], {"Haiku": single(HAIKU)}), DAY), draws=100).risk
    assert empty.scenarios[0].total_usd == Band(0.0, 0.0, 0.0)


def test_blocks_of_rows_give_what_one_block_gives() -> None:
    plan = plan_of([category(requests_per_month=VOLUME)],
                   {"Cascade": {"kind": "cascade", "stages": [HAIKU, OPUS]}, "Haiku": single(HAIKU)})
    found = evaluate(plan, DAY)
    rows = respond(found)
    values = draw(rows.inputs, 1, 5_000)
    whole = rows.totals(values).total_usd()
    parts = [rows.totals({key: each[i : i + 2_000] for key, each in values.items()}).total_usd()
             for i in range(0, 5_000, 2_000)]
    assert np.concatenate(parts, axis=1) == pytest.approx(whole, rel=1e-6)


@pytest.mark.parametrize("given", ["-1", "1.5", "many", "", "9" * 30, True, None])
def test_a_silly_seed_is_refused(given: object) -> None:
    with pytest.raises(InputError, match="seed"):
        checked_seed(given)


@pytest.mark.parametrize("given", ["0", "99", "100001", "1e5", "ten"])
def test_a_silly_number_of_draws_is_refused_with_what_is_possible(given: object) -> None:
    with pytest.raises(InputError, match=r"100 to 100,000"):
        checked_draws(given)
