"""The picture of the break-even page: own machines as a staircase, every rival as a line, both axes logarithmic.

On such axes a bill by use is a straight line of slope one, so that crossings with the steps can be read off.
"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from planner.engine.crossover import Crossover
from planner.engine.staircase import CostCurve
from planner.report.basis import Basis
from planner.views.chart_spec import Axis, ChartSpec, Dash, Line, Mark, Role, Series
from planner.views.chart_ticks import log_ticks
from planner.views.charts import shortened
from planner.views.formatting import count, listed, plural, times, usd_whole

Floats = NDArray[np.float64]

LINES = 4
"""Rivals that are drawn; all are in the table."""
DECADES = 1000.0
"""The widest window, as a ratio of volumes."""
STEPS = 400


def staircase_chart(basis: Basis) -> ChartSpec:
    """Invoices over requests a month: self-hosting against the recommended option and its nearest rivals."""
    rivals = drawn_rivals(basis)
    own, today = rivals[0].challenger_curve, rivals[0].invoice.today.requests_per_month
    low, high = _window(rivals, today)
    x, y = _stairs(own, low, high)
    label = shortened(rivals[0].challenger.name, 34)
    series = [Series(label, "comparison", tuple(x.tolist()), tuple(y.tolist()), is_stepped=True)]
    at = low * (high / low) ** 0.12
    marks = [Mark(at, float(own.usd(at)), label, "comparison", "none", 0, -8, "left", is_bold=True)]
    values = [y]
    volumes = np.geomspace(low, high, 60)
    for i, each in enumerate(rivals):
        bills = each.incumbent_curve.usd(volumes)
        values.append(bills)
        role: Role = "chosen" if each.incumbent is basis.best else "context"
        dash: Dash = "dashed" if role == "context" and each.incumbent is not basis.baseline else "solid"
        name = shortened(basis.label(each.incumbent), 34)
        series.append(Series(name, role, tuple(volumes.tolist()), tuple(bills.tolist()), dash))
        marks += _rival_marks(each, name, role, low * (high / low) ** (0.62 - 0.14 * i), (low, high))
    best = next((each for each in rivals if each.incumbent is basis.best), None)
    if best is not None and low <= today <= high:
        marks.append(
            Mark(
                today,
                float(best.incumbent_curve.usd(today)),
                usd_whole(best.invoice.today.incumbent_usd),
                "chosen",
                "dot",
                -8,
                -4,
                "right",
                is_bold=True,
            )
        )
    bottom, top = _money_range(values)
    return ChartSpec(
        name="staircase",
        kind="staircase",
        title=chart_title(basis),
        alt=_alt(basis, rivals),
        caption="Invoice, $ a month, log scales. Diamonds: self-hosting is the cheaper for good. "
        "A step is one more server.",
        x=Axis("Requests a month, mix of categories held", "log", log_ticks(low, high), low, high),
        y=Axis("", "log", log_ticks(bottom, top, "usd"), bottom, top),
        series=tuple(series),
        marks=tuple(marks),
        lines=(Line(today, "x", f"today: {count(today)}"),) if low <= today <= high else (),
        table=pd.DataFrame({"requests_per_month": x, "challenger_usd": y}),
    )


def drawn_rivals(basis: Basis) -> list[Crossover]:
    """The recommended option and the baseline, then those that are crossed first."""
    first = [each for each in basis.rivals if each.incumbent is basis.best or each.incumbent is basis.baseline]
    others = sorted((each for each in basis.rivals if each not in first), key=lambda each: _settled(each) or math.inf)
    return [*first, *others][:LINES]


def _settled(found: Crossover) -> float | None:
    permanent = found.invoice.permanent
    return None if permanent is None or permanent.requests_per_month <= 0 else permanent.requests_per_month


def _window(rivals: list[Crossover], today: float) -> tuple[float, float]:
    points = [at for each in rivals if (at := _settled(each)) is not None]
    points += [each.invoice.crossings[0].requests_per_month for each in rivals if each.invoice.crossings]
    points = [at for at in points if today <= 0 or at <= DECADES / 8 * today]
    low = min([*points, *([today] if today > 0 else [])], default=1e4) / 2.5
    high = max([*points, today * 4], default=1e6) * 2.2
    return low, min(max(high, 20 * low), DECADES * low)


def _stairs(curve: CostCurve, low: float, high: float) -> tuple[Floats, Floats]:
    """Corners of the staircase: just at and just after every step, and points between them for what is paid by use."""
    edges = [stairs.steps_to(high, STEPS).up_to_requests for stairs in curve.staircases]
    inside = np.concatenate([part[(part > low) & (part < high)] for part in edges]) if edges else np.empty(0)
    x = np.unique(np.concatenate([np.geomspace(low, high, 60), inside, inside * (1 + 1e-7)]))
    return x, curve.usd(x)


def _money_range(values: list[Floats]) -> tuple[float, float]:
    every = np.concatenate(values)
    every = every[every > 0]
    if not every.size:
        return 1.0, 10.0
    top = float(every.max()) * 1.25
    return max(float(every.min()) * 0.8, top / DECADES), top


def _rival_marks(found: Crossover, name: str, role: Role, name_at: float, window: tuple[float, float]) -> list[Mark]:
    """The name of a rival on its line, or at its crossing if that can be seen."""
    bold = role == "chosen"
    name_mark = Mark(
        name_at, float(found.incumbent_curve.usd(name_at)), name, role, "none", 6, 12, "left", is_bold=bold
    )
    at, today = _settled(found), found.invoice.today.requests_per_month
    if at is not None and window[0] < at < window[1]:
        multiple = f", {times(at / today)} today" if today > 0 else ""
        crossing = Mark(
            at,
            float(found.incumbent_curve.usd(at)),
            f"{name}: {count(at)}{multiple}",
            "chosen" if bold else "comparison",
            "diamond",
            8,
            14,
            "left",
            is_bold=bold,
        )
        return [name_mark, crossing] if bold else [crossing]
    return [name_mark]


def chart_title(basis: Basis) -> str:
    """What the picture shows: the volumes from which self-hosting pays for good."""
    known = [(at, each) for each in drawn_rivals(basis) if (at := _settled(each)) is not None]
    if not known:
        return "Self-hosting stays the dearer at any volume"
    known.sort(key=lambda each: each[0])
    parts = [f"{shortened(basis.label(each.incumbent), 34)} from {count(at)}" for at, each in known[:2]]
    return f"Self-hosting pays for good against {listed(parts)} requests a month"


def _alt(basis: Basis, rivals: list[Crossover]) -> str:
    own = rivals[0]
    parts = [
        f"Monthly invoice over volume. {own.challenger.name} is a staircase that starts at "
        f"{usd_whole(own.invoice.floor_cost_usd)}."
    ]
    for each in rivals:
        at = _settled(each)
        crossed = "is never crossed for good" if at is None else f"is crossed for good at {count(at)} requests a month"
        parts.append(f"{basis.label(each.incumbent)}, {usd_whole(each.invoice.today.incumbent_usd)} today, {crossed}.")
    left_out = len(basis.rivals) - len(rivals)
    if left_out > 0:
        parts.append(f"{plural(left_out, 'more option')} in the table.")
    return " ".join(parts)
