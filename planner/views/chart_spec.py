"""What a chart says, apart from how it is drawn: the screen and the PDF draw the same description.

A description holds the finding (``title``), what is drawn (``caption``), the same in words (``alt``), the series, what
is marked on them, and the figures as a table. Values are plain numbers in the unit of the axis; texts are ready to
print. Names of plans, categories and models in it are raw text: whoever draws escapes them for his own markup.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import pandas as pd

Kind = Literal["bars_stacked", "shares", "curve", "staircase", "scatter", "fan", "tornado"]
Role = Literal["chosen", "comparison", "context", "category", "errors", "band"]
"""chosen: the plan's own, in the accent. comparison: what it is held against, in ink. context: grey, for orientation.
category: part of a stack, coloured by ``position``. errors: expected cost of errors, hatched.
band: a closed outline, filled."""
Dash = Literal["solid", "dotted", "dashed"]
Shape = Literal["dot", "ring", "diamond", "none"]
Anchor = Literal["left", "center", "right"]

STACKED_CATEGORIES = 4
"""Colours in a stack: a stack of more shows the largest three and the rest as one."""


@dataclass(frozen=True, slots=True)
class Axis:
    """One axis with its ticks written out, so that no locale decides."""

    label: str = ""
    scale: Literal["linear", "log"] = "linear"
    ticks: tuple[tuple[float, str], ...] = ()
    """Value and text of each tick."""
    low: float | None = None
    high: float | None = None
    is_shown: bool = True


@dataclass(frozen=True, slots=True)
class Series:
    """Values that belong together. In bars ``y`` is empty and ``x`` holds one length per bar of ``ChartSpec.bars``;
    in a tornado, where the bar ends that starts at the first of ``ChartSpec.lines``."""

    name: str
    role: Role
    x: tuple[float, ...]
    y: tuple[float, ...] = ()
    dash: Dash = "solid"
    position: int = 0
    """Colour of a category, 0 to 3, the same in every chart of a plan."""
    end_label: str = ""
    """Written at the last point of a line; empty for none."""
    end_shift: float = 0.0
    """Pixels by which the end label stands below the last point, so that it touches no other."""
    is_stepped: bool = False
    """The points are the corners of a staircase."""
    segment_labels: tuple[str, ...] = ()
    """Text inside each segment of a bar, at its end in a tornado; empty where there is none."""
    hover: tuple[str, ...] = ()
    """One line per point, for whoever points at it."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of a stack, from the top down."""

    name: str
    is_chosen: bool = False
    end_label: str = ""


@dataclass(frozen=True, slots=True)
class Mark:
    """A point that is named. The label stands ``dx``, ``dy`` pixels from it (right and down count as positive)."""

    x: float
    y: float
    label: str
    role: Role = "comparison"
    shape: Shape = "dot"
    dx: float = 10
    dy: float = 0
    anchor: Anchor = "left"
    has_leader: bool = False
    """A thin line joins point and label."""
    is_bold: bool = False
    hover: str = ""


@dataclass(frozen=True, slots=True)
class Band:
    """A stretch of the x axis."""

    start: float
    end: float
    label: str = ""
    """Written at the top of the band; empty for none."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line across the chart at one value."""

    at: float
    axis: Literal["x", "y"] = "x"
    label: str = ""
    dash: Dash = "dashed"
    is_limit: bool = False
    """Not to be passed, such as a budget: drawn in the colour of warning."""
    anchor: Anchor = "right"
    """End of a level line at which its label stands."""
    is_below: bool = False
    """The label stands below a level line."""


@dataclass(frozen=True, slots=True)
class Gap:
    """An upright bar between two values at one place of the x axis, with its size in words."""

    x: float
    low: float
    high: float
    label: str


@dataclass(frozen=True, slots=True)
class ChartSpec:
    """A chart: what it says and what it shows."""

    name: str
    """Short name in lower case, for files and keys."""
    kind: Kind
    title: str
    """The finding, computed from the figures."""
    caption: str
    """What is drawn, with its unit."""
    alt: str
    """The chart in words, for who does not see it."""
    x: Axis = Axis()
    y: Axis = Axis()
    bars: tuple[Bar, ...] = ()
    series: tuple[Series, ...] = ()
    marks: tuple[Mark, ...] = ()
    bands: tuple[Band, ...] = ()
    lines: tuple[Line, ...] = ()
    gaps: tuple[Gap, ...] = ()
    height: int = 360
    table: pd.DataFrame = field(default_factory=pd.DataFrame, compare=False, repr=False)
    """The figures that are drawn, under the names of the JSON output."""

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to draw."""
        return not any(len(series.x) for series in self.series) and not self.marks
