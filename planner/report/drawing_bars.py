"""Stacked bars for paper: money by option, and shares of a whole."""

from __future__ import annotations

import math

from planner.report.drawing import (
    ACCENT,
    CONTEXT,
    GRID,
    HATCH,
    INK,
    LADDER,
    MUTED,
    ON_LADDER,
    SIZE,
    Box,
    Sheet,
    wrapped,
)
from planner.report.glyphs import text_width
from planner.views.chart_spec import ChartSpec, Series

NAME_WIDTH = 150.0
BAR, STEP = 15.0, 24.0
SHARE_BAR, SHARE_STEP = 17.0, 25.0
OFF_SCALE = 1.6
"""A bar this many times as long as the one before it is cut, and says so by two gaps."""


def _fill(series: Series) -> str:
    if series.role == "category":
        return LADDER[min(series.position, len(LADDER) - 1)]
    return {"chosen": ACCENT, "errors": HATCH, "comparison": INK, "context": "#FFFFFF"}.get(series.role, CONTEXT)


def _ink(series: Series) -> str:
    if series.role == "category":
        return ON_LADDER[min(series.position, len(ON_LADDER) - 1)]
    return "#FFFFFF" if series.role in ("chosen", "comparison") else INK


def _known(value: float) -> float:
    return value if math.isfinite(value) else 0.0


def _names(spec: ChartSpec) -> tuple[list[tuple[str, ...]], float]:
    """Wrapped names of the bars, and the room that they need."""
    names = [wrapped(bar.name, NAME_WIDTH, is_bold=bar.is_chosen) for bar in spec.bars]
    wide = max((text_width(line, SIZE, is_bold=True) for lines in names for line in lines), default=0.0)
    return names, wide + 7


def _heights(names: list[tuple[str, ...]], bar: float, step: float) -> list[float]:
    return [max(step, len(lines) * SIZE * 1.2 + step - bar) for lines in names]


def draw_bars(spec: ChartSpec, width: float) -> Sheet:
    """One bar per option, categories and errors as its parts, the total at the end."""
    names, left = _names(spec)
    heights = _heights(names, BAR, STEP)
    legend = _legend_rows(spec.series, width)
    sheet = Sheet(width, sum(heights) + 4 + 15.0 * len(legend))
    right = width - max((text_width(bar.end_label, SIZE, is_bold=True) for bar in spec.bars), default=0.0) - 8
    totals = [sum(_known(series.x[i]) for series in spec.series) for i in range(len(spec.bars))]
    full = _full(totals)
    y = 2.0
    for i, bar in enumerate(spec.bars):
        middle = y + heights[i] / 2
        _bar_name(sheet, names[i], left, middle, bar.is_chosen)
        end = _stack(sheet, spec, i, left, (right - left) / full, middle)
        if totals[i] > full * 1.0001:
            end = right
            for gap in (0.90, 0.94):
                x = left + (right - left) * gap
                sheet.path([(x - 2, middle + BAR / 2 + 1.5), (x + 2, middle - BAR / 2 - 1.5)], "#FFFFFF", 2.6)
        sheet.text(end + 5, middle + 3, [bar.end_label], colour=ACCENT if bar.is_chosen else INK, is_bold=bar.is_chosen)
        y += heights[i]
    _legend(sheet, legend, y + 12)
    return sheet


def _full(totals: list[float]) -> float:
    """The value at the right edge: the largest total, or the second if the largest is far beyond it."""
    ranked = sorted(totals, reverse=True)
    if len(ranked) > 2 and ranked[1] > 0 and ranked[0] > OFF_SCALE * ranked[1]:
        return ranked[1] * 1.08
    return ranked[0] if ranked and ranked[0] > 0 else 1.0


def _stack(sheet: Sheet, spec: ChartSpec, i: int, left: float, scale: float, middle: float) -> float:
    """The parts of one bar, cut at the right edge; where it ends."""
    edge = left + scale * _full([sum(_known(s.x[j]) for s in spec.series) for j in range(len(spec.bars))])
    at = left
    for series in spec.series:
        size = _known(series.x[i]) * scale
        until = min(at + size, edge)
        if until - at > 0.02:
            box = Box(at, middle - BAR / 2, until, middle + BAR / 2)
            sheet.rect(box, _fill(series))
            _inside_label(sheet, series, i, box)
        at = until
    return at


def _inside_label(sheet: Sheet, series: Series, i: int, box: Box) -> None:
    label = series.segment_labels[i] if i < len(series.segment_labels) else ""
    if label and series.role != "errors" and text_width(label, SIZE, is_bold=True) + 4 <= box.right - box.left:
        sheet.text(
            (box.left + box.right) / 2,
            (box.top + box.bottom) / 2 + 3,
            [label],
            "center",
            colour=_ink(series),
            is_bold=True,
        )


def _bar_name(sheet: Sheet, lines: tuple[str, ...], left: float, middle: float, is_chosen: bool) -> None:
    first = middle + 3 - (len(lines) - 1) * SIZE * 0.6
    sheet.text(left - 6, first, lines, "right", colour=INK, is_bold=is_chosen)


def draw_shares(spec: ChartSpec, width: float) -> Sheet:
    """Bars of one length, split by category."""
    names, left = _names(spec)
    heights = _heights(names, SHARE_BAR, SHARE_STEP)
    legend = _legend_rows(spec.series, width)
    sheet = Sheet(width, sum(heights) + 4 + 15.0 * len(legend))
    y = 2.0
    for i in range(len(spec.bars)):
        middle = y + heights[i] / 2
        _bar_name(sheet, names[i], left, middle, False)
        whole = sum(_known(series.x[i]) for series in spec.series)
        at = left
        for series in spec.series:
            size = (width - 1 - left) * _known(series.x[i]) / whole if whole > 0 else 0.0
            if size > 0.02:
                box = Box(at, middle - SHARE_BAR / 2, at + size, middle + SHARE_BAR / 2)
                sheet.rect(box, _fill(series))
                _inside_label(sheet, series, i, box)
            at += size
        if whole <= 0:
            sheet.path([(left, middle), (width - 1, middle)], GRID, 0.6)
        y += heights[i]
    _legend(sheet, legend, y + 12)
    return sheet


_Entry = tuple[Series, tuple[str, ...], float]


def _legend_rows(series: tuple[Series, ...], width: float) -> list[list[_Entry]]:
    """Swatch and name of every part, filled into rows; a very long name is wrapped nowhere but gets its own row."""
    rows: list[list[_Entry]] = [[]]
    used = 0.0
    for each in series:
        if not any(_known(value) > 0 for value in each.x):
            continue
        for k, line in enumerate(wrapped(each.name, width - 30)):
            size = text_width(line, SIZE) + (25 if k == 0 else 12)
            if rows[-1] and (used + size > width or k > 0):
                rows.append([])
                used = 0.0
            rows[-1].append((each, (line,), 0.0 if k else 1.0))
            used += size
    return rows if rows[0] else []


def _legend(sheet: Sheet, rows: list[list[_Entry]], y: float) -> None:
    for row in rows:
        x = 0.5
        for series, lines, swatch in row:
            if swatch:
                sheet.rect(Box(x, y - 7.2, x + 8, y + 0.8), _fill(series))
            sheet.text(x + 12, y, lines, colour=MUTED)
            x += text_width(lines[0], SIZE) + 25
        y += 15.0
