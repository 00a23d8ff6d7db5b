"""Any table of usage: columns are told by their plain names, or by a mapping that the user gives.

``input_tokens`` counts all prompt tokens; a table that counts cached ones beside them maps ``uncached_input_tokens``.
A row with a request id, or with a time of day and no count of requests, is one request.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from planner.ingest.cells import Cells
from planner.ingest.source import Source, Tokens, beside, layout, token_row
from planner.ingest.usage import DAY_S, LABELS, Label, UsageRow
from pricing.errors import InputError, Problem, did_you_mean, quoted

FIELDS: Mapping[str, tuple[str, ...]] = {
    "time": ("date", "day", "timestamp", "time", "created_at", "start_time", "datetime"),
    "model": ("model", "model_name", "model_id"),
    "requests": ("requests", "request_count", "num_requests", "calls"),
    "input_tokens": ("input_tokens", "prompt_tokens", "tokens_in"),
    "uncached_input_tokens": ("uncached_input_tokens",),
    "cached_input_tokens": ("cached_input_tokens", "cached_tokens", "cache_read_tokens", "cache_read_input_tokens"),
    "cache_write_tokens": ("cache_write_tokens", "cache_creation_tokens", "cache_creation_input_tokens"),
    "output_tokens": ("output_tokens", "completion_tokens", "tokens_out"),
    "reasoning_tokens": ("reasoning_tokens",),
    "cost_usd": ("cost_usd", "spend_usd", "usd"),
    "batch": ("batch", "is_batch"),
    "request_id": ("request_id",),
    "project": ("project", "workspace"),
    "key": ("api_key_name", "key_name"),
    "team": ("team",),
    "tag": ("tag", "tags"),
    "feature": ("feature", "app", "use_case"),
}
REQUIRED = ("time", "model", "output_tokens")


def folded(name: str) -> str:
    """A column name without case and punctuation: ``Input Tokens`` is ``input_tokens``."""
    return re.sub(r"[^0-9a-z]+", "_", name.strip().casefold()).strip("_")


def columns_by_field(file: str, columns: Iterable[str], mapping: Mapping[str, str]) -> dict[str, str]:
    """Column of each field that the table has: the user's word first, then plain names.

    Raises :class:`InputError` for a field or column that does not exist, and for two columns of one meaning.
    """
    known = sorted(columns)
    problems = []
    for name, column in mapping.items():
        if name not in FIELDS:
            problems.append(Problem(f"{file} > mapping", quoted(name), "a field of a usage table",
                                    did_you_mean(name, list(FIELDS), f"Fields are {', '.join(FIELDS)}.")))
        elif column not in known:
            problems.append(Problem(f"{file} > mapping > {name}", quoted(column), "a column of the file",
                                    did_you_mean(column, known, "See its first row.")))
    found = {name: column for name, column in mapping.items() if name in FIELDS}
    taken = set(found.values())
    for name, aliases in FIELDS.items():
        if name not in found:
            meant = [column for column in known if folded(column) in aliases and column not in taken]
            if len(meant) > 1:
                problems.append(Problem(f"{file} > row 1", f"both {' and '.join(map(quoted, meant[:3]))}",
                                        f"clear about {name}", f"Map one of them: {name}=COLUMN."))
            elif meant:
                found[name] = meant[0]
    if problems:
        raise InputError(problems)
    return found


def is_usage(fields: Mapping[str, str]) -> bool:
    """Whether enough is known to count."""
    return all(name in fields for name in REQUIRED) and ("input_tokens" in fields) != (
        "uncached_input_tokens" in fields
    )


def generic_source(fields: Mapping[str, str]) -> Source:
    """A source that reads the table by these columns."""
    def detail(cells: Cells, name: str) -> int | None:
        return cells.detail(fields[name]) if name in fields else None

    def read(cells: Cells) -> UsageRow:
        started, has_time = cells.moment_and_time(fields["time"], is_utc=False)
        output = cells.count(fields["output_tokens"])
        cached, written = detail(cells, "cached_input_tokens"), detail(cells, "cache_write_tokens")
        tokens = (
            Tokens(cells.count(fields["input_tokens"]), output, cached, written, detail(cells, "reasoning_tokens"))
            if "input_tokens" in fields
            else beside(cells.count(fields["uncached_input_tokens"]), output, cached, written)
        )
        is_single = "requests" not in fields and ("request_id" in fields or has_time)
        names: dict[Label, str | None] = {label: cells.name(fields[label]) for label in LABELS if label in fields}
        return token_row(
            cells, (started, 0) if has_time else (started, DAY_S), cells.name(fields["model"]),
            next((name for name in names.values() if name), None), tokens, names,
            requests=1 if is_single else cells.count(fields["requests"]) if "requests" in fields else None,
            cost_picousd=cells.usd(fields["cost_usd"]) if "cost_usd" in fields else None,
            is_batch=cells.flag(fields["batch"]) if "batch" in fields else None, is_single=is_single,
        )

    figures = ("requests", "cost_usd", *(name for name in FIELDS if name.endswith("_tokens")))
    return Source(
        title="Table of usage",
        family="table",
        watcher="trace",
        layouts=(layout("generic_csv", "csv"), layout("generic_json", "json")),
        measures=frozenset(fields[name] for name in figures if name in fields),
        read=read,
        identity=(fields["request_id"],) if "request_id" in fields else (),
        rows_are_requests=True,
    )
