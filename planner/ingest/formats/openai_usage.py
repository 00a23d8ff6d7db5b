"""OpenAI usage of completions: the export of the usage page (CSV) and the answer of the usage API (JSON).

Cached and cache-write tokens stand inside ``input_tokens``. Counts are written as floats in the CSV. A bucket without
traffic is a row with times alone.
"""

from __future__ import annotations

from planner.ingest.cells import Cells
from planner.ingest.source import Source, Tokens, empty_row, layout, token_row
from planner.ingest.usage import UsageRow

_COUNTS = ("num_model_requests", "input_tokens", "output_tokens")
_FIELDS = ("start_time", "end_time", "model", *_COUNTS)


def _read(cells: Cells) -> UsageRow:
    when = cells.span("start_time", "end_time")
    if all(cells.is_blank(column) for column in ("model", "project_id", *_COUNTS)):
        return empty_row(when)
    project = cells.name("project_id") or cells.name("project_name")
    key = cells.name("api_key_id")
    batch = cells.flag("batch")
    if cells.word("service_tier") == "batch":
        batch = True
    tokens = Tokens(
        cells.count("input_tokens"), cells.count("output_tokens"),
        cells.detail("input_cached_tokens"), cells.detail("input_cache_write_tokens"),
    )
    return token_row(
        cells, when, cells.name("model"), project, tokens, {"project": project, "key": key},
        requests=cells.count("num_model_requests"), is_batch=batch, seller="openai",
    )


SOURCE = Source(
    title="OpenAI usage",
    family="openai",
    watcher="seller",
    layouts=(layout("openai_usage_csv", "csv", *_FIELDS), layout("openai_usage_api_json", "json", *_FIELDS)),
    measures=frozenset({*_COUNTS, "start_time_iso", "end_time_iso", "input_cached_tokens", "input_uncached_tokens",
                        "input_cache_write_tokens", "input_text_tokens", "output_text_tokens",
                        "input_cached_text_tokens", "input_audio_tokens", "input_cached_audio_tokens",
                        "output_audio_tokens", "input_image_tokens", "input_cached_image_tokens",
                        "output_image_tokens"}),
    read=_read,
)
