"""The plan's tables as CSV files: raw figures, one tidy table per file, harmless when a spreadsheet opens them."""

from __future__ import annotations

import csv
import io
import math
import os
import re
import tempfile
import zipfile
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

_BOM = "\ufeff"
_FORMULA = re.compile(r"^[\s\x00]*[=+\-@\t\r\n\x00\uff1d\uff0b\uff0d\uff20]")
_DEFUSED = re.compile(r"^'+(?=[\s\x00]*[=+\-@\t\r\n\x00\uff1d\uff0b\uff0d\uff20])")
_ZIP_DAY = (1980, 1, 1, 0, 0, 0)
"""The earliest day a ZIP file can name: the same tables give the same bytes on any day."""


def defused(text: str) -> str:
    """Text that no spreadsheet takes for a formula: an apostrophe before what would start one, also after spaces.

    :func:`restored` takes it off again.

    >>> defused("=1+1"), defused("  @sum"), defused("Ticket triage"), defused("'=1")
    ("'=1+1", "'  @sum", 'Ticket triage', "''=1")
    """
    return f"'{text}" if _FORMULA.match(text) or _DEFUSED.match(text) else text


def restored(text: str) -> str:
    """The text before :func:`defused`.

    >>> restored("'=1+1"), restored("Ticket triage"), restored("'quoted'")
    ('=1+1', 'Ticket triage', "'quoted'")
    """
    return text[1:] if _DEFUSED.match(text) else text


def csv_text(table: pd.DataFrame) -> str:
    """A table as CSV (RFC 4180): numbers unrounded, days as ISO dates, unknown as an empty cell, text defused."""
    written = io.StringIO(newline="")
    writer = csv.writer(written, lineterminator="\r\n")
    writer.writerow(table.columns)
    writer.writerows([_cell(value) for value in row] for row in table.astype(object).itertuples(index=False, name=None))
    return written.getvalue()


def _cell(value: Any) -> str:
    if isinstance(value, str):
        return defused(value)
    if value is None or value is pd.NaT or value is pd.NA:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, date):
        return value.isoformat()
    if hasattr(value, "item"):  # a numpy number
        return _cell(value.item())
    if isinstance(value, float):
        # repr is the shortest text that reads back to the same number; a whole one needs no ".0"
        return "" if not math.isfinite(value) else str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    return defused(str(value)) if not isinstance(value, int) else str(value)


def csv_bundle(tables: Mapping[str, pd.DataFrame], *, with_bom: bool = False) -> dict[str, bytes]:
    """File name to content for every table. ``with_bom`` helps older spreadsheets to see that it is UTF-8."""
    mark = _BOM if with_bom else ""
    return {f"{name}.csv": (mark + csv_text(table)).encode("utf-8") for name, table in tables.items()}


def bundle_zip(tables: Mapping[str, pd.DataFrame], *, with_bom: bool = False) -> bytes:
    """All tables in one ZIP file; the same tables give the same bytes."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, content in csv_bundle(tables, with_bom=with_bom).items():
            entry = zipfile.ZipInfo(name, _ZIP_DAY)
            entry.compress_type, entry.external_attr, entry.create_system = zipfile.ZIP_DEFLATED, 0o644 << 16, 3
            archive.writestr(entry, content)
    return written.getvalue()


def write_csvs(tables: Mapping[str, pd.DataFrame], folder: Path, *, with_bom: bool = False) -> list[Path]:
    """Every table as a file of ``folder``, which is made if it is missing.

    All files are written beside their place first and moved in at the end, so that a full disk leaves the old ones.
    """
    contents = csv_bundle(tables, with_bom=with_bom)
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".csv-") as scratch:
        for name, content in contents.items():
            (Path(scratch) / name).write_bytes(content)
        for name in contents:
            os.replace(Path(scratch) / name, folder / name)
    return [folder / name for name in contents]


def write_file(content: bytes, path: Path) -> Path:
    """One file, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, scratch = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(scratch).chmod(0o644)
        os.replace(scratch, path)
    except BaseException:
        Path(scratch).unlink(missing_ok=True)
        raise
    return path
