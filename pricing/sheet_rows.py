"""The rows of a price sheet that somebody uploads, as CSV or YAML: read strictly, every fault with row and column."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from pricing.documents import parse_document
from pricing.errors import InputError, Problem, did_you_mean, quoted

MAX_BYTES = 4_000_000
MAX_ROWS = 10_000
MAX_PROBLEMS = 50


class Unfit(ValueError):
    """A cell that its column does not take: what would fit, and how to mend it."""

    def __init__(self, expected: str, mend: str) -> None:
        super().__init__(expected)
        self.expected, self.mend = expected, mend


class Row(NamedTuple):
    """One row: where it stands, and its cells by column, empty ones left out."""

    place: str
    cells: dict[str, Any]


_PRICE = re.compile(r"[0-9]{1,6}(\.[0-9]{1,9})?")
_IDENTIFIER = re.compile(r"[a-z0-9][a-z0-9._-]{0,79}")
# What a spreadsheet would run as a formula, in ASCII and in the full-width forms that look the same.
_FORMULA = tuple("=+-@\t\r＝＋－＠")


def _price(cell: str) -> Decimal:
    if not _PRICE.fullmatch(cell):
        mend = "Write it as 1234.5, without a currency, and with a point before the decimals."
        raise Unfit("a price in USD", mend)
    found = Decimal(cell)
    if found > 100_000:
        raise Unfit("a price of at most 100,000 USD per 1M tokens", "Write the price of 1M tokens.")
    return found


def _count(cell: str) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", cell) or int(cell) == 0:
        raise Unfit("a count of tokens", "Write it as 200000, without separators.")
    return int(cell)


def _day(cell: str) -> date:
    try:
        return date.fromisoformat(cell if len(cell) == 10 else "")
    except ValueError:
        raise Unfit("a day", "Write it as 2026-12-31.") from None


def _seller(cell: str) -> str:
    if not _IDENTIFIER.fullmatch(cell):
        raise Unfit("the id of a seller", "Write it in small letters, digits, points and dashes, such as acme-cloud.")
    return cell


def _words(cell: str) -> str:
    if len(cell) > 200 or any(not char.isprintable() for char in cell):
        raise Unfit("up to 200 printable characters", "Shorten it, or write it on one line.")
    if cell.startswith(_FORMULA):
        raise Unfit("plain text", "Begin with a letter or a digit; spreadsheets would take this for a formula.")
    return cell


COLUMNS: Mapping[str, Callable[[str], Any]] = {
    "seller": _seller,
    "model": _words,
    "name": _words,
    "input_usd_per_mtok": _price,
    "output_usd_per_mtok": _price,
    "cache_read_usd_per_mtok": _price,
    "cache_write_usd_per_mtok": _price,
    "cache_write_1h_usd_per_mtok": _price,
    "batch_input_usd_per_mtok": _price,
    "batch_output_usd_per_mtok": _price,
    "long_prompt_tokens": _count,
    "long_input_usd_per_mtok": _price,
    "long_output_usd_per_mtok": _price,
    "fee_usd_per_request": _price,
    "from": _day,
    "until": _day,
    "context_tokens": _count,
    "note": _words,
}
REQUIRED = ("seller", "model", "input_usd_per_mtok", "output_usd_per_mtok")


def read_rows(content: bytes, name: str) -> list[Row]:
    """Every row of an uploaded sheet; a name that ends in .yaml or .yml is read as YAML, any other as CSV.

    Raises :class:`InputError` with the first faults, each with row and column, and the number of further ones.
    """
    if len(content) > MAX_BYTES:
        size = f"a file of {len(content):,} bytes"
        raise InputError(Problem(name, size, "read here", f"Keep it under {MAX_BYTES:,}."))
    text = _decoded(content, name)
    problems: list[Problem] = []
    is_yaml = name.casefold().endswith((".yaml", ".yml"))
    lines = _yaml_lines(text, name, problems) if is_yaml else _csv_lines(text, name, problems)
    rows = [_row(place, cells, problems) for place, cells in lines]
    if not rows and not problems:
        problems.append(Problem(name, "a sheet without rows", "a price sheet", "Write a row for each price."))
    if problems:
        raise InputError(first_of(problems, name))
    return rows


def first_of(problems: list[Problem], name: str) -> list[Problem]:
    """The first faults of a sheet, and how many more there are."""
    if len(problems) <= MAX_PROBLEMS:
        return problems
    more = Problem(name, f"{len(problems) - MAX_PROBLEMS:,} more faults", "", "Mend the first ones and try again.")
    return [*problems[:MAX_PROBLEMS], more]


def _decoded(content: bytes, name: str) -> str:
    """UTF-8, or UTF-16 where a byte order mark says so; nothing is guessed."""
    encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        mend = "Save it as CSV UTF-8."
        raise InputError(Problem(name, f"byte {error.start:,}", f"{encoding[:6].upper()} text", mend)) from None
    if "\0" in text:
        raise InputError(Problem(name, "a file with zero bytes", "text", "Save it as CSV UTF-8."))
    return text


def _csv_lines(text: str, name: str, problems: list[Problem]) -> list[tuple[str, dict[str, str]]]:
    first = text.split("\n", 1)[0].strip("\r")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(first), strict=True)
    found: list[tuple[str, dict[str, str]]] = []
    try:
        header = [cell.strip().casefold() for cell in next(reader, [])]
        if faults := _header_faults(header, f"{name} > line 1"):
            problems.extend(faults)
            return []
        for cells in reader:
            place = f"{name} > line {reader.line_num}"
            if reader.line_num <= 2 * MAX_ROWS and not any(cell.strip() for cell in cells):
                continue
            if len(found) >= MAX_ROWS or reader.line_num > 2 * MAX_ROWS:
                problems.append(Problem(place, f"more than {MAX_ROWS:,} rows", "read here", "Split the sheet."))
                break
            if len(cells) != len(header):
                mend = f"The header has {len(header)}. Put texts that hold the separator in quotes."
                problems.append(Problem(place, f"a row of {len(cells)} cells", "complete", mend))
                continue
            found.append((place, dict(zip(header, cells, strict=True))))
    except csv.Error as error:
        place = f"{name} > line {reader.line_num}"
        problems.append(Problem(place, "this row", "CSV", f"{str(error)[:100].capitalize()}."))
    return found


def _delimiter(header: str) -> str:
    """The separator under which the header holds the most known columns: comma, semicolon or tab."""

    def known(delimiter: str) -> int:
        return sum(cell.strip().strip('"').casefold() in COLUMNS for cell in header.split(delimiter))

    return max(",;\t", key=known)


def _header_faults(header: Sequence[str], place: str) -> list[Problem]:
    if len(header) > 5 * len(COLUMNS):
        return [Problem(place, f"a header of {len(header):,} columns", "one of a price sheet", "See the template.")]
    faults = [Problem(place, quoted(column), "a column of a price sheet",
                      did_you_mean(column, list(COLUMNS), "See the template for the columns."))
              for column in header if column not in COLUMNS]  # fmt: skip
    faults += [Problem(place, f"a second {quoted(column)}", "allowed", "Keep one of the two columns.")
               for column in sorted({column for column in header if header.count(column) > 1})]  # fmt: skip
    if missing := [column for column in REQUIRED if column not in header]:
        faults.append(Problem(place, f"a header without {', '.join(missing)}", "complete", "Add the columns."))
    return faults[:MAX_PROBLEMS]


def _yaml_lines(text: str, name: str, problems: list[Problem]) -> list[tuple[str, dict[str, str]]]:
    document = parse_document(text, name)
    offers = document.get("offers") if isinstance(document, dict) and set(document) == {"offers"} else None
    if not isinstance(offers, list):
        mend = "Write offers: and under it a list of entries."
        problems.append(Problem(name, "this file", "a price sheet", mend))
        return []
    if len(offers) > MAX_ROWS:
        problems.append(Problem(name, f"{len(offers):,} entries", "read here", f"Keep it to {MAX_ROWS:,}."))
        return []
    found = []
    for number, entry in enumerate(offers, 1):
        place = f"{name} > offers > {number}"
        if not isinstance(entry, dict):
            problems.append(Problem(place, quoted(entry), "a set of named entries", "Write {seller: …, model: …}."))
            continue
        for column in entry:
            if column not in COLUMNS:
                mend = did_you_mean(column, list(COLUMNS), "See the template for the names.")
                problems.append(Problem(f"{place} > {quoted(column)}", "this entry", "known", mend))
        found.append((place, {column: _as_cell(value) for column, value in entry.items() if column in COLUMNS}))
    return found


def _as_cell(value: Any) -> str:
    """A YAML value as a CSV cell would hold it; a number in a form that a cell could not hold stays unfit."""
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{Decimal(repr(value)):f}" if abs(value) < 1e9 else repr(value)
    return str(value) if isinstance(value, (str, int, date)) and not isinstance(value, bool) else repr(value)


def _row(place: str, cells: Mapping[str, str], problems: list[Problem]) -> Row:
    found: dict[str, Any] = {}
    for column, cell in cells.items():
        kept = cell.strip(" ")
        if not kept:
            continue
        try:
            found[column] = COLUMNS[column](kept)
        except Unfit as unfit:
            problems.append(Problem(f"{place} > {column}", quoted(cell, 40), unfit.expected, unfit.mend))
            found[column] = None
    for column in REQUIRED:
        if column not in found:
            problems.append(Problem(f"{place} > {column}", "nothing", "a value", "Fill the cell."))
    return Row(place, found)
