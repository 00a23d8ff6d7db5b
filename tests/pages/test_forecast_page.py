"""The Forecast page: an answer for every plan, its assumptions in one row, the same seed the same figures."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from planner.domain.plan import Plan, build_plan, parse_plan, plan_document
from planner.domain.templates import TEMPLATES, find_template
from tests.pages.conftest import Bench

PAGE = "forecast.py"


def document() -> dict[str, object]:
    """The example plan: growth of 0, 3 or 6 % a month, a budget of $6,000, 24 months."""
    return plan_document(parse_plan(find_template("example").text))


def with_plan(**changes: object) -> Plan:
    return build_plan({**document(), **changes})


def field(bench: Bench, name: str) -> str:
    """The key of an input, which changes with the plan."""
    return next(each.key for each in bench.app.text_input if str(each.key).startswith(f"forecast_{name}_"))


def enter(bench: Bench, name: str, text: str) -> None:
    bench.app.text_input(key=field(bench, name)).set_value(text).run()


def said(bench: Bench) -> str:
    """All text of the page as a reader sees it."""
    return " ".join(each.value for each in bench.app.markdown).replace("\\", "")


def heading(bench: Bench) -> str:
    """The sentence on top."""
    return next(each.value for each in bench.app.markdown if each.value.startswith("## ")).replace("\\", "")


@pytest.fixture
def bench(visit: Callable[..., Bench]) -> Bench:
    opened = visit("example")
    opened.go(PAGE)
    return opened


@pytest.mark.parametrize("slug", ["example", *TEMPLATES])
def test_every_template_gets_an_answer_a_fan_and_odds(visit: Callable[..., Bench], slug: str) -> None:
    bench = visit(slug)
    app = bench.go(PAGE)
    assert bench.complaints() == []
    assert app.title[0].value == "What if we are wrong?"
    assert "$" in heading(bench)
    assert len(app.get("plotly_chart")) == 2
    assert "10,000 draws, seed 42" in said(bench)
    odds = app.dataframe[0].value
    assert len(odds) >= len(bench.plan.scenarios)
    assert "nan" not in f"{said(bench)} {odds.to_string()}".casefold()


def test_the_sentence_names_chance_budget_and_month(bench: Bench) -> None:
    # 24 months from November 2026 end in October 2028.
    assert heading(bench).startswith("## ")
    assert " chance to pass $6,000 a month by Oct 2028" in heading(bench)


def test_without_a_budget_the_sentence_gives_the_range(bench: Bench) -> None:
    enter(bench, "budget", "")
    assert bench.plan.limits.monthly_budget_usd is None
    assert "lies between $" in heading(bench)
    assert "Oct 2028, in 8 of 10 outcomes" in heading(bench)


def test_growth_is_read_as_low_likely_high_and_kept_in_the_plan(bench: Bench) -> None:
    enter(bench, "growth", "2 % | 4 % | 9 %")
    growth = bench.plan.monthly_growth
    assert (growth.low, growth.likely, growth.high) == (0.02, 0.04, 0.09)
    assert bench.complaints() == []
    bench.click("undo")
    assert bench.plan == parse_plan(find_template("example").text)


def test_a_falling_price_trend_lowers_the_last_month(bench: Bench) -> None:
    enter(bench, "budget", "")
    before = heading(bench)
    enter(bench, "drift", "-3 % | -1 % | 0 %")
    drift = bench.plan.monthly_price_drift
    assert (drift.low, drift.likely, drift.high) == (-0.03, -0.01, 0.0)
    enter(bench, "drift", "-3 %")
    assert bench.plan.monthly_price_drift == -0.03
    assert bench.complaints() == []
    assert heading(bench) != before


@pytest.mark.parametrize(
    ("name", "typed", "reason"),
    [
        ("growth", "fast", '"fast" is not a share'),
        ("growth", "9 % | 4 % | 2 %", "three in rising order"),
        ("budget", "-5", "an amount in dollars"),
        ("budget", "10 %", "an amount in dollars"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_reason_and_the_old_value_stays(
    bench: Bench, name: str, typed: str, reason: str
) -> None:
    before, shown = bench.plan, bench.app.text_input(key=field(bench, name)).value
    enter(bench, name, typed)
    assert bench.plan == before
    assert reason in " ".join(bench.complaints()).replace("\\", "")
    assert bench.app.text_input(key=field(bench, name)).value == shown


def test_the_horizon_is_part_of_the_plan(bench: Bench) -> None:
    bench.app.segmented_control[0].set_value(36).run()
    assert bench.plan.horizon_months == 36
    assert "by Oct 2029" in heading(bench)


def test_a_horizon_of_its_own_stays_a_choice(visit: Callable[..., Bench]) -> None:
    bench = visit(with_plan(horizon_months=18))
    app = bench.go(PAGE)
    assert app.segmented_control[0].value == 18
    assert bench.complaints() == []


def test_the_recommended_scenario_comes_first_and_another_can_be_chosen(bench: Bench) -> None:
    box = bench.app.selectbox(key="forecast_scenario")
    assert box.value == box.options[0] == "Recommended"
    before = heading(bench)
    box.set_value("Opus for everything").run()
    assert heading(bench) != before
    assert "Invoice of Opus for everything per month" in said(bench)


def test_a_new_seed_draws_again_and_the_old_seed_brings_the_old_figures_back(bench: Bench) -> None:
    before = bench.app.dataframe[0].value.to_string()
    bench.app.number_input(key="forecast_seed").set_value(7).run()
    assert "seed 7" in said(bench)
    assert bench.app.dataframe[0].value.to_string() != before
    bench.app.number_input(key="forecast_seed").set_value(42).run()
    assert bench.app.dataframe[0].value.to_string() == before
    bench.click("new_seed")
    assert bench.complaints() == []
    assert 0 <= bench.app.number_input(key="forecast_seed").value < 1_000_000


def test_tables_stand_behind_both_pictures(bench: Bench) -> None:
    bench.click("table_forecast_fan")
    bench.click("table_forecast_tornado")
    fan, tornado, odds = (each.value for each in bench.app.dataframe[:3])
    assert len(fan) == 24
    assert list(fan["Month"][:2]) == ["2026-11", "2026-12"]
    assert 0 < len(tornado) <= 8
    assert list(tornado.columns[:3]) == ["Input", "Low", "High"]
    assert "How sure" in odds.columns


def test_zero_volume_pays_nothing_and_divides_by_nothing(visit: Callable[..., Bench]) -> None:
    zero = document()
    for category in zero["workload"]["categories"]:  # type: ignore[index]
        category["requests_per_month"] = 0.0
    bench = visit(build_plan(zero))
    bench.go(PAGE)
    assert bench.complaints() == []
    assert "nan" not in said(bench).casefold()
    assert heading(bench)


@pytest.mark.parametrize(
    "changes",
    [
        {"workload": {"categories": []}, "scenarios": [], "baseline": None, "evaluations": []},
        {"scenarios": [], "baseline": None},
    ],
    ids=["nothing at all", "no scenario"],
)
def test_an_empty_plan_says_where_to_start(visit: Callable[..., Bench], changes: dict[str, object]) -> None:
    bench = visit(with_plan(**changes))
    bench.go(PAGE)
    assert bench.complaints() == []
    assert "No strategy yet" in said(bench) or "No work yet" in said(bench)


def test_a_scenario_without_a_price_is_unknown_and_not_offered(visit: Callable[..., Bench]) -> None:
    # claude-opus-4-1 was retired before 25 Nov 2026.
    plan = document()
    plan["price_date"] = "2026-11-25"
    plan["scenarios"].append(  # type: ignore[attr-defined]
        {"name": "Old Opus", "strategy": {"kind": "single", "model": "claude-opus-4-1"}})
    bench = visit(build_plan(plan))
    bench.go(PAGE)
    assert bench.complaints() == []
    assert "Old Opus" not in bench.app.selectbox(key="forecast_scenario").options
    odds = bench.app.dataframe[0].value.set_index("Scenario")
    assert list(odds.loc["Old Opus"]) == ["–"] * 5
    assert "nan" not in said(bench).casefold()
