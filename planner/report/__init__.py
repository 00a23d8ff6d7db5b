"""The hand-over: a decision as PDF and as tables. Content is built once, format-free; each format writes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from planner.engine.study import Study

Content = Any
"""Bytes for one file; file name to bytes for several."""


@dataclass(frozen=True)
class Format:
    """One way to hand a study over."""

    name: str
    """Short name, as on the command line."""
    label: str
    """What a reader gets."""
    suffix: str
    """Ending of the file that is downloaded."""
    media_type: str
    render: Callable[..., Content]
    """``render(study, today=None, **options)``: the content, with nothing written. ``today`` is the day it bears;
    without it, the price date."""
    write: Callable[[Content, Path], None]
    """``write(content, path)``: whole or not at all. The path is a file, for several files their folder."""
    download: Callable[[Content], bytes]
    """``download(content)``: the content as one file."""


def render_pdf(study: Study, today: date | None = None, *, paper: str = "a4") -> bytes:
    """The report as PDF; ``paper`` is a4 or us-letter."""
    # loaded when asked for: whoever wants a table needs no typesetter
    from planner.report.content import build_report
    from planner.report.pdf import render_report

    return render_report(build_report(study, today=today or study.evaluation.day), paper)


def render_csv(study: Study, today: date | None = None, *, with_bom: bool = False) -> Mapping[str, bytes]:
    """Every table of the hand-over by file name."""
    from planner.report.csv import csv_bundle

    return csv_bundle(study, today, with_bom=with_bom)


def _write_pdf(content: bytes, path: Path) -> None:
    from planner.report.files import write_file

    write_file(content, path)


def _write_csvs(content: Mapping[str, bytes], folder: Path) -> None:
    from planner.report.files import write_files

    write_files(content, folder)


def _zip(content: Mapping[str, bytes]) -> bytes:
    from planner.report.csv import bundle_zip

    return bundle_zip(content)


FORMATS: tuple[Format, ...] = (
    Format("pdf", "Recommendation to sign", ".pdf", "application/pdf", render_pdf, _write_pdf, bytes),
    Format("csv", "Tables for a spreadsheet", ".zip", "application/zip", render_csv, _write_csvs, _zip),
)
