"""A reading of usage exports as JSON values and as text for a terminal."""

from __future__ import annotations

from typing import Any

from planner.ingest.aggregate import group_by
from planner.ingest.usage import Amounts, Grouping, UsageReading
from planner.views.formatting import MISSING, count, plural, usd_cents


def _amounts(amounts: Amounts) -> dict[str, Any]:
    return {
        "requests": amounts.requests, "input_tokens": amounts.input_tokens,
        "cached_input_tokens": amounts.cached_input_tokens, "cache_write_tokens": amounts.cache_write_tokens,
        "output_tokens": amounts.output_tokens, "reasoning_tokens": amounts.reasoning_tokens,
        "cost_usd": amounts.cost_usd,
    }


def _period(period: Any) -> dict[str, Any]:
    last = period.end_exclusive.fromordinal(period.end_exclusive.toordinal() - 1)
    return {"from": period.start.isoformat(), "to": last.isoformat(),
            "end_exclusive": period.end_exclusive.isoformat(), "days": period.days}


def usage_values(reading: UsageReading, grouping: Grouping = "source") -> dict[str, Any]:
    """The reading as plain values: figures unrounded, None where the files do not tell; days are UTC, ``to`` the last
    one.
    """
    return {
        "format": reading.format,
        "period": _period(reading.period),
        "groups": [{"model": group.model, "group": group.name, **_amounts(group.amounts)}
                   for group in group_by(reading, grouping)],
        "totals": _amounts(reading.totals),
        "unknown_models": list(reading.unknown_models),
        "warnings": list(reading.warnings),
        "other_charges_usd": reading.other_charges_usd,
        "files": [{"name": file.name, "format": file.format, "period": _period(file.period),
                   "usage_rows": file.usage_rows, "empty_buckets": file.empty_buckets,
                   "set_aside_rows": file.set_aside_rows} for file in reading.files],
    }


def usage_text(reading: UsageReading, grouping: Grouping = "source") -> str:
    """The reading as a table with its warnings."""
    def row(name: str, model: str, amounts: Amounts) -> tuple[str, ...]:
        figures = (amounts.requests, amounts.input_tokens, amounts.cached_input_tokens, amounts.cache_write_tokens,
                   amounts.output_tokens)
        cost = MISSING if amounts.cost_usd is None else usd_cents(amounts.cost_usd)
        return name, model, *(MISSING if figure is None else count(figure) for figure in figures), cost

    header = ("Group", "Model", "Requests", "Input", "Cached", "Cache write", "Output", "Cost")
    rows = [row(group.name, group.model, group.amounts) for group in group_by(reading, grouping)]
    rows.append(row("All", "", reading.totals))
    period = _period(reading.period)
    stamp = f"{reading.format} · {period['from']} to {period['to']} (UTC) · {plural(period['days'], 'day')}"
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    lines = ["  ".join(cell.ljust(width) if at < 2 else cell.rjust(width)
                       for at, (cell, width) in enumerate(zip(cells, widths, strict=True))).rstrip()
             for cells in (header, *rows)]
    return "\n".join([stamp, "", *lines, *(f"! {words}" for words in reading.warnings)])
