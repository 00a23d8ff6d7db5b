"""Bytes into rows: encodings, CSV dialects, JSON pages and JSON lines, every one of them bounded."""

from __future__ import annotations

import codecs
import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import chain, islice
from typing import Any, Literal, TypeAlias

from pricing.errors import InputError, Problem, quoted

Container: TypeAlias = Literal["csv", "json"]
Where: TypeAlias = int | str
Rows: TypeAlias = Iterator[tuple[Where, Mapping[str, Any]]]

MAX_FILE_BYTES = 100_000_000
MAX_JSON_BYTES = 10_000_000
MAX_LINE_BYTES = 4_000_000
MAX_COLUMNS = 400
PEEKED_LINES = 1000
DELIMITERS = ",;\t"

_BOMS: tuple[tuple[bytes, str], ...] = (
    (codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"),
)
_FOREIGN: tuple[tuple[bytes, str, str], ...] = (
    (b"PK\x03\x04", "a ZIP or spreadsheet file", "Unpack it, or save the sheet as CSV."),
    (b"\xd0\xcf\x11\xe0", "an old spreadsheet file", "Save the sheet as CSV."),
    (b"\x1f\x8b", "a compressed file", "Unpack it first."),
    (b"BZh", "a compressed file", "Unpack it first."),
    (b"\xfd7zXZ", "a compressed file", "Unpack it first."),
    (b"\x28\xb5\x2f\xfd", "a compressed file", "Unpack it first."),
    (b"PAR1", "a Parquet file", "Export it as CSV or JSON lines."),
    (b"%PDF", "a PDF", "Export the figures as CSV."),
)


@dataclass(slots=True)
class Table:
    """The rows of one file with the names of its columns; ``rows`` can be read once."""

    file: str
    container: Container
    columns: frozenset[str]
    rows: Rows
    delimiter: str = ","
    pages: list[bool] = field(default_factory=list)
    """One entry per page of an API: whether the source said that further pages exist."""


def problem(file: str, found: str, expected: str, mend: str) -> InputError:
    """One fault of a whole file."""
    return InputError(Problem(file, found, expected, mend))


def open_table(file: str, content: bytes) -> Sequence[Table]:
    """The readings of a file that its form allows: one for JSON, one per possible delimiter for CSV."""
    text = _checked(file, content)
    head = _first_characters(file, content, text)
    if head.startswith(("{", "[")):
        return [_json_table(file, content, text)]
    if head.startswith("<"):
        raise problem(file, "a web page or XML", "a usage export", "Download the export again while signed in.")
    return [table for delimiter in DELIMITERS if (table := _csv_table(file, content, text, delimiter)) is not None]


def _checked(file: str, content: bytes) -> str:
    """The encoding, once size, signature and line length are within bounds."""
    if not content.strip():
        raise problem(file, "an empty file", "a usage export", "Export it again.")
    if len(content) > MAX_FILE_BYTES:
        raise problem(file, f"a file of {len(content):,} bytes", f"at most {MAX_FILE_BYTES:,} bytes long",
                      "Export fewer days at a time, or daily sums in place of single requests.")
    for signature, words, mend in _FOREIGN:
        if content.startswith(signature):
            raise problem(file, words, "a CSV, JSON or JSON-lines export", mend)
    encoding = next((name for bom, name in _BOMS if content.startswith(bom)), "utf-8")
    if encoding.startswith("utf-8") and b"\0" in content:
        raise problem(file, "a NUL character", "text", "Save the export as UTF-8 text.")
    _check_encoding(file, content, encoding)
    return encoding


def _check_encoding(file: str, content: bytes, encoding: str) -> None:
    decoder, lines = codecs.getincrementaldecoder(encoding)(), 1
    for offset in range(0, len(content), 1 << 20):
        piece = content[offset : offset + (1 << 20)]
        try:
            text = decoder.decode(piece, final=offset + (1 << 20) >= len(content))
        except UnicodeError as error:
            at = getattr(error, "start", 0)
            lines += piece[:at].count(b"\n")
            raise problem(f"{file} > line {lines}", "this text", "UTF-8", "Save the export as UTF-8 text.") from None
        if not encoding.startswith("utf-8") and "\0" in text:
            raise problem(file, "a NUL character", "text", "Save the export as UTF-8 text.")
        lines += text.count("\n")


def _first_characters(file: str, content: bytes, encoding: str) -> str:
    with _stream(content, encoding) as stream:
        while piece := stream.read(4096):
            if piece.strip():
                return piece.lstrip()
    raise problem(file, "an empty file", "a usage export", "Export it again.")


def _stream(content: bytes, encoding: str) -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(content), encoding, newline="")


def _bounded_lines(file: str, content: bytes, encoding: str) -> Iterator[str]:
    """Lines with their ends; one that is too long is refused before it is kept."""
    with _stream(content, encoding) as stream:
        number = 0
        while line := stream.readline(MAX_LINE_BYTES):
            number += 1
            if len(line) >= MAX_LINE_BYTES:
                raise problem(f"{file} > line {number}", "a line of millions of characters",
                              f"at most {MAX_LINE_BYTES:,} characters long", "Export without message texts.")
            yield line


# CSV -------------------------------------------------------------------------------------------------------------


def _csv_table(file: str, content: bytes, encoding: str, delimiter: str) -> Table | None:
    """The file parted by one delimiter; None if its first row does not part that way."""
    csv.field_size_limit(MAX_LINE_BYTES)
    reader = csv.reader(_bounded_lines(file, content, encoding), delimiter=delimiter, strict=True)
    try:
        header = next(row for row in reader if any(cell.strip() for cell in row))
        if len(header) <= 2 and header[0].strip().casefold() == "sep=":  # a hint that spreadsheets write
            header = next(row for row in reader if any(cell.strip() for cell in row))
    except (csv.Error, StopIteration):
        return None
    names = [name.strip().lstrip("\ufeff") for name in header]
    while names and not names[-1]:
        names.pop()
    if len(names) < 2 or len(names) > MAX_COLUMNS:
        return None
    return Table(file, "csv", frozenset(names), _csv_rows(file, reader, names), delimiter)


def _csv_rows(file: str, reader: Iterable[list[str]], names: list[str]) -> Rows:
    if len(set(names)) != len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise problem(f"{file} > row 1", f"the second column {quoted(twice)}", "allowed", "Keep one of the two.")
    if "" in names:
        raise problem(f"{file} > row 1", f"column {names.index('') + 1} without a name", "a header", "Name it.")
    number, width = 1, len(names)
    try:
        for row in reader:
            number += 1
            if not any(row) or not any(cell.strip() for cell in row):
                continue
            if len(row) != width and (len(row) < width or any(cell.strip() for cell in row[width:])):
                raise problem(f"{file} > row {number}", f"a row of {len(row)} cells",
                              f"one of {width} cells, as in the header",
                              "Look for a delimiter inside a cell without quotes, or a missing one.")
            yield number, dict(zip(names, row, strict=False))
    except csv.Error as error:
        words = str(error)
        raise problem(f"{file} > row {number + 1}", f"this row ({words})", "CSV",
                      "Look for a quote that is not closed or not doubled.") from None


# JSON ------------------------------------------------------------------------------------------------------------


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {quoted(twice, 40)} stands twice in one object")
    return found


def _constant(text: str) -> float:
    raise ValueError(f"{text} is no number")


def _whole(text: str) -> int:
    if len(text) > 20:
        raise ValueError(f"{text[:20]}… is too long a number")
    return int(text)


def _real(text: str) -> Decimal:
    if len(text) > 80:
        raise ValueError(f"{text[:20]}… is too long a number")
    number = Decimal(text)
    if number and not -60 <= number.adjusted() <= 30:
        raise ValueError(f"{text[:20]} is out of range")
    return number


def read_json(text: str, place: str) -> Any:
    """One JSON value; decimals exact, a key given twice, NaN and Infinity refused."""
    try:
        return json.loads(
            text, object_pairs_hook=_pairs, parse_constant=_constant, parse_int=_whole, parse_float=_real
        )
    except json.JSONDecodeError as error:
        raise problem(f"{place} > line {error.lineno}" if error.lineno > 1 else place, "this text", "JSON",
                      f"{error.msg} at column {error.colno}.") from None
    except (RecursionError, ValueError, ArithmeticError) as error:
        raise problem(place, "this text", "JSON that can be read", f"{str(error)[:120].capitalize()}.") from None


def _json_table(file: str, content: bytes, encoding: str) -> Table:
    if (lines := _json_lines(file, content, encoding)) is not None:
        pages: list[bool] = []
        rows = _entries_of_lines(lines, file, pages)
        peeked = list(islice(rows, PEEKED_LINES))
        columns = frozenset(name for _, record in peeked for name in record)
        return Table(file, "json", columns, chain(peeked, rows), pages=pages)
    if len(content) > MAX_JSON_BYTES:
        raise problem(file, f"a JSON document of {len(content):,} bytes", f"at most {MAX_JSON_BYTES:,} bytes long",
                      "Export fewer days at a time, or as JSON lines.")
    with _stream(content, encoding) as stream:
        document = read_json(stream.read(), file)
    pages = []
    entries = list(_entries(document, "", pages))
    return Table(file, "json", frozenset(name for _, record in entries for name in record), iter(entries), pages=pages)


def _json_lines(file: str, content: bytes, encoding: str) -> Iterator[str] | None:
    """The lines of a file that holds one JSON object a line; None for a single document."""
    filled: list[str] = []
    with _stream(content, encoding) as stream:
        while len(filled) < 2 and (line := stream.readline(MAX_LINE_BYTES)):
            filled += [line] if line.strip() else []
    if len(filled) < 2 or not filled[0].lstrip().startswith("{") or not filled[0].rstrip().endswith("}"):
        return None
    return _bounded_lines(file, content, encoding)


def _entries_of_lines(lines: Iterable[str], file: str, pages: list[bool]) -> Rows:
    for number, line in enumerate(lines, start=1):
        if line.strip():
            place = f"line {number}"
            yield from _entries(read_json(line, f"{file} > {place}"), place, pages)


def _entries(document: Any, place: str, pages: list[bool], depth: int = 0) -> Rows:
    """The rows in a document: an API's pages and buckets, a list of records, trace spans, or one record."""
    if isinstance(document, list) and depth < 3:
        for index, entry in enumerate(document):
            yield from _entries(entry, f"{place} > [{index}]".lstrip(" >"), pages, depth + 1)
    elif not isinstance(document, dict):
        yield place, {}
    elif isinstance(document.get("data"), list):
        if "has_more" in document:
            pages.append(document["has_more"] is True)
        for index, bucket in enumerate(document["data"]):
            yield from _bucket(bucket, f"{place} > data[{index}]".lstrip(" >"))
    elif isinstance(document.get("resourceSpans"), list):
        for index, part in enumerate(document["resourceSpans"]):
            yield from _spans(part, f"{place} > resourceSpans[{index}]".lstrip(" >"))
    else:
        yield place, flat(document)


def _bucket(bucket: Any, place: str) -> Rows:
    if not isinstance(bucket, dict):
        yield place, {}
    elif isinstance(bucket.get("results"), list):
        outer = {name: value for name, value in bucket.items() if name not in ("results", "object")}
        if not bucket["results"]:
            yield place, flat(outer)
        for index, result in enumerate(bucket["results"]):
            inner = result if isinstance(result, dict) else {}
            yield f"{place} > results[{index}]", flat({**outer, **inner})
    else:
        yield place, flat(bucket)


def _spans(part: Any, place: str) -> Rows:
    """Spans of an OpenTelemetry export, each with the attributes of the program that sent it."""
    if not isinstance(part, dict):
        return
    resource = part.get("resource")
    outer = flat({"resource": resource}) if isinstance(resource, dict) else {}
    for scope in part.get("scopeSpans") or ():
        for index, span in enumerate((scope.get("spans") if isinstance(scope, dict) else None) or ()):
            if isinstance(span, dict):
                yield f"{place} > spans[{index}]", {**outer, **flat(span)}


def flat(document: Mapping[str, Any], prefix: str = "", depth: int = 0) -> dict[str, Any]:
    """Nested objects as dotted names, and lists of ``{key, value}`` pairs as names too; other lists stay as they are.

    >>> flat({"a": {"b": 1}, "c": [{"key": "d", "value": {"intValue": "2"}}]})
    {'a.b': 1, 'c.d': '2'}
    """
    found: dict[str, Any] = {}
    for name, value in document.items():
        if isinstance(value, dict) and depth < 6:
            found |= flat(value, f"{prefix}{name}.", depth + 1)
        elif isinstance(value, list) and value and all(isinstance(part, dict) and "key" in part for part in value):
            for part in value:
                inner = part.get("value")
                plain = next(iter(inner.values()), None) if isinstance(inner, dict) else inner
                found[f"{prefix}{name}.{str(part['key'])[:200]}"] = plain
        else:
            found[prefix + name] = value
    return found
