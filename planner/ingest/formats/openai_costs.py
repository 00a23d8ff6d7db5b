"""OpenAI costs: the export of the costs page (CSV) and the answer of the costs API (JSON). Money without tokens.

``line_item`` holds "model, kind"; one without a comma names a service that belongs to no model.
"""

from __future__ import annotations

from planner.ingest.cells import Cells
from planner.ingest.source import Source, check_currency, empty_row, layout, money_row
from planner.ingest.usage import NO_MODEL, UsageRow


def _read(cells: Cells) -> UsageRow:
    when = cells.span("start_time", "end_time")
    amount = cells.first("amount_value", "amount.value")
    if cells.is_blank(amount) and cells.is_blank("line_item"):
        return empty_row(when)
    check_currency(cells, cells.first("amount_currency", "amount.currency"))
    model, comma, _ = (cells.name("line_item") or "").rpartition(", ")
    project = cells.name("project_name") if cells.is_blank("project_id") else cells.name("project_id")
    return money_row(when, model if comma else NO_MODEL, project, cells.usd(amount),
                     {"project": project, "key": cells.name("api_key_id")}, "openai")


SOURCE = Source(
    title="OpenAI costs",
    family="openai",
    watcher="seller",
    layouts=(
        layout("openai_costs_csv", "csv", "start_time", "end_time", "amount_value", "amount_currency", "line_item"),
        layout("openai_costs_api_json", "json", "start_time", "end_time", "amount.value", "line_item"),
    ),
    measures=frozenset({"amount_value", "amount.value", "quantity", "start_time_iso", "end_time_iso"}),
    read=_read,
)
