"""Invocation logs of Amazon Bedrock, one JSON object a line. Cached tokens stand beside the input."""

from __future__ import annotations

from planner.ingest.cells import Cells
from planner.ingest.source import Source, beside, layout, token_row
from planner.ingest.usage import UsageRow

_INPUT, _OUTPUT = "input.inputTokenCount", "output.outputTokenCount"
_READ, _WRITE = "input.cacheReadInputTokenCount", "input.cacheWriteInputTokenCount"
_REQUIRED = ("schemaType", "timestamp", "modelId", _INPUT)


def _read(cells: Cells) -> UsageRow | None:
    if cells.word("schemaType") != "modelinvocationlog":
        return None
    failed = not cells.is_blank("errorCode")
    prefix = "requestMetadata."
    tags = {name[len(prefix):]: value for name, value in cells.record.items()
            if name.startswith(prefix) and isinstance(value, str) and value}
    kept = {key: tags[key] for key in sorted(tags)[:20]
            if not any(word in key.casefold() for word in ("user", "mail", "session"))}
    tag = cells.named("requestMetadata", ", ".join(f"{key}={value}" for key, value in kept.items()))
    feature = cells.named("requestMetadata", kept.get("feature") or kept.get("app") or kept.get("application"))
    tokens = beside(
        cells.detail(_INPUT) or 0 if failed else cells.count(_INPUT), cells.detail(_OUTPUT) or 0,
        cells.detail(_READ) or 0, cells.detail(_WRITE) or 0,
    )
    model = (cells.name("modelId") or "").rpartition("/")[2] or None
    return token_row(
        cells, (cells.moment("timestamp"), 0), model, feature or tag, tokens,
        {"tag": tag, "feature": feature, "team": cells.named("requestMetadata", kept.get("team")),
         "project": cells.named("requestMetadata", kept.get("project"))},
        requests=1, is_single=True, has_failed=failed, seller="bedrock",
    )


SOURCE = Source(
    title="Bedrock invocation log",
    family="bedrock",
    watcher="seller",
    layouts=(layout("bedrock_invocation_jsonl", "json", *_REQUIRED),),
    measures=frozenset({_INPUT, _OUTPUT, _READ, _WRITE}),
    read=_read,
    identity=("requestId",),
)
