"""Anthropic console usage export, in the layout of 2026 and of 2025. Cached tokens stand beside the input.

There is no count of requests: it is unknown.
"""

from __future__ import annotations

from planner.ingest.cells import Cells
from planner.ingest.source import Source, beside, layout, token_row
from planner.ingest.usage import DAY_S, UsageRow

_INPUT, _OUTPUT = "usage_input_tokens_no_cache", "usage_output_tokens"
_WRITES = ("usage_input_tokens_cache_write_5m", "usage_input_tokens_cache_write_1h", "usage_input_tokens_cache_write")
DEFAULT_WORKSPACE = "(default)"


def is_long(window: str) -> bool | None:
    """Whether a context window lies above the step: ``> 200k`` or ``200k-1M``; None where nothing is said.

    >>> is_long("≤ 200k"), is_long("0-200k"), is_long("> 200k"), is_long("200k-1m"), is_long("")
    (False, False, True, True, None)
    """
    if not window:
        return None
    return not window.startswith(("≤", "<", "0-", "0 -", "up to"))


def _read(cells: Cells) -> UsageRow:
    workspace = cells.name("workspace") or DEFAULT_WORKSPACE
    writes = [cells.detail(column) for column in _WRITES if column in cells.columns]
    tokens = beside(
        cells.count(_INPUT), cells.count(_OUTPUT), cells.detail("usage_input_tokens_cache_read"),
        sum(count or 0 for count in writes) if writes else None,
    )
    kind = cells.word("usage_type")
    return token_row(
        cells, (cells.moment("usage_date_utc"), DAY_S), cells.name("model_version"), workspace, tokens,
        {"project": workspace, "key": cells.name("api_key")}, is_batch=kind == "batch" if kind else None,
        is_long_prompt=is_long(cells.word("context_window")), seller="anthropic",
    )


SOURCE = Source(
    title="Anthropic usage",
    family="anthropic",
    watcher="seller",
    layouts=(layout("anthropic_usage_csv", "csv", "usage_date_utc", "model_version", _INPUT, _OUTPUT),),
    measures=frozenset({_INPUT, _OUTPUT, *_WRITES, "usage_input_tokens_cache_read", "web_search_count"}),
    read=_read,
)
