"""What holds for every plan, whatever its numbers (the method, section 13)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from planner.domain.plan import Plan, build_plan
from planner.engine.evaluate import Evaluation, ScenarioResult, evaluate
from planner.engine.forecast import forecast
from planner.engine.study import study
from planner.views.records import evaluation_values, recommendation_values
from tests.laws.plans import RATES, TUNED, basic, cascades, categories, documents, plans, shares
from tests.market import DAY, MARKET

FIGURES = ("spend_usd", "fixed_cost_usd", "error_cost_usd", "review_cost_usd", "handoff_cost_usd", "error_share",
           "worst_case_spend_usd", "total_usd")
EXACT = ("spend_usd", "fixed_cost_usd", "worst_case_spend_usd", "handoff_cost_usd")
QUADRATURE = 2e-8
THREE = ("small", "large", "premium")


def run(strategies: dict[str, dict[str, Any]], *work: dict[str, Any], **more: Any) -> Evaluation:
    """Strategies by name on some categories."""
    plan = build_plan({
        "workload": {"categories": list(work)}, "endpoints": {"tuned": TUNED},
        "scenarios": [{"name": name, "strategy": strategy} for name, strategy in strategies.items()], **more,
    }, "plan", MARKET)
    return evaluate(plan, DAY, MARKET)


def figure(result: ScenarioResult, name: str) -> np.ndarray[Any, np.dtype[np.float64]]:
    holder = result.outcome if hasattr(result.outcome, name) else result.outcome.follows
    return np.asarray(getattr(holder, name), float)


def assert_same(one: ScenarioResult, other: ScenarioResult) -> None:
    """Equal but for what integrals over one wide stretch of difficulty are off by, 2e-8 of an error share."""
    for name in FIGURES:
        rel = 1e-12 if name in EXACT else QUADRATURE
        most = figure(one, "served_requests").max() * 60.0 if name.endswith("_usd") else 1.0
        np.testing.assert_allclose(figure(other, name), figure(one, name), rtol=rel, atol=rel * max(1.0, most),
                                   err_msg=name)


def single(model: str) -> dict[str, Any]:
    return {"kind": "single", "model": model}


def split(**how: Any) -> dict[str, Any]:
    return {"kind": "split", "small": "small", "large": "large", **how}


def cascade(**how: Any) -> dict[str, Any]:
    return {"kind": "cascade", "stages": ["small", "large"], **how}


@settings(max_examples=25)
@given(categories(models=THREE))
def test_a_share_of_0_or_1_is_a_single_model(mail: dict[str, Any]) -> None:
    mail.pop("batch_share", None)
    found = run({
        "Small": single("small"), "Large": single("large"), "All": split(small_share=1), "None": split(small_share=0),
        "All at random": split(small_share=1, random=True), "None at random": split(small_share=0, random=True),
        "Router all": split(router={"sens": 0, "spec": 1}), "Router none": split(router={"sens": 1, "spec": 0}),
    }, mail)
    for name in ("All", "All at random", "Router all"):
        assert_same(found.scenario("Small"), found.scenario(name))
    for name in ("None", "None at random", "Router none"):
        assert_same(found.scenario("Large"), found.scenario(name))


@settings(max_examples=25)
@given(mail=categories(models=THREE), phi=st.floats(-1, 1), accept=shares(), share=shares())
def test_a_blind_check_makes_shared_failures_irrelevant(
    mail: dict[str, Any], phi: float, accept: float, share: float
) -> None:
    blind = {"accept_right": [accept], "accept_wrong": [accept]}
    found = run({"D": cascade(**blind), "phi": cascade(phi=phi, **blind), "flat": cascade(sigma=0, **blind)}, mail)
    (expected,) = figure(found.scenario("D"), "independent_error_share")
    for result in found.scenarios:
        assert figure(result, "error_share")[0] == pytest.approx(expected, abs=QUADRATURE)
        assert figure(result, "escalation_share")[0] == pytest.approx(1 - accept, abs=1e-9)


@settings(max_examples=25)
@given(mail=categories(models=THREE), right=shares(), wrong=shares())
def test_without_correlation_the_stages_are_independent(mail: dict[str, Any], right: float, wrong: float) -> None:
    # one rate per model: two rates per segment are themselves a correlation
    mail["error_rates"] = {name: rate if isinstance(rate, float) else rate["complex"]
                           for name, rate in mail["error_rates"].items()}
    check = {"accept_right": [right], "accept_wrong": [wrong]}
    found = run({"phi": cascade(phi=0, **check), "sigma": cascade(sigma=0, **check)}, mail)
    for result in found.scenarios:
        assert figure(result, "error_share")[0] == pytest.approx(
            figure(result, "independent_error_share")[0], abs=QUADRATURE
        )


@settings(max_examples=25)
@given(mail=categories(models=THREE), rate=RATES, router=st.booleans())
def test_the_mean_over_the_segments_is_the_error_rate(mail: dict[str, Any], rate: Any, router: bool) -> None:
    # beside a model that is never wrong, small answers the routine part, the complex part, and both
    mail["error_rates"] |= {"small": rate, "large": 0.0}
    found = run({
        "Routine": split(router={"sens": 1, "spec": 1}), "Complex": split(router={"sens": 0, "spec": 0}),
        "Both": single("small"),
    }, mail)
    routine, hard, both = (figure(result, "error_share")[0] for result in found.scenarios)
    assert routine + hard == pytest.approx(both, abs=QUADRATURE)


@settings(max_examples=25)
@given(mail=categories("Mail"), chat=categories("Chat"), strategy=basic())
def test_the_order_of_categories_does_not_matter(mail: dict[str, Any], chat: dict[str, Any], strategy: Any) -> None:
    one, other = run({"A": strategy}, mail, chat), run({"A": strategy}, chat, mail)
    for name in FIGURES:
        np.testing.assert_allclose(figure(other.scenarios[0], name)[::-1], figure(one.scenarios[0], name), rtol=1e-12,
                                   atol=1e-12, err_msg=name)


@settings(max_examples=30)
@given(plans(("Mail", "Chat", "Code")))
def test_parts_add_up_to_totals(plan: Plan) -> None:
    evaluation = evaluate(plan, DAY, MARKET)
    for result, values in zip(evaluation.scenarios, evaluation_values(evaluation)["scenarios"], strict=True):
        if not result.is_priced:
            continue
        month = values["monthly"]
        parts = ("spend_usd", "fixed_cost_usd", "error_cost_usd", "review_cost_usd", "handoff_cost_usd")
        near = {"rel": 1e-9, "abs": 1e-6}
        assert sum(month[part] for part in parts) == pytest.approx(month["total_usd"], **near)
        for part in (*parts, "invoice_usd", "total_usd", "expected_errors"):
            assert sum(each[part] for each in values["categories"]) == pytest.approx(month[part], **near)
        for part in ("spend_usd", "fixed_cost_usd"):
            assert sum(each[part] for each in values["endpoints"]) == pytest.approx(month[part], **near)
        assert month["spend_usd"] <= month["worst_case_spend_usd"] * (1 + 1e-9) + 1e-6


@settings(max_examples=25)
@given(mail=categories(models=THREE), stages=cascades(THREE), low=shares(), high=shares())
def test_a_cascade_errs_between_what_all_get_wrong_and_its_worst_model(
    mail: dict[str, Any], stages: dict[str, Any], low: float, high: float
) -> None:
    assume(low <= high)
    checks = len(stages["stages"]) - 1
    if checks == 2:
        mail["error_rates"] = {name: rate if isinstance(rate, float) else rate["complex"]
                               for name, rate in mail["error_rates"].items()}
    perfect = stages | {"accept_right": [1] * checks, "accept_wrong": [0] * checks}
    real = stages | {"accept_right": [high] * checks, "accept_wrong": [low] * checks}
    found = run({"Perfect": perfect, "Real": real, **{name: single(name) for name in stages["stages"]}}, mail)
    error = figure(found.scenario("Real"), "error_share")[0]
    if "joint" in stages:
        counts = stages["joint"]
        worst = (counts["n00"] + max(counts["n01"], counts["n10"])) / sum(counts.values())
    else:
        worst = max(figure(found.scenario(name), "error_share")[0] for name in stages["stages"])
    assert figure(found.scenario("Perfect"), "error_share")[0] - QUADRATURE <= error <= worst + QUADRATURE


@settings(max_examples=30)
@given(document=documents(), dear=st.floats(0, 1), cheap=st.floats(0, 1))
def test_dearer_prices_never_cost_less(document: dict[str, Any], dear: float, cheap: float) -> None:
    assume(dear <= cheap)
    bills = []
    for discount in (cheap, dear):
        document["discounts"] = {"acme": discount, "hostel": discount}
        plan = build_plan(document, "plan", MARKET)
        bills.append([result.total("spend_usd") for result in evaluate(plan, DAY, MARKET).scenarios])
    for less, more in zip(*bills, strict=True):
        assert (less is None and more is None) or less <= more * (1 + 1e-12) + 1e-9


@settings(max_examples=25)
@given(mail=categories(models=THREE), often=shares(), seldom=shares(), wrong=shares())
def test_more_escalation_never_costs_less(mail: dict[str, Any], often: float, seldom: float, wrong: float) -> None:
    assume(often >= seldom)
    found = run({"Often": cascade(accept_right=[seldom], accept_wrong=[wrong]),
                 "Seldom": cascade(accept_right=[often], accept_wrong=[wrong])}, mail)
    many, few = found.scenarios
    assert figure(many, "escalation_share")[0] >= figure(few, "escalation_share")[0] - 1e-12
    assert many.total("spend_usd") is None or many.total("spend_usd") >= few.total("spend_usd") * (1 - 1e-12)


@settings(max_examples=25)
@given(mail=categories(models=THREE), f=shares(), more=shares())
def test_the_best_order_is_no_worse_than_any_other(mail: dict[str, Any], f: float, more: float) -> None:
    found = run({"Easiest": split(small_share=f), "Random": split(small_share=f, random=True)}, mail)
    for result in found.scenarios:
        best, random = (figure(result, f"{order}_error_share")[0] for order in ("best_order", "random"))
        assert best <= random + 1e-6
        assert best <= figure(result, "error_share")[0] + 1e-3


@settings(max_examples=20)
@given(plans(("Mail", "Chat")))
def test_the_first_month_of_a_forecast_is_the_evaluation(plan: Plan) -> None:
    evaluation = evaluate(plan.model_copy(update={"monthly_growth": 0.5, "monthly_price_drift": -0.1}), DAY, MARKET)
    for result, line in zip(evaluation.scenarios, forecast(evaluation, months=2).scenarios, strict=True):
        for name in ("spend_usd", "invoice_usd", "total_usd"):
            point = result.total(name)
            first = getattr(line, name)[0]
            assert math.isnan(first) if point is None else first == pytest.approx(point, rel=1e-12, abs=1e-9)


# Own hardware at the ends of what a plan may say -------------------------------------------------------------------

ENDS = {
    "gpus_per_replica": (1, 1024), "usd_per_gpu_hour": (0, 10_000), "billing_unit_gpus": (1, 1024),
    "commitment": (1e-9, 1), "redundancy": (0, 100), "min_replicas": (1, 10_000), "latency_factor": (0.01, 1),
    "target_utilization": (0.01, 1), "peak_factor": (1e-3, 1000), "prefix_hit_share": (0, 1), "overhead": (0, 10),
    "fte": (0, 1000), "fte_usd_per_month": (0, 1e12), "other_fixed_usd_per_month": (0, 1e12),
    "egress_usd_per_gb": (0, 100), "bytes_per_token": (0, 1000), "thinking_factor": (1e-3, 1000),
    "one_off_usd": (0, 1e12), "dual_run_months": (0, 60), "measured_requests_per_s": (1e-6, 1e6),
    "mode": ("rent", "buy"), "gpus_per_server": (1, 1024), "capex_usd_per_server": (0, 1e12),
    "amortisation_months": (1, 240), "residual_share": (0, 1), "pue": (1, 5), "kw_per_server": (0, 1000),
}
OWN = st.fixed_dictionaries({}, optional={name: st.sampled_from(ends) for name, ends in ENDS.items()}).map(
    lambda fields: {"kind": "self_hosted", "model": "open", "gpu": "H100 SXM", "measured_requests_per_s": 1} | fields
)
EXTREME = {"requests_per_month": (0, 1, 1e12), "input_tokens_per_request": (0, 1, 1e8),
           "output_tokens_per_request": (0, 1, 1e8), "error_cost_usd": (0, 1e9), "complex_share": (0, 1e-12, 1),
           "complex_token_factor": (1e-3, 1, 1e3), "peak_factor": (1e-3, 1e3)}
WORK = st.fixed_dictionaries({name: st.sampled_from(ends) for name, ends in EXTREME.items()}).map(
    lambda fields: {"name": "Mail", **fields}
)


def extreme_plan(mail: dict[str, Any], own: dict[str, Any], growth: float, rate: float) -> Plan:
    mail["error_rates"] = {"open": rate, "tuned": {"routine": rate, "complex": 1 - rate}}
    return build_plan({
        "workload": {"categories": [mail]}, "monthly_growth": growth, "horizon_months": 36,
        "endpoints": {"own": own, "tuned": TUNED},
        "scenarios": [
            {"name": "Own", "strategy": single("own")},
            {"name": "Tuned", "strategy": single("tuned")},
            {"name": "Split", "strategy": {"kind": "split", "small": "own", "large": "tuned", "small_share": 0.5}},
            {"name": "Cascade", "strategy": {"kind": "cascade", "stages": ["own", "tuned"]}},
            {"name": "Modes", "strategy": {"kind": "two_modes", "model": "own", "thinking_share": 0.5,
                                           "thinking_factor": 4}},
        ],
    }, "plan", MARKET)


EXTREMES = st.builds(extreme_plan, WORK, OWN, st.sampled_from([-0.5, 0, 1]),
                     st.sampled_from([0, 1e-12, 0.5, 1 - 1e-12, 1]))


@settings(max_examples=30)
@given(EXTREMES)
def test_every_accepted_plan_gives_finite_figures_of_0_or_more(plan: Plan) -> None:
    evaluation = evaluate(plan, DAY, MARKET)
    for values in evaluation_values(evaluation)["scenarios"]:
        assert values["status"] == "priced", values["reason"]
        for part in [values["monthly"], *values["categories"], *values["endpoints"]]:
            for name, value in part.items():
                assert not isinstance(value, float) or (math.isfinite(value) and value >= 0), f"{name}: {value}"
        assert values["monthly"]["total_usd"] is not None
    for line in forecast(evaluation).scenarios:
        assert np.isfinite(line.total_usd).all()
        assert (line.total_usd >= 0).all()


@settings(max_examples=6)
@given(EXTREMES)
def test_every_accepted_plan_gets_a_recommendation(plan: Plan) -> None:
    found = recommendation_values(study(plan, DAY, MARKET))
    assert found["scenario"]["status"] == "priced"
    assert found["sentence"]
