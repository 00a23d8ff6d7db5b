"""A recommendation is never beaten by what it chose from, found by trying everything."""

from __future__ import annotations

from itertools import pairwise, permutations
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.domain.plan import Plan, build_plan
from planner.engine.evaluate import ScenarioResult, evaluate
from planner.engine.recommend import recommend
from tests.laws.plans import TUNED, basic, categories
from tests.market import DAY, MARKET

CHEAP_TO_DEAR = ("hostel/open", "small", "large", "premium")


@st.composite
def _work(draw: st.DrawFn, names: tuple[str, ...]) -> dict[str, Any]:
    found = []
    for name in names:
        category = draw(categories(name, CHEAP_TO_DEAR))
        category.pop("batch_share", None)
        if draw(st.booleans()):
            category["max_error_rate"] = draw(st.sampled_from([0.02, 0.1, 0.3]))
        found.append(category)
    return {"workload": {"categories": found}, "endpoints": {"tuned": TUNED}}


def passes(result: ScenarioResult) -> bool:
    residual = result.outcome.follows.residual_error_share
    return result.is_priced and bool((residual <= result.max_error_share + 1e-12).all())


@settings(max_examples=20)
@given(document=_work(("Mail", "Chat")), strategies=st.lists(basic(CHEAP_TO_DEAR), min_size=1, max_size=4),
       materiality=st.sampled_from([0, 50]))
def test_no_scenario_of_the_plan_that_passes_is_cheaper(
    document: dict[str, Any], strategies: list[dict[str, Any]], materiality: float
) -> None:
    plan = build_plan(document | {
        "limits": {"materiality_usd": materiality},
        "scenarios": [{"name": f"S{i}", "strategy": strategy} for i, strategy in enumerate(strategies)],
    }, "plan", MARKET)
    evaluation = evaluate(plan, DAY, MARKET)
    advice = recommend(evaluation)
    fit = [result.total("total_usd") or 0.0 for result in evaluation.scenarios if passes(result)]
    if fit:
        assert advice.feasible
        assert advice.scenario is not None
        assert passes(advice.scenario)
        least = min(fit)
        # every category may give up as much as the threshold for fewer errors
        assert (advice.scenario.total("total_usd") or 0.0) <= least + 2 * materiality + 1e-6 * max(1.0, least)


def every_way(names: tuple[str, ...]) -> list[dict[str, Any]]:
    """Single models, splits in steps of 5 % and cascades in every order, written down one by one."""
    found: list[dict[str, Any]] = [{"kind": "single", "model": name} for name in names]
    for small, large in permutations(names, 2):
        found += [{"kind": "split", "small": small, "large": large, "small_share": round(0.05 * step, 2)}
                  for step in range(1, 20)]
    for size in (2, 3):
        found += [{"kind": "cascade", "stages": list(stages)} for stages in permutations(names, size)]
    return found


def parts(strategy: dict[str, Any]) -> list[str]:
    if strategy["kind"] == "split":
        return [strategy["small"], strategy["large"]]
    return list(strategy.get("stages", [strategy.get("model")]))


def plan_of(document: dict[str, Any], strategies: list[dict[str, Any]]) -> Plan:
    return build_plan(document | {
        "limits": {"materiality_usd": 0},
        "scenarios": [{"name": f"S{i}", "strategy": strategy} for i, strategy in enumerate(strategies)],
    }, "plan", MARKET)


@settings(max_examples=12)
@given(document=_work(("Mail", "Chat")), count=st.sampled_from([2, 3]))
def test_the_economic_choice_of_a_category_is_what_trying_everything_finds(
    document: dict[str, Any], count: int
) -> None:
    names = CHEAP_TO_DEAR[:count]
    del document["endpoints"]
    # one after the other and over whole scenarios, as a plan file with every way in it would be evaluated
    ways = every_way(names)
    tried = evaluate(plan_of(document, ways), DAY, MARKET).scenarios
    total = np.array([result.outcome.total_usd for result in tried])
    fits = np.array([
        (result.outcome.follows.residual_error_share <= result.max_error_share + 1e-12)
        & np.array([reason is None for reason in result.blocked]) for result in tried
    ])
    # a mix goes from the cheaper model to the dearer one, which may be another one in another category
    unit = {name: tried[i].outcome.spend_usd for i, name in enumerate(names)}
    for i, way in enumerate(ways):
        for cheap, dear in pairwise(parts(way)):
            fits[i] &= unit[cheap] < unit[dear]
    # all three are known to the plan, one way each
    advice = recommend(evaluate(plan_of(document, ways[:count]), DAY, MARKET))
    for k, choice in enumerate(advice.categories):
        if not fits[:, k].any():
            assert choice.least_total_usd is None
            continue
        least = total[fits[:, k], k].min()
        scale = document["workload"]["categories"][k].get("requests_per_month", 1e7) * 60
        near = {"rel": 1e-6, "abs": 1e-7 * max(1.0, scale)}
        assert choice.least_total_usd == pytest.approx(least, **near)
        if advice.feasible:
            assert choice.total_usd == pytest.approx(least, **near)


@settings(max_examples=10)
@given(_work(("Mail", "Chat", "Code")))
def test_a_recommendation_does_not_depend_on_the_order_of_categories_or_scenarios(document: dict[str, Any]) -> None:
    ways = every_way(CHEAP_TO_DEAR[:3])[:3]
    turned = document | {"workload": {"categories": document["workload"]["categories"][::-1]}}
    one, other = (recommend(evaluate(plan_of(each, strategies), DAY, MARKET))
                  for each, strategies in ((document, ways), (turned, ways[::-1])))
    assert one.feasible == other.feasible
    assert one.scenario is not None
    assert other.scenario is not None
    assert one.scenario.total("total_usd") == pytest.approx(other.scenario.total("total_usd"), rel=1e-9)
    found, again = ({choice.name: choice.least_total_usd for choice in each.categories} for each in (one, other))
    for name, least in found.items():
        assert again[name] == (None if least is None else pytest.approx(least, rel=1e-9))
