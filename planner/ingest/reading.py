"""Files into one reading: each detected, read, freed of personal data and of what is told twice."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from functools import lru_cache

from planner.ingest.aggregate import amounts_of, day_of, group_rows
from planner.ingest.cells import Cells
from planner.ingest.files import Table, open_table
from planner.ingest.models import find_model
from planner.ingest.overlap import (
    FileRows,
    drop_repeated_requests,
    drop_same_files,
    drop_seen_elsewhere,
    drop_told_again,
)
from planner.ingest.source import Source
from planner.ingest.sources import SOURCES, detect
from planner.ingest.usage import DAY_S, NO_MODEL, UNKNOWN_MODEL, FileReading, Kind, Period, UsageReading, UsageRow
from pricing.catalog import Catalog, load_catalog
from pricing.errors import InputError, Problem

MAX_ROWS = 500_000
MAX_DAYS = 3700


def read_usage(
    files: Sequence[tuple[str, bytes]],
    mapping: Mapping[str, str] | None = None,
    catalog: Catalog | None = None,
) -> UsageReading:
    """What usage exports say, all files together.

    ``files`` are names and contents; the name serves messages alone. ``mapping`` gives the columns of a table of no
    known form by field (``{"input_tokens": "Tokens sent"}``). Nothing told twice is added. Raises
    :class:`InputError` with file, row, column, found and expected.
    """
    catalog = catalog or load_catalog()
    if not files:
        raise InputError(Problem("usage", "no file", "something to read", "Give one export or several."))
    warnings: list[str] = []
    problems: list[Problem] = []
    parts: list[FileRows] = []
    left = MAX_ROWS
    for name, content in files:
        try:
            parts.append(_read_file(name, content, mapping or {}, left))
            left -= len(parts[-1].rows)
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError(problems)
    parts = drop_same_files(parts, warnings)
    for part in parts:
        drop_repeated_requests(part, warnings)
    for format_id in sorted({part.format for part in parts}):
        drop_told_again([part for part in parts if part.format == format_id], warnings)

    @lru_cache(maxsize=10_000)
    def model_id(name: str) -> str:
        model = find_model(name, catalog)
        return name if model is None else model.id

    drop_seen_elsewhere(parts, model_id, warnings)
    return _reading(parts, warnings, catalog)


# One file --------------------------------------------------------------------------------------------------------


def _read_file(name: str, content: bytes, mapping: Mapping[str, str], most_rows: int) -> FileRows:
    source, layout, table = detect(open_table(name, content), name, mapping)
    rank = SOURCES.index(source) if source in SOURCES else len(SOURCES)
    file = FileRows(name, layout.format, source, rank, fingerprint=hashlib.sha256(content).digest(), pages=table.pages)
    cells = Cells(name, table.columns, table.container == "json" or table.delimiter == ",", source.family)
    key_of = RowKeys(source, table)
    seen = 0
    for where, record in table.rows:
        before = len(cells.problems)
        row = source.read(cells.at(where, record))
        seen += 1
        if row is None or len(cells.problems) > before:
            continue
        if len(file.rows) >= most_rows:
            raise InputError(Problem(name, f"more than {MAX_ROWS:,} rows in all files", "read at once",
                                     "Export daily sums in place of single requests, or fewer days."))
        file.rows.append(row)
        file.keys.append(key_of(record, row))
    if cells.problems:
        raise InputError(cells.problems)
    if not any(row.kind is Kind.USAGE for row in file.rows):
        found = f"a header of {layout.format} without rows" if not seen else f"{seen:,} rows without any usage"
        raise InputError(Problem(name, found, "a usage export", "Choose days with traffic, and export again."))
    file.days = range(min(row.start_s for row in file.rows) // DAY_S, max(row.last_day for row in file.rows) + 1)
    if len(file.days) > MAX_DAYS:
        raise InputError(Problem(name, f"a period of {len(file.days):,} days", f"at most {MAX_DAYS:,} days long",
                                 "Check the times."))
    file.lacks_zone = cells.lacks_zone
    _check_sums(file)
    return file


class RowKeys:
    """Names the rows of a format: by request id, else by everything that is no figure, else by the whole row."""

    def __init__(self, source: Source, table: Table) -> None:
        self.identity = next((column for column in source.identity if column in table.columns), None)
        self.columns = sorted(table.columns - source.measures)
        self.is_whole_row = source.rows_are_requests and self.identity is None

    def __call__(self, record: Mapping[str, object], row: UsageRow) -> Hashable:
        """The name of one row, the same in every dialect and order of columns; it is never kept in a reading."""
        if self.identity is not None and (value := record.get(self.identity)) not in (None, ""):
            return hash(("id", str(value).strip()))
        names = tuple((column, text) for column in self.columns
                      if (text := str(value).strip() if (value := record.get(column)) is not None else ""))
        return hash((names, row)) if self.is_whole_row else hash(names)


def _check_sums(file: FileRows) -> None:
    """Corrections may not outweigh what they correct."""
    totals = amounts_of(row for row in file.rows if row.kind is Kind.USAGE)
    for words, count in (("requests", totals.requests), ("input tokens", totals.input_tokens),
                         ("output tokens", totals.output_tokens)):
        if count is not None and count < 0:
            raise InputError(Problem(file.name, f"a sum of {count:,} {words}", "possible",
                                     "Its corrections belong to days of another file: give both."))


# All files -------------------------------------------------------------------------------------------------------


def _period(days: set[int] | range) -> Period:
    return Period(day_of(min(days)), day_of(max(days) + 1), len(days))


def _reading(parts: Sequence[FileRows], warnings: list[str], catalog: Catalog) -> UsageReading:
    rows = tuple(row for part in parts for row in part.rows)
    usage = [row for row in rows if row.kind is Kind.USAGE]
    period = _period({day for part in parts for day in part.days})
    other = [row.cost_picousd or 0 for row in rows if row.kind is Kind.OTHER]
    models = sorted({row.model for row in usage} - {UNKNOWN_MODEL, NO_MODEL})
    unknown = tuple(name for name in models if find_model(name, catalog) is None)
    if any(row.model == UNKNOWN_MODEL for row in usage):
        unknown = (*unknown, UNKNOWN_MODEL)
    totals = amounts_of(usage)
    warnings += _remarks(parts, usage, period, unknown, sum(other) / 10**12 if other else None)
    return UsageReading(
        format=" + ".join(dict.fromkeys(part.format for part in parts)),
        files=tuple(
            FileReading(part.name, part.format, part.source.title, part.source.family, _period(part.days),
                        sum(row.kind is Kind.USAGE for row in part.rows),
                        sum(row.kind is Kind.EMPTY for row in part.rows), part.set_aside)
            for part in parts
        ),
        period=period,
        rows=rows,
        totals=totals,
        groups=group_rows(usage, "source"),
        unknown_models=unknown,
        other_charges_usd=sum(other) / 10**12 if other else None,
        warnings=tuple(dict.fromkeys(warnings)),
    )


def _remarks(
    parts: Sequence[FileRows], usage: Sequence[UsageRow], period: Period, unknown: Sequence[str], other: float | None
) -> list[str]:
    """What a planner must know before trusting the sums."""
    found = [note for part in parts for note in part.source.notes]
    for format_id in sorted({part.format for part in parts}):
        pages = [more for part in parts if part.format == format_id for more in part.pages]
        if any(pages) and all(pages):
            found.append(f"{format_id}: has_more is true, so that further pages exist. The sums are those of the pages "
                         "given, not of the whole period.")
    found += [f"{part.name} names no time zone: its times are taken for UTC." for part in parts if part.lacks_zone]
    span = (period.end_exclusive - period.start).days
    if period.days < span:
        found.append(f"The files leave {span - period.days:,} of {span:,} days out: sums are scaled from the "
                     f"{period.days:,} days that they cover.")
    if period.days < 7:
        found.append(f"The files cover {period.days} days, less than a week: weekdays and weekends may differ.")
    negative = sum(min(row.input_tokens or 0, row.output_tokens or 0, row.cost_picousd or 0) < 0 for row in usage)
    if negative:
        found.append(f"{negative:,} rows are corrections with negative figures: they are subtracted.")
    failed = Counter(row.has_failed for row in usage)[True]
    if failed:
        found.append(f"{failed:,} requests failed or were cancelled: they count as requests with the tokens they have.")
    if unknown:
        found.append(f"{len(unknown):,} models are not in the catalogue and are kept by name: "
                     f"{', '.join(unknown[:5])}{' …' if len(unknown) > 5 else ''}.")
    if other is not None:
        found.append(f"Other charges of ${other:,.2f} (such as tax) are no model usage and are not in the sums.")
    counted = [row for row in usage if not row.is_money_only]
    if not counted:
        found.append("These files tell money and no tokens: a workload needs a usage export of the same days.")
    elif all(row.requests is None for row in counted):
        found.append("The files do not count requests: their number is unknown.")
    elif any(row.requests is None for row in counted):
        found.append("Requests are counted in a part of the rows only: the sum of requests is too low.")
    return found
