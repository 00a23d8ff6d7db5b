"""OpenTelemetry spans of generative AI (JSON lines or an OTLP document). Details stand inside the totals.

Attributes may lie at the top of a line, below ``attributes``, or as a list of keys and values.
"""

from __future__ import annotations

from planner.ingest.cells import Cells
from planner.ingest.source import Source, Tokens, layout, token_row
from planner.ingest.usage import UsageRow

_BASES = ("", "attributes.")
_INPUT = ("gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens")
_OUTPUT = ("gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens")
_TIMES = ("startTimeUnixNano", "start_time_unix_nano", "start_time", "startTime", "timestamp", "Timestamp")
_SPANS = ("spanId", "span_id", "context.span_id", "SpanId")


def _find(cells: Cells, *names: str) -> str | None:
    """The first of these attributes that the span at hand has."""
    return next((base + name for name in names for base in _BASES if not cells.is_blank(base + name)), None)


def _detail(cells: Cells, name: str) -> int | None:
    found = _find(cells, name)
    if found is not None:
        return cells.count(found)
    return 0 if any(base + name in cells.columns for base in _BASES) else None


def _start(cells: Cells) -> int:
    column = next((name for name in _TIMES if not cells.is_blank(name)), _TIMES[0])
    if column.casefold().endswith("nano"):
        return cells.count_of(column, 10**21) // 10**9
    return cells.moment(column, is_utc=False)


def _text(cells: Cells, *names: str) -> str | None:
    found = _find(cells, *names)
    return None if found is None else cells.name(found)


def _read(cells: Cells) -> UsageRow | None:
    sent, received = _find(cells, *_INPUT), _find(cells, *_OUTPUT)
    model = _text(cells, "gen_ai.response.model", "gen_ai.request.model")
    if sent is None and received is None:
        return None
    tokens = Tokens(
        cells.count(sent) if sent else 0, cells.count(received) if received else 0,
        _detail(cells, "gen_ai.usage.cache_read.input_tokens"),
        _detail(cells, "gen_ai.usage.cache_creation.input_tokens"),
        _detail(cells, "gen_ai.usage.reasoning.output_tokens"),
    )
    service = cells.name("resource.attributes.service.name") or cells.name("resource.service.name")
    service = service or _text(cells, "service.name")
    feature = _text(cells, "gen_ai.agent.name", "gen_ai.operation.name")
    return token_row(
        cells, (_start(cells), 0), model, service or feature, tokens, {"project": service, "feature": feature},
        requests=1, is_single=True, has_failed=_find(cells, "error.type") is not None,
        seller=_text(cells, "gen_ai.provider.name", "gen_ai.system"),
    )


SOURCE = Source(
    title="OpenTelemetry GenAI spans",
    family="otel",
    watcher="trace",
    layouts=tuple(
        layout("otel_genai_json", "json", base + model, base + name)
        for base in _BASES for model in ("gen_ai.request.model", "gen_ai.response.model") for name in _INPUT
    ),
    measures=frozenset(base + name for base in _BASES for name in (*_INPUT, *_OUTPUT)),
    read=_read,
    identity=_SPANS,
)
