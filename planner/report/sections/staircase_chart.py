"""The picture of the break-even page: own machines as a staircase, every rival as a line, both axes logarithmic.

On such axes a bill by use is a straight line of slope one, so that crossings with the steps can be read off.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from planner.engine.crossover import Crossover
from planner.engine.staircase import CostCurve
from planner.report.basis import Basis
from planner.report.typography import NO_BREAK
from planner.views.chart_spec import Axis, ChartSpec, Dash, Line, Mark, Role, Series
from planner.views.chart_ticks import log_ticks
from planner.views.charts import shortened
from planner.views.formatting import count, plural, times, usd_whole
from planner.views.wording import called

Floats = NDArray[np.float64]

LINES = 4
"""Rivals that are drawn; all are in the table."""
DECADES = 1000.0
"""The widest window, as a ratio of volumes."""
STEPS = 400
CROWDED = 0.35
"""Crossings whose volumes lie closer than this, as a logarithm, share one label; the table names them all."""


def staircase_chart(basis: Basis) -> ChartSpec:
    """Invoices over requests a month: self-hosting against the recommended option and its nearest rivals."""
    rivals = drawn_rivals(basis)
    own, today = rivals[0].challenger_curve, rivals[0].invoice.today.requests_per_month
    low, high = _window(rivals, today)
    volumes = np.geomspace(low, high, 60)
    x, y = _stairs(own, low, high)
    bottom, top = _money_range([y, *(each.incumbent_curve.usd(volumes) for each in rivals)], _seen_today(rivals, basis))
    frame = Box(low, bottom, high, top)
    label = shortened(basis.label(rivals[0].challenger), 34)
    own_role: Role = "chosen" if rivals[0].challenger is basis.best else "comparison"
    series = [Series(label, own_role, tuple(x.tolist()), tuple(y.tolist()), is_stepped=True)]
    at = low * (high / low) ** 0.12
    marks = [Mark(at, float(own.usd(at)), label, own_role, "none", 0, -8, "left", is_bold=True)]
    named: list[float] = []
    for i, each in enumerate(rivals):
        role: Role = "chosen" if each.incumbent is basis.best else "context"
        dash: Dash = "dashed" if role == "context" and each.incumbent is not basis.baseline else "solid"
        name = shortened(basis.label(each.incumbent), 34)
        bills = each.incumbent_curve.usd(volumes)
        series.append(Series(name, role, tuple(volumes.tolist()), tuple(bills.tolist()), dash))
        marks += _rival_marks(each, name, role, frame, 0.62 - 0.14 * i, named)
    marks += _today_mark(rivals, basis, frame)
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


class Box(NamedTuple):
    """What the picture shows: volumes from ``low`` to ``high``, bills from ``bottom`` to ``top``."""

    low: float
    bottom: float
    high: float
    top: float

    def holds(self, volume: float, bill: float) -> bool:
        """Whether a point can be seen."""
        return self.low < volume < self.high and self.bottom < bill < self.top


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


def _seen_today(rivals: list[Crossover], basis: Basis) -> float | None:
    """Today's bill of the recommended option, which must be in the picture."""
    found = (each.invoice.today.incumbent_usd for each in rivals if each.incumbent is basis.best)
    return next((bill for bill in found if bill > 0), None)


def _money_range(values: list[Floats], must_show: float | None) -> tuple[float, float]:
    every = np.concatenate(values)
    every = every[every > 0]
    if not every.size:
        return 1.0, 10.0
    top = float(every.max()) * 1.25
    bottom = max(float(every.min()) * 0.8, top / DECADES)
    return bottom if must_show is None else min(bottom, must_show * 0.6), top


def _today_mark(rivals: list[Crossover], basis: Basis, frame: Box) -> list[Mark]:
    bill, today = _seen_today(rivals, basis), rivals[0].invoice.today.requests_per_month
    if bill is None or not frame.holds(today, bill):
        return []
    return [Mark(today, bill, usd_whole(bill), "chosen", "dot", -8, -4, "right", is_bold=True)]


def _rival_marks(found: Crossover, name: str, role: Role, frame: Box, place: float, named: list[float]) -> list[Mark]:
    """A rival's crossing, with its name and volume, or its name on the line where the crossing has no room for it."""
    bold, curve = role == "chosen", found.incumbent_curve
    marks: list[Mark] = []
    at, today = _settled(found), found.invoice.today.requests_per_month
    has_name = False
    if at is not None and frame.holds(at, float(curve.usd(at))):
        has_name = all(abs(math.log(at / other)) > CROWDED for other in named)
        named.append(at)
        label = f"{name}: {count(at)}" + (f", {times(at / today)}{NO_BREAK}today" if today > 0 else "")
        crossing_role: Role = "chosen" if bold else "comparison"
        y = float(curve.usd(at))
        marks.append(Mark(at, y, label if has_name else "", crossing_role, "diamond", 8, 14, "left", is_bold=bold))
    if not has_name:
        for part in (place, 0.75, 0.5, 0.3, 0.9):
            volume = frame.low * (frame.high / frame.low) ** part
            if frame.holds(volume, float(curve.usd(volume))):
                bill = float(curve.usd(volume))
                return [*marks, Mark(volume, bill, name, role, "none", 6, 12, "left", is_bold=bold)]
    return marks


def chart_title(basis: Basis) -> str:
    """What the picture shows: the volumes from which self-hosting pays for good."""
    known = [(at, each) for each in drawn_rivals(basis) if (at := _settled(each)) is not None]
    if not known:
        return "Self-hosting stays the dearer at any volume"
    known.sort(key=lambda each: each[0])
    at, first = known[0]
    against = shortened(called(first.incumbent), 34)
    return f"Self-hosting first pays for good against {against}, from {count(at)} requests a month"


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
