"""Charts that hold scenarios, categories and models side by side, described for screen and PDF alike.

The curves (split, cascade, break-even) are in :mod:`planner.views.curves`.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from planner.domain.workload import Workload, volume_of
from planner.engine.evaluate import Evaluation, ScenarioResult
from planner.engine.recommend import RECOMMENDED
from planner.views.chart_spec import STACKED_CATEGORIES, Axis, Bar, ChartSpec, Mark, Series, Shape
from planner.views.chart_ticks import log_ticks, share_ticks, top_and_step, usd_ticks
from planner.views.curves import break_even_chart, cascade_chart, split_chart
from planner.views.formatting import count, count_whole, listed, plural, share, times, usd
from planner.views.label_places import LED, SIDES, Room, place_labels
from planner.views.wording import called

__all__ = [
    "break_even_chart", "cascade_chart", "error_scatter", "model_scatter", "scenario_bars", "shortened", "split_chart",
    "workload_shares",
]

Floats = NDArray[np.float64]
OTHER = "Other"
MOST_BARS = 6
MOST_LABELS = 26
MOST_FRONT_LABELS = 4
"""Models that no other beats and that are named although the plan does not use them."""
WHOLE_PAGE, HALF_PAGE = (Room(1050, 330), Room(250, 330)), (Room(470, 270), Room(250, 270))
"""Plots of a chart on a desktop and on a phone."""


def shortened(name: str, most: int = MOST_LABELS) -> str:
    """A name that fits beside a chart.

    >>> shortened("Opus for everything"), shortened("A very long name of a scenario indeed", 16)
    ('Opus for everything', 'A very long nam…')
    """
    return name if len(name) <= most else f"{name[: most - 1].rstrip()}…"


def titled(result: ScenarioResult) -> str:
    """A scenario as it opens a title."""
    return "The recommended mix" if result.name == RECOMMENDED else shortened(result.name, 40)


def category_groups(workload: Workload) -> tuple[tuple[str, tuple[int, ...]], ...]:
    """Names and members of the parts of a stack: every category up to four, else the three largest and the rest.

    Size is tokens a month, so that a category keeps its colour in every chart of a plan.
    """
    names = [category.name for category in workload.categories]
    if len(names) <= STACKED_CATEGORIES:
        return tuple((name, (k,)) for k, name in enumerate(names))
    volumes = [volume_of(category) for category in workload.categories]
    order = sorted(range(len(names)), key=lambda k: -volumes[k][0] * (volumes[k][1] + volumes[k][2]))
    largest = sorted(order[: STACKED_CATEGORIES - 1])
    rest = tuple(k for k in range(len(names)) if k not in largest)
    return (*((names[k], (k,)) for k in largest), (f"{OTHER} ({len(rest)})", rest))


def drawn_scenarios(
    evaluation: Evaluation, chosen: ScenarioResult | None, most: int = MOST_BARS
) -> list[ScenarioResult]:
    """Priced scenarios by rising total, the chosen one and the baseline among them."""
    results = [each for each in evaluation.scenarios if each.is_priced]
    if chosen is not None and chosen.is_priced and chosen.name not in {each.name for each in results}:
        results.append(chosen)
    results.sort(key=lambda each: each.total("total_usd") or 0.0)
    keep = {id(each) for each in results[:most]}
    must = [each for each in results if each is evaluation.baseline or (chosen and each.name == chosen.name)]
    for result in must:
        if id(result) not in keep:
            dropped = next(each for each in reversed(results) if id(each) in keep and each not in must)
            keep = keep - {id(dropped)} | {id(result)}
    return [each for each in results if id(each) in keep]


def scenario_bars(evaluation: Evaluation, chosen: ScenarioResult | None, name: str = "scenarios") -> ChartSpec:
    """Total a month by scenario: the invoice by category, then what errors, review and hand-off cost."""
    shown = drawn_scenarios(evaluation, chosen)
    groups = category_groups(evaluation.plan.workload)
    more = any((each.total("review_cost_usd") or 0) + (each.total("handoff_cost_usd") or 0) > 0 for each in shown)
    after = "Errors and people" if more else "Errors"
    series = [
        Series(shortened(label, 22), "category", tuple(float(each.outcome.invoice_usd[list(members)].sum())
               for each in shown), position=i,
               hover=tuple(f"{label}: {usd(float(each.outcome.invoice_usd[list(members)].sum()))}" for each in shown))
        for i, (label, members) in enumerate(groups)
    ]
    follows = [float(each.outcome.follows.usd.sum()) for each in shown]
    series.append(Series(after, "errors", tuple(follows), hover=tuple(f"{after}: {usd(value)}" for value in follows)))
    names = {each.name for each in shown}
    left = [each for each in evaluation.scenarios if each.name not in names]
    caption = f"Total per month: invoice by category, then expected cost of {'errors and people' if more else 'errors'}"
    if left:
        caption += f"; not drawn: {listed([shortened(each.name) for each in left[:3]])}" + (
            f" and {len(left) - 3} more" if len(left) > 3 else "")
    bars = tuple(
        Bar(shortened(each.name), chosen is not None and each.name == chosen.name, usd(each.total("total_usd")))
        for each in shown
    )
    table = pd.DataFrame(
        [
            {"scenario": each.name, **{f"{label}, invoice_usd": float(each.outcome.invoice_usd[list(members)].sum())
                                       for label, members in groups},
             "error_review_handoff_usd": follows[i], "total_usd": each.total("total_usd")}
            for i, each in enumerate(shown)
        ]
    )
    return ChartSpec(
        name=name, kind="bars_stacked", title=_bars_title(shown, chosen), caption=f"{caption}.",
        alt="Bars of the monthly total. " + " ".join(
            f"{each.name}: {usd(each.total('total_usd'))}, of which {usd(follows[i])} for {after.lower()}."
            for i, each in enumerate(shown)),
        bars=bars, series=tuple(series), height=70 + 44 * max(len(shown), 1), table=table,
        x=Axis(low=0, high=max((each.total("total_usd") or 0.0 for each in shown), default=1.0) or 1.0, is_shown=False),
    )


def _bars_title(shown: Sequence[ScenarioResult], chosen: ScenarioResult | None) -> str:
    if not shown:
        return "No scenario has a price yet"
    least = shown[0]
    leanest = min(shown, key=lambda each: each.total("invoice_usd") or 0.0)
    eaten = (leanest.total("total_usd") or 0.0) - (least.total("total_usd") or 0.0)
    if chosen is None or chosen.name == least.name:
        if leanest.name == least.name:
            return f"{titled(least)} has the lowest invoice and the lowest total"
        return f"{titled(least)} is cheapest once errors are counted"
    gap = (chosen.total("total_usd") or 0.0) - (least.total("total_usd") or 0.0)
    if leanest.name != least.name and eaten > 0:
        return f"Errors undo the low invoice of {shortened(leanest.name, 40)}"
    return f"{titled(chosen)} is within {usd(gap)} of the lowest total"


def errors_title(evaluation: Evaluation, chosen: ScenarioResult | None) -> str:
    """A second finding on the same bars: what errors do to the scenario with the lowest invoice."""
    shown = drawn_scenarios(evaluation, chosen)
    if not shown:
        return "No scenario has a price yet"
    leanest = min(shown, key=lambda each: each.total("invoice_usd") or 0.0)
    total, paid = leanest.total("total_usd") or 0.0, leanest.total("invoice_usd") or 0.0
    if total <= 0:
        return "Nothing is spent yet"
    return f"Errors are {share((total - paid) / total)} of what {called(leanest)} costs in all"


def workload_shares(evaluation: Evaluation) -> ChartSpec:
    """Share of each category in requests, tokens and the baseline's bill."""
    demand = evaluation.demand
    groups = category_groups(evaluation.plan.workload)
    rows: list[tuple[str, Floats]] = []
    base = evaluation.baseline
    if base is not None and base.is_priced and (base.total("invoice_usd") or 0.0) > 0:
        rows.append(("Bill", base.outcome.invoice_usd))
    rows.append(("Tokens", demand.requests * (demand.input_tokens + demand.output_tokens)))
    rows.append(("Requests", demand.requests))
    parts = {label: values / values.sum() if values.sum() > 0 else values * 0 for label, values in rows}
    series = []
    for i, (label, members) in enumerate(groups):
        lengths = tuple(float(values[list(members)].sum()) for values in parts.values())
        series.append(
            Series(shortened(label, 22), "category", lengths, position=i,
                   segment_labels=tuple(share(value) if value >= 0.06 else "" for value in lengths),
                   hover=tuple(f"{label}: {share(value)}" for value in lengths))
        )
    table = pd.DataFrame(
        {"category": list(demand.names), **{f"{label.lower()}_share": values for label, values in parts.items()}}
    )
    bill = f", and the bill of {shortened(base.name, 30)}" if base is not None and "Bill" in parts else ""
    return ChartSpec(
        name="shares", kind="shares", title=_shares_title(demand.names, parts),
        caption=f"Share of each category in requests and tokens{bill}.",
        alt=" ".join(f"{label}: " + listed([f"{name} {share(float(value))}" for name, value in
                                            zip(demand.names, values, strict=True)]) + "."
                     for label, values in parts.items()),
        bars=tuple(Bar(label) for label in parts), series=tuple(series), x=Axis(low=0, high=1, is_shown=False),
        height=60 + 56 * len(parts), table=table,
    )


def _shares_title(names: Sequence[str], parts: dict[str, Floats]) -> str:
    tokens = parts["Tokens"]
    if not len(names) or tokens.sum() <= 0:
        return "No traffic yet"
    if len(names) == 1:
        return f"All of the work is {shortened(names[0], 40)}"
    k = int(tokens.argmax())
    said = f"{shortened(names[k], 40)} is {share(float(tokens[k]))} of all tokens"
    return said + (f" and {share(float(parts['Bill'][k]))} of the bill" if "Bill" in parts else "")


def error_scatter(evaluation: Evaluation, chosen: ScenarioResult | None) -> ChartSpec:
    """Invoice against expected error cost, with the line of those that nothing else beats in both."""
    shown = drawn_scenarios(evaluation, chosen)
    shown.sort(key=lambda each: chosen is None or each.name != chosen.name)  # the first label has the free choice
    paid = np.array([each.total("invoice_usd") or 0.0 for each in shown])
    lost = np.array([float(each.outcome.follows.usd.sum()) for each in shown])
    front = unbeaten(paid, lost)
    x_top, y_top = (top_and_step(float(values.max(initial=0.0)), 4)[0] for values in (lost, paid))
    points = [(lost[i] / x_top, 1 - paid[i] / y_top) for i in range(len(shown))]
    corners = [[points[a], (points[b][0], points[a][1]), points[b]] for a, b in pairwise(front)]
    labels = [shortened(each.name, 22) for each in shown]
    places = [each or SIDES[0] for each in place_labels(points, labels, HALF_PAGE, corners)]
    marks = []
    for i, each in enumerate(shown):
        is_chosen = chosen is not None and each.name == chosen.name
        shape: Shape = "dot" if i in front or is_chosen else "ring"
        marks.append(
            Mark(float(lost[i]), float(paid[i]), labels[i], "chosen" if is_chosen else "context",
                 shape, places[i].dx, places[i].dy, places[i].anchor, is_bold=is_chosen,
                 hover=f"{each.name}: invoice {usd(paid[i])}, error cost {usd(lost[i])}")
        )
    stairs_x, stairs_y = [], []
    for position, i in enumerate(front):
        if position:
            stairs_x.append(float(lost[i]))
            stairs_y.append(float(paid[front[position - 1]]))
        stairs_x.append(float(lost[i]))
        stairs_y.append(float(paid[i]))
    line = (Series("Front", "context", tuple(stairs_x), tuple(stairs_y), is_stepped=True),) if len(front) > 1 else ()
    return ChartSpec(
        name="cost_and_errors", kind="scatter", title=_scatter_title(shown, chosen, paid, lost),
        caption="Invoice against expected cost of errors, per month. Hollow: another one is cheaper and better.",
        alt="Points. " + " ".join(mark.hover + "." for mark in marks),
        x=Axis("Expected cost of errors per month", ticks=usd_ticks(float(lost.max(initial=0.0))), low=0, high=x_top),
        y=Axis(ticks=usd_ticks(float(paid.max(initial=0.0))), low=0, high=y_top),
        series=line, marks=tuple(marks), height=340,
        table=pd.DataFrame({"scenario": [each.name for each in shown], "invoice_usd": paid,
                            "error_review_handoff_usd": lost,
                            "is_beaten": [i not in front for i in range(len(shown))]}),
    )


def unbeaten(first: Floats, second: Floats) -> list[int]:
    """Positions that no other one is at least as low as in both and lower in one, by rising ``second``.

    >>> unbeaten(np.array([3.0, 1.0, 2.0]), np.array([1.0, 3.0, 3.5]))
    [0, 1]
    """
    found = [
        i for i in range(len(first))
        if not ((first <= first[i]) & (second <= second[i]) & ((first < first[i]) | (second < second[i]))).any()
    ]
    return sorted(found, key=lambda i: float(second[i]))


def _scatter_title(shown: Sequence[ScenarioResult], chosen: ScenarioResult | None, paid: Floats, lost: Floats) -> str:
    here = next((i for i, each in enumerate(shown) if chosen is not None and each.name == chosen.name), None)
    if here is None or len(shown) < 2:
        return "Invoice and cost of errors"
    total = paid + lost
    other = min((i for i in range(len(shown)) if i != here), key=lambda i: total[i])
    more, fewer, rival = paid[here] - paid[other], lost[other] - lost[here], shortened(shown[other].name, 34)
    if more >= 0 and fewer > 0:
        return f"{usd(more)} more than {rival} buys {usd(fewer)} less error cost"
    if more < 0 and fewer >= 0:
        return f"{titled(shown[here])} beats {rival} on invoice and on errors"
    return f"{titled(shown[here])} saves {usd(-more)} on the invoice of {rival} for {usd(-fewer)} more errors"


def model_scatter(rows: pd.DataFrame) -> ChartSpec:
    """Monthly cost if one model did all of the work (log) against its share of wrong answers.

    ``rows`` has the columns model, monthly_usd, error_rate and in_plan, one row per model that can do all of it.
    """
    rows = rows[(rows["monthly_usd"] > 0) & rows["error_rate"].notna()].reset_index(drop=True)
    usd_month, errors = rows["monthly_usd"].to_numpy(float), rows["error_rate"].to_numpy(float)
    if not len(rows):
        return ChartSpec("models", "scatter", "No model here has a price for this workload", "", "No points.")
    low, high = 10.0 ** np.floor(np.log10(usd_month.min() * 0.9)), usd_month.max() * 1.6
    x_top = top_and_step(float(errors.max()) * 1.02, 6)[0]
    points = [(float(e / x_top), float(1 - np.log(y / low) / np.log(high / low)))
              for e, y in zip(errors, usd_month, strict=True)]
    chosen = [i for i in range(len(rows)) if rows["in_plan"][i]]
    front = [i for i in unbeaten(usd_month, errors) if i not in chosen]
    order = [*chosen, *front, *(i for i in range(len(rows)) if i not in {*chosen, *front})]
    names = [shortened(str(rows["model"][i]), 24) if n < len(chosen) + len(front) else "" for n, i in enumerate(order)]
    free = range(len(chosen), len(order))
    found = place_labels([points[i] for i in order], names, WHOLE_PAGE,
                         sides=(*SIDES, *LED), may_drop=free)
    left_over = [n for n in free if found[n] is not None][MOST_FRONT_LABELS:]
    labels = ["" if place is None or n in left_over else name
              for n, (name, place) in enumerate(zip(names, found, strict=True))]
    marks = tuple(
        Mark(float(errors[i]), float(usd_month[i]), labels[n], "chosen" if rows["in_plan"][i] else "context",
             "dot" if rows["in_plan"][i] else "ring", *(found[n] or SIDES[0]),
             has_leader=(found[n] or SIDES[0]).is_far, is_bold=bool(rows["in_plan"][i]),
             hover=f"{rows['model'][i]}: {usd(usd_month[i])} a month, {share(errors[i])} wrong")
        for n, i in enumerate(order)
    )
    return ChartSpec(
        name="models", kind="scatter", title=_models_title(rows),
        caption="Monthly cost if the model did everything (log scale) against expected errors. Filled: in your plan.",
        alt=f"{len(rows)} models as points. " + " ".join(mark.hover + "." for mark in marks if mark.label),
        x=Axis("Expected errors, share of all requests", ticks=share_ticks(float(errors.max()), 6), low=0, high=x_top),
        y=Axis(scale="log", ticks=log_ticks(low, high, "usd"), low=float(low), high=float(high)),
        marks=marks, height=400, table=rows,
    )


def _models_title(rows: pd.DataFrame) -> str:
    chosen = rows[rows["in_plan"].astype(bool)].sort_values("monthly_usd")
    if len(chosen) >= 2:
        cheap, dear = chosen.iloc[0], chosen.iloc[-1]
        ratio = dear["monthly_usd"] / cheap["monthly_usd"]
        gap = (cheap["error_rate"] - dear["error_rate"]) * 100
        wrong = (f"gets {gap:.1f} fewer in 100 wrong" if gap > 0.05 else f"gets {-gap:.1f} more in 100 wrong"
                 if gap < -0.05 else "gets as many right")
        return f"{dear['model']} costs {times(ratio)} what {cheap['model']} does and {wrong}"
    cheap = rows.sort_values("monthly_usd").iloc[0]
    return f"{plural(len(rows), 'model')} can do all of it, from {usd(float(cheap['monthly_usd']))} a month"


def totals_words(evaluation: Evaluation) -> tuple[str, str, str]:
    """Requests, input and output tokens of a month in words.

    Kept here so that the page and the report say the same.
    """
    demand = evaluation.demand
    tokens_in = float((demand.requests * demand.input_tokens).sum())
    tokens_out = float((demand.requests * demand.output_tokens).sum())
    return count_whole(float(demand.requests.sum())), count(tokens_in), count(tokens_out)
