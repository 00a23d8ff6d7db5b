"""Charts for paper: draws a :class:`~planner.views.chart_spec.ChartSpec` as SVG, in points of the page.

The description already says what every tick and label reads; what is left is to place them. Labels move until no two
of them overlap and no line runs through one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

from planner.report.drawing import (
    ACCENT,
    BAND,
    CONTEXT,
    GRID,
    HAIRLINE,
    INK,
    MUTED,
    SIZE,
    Box,
    Point,
    Sheet,
    word_box,
    wrapped,
)
from planner.report.drawing_bars import draw_bars, draw_shares
from planner.report.glyphs import printable, text_width
from planner.views.chart_spec import Axis, ChartSpec, Mark, Series

COLOURS = {"chosen": ACCENT, "comparison": INK, "context": CONTEXT, "category": INK, "errors": INK}
WEIGHTS = {"chosen": 2.4, "comparison": 1.6, "context": 1.2, "category": 1.2, "errors": 1.2}
DASHES = {"solid": "", "dashed": "5 3", "dotted": "1.2 2.6"}
LABEL_WIDTH = 165.0
END_LABEL_WIDTH = 110.0
LEADER_FROM = 16.0
"""A label farther than this from its point is joined to it by a line."""


def chart_svg(spec: ChartSpec, width: float, height: float) -> str:
    """The chart as SVG of that size; bars take the height that they need."""
    if spec.kind == "bars_stacked":
        return draw_bars(spec, width).svg()
    if spec.kind == "shares":
        return draw_shares(spec, width).svg()
    return draw_lines(spec, width, height).svg()


class _Frame:
    """The plot inside a sheet, and where a value lies in it."""

    def __init__(self, spec: ChartSpec, width: float, height: float) -> None:
        ends = [wrapped(series.end_label, END_LABEL_WIDTH, is_bold=series.role == "chosen") for series in spec.series]
        right = max((text_width(line, SIZE, is_bold=True) for lines in ends for line in lines), default=0.0)
        ticks = max((text_width(text, SIZE) for _, text in spec.y.ticks), default=0.0) if spec.y.is_shown else 0.0
        self.left = ticks + 7 if ticks else 2.0
        self.right = width - (right + 7 if right else 8.0)
        self.top = 8.0 + (12.0 if spec.bands or spec.lines else 0.0)
        self.bottom = height - 14.0 - (14.0 if spec.x.label else 0.0)
        self._x = _scale(
            spec.x, [v for s in spec.series for v in s.x] + [m.x for m in spec.marks], self.left, self.right
        )
        self._y = _scale(
            spec.y, [v for s in spec.series for v in s.y] + [m.y for m in spec.marks], self.bottom, self.top
        )

    def at(self, x: float, y: float) -> Point:
        """A point of the sheet."""
        return self._x(x), self._y(y)

    def x(self, value: float) -> float:
        """A place from the left."""
        return self._x(value)

    def y(self, value: float) -> float:
        """A place from the top."""
        return self._y(value)

    def shows(self, x: float, y: float) -> bool:
        """Whether a point lies in the plot; at its edge counts."""
        across, down = self.at(x, y)
        return self.left - 1 <= across <= self.right + 1 and self.top - 1 <= down <= self.bottom + 1

    @property
    def box(self) -> Box:
        """The plot."""
        return Box(self.left, self.top, self.right, self.bottom)


def _scale(axis: Axis, values: list[float], start: float, end: float) -> Callable[[float], float]:
    known = [
        v for v in (*values, *(at for at, _ in axis.ticks)) if math.isfinite(v) and (axis.scale == "linear" or v > 0)
    ]
    low = axis.low if axis.low is not None else min(known, default=0.0)
    high = axis.high if axis.high is not None else max(known, default=1.0)
    if axis.scale == "log":
        low, high = max(low, 1e-12), max(high, 1e-12)
        first, span = math.log(low), math.log(high) - math.log(low) or 1.0
        return lambda value: start + (end - start) * (math.log(max(value, 1e-12)) - first) / span
    span = high - low or 1.0
    return lambda value: start + (end - start) * (value - low) / span


def draw_lines(spec: ChartSpec, width: float, height: float) -> Sheet:
    """Curves, staircases and points over two axes."""
    sheet, frame = Sheet(width, height), _Frame(spec, width, height)
    _axes(sheet, spec, frame)
    for band in spec.bands:
        left, right = sorted((_clip(frame.x(band.start), frame), _clip(frame.x(band.end), frame)))
        sheet.parts.insert(0, _band(left, right, frame))
    for gap in spec.gaps:
        sheet.path([frame.at(gap.x, gap.low), frame.at(gap.x, gap.high)], ACCENT, 4.0)
    for series in spec.series:
        _line(sheet, series, frame)
    marks = [mark for mark in spec.marks if frame.shows(mark.x, mark.y)]
    for mark in marks:
        if mark.shape != "none":
            sheet.mark(frame.at(mark.x, mark.y), mark.shape, COLOURS[mark.role], 4.2 if mark.role == "chosen" else 3.2)
    _end_labels(sheet, spec.series, frame)
    _line_labels(sheet, spec, frame)
    for gap in spec.gaps:
        middle = (frame.y(gap.low) + frame.y(gap.high)) / 2
        _place(sheet, gap.label, (frame.x(gap.x), middle), frame, INK, is_bold=True, start=(9.0, 3.0), anchor="left")
    for mark in sorted(marks, key=lambda each: (not each.is_bold, each.x)):
        if mark.label:
            _mark_label(sheet, mark, frame)
    return sheet


def _clip(x: float, frame: _Frame) -> float:
    return min(max(x, frame.left), frame.right)


def _band(left: float, right: float, frame: _Frame) -> str:
    return (
        f'<rect x="{left:.2f}" y="{frame.top:.2f}" width="{right - left:.2f}" '
        f'height="{frame.bottom - frame.top:.2f}" fill="{BAND}"/>'
    )


def _axes(sheet: Sheet, spec: ChartSpec, frame: _Frame) -> None:
    for value, text in spec.y.ticks if spec.y.is_shown else ():
        y = frame.y(value)
        if frame.top - 1 <= y <= frame.bottom + 1:
            sheet.path([(frame.left, y), (frame.right, y)], GRID, 0.6, is_solid=False)
            sheet.text(frame.left - 5, y + 3, [text], "right")
    free_from = -math.inf
    for value, text in spec.x.ticks if spec.x.is_shown else ():
        x = frame.x(value)
        if not frame.left - 1 <= x <= frame.right + 1:
            continue
        half = text_width(text, SIZE) / 2
        centre = min(max(x, half), sheet.width - half)
        if centre - half > free_from + 4:
            sheet.text(centre, frame.bottom + 12, [text], "center")
            free_from = centre + half
    sheet.path([(frame.left, frame.bottom), (frame.right, frame.bottom)], HAIRLINE, 0.6, is_solid=False)
    if spec.x.label:
        sheet.text((frame.left + frame.right) / 2, sheet.height - 3, [spec.x.label], "center")


def _line(sheet: Sheet, series: Series, frame: _Frame) -> None:
    points = simplified(list(_inside(series, frame)))
    if len(points) > 1 and series.y:
        sheet.path(points, COLOURS[series.role], WEIGHTS[series.role], DASHES[series.dash])


def _inside(series: Series, frame: _Frame) -> Iterator[Point]:
    """The line's points, cut off at the frame."""
    box = frame.box
    points = [frame.at(x, y) for x, y in zip(series.x, series.y, strict=False) if math.isfinite(x) and math.isfinite(y)]
    for i, (x, y) in enumerate(points):
        if box.top - 0.5 <= y <= box.bottom + 0.5 and box.left - 0.5 <= x <= box.right + 0.5:
            yield x, y
            continue
        for j in (i - 1, i + 1):
            if 0 <= j < len(points) and (cut := _cut(points[j], (x, y), box)) is not None:
                yield cut


def simplified(points: list[Point], off: float = 0.04) -> list[Point]:
    """The same line without the points that lie on it anyway, to a few hundredths of a point of the page.

    >>> simplified([(0, 0), (1, 1), (2, 2), (2, 3)])
    [(0, 0), (2, 2), (2, 3)]
    """
    if len(points) < 3:
        return points
    kept = [points[0]]
    skipped: list[Point] = []
    for here, after in pairwise(points[1:]):
        skipped.append(here)
        if any(_distance(each, kept[-1], after) > off for each in skipped):
            kept.append(here)
            skipped = []
    return [*kept, points[-1]]


def _distance(point: Point, start: Point, end: Point) -> float:
    """How far a point lies from a stretch."""
    along = (end[0] - start[0], end[1] - start[1])
    square = along[0] ** 2 + along[1] ** 2
    part = 0.0
    if square > 0:
        part = ((point[0] - start[0]) * along[0] + (point[1] - start[1]) * along[1]) / square
        part = min(max(part, 0.0), 1.0)
    return math.dist(point, (start[0] + part * along[0], start[1] + part * along[1]))


def _cut(inner: Point, outer: Point, box: Box) -> Point | None:
    """Where the way from a point inside to one outside leaves the box."""
    (x0, y0), (x1, y1) = inner, outer
    if not (box.top - 0.5 <= y0 <= box.bottom + 0.5 and box.left - 0.5 <= x0 <= box.right + 0.5):
        return None
    part = 1.0
    for at, way, low, high in ((x0, x1 - x0, box.left, box.right), (y0, y1 - y0, box.top, box.bottom)):
        if way > 0:
            part = min(part, (high - at) / way)
        elif way < 0:
            part = min(part, (low - at) / way)
    return x0 + max(part, 0.0) * (x1 - x0), y0 + max(part, 0.0) * (y1 - y0)


def _end_labels(sheet: Sheet, series: Sequence[Series], frame: _Frame) -> None:
    """Names at the right ends of the lines, moved apart where ends lie close."""
    ends = []
    for each in series:
        points = list(_inside(each, frame)) if each.end_label and each.y else []
        if points:
            lines = wrapped(each.end_label, END_LABEL_WIDTH, is_bold=each.role == "chosen")
            ends.append((points[-1][1], each, lines))
    ends.sort(key=lambda end: end[0])
    free_from = -math.inf
    for y, each, lines in ends:
        tall = (len(lines) - 1) * SIZE * 1.2
        first = max(y + 3 - tall / 2, free_from, 0.75 * SIZE)
        colour = COLOURS[each.role] if each.role != "context" else MUTED
        sheet.text(frame.right + 5, first, lines, colour=colour, is_bold=each.role == "chosen")
        free_from = first + tall + SIZE * 1.15


def _line_labels(sheet: Sheet, spec: ChartSpec, frame: _Frame) -> None:
    for line in spec.lines:
        if line.axis == "x":
            x = frame.x(line.at)
            sheet.path([(x, frame.top - 10), (x, frame.bottom)], INK, 0.9, DASHES[line.dash])
            wide = text_width(line.label, SIZE)
            on_left = x + 4 + wide > frame.right
            sheet.text(x - 4 if on_left else x + 4, frame.top - 3, [line.label], "right" if on_left else "left")
        else:
            y = frame.y(line.at)
            sheet.path([(frame.left, y), (frame.right, y)], INK, 0.9, DASHES[line.dash])
            sheet.text(frame.left + 3, y - 4, [line.label])
    for band in spec.bands:
        if not band.label:
            continue
        left, right = sorted((_clip(frame.x(band.start), frame), _clip(frame.x(band.end), frame)))
        lines = wrapped(band.label, max(right - left - 4, 50.0))
        _place(
            sheet,
            band.label,
            ((left + right) / 2, frame.top + 9),
            frame,
            MUTED,
            start=(0.0, 0.0),
            anchor="center",
            lines=lines,
            has_leader=False,
        )


def _mark_label(sheet: Sheet, mark: Mark, frame: _Frame) -> None:
    colour = COLOURS[mark.role] if mark.role != "context" else MUTED
    _place(
        sheet,
        mark.label,
        frame.at(mark.x, mark.y),
        frame,
        colour,
        is_bold=mark.is_bold or mark.role == "chosen",
        start=(mark.dx, mark.dy + 3),
        anchor=mark.anchor,
        has_leader=True,
    )


def _candidates(start: Point, anchor: str) -> Iterator[tuple[float, float, str]]:
    """Where a label may stand beside its point: as described, then on circles around it that grow."""
    yield start[0], start[1], anchor
    for radius in (9.0, 11.0, 14.0, 17.0, 20.0, 24.0, 28.0, 33.0, 38.0, 44.0, 50.0, 57.0, 64.0, 80.0, 100.0, 124.0):
        for degrees in (0, 180, 330, 210, 30, 150, 345, 195, 15, 165, 315, 225, 45, 135, 300, 240, 60, 120, 270, 90):
            x, y = radius * math.cos(math.radians(degrees)), radius * math.sin(math.radians(degrees))
            yield x, y + 3, "left" if x > 2 else "right" if x < -2 else "center"


def _place(
    sheet: Sheet,
    label: str,
    at: Point,
    frame: _Frame,
    colour: str,
    *,
    start: Point,
    anchor: str,
    is_bold: bool = False,
    lines: tuple[str, ...] | None = None,
    has_leader: bool = True,
) -> None:
    """A label at the first place where it is free, joined to its point by a thin line if that is far."""
    lines = lines or wrapped(printable(label), LABEL_WIDTH, is_bold=is_bold)
    room = Box(frame.left + 1, 0, sheet.width, frame.bottom - 2)
    free: list[tuple[int, float, float, str]] = []
    for dx, dy, side in _candidates(start, anchor):
        box = word_box(at[0] + dx, at[1] + dy, lines, side, is_bold=is_bold)
        grown = Box(box.left - 2, box.top - 1, box.right + 2, box.bottom + 1)
        if grown.within(room) and sheet.is_free(grown):
            harm = _way_harm(sheet, at, box)
            free.append((harm, dx, dy, side))
            if harm == 0:
                break
    if not free:
        return  # a label over others would spoil them too; the table below the chart names every point
    # the first place whose leader runs through nothing, else the one that runs through least
    _, dx, dy, side = min(free, key=lambda each: each[0])
    x, y = at[0] + dx, at[1] + dy
    box = sheet.text(x, y, lines, side, colour=colour, is_bold=is_bold)
    leader = _leader(at, box) if has_leader else None
    if leader is not None:
        sheet.path(leader, MUTED, 0.6)


def _way(at: Point, box: Box, start: float, end: float) -> tuple[Point, Point]:
    """The straight way from a point to its label, ``start`` and ``end`` points shorter at its ends."""
    near = (min(max(at[0], box.left), box.right), min(max(at[1], box.top), box.bottom))
    length = math.hypot(near[0] - at[0], near[1] - at[1])
    parts = (min(start / length, 1.0), max(1.0 - end / length, 0.0)) if length else (0.0, 0.0)
    first, last = ((at[0] + (near[0] - at[0]) * part, at[1] + (near[1] - at[1]) * part) for part in parts)
    return first, last


def _leader(at: Point, box: Box) -> tuple[Point, Point] | None:
    """The line from a point to its label; None where they are close enough to be read together."""
    start, end = _way(at, box, 0.0, 0.0)
    return _way(at, box, 5.0, 1.5) if math.dist(start, end) > LEADER_FROM else None


def _way_harm(sheet: Sheet, at: Point, box: Box) -> int:
    """How many lines lie between a point and a label there; words and marks count a hundred times."""
    start, end = _way(at, box, 5.0, 0.5)
    crossed = sum(_cross(start, end, *stroke) for stroke in sheet.strokes)
    return crossed + 100 * sum(other.is_crossed_by(start, end) for other in (*sheet.words, *sheet.spots))


def _cross(a: Point, b: Point, c: Point, d: Point) -> bool:
    """Whether two stretches cross each other."""

    def side(p: Point, q: Point, r: Point) -> float:
        return (q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0])

    return side(a, b, c) * side(a, b, d) < 0 and side(c, d, a) * side(c, d, b) < 0
