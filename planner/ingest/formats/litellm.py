"""LiteLLM: the table of single requests (spend logs) and the daily tables.

Prompt tokens include cache reads and writes for every provider. Spend logs keep the cache counts inside ``metadata``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from planner.ingest.cells import Cells, Refused, read_count
from planner.ingest.files import read_json
from planner.ingest.source import Source, Tokens, layout, token_row
from planner.ingest.usage import DAY_S, UsageRow
from pricing.errors import InputError

_LOG = ("request_id", "spend", "prompt_tokens", "completion_tokens", "startTime", "model")
_DAY = ("date", "api_key", "model", "prompt_tokens", "completion_tokens", "spend", "api_requests")
_CACHE = ("cache_read_input_tokens", "cache_creation_input_tokens")


def json_cell(cells: Cells, column: str) -> Any:
    """The JSON in a cell, also when it was escaped twice; None for a blank one or one that is no JSON."""
    value = written = cells.record.get(column)
    if isinstance(written, str) and written in cells.documents:
        return cells.documents[written]
    for _ in range(2):
        if not isinstance(value, str) or not value.strip():
            break
        try:
            value = read_json(value, column)
        except InputError:
            cells.refuse(column, "this cell", "JSON", "Export the table again, with quotes doubled in CSV.")
            return None
    if isinstance(written, str) and len(written) <= 2000 and len(cells.documents) < 2000:
        cells.documents[written] = value
    return value


def _metadata(cells: Cells) -> Mapping[str, Any]:
    """The metadata of a spend log, whether it came as JSON in a cell or as fields of their own."""
    if "metadata" in cells.columns:
        found = json_cell(cells, "metadata")
        return found if isinstance(found, dict) else {}
    prefix, inner = "metadata.", "additional_usage_values."
    fields = {name.removeprefix(prefix): value for name, value in cells.record.items() if name.startswith(prefix)}
    details = {name.removeprefix(inner): value for name, value in fields.items() if name.startswith(inner)}
    return {**fields, "additional_usage_values": details}


def _cached(cells: Cells, details: Mapping[str, Any], name: str) -> int | None:
    known = any(column.startswith("metadata") for column in cells.columns)
    if details.get(name) is None:
        return 0 if known else None
    try:
        return read_count(details[name])
    except Refused as refused:
        cells.refuse(f"metadata > {name}", refused.found, refused.expected, refused.mend)
        return 0


def _tag(cells: Cells) -> str | None:
    """The tags of a request as one name, in alphabetical order."""
    value = cells.record.get("request_tags")
    tags = json_cell(cells, "request_tags") if isinstance(value, str) and value.lstrip()[:1] in ("[", '"') else value
    if isinstance(tags, list):
        tags = ", ".join(sorted(str(tag) for tag in tags[:20]))
    return cells.named("request_tags", tags)


def _read_log(cells: Cells) -> UsageRow:
    metadata = _metadata(cells)
    details = metadata.get("additional_usage_values")
    details = details if isinstance(details, dict) else {}
    key = cells.named("metadata", metadata.get("user_api_key_alias")) or cells.name("api_key")
    team = cells.name("team_id")
    failed = cells.word("status") == "failure"
    tokens = Tokens(cells.count("prompt_tokens"), cells.count("completion_tokens"),
                    *(_cached(cells, details, name) for name in _CACHE))
    return token_row(
        cells, (cells.moment("startTime"), 0), cells.name("model"), team, tokens,
        {"team": team, "key": key, "tag": _tag(cells), "feature": cells.name("model_group")},
        requests=1, cost_picousd=cells.usd("spend"), is_single=True, has_failed=failed,
        seller=cells.name("custom_llm_provider"),
    )


def _read_day(cells: Cells) -> UsageRow:
    team, tag = cells.name("team_id"), cells.name("tag")
    tokens = Tokens(cells.count("prompt_tokens"), cells.count("completion_tokens"),
                    *(cells.detail(name) for name in _CACHE))
    started = cells.moment("date")
    return token_row(
        cells, (started - started % DAY_S, DAY_S), cells.name("model"), team or tag, tokens,
        {"team": team, "tag": tag, "key": cells.name("api_key"), "feature": cells.name("model_group")},
        requests=cells.count("api_requests"), cost_picousd=cells.usd("spend"),
        seller=cells.name("custom_llm_provider"),
    )


LOGS = Source(
    title="LiteLLM spend logs",
    family="litellm",
    watcher="gateway",
    layouts=(layout("litellm_spend_logs_csv", "csv", *_LOG), layout("litellm_spend_logs_json", "json", *_LOG)),
    measures=frozenset({"spend", "total_tokens", "prompt_tokens", "completion_tokens", "metadata"}),
    read=_read_log,
    identity=("request_id",),
)
DAILY = Source(
    title="LiteLLM daily spend",
    family="litellm",
    watcher="gateway",
    layouts=(layout("litellm_daily_csv", "csv", *_DAY), layout("litellm_daily_json", "json", *_DAY)),
    measures=frozenset({*_DAY[3:], *_CACHE, "successful_requests", "failed_requests", "created_at", "updated_at",
                        "id"}),
    read=_read_day,
)
