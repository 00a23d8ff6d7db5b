"""Anthropic console cost export: money per kind of token, each row rounded to cents; models by display name."""

from __future__ import annotations

from planner.ingest.cells import Cells
from planner.ingest.formats.anthropic_usage_csv import DEFAULT_WORKSPACE
from planner.ingest.source import Source, layout, money_row
from planner.ingest.usage import DAY_S, NO_MODEL, UsageRow


def _read(cells: Cells) -> UsageRow:
    workspace = cells.name("workspace") or DEFAULT_WORKSPACE
    if cells.is_blank("cost_usd"):
        cells.count("cost_usd")  # refused as an empty cell
    return money_row((cells.moment("usage_date_utc"), DAY_S), cells.name("model") or NO_MODEL, workspace,
                     cells.usd("cost_usd"), {"project": workspace, "key": cells.name("api_key")}, "anthropic")


SOURCE = Source(
    title="Anthropic costs",
    family="anthropic",
    watcher="seller",
    layouts=(layout("anthropic_cost_csv", "csv", "usage_date_utc", "model", "token_type", "cost_usd"),),
    measures=frozenset({"cost_usd", "list_price_usd"}),
    read=_read,
    notes=("Each row of this export is rounded to cents: its sum can differ from the invoice.",),
)
