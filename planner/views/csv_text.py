"""Tables as CSV text: figures unrounded, and nothing that a spreadsheet would run when it opens the file."""

from __future__ import annotations

import csv
import io
import math
import re
from datetime import date
from typing import Any

import pandas as pd

_FORMULA = re.compile(r"^[\s\x00]*[=+\-@\t\r\n\x00\uff1d\uff0b\uff0d\uff20]")
_DEFUSED = re.compile(r"^'+(?=[\s\x00]*[=+\-@\t\r\n\x00\uff1d\uff0b\uff0d\uff20])")


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
