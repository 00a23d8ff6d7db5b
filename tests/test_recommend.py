"""What is recommended, what stands in the way, and where the answer turns."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from planner.cli import main
from planner.domain.plan import Plan, build_plan, load_plan
from planner.domain.strategies import Single, Split, endpoints_of, strategy_for
from planner.domain.templates import example_plan, list_templates
from planner.engine.evaluate import evaluate
from planner.engine.recommend import Recommendation, limits_broken, recommend
from planner.engine.rollout import roll_out
from planner.engine.study import study
from planner.engine.turning import Threshold
from planner.views.records import recommendation_values
from planner.views.wording import relaxation_words, sentence
from tests.market import DAY, MARKET

# 1,000 tokens in and 200 out cost $0.002 at `small` and $0.010 at `large`; 100,000 requests $200 and $1,000.
MAIL: dict[str, Any] = {
    "name": "Mail", "requests_per_month": 100_000, "input_tokens_per_request": 1000, "output_tokens_per_request": 200,
    "error_cost_usd": 0.5, "error_rates": {"small": 0.05, "large": 0.01}, "complexity": "low",
}


def plan_of(models: tuple[str, ...], *categories: dict[str, Any], **more: Any) -> Plan:
    scenarios = [{"name": model, "strategy": {"kind": "single", "model": model}} for model in models]
    limits = {"materiality_usd": 0, **more.pop("limits", {})}
    return build_plan({"workload": {"categories": list(categories or (MAIL,))}, "scenarios": scenarios,
                       "limits": limits, **more}, "plan", MARKET)


def advice_of(plan: Plan) -> Recommendation:
    return recommend(evaluate(plan, DAY, MARKET))


def test_no_feasible_scenario_of_a_plan_is_cheaper_than_what_is_recommended() -> None:
    """All templates, with and without limits on the whole; nothing is given up for fewer errors."""
    compared = 0
    for template in list_templates():
        for limits in ({}, {"monthly_budget_usd": 900.0}, {"min_vendors": 2, "max_vendor_share": 0.7}):
            plan = load_plan(template.path)
            changed = plan.limits.model_copy(update={"materiality_usd": 0.0, "monthly_budget_usd": None, **limits})
            plan = plan.model_copy(update={"limits": changed})
            evaluation = evaluate(plan, DAY)
            advice = recommend(evaluation)
            if not advice.feasible or advice.scenario is None:
                continue
            assert limits_broken(advice.scenario, plan) == ()
            for each in evaluation.scenarios:
                over = each.outcome.follows.residual_error_share > each.max_error_share + 1e-12
                if each.is_priced and not over.any() and not limits_broken(each, plan):
                    total = advice.scenario.total("total_usd") or 0.0
                    assert total <= (each.total("total_usd") or 0.0) * (1 + 1e-9), (template.slug, each.name)
                    compared += 1
    assert compared > 30


def test_within_the_threshold_the_fewest_errors_win() -> None:
    # Without an error cost all at `small` costs $200, the least. `large` makes fewer errors for $1,000: 800 more.
    mail = {**MAIL, "error_cost_usd": 0}
    assert advice_of(plan_of(("small", "large"), mail)).strategy == Single(model="small")
    # A mix may make fewer errors still, but not fewer than none.
    never = {**mail, "error_rates": {"small": 0.05, "large": 0.0}}
    for threshold, is_large in ((799, False), (800, True)):
        found = advice_of(plan_of(("small", "large"), never, limits={"materiality_usd": threshold})).strategy
        assert (found == Single(model="large")) == is_large


def test_a_budget_out_of_reach_is_named_and_two_ways_out_are_priced() -> None:
    # `small` alone is all there is: $200. A budget of $100 pays for half of the work.
    plan = plan_of(("small",), limits={"monthly_budget_usd": 100.0})
    advice = advice_of(plan)
    assert (advice.feasible, advice.binding_limits) == (False, ("monthly_budget_usd",))
    raised, less = advice.relaxations
    # errors: 5 % of 100,000 at $0.5 = $2,500
    assert (raised.limit, raised.now, raised.needed) == ("monthly_budget_usd", 100.0, pytest.approx(200.0))
    assert (raised.invoice_usd, raised.total_usd) == (pytest.approx(200.0), pytest.approx(2_700.0))
    assert (less.limit, less.needed, less.invoice_usd) == ("requests", pytest.approx(0.5), pytest.approx(100.0))
    found = study(plan, DAY, MARKET)
    states = found.recommendation.setting.states
    assert relaxation_words(raised, states) == (
        "Raise the budget from $100 to $200 a month: Small costs $200 a month, $2,700 with errors"
    )
    assert sentence(found).startswith("Nothing keeps the budget.")


def test_the_smallest_budget_that_does_is_told_beside_the_one_that_is_worth_it() -> None:
    advice = advice_of(plan_of(("small", "large"), limits={"monthly_budget_usd": 100.0}))
    worth_it, smallest = advice.relaxations
    # the least invoice is all at `small`; the least total spends more on fewer errors
    assert smallest.strategy == Single(model="small")
    assert smallest.needed == pytest.approx(200.0)
    assert worth_it.needed is not None
    assert worth_it.needed > 200.0
    assert worth_it.total_usd < smallest.total_usd == pytest.approx(2_700.0)


def test_a_budget_within_reach_is_kept() -> None:
    free = advice_of(plan_of(("small", "large")))
    assert free.scenario is not None
    invoice = free.scenario.total("invoice_usd") or 0.0
    tight = advice_of(plan_of(("small", "large"), limits={"monthly_budget_usd": invoice * 0.8}))
    assert tight.scenario is not None
    assert tight.feasible
    assert 200.0 <= (tight.scenario.total("invoice_usd") or 0.0) <= invoice * 0.8 * (1 + 1e-6)
    assert (tight.scenario.total("total_usd") or 0.0) > (free.scenario.total("total_usd") or 0.0)


def test_an_error_ceiling_that_nothing_keeps_is_named_with_what_can_be_had() -> None:
    advice = advice_of(plan_of(("small",), {**MAIL, "max_error_rate": 0.01}))
    assert advice.binding_limits == ("max_error_rate",)
    only = advice.relaxations[0]
    assert (only.category, only.now, only.needed) == ("Mail", 0.01, pytest.approx(0.05))


def test_work_that_must_stay_in_house_names_that_limit() -> None:
    advice = advice_of(plan_of(("small",), {**MAIL, "in_house_only": True}))
    assert (advice.feasible, advice.binding_limits) == (False, ("in_house_only",))
    assert [each.limit for each in advice.relaxations] == ["in_house_only"]


def test_two_limits_that_each_stand_in_the_way_are_both_named() -> None:
    advice = advice_of(plan_of(("small",), {**MAIL, "in_house_only": True, "max_error_rate": 0.01}))
    assert advice.binding_limits == ("max_error_rate", "in_house_only")
    # neither helps alone, so both give way at once
    assert [(each.limit, each.together) for each in advice.relaxations] == [
        ("max_error_rate", True), ("in_house_only", True),
    ]
    assert advice.scenario is not None
    assert not advice.feasible


def test_two_sellers_are_used_where_two_are_asked_for() -> None:
    mail, post = ({**MAIL, "name": name, "error_cost_usd": 0, "error_rates": {"small": 0.01, "hostel/open": 0.01}}
                  for name in ("Mail", "Post"))
    one = advice_of(plan_of(("small", "hostel/open"), mail, post))
    # the host's price of 0.5 and 0.5 is the lowest: 1,200 tokens at $0.5 per 1M, 100,000 times = $60 a category
    assert one.strategy == Single(model="hostel/open")
    two = advice_of(plan_of(("small", "hostel/open"), mail, post, limits={"min_vendors": 2, "max_vendor_share": 0.8}))
    assert two.scenario is not None
    assert {use.seller for use in two.scenario.endpoints} == {"acme", "hostel"}
    assert limits_broken(two.scenario, plan_of(("small",), limits={"min_vendors": 2, "max_vendor_share": 0.8})) == ()


OWN = {"kind": "self_hosted", "model": "open", "gpu": "H100 SXM", "gpus_per_replica": 1, "precision": "FP8",
       "usd_per_gpu_hour": 1.0, "measured_requests_per_s": 50, "overhead": 0, "fte": 0, "redundancy": 0,
       "egress_usd_per_gb": 0}


def test_a_server_that_pays_only_for_two_categories_together_is_recommended() -> None:
    # One server at $1 an hour is $730 a month, and serves far more than this. Either category costs $500 at `small`
    # (250,000 requests): too little to host alone, $270 less together.
    pair = [{**MAIL, "name": name, "requests_per_month": 250_000, "error_cost_usd": 0,
             "error_rates": {"small": 0.01, "ours": 0.01}} for name in ("Mail", "Post")]
    advice = advice_of(plan_of(("small",), *pair, endpoints={"ours": OWN}))
    assert advice.strategy == Single(model="ours")
    assert advice.scenario is not None
    assert advice.scenario.total("total_usd") == pytest.approx(730.0)
    assert advice.gap == 0.0
    alone = advice_of(plan_of(("small",), pair[0], endpoints={"ours": OWN}))
    assert alone.strategy == Single(model="small")


def test_single_models_that_are_good_enough_are_listed_before_any_mix() -> None:
    mail = {**MAIL, "error_rates": {"small": 0.025, "large": 0.01, "premium": 0.2}}
    advice = advice_of(plan_of(("small", "large", "premium"), mail, limits={"quality_margin": 0.02}))
    listed = advice.categories[0].alternatives
    near = [each.within_margin for each in listed]
    # `small` and `large` are within 2 points of the best, `premium` is not
    assert {each.strategy for each in listed if each.within_margin} == {Single(model="small"), Single(model="large")}
    assert near == sorted(near, reverse=True)
    assert not isinstance(listed[2].strategy, Single)


def test_batch_is_offered_where_nobody_waits_and_the_seller_has_it() -> None:
    # `small` is half price in batch: $100
    waiting = {**MAIL, "latency": "batch", "error_cost_usd": 0}
    found = advice_of(plan_of(("small",), waiting)).categories[0].alternatives
    batched = [each for each in found if each.batch_share is not None]
    assert [(each.strategy, each.batch_share, each.total_usd) for each in batched] == [
        (Single(model="small"), 1.0, pytest.approx(100.0))
    ]
    for not_offered in ({**waiting, "latency": "interactive"}, {**waiting, "batch_share": 1.0}):
        others = advice_of(plan_of(("small",), not_offered)).categories[0].alternatives
        assert all(each.batch_share is None for each in others)


def test_modes_are_tried_at_every_share_where_the_factor_is_known() -> None:
    modes = {"kind": "two_modes", "model": "large", "thinking_share": 0.5, "thinking_factor": 4}
    rates = {"large": {"routine": 0.0, "complex": 0.5}, "large#thinking": 0}
    mail = {**MAIL, "error_cost_usd": 20, "error_rates": rates, "complex_share": 0.1}
    plan = build_plan({"workload": {"categories": [mail]}, "limits": {"materiality_usd": 0},
                       "scenarios": [{"name": "Modes", "strategy": modes}]}, "plan", MARKET)
    found = advice_of(plan).strategy
    # the routine nine tenths are never wrong without thinking, so only the complex tenth thinks
    assert found is not None
    assert found.kind == "two_modes"
    assert found.thinking_share == 0.1


def tuned(one_off_usd: float, fixed_usd: float) -> dict[str, Any]:
    """A fine-tuned model at $0.2 and $0.8: $0.00036 a request, $36 a month for 100,000."""
    return {"tuned": {"kind": "custom", "input_usd_per_mtok": 0.2, "output_usd_per_mtok": 0.8,
                      "fixed_usd_per_month": fixed_usd, "one_off_usd": one_off_usd}}


def test_a_tuned_model_earns_its_one_off_back() -> None:
    # Errors cost nothing here. $1,000 at `large` against $36 and $100 of hosting: $864 less, so $8,640 take 10 months.
    mail = {**MAIL, "error_cost_usd": 0, "error_rates": {"large": 0.01, "tuned": 0.01}}
    (found,) = advice_of(plan_of(("large",), mail, endpoints=tuned(8_640, 100))).paybacks
    assert (found.saving_usd, found.months) == (pytest.approx(864.0), pytest.approx(10.0))
    assert (found.categories, found.instead_of) == (("Mail",), (Single(model="large"),))
    # hosting at $1,000 eats more than the $964 that it saves
    (never,) = advice_of(plan_of(("large",), mail, endpoints=tuned(8_640, 1_000))).paybacks
    assert (never.saving_usd, never.months) == (pytest.approx(-36.0), None)


def priced(small: float, large: float, **mail: Any) -> Plan:
    """Two endpoints at prices of our own: so that a price can be moved both ways."""
    endpoints = {name: {"kind": "custom", "input_usd_per_mtok": usd, "output_usd_per_mtok": 5 * usd}
                 for name, usd in (("a", small), ("b", large))}
    rates = {"a": {"routine": 0.02, "complex": 0.3}, "b": {"routine": 0.01, "complex": 0.05}}
    category = {**MAIL, "error_rates": rates, "complex_share": 0.2, **mail}
    return plan_of(("a", "b"), category, endpoints=endpoints, limits={"materiality_usd": 50})


def moved(threshold: Threshold, part: float) -> Plan:
    """The plan with an input at ``part`` of the way from today to the threshold (1: at it)."""
    value = threshold.now + part * (threshold.threshold - threshold.now)
    match threshold.kind:
        case "error_cost":
            return priced(1, 5, error_cost_usd=value)
        case "volume":
            return priced(1, 5, requests_per_month=value)
        case "complex_share":
            return priced(1, 5, complex_share=value)
        case _:
            return priced(value, 5) if threshold.subject == "a" else priced(1, 5 * value)


def test_the_answer_turns_at_its_thresholds_and_not_before() -> None:
    """Every threshold of an error cost, a price, a volume and a complex share, checked by evaluating the plan anew."""
    advice = advice_of(priced(1, 5))
    strategy = advice.strategy
    assert strategy is not None

    def form(plan: Plan) -> tuple[str, tuple[str, ...]]:
        found = advice_of(plan).strategy
        assert found is not None
        return found.kind, endpoints_of(found)

    today = (strategy.kind, endpoints_of(strategy))
    checked = set()
    for each in advice.thresholds:
        if each.kind not in ("error_cost", "price", "volume", "complex_share"):
            continue
        # a complex share is closed in to a thousandth, the others to a hundred-thousandth of the way
        near = 0.001 / abs(each.threshold - each.now) if each.kind == "complex_share" else 0.001
        assert form(moved(each, 1 - near)) == today, each
        assert form(moved(each, 1 + near)) == (each.then.kind, endpoints_of(each.then)) != today, each
        checked.add(each.kind)
    assert checked == {"error_cost", "price", "volume", "complex_share"}


def test_a_router_is_good_enough_until_its_small_model_errs_as_told() -> None:
    """The threshold lies between the errors of the easiest requests and those of all of them at the small model."""
    plan = priced(1, 5, complex_share=0.3)
    advice = advice_of(plan)
    strategy = advice.strategy
    assert isinstance(strategy, Split)
    found = [each for each in advice.thresholds if each.kind == "small_error"]
    overall = 0.7 * 0.02 + 0.3 * 0.3
    assert len(found) == 1
    assert found[0].now < found[0].threshold < overall


def test_a_check_is_good_enough_until_it_sends_on_as_many_as_told() -> None:
    """The threshold of a cascade, checked by evaluating the plan with a check that lets fewer right answers pass."""
    plan = priced(1, 5)
    advice = advice_of(plan)
    assert advice.strategy is not None
    assert advice.strategy.kind == "cascade"
    found = [each for each in advice.thresholds if each.kind == "escalation"]
    wrong = 0.8 * 0.02 + 0.2 * 0.3
    # with shares a of right and 0.2 of wrong answers accepted, (1-wrong)*(1-a) + wrong*0.8 are sent on
    assert found[0].now == pytest.approx((1 - wrong) * 0.1 + wrong * 0.8)
    for part, stays in ((0.98, True), (1.02, False)):
        sent_on = found[0].now + part * (found[0].threshold - found[0].now)
        accept_right = 1 - (sent_on - wrong * 0.8) / (1 - wrong)
        worse = advice_of(plan.model_copy(update={"assumptions": {"cascade_accept_right": accept_right}})).strategy
        assert worse is not None
        assert ((worse.kind, endpoints_of(worse)) == (advice.strategy.kind, endpoints_of(advice.strategy))) == stays


def test_a_switch_comes_with_its_shadow_its_steps_and_its_alerts() -> None:
    plan = plan_of(("large", "small"), {**MAIL, "error_cost_usd": 0}, limits={"monthly_budget_usd": 500.0})
    evaluation = evaluate(plan, DAY, MARKET)
    found = roll_out(recommend(evaluation), evaluation)
    assert found is not None
    # a month has 730 / 24 days; 14 of them hold 46,027 of 100,000 requests and $92.05 of $200
    assert found.shadow_requests == pytest.approx(100_000 * 14 * 24 / 730)
    assert found.shadow_usd == pytest.approx(200 * 14 * 24 / 730)
    assert [step.share for step in found.steps] == [0.05, 0.25, 1.0]
    # at a quarter: 0.75 of $1,000 and 0.25 of $200 = $800 a month; 0.75 of 1,000 errors and 0.25 of 5,000 = 2,000
    assert found.steps[1].invoice_usd_per_day == pytest.approx(800 * 24 / 730)
    assert found.steps[1].errors_per_day == pytest.approx(2_000 * 24 / 730)
    alerts = {each.kind: (each.expected, each.alert_at) for each in found.alerts}
    assert alerts["invoice_usd"] == (pytest.approx(200.0), 500.0)
    # the quality margin is 2 points
    assert alerts["error_share"] == (pytest.approx(0.05), pytest.approx(0.07))
    # $200 over 95,000 right answers, and a fifth more
    assert alerts["usd_per_success"] == (pytest.approx(200 / 95_000), pytest.approx(240 / 95_000))
    assert (found.back_to, found.back_usd) == ("large", pytest.approx(1_000.0))


def test_nothing_to_switch_from_gives_no_roll_out() -> None:
    evaluation = evaluate(plan_of(("small",)), DAY, MARKET)
    assert roll_out(recommend(evaluation), evaluation) is None


def test_why_the_figures_differ_from_the_rules_is_said_with_both_totals() -> None:
    found = recommendation_values(study(plan_of(("small", "large")), DAY, MARKET))
    for each in found["categories"]:
        assert each["agree"] or "The rules ask for" in each["why"]
        assert "$" in each["why"]


def test_the_command_ends_with_1_where_nothing_keeps_every_limit(tmp_path: Path, capfd: pytest.CaptureFixture[str]
                                                                 ) -> None:
    text = example_plan().path.read_text(encoding="utf-8")
    for budget, code in ((6000, 0), (100, 1)):
        path = tmp_path / f"plan-{budget}.yaml"
        path.write_text(text.replace("monthly_budget_usd: 6000", f"monthly_budget_usd: {budget}"), encoding="utf-8")
        assert main(["recommend", str(path), "--json"]) == code
        found = json.loads(capfd.readouterr().out)
        assert found["feasible"] == (code == 0)
        assert found["binding_limits"] == ([] if code == 0 else ["monthly_budget_usd"])
        assert len(found["relaxations"]) == 2 * code
        assert {"scenario", "sentence", "confidence", "reasons", "changes_if", "categories", "gap"} <= set(found)


def test_a_recommendation_is_the_same_twice() -> None:
    plan = load_plan(example_plan().path)
    first, second = (json.dumps(recommendation_values(study(plan, DAY))) for _ in range(2))
    assert first == second


def test_every_category_has_its_own_line_in_an_allocation() -> None:
    advice = recommend(evaluate(load_plan(example_plan().path), DAY))
    assert advice.strategy is not None
    for choice in advice.categories:
        assert strategy_for(advice.strategy, choice.name) == choice.strategy
