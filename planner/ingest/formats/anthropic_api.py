"""Answers of Anthropic's usage report and cost report. Cached tokens stand beside the input; amounts are cents."""

from __future__ import annotations

from planner.ingest.cells import Cells
from planner.ingest.formats.anthropic_usage_csv import DEFAULT_WORKSPACE, is_long
from planner.ingest.source import Source, beside, check_currency, empty_row, layout, money_row, token_row
from planner.ingest.usage import NO_MODEL, UsageRow

_5M, _1H = "cache_creation.ephemeral_5m_input_tokens", "cache_creation.ephemeral_1h_input_tokens"
_MAIN = ("uncached_input_tokens", "output_tokens")


def _read_usage(cells: Cells) -> UsageRow:
    when = cells.span("starting_at", "ending_at")
    if all(cells.is_blank(column) for column in _MAIN):
        return empty_row(when)
    workspace = cells.name("workspace_id") or DEFAULT_WORKSPACE
    writes = [cells.detail(column) for column in (_5M, _1H) if column in cells.columns]
    tokens = beside(
        cells.count("uncached_input_tokens"), cells.count("output_tokens"), cells.detail("cache_read_input_tokens"),
        sum(count or 0 for count in writes) if writes else None,
    )
    tier = cells.word("service_tier")
    return token_row(
        cells, when, cells.name("model"), workspace, tokens,
        {"project": workspace, "key": cells.name("api_key_id")}, is_batch=tier == "batch" if tier else None,
        is_long_prompt=is_long(cells.word("context_window")), seller="anthropic",
    )


def _read_cost(cells: Cells) -> UsageRow:
    when = cells.span("starting_at", "ending_at")
    if cells.is_blank("amount"):
        return empty_row(when)
    check_currency(cells, "currency")
    workspace = cells.name("workspace_id") or DEFAULT_WORKSPACE
    return money_row(when, cells.name("model") or NO_MODEL, workspace, cells.usd("amount", per=100),
                     {"project": workspace}, "anthropic")


USAGE = Source(
    title="Anthropic usage report",
    family="anthropic",
    watcher="seller",
    layouts=(layout("anthropic_usage_api_json", "json", "starting_at", *_MAIN),),
    measures=frozenset({*_MAIN, _5M, _1H, "cache_read_input_tokens", "server_tool_use.web_search_requests"}),
    read=_read_usage,
)
COSTS = Source(
    title="Anthropic cost report",
    family="anthropic",
    watcher="seller",
    layouts=(layout("anthropic_cost_api_json", "json", "starting_at", "amount", "currency"),),
    measures=frozenset({"amount"}),
    read=_read_cost,
)
