"""The plan's tables as CSV files: raw figures, one tidy table per file, harmless when a spreadsheet opens them."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from datetime import date

from planner.engine.study import Study
from planner.views.csv_text import csv_text, defused, restored
from planner.views.tables import TABLES, about_table

__all__ = ["bundle_zip", "csv_bundle", "csv_text", "defused", "restored"]

_BOM = "\ufeff"
_ZIP_DAY = (1980, 1, 1, 0, 0, 0)
"""The earliest day a ZIP file can name: the same tables give the same bytes on any day."""


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
