"""What an export says: rows of usage, and a reading of all files together.

Every source is turned into the same row: ``input_tokens`` counts all prompt tokens, those read from and written to a
cache included, whatever the source calls them. A count is None where the source does not carry it, and 0 where it does
and the value is 0. Money is a whole number of pico-dollars, so that sums do not depend on the order of rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Literal, NamedTuple, TypeAlias, get_args

PICO = 10**12
DAY_S = 86_400
UNKNOWN_MODEL = "(unknown)"
NO_MODEL = "(none)"
NO_LABEL = "(none)"

Label: TypeAlias = Literal["project", "key", "team", "tag", "feature"]
LABELS: tuple[Label, ...] = get_args(Label)
Grouping: TypeAlias = Literal["source", "project", "key", "team", "tag", "feature", "model"]
GROUPINGS: tuple[Grouping, ...] = get_args(Grouping)


class Kind(Enum):
    """What a row of an export stands for."""

    USAGE = "usage"
    EMPTY = "empty"
    """A bucket of time without traffic: it counts for the period alone."""
    OTHER = "other"
    """Money that is no model usage, such as tax."""


class UsageRow(NamedTuple):
    """One row of an export in the planner's own terms; no user, e-mail address or secret is in it."""

    kind: Kind
    start_s: int
    """Start in seconds since 1970, UTC."""
    length_s: int
    """Seconds that the row covers; 0 for one moment."""
    model: str = NO_MODEL
    category: str = NO_LABEL
    """What the source itself groups by, such as its project."""
    labels: tuple[str | None, ...] = (None,) * len(LABELS)
    """In the order of :data:`LABELS`."""
    seller: str | None = None
    requests: int | None = None
    input_tokens: int | None = None
    cached_input_tokens: int | None = None
    cache_write_tokens: int | None = None
    output_tokens: int | None = None
    reasoning_tokens: int | None = None
    cost_picousd: int | None = None
    is_batch: bool | None = None
    """Whether it ran in the batch tier; None if the source does not say."""
    is_long_prompt: bool | None = None
    """Whether the source puts it above its step for long prompts."""
    is_single: bool = False
    """Whether the row is one request, so that its tokens are those of one request."""
    has_failed: bool = False
    family: str = ""
    """Whose traffic the export tells: exports of one family cover the same requests."""

    @property
    def last_day(self) -> int:
        """Number of the last day touched, counted from 1970."""
        return (self.start_s + max(self.length_s, 1) - 1) // DAY_S

    @property
    def days(self) -> range:
        """Numbers of the days touched."""
        return range(self.start_s // DAY_S, self.last_day + 1)

    @property
    def is_money_only(self) -> bool:
        """Whether the row tells what was billed and nothing of tokens."""
        return self.input_tokens is None and self.output_tokens is None


@dataclass(frozen=True, slots=True)
class Amounts:
    """Sums over rows; None where no row carries the count."""

    requests: int | None = None
    input_tokens: int | None = None
    """All prompt tokens, cached ones included."""
    cached_input_tokens: int | None = None
    cache_write_tokens: int | None = None
    output_tokens: int | None = None
    """All generated tokens, reasoning included."""
    reasoning_tokens: int | None = None
    cost_picousd: int | None = None

    @property
    def cost_usd(self) -> float | None:
        """What was billed, in USD."""
        return None if self.cost_picousd is None else self.cost_picousd / PICO

    @property
    def uncached_input_tokens(self) -> int | None:
        """Prompt tokens neither read from nor written to a cache."""
        if self.input_tokens is None:
            return None
        return self.input_tokens - (self.cached_input_tokens or 0) - (self.cache_write_tokens or 0)


@dataclass(frozen=True, slots=True)
class Period:
    """UTC days that the files cover."""

    start: date
    end_exclusive: date
    days: int
    """Days covered; fewer than the span where files leave a gap."""


@dataclass(frozen=True, slots=True)
class Group:
    """What one model did in one group."""

    model: str
    name: str
    amounts: Amounts


@dataclass(frozen=True, slots=True)
class FileReading:
    """What one file gave."""

    name: str
    format: str
    title: str
    family: str
    period: Period
    usage_rows: int
    """Rows that carry usage or money."""
    empty_buckets: int
    set_aside_rows: int
    """Rows left out because another file or row tells the same traffic."""


@dataclass(frozen=True, slots=True)
class UsageReading:
    """All files together: what was counted, and what a planner must know about it."""

    format: str
    files: tuple[FileReading, ...]
    period: Period
    rows: tuple[UsageRow, ...]
    totals: Amounts
    groups: tuple[Group, ...]
    """Per model and group, by what each source itself groups by."""
    unknown_models: tuple[str, ...]
    """Model names that the catalogue does not know, as the files write them."""
    other_charges_usd: float | None
    """Money that is no model usage: tax, credits, purchases."""
    warnings: tuple[str, ...]
