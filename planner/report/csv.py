"""The plan's tables as CSV files: raw figures, one tidy table per file, harmless when a spreadsheet opens them."""

from __future__ import annotations

import csv
import io
import math
import re
import zipfile
from collections.abc import Mapping
from datetime import date
from typing import Any

import pandas as pd

from planner.engine.study import Study
from planner.views.tables import TABLES, about_table

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
        return _number(value)
    return str(value) if isinstance(value, int) else defused(str(value))


def _number(value: float) -> str:
    """A number as it was computed: whole ones in full, others to twelve digits, where float dust ends.

    >>> _number(2324.9999999999995), _number(1e15), _number(-0.1), _number(float("nan"))
    ('2325', '1000000000000000', '-0.1', '')
    """
    if not math.isfinite(value):
        return ""
    return str(int(value)) if value.is_integer() else f"{value:.12g}"


def csv_bundle(study: Study, today: date | None = None, *, with_bom: bool = False) -> dict[str, bytes]:
    """File name to content for every table. ``with_bom`` helps older spreadsheets see that it is UTF-8.

    ``today`` is the day the files bear; without it they bear the price date alone.
    """
    tables = {name: about_table(study, today) if name == "about" else make(study) for name, make in TABLES.items()}
    mark = _BOM if with_bom else ""
    return {f"{name}.csv": (mark + csv_text(table)).encode("utf-8") for name, table in tables.items()}


def bundle_zip(files: Mapping[str, bytes]) -> bytes:
    """Files in one ZIP; the same files give the same bytes."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, _ZIP_DAY)
            entry.compress_type, entry.external_attr, entry.create_system = zipfile.ZIP_DEFLATED, 0o644 << 16, 3
            archive.writestr(entry, content)
    return written.getvalue()
