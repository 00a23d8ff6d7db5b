"""Reading our CSV tables strictly: exact columns, our own conversion, every problem with file, line and column."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from pricing.errors import InputError, Problem, quoted
from pricing.record import Record, problems_in

Kept = TypeVar("Kept", bound=Record)
Convert = Callable[[str], Any]

_NUMBER = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,18})?([eE][-+]?[0-9]{1,2})?")
_WHOLE = re.compile(r"-?[0-9]{1,15}")


class NotExpected(ValueError):
    """A cell that a converter does not take; says what it expects."""


def text(cell: str) -> str:
    """A cell that must not be empty."""
    if not cell:
        raise NotExpected("a text")
    return cell


def number(cell: str) -> float:
    """A plain decimal number, without thousands separators, spaces, nan or inf.

    >>> number("4.14"), number("6.862786e-05")
    (4.14, 6.862786e-05)
    """
    found = float(cell) if _NUMBER.fullmatch(cell) else math.nan
    if not math.isfinite(found):
        raise NotExpected("a number")
    return found


def whole(cell: str) -> int:
    """A plain whole number of at most 15 digits."""
    if not _WHOLE.fullmatch(cell):
        raise NotExpected("a whole number")
    return int(cell)


def optional(convert: Convert) -> Convert:
    """The same converter, with an empty cell read as None."""
    return lambda cell: None if cell == "" else convert(cell)


def _lines(path: Path) -> Iterator[tuple[int, list[str]]]:
    try:
        with path.open(encoding="utf-8", newline="") as handle:
            reader = csv.reader(handle, strict=True)
            for row in reader:
                yield reader.line_num, row
    except UnicodeDecodeError:
        raise InputError(Problem(path.name, "this file", "UTF-8 text", "Save it as UTF-8.")) from None
    except csv.Error as error:
        raise InputError(Problem(path.name, "this file", "CSV", f"{str(error).capitalize()}.")) from None
    except OSError as error:
        raise InputError(
            Problem(str(path), "this file", "readable", f"{error.strerror or error}. Check the path.")
        ) from None


def load_rows(path: Path, columns: Mapping[str, Convert]) -> list[tuple[str, dict[str, Any]]]:
    """Every row of a CSV file as ``(place, values)``; ``place`` names file and line for later messages.

    The header must hold exactly the columns in their order. Raises :class:`InputError` with all problems at once.
    """
    lines = _lines(path)
    _, header = next(lines, (1, []))
    if header != list(columns):
        raise InputError(
            Problem(f"{path.name} > line 1", quoted(",".join(header), 400), "the header of this table",
                    f"Write {','.join(columns)}.")
        )
    rows, problems = [], []
    for line, cells in lines:
        place = f"{path.name} > line {line}"
        if len(cells) != len(header):
            problems.append(Problem(place, f"a row of {len(cells)} cells", f"a row of {len(header)}",
                                    "Put texts that hold a comma in quotes."))
            continue
        values: dict[str, Any] = {}
        for (column, convert), cell in zip(columns.items(), cells, strict=True):
            try:
                values[column] = convert(cell)
            except NotExpected as error:
                problems.append(Problem(f"{place} > {column}", quoted(cell), str(error), "Correct the cell."))
        rows.append((place, values))
    if problems:
        raise InputError(problems)
    return rows


def records_of(kind: type[Kept], rows: Sequence[tuple[str, dict[str, Any]]], key: Sequence[str]) -> tuple[Kept, ...]:
    """One record per row, refusing rows that do not fit the record and rows whose ``key`` fields stand twice."""
    records, problems = [], []
    places: dict[tuple[Any, ...], str] = {}
    for place, values in rows:
        try:
            record = kind.model_validate(values)
        except ValidationError as error:
            problems.extend(problems_in(error, place))
            continue
        mark = tuple(getattr(record, field) for field in key)
        if mark in places:
            problems.append(Problem(place, f"the same {', '.join(key)} as {places[mark]}", "a row of its own",
                                    "Keep one of the two."))
        places.setdefault(mark, place)
        records.append(record)
    if problems:
        raise InputError(problems)
    return tuple(records)
