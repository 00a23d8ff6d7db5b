"""Tables of text cells from CSV files of any common kind, with the place of every cell."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path

from pricing.errors import InputError, Problem, quoted

MOST_BYTES = 100_000_000
DELIMITERS = ",;\t|"


@dataclass(frozen=True)
class Table:
    """A header and rows of the same width."""

    place: str
    """The file's name."""
    header: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]
    """Row number as a spreadsheet counts (the header is row 1), and its cells."""

    @property
    def folded(self) -> tuple[str, ...]:
        """The header in lower case."""
        return tuple(name.strip().casefold() for name in self.header)


def read_table(path: Path) -> Table:
    """A table from a file; see :func:`table_of`."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise InputError(Problem(path.name, f"a file of more than {MOST_BYTES // 10**6} MB", "readable",
                                     "Split it into several files."))
        raw = path.read_bytes()
    except OSError as error:
        raise InputError(Problem(str(path), "this file", "readable", f"{error.strerror}.")) from None
    try:
        return table_of(raw.decode("utf-8-sig"), path.name)
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise InputError(Problem(f"{path.name} > row {line}", "a byte that is not UTF-8", "text",
                                 "Save the file as CSV in UTF-8.")) from None


def table_of(text: str, place: str) -> Table:
    """A table from the text of a CSV file; comma, semicolon, tab or bar between the cells.

    Raises :class:`InputError` for an empty file, doubled columns and rows of another width than the header.
    """
    body = text.removeprefix("\ufeff")
    if not body.strip():
        raise InputError(Problem(place, "an empty file", "an evaluation file", "Write a header and a row per request."))
    if body.lstrip()[0] in "{[":
        raise InputError(Problem(place, "JSON", "a table", "Save it as CSV: a header and one row per request."))
    first = body.lstrip("\r\n").splitlines()[0]
    delimiter = max(DELIMITERS, key=first.count)
    reader = csv.reader(io.StringIO(body, newline=""), delimiter=delimiter, strict=True)
    lines: list[tuple[int, tuple[str, ...]]] = []
    try:
        for number, cells in enumerate((row for row in reader), start=1):
            if any(cell.strip() for cell in cells):
                lines.append((number, tuple(cells)))
    except csv.Error as error:
        raise InputError(Problem(f"{place} > row {len(lines) + 1}", f"a broken cell ({error})", "",
                                 "Close every quotation mark.")) from None
    if not lines:
        raise InputError(Problem(place, "a file of empty cells", "an evaluation file",
                                 "Write a header and a row per request."))
    header = tuple(cell.strip() for cell in lines[0][1])
    problems = _shape_problems(place, header, lines[1:])
    if problems:
        raise InputError(problems)
    return Table(place, header, tuple(lines[1:]))


def _shape_problems(place: str, header: tuple[str, ...], rows: list[tuple[int, tuple[str, ...]]]) -> list[Problem]:
    folded = [name.casefold() for name in header]
    problems = [
        Problem(f"{place} > row 1", f"a second column {quoted(name)}", "told apart from the first", "Rename one.")
        for position, name in enumerate(header) if name and folded.index(name.casefold()) != position
    ]
    problems += [
        Problem(f"{place} > row {number}", f"{len(cells)} cells", f"as wide as the header, which has {len(header)}",
                "Check the separators in this row.")
        for number, cells in rows if len(cells) != len(header)
    ][:20]
    if not rows:
        problems.append(Problem(place, "a header without rows", "an evaluation file", "Write one row per request."))
    return problems
