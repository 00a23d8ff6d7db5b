"""What a usage format is: how its files are told by their columns, and how one row of it is read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from planner.ingest.cells import Cells
from planner.ingest.files import Container
from planner.ingest.usage import LABELS, NO_LABEL, UNKNOWN_MODEL, Kind, Label, UsageRow

Watcher: TypeAlias = Literal["seller", "gateway", "trace", "bill"]
"""Who wrote the export: the seller of the tokens, a gateway before sellers, a tracing tool, or a bill of many."""


@dataclass(frozen=True, slots=True)
class Layout:
    """One form in which a source hands out its rows."""

    format: str
    """Name of the format, as results show it."""
    container: Container
    required: frozenset[str]
    """Columns that only this format has together."""


@dataclass(frozen=True, slots=True)
class Source:
    """One source of usage rows."""

    title: str
    """What a planner calls it."""
    family: str
    """Exports of one family tell the same traffic in several ways."""
    watcher: Watcher
    layouts: tuple[Layout, ...]
    measures: frozenset[str]
    """Columns with figures; all others together name a row."""
    read: Callable[[Cells], UsageRow | None]
    """One row; None for a row that is no usage."""
    identity: tuple[str, ...] = ()
    """Columns that name one request for good, the first that the file has."""
    notes: tuple[str, ...] = ()
    """What a planner must know about every file of this source."""
    rows_are_requests: bool = False
    """Whether rows carry no name of their own, so that only equal rows can be told to be the same."""


def layout(format_id: str, container: Container, *required: str) -> Layout:
    """A layout from plain words."""
    return Layout(format_id, container, frozenset(required))


def labels_of(names: Mapping[Label, str | None]) -> tuple[str | None, ...]:
    """Labels in the order of :data:`LABELS`.

    >>> labels_of({"key": "k1"})
    (None, 'k1', None, None, None)
    """
    return tuple(map(names.get, LABELS))


@dataclass(frozen=True, slots=True)
class Tokens:
    """Tokens of a row as read: with the cached ones inside the input (:func:`inside`) or beside it."""

    input_tokens: int
    output_tokens: int
    cached: int | None = None
    written: int | None = None
    reasoning: int | None = None


def beside(uncached: int, output: int, cached: int | None, written: int | None) -> Tokens:
    """Tokens where the source counts cached ones beside the input: all input is their sum.

    >>> beside(100, 20, 300, 50).input_tokens
    450
    """
    return Tokens(uncached + (cached or 0) + (written or 0), output, cached, written)


def token_row(
    cells: Cells,
    when: tuple[int, int],
    model: str | None,
    category: str | None,
    tokens: Tokens,
    names: Mapping[Label, str | None],
    *,
    requests: int | None = None,
    cost_picousd: int | None = None,
    is_batch: bool | None = None,
    is_long_prompt: bool | None = None,
    is_single: bool = False,
    has_failed: bool = False,
    seller: str | None = None,
) -> UsageRow:
    """A row of usage; parts that cannot belong together are refused with the row.

    A row of sums may be negative as a whole: it corrects an earlier one.
    """
    counts = [tokens.input_tokens, tokens.output_tokens, tokens.cached, tokens.written, tokens.reasoning, requests]
    known = [count for count in counts if count]
    if known and min(known) < 0 and (max(known) > 0 or is_single):
        cells.refuse("", f"a row with negative counts ({', '.join(map(str, known))})",
                     "possible for a request" if is_single else "a correction: some of its counts are positive",
                     "Check the row.")
    inside = abs(tokens.cached or 0) + abs(tokens.written or 0)
    if inside > abs(tokens.input_tokens):
        cells.refuse("", f"{inside:,} cached tokens", f"part of {abs(tokens.input_tokens):,} input tokens",
                     "Check whether the file comes from this source as it is.")
    if abs(tokens.reasoning or 0) > abs(tokens.output_tokens):
        cells.refuse("", f"{abs(tokens.reasoning or 0):,} reasoning tokens",
                     f"part of {abs(tokens.output_tokens):,} output tokens", "Check the row.")
    return UsageRow(
        Kind.USAGE, *when, model or UNKNOWN_MODEL, category or NO_LABEL, labels_of(names), seller, requests,
        tokens.input_tokens, tokens.cached, tokens.written, tokens.output_tokens, tokens.reasoning, cost_picousd,
        is_batch, is_long_prompt, is_single, has_failed, cells.family,
    )


def money_row(
    when: tuple[int, int],
    model: str,
    category: str | None,
    cost_picousd: int | None,
    names: Mapping[Label, str | None],
    seller: str | None = None,
) -> UsageRow:
    """A row that tells what was billed and nothing of tokens."""
    return UsageRow(Kind.USAGE, *when, model, category or NO_LABEL, labels_of(names), seller,
                    cost_picousd=cost_picousd)


def empty_row(when: tuple[int, int]) -> UsageRow:
    """A bucket of time without traffic."""
    return UsageRow(Kind.EMPTY, *when)


def check_currency(cells: Cells, column: str) -> None:
    """Refuses money that is not in US dollars; blank is taken for dollars."""
    word = cells.word(column)
    if word not in ("", "usd"):
        cells.refuse(column, f'"{word[:20]}"', "USD", "Export the amounts in US dollars.")
