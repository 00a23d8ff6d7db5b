"""Curves over a share or a volume: split, cascade, break-even. Described for screen and PDF alike."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from planner.engine.break_even import Crossing
from planner.engine.crossover import Crossover, cost_curve
from planner.engine.endpoints import Column, EndpointState
from planner.engine.evaluate import ScenarioResult
from planner.engine.setting import Setting
from planner.engine.staircase import CostCurve
from planner.engine.sweep import SplitSweep
from planner.views.chart_spec import Axis, Band, ChartSpec, Gap, Line, Mark, Role, Series
from planner.views.chart_ticks import log_ticks, share_ticks, top_and_step, usd_ticks
from planner.views.formatting import count, share, usd
from planner.views.label_places import LED, Room, Shares, place_labels
from planner.views.wording import called, short_name

Floats = NDArray[np.float64]
SPLIT_ROOMS = (Room(600, 310), Room(165, 310))
"""Plots of the split curve on a desktop and on a phone, beside the names of its lines."""


def split_chart(sweep: SplitSweep, small: str, large: str, share_now: float, states: Mapping[str, EndpointState],
                *, at_random: bool = False) -> ChartSpec:
    """Total cost against the share sent to the small model, with the least total, your point and what is within 5 %."""
    total, drawn, invoice = sweep.total_usd, sweep.random_total_usd, sweep.invoice_usd
    least, (near_low, near_high) = sweep.least, sweep.near
    best, best_usd = float(sweep.shares[least]), float(total[least])
    you = float(np.interp(share_now, sweep.shares, drawn if at_random else total))
    highest = max(float(total.max()), float(drawn.max()), float(invoice.max()))
    name = short_name(small, states)
    title = (
        "Every share costs the same" if highest <= 0 or near_high - near_low > 0.995
        else f"{share(best)} is cheapest, and anything from {share(near_low)} to {share(near_high)} is within 5 %"
    )
    top = top_and_step(highest, 4)[0]
    lines = [[(float(x), 1 - float(y) / top) for x, y in zip(sweep.shares, values, strict=True)]
             for values in (total, drawn, invoice)] if top > 0 else []
    marks = _split_marks((best, best_usd), (share_now, you), lines, top,
                         is_same=abs(share_now - best) < 0.005 and not at_random)
    ends = _end_labels({"Total, easiest first": float(total[-1]), "Total, at random": float(drawn[-1]),
                        "Invoice only": float(invoice[-1])}, highest)
    x = tuple(float(value) for value in sweep.shares)
    series = (
        Series("Invoice only", "context", x, _floats(invoice), end_label=ends["Invoice only"]),
        Series("Total, at random", "context", x, _floats(drawn), "dotted",
               end_label=ends["Total, at random"]),
        Series("Total, easiest first", "chosen", x, _floats(total), end_label=ends["Total, easiest first"]),
    )
    return ChartSpec(
        name="split", kind="curve", title=title,
        caption=f"Cost per month against the share sent to {name}, errors included.",
        alt=f"At {share(share_now)} to {name} the total is {usd(you)} a month; the least is {usd(best_usd)} at "
            f"{share(best)}. All to {short_name(large, states)} costs {usd(float(total[0]))}, all to {name} "
            f"{usd(float(total[-1]))}.",
        x=Axis("Share of requests sent to the small model", ticks=share_ticks(1.0, 4), low=0, high=1),
        y=Axis(ticks=usd_ticks(highest), low=0, high=top),
        series=series, marks=marks,
        bands=(Band(near_low, near_high, "within 5 %"),) if near_high - near_low <= 0.995 else (),
        height=390,
        table=pd.DataFrame({"small_share": sweep.shares, "invoice_usd": invoice, "total_usd": total,
                            "random_total_usd": drawn, "error_rate": sweep.error_share}),
    )


def _floats(values: Floats) -> tuple[float, ...]:
    return tuple(float(value) for value in values)


def _split_marks(least: tuple[float, float], you: tuple[float, float], lines: Sequence[Shares], top: float, *,
                 is_same: bool) -> tuple[Mark, ...]:
    """The lowest point and yours (share, USD), named where neither label covers a line."""
    here = Mark(*you, f"You: {share(you[0])}, {usd(you[1])}", "chosen", "dot", 0, 0, "center", True, True)
    lowest = Mark(*least, f"lowest: {share(least[0])}, {usd(least[1])}", "chosen", "diamond", 0, 0, "center", True)
    marks: tuple[Mark, ...] = (here, lowest)
    if is_same:
        marks = (replace(here, x=least[0], y=least[1], label=f"You, and lowest: {share(least[0])}, {usd(least[1])}"),)
    points = [(mark.x, 1 - mark.y / top if top > 0 else 1.0) for mark in marks]
    places = place_labels(points, ["\n".join(mark.label.rsplit(", ", 1)) for mark in marks], SPLIT_ROOMS,
                          [*lines, ((0.35, 0.06), (0.9, 0.06))], LED)
    return tuple(mark if place is None else replace(mark, dx=place.dx, dy=place.dy)
                 for mark, place in zip(marks, places, strict=True))


def _end_labels(ends: Mapping[str, float], highest: float) -> dict[str, str]:
    """What is written at the end of each line: lines that end closer than a line of text share one label.

    >>> _end_labels({"Total, easiest first": 9, "Total, at random": 9, "Invoice only": 2}, 10)["Total, easiest first"]
    'Total; dotted: at random'
    """
    random, invoice = "Total, at random", "Invoice only"
    close = 0.05 * highest
    total = ends["Total, easiest first"]
    joins = abs(total - ends[random]) <= close
    near = abs(ends[invoice] - total) <= close or (not joins and abs(ends[invoice] - ends[random]) <= close)
    words = ["Total" if joins or near else "Total, easiest first"]
    words += ["dotted: at random"] * joins + ["grey: invoice"] * near
    return {"Total, easiest first": "; ".join(words), random: "" if joins else random,
            invoice: "" if near else invoice}


def cascade_chart(setting: Setting, stages: tuple[str, ...], usd_per_check: float, token_factor: float,
                  escalation_now: float | None) -> ChartSpec:
    """Spend of a cascade against the share it escalates, beside the last model alone (the method, section 6)."""
    demand, costs = setting.demand, setting.costs.mean
    month = demand.requests * demand.spend_factor
    first, last = (float((month * costs[:, setting.columns[Column(name)]]).sum()) for name in (stages[0], stages[-1]))
    checked = first + float(month.sum()) * usd_per_check
    shares = np.round(np.linspace(0, 1, 101), 2)
    line = checked + shares * token_factor * last
    alone = np.full_like(shares, last)
    limit = (last - checked) / (token_factor * last) if last > 0 else math.nan
    highest = float(max(line.max(), last))
    large = short_name(stages[-1], setting.states)
    you = escalation_now if escalation_now is not None and math.isfinite(escalation_now) else None
    marks = []
    if math.isfinite(limit) and 0 < limit < 1:
        marks.append(Mark(limit, last, f"limit {share(limit)}", "comparison", "diamond", 0, -34, "center", True))
    if you is not None:
        here = float(np.interp(you, shares, line))
        marks.append(Mark(you, here, f"You: {share(you)}, {usd(here)}", "chosen", "dot", 64, 40, "center", True, True))
    if not (math.isfinite(limit) and limit > 0):
        title = f"The cascade always costs more than {large} alone"
    elif limit >= 1:
        title = f"The cascade costs less than {large} alone however often it escalates"
    else:
        title = f"The cascade costs less than {large} alone up to {share(limit)} escalated" + (
            f"; yours escalates {share(you)}" if you is not None else "")
    x = _floats(shares)
    return ChartSpec(
        name="cascade", kind="curve", title=title,
        caption="Spend per month against the share that is asked again at the next model.",
        alt=f"Without escalation {usd(checked)} a month, with all escalated {usd(float(line[-1]))}; {large} alone "
            f"{usd(last)}.",
        x=Axis("Share of requests escalated", ticks=share_ticks(1.0, 4), low=0, high=1),
        y=Axis(ticks=usd_ticks(highest), low=0, high=top_and_step(highest, 4)[0]),
        series=(Series(f"{large} alone", "context", x, _floats(alone), "dashed", end_label=f"{large} alone"),
                Series("Cascade", "chosen", x, _floats(line), end_label="Cascade")),
        marks=tuple(marks), height=390,
        table=pd.DataFrame({"escalation_share": shares, "cascade_spend_usd": line, "large_only_spend_usd": alone}),
    )


def break_even_chart(found: Crossover, beside: Sequence[ScenarioResult] = ()) -> ChartSpec:
    """Both bills over volume: every crossing, where self-hosting is the cheaper, and today (the method, section 8).

    ``beside`` are further scenarios without own machines, drawn in grey for orientation.
    """
    verdict, today = found.invoice, found.invoice.today.requests_per_month
    low, high = _window(found)
    own, other = found.challenger_curve, found.incumbent_curve
    curve_x = np.geomspace(low, high, 400)
    stair_x, stair_y = _corners(own, low, high)
    seen = [each for each in verdict.crossings if low <= each.requests_per_month <= high]
    highest = max(float(other.usd(curve_x).max()), max(stair_y))
    top = top_and_step(highest, 3)[0]
    context = [_context(each, today, curve_x, highest) for each in beside] if today > 0 else []
    marks = tuple(_crossing_mark(i, each, seen, found, top) for i, each in enumerate(_chosen_crossings(seen)))
    against = called(found.incumbent)
    marks = (
        *marks,
        _named(own, (low, high), found.challenger.name, "comparison", top, other),
        _named(other, (low, high), against[0].upper() + against[1:], "chosen", top, own),
        *_step_marks(own, low, high, seen),
        *(mark for _, mark in context),
    )
    gaps: tuple[Gap, ...] = ()
    lines: tuple[Line, ...] = ()
    if low <= today <= high:
        challenger, incumbent = verdict.today.challenger_usd, verdict.today.incumbent_usd
        words = f"{usd(abs(challenger - incumbent))} {'more' if challenger > incumbent else 'less'} a month"
        gaps = (Gap(today, min(challenger, incumbent), max(challenger, incumbent), words),)
        lines = (Line(today, "x", f"Today: {count(today)}"),)
    return ChartSpec(
        name="break_even", kind="staircase", title=break_even_title(found),
        caption=f"Invoice per month against requests per month (log scale); {found.challenger.name} against {against}.",
        alt=_break_even_alt(found), x=Axis("Requests per month", "log", log_ticks(low, high), low, high),
        y=Axis(ticks=usd_ticks(top, 3), low=0, high=top),
        series=(*(line for line, _ in context),
                Series(against, "chosen", _floats(curve_x), _floats(other.usd(curve_x))),
                Series(found.challenger.name, "comparison", tuple(stair_x), tuple(stair_y), is_stepped=True)),
        marks=marks, bands=tuple(_cheaper(found, low, high)), lines=lines, gaps=gaps, height=430,
        table=_crossing_table(found),
    )


def _named(curve: CostCurve, window: tuple[float, float], name: str, role: Role, top: float, other: CostCurve) -> Mark:
    """The name of a line, above it where it is the upper one or close to the axis, else below.

    A line that stays low is named at its end, where those that rise have left it behind.
    """
    low, high = window
    if float(curve.usd(high)) < 0.35 * top:
        return Mark(high, float(curve.usd(high)), _short(name), role, "none", -14, -20, "right", is_bold=True)
    at = low * (high / low) ** 0.24
    here, there = float(curve.usd(at)), float(other.usd(at))
    is_above = here > there or here < 0.12 * top
    return Mark(at, here, _short(name), role, "none", 0, -20 if is_above else 20, "center", is_bold=True)


def _context(result: ScenarioResult, today: float, x: Floats, highest: float) -> tuple[Series, Mark]:
    """A bill in grey as far as it stays within the picture, with its name beside it."""
    y = cost_curve(result, today).usd(x)
    inside = y <= highest
    at = int(np.abs(y - 0.82 * highest).argmin())
    return (Series(result.name, "context", _floats(x[inside]), _floats(y[inside]), "dotted"),
            Mark(float(x[at]), float(y[at]), _short(result.name), "context", "none", -12, -4, "right"))


def _short(name: str) -> str:
    return name if len(name) <= 26 else f"{name[:25].rstrip()}…"


def _window(found: Crossover) -> tuple[float, float]:
    """The stretch of volume that shows today, the first crossings and the permanent one."""
    today = found.invoice.today.requests_per_month
    points = [each.requests_per_month for each in found.invoice.crossings[:3] if each.requests_per_month > 0]
    if found.invoice.permanent is not None and found.invoice.permanent.requests_per_month > 0:
        points.append(found.invoice.permanent.requests_per_month)
    if today > 0:
        points.append(today)
    if not points:
        return 1e3, 1e7
    low, high = min(points) / 2.2, max(points) * 2.2
    if high / low < 30:
        middle = math.sqrt(low * high)
        low, high = middle / 5.5, middle * 5.5
    return low, high


def _corners(curve: CostCurve, low: float, high: float) -> tuple[list[float], list[float]]:
    """Corners of a bill that jumps: two points at every step, evenly spaced ones where there are too many."""
    edges: list[float] = []
    for stairs in curve.staircases:
        steps = stairs.steps_to(high, 600)
        edges += [float(edge) for edge in steps.up_to_requests if low < edge < high]
    if not curve.staircases or len(edges) > 500:
        x = np.geomspace(low, high, 600)
        return [float(value) for value in x], [float(value) for value in curve.usd(x)]
    between = np.geomspace(low, high, 200) if curve.usd_per_request > 0 else np.array([low, high])
    xs = sorted([*(float(x) for x in between), *(x for edge in edges for x in (edge, edge * (1 + 1e-7)))])
    return xs, [float(value) for value in curve.usd(np.array(xs))]


def _chosen_crossings(seen: list[Crossing], most: int = 4) -> list[Crossing]:
    """The first crossings and the last, as many as can be labelled without a crowd."""
    return seen if len(seen) <= most else [*seen[: most - 1], seen[-1]]


def _crossing_mark(i: int, crossing: Crossing, seen: list[Crossing], found: Crossover, top: float) -> Mark:
    at = crossing.requests_per_month
    permanent = found.invoice.permanent
    is_last = permanent is not None and math.isclose(at, permanent.requests_per_month, rel_tol=1e-9)
    words = "pays for good" if is_last else "pays" if crossing.direction == "rising" else "API cheaper again"
    y = float(found.incumbent_curve.usd(at))
    if crossing.direction == "falling":
        return Mark(at, y, f"{count(at)}: {words}", "comparison", "diamond", 30, 62 + 18 * (i // 2), "left", True)
    up = -46 - 44 * (i % 3)
    if y > 0.75 * top:
        up = 40 + 30 * (i % 3)
    return Mark(at, y, f"{count(at)}: {words}", "comparison", "diamond", -46, up, "right", True, is_last)


def _step_marks(curve: CostCurve, low: float, high: float, seen: list[Crossing]) -> list[Mark]:
    """Names of the first steps that have room for one."""
    if len(curve.staircases) != 1:
        return []
    stairs = curve.staircases[0]
    steps = stairs.steps_to(high, 60)
    found: list[Mark] = []
    for start, end, replicas in zip(steps.from_requests, steps.up_to_requests, steps.replicas, strict=True):
        if start <= low or start >= high:
            continue
        wide = math.log(min(end, high) / start) / math.log(high / low)
        if wide >= 0.06 and len(found) < 3:
            near = any(start <= each.requests_per_month <= min(end, high) for each in seen)
            word = f"{_ordinal(int(replicas))} server" if wide > 0.12 and not near else _ordinal(int(replicas))
            height = float(curve.usd(start * (1 + 1e-6)))
            found.append(Mark(float(start), height, word, "context", "none", 7, 14, "left"))
    return found


def _ordinal(number: int) -> str:
    """
    >>> [_ordinal(n) for n in (1, 2, 3, 4, 11, 22)]
    ['1st', '2nd', '3rd', '4th', '11th', '22nd']
    """
    ending = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def _cheaper(found: Crossover, low: float, high: float) -> list[Band]:
    """Stretches where the challenger has the lower bill; the widest is named."""
    inside = [each.requests_per_month for each in found.invoice.crossings if low < each.requests_per_month < high]
    edges = [low, *inside, high]
    stretches: list[tuple[float, float]] = []
    for a, b in pairwise(edges):
        middle = math.sqrt(a * b)
        if float(found.challenger_curve.usd(middle)) <= float(found.incumbent_curve.usd(middle)):
            if stretches and math.isclose(stretches[-1][1], a, rel_tol=1e-9):
                stretches[-1] = (stretches[-1][0], b)
            else:
                stretches.append((a, b))
    widest = max(stretches, key=lambda part: math.log(part[1] / part[0]), default=None)
    return [Band(a, b, "cheaper to self-host" if (a, b) == widest else "") for a, b in stretches]


def break_even_title(found: Crossover) -> str:
    """The finding over all volumes."""
    crossings, permanent = found.invoice.crossings, found.invoice.permanent
    rising = [each.requests_per_month for each in crossings if each.direction == "rising"]
    if permanent is None:
        return (f"Self-hosting pays in between, first at {count(rising[0])} requests a month, never for good" if rising
                else "Self-hosting stays the dearer at any volume")
    at = permanent.requests_per_month
    if at == 0:
        return "Self-hosting is the cheaper at any volume"
    if rising and rising[0] < at * (1 - 1e-6):
        return f"Self-hosting first wins at {count(rising[0])} requests a month, and for good from {count(at)}"
    return f"Self-hosting wins from {count(at)} requests a month on"


def _break_even_alt(found: Crossover) -> str:
    today = found.invoice.today
    parts = [
        f"Today, at {count(today.requests_per_month)} requests a month, {found.challenger.name} costs "
        f"{usd(today.challenger_usd)} and {called(found.incumbent)} {usd(today.incumbent_usd)} a month."
    ]
    parts += [f"At {count(each.requests_per_month)} requests self-hosting "
              f"{'becomes' if each.direction == 'rising' else 'ceases to be'} the cheaper."
              for each in found.invoice.crossings[:6]]
    return " ".join(parts)


def _crossing_table(found: Crossover) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {"requests_per_month": each.requests_per_month, "tokens_per_month": each.tokens_per_month,
             "direction": each.direction,
             "challenger_usd": float(found.challenger_curve.usd(each.requests_per_month)),
             "incumbent_usd": float(found.incumbent_curve.usd(each.requests_per_month))}
            for each in found.invoice.crossings
        ],
        columns=["requests_per_month", "tokens_per_month", "direction", "challenger_usd", "incumbent_usd"],
    )
