"""Every source of usage that the planner reads, and how a file is told by its columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from planner.ingest.files import Table
from planner.ingest.formats import (
    anthropic_api,
    anthropic_cost_csv,
    anthropic_usage_csv,
    bedrock,
    deepseek,
    focus,
    helicone,
    langfuse,
    litellm,
    openai_costs,
    openai_usage,
    openrouter,
)
from planner.ingest.formats import otel as opentelemetry
from planner.ingest.formats.generic import columns_by_field, generic_source, is_usage
from planner.ingest.source import Layout, Source
from pricing.errors import InputError, Problem, quoted

SOURCES: tuple[Source, ...] = (
    openai_usage.SOURCE,
    anthropic_usage_csv.SOURCE,
    anthropic_api.USAGE,
    openrouter.GENERATIONS,
    openrouter.DAILY,
    bedrock.SOURCE,
    deepseek.SOURCE,
    litellm.LOGS,
    litellm.DAILY,
    langfuse.SOURCE,
    helicone.SOURCE,
    opentelemetry.SOURCE,
    focus.SOURCE,
    openai_costs.SOURCE,
    anthropic_cost_csv.SOURCE,
    anthropic_api.COSTS,
)
"""Where two of them tell the same traffic, the earlier one is counted."""


def detect(tables: Sequence[Table], file: str, mapping: Mapping[str, str]) -> tuple[Source, Layout, Table]:
    """The source that a file comes from, by its columns alone.

    ``tables`` are the possible readings of the file, ``mapping`` the user's own columns for a table of no known form.
    Raises :class:`InputError` with what is missing to the nearest form.
    """
    found = [
        (len(layout.required), source, layout, table)
        for table in tables for source in SOURCES for layout in source.layouts
        if layout.container == table.container and layout.required <= table.columns
    ]
    if found and not mapping:
        _, source, layout, table = max(found, key=lambda each: each[0])
        return source, layout, table
    problems: list[Problem] = []
    for table in tables:
        try:
            fields = columns_by_field(file, table.columns, mapping)
        except InputError as error:
            problems += error.problems
            continue
        if is_usage(fields):
            source = generic_source(fields)
            return source, next(each for each in source.layouts if each.container == table.container), table
    if problems and (mapping or len(tables) == 1):
        raise InputError(problems)
    raise InputError(_unknown(tables, file))


def _unknown(tables: Sequence[Table], file: str) -> Problem:
    mend = ("Give the export as it was downloaded, or a table with the columns date, model, requests, input_tokens and "
            "output_tokens.")
    near = [
        (len(layout.required & table.columns) / len(layout.required), layout, table)
        for table in tables for source in SOURCES for layout in source.layouts
        if layout.container == table.container and layout.required
    ]
    if near:
        likeness, layout, table = max(near, key=lambda each: each[0])
        if likeness >= 0.5:
            missing = ", ".join(quoted(name) for name in sorted(layout.required - table.columns))
            return Problem(f"{file} > row 1" if table.container == "csv" else file,
                           f"this looks like {layout.format}, but has no {missing}", "", mend)
    return Problem(f"{file} > row 1", "this header", "one of a usage export known here", mend)
