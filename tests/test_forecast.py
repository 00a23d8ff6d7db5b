"""The months ahead: growth, season, prices on their days, bands, and when a budget is passed."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from planner.cli import main
from planner.domain.plan import Plan, build_plan
from planner.domain.templates import example_plan
from planner.engine.evaluate import evaluate
from planner.engine.forecast import forecast
from planner.engine.study import study
from planner.engine.uncertainty import assess
from planner.views.tables import forecast_table
from planner.views.wording_risk import budget_sentence, confidence_sentence
from tests.market import DAY, MARKET


def plan_of(strategies: dict[str, str], growth: Any = 0.0, requests: Any = 100_000.0, **fields: Any) -> Plan:
    """100,000 requests of 1,000 + 100 tokens: $0.0015 each on `small`, $150 a month; five times that on `large`."""
    return build_plan({
        "monthly_growth": growth, "horizon_months": 12,
        "workload": {"categories": [{
            "name": "Mail", "requests_per_month": requests, "input_tokens_per_request": 1_000.0,
            "output_tokens_per_request": 100.0, "error_cost_usd": 0.0, "error_rates": dict.fromkeys(
                strategies.values(), 0.0),
        }]},
        "scenarios": [{"name": name, "strategy": {"kind": "single", "model": model}}
                      for name, model in strategies.items()], **fields,
    }, "plan", MARKET)


def fan(plan: Plan, draws: int = 2_000) -> Any:
    return assess(evaluate(plan, DAY, MARKET), draws=draws).fan


def test_without_doubt_the_band_is_the_likely_line() -> None:
    """10 % growth and a season: month 3 is $150 x 1.21 x the factor of March."""
    season = (1.0, 2.0, 0.5, *[1.0] * 9)
    plan = plan_of({"Small": "small"}, growth=0.1, season=season)
    line = forecast(evaluate(plan, DAY, MARKET)).scenarios[0].invoice_usd
    assert line[:3] == pytest.approx([150.0, 150 * 1.1 * 2, 150 * 1.21 * 0.5])
    bands = fan(plan).scenarios[0].invoice_usd
    for band in (bands.p10, bands.p50, bands.p90):
        assert band == pytest.approx(line)


def test_announced_prices_and_retirements_stand_in_the_bands_as_in_the_line() -> None:
    """Between January and December `rising` has its price raised, `leaving` retires for `large`, `vanishing` ends."""
    plan = plan_of({"Rising": "rising", "Leaving": "leaving", "Vanishing": "vanishing", "Small": "small"},
                   monthly_price_drift=0.02)
    lines, found = forecast(evaluate(plan, DAY, MARKET)), fan(plan)
    for line in lines.scenarios:
        np.testing.assert_allclose(found.scenario(line.name).invoice_usd.p50, line.invoice_usd, rtol=1e-9)
    assert len(set(np.round(lines.scenario("Leaving").invoice_usd / 1.02 ** np.arange(12), 6))) == 2
    assert np.isnan(lines.scenario("Vanishing").invoice_usd[-1])
    assert lines.scenario("Leaving").events


def test_a_draw_keeps_its_growth_so_the_fan_opens_month_by_month() -> None:
    """Growth of 0 to 6 % a month in 8 of 10 cases: month 12 lies between 1.00 and 1.06^11 times month 1."""
    bands = fan(plan_of({"Small": "small"}, growth={"low": 0.0, "likely": 0.03, "high": 0.06}), 20_000).scenarios[0]
    invoice = bands.invoice_usd
    assert (invoice.p10[0], invoice.p90[0]) == pytest.approx((150.0, 150.0))
    assert invoice.p10[11] == pytest.approx(150.0, rel=0.02)
    assert invoice.p50[11] == pytest.approx(150 * 1.03**11, rel=0.02)
    assert invoice.p90[11] == pytest.approx(150 * 1.06**11, rel=0.02)
    assert (np.diff(invoice.p90 - invoice.p10) > 0).all()


def test_a_certain_bill_passes_the_budget_in_a_certain_month() -> None:
    """$150 growing 10 % a month passes $200 in month 5 (150 x 1.1^3 = $199.65, 150 x 1.1^4 = $219.62)."""
    found = fan(plan_of({"Small": "small"}, growth=0.1, limits={"monthly_budget_usd": 200.0}))
    budget, reserve = found.scenarios[0].budget, found.scenarios[0].budget_with_margin
    assert budget.month == date(2026, 5, 1)
    assert budget.by_month.tolist() == [0, 0, 0, 0, *[1] * 8]
    # 20 % kept in reserve: $166.67, passed in month 3 ($181.50); no cost figure moves
    assert reserve.line_usd == pytest.approx(200 / 1.2)
    assert reserve.month == date(2026, 3, 1)
    assert found.scenarios[0].invoice_usd.p50[0] == pytest.approx(150.0)


def test_the_chance_to_pass_the_budget_is_that_of_the_growth_that_it_takes() -> None:
    """Month 12 passes $150 x 1.03^11 when growth is above 3 %, its median: half of all draws."""
    line = 150 * 1.03**11
    found = fan(plan_of({"Small": "small"}, growth={"low": 0.01, "likely": 0.03, "high": 0.05},
                        limits={"monthly_budget_usd": line}), 20_000)
    budget = found.scenarios[0].budget
    assert budget.chance == pytest.approx(0.5, abs=0.01)
    assert (np.diff(budget.by_month) >= 0).all()


def test_a_month_above_the_budget_counts_even_if_later_ones_lie_below() -> None:
    season = (1.0, 3.0, *[1.0] * 10)
    found = fan(plan_of({"Small": "small"}, season=season, limits={"monthly_budget_usd": 300.0}))
    assert found.scenarios[0].budget.by_month.tolist() == [0, *[1] * 11]


def test_without_a_budget_nothing_is_said_of_one() -> None:
    found = fan(plan_of({"Small": "small"}))
    assert found.scenarios[0].budget is None
    assert budget_sentence(found) is None


def test_the_budget_in_words() -> None:
    found = fan(plan_of({"Small": "small"}, growth=0.1, limits={"monthly_budget_usd": 200.0}))
    assert budget_sentence(found) == (
        "100 % chance to pass $200 a month by Dec 2026; as likely as not by May 2026. "
        "With 20 % kept in reserve ($167): 100 %."
    )


def test_confidence_in_words_names_both_and_the_odds() -> None:
    risk = assess(evaluate(plan_of({"Small": "small", "Large": "large"}), DAY, MARKET), draws=500,
                  materiality_usd=50.0).risk
    assert confidence_sentence(risk) == (
        "Clear: Small costs less than Large in 100 % of the draws, by $600 a month in the middle case ($600 to $600)."
    )


# --- the command line --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def example() -> str:
    return str(example_plan().path)


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert main(list(arguments)) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_forecast_prints_the_line_of_every_scenario(capsys: pytest.CaptureFixture[str], example: str) -> None:
    found = printed(capsys, "forecast", example, "--json")
    point = printed(capsys, "evaluate", example, "--json")
    months = len(found["months"])
    assert months == 24
    by_name = {each["name"]: each for each in found["scenarios"]}
    for each in point["scenarios"]:
        line = by_name[each["name"]]
        for key in ("spend_usd", "invoice_usd", "total_usd"):
            assert len(line[key]) == months
            assert line[key][0] == pytest.approx(each["monthly"][key])
        assert set(line["invoice_band_usd"]) == {"p10", "p50", "p90"}
        assert line["events"] == []


def test_risk_prints_bands_odds_tornado_and_budget(capsys: pytest.CaptureFixture[str], example: str) -> None:
    found = printed(capsys, "risk", example, "--json", "--seed", "7", "--draws", "500")
    assert (found["seed"], found["draws"]) == (7, 500)
    assert all(each["total_usd"]["p10"] < each["total_usd"]["p50"] < each["total_usd"]["p90"]
               for each in found["scenarios"])
    odds = {(each["a"], each["b"]): each["p"] for each in found["cheaper"]}
    assert all(p + odds[b, a] == pytest.approx(1) for (a, b), p in odds.items())
    swings = [each["swing_usd"] for each in found["tornado"]]
    assert len(swings) == 8
    assert swings == sorted(swings, reverse=True)
    assert all(each["low"] < each["high"] for each in found["tornado"])
    assert 0 <= found["budget"]["p"] <= 1
    assert found["budget"]["scenario"] == found["best"]


def test_the_usual_seed_and_draws_are_shown(capsys: pytest.CaptureFixture[str], example: str) -> None:
    assert main(["risk", example]) == 0
    text = capsys.readouterr().out
    assert "seed 42, 10,000 draws" in text
    assert "Cheaper than best" in text


@pytest.mark.parametrize("arguments", [("--seed", "-3"), ("--seed", "x"), ("--draws", "5"), ("--draws", "1e9")])
def test_a_silly_seed_or_number_of_draws_is_bad_input(capsys: pytest.CaptureFixture[str], example: str,
                                                      arguments: tuple[str, str]) -> None:
    assert main(["risk", example, *arguments]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith(f'{arguments[0]}: "{arguments[1]}" is not a whole number from ')


def test_a_plan_without_scenarios_still_prints(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    plan = tmp_path / "empty.yaml"
    plan.write_text("version: 1\nname: Empty\n", encoding="utf-8")
    assert printed(capsys, "risk", str(plan), "--json", "--draws", "100")["best"] is None
    assert printed(capsys, "forecast", str(plan), "--json")["scenarios"] == []


def test_the_table_carries_the_keys_of_the_json_and_one_row_per_scenario_and_month() -> None:
    plan = plan_of({"Small": "small", "Large": "large"}, growth=0.1, limits={"monthly_budget_usd": 200.0})
    table = forecast_table(study(plan, DAY, MARKET))
    assert len(table) == 24
    assert list(table["month"][:2]) == ["2026-01", "2026-02"]
    assert {"spend_usd", "invoice_usd", "total_usd", "invoice_p10_usd", "total_p90_usd", "event"} < set(table.columns)
    assert table["budget_passed_share"].tolist()[:5] == [0, 0, 0, 0, 1]
