"""DeepSeek's amount export (the CSV inside its ZIP): long form, one row per kind of amount. Cached stands beside."""

from __future__ import annotations

from planner.ingest.cells import Cells
from planner.ingest.source import Source, Tokens, layout, token_row
from planner.ingest.usage import UsageRow

_KINDS = ("input_cache_hit_tokens", "input_cache_miss_tokens", "output_tokens", "request_count")


def _read(cells: Cells) -> UsageRow:
    kind = cells.word("type")
    amount = cells.count("amount")
    if kind not in _KINDS:
        cells.refuse("type", f'"{kind[:40]}"', f"one of {', '.join(_KINDS)}", "Check the row.")
    hit, miss, output, requests = (amount if kind == each else 0 for each in _KINDS)
    key = cells.name("api_key_name")
    return token_row(
        cells, cells.span("start_time_iso", "end_time_iso"), cells.name("model"), key,
        Tokens(hit + miss, output, hit), {"key": key}, requests=requests, seller="deepseek",
    )


SOURCE = Source(
    title="DeepSeek amounts",
    family="deepseek",
    watcher="seller",
    layouts=(layout("deepseek_amount_csv", "csv", "start_time_iso", "model", "type", "price", "amount"),),
    measures=frozenset({"price", "amount"}),
    read=_read,
)
