"""Shared by the tests of this folder: the samples, and ways to write the same table differently."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from planner.ingest import Amounts, UsageReading, read_usage

SAMPLES = Path(__file__).parent / "samples"
NAMES = sorted(path.name for path in SAMPLES.iterdir() if path.suffix in (".csv", ".json"))
TABLES = [name for name in NAMES if name.endswith(".csv")]


def sample(name: str) -> bytes:
    return (SAMPLES / name).read_bytes()


def read(*texts: str | bytes) -> UsageReading:
    """Texts as files with names that say nothing."""
    files = [(f"file{at}", text.encode() if isinstance(text, str) else text) for at, text in enumerate(texts)]
    return read_usage(files)


def figures(reading: UsageReading) -> tuple[Amounts, dict[tuple[str, str], Amounts], float | None]:
    """All that must not depend on how a file is written."""
    groups = {(group.model, group.name): group.amounts for group in reading.groups}
    return reading.totals, groups, reading.other_charges_usd


def table(content: bytes) -> tuple[list[str], list[list[str]]]:
    header, *rows = csv.reader(io.StringIO(content.decode("utf-8")))
    return header, rows


def written(header: list[str], rows: list[list[str]], delimiter: str = ",", end: str = "\n", quoting: int = 0) -> str:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator=end, quoting=quoting)
    writer.writerows([header, *rows])
    return out.getvalue()
