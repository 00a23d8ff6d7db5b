"""From usage to a plan: a month of 730 h, lengths, shares, peak, growth, and what runs today."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from planner.domain.plan import parse_plan
from planner.domain.quantities import likely
from planner.domain.workload import token_totals, volume_of
from planner.ingest import UsagePlan, to_workload, usage_plan_text
from planner.ingest.aggregate import peak_of, percentiles
from planner.ingest.to_plan import MONTH_DAYS, TODAY, assumed_tokens_per_request
from pricing.errors import InputError
from tests.ingest.exports import NAMES, read, sample

HEAD = "date,model,requests,input_tokens,output_tokens,cached_tokens,team,batch,cost_usd\n"


def line(day: str, requests: int, sent: int, model: str = "claude-haiku-4-5", team: str = "shop",
         batch: str = "false", usd: str = "0") -> str:
    return f"{day},{model},{requests},{sent},{sent // 10},{sent // 2},{team},{batch},{usd}\n"


def plan_of(text: str, **options: Any) -> UsagePlan:
    return to_workload(read(text), **options)


def days(first: str, count: int) -> list[str]:
    return [(date.fromisoformat(first) + timedelta(days=at)).isoformat() for at in range(count)]


def test_ten_days_are_scaled_to_a_month_of_365_by_12_days() -> None:
    found = plan_of(HEAD + "".join(line(day, 12, 1200) for day in days("2026-10-01", 10)))
    category = found.workload.categories[0]
    # 120 requests in 10 days: 12 a day x 365/12 = 365 a month of 100 tokens
    assert volume_of(category) == (365.0, 100.0, 10.0)
    assert likely(category.cached_input_share) == 0.5
    assert any("730 h" in words for words in found.notes)


@pytest.mark.parametrize("name", [name for name in NAMES if "cost" not in name])
def test_a_plan_asks_for_the_tokens_that_the_files_tell(name: str) -> None:
    reading = read(sample(name))
    sent, received = token_totals(to_workload(reading).workload)
    factor = MONTH_DAYS / reading.period.days
    assert sent == pytest.approx((reading.totals.input_tokens or 0) * factor, rel=1e-5)
    assert received == pytest.approx((reading.totals.output_tokens or 0) * factor, rel=1e-5)


@pytest.mark.parametrize("name", [name for name in NAMES if "cost" not in name])
@pytest.mark.parametrize("grouping", ["source", "project", "key", "model"])
def test_a_plan_file_reads_back_and_says_where_its_figures_come_from(name: str, grouping: Any) -> None:
    reading = read(sample(name))
    found = to_workload(reading, grouping)
    text = usage_plan_text(found, reading)
    assert parse_plan(text) == found.plan
    assert "# derived: " in text
    assert "# error_cost: No export tells what a wrong answer costs" in text
    assert "@" not in text


def test_money_alone_makes_no_workload() -> None:
    with pytest.raises(InputError, match="money without tokens"):
        to_workload(read(sample("openai_costs.csv")))


def test_where_requests_are_not_counted_their_length_is_assumed_and_said() -> None:
    found = to_workload(read(sample("anthropic_usage_console.csv")))
    for category in found.workload.categories:
        assert category.input_tokens_per_request == assumed_tokens_per_request()
    assert {origin.source for origin in found.origins if origin.field == "input_tokens_per_request"} == {"assumed"}


# Lengths and peaks -------------------------------------------------------------------------------------------------


def test_percentiles_are_values_that_occur() -> None:
    assert percentiles([10]) == (10, 10, 10, 1)
    assert percentiles([4, 1, 3, 2])[:3] == (2, 4, 4)  # type: ignore[index]
    assert percentiles([]) is None


LOG = "request_id,timestamp,model,input_tokens,output_tokens,team\n"


def test_single_requests_tell_their_spread_and_the_share_above_the_price_step() -> None:
    # Gemini 3.1 Pro costs more above 200,000 tokens: one of 20 prompts, 300,000 of 490,000 tokens
    rows = [f"r{at},2026-10-01T10:00:00Z,gemini-3.1-pro-preview,10000,10,shop\n" for at in range(19)]
    text = LOG + "".join(rows) + "r19,2026-10-01T11:00:00Z,gemini-3.1-pro-preview,300000,10,shop\n"
    category = plan_of(text).workload.categories[0]
    assert (category.input_tokens_p95, category.max_prompt_tokens) == (10_000, 300_000)
    assert category.long_prompt_share == pytest.approx(300 / 490, rel=1e-5)


def log(requests_at: dict[int, int], first: str, count: int) -> str:
    """Hourly sums: requests by hour of the day, the same every day."""
    rows = [f"{day}T{hour:02}:00:00Z,m,{requests},{requests},0\n"
            for day in days(first, count) for hour, requests in requests_at.items() if requests]
    return "timestamp,model,requests,input_tokens,output_tokens\n" + "".join(rows)


def test_the_peak_is_the_busiest_hour_of_the_week_over_the_mean_hour() -> None:
    # 23 hours of 40 and one of 280: mean 50, so 5.6 times
    hours = dict.fromkeys(range(24), 40) | {9: 280}
    reading = read(log(hours, "2026-10-05", 14))
    peak = peak_of(reading.rows, (reading.period.start - date(1970, 1, 1)).days, 14)
    assert peak is not None
    assert (peak.factor, peak.hours) == (pytest.approx(5.6), 168)
    assert to_workload(reading).workload.categories[0].peak_factor == pytest.approx(5.6)


def test_less_than_a_week_tells_the_hours_of_a_day_and_few_requests_tell_no_peak() -> None:
    hours = dict.fromkeys(range(24), 40) | {9: 280}
    reading = read(log(hours, "2026-10-05", 3))
    first = (reading.period.start - date(1970, 1, 1)).days
    peak = peak_of(reading.rows, first, 3)
    assert peak is not None
    assert peak.hours == 24
    few = read(log({9: 5, 10: 1}, "2026-10-05", 14))
    assert peak_of(few.rows, first, 14) is None


def test_days_without_hours_tell_no_peak() -> None:
    found = plan_of(HEAD + "".join(line(day, 1000, 1000) for day in days("2026-10-01", 14)))
    assert found.workload.categories[0].peak_factor is None


# Growth ------------------------------------------------------------------------------------------------------------


def test_growth_is_measured_per_day_between_whole_months() -> None:
    # September: 30 days of 100; October: 31 days of 110. Per day 10 % more, though the month has 13.7 % more.
    text = HEAD + "".join(line(day, 100, 1000) for day in days("2026-09-01", 30)) + "".join(
        line(day, 110, 1100) for day in days("2026-10-01", 31))
    found = plan_of(text)
    assert found.plan.monthly_growth == pytest.approx(0.10)
    # the plan starts from the last whole month: 110 a day x 365/12
    assert volume_of(found.workload.categories[0])[0] == pytest.approx(110 * 365 / 12, rel=1e-5)


def test_growth_over_three_months_is_compound_and_a_part_of_a_month_is_no_month() -> None:
    text = HEAD
    for first, count, requests in (("2026-07-01", 31, 100), ("2026-08-01", 31, 500), ("2026-09-01", 30, 121),
                                   ("2026-10-01", 9, 900)):
        text += "".join(line(day, requests, 1000) for day in days(first, count))
    # 100 to 121 in two months: 10 % a month; the nine days of October are left out
    assert plan_of(text).plan.monthly_growth == pytest.approx(0.10)


def test_without_two_whole_months_growth_stays_unknown_and_is_said() -> None:
    found = plan_of(HEAD + "".join(line(day, 1, 10) for day in days("2026-09-15", 40)))
    assert found.plan.monthly_growth == 0
    assert any("Growth is not known" in words for words in found.notes)


# Categories and today ----------------------------------------------------------------------------------------------


def test_a_group_of_two_models_becomes_a_category_per_model_and_today_names_both() -> None:
    found = plan_of(HEAD + line("2026-10-01", 10, 100) + line("2026-10-01", 10, 200, "claude-opus-4-5-20251101"))
    names = [category.name for category in found.workload.categories]
    assert names == ["shop · claude-opus-4-5-20251101", "shop · claude-haiku-4-5"]
    scenario = found.plan.scenario(TODAY)
    assert found.plan.baseline_name == TODAY
    assert scenario.strategy.kind == "allocation"
    assert {name: each.model for name, each in scenario.strategy.by_category.items()} == {  # type: ignore[union-attr]
        names[0]: "claude-opus-4-5", names[1]: "claude-haiku-4-5"}


def test_the_batch_share_is_one_of_requests() -> None:
    found = plan_of(HEAD + line("2026-10-01", 30, 100) + line("2026-10-01", 10, 900, batch="true"))
    assert likely(found.workload.categories[0].batch_share) == 0.25


def test_an_unknown_model_runs_today_at_the_price_that_was_billed() -> None:
    # 2 dollars for 1,000,000 + 100,000 tokens
    found = plan_of(HEAD + line("2026-10-01", 10, 1_000_000, "our-own-7b", usd="2.2"))
    endpoint = found.plan.endpoints["our-own-7b (as billed)"]
    assert (endpoint.input_usd_per_mtok, endpoint.output_usd_per_mtok) == (2.0, 2.0)  # type: ignore[union-attr]


def test_an_unknown_model_without_a_price_leaves_today_out_and_says_so() -> None:
    found = plan_of(HEAD + line("2026-10-01", 10, 1000, "our-own-7b"))
    assert found.plan.scenarios == ()
    assert any("our-own-7b" in words and "left out" in words for words in found.notes)


def test_many_groups_are_put_together_without_losing_tokens() -> None:
    text = HEAD + "".join(line("2026-10-01", 1, 1000 + at, team=f"team {at}") for at in range(100))
    found = plan_of(text)
    assert len(found.workload.categories) == 41
    assert token_totals(found.workload)[0] == pytest.approx(sum(1000 + at for at in range(100)) * 365 / 12, rel=1e-5)


def test_names_that_look_alike_or_like_fields_do_not_break_the_plan() -> None:
    long = "batch_share: 5 " * 13
    text = HEAD + "".join(line("2026-10-01", 1, 1000, team=team) for team in (
        "Shop", "shop", "SHOP", f'"{long}"', "=1+1", "# no comment", "null", "12:30"))
    reading = read(text)
    found = to_workload(reading)
    assert len(found.workload.categories) == 8
    assert parse_plan(usage_plan_text(found, reading)) == found.plan


def test_files_of_different_days_are_scaled_each_by_its_own() -> None:
    openai, litellm = sample("openai_completions_usage.csv"), sample("litellm_spend_logs.csv")
    found = to_workload(read(openai, litellm))
    by_name = {category.name: volume_of(category)[0] for category in found.workload.categories}
    # 3,597 requests in the 8 days of one file, 14 in the 6 days of the other
    assert by_name["proj_RaGsEaRcH03aBcDeFgHiJkLmn"] == pytest.approx(3597 / 8 * 365 / 12, rel=1e-5)
    assert by_name["team-ops"] == pytest.approx(14 / 6 * 365 / 12, rel=1e-5)


def test_names_that_a_plan_would_not_take_are_made_to_fit() -> None:
    spaced = "m" * 189 + " " + "m" * 10
    text = HEAD + "".join(
        line("2026-10-01", 10, 1000, model, team, usd=usd) for model, team, usd in (
            ("own/#7b", "ﬁle", "1"), ("own/#7b", "file", "2"), ("own  7b", "x", "3"), (spaced, spaced, "1")))
    reading = read(text)
    found = to_workload(reading)
    assert len(found.workload.categories) == 4
    # one endpoint per price that was billed
    assert len(found.plan.endpoints) == 4
    assert parse_plan(usage_plan_text(found, reading)) == found.plan
