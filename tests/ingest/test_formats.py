"""One small export per format, with the sums worked out by hand."""

from __future__ import annotations

import json
from typing import Any

import pytest

from planner.ingest import read_usage
from planner.ingest.formats.anthropic_usage_csv import is_long
from planner.ingest.formats.focus import meter_of, token_unit
from planner.ingest.usage import UsageReading
from pricing.errors import InputError
from tests.ingest.exports import read


def counts(reading: UsageReading) -> tuple[Any, ...]:
    """Requests, input, cached, cache write, output, reasoning, USD."""
    told = reading.totals
    return (told.requests, told.input_tokens, told.cached_input_tokens, told.cache_write_tokens, told.output_tokens,
            told.reasoning_tokens, told.cost_usd)


def lines(*records: dict[str, Any]) -> str:
    return "\n".join(json.dumps(record) for record in records)


def test_openai_costs_api() -> None:
    # 0.06 + 0.04 dollars; an empty bucket is no money
    result = {"object": "organization.costs.result", "amount": {"value": 0.06, "currency": "usd"},
              "line_item": "gpt-5, input", "project_id": "proj_a"}
    other = {**result, "amount": {"value": 0.04, "currency": "usd"}, "line_item": "web search tool calls"}
    page = {"object": "page", "has_more": False, "data": [
        {"object": "bucket", "start_time": 1790812800, "end_time": 1790899200, "results": [result, other]},
        {"object": "bucket", "start_time": 1790899200, "end_time": 1790985600, "results": []}]}
    reading = read(json.dumps(page))
    assert reading.format == "openai_costs_api_json"
    assert counts(reading) == (None, None, None, None, None, None, pytest.approx(0.10))
    assert {group.model for group in reading.groups} == {"gpt-5", "(none)"}
    assert reading.period.days == 2


def test_anthropic_usage_of_2025_has_one_column_for_cache_writes() -> None:
    text = ("usage_date_utc,model_version,api_key,workspace,usage_type,context_window,usage_input_tokens_no_cache,"
            "usage_input_tokens_cache_write,usage_input_tokens_cache_read,usage_output_tokens,web_search_count\n"
            "2025-08-01,claude-opus-4-1-20250805,k,,standard,≤ 200k,100,30,70,20,0\n")
    reading = read(text)
    # beside: 100 fresh + 30 written + 70 read = 200
    assert counts(reading) == (None, 200, 70, 30, 20, None, None)
    assert reading.groups[0].name == "(default)"


def test_anthropic_cost_report_counts_cents() -> None:
    result = {"currency": "USD", "amount": "123.5", "workspace_id": None, "model": "claude-opus-4-5"}
    page = {"data": [{"starting_at": "2026-10-01T00:00:00Z", "ending_at": "2026-10-02T00:00:00Z",
                      "results": [result, {**result, "amount": "76.5"}]}], "has_more": False}
    # 123.5 + 76.5 cents = 2 dollars
    assert counts(read(json.dumps(page)))[-1] == pytest.approx(2.00)


def test_openrouter_by_day() -> None:
    text = ('"Date","Slug","Usage","BYOK Usage","Requests","Prompt Tokens","Completion Tokens","Reasoning Tokens"\n'
            '"2026-05-12 00:00:00","openai/gpt-5","0.25","0","10","1000","200","50"\n')
    reading = read(text)
    assert reading.format == "openrouter_daily_csv"
    assert counts(reading) == (10, 1000, None, None, 200, 50, 0.25)
    assert any("cached" in words for words in reading.warnings)


def test_openrouter_activity_api() -> None:
    day = {"date": "2026-05-12", "model": "openai/gpt-5", "model_permaslug": "openai/gpt-5-2025-08-07",
           "provider_name": "OpenAI", "usage": 0.25, "byok_usage_inference": 0, "requests": 10, "prompt_tokens": 1000,
           "completion_tokens": 200, "reasoning_tokens": 50}
    reading = read(json.dumps({"data": [day]}))
    assert reading.format == "openrouter_activity_api_json"
    assert counts(reading) == (10, 1000, None, None, 200, 50, 0.25)


def test_litellm_by_day_counts_cached_tokens_inside() -> None:
    text = ("id,user_id,date,api_key,model,model_group,custom_llm_provider,prompt_tokens,completion_tokens,"
            "cache_read_input_tokens,cache_creation_input_tokens,spend,api_requests,successful_requests\n"
            "1,u1,2026-10-01,k,claude-haiku-4-5,fast,anthropic,1000,100,600,50,0.5,20,19\n")
    assert counts(read(text)) == (20, 1000, 600, 50, 100, None, 0.5)


FOCUS = "BilledCost,BillingCurrency,ChargeCategory,ChargePeriodStart,ChargePeriodEnd,ConsumedQuantity,ConsumedUnit"
PERIOD = "2026-10-01T00:00:00Z,2026-10-02T00:00:00Z"


def test_focus_in_thousands_of_tokens_with_a_correction_and_a_tax() -> None:
    text = (f"{FOCUS},ResourceName,SkuMeter\n"
            f"1.00,USD,Usage,{PERIOD},12.5,1000 Tokens,gpt-5,Input Tokens\n"
            f"-0.20,USD,Usage,{PERIOD},-2.5,1000 Tokens,gpt-5,Input Tokens\n"
            f"0.50,USD,Usage,{PERIOD},1,1000 Tokens,gpt-5,Output Tokens\n"
            f"9.99,USD,Tax,{PERIOD},,,,\n")
    reading = read(text)
    # 12,500 - 2,500 = 10,000 input tokens for 1.00 - 0.20 + 0.50 dollars
    assert counts(reading) == (None, 10_000, 0, 0, 1000, None, pytest.approx(1.30))
    assert reading.other_charges_usd == pytest.approx(9.99)
    assert any("corrections" in words for words in reading.warnings)


def test_focus_of_a_gateway_that_counts_requests_alone_is_money() -> None:
    reading = read(f"{FOCUS},ResourceName,SkuMeter\n0.75,USD,Usage,{PERIOD},1,Requests,gpt-5,\n")
    assert counts(reading) == (None, None, None, None, None, None, 0.75)


def test_focus_refuses_a_meter_that_does_not_say_which_tokens_it_counts() -> None:
    with pytest.raises(InputError, match=r"row 2 > SkuMeter.*input, cached input or output"):
        read(f"{FOCUS},ResourceName,SkuMeter\n1,USD,Usage,{PERIOD},5,Tokens,gpt-5,Standard Tokens\n")


def test_focus_refuses_another_currency() -> None:
    with pytest.raises(InputError, match=r'BillingCurrency: "eur" is not USD'):
        read(f"{FOCUS},ResourceName,SkuMeter\n1,EUR,Usage,{PERIOD},5,Tokens,gpt-5,Input Tokens\n")


@pytest.mark.parametrize(
    ("words", "meter"),
    [("Input Tokens", "input"), ("gpt 5 cached Inp", "cached"), ("outputTokens", "output"), ("Tokens", None),
     ("CacheWriteInputTokens", "written"), ("prompt and completion", None)],
)
def test_a_meter_is_told_by_its_words(words: str, meter: str | None) -> None:
    assert meter_of(words) == meter


@pytest.mark.parametrize(
    ("words", "unit"),
    [("Tokens", 1), ("1000 Tokens", 1000), ("1,000,000 tokens", 1_000_000), ("1000_tokens", 1000), ("M tokens", 10**6),
     ("GB", None), ("0 Tokens", None)],
)
def test_a_unit_tells_how_many_tokens_it_holds(words: str, unit: int | None) -> None:
    assert token_unit(words) == unit


@pytest.mark.parametrize(
    ("window", "above"), [("≤ 200k", False), ("0-200k", False), ("> 200k", True), ("200k-1m", True), ("", None)]
)
def test_a_context_window_is_below_or_above_the_step(window: str, above: bool | None) -> None:
    assert is_long(window) is above


def observation(**usage: Any) -> dict[str, Any]:
    return {"id": f"o{usage}", "type": "GENERATION", "start_time": "2026-10-01T10:00:00Z", "trace_name": "bot",
            "provided_model_name": "gpt-5", "usage_details": usage, "total_cost": 0.01}


def test_langfuse_counts_cached_tokens_as_its_total_says() -> None:
    inside = observation(input=100, output=20, total=120, input_cached_tokens=40)
    beside = observation(input=60, output=20, total=120, input_cached_tokens=40)
    span = {**inside, "id": "s", "type": "SPAN"}
    # 100 of which 40 cached, in both; the span is no generation
    assert counts(read(lines(inside, beside, span))) == (2, 200, 80, 0, 40, 0, pytest.approx(0.02))


def test_langfuse_refuses_a_total_that_is_no_sum() -> None:
    with pytest.raises(InputError, match="999"):
        read(lines(observation(input=100, output=20, total=999, input_cached_tokens=40)))


def test_langfuse_as_csv_keeps_details_in_json_cells() -> None:
    text = ('id,type,start_time,provided_model_name,usage_details,total_cost,trace_name\n'
            'a,GENERATION,2026-10-01 10:00:00,gpt-5,"{""input"": 100, ""output"": 20, ""total"": 120}",0.01,bot\n')
    assert counts(read(text)) == (1, 100, 0, 0, 20, 0, 0.01)


def test_helicone_reads_properties_that_were_escaped_twice() -> None:
    cell = json.dumps(json.dumps({"Helicone-Property-Feature": "search", "UserId": "anna"})).replace('"', '""')
    text = ("response_id,response_status,request_created_at,request_properties,request_user_id,model,prompt_tokens,"
            f'completion_tokens,latency,cost\nr1,200,2026-10-01T10:00:00Z,"{cell}",anna,gpt-5,100,20,900,0.02\n')
    reading = read(text)
    assert counts(reading) == (1, 100, None, None, 20, None, 0.02)
    assert reading.groups[0].name == "search"
    assert "anna" not in repr(reading)


def test_bedrock_counts_cached_tokens_beside() -> None:
    record = {"schemaType": "ModelInvocationLog", "timestamp": "2026-10-01T10:00:00Z", "requestId": "r1",
              "modelId": "us.anthropic.claude-opus-4-5-20251101-v1:0", "operation": "Converse",
              "identity": {"arn": "arn:aws:iam::1:user/anna"}, "requestMetadata": {"app": "search"},
              "input": {"inputTokenCount": 100, "cacheReadInputTokenCount": 300, "cacheWriteInputTokenCount": 50},
              "output": {"outputTokenCount": 20}}
    reading = read(lines(record, {**record, "requestId": "r2"}))
    # twice 100 + 300 + 50
    assert counts(reading) == (2, 900, 600, 100, 40, None, None)
    assert reading.groups[0].name == "search"
    assert reading.unknown_models == ()
    assert "anna" not in repr(reading)


SPAN = {"gen_ai.request.model": "gpt-5", "gen_ai.usage.input_tokens": 100, "gen_ai.usage.output_tokens": 20,
        "gen_ai.usage.cache_read.input_tokens": 40}


def test_opentelemetry_spans_a_line() -> None:
    spans = [{"span_id": str(at), "start_time": "2026-10-01T10:00:00Z", "attributes": SPAN} for at in (1, 2)]
    http = {"span_id": "3", "start_time": "2026-10-01T10:00:00Z", "attributes": {"http.method": "GET"}}
    assert counts(read(lines(http, *spans))) == (2, 200, 80, None, 40, None, None)


def test_opentelemetry_as_an_otlp_document_and_with_the_older_names() -> None:
    def attribute(key: str, value: dict[str, Any]) -> dict[str, Any]:
        return {"key": key, "value": value}

    span = {"spanId": "a", "startTimeUnixNano": "1790848800000000000", "attributes": [
        attribute("gen_ai.response.model", {"stringValue": "gpt-5-2025-08-07"}),
        attribute("gen_ai.usage.prompt_tokens", {"intValue": "100"}),
        attribute("gen_ai.usage.completion_tokens", {"intValue": 20})]}
    resource = {"attributes": [attribute("service.name", {"stringValue": "shop"})]}
    reading = read(json.dumps({"resourceSpans": [{"resource": resource, "scopeSpans": [{"spans": [span]}]}]}))
    assert counts(reading) == (1, 100, None, None, 20, None, None)
    assert reading.groups[0].name == "shop"


def test_deepseek_has_one_row_per_kind_of_amount() -> None:
    head = "user_id,start_time_iso,end_time_iso,model,api_key_name,api_key,type,price,amount\n"
    day = "u,2026-10-01T00:00:00Z,2026-10-02T00:00:00Z,deepseek-v4-pro,shop,sk-***,"
    text = "\ufeff" + head + "".join(f"{day}{kind},0.1,{amount}\r\n" for kind, amount in (
        ("input_cache_hit_tokens", 300), ("input_cache_miss_tokens", 100), ("output_tokens", 20), ("request_count", 5)))
    assert counts(read(text)) == (5, 400, 300, None, 20, None, None)


def test_a_plain_table_is_told_by_its_columns() -> None:
    text = "Date,Model,Requests,Input Tokens,Cached Tokens,Output Tokens,Team\n2026-10-01,gpt-5,5,100,40,20,shop\n"
    reading = read(text)
    assert reading.format == "generic_csv"
    assert counts(reading) == (5, 100, 40, None, 20, None, None)
    assert reading.groups[0].name == "shop"


def test_a_table_of_other_names_needs_a_mapping() -> None:
    text = b"when,what,sent,got\n2026-10-01T09:30:00+02:00,gpt-5,100,20\n"
    with pytest.raises(InputError, match="date, model, requests, input_tokens and"):
        read_usage([("log", text)])
    mapping = {"time": "when", "model": "what", "input_tokens": "sent", "output_tokens": "got"}
    # a time of day and no count of requests: a row is one request
    assert counts(read_usage([("log", text)], mapping)) == (1, 100, None, None, 20, None, None)
    with pytest.raises(InputError, match=r'"sentt" is not a column of the file. Did you mean "sent"'):
        read_usage([("log", text)], {**mapping, "input_tokens": "sentt"})


def test_a_table_that_counts_cached_tokens_beside_maps_the_fresh_ones() -> None:
    text = b"day,model,requests,fresh,cached_tokens,output_tokens\n2026-10-01,gpt-5,1,60,40,20\n"
    assert counts(read_usage([("log", text)], {"uncached_input_tokens": "fresh"}))[1:3] == (100, 40)


def test_an_unknown_model_is_kept_by_name() -> None:
    reading = read("date,model,requests,input_tokens,output_tokens\n2026-10-01,our-own-7b,1,10,1\n")
    assert reading.unknown_models == ("our-own-7b",)
    assert reading.groups[0].model == "our-own-7b"
