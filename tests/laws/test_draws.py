"""What holds for every plan under doubt (the method, sections 12 and 13)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.domain.plan import Plan, build_plan
from planner.engine.draws import at_likely, draw
from planner.engine.evaluate import evaluate
from planner.engine.response import respond
from planner.engine.uncertainty import assess
from tests.laws.plans import documents, plans
from tests.market import DAY, MARKET


@given(plans(("Mail", "Chat")))
def test_a_row_of_likely_values_is_the_point_evaluation(plan: Plan) -> None:
    found = evaluate(plan, DAY, MARKET)
    rows = respond(found)
    totals = rows.totals(at_likely(rows.inputs))
    # a point of error, in USD, and a cascade's spend: error shares are off by less than 0.1 points
    everything = sum(float(each.outcome.requests.sum()) for each in found.scenarios[:1])
    for s, each in enumerate(found.scenarios):
        for name, mine in (("spend_usd", totals.spend_usd()), ("invoice_usd", totals.invoice_usd()),
                           ("total_usd", totals.total_usd())):
            exact = float(getattr(each.outcome, name).sum())
            if np.isnan(exact):
                assert np.isnan(mine[s]).all(), (each.name, name)
            else:
                served = found.demand.requests * found.demand.error_cost_usd
                slack = 1e-3 * (float(served.sum()) if name == "total_usd" else 0.0)
                assert mine[s, 0] == pytest.approx(exact, rel=1e-3, abs=slack + 1e-9 * everything), (each.name, name)


@settings(max_examples=20)
@given(documents(("Mail", "Chat")), st.integers(0, 2**32))
def test_the_order_of_the_categories_changes_no_draw_and_no_figure(document: dict[str, Any], seed: int) -> None:
    turned = document | {"workload": {"categories": document["workload"]["categories"][::-1]}}
    one, other = (respond(evaluate(build_plan(each, "plan", MARKET), DAY, MARKET)) for each in (document, turned))
    values, same = draw(one.inputs, seed, 50), draw(other.inputs, seed, 50)
    assert set(values) == set(same)
    assert all(np.array_equal(values[key], same[key]) for key in values)
    np.testing.assert_allclose(one.totals(values).total_usd(), other.totals(same).total_usd(), rtol=1e-9, atol=1e-9)


@settings(max_examples=15)
@given(plans(("Mail",)))
def test_month_1_of_the_fan_is_the_band_of_the_month_and_odds_add_up_to_1(plan: Plan) -> None:
    grown = plan.model_copy(update={"horizon_months": 3, "monthly_growth": 0.1})
    outlook = assess(evaluate(grown, DAY, MARKET), draws=100)
    for each in outlook.risk.scenarios:
        first = outlook.fan.scenario(each.name).total_usd
        if each.total_usd is None:
            assert np.isnan(first.p50[0])
        else:
            assert (first.p10[0], first.p50[0], first.p90[0]) == pytest.approx(
                (each.total_usd.p10, each.total_usd.p50, each.total_usd.p90), rel=1e-12, abs=1e-12)
    odds = outlook.risk.cheaper
    known = np.isfinite(odds)
    assert odds[known] + odds.T[known] == pytest.approx(np.ones(int(known.sum())))
