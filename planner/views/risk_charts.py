"""The pictures of doubt: the months ahead as a fan with the budget in it, and what moves the decision as a tornado."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from planner.engine.forecast_bands import BudgetLine, Fan, ScenarioBands
from planner.engine.recommend import RECOMMENDED
from planner.engine.uncertainty import CLEAR_SHARE, LIKELY_SHARE, Confidence, Outlook, Risk, Swing
from planner.views.chart_spec import Anchor, Axis, Bar, ChartSpec, Line, Mark, Role, Series
from planner.views.chart_ticks import Ticks, top_and_step, usd_ticks
from planner.views.charts import shortened
from planner.views.formatting import MISSING, month, share, usd
from planner.views.records_risk import month_key, swing_values
from planner.views.wording import CONFIDENCE
from planner.views.wording_risk import band_words, budget_sentence, input_words, swing_words

Floats = NDArray[np.float64]

HEIGHT = 440
PLOT_PX = HEIGHT - 46.0
LABEL_PX = 17.0
LABEL_SHARE = 0.3
"""Room beside the bars of a tornado for the values at their ends, of the width that the bars take."""


def named(name: str, most: int = 40) -> str:
    """A scenario inside a sentence.

    >>> named("Recommended"), named("Per category")
    ('the recommended mix', 'Per category')
    """
    return "the recommended mix" if name == RECOMMENDED else shortened(name, most)


def capital(text: str) -> str:
    """A sentence with its first letter large."""
    return text[:1].upper() + text[1:]


# The months ahead ----------------------------------------------------------------------------------------------------


def outlook_words(outlook: Outlook, name: str) -> tuple[str, str]:
    """The answer to "what if we are wrong" for one scenario, and a further sentence on it; the second may be empty."""
    fan = outlook.fan
    said = budget_sentence(fan, name)
    if said is not None:
        first, _, more = said.rstrip(".").partition(". With ")
        return first, f"With {more}." if more else ""
    bands = fan.scenario(name)
    last = _known_months(bands) - 1
    if last < 0:
        return "This scenario has no price, so there is nothing to forecast", ""
    points = bands.invoice_usd
    without = "" if fan.budget_usd is not None else "Enter a budget to see when the invoice would pass it."
    if points.p90[last] <= 0:
        return "Nothing is paid in any month", without
    return (f"The invoice lies between {usd(points.p10[last])} and {usd(points.p90[last])} a month "
            f"in {month(fan.months[last])}, in 8 of 10 outcomes", without)


def fan_chart(fan: Fan, name: str) -> ChartSpec:
    """The invoice of one scenario month by month: P10, P50, P90, the budget, and the month of crossing."""
    bands = fan.scenario(name)
    count = _known_months(bands)
    points = bands.invoice_usd
    low, middle, high = (each[:count] for each in (points.p10, points.p50, points.p90))
    budget = fan.budget_usd
    caption = f"Invoice of {named(name)} per month: middle estimate, and the range 8 of 10 outcomes fall into."
    if 0 < count < len(fan.months):
        caption = f"{caption[:-1]}; a price is missing from {month(fan.months[count])} on."
    table = _fan_table(fan, bands)
    if not count:
        return ChartSpec("fan", "fan", "No price, so no forecast", caption, "Nothing is drawn.", table=table)
    at = tuple(float(j) for j in range(count))
    highest = float(max(high.max(), budget or 0.0))
    top = top_and_step(highest * 1.04, 4)[0]
    hover = tuple(
        f"{month(fan.months[j])}: {usd(middle[j])} ({usd(low[j])} to {usd(high[j])})" for j in range(count)
    )
    shifts = end_shifts([float(each[-1]) / top * PLOT_PX for each in (high, middle, low)])
    marks = () if bands.budget is None else _crossing(bands.budget, fan, count, top)
    return ChartSpec(
        name="fan", kind="fan", title=_fan_title(fan, bands, count), caption=caption,
        alt=_fan_alt(fan, bands, count), height=HEIGHT,
        x=Axis(ticks=month_ticks(fan, count), low=0.0, high=float(max(count - 1, 1))),
        y=Axis(ticks=usd_ticks(highest * 1.04), low=0.0, high=top),
        series=(
            Series("Range", "band", (*at, *reversed(at)), (*map(float, high), *map(float, low[::-1]))),
            Series("P90", "context", at[-1:], (float(high[-1]),), end_label=f"P90 {usd(high[-1])}",
                   end_shift=shifts[0]),
            Series("P50", "chosen", at, tuple(map(float, middle)), end_label=f"P50 {usd(middle[-1])}", hover=hover,
                   end_shift=shifts[1]),
            Series("P10", "context", at[-1:], (float(low[-1]),), end_label=f"P10 {usd(low[-1])}",
                   end_shift=shifts[2]),
        ),
        lines=() if budget is None else (_budget_rule(budget, middle, top),), marks=marks, table=table,
    )


def _known_months(bands: ScenarioBands) -> int:
    """Months until the first one without a price."""
    missing = np.flatnonzero(~np.isfinite(bands.invoice_usd.p50))
    return int(missing[0]) if missing.size else len(bands.invoice_usd.p50)


def end_shifts(heights: Sequence[float], apart: float = LABEL_PX) -> list[float]:
    """Pixels by which labels at falling heights move down so that they do not touch; below 0 is up.

    The middle one stays where it is.

    >>> end_shifts([100.0, 50.0, 45.0], 17.0), end_shifts([52.0, 50.0, 10.0], 17.0)
    ([0.0, 0.0, 12.0], [-15.0, 0.0, 0.0])
    """
    upper, middle, lower = heights
    return [-max(0.0, apart - (upper - middle)), 0.0, max(0.0, apart - (middle - lower))]


def month_ticks(fan: Fan, count: int) -> Ticks:
    """Every January, with July where two years are shown, and each quarter in one year."""
    every = 3 if count <= 13 else 6 if count <= 25 else 12 * max(1, round(count / 60))
    found = tuple((float(j), month(when)) for j, when in enumerate(fan.months[:count])
                  if j and (when.year * 12 + when.month - 1) % every == 0)
    return found or tuple((float(j), month(fan.months[j])) for j in range(count))


def _budget_rule(budget: float, middle: Floats, top: float) -> Line:
    """The budget with its label on the left, unless the middle line starts there: then on the right, below."""
    early = middle[: max(1, len(middle) // 2 + 1)]  # on a phone the label is half as wide as the picture
    over_px = (early - budget) / top * PLOT_PX
    is_crossed = bool(((over_px > -3.0) & (over_px < LABEL_PX + 6.0)).any())
    return Line(budget, "y", f"Budget {usd(budget)}", is_limit=True, anchor="right" if is_crossed else "left",
                is_below=is_crossed)


def _crossing(line: BudgetLine, fan: Fan, count: int, top: float) -> tuple[Mark, ...]:
    if line.month is None or line.month not in fan.months[:count]:
        return ()
    j = fan.months.index(line.month)
    along = j / max(count - 1, 1)
    has_room = line.line_usd / top * PLOT_PX > 70
    label = f"{month(line.month)}: {share(float(line.by_month[j]))} chance"
    anchor: Anchor = "left" if along < 0.35 else "center" if along < 0.65 else "right"
    dx = {"left": 26.0, "center": 0.0, "right": 10.0}[anchor]
    return (Mark(float(j), line.line_usd, label, "comparison", "diamond", dx, 52.0 if has_room else -52.0,
                 anchor, has_leader=True, is_bold=True),)


def _fan_title(fan: Fan, bands: ScenarioBands, count: int) -> str:
    line, points = bands.budget, bands.invoice_usd
    if line is not None:
        money = usd(line.line_usd)
        if line.month == fan.months[0]:
            return f"The invoice is above {money} from the start in {share(float(line.by_month[0]))} of outcomes"
        if line.month is not None:
            return f"More likely than not, you pass {money} by {month(line.month)}"
        sure = "Very likely" if line.chance <= 1.0 - CLEAR_SHARE else "More likely than not,"
        return f"{sure} you stay below {money} until {month(fan.months[-1])}"
    first, last = float(points.p50[0]), float(points.p50[count - 1])
    if max(first, last) <= 0:
        return "Nothing is paid in any month"
    if usd(first) == usd(last):
        return f"The invoice stays at {usd(first)} a month in the middle case"
    way = "grows" if last > first else "falls"
    return f"The invoice {way} from {usd(first)} to {usd(last)} a month in the middle case"


def _fan_alt(fan: Fan, bands: ScenarioBands, count: int) -> str:
    points, said = bands.invoice_usd, budget_sentence(fan, bands.name)
    ends = " ".join(
        f"{month(fan.months[j])}: middle {usd(points.p50[j])}, 8 of 10 outcomes between {usd(points.p10[j])} and "
        f"{usd(points.p90[j])}." for j in dict.fromkeys((0, count - 1))
    )
    return f"Invoice of {bands.name} a month. {ends}" + (f" {said}" if said else "")


def _fan_table(fan: Fan, bands: ScenarioBands) -> pd.DataFrame:
    points = {"invoice": bands.invoice_usd, "total": bands.total_usd}
    columns: dict[str, object] = {"month": [month_key(each) for each in fan.months]}
    columns |= {f"{name}_{point}_usd": getattr(part, point) for name, part in points.items()
                for point in ("p10", "p50", "p90")}
    if bands.budget is not None:
        columns["budget_passed_share"] = bands.budget.by_month
    return pd.DataFrame(columns)


# What matters most ---------------------------------------------------------------------------------------------------


def tornado_chart(risk: Risk, planned_usd: float) -> ChartSpec:
    """What the second-best scenario costs more than the best, each input at its low and its high value in turn.

    ``planned_usd``: the same with all inputs at their medians; the best one's total where there is no second.
    """
    rows = risk.tornado
    if not rows or risk.best is None:
        return ChartSpec("tornado", "tornado", "No input moves the decision",
                         "Inputs that are known for sure move nothing.", "Nothing is drawn.")
    what = (f"Total of {named(risk.best, 22)} a month" if risk.second is None else
            f"Lead over {named(risk.second, 22)} a month")
    ends = [value for each in rows for value in (each.at_low_usd, each.at_high_usd)]
    turns = risk.second is not None and any(each.flips for each in rows)
    low, high = (pick(*ends, planned_usd, *((0.0,) if turns else ())) for pick in (min, max))
    room = ((high - low) or 1.0) * LABEL_SHARE
    ends_drawn: tuple[tuple[str, Role], ...] = (("low", "context"), ("high", "chosen"))
    now = f"middle {usd(planned_usd)}"
    return ChartSpec(
        name="tornado", kind="tornado", title=_tornado_title(risk, planned_usd),
        caption=f"{what}, one input low or high.", height=HEIGHT,
        alt=f"{what}: {usd(planned_usd)} in the middle case. " + " ".join(f"{swing_words(each)}." for each in rows),
        bars=tuple(Bar(each.label) for each in rows), x=Axis(low=low - room, high=high + room, is_shown=False),
        series=tuple(
            Series(end.capitalize(), role, tuple(getattr(each, f"at_{end}_usd") for each in rows),
                   segment_labels=tuple(input_words(getattr(each, end), each.unit) for each in rows),
                   hover=tuple(_hover(each, end) for each in rows))
            for end, role in ends_drawn
        ),
        lines=(Line(planned_usd, "x", now, "solid"), *((Line(0.0, "x", "equal", "dotted"),) if turns else ())),
        table=pd.DataFrame([swing_values(each) for each in rows]),
    )


def _hover(each: Swing, end: str) -> str:
    value, lead = getattr(each, end), getattr(each, f"at_{end}_usd")
    return f"{each.label} {input_words(value, each.unit)}: {usd(lead)} a month"


def _tornado_title(risk: Risk, planned_usd: float) -> str:
    first = risk.tornado[0]
    if risk.second is not None and planned_usd < 0:
        return capital(f"{named(risk.second)} costs less with every input in its middle")
    turning = [each for each in risk.tornado if each.flips]
    if risk.second is not None and turning:
        if len(turning) == 1:
            return f"Only this would turn the answer: {turning[0].label}"
        return f"{len(turning)} inputs could turn the answer, {turning[0].label} most of all"
    is_plural = first.label.partition(" of ")[0].endswith("s")
    return f"{first.label} {'matter' if is_plural else 'matters'} most"


def tornado_rows(risk: Risk) -> pd.DataFrame:
    """The tornado in words."""
    lead = "Lead" if risk.second is not None else "Total"
    return pd.DataFrame([
        {"Input": each.label, "Low": input_words(each.low, each.unit), "High": input_words(each.high, each.unit),
         f"{lead} at low": usd(each.at_low_usd), f"{lead} at high": usd(each.at_high_usd),
         "Moves it by": usd(each.swing_usd), "Turns the answer": "yes" if each.flips else "no"}
        for each in risk.tornado
    ])


# Who is cheaper ------------------------------------------------------------------------------------------------------


def pair_confidence(chance: float) -> Confidence:
    """How sure it is that one of two costs less than the other, by the chance alone.

    >>> pair_confidence(0.96), pair_confidence(0.2), pair_confidence(0.5)
    ('clear', 'likely', 'too_close')
    """
    surer = max(chance, 1.0 - chance)
    return "clear" if surer >= CLEAR_SHARE else "likely" if surer >= LIKELY_SHARE else "too_close"


def odds_title(risk: Risk) -> str:
    """The finding of the table of odds."""
    if risk.best is None or risk.second is None or risk.confidence is None:
        return "There are no two scenarios to compare"
    chance = risk.chance(risk.best, risk.second)
    if chance <= 1.0 - LIKELY_SHARE:
        return capital(f"{named(risk.second)} costs less than {named(risk.best)} in {share(1.0 - chance)} of outcomes")
    if risk.confidence == "too_close":
        return capital(f"{named(risk.best)} or {named(risk.second)}: too close to call")
    word = "clearly" if risk.confidence == "clear" else "likely"
    return capital(f"{named(risk.best)} is {word} cheaper than {named(risk.second)}")


def odds_rows(risk: Risk) -> pd.DataFrame:
    """Each scenario in words: its bands, how often the best one costs less, and how sure that is."""
    rows, heading = [], f"{capital(named(risk.best or 'The best', 24))} costs less"
    for each in risk.scenarios:
        chance = float("nan") if risk.best is None else risk.chance(risk.best, each.name)
        is_known = each.name != risk.best and np.isfinite(chance)
        rows.append({
            "Scenario": each.name, "Invoice a month, P10 to P90": band_words(each.invoice_usd),
            "Total a month, P50": usd(each.total_usd.p50) if each.total_usd else MISSING,
            "Total a month, P10 to P90": band_words(each.total_usd),
            heading: share(chance) if is_known else MISSING,
            "How sure": _sure_words(risk, each.name, chance) if is_known else MISSING,
        })
    return pd.DataFrame(rows)


def _sure_words(risk: Risk, name: str, chance: float) -> str:
    """How sure it is that the best one costs less than another; said plainly where it is the other way round."""
    sure = risk.confidence if name == risk.second and chance > 1.0 - LIKELY_SHARE else pair_confidence(chance)
    if sure in (None, "too_close"):
        return CONFIDENCE["too_close"]
    words = CONFIDENCE[sure]
    return words if chance > 0.5 else {"clear": "Clearly cheaper", "likely": "Likely cheaper"}[sure]


def odds_table(risk: Risk) -> pd.DataFrame:
    """P(the row's scenario has a lower total than the column's), 0 to 1; empty where that is unknown."""
    names = [each.name for each in risk.scenarios]
    table = pd.DataFrame(np.where(np.eye(len(names), dtype=bool), np.nan, risk.cheaper), columns=names)
    table.insert(0, "scenario", names, allow_duplicates=True)
    return table


def odds_matrix(risk: Risk) -> pd.DataFrame:
    """The same in words, scenarios without a price left out."""
    known = [i for i, each in enumerate(risk.scenarios) if each.total_usd is not None]
    names = [risk.scenarios[i].name for i in known]
    rows = [[name, *(MISSING if i == j else share(float(risk.cheaper[i, j])) for j in known)]
            for i, name in zip(known, names, strict=True)]
    return pd.DataFrame(rows, columns=["Cheaper than →", *(shortened(name, 22) for name in names)])


