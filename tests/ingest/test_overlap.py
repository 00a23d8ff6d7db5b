"""What two files or two rows tell is counted once, and said."""

from __future__ import annotations

import itertools

import pytest

from tests.ingest.exports import TABLES, figures, read, sample, table, written

OPENAI = ("start_time,end_time,project_id,num_model_requests,user_id,api_key_id,model,batch,service_tier,input_tokens,"
          "output_tokens,input_cached_tokens\n")


def bucket(day: int, requests: int, sent: int, project: str = "p", model: str = "gpt-5") -> str:
    start = 1790812800 + 86_400 * day
    return f"{start},{start + 86_400},{project},{requests},user-1,key,{model},FALSE,default,{sent},{sent // 10},0\n"


@pytest.mark.parametrize("name", TABLES)
def test_the_same_file_twice_is_counted_once(name: str) -> None:
    reading = read(sample(name), sample(name))
    assert figures(reading) == figures(read(sample(name)))
    assert any("same file" in words for words in reading.warnings)


@pytest.mark.parametrize("name", TABLES)
def test_the_same_rows_in_another_dialect_and_order_are_counted_once(name: str) -> None:
    header, rows = table(sample(name))
    turned = written(header[::-1], [row[::-1] for row in rows[::-1]], ";", "\r\n")
    reading = read(sample(name), turned)
    assert figures(reading) == figures(read(sample(name)))
    assert any("counted once" in words for words in reading.warnings)


def test_overlapping_days_are_counted_once_and_the_further_ones_added() -> None:
    first = OPENAI + bucket(0, 1, 10) + bucket(1, 2, 20)
    second = OPENAI + bucket(1, 2, 20) + bucket(2, 4, 40)
    reading = read(first, second)
    assert (reading.totals.requests, reading.totals.input_tokens) == (7, 70)
    assert any("overlap on 1 days" in words for words in reading.warnings)


def test_a_day_exported_before_it_was_over_gives_way_to_the_fuller_one() -> None:
    early, late = OPENAI + bucket(0, 3, 30), OPENAI + bucket(0, 5, 50)
    for order in itertools.permutations((early, late)):
        reading = read(*order)
        assert reading.totals.requests == 5
        assert any("figures differ" in words for words in reading.warnings)


def test_files_of_the_same_days_and_different_projects_are_added() -> None:
    reading = read(OPENAI + bucket(0, 1, 10, "a"), OPENAI + bucket(0, 2, 20, "b"))
    assert reading.totals.requests == 3
    assert not any("counted once" in words for words in reading.warnings)


def test_usage_and_costs_of_the_same_days_stand_beside_each_other() -> None:
    usage, costs = sample("openai_completions_usage.csv"), sample("openai_costs.csv")
    for order in ((usage, costs), (costs, usage)):
        reading = read(*order)
        assert reading.totals.input_tokens == read(usage).totals.input_tokens
        assert reading.totals.cost_usd == pytest.approx(72.82270298)
        assert any("no further traffic" in words for words in reading.warnings)


def test_the_export_and_the_api_of_one_seller_tell_the_same_traffic() -> None:
    alone = read(sample("openai_completions_usage.csv")).totals
    both = read(sample("openai_completions_usage.csv"), sample("openai_usage_api.json"))
    assert (both.totals.requests, both.totals.input_tokens) == (alone.requests, alone.input_tokens)
    assert any("same traffic" in words for words in both.warnings)


def test_a_gateway_tells_what_its_seller_tells_and_another_seller_does_not() -> None:
    seller = OPENAI + bucket(0, 5, 50, model="gpt-5-2025-08-07")
    gateway = ("request_id,spend,prompt_tokens,completion_tokens,startTime,model,custom_llm_provider\n"
               "r1,0.1,10,1,2026-10-01T10:00:00Z,openai/gpt-5,openai\n"
               "r2,0.1,10,1,2026-10-01T10:00:00Z,claude-opus-4-5,anthropic\n"
               "r3,0.1,10,1,2026-10-02T10:00:00Z,openai/gpt-5,openai\n")
    other = '"Date","Slug","Usage","BYOK Usage","Requests","Prompt Tokens","Completion Tokens","Reasoning Tokens"\n' \
            '2026-10-01,openai/gpt-5,0.5,0,100,1000,100,0\n'
    # r1 is among the 5 requests of the seller; r2 is another model, r3 another day; the other seller's 100 are its own
    assert read(seller, gateway).totals.requests == 7
    assert read(seller, other).totals.requests == 105


def test_money_that_a_bill_repeats_is_not_added() -> None:
    router = '"Date","Slug","Usage","BYOK Usage","Requests","Prompt Tokens","Completion Tokens","Reasoning Tokens"\n' \
             '2026-10-01,openai/gpt-5,0.5,0,100,1000,100,0\n'
    bill = ("BilledCost,ChargeCategory,ChargePeriodStart,ChargePeriodEnd,ConsumedQuantity,ConsumedUnit,ResourceName\n"
            "0.5,Usage,2026-10-01T00:00:00Z,2026-10-02T00:00:00Z,1,Requests,openai/gpt-5\n")
    assert read(router, bill).totals.cost_usd == 0.5


def test_a_request_that_a_log_names_twice_is_counted_once() -> None:
    header, rows = table(sample("litellm_spend_logs.csv"))
    reading = read(written(header, [*rows, rows[3]]))
    assert reading.totals.requests == 56
    assert any("names 1 requests twice" in words for words in reading.warnings)


def test_a_correction_is_subtracted_also_from_another_file() -> None:
    # 5 requests of 50 tokens less 2 of 20; the correction has the same key as what it corrects
    correction = bucket(0, -2, -20)
    together = read(OPENAI + bucket(0, 5, 50) + correction)
    apart = read(OPENAI + bucket(0, 5, 50) + bucket(1, 1, 10), OPENAI + correction + bucket(2, 9, 90))
    assert together.totals.requests == 3
    assert apart.totals.requests == 13


def test_a_gap_between_files_is_said_and_not_taken_for_quiet_days() -> None:
    reading = read(OPENAI + bucket(0, 1, 10), OPENAI + bucket(9, 1, 10))
    assert reading.period.days == 2
    assert any("leave 8 of 10 days out" in words for words in reading.warnings)


def test_a_bill_in_two_files_keeps_its_money_beside_other_files() -> None:
    head = "BilledCost,ChargeCategory,ChargePeriodStart,ChargePeriodEnd,ConsumedQuantity,ConsumedUnit,ResourceName," \
           "SkuMeter,SubAccountId\n"
    day = "Usage,2026-10-01T00:00:00Z,2026-10-02T00:00:00Z"
    tokens, money = f"2.0,{day},1000,Tokens,gpt-5,Input Tokens,a\n", f"0.5,{day},1,Requests,gpt-5-mini,,b\n"
    other = OPENAI + bucket(5, 1, 10, model="claude-opus-4-5")
    # 2.00 + 0.50 dollars, whether the bill comes in one file or in two, alone or beside another export
    for files in ((head + tokens + money,), (head + tokens, head + money), (head + tokens, head + money, other)):
        assert read(*files).totals.cost_usd == 2.5
