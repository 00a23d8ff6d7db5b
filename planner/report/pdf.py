"""The report as PDF: tagged, with its fonts, the same bytes for the same input. Typst sets it; no markup is built."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import typst

from planner.report.charts import chart_svg
from planner.report.document import (
    Ask,
    Bar,
    Block,
    Bold,
    Cell,
    Figure,
    Headlines,
    Page,
    Pair,
    Points,
    Report,
    Rich,
    Spot,
    Table,
    Words,
)
from planner.report.glyphs import FONTS, printable, text_width
from planner.report.typography import prose

CHART_HEIGHTS: Mapping[str, float] = {"a4": 1.0, "us-letter": 0.82}
"""Letter is 50 points shorter: charts give way, not words."""

TEMPLATE = Path(__file__).parent / "template" / "report.typ"
ACCESSIBLE = "ua-1"
TABLE_SIZE, DENSE_SIZE = 9.2, 8.6
CELL_INSET = 9.2
"""Left and right of a cell's text together, with a little air."""


def render_report(report: Report, paper: str = "a4") -> bytes:
    """The report as PDF/UA-1.

    The root that Typst may read from holds the template and nothing else; fonts are the shipped ones, never the
    machine's. A character that no shipped font has is replaced before; should one slip through, the file is made
    without the accessibility standard rather than not at all.

    Raises ValueError for an unknown paper.
    """
    if paper not in CHART_HEIGHTS:
        raise ValueError(f"paper {paper!r} is not one of {', '.join(CHART_HEIGHTS)}")
    text = json.dumps(_report(report, CHART_HEIGHTS[paper]), ensure_ascii=False, sort_keys=True)
    inputs = {"report": text, "paper": paper}
    try:
        return _compiled(inputs, [ACCESSIBLE])
    except typst.TypstError:
        return _compiled(inputs, [])


@cache
def _fonts() -> typst.Fonts:
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(FONTS)])


def _compiled(inputs: dict[str, str], standards: list[Any]) -> bytes:
    compiled = typst.compile(
        TEMPLATE,
        root=TEMPLATE.parent,
        font_paths=_fonts(),
        ignore_system_fonts=True,
        format="pdf",
        sys_inputs=inputs,
        pdf_standards=standards,
        timestamp=0,
    )
    assert isinstance(compiled, bytes), "a PDF is one file"
    return compiled


def _report(report: Report, part: float) -> dict[str, Any]:
    drawn = _drawn(report, part)
    return {
        "title": printable(report.title),
        "plan_name": printable(report.plan_name),
        "author": report.author,
        "keywords": list(report.keywords),
        "stamp": [prose(part) for part in report.stamp],
        "pages": [_page(page, drawn) for page in report.pages],
    }


def _drawn(report: Report, part: float) -> Mapping[int, str]:
    """Every chart as SVG."""
    figures = [figure for page in report.pages for block in page.blocks for figure in _figures(block)]
    return {id(each): chart_svg(each.chart, each.width, each.height * part) for each in figures}


def _figures(block: Block) -> list[Figure]:
    match block:
        case Figure():
            return [block]
        case Pair(left=left, right=right):
            return [*_figures(left), *_figures(right)]
        case _:
            return []


def _page(page: Page, drawn: Mapping[int, str]) -> dict[str, Any]:
    return {
        "section": prose(page.section),
        "title": prose(page.title),
        "lead": _rich(page.lead),
        "dateline": prose(page.dateline),
        "badge": prose(page.badge),
        "is_memo": page.is_memo,
        "ask": _ask(page.ask),
        "blocks": [_block(block, drawn) for block in page.blocks],
    }


def _ask(ask: Ask | None) -> dict[str, Any] | None:
    if ask is None:
        return None
    return {
        "label": prose(ask.label),
        "words": _rich(ask.words),
        "signature": [prose(each) for each in ask.signature],
    }


def _block(block: Block, drawn: Mapping[int, str]) -> dict[str, Any]:
    match block:
        case Table():
            return _table(block)
        case Figure():
            return {
                "kind": "figure",
                "svg": drawn[id(block)],
                "alt": printable(block.chart.alt or block.chart.title),
                "caption": prose(block.chart.title),
                "note": _rich(block.note or (block.chart.caption,)),
            }
        case Words():
            return {
                "kind": "words",
                "title": prose(block.title),
                "paragraphs": [_rich(each) for each in block.paragraphs],
            }
        case Points():
            return {
                "kind": "points",
                "title": prose(block.title),
                "is_numbered": block.is_numbered,
                "items": [_rich(item) for item in block.items],
            }
        case Headlines():
            return {
                "kind": "headlines",
                "numbers": [
                    {
                        "label": prose(each.label),
                        "value": each.value,
                        "unit": prose(each.unit),
                        "below": prose(each.below),
                    }
                    for each in block.numbers
                ],
            }
        case Pair():
            return {
                "kind": "pair",
                "left": _block(block.left, drawn),
                "right": _block(block.right, drawn),
                "left_part": block.left_part,
            }


def _table(table: Table) -> dict[str, Any]:
    size = DENSE_SIZE if table.is_dense else TABLE_SIZE
    return {
        "kind": "table",
        "title": prose(table.title),
        "note": _rich(table.note),
        "is_dense": table.is_dense,
        "is_grid": table.is_grid,
        "size": size,
        "key": [[kind, prose(words)] for kind, words in table.key],
        "columns": [
            {"head": prose(column.head), "is_number": column.is_number, "width": _width(table, i, size)}
            for i, column in enumerate(table.columns)
        ],
        "rows": [{"style": row.style, "cells": [_cell(each) for each in row.cells]} for row in table.rows],
    }


def _width(table: Table, i: int, size: float) -> float | str:
    """A column's width: a figure never breaks over two lines, so its column is at least as wide as its widest one."""
    column = table.columns[i]
    if isinstance(column.width, str) or not column.is_number:
        return column.width
    figures = [(row.cells[i], row.style == "total") for row in table.rows if row.style != "group"]
    widest = max((text_width(each, size, is_bold=bold) for each, bold in figures if isinstance(each, str)), default=0.0)
    return max(column.width, widest + CELL_INSET)


def _cell(cell: Cell) -> Any:
    match cell:
        case Bar():
            return {
                "kind": "bar",
                "invoice_share": cell.invoice_share,
                "errors_share": cell.errors_share,
                "is_chosen": cell.is_chosen,
                "is_cut": cell.is_cut,
            }
        case Spot():
            return {"kind": "spot", "words": prose(cell.words), "marks": [prose(mark) for mark in cell.marks]}
        case str():
            return prose(cell)
        case _:
            return _rich(cell)


def _rich(runs: Rich) -> list[Any]:
    return [{"bold": prose(run.text)} if isinstance(run, Bold) else prose(run) for run in runs]
