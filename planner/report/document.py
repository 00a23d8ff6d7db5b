"""A report without a format: pages of headed blocks whose words and figures are final. Formats only set them.

Text is a tuple of runs, plain strings and :class:`Bold` ones; data never carries markup, so nothing has to be escaped.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from planner.views.chart_spec import ChartSpec


@dataclass(frozen=True)
class Bold:
    """A run of text that carries weight."""

    text: str


Run: TypeAlias = str | Bold
Rich: TypeAlias = tuple[Run, ...]


@dataclass(frozen=True)
class Bar:
    """Two lengths side by side in a table cell, whose figures stand in the cells next to it."""

    invoice_share: float
    """Length of the invoice over the column's width, 0 to 1."""
    errors_share: float
    """Length of what errors and review cost."""
    is_chosen: bool = False
    is_cut: bool = False
    """Whether the bar is longer than the column and drawn broken."""


@dataclass(frozen=True)
class Spot:
    """A cell of the decision matrix, with what of the plan lies in it."""

    words: str
    marks: tuple[str, ...] = ()


Cell: TypeAlias = str | Rich | Bar | Spot


@dataclass(frozen=True)
class Column:
    """A column of a table."""

    head: str
    is_number: bool = False
    width: float | Literal["auto", "rest"] = "auto"
    """Points, as wide as needed, or a part of what is left."""


@dataclass(frozen=True)
class Row:
    """A row of a table."""

    cells: tuple[Cell, ...]
    style: Literal["plain", "chosen", "total", "group"] = "plain"


@dataclass(frozen=True)
class Table:
    """Rows under a header that repeats on every page."""

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    title: str = ""
    note: Rich = ()
    is_dense: bool = False
    is_grid: bool = False
    """Ruled on all sides, for the decision matrix."""
    key: tuple[tuple[str, str], ...] = ()
    """Legend of inline bars: (kind of swatch, words)."""


@dataclass(frozen=True)
class Figure:
    """A chart under the sentence that it proves."""

    chart: ChartSpec
    height: float = 200.0
    """Points; bars take what they need."""
    note: Rich = ()
    width: float = 493.0


@dataclass(frozen=True)
class Words:
    """Paragraphs under a heading."""

    paragraphs: tuple[Rich, ...]
    title: str = ""


@dataclass(frozen=True)
class Points:
    """A list under a heading, numbered or with dashes."""

    items: tuple[Rich, ...]
    title: str = ""
    is_numbered: bool = False


@dataclass(frozen=True)
class Headline:
    """One of the numbers that head the memo."""

    label: str
    value: str
    unit: str
    below: str


@dataclass(frozen=True)
class Headlines:
    """Up to four of them in a row."""

    numbers: tuple[Headline, ...]


@dataclass(frozen=True)
class Pair:
    """Two blocks that are read together."""

    left: Block
    right: Block
    left_part: float = 1.0
    """Width of the left one over the right one."""


@dataclass(frozen=True)
class Ask:
    """What the reader is to approve."""

    words: Rich
    signature: tuple[str, ...] = ()
    """What is to be filled in by hand."""
    label: str = "The ask"


Block: TypeAlias = Table | Figure | Words | Points | Headlines | Pair


@dataclass(frozen=True)
class Page:
    """A section that starts on a page of its own."""

    section: str
    title: str
    """The finding."""
    lead: Rich = ()
    blocks: tuple[Block, ...] = ()
    dateline: str = ""
    badge: str = ""
    is_memo: bool = False
    ask: Ask | None = None


@dataclass(frozen=True)
class Report:
    """Everything that a reader gets."""

    title: str
    plan_name: str
    stamp: tuple[str, ...]
    """Parts of the line at the foot of every page: price date, version, plan, what kind of figure this is."""
    pages: tuple[Page, ...]
    author: str = ""
    keywords: tuple[str, ...] = field(default_factory=tuple)
