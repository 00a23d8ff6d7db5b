"""A second reader of the same exports, written apart from the planner's: slow, plain, and in agreement or not.

It knows nothing of the planner's code and takes another way: whole columns, one after the other.
"""

from __future__ import annotations

import csv
import io
import json
from collections import defaultdict
from fractions import Fraction
from typing import Any

Totals = dict[str, Any]
Rows = list[dict[str, str]]


def _table(content: bytes) -> Rows:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8"))))


def _number(text: str) -> int:
    return int(Fraction(text)) if text else 0


def _sum(rows: Rows, *columns: str) -> int:
    return sum(_number(row[column]) for row in rows for column in columns)


def _money(rows: Rows, column: str) -> float:
    return float(sum(Fraction(row[column]) for row in rows if row[column]))


def _openai_usage(content: bytes) -> Totals:
    rows = _table(content)
    return {"requests": _sum(rows, "num_model_requests"), "input": _sum(rows, "input_tokens"),
            "cached": _sum(rows, "input_cached_tokens"), "written": None, "output": _sum(rows, "output_tokens"),
            "usd": None}


def _openai_api(content: bytes) -> Totals:
    results = [result for bucket in json.loads(content)["data"] for result in bucket["results"]]
    # the other way round: fresh tokens and the two cached kinds, rather than the source's own sum
    parts = [sum(result[name] for result in results)
             for name in ("input_uncached_tokens", "input_cached_tokens", "input_cache_write_tokens")]
    return {"requests": sum(result["num_model_requests"] for result in results), "input": sum(parts),
            "cached": parts[1], "written": parts[2], "output": sum(result["output_tokens"] for result in results),
            "usd": None}


def _openai_costs(content: bytes) -> Totals:
    return {"requests": None, "input": None, "cached": None, "written": None, "output": None,
            "usd": _money(_table(content), "amount_value")}


def _anthropic_usage(content: bytes) -> Totals:
    rows = _table(content)
    name = "usage_input_tokens_"
    written = _sum(rows, f"{name}cache_write_5m", f"{name}cache_write_1h")
    cached = _sum(rows, f"{name}cache_read")
    return {"requests": None, "input": _sum(rows, f"{name}no_cache") + cached + written, "cached": cached,
            "written": written, "output": _sum(rows, "usage_output_tokens"), "usd": None}


def _anthropic_api(content: bytes) -> Totals:
    totals: dict[str, int] = defaultdict(int)
    for bucket in json.loads(content)["data"]:
        for result in bucket["results"]:
            written = sum(result["cache_creation"].values())
            totals["cached"] += result["cache_read_input_tokens"]
            totals["written"] += written
            totals["input"] += result["uncached_input_tokens"] + result["cache_read_input_tokens"] + written
            totals["output"] += result["output_tokens"]
    return {"requests": None, **totals, "usd": None}


def _anthropic_costs(content: bytes) -> Totals:
    return {"requests": None, "input": None, "cached": None, "written": None, "output": None,
            "usd": _money(_table(content), "cost_usd")}


def _openrouter(content: bytes) -> Totals:
    rows = _table(content)
    return {"requests": len({row["generation_id"] for row in rows}), "input": _sum(rows, "tokens_prompt"),
            "cached": _sum(rows, "tokens_cached"), "written": None, "output": _sum(rows, "tokens_completion"),
            "usd": _money(rows, "cost_total")}


def _litellm(content: bytes) -> Totals:
    rows = _table(content)
    details = [json.loads(row["metadata"]).get("additional_usage_values") or {} for row in rows]
    # all tokens less those written, rather than the prompt column
    return {"requests": len(rows), "input": _sum(rows, "total_tokens") - _sum(rows, "completion_tokens"),
            "cached": sum(each.get("cache_read_input_tokens") or 0 for each in details),
            "written": sum(each.get("cache_creation_input_tokens") or 0 for each in details),
            "output": _sum(rows, "completion_tokens"), "usd": _money(rows, "spend")}


def _focus(content: bytes) -> Totals:
    rows = [row for row in _table(content) if row["ChargeCategory"] == "Usage"]
    by_sku: dict[str, Rows] = defaultdict(list)
    for row in rows:
        by_sku[row["SkuId"].split(":")[1]].append(row)
    sums = {sku: _sum(part, "ConsumedQuantity") for sku, part in by_sku.items()}
    output = sums.pop("output-tokens")
    return {"requests": None, "input": sum(sums.values()), "cached": sums["cached-input-tokens"],
            "written": sums["cache-write-input-tokens"], "output": output, "usd": _money(rows, "BilledCost")}


READERS = {
    "openai_completions_usage.csv": _openai_usage,
    "openai_usage_api.json": _openai_api,
    "openai_costs.csv": _openai_costs,
    "anthropic_usage_console.csv": _anthropic_usage,
    "anthropic_usage_api.json": _anthropic_api,
    "anthropic_cost_console.csv": _anthropic_costs,
    "openrouter_activity.csv": _openrouter,
    "litellm_spend_logs.csv": _litellm,
    "focus_1_2.csv": _focus,
}
