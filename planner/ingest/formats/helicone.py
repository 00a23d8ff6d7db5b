"""Helicone's CSV of single requests. Whether prompt tokens include cached ones is not told: cached is unknown."""

from __future__ import annotations

from planner.ingest.cells import Cells
from planner.ingest.formats.litellm import json_cell
from planner.ingest.source import Source, Tokens, layout, token_row
from planner.ingest.usage import UsageRow

_REQUIRED = ("response_id", "request_created_at", "model", "prompt_tokens", "completion_tokens")
_PERSONAL = ("user", "mail", "session", "ip")


def _property(cells: Cells) -> str | None:
    """The properties of a request as one name; those about a person are left out."""
    found = json_cell(cells, "request_properties")
    if not isinstance(found, dict):
        return None
    kept = {key: found[key] for key in sorted(found)[:20]
            if isinstance(found[key], str) and not any(word in key.casefold() for word in _PERSONAL)}
    named = next((kept[key] for key in kept if key.casefold().rpartition("-")[2] in ("feature", "app")), None)
    return cells.named("request_properties", named or ", ".join(f"{key}={value}" for key, value in kept.items()))


def _read(cells: Cells) -> UsageRow:
    status = cells.word("response_status")
    failed = status.isdigit() and not status.startswith("2")
    feature = _property(cells)
    tokens = Tokens(cells.detail("prompt_tokens") or 0, cells.detail("completion_tokens") or 0) if failed else Tokens(
        cells.count("prompt_tokens"), cells.count("completion_tokens"))
    return token_row(
        cells, (cells.moment("request_created_at", is_utc=True), 0), cells.name("model"), feature, tokens,
        {"feature": feature}, requests=1, cost_picousd=cells.usd(cells.first("cost", "costUSD")), is_single=True,
        has_failed=failed,
    )


SOURCE = Source(
    title="Helicone requests",
    family="helicone",
    watcher="trace",
    layouts=(layout("helicone_csv", "csv", *_REQUIRED), layout("helicone_json", "json", *_REQUIRED)),
    measures=frozenset({"prompt_tokens", "completion_tokens", "latency", "cost"}),
    read=_read,
    identity=("response_id",),
    notes=("This export does not tell cached tokens: their share is unknown.",),
)
