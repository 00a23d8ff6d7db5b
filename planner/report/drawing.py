"""A sheet to draw on: shapes and words in points, written as SVG. It remembers where words and lines are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple
from xml.sax.saxutils import escape, quoteattr

from planner.report.glyphs import printable, text_width

INK, MUTED, GRID, HAIRLINE = "#1F2937", "#4B5563", "#E3E6EA", "#C9CED6"
ACCENT, CONTEXT, BAND = "#0B6BB8", "#6B7280", "#DCE8F5"
LADDER = ("#0F2A47", "#3E71A6", "#9DC1E3", "#D6E4F1")
"""Categories from dark to light, so that they stay apart in grey."""
ON_LADDER = ("#FFFFFF", "#FFFFFF", INK, INK)
HATCH = "url(#errors)"
SIZE = 9.0
ASCENT, DESCENT = 0.72, 0.22
"""Height of letters above and below the line, in em."""

_FONTS = "Source Sans 3, Droid Sans Fallback"
_HATCH = (
    '<defs><pattern id="errors" width="3.4" height="3.4" patternUnits="userSpaceOnUse">'
    '<rect width="3.4" height="3.4" fill="#FFFFFF"/>'
    f'<path d="M0 3.4 L3.4 0 M-1 1 L1 -1 M2.4 4.4 L4.4 2.4" stroke="{INK}" stroke-width=".55" fill="none"/>'
    "</pattern></defs>"
)

Point = tuple[float, float]


class Box(NamedTuple):
    """A rectangle that something takes up."""

    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: Box) -> bool:
        """Whether two rectangles overlap."""
        return (
            self.left < other.right and other.left < self.right and self.top < other.bottom and other.top < self.bottom
        )

    def within(self, other: Box) -> bool:
        """Whether it lies inside another one."""
        return (
            self.left >= other.left
            and self.right <= other.right
            and self.top >= other.top
            and self.bottom <= other.bottom
        )

    def is_crossed_by(self, start: Point, end: Point) -> bool:
        """Whether a straight line runs through it (clipped by Liang and Barsky)."""
        (x0, y0), (x1, y1) = start, end
        first, last = 0.0, 1.0
        for along, low, high in (
            (x1 - x0, self.left - x0, self.right - x0),
            (y1 - y0, self.top - y0, self.bottom - y0),
        ):
            if along == 0:
                if low > 0 or high < 0:
                    return False
                continue
            near, far = sorted((low / along, high / along))
            first, last = max(first, near), min(last, far)
        return first < last


def word_box(
    x: float, y: float, lines: Sequence[str], anchor: str, *, size: float = SIZE, is_bold: bool = False
) -> Box:
    """The rectangle of lines of text whose first base line is at ``y``."""
    width = max((text_width(line, size, is_bold=is_bold) for line in lines), default=0.0)
    left = x - {"left": 0.0, "center": 0.5, "right": 1.0}[anchor] * width
    return Box(left, y - ASCENT * size, left + width, y + DESCENT * size + (len(lines) - 1) * size * 1.2)


def wrapped(text: str, width: float, *, size: float = SIZE, is_bold: bool = False) -> tuple[str, ...]:
    """Lines no wider than ``width``, parted at spaces and, where one word is wider, inside it. Nothing is cut off."""
    lines: list[str] = []
    line = ""
    for word in printable(text).split(" "):
        longer = f"{line} {word}".strip()
        if text_width(longer, size, is_bold=is_bold) <= width:
            line = longer
            continue
        if line:
            lines.append(line)
        line = ""
        for character in word:
            if line and text_width(line + character, size, is_bold=is_bold) > width:
                lines.append(line)
                line = ""
            line += character
    return (*lines, line) if line else tuple(lines)


@dataclass
class Sheet:
    """An SVG picture in the making."""

    width: float
    height: float
    parts: list[str] = field(default_factory=list)
    words: list[Box] = field(default_factory=list)
    """Where there is text."""
    spots: list[Box] = field(default_factory=list)
    """Where there are marks."""
    strokes: list[tuple[Point, Point]] = field(default_factory=list)
    """Lines that no text should cross."""

    def rect(self, box: Box, fill: str, stroke: str = INK, stroke_width: float = 0.5) -> None:
        """A rectangle."""
        outline = f' stroke="{stroke}" stroke-width="{_n(stroke_width)}"' if stroke_width else ""
        self.parts.append(
            f'<rect x="{_n(box.left)}" y="{_n(box.top)}" width="{_n(box.right - box.left)}" '
            f'height="{_n(box.bottom - box.top)}" fill="{fill}"{outline}/>'
        )

    def path(
        self, points: Iterable[Point], colour: str, width: float, dash: str = "", *, is_solid: bool = True
    ) -> None:
        """A line through points; ``is_solid`` lines keep text away."""
        corners = list(points)
        shown = " L".join(f"{_n(x)} {_n(y)}" for x, y in corners)
        dashes = f' stroke-dasharray="{dash}"' if dash else ""
        self.parts.append(
            f'<path d="M{shown}" fill="none" stroke="{colour}" stroke-width="{_n(width)}" stroke-linejoin="round" '
            f'stroke-linecap="{"butt" if dash else "round"}"{dashes}/>'
        )
        if is_solid:
            self.strokes.extend(pairwise(corners))

    def mark(self, at: Point, shape: str, colour: str, radius: float) -> None:
        """A dot, a ring or an open diamond."""
        x, y = at
        fill = colour if shape == "dot" else "#FFFFFF"
        rim = "#FFFFFF" if shape == "dot" else colour
        if shape == "diamond":
            r = radius * 1.25
            body = f'<path d="M{_n(x)} {_n(y - r)} L{_n(x + r)} {_n(y)} L{_n(x)} {_n(y + r)} L{_n(x - r)} {_n(y)} Z"'
        else:
            body = f'<circle cx="{_n(x)}" cy="{_n(y)}" r="{_n(radius)}"'
        self.parts.append(f'{body} fill="{fill}" stroke="{rim}" stroke-width="{1 if shape == "dot" else 1.4}"/>')
        self.spots.append(Box(x - radius, y - radius, x + radius, y + radius))

    def text(
        self,
        x: float,
        y: float,
        lines: Sequence[str],
        anchor: str = "left",
        *,
        colour: str = MUTED,
        size: float = SIZE,
        is_bold: bool = False,
    ) -> Box:
        """Lines of text, the first base line at ``y``; its rectangle."""
        box = word_box(x, y, lines, anchor, size=size, is_bold=is_bold)
        place = {"left": "start", "center": "middle", "right": "end"}[anchor]
        for i, line in enumerate(lines):
            self.parts.append(
                f'<text x="{_n(x)}" y="{_n(y + i * size * 1.2)}" '
                f'font-family={quoteattr(_FONTS)} font-size="{_n(size)}" '
                f'font-weight="{600 if is_bold else 400}" fill="{colour}" text-anchor="{place}">'
                f"{escape(printable(line))}</text>"
            )
        self.words.append(box)
        return box

    def is_free(self, box: Box) -> bool:
        """Whether no text lies there and no line runs through."""
        inside = Box(0, 0, self.width, self.height)
        return (
            box.within(inside)
            and not any(box.meets(other) for other in (*self.words, *self.spots))
            and not any(box.is_crossed_by(*stroke) for stroke in self.strokes)
        )

    def svg(self) -> str:
        """The picture."""
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{_n(self.width)}" height="{_n(self.height)}" '
            f'viewBox="0 0 {_n(self.width)} {_n(self.height)}">{_HATCH}{"".join(self.parts)}</svg>'
        )


def _n(value: float) -> str:
    """A coordinate to a hundredth of a point."""
    return f"{value:.2f}".rstrip("0").rstrip(".") if value else "0"
