"""Charts about own servers: what moves the break-even, and what a month is paid for."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import pandas as pd

from planner.engine.evaluate import ScenarioResult
from planner.engine.hosting_month import API, SPARE, month_parts
from planner.engine.sensitivity import Sensitivity, Swing
from planner.views.chart_spec import Anchor, Axis, Bar, ChartSpec, Line, Mark, Series
from planner.views.chart_ticks import log_ticks, top_and_step, usd_tick
from planner.views.charts import shortened
from planner.views.formatting import count, listed, share, usd
from planner.views.hosting_tables import month_table, sensitivity_table
from planner.views.hosting_words import PARTS, input_words, moves_break_even, sensitivity_sentence, volume_words

MOST_INPUTS = 8
ROW_PIXELS = 34


def tornado_chart(found: Sensitivity) -> ChartSpec:
    """The break-even at both ends of every input, widest on top; a line that runs out to the right never ends.

    Where no input brings a break-even, the difference a month at today's volume is drawn in its place.
    """
    by_volume = any(moves_break_even(each) for each in found.swings)
    shown = [each for each in found.swings if (moves_break_even(each) if by_volume else each.gap_swing_usd > 0)]
    shown = shown[:MOST_INPUTS]
    axis = _volume_axis(found, shown) if by_volume else _gap_axis(found, shown)
    rows = range(len(shown) - 1, -1, -1)
    series, marks = [], []
    for row, swing in zip(rows, shown, strict=True):
        ends = sorted(((_at(swing, low, by_volume, axis), low) for low in (True, False)), key=lambda end: end[0])
        (left, left_low), (right, right_low) = ends
        series.append(Series(swing.input.label, "chosen", (left, right), (float(row), float(row)),
                             hover=(_end_words(swing, left_low, by_volume), _end_words(swing, right_low, by_volume))))
        marks += [_mark(swing, left, row, left_low, by_volume, "right"),
                  _mark(swing, right, row, right_low, by_volume, "left")]
    planned = found.planned_break_even if by_volume else found.planned_gap_usd
    lines = () if planned is None or (by_volume and planned <= 0) else (
        Line(planned, "x", f"Planned: {count(planned)}" if by_volume else f"Planned: {usd(planned)}"),)
    what = ("Requests a month of the lasting break-even" if by_volume else
            f"{found.challenger} minus {found.incumbent}, USD a month at today's volume")
    still = [each.input.label for each in found.swings if each not in shown]
    return ChartSpec(
        name="sensitivity", kind="curve", title=_tornado_title(found, shown),
        caption=f"{what}, at the low and the high end of one input with the others as planned"
                + (_still(found, still) if still and by_volume else "."),
        alt=sensitivity_sentence(found) + " " + " ".join(
            f"{each.input.label}: {_end_words(each, True, by_volume)}; {_end_words(each, False, by_volume)}."
            for each in shown),
        x=axis, y=Axis(ticks=tuple((float(row), each.input.label) for row, each in zip(rows, shown, strict=True)),
                       low=-0.6, high=len(shown) - 0.1),
        series=tuple(series), marks=tuple(marks), lines=lines, height=80 + ROW_PIXELS * max(len(shown), 1),
        table=sensitivity_table(found),
    )


def _still(found: Sensitivity, labels: list[str]) -> str:
    if found.planned_break_even is None:
        return f"; at both ends of {'the other input' if len(labels) == 1 else 'each other input'} there is none."
    return f"; it does not move with {listed(labels)}."


def _tornado_title(found: Sensitivity, shown: Sequence[Swing]) -> str:
    if not shown:
        return "Nothing moves the break-even"
    first = shown[0]
    if moves_break_even(first) and math.isinf(first.break_even_swing):
        return f"{first.input.label} decides whether there is a break-even at all"
    return f"{first.input.label} moves the {'break-even' if moves_break_even(first) else 'difference'} most"


def _volume_axis(found: Sensitivity, shown: Sequence[Swing]) -> Axis:
    ends = [end for each in shown for end in (each.low_break_even, each.high_break_even) if end]
    known = [*ends, *([found.planned_break_even] if found.planned_break_even else []),
             *([found.today_requests] if found.today_requests > 0 else [])]
    low, high = min(known, default=1.0) / 2.5, max(known, default=10.0) * 3.5
    return Axis("Requests per month", "log", log_ticks(low, high), low, high)


def _gap_axis(found: Sensitivity, shown: Sequence[Swing]) -> Axis:
    known = [found.planned_gap_usd, 0.0, *(end for each in shown for end in (each.low_gap_usd, each.high_gap_usd))]
    spread = (max(known) - min(known)) or 1.0
    step = top_and_step(spread, 4)[1]
    low = math.floor((min(known) - 0.1 * spread) / step) * step
    high = math.ceil((max(known) + 0.1 * spread) / step) * step
    ticks = tuple((low + i * step, _signed(low + i * step)) for i in range(round((high - low) / step) + 1))
    return Axis("USD per month", "linear", ticks, low, high)


def _signed(value: float) -> str:
    return f"-{usd_tick(-value)}" if value < 0 else usd_tick(value)


def _at(swing: Swing, is_low: bool, by_volume: bool, axis: Axis) -> float:
    if not by_volume:
        return swing.low_gap_usd if is_low else swing.high_gap_usd
    end = swing.low_break_even if is_low else swing.high_break_even
    if end is None:
        return float(axis.high or 1.0)
    return max(end, float(axis.low or 1.0))


def _end_words(swing: Swing, is_low: bool, by_volume: bool) -> str:
    value = input_words(swing.input.low if is_low else swing.input.high, swing.input.unit)
    if by_volume:
        return f"at {value}: {volume_words(swing.low_break_even if is_low else swing.high_break_even)}"
    return f"at {value}: {usd(swing.low_gap_usd if is_low else swing.high_gap_usd)}"


def _mark(swing: Swing, x: float, row: int, is_low: bool, by_volume: bool, anchor: Anchor) -> Mark:
    end = swing.low_break_even if is_low else swing.high_break_even
    value = input_words(swing.input.low if is_low else swing.input.high, swing.input.unit)
    never = by_volume and end is None
    return Mark(x, float(row), f"{value}: never" if never else value, "comparison", "none" if never else "dot",
                -10 if anchor == "right" or never else 10, -11 if never else 0, "right" if never else anchor,
                hover=_end_words(swing, is_low, by_volume))


_GROUPS = (
    ("Servers at work", ("rent_usd", "depreciation_usd", "capital_usd", "maintenance_usd")),
    (PARTS[SPARE], (SPARE,)),
    (PARTS["people_usd"], ("people_usd",)),
)
"""Parts with a colour of their own; what is left of the servers is one more, and the API is hatched."""


def month_chart(results: Sequence[ScenarioResult], chosen: ScenarioResult | None = None) -> ChartSpec:
    """What a month is paid for, one bar per scenario: servers at work, spare ones, people, the rest, and the API."""
    parts = [month_parts(result) for result in results]
    named = {name for _, members in _GROUPS for name in members} | {API}
    rest = tuple(name for name in PARTS if name not in named and any(each.get(name, 0.0) > 0 for each in parts))
    other = listed([PARTS[name] for name in rest]).capitalize() if 0 < len(rest) <= 2 else f"Other ({len(rest)})"
    groups = [*_GROUPS, (other, rest), (PARTS[API], (API,))]
    series = []
    for i, (label, members) in enumerate(groups):
        lengths = tuple(sum(each.get(name, 0.0) for name in members) for each in parts)
        if any(lengths):
            series.append(Series(label, "errors" if members == (API,) else "category", lengths, position=i,
                                 hover=tuple(f"{label}: {usd(length)}" for length in lengths)))
    totals = [sum(each.values()) for each in parts]
    spelled = f" Other: {listed([PARTS[name] for name in rest])}." if len(rest) > 2 else ""
    return ChartSpec(
        name="month", kind="bars_stacked", title=_month_title(results, parts),
        caption=f"Invoice of one month at today's volume by what it is paid for.{spelled}",
        alt="Bars of the monthly invoice. " + " ".join(
            f"{result.name}: {usd(total)}, of which {_spelled(each)}."
            for result, each, total in zip(results, parts, totals, strict=True)),
        bars=tuple(Bar(shortened(result.name), chosen is not None and result.name == chosen.name, usd(total))
                   for result, total in zip(results, totals, strict=True)),
        series=tuple(series), height=70 + 44 * max(len(results), 1),
        table=month_table(results) if results else pd.DataFrame(),
        x=Axis(low=0, high=max(totals, default=1.0) or 1.0, is_shown=False),
    )


def _spelled(parts: Mapping[str, float]) -> str:
    return listed([f"{PARTS[name]} {usd(parts[name])}" for name in PARTS if parts.get(name, 0.0) > 0])


def _month_title(results: Sequence[ScenarioResult], parts: Sequence[Mapping[str, float]]) -> str:
    for result, each in zip(results, parts, strict=True):
        total = sum(each.values())
        if result.hosted and total > 0:
            name = max(each, key=lambda part: each[part])
            # names of a part are plural or not: a colon spares the verb
            part = PARTS[name] if name == API else PARTS[name].lower()
            return f"Largest part of {shortened(result.name, 40)}: {part}, {share(each[name] / total)}"
    return "What a month is paid for"
