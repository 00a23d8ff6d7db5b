"""Langfuse observations (CSV, JSON, JSON lines): rows of type GENERATION carry usage.

The keys of ``usage_details`` vary. ``input`` is taken to leave out what stands under ``input_...`` keys of its own when
``total`` says so, and to include it otherwise; where neither adds up the row is refused.
"""

from __future__ import annotations

from typing import Any

from planner.ingest.cells import Cells, Refused, in_picousd, read_count, read_decimal
from planner.ingest.formats.litellm import json_cell
from planner.ingest.source import Source, Tokens, layout, token_row
from planner.ingest.usage import UsageRow

_REQUIRED = ("id", "type", "start_time", "provided_model_name")
_READ_KEYS = ("input_cached_tokens", "cache_read_input_tokens", "input_cache_read", "input_cached")
_WRITE_KEYS = ("cache_creation_input_tokens", "input_cache_creation", "input_cache_write")
_REASONING_KEYS = ("reasoning_tokens", "output_reasoning_tokens", "output_reasoning")


def _object(cells: Cells, column: str) -> dict[str, Any]:
    if column in cells.columns:
        found = json_cell(cells, column)
        return found if isinstance(found, dict) else {}
    prefix = f"{column}."
    return {name[len(prefix):]: value for name, value in cells.record.items() if name.startswith(prefix)}


def _counted(cells: Cells, usage: dict[str, Any], *keys: str) -> int:
    for key in keys:
        if usage.get(key) is not None:
            try:
                return read_count(usage[key])
            except Refused as refused:
                cells.refuse(f"usage_details > {key}", refused.found, refused.expected, refused.mend)
    return 0


def _tokens(cells: Cells, usage: dict[str, Any]) -> Tokens:
    sent, received = _counted(cells, usage, "input"), _counted(cells, usage, "output")
    cached, written = _counted(cells, usage, *_READ_KEYS), _counted(cells, usage, *_WRITE_KEYS)
    reasoning, total = _counted(cells, usage, *_REASONING_KEYS), _counted(cells, usage, "total")
    is_beside = {
        sent + received: False,
        sent + cached + written + received: True,
        sent + cached + written + received + reasoning: True,
    }.get(total)
    if total and is_beside is None and cached + written:
        cells.refuse("usage_details", f"a total of {total:,}", "the sum of its parts", "Check the observation.")
    if total == sent + received + cached + written + reasoning and reasoning and total != sent + received:
        received += reasoning
    if is_beside and cached + written:
        sent += cached + written
    return Tokens(sent, received, cached, written, reasoning)


def _cost(cells: Cells) -> int | None:
    if "total_cost" in cells.columns:
        return cells.usd("total_cost")
    total = _object(cells, "cost_details").get("total")
    if total is None:
        return None
    try:
        return in_picousd(read_decimal(total))
    except Refused as refused:
        cells.refuse("cost_details > total", refused.found, refused.expected, refused.mend)
        return None


def _read(cells: Cells) -> UsageRow | None:
    if cells.word("type") not in ("generation", "embedding"):
        return None
    usage = _object(cells, "usage_details")
    trace = cells.name("trace_name") or cells.name("name")
    return token_row(
        cells, (cells.moment("start_time", is_utc=True), 0), cells.name("provided_model_name"), trace,
        _tokens(cells, usage), {"feature": trace, "project": cells.name("environment")}, requests=1,
        cost_picousd=_cost(cells), is_single=True, has_failed=cells.word("level") == "error",
    )


SOURCE = Source(
    title="Langfuse observations",
    family="langfuse",
    watcher="trace",
    layouts=(layout("langfuse_csv", "csv", *_REQUIRED, "usage_details"),
             layout("langfuse_json", "json", *_REQUIRED)),
    measures=frozenset({"usage_details", "cost_details", "total_cost"}),
    read=_read,
    identity=("id",),
)
