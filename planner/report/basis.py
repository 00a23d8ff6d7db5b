"""What every section of the report starts from: the study, and the names and order of its options."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from planner.domain.strategies import Strategy
from planner.engine.crossover import Crossover, crossover
from planner.engine.evaluate import Evaluation, ScenarioResult
from planner.engine.forecast import forecast
from planner.engine.recommend import RECOMMENDED, Recommendation
from planner.engine.study import Study
from planner.report.document import Rich
from planner.report.typography import number
from planner.views.chart_spec import ChartSpec
from planner.views.chart_ticks import top_and_step, usd_ticks
from planner.views.charts import shortened
from planner.views.formatting import usd, usd_cents, usd_whole
from planner.views.wording import strategy_phrase

OFF_SCALE = 2.5
"""An option whose invoice is this many times the next one's is named under the scatter instead of drawn."""
NAME_IN_TITLE = 40
MOST_ROWS, MOST_KEPT = 30, 20
"""A further table of more categories than the first number shows as many as the second; pages 2 to 4 list all once."""
OPTIONS_IN_MEMO = 5
OPTIONS_IN_TABLES = 6


@dataclass(frozen=True)
class Basis:
    """A study, with what the sections ask of it more than once."""

    study: Study
    today: date
    version: str
    given_rivals: tuple[Crossover, ...] | None = None
    """Break-evens that the caller has already computed; None computes them."""

    @property
    def evaluation(self) -> Evaluation:
        """The evaluated plan."""
        return self.study.evaluation

    @property
    def advice(self) -> Recommendation:
        """The recommendation."""
        return self.study.recommendation

    @property
    def best(self) -> ScenarioResult | None:
        """The recommended scenario."""
        return self.advice.scenario

    @property
    def baseline(self) -> ScenarioResult | None:
        """What savings are measured against: a priced scenario other than the recommended one."""
        other, best = self.advice.baseline, self.best
        if other is None or not other.is_priced or (best is not None and other.strategy == best.strategy):
            return None
        return other

    @cached_property
    def requests(self) -> float:
        """Requests of a month."""
        return float(self.evaluation.demand.requests.sum())

    @cached_property
    def options(self) -> tuple[ScenarioResult, ...]:
        """The recommended one, then the plan's other scenarios by total, then those that cannot be run or priced."""
        best = self.best
        others = [each for each in self.evaluation.scenarios if best is None or each.strategy != best.strategy]
        ranked = sorted(others, key=lambda each: (not each.is_priced, each.total("total_usd") or 0.0))
        return (*(() if best is None else (best,)), *ranked)

    @cached_property
    def shown(self) -> tuple[ScenarioResult, ...]:
        """The options that fit into a table: the recommended one and the baseline are always among them."""
        kept = list(self.options[:OPTIONS_IN_TABLES])
        if self.baseline is not None and self.baseline not in kept:
            kept[-1] = self.baseline
        return tuple(kept)

    @cached_property
    def rivals(self) -> tuple[Crossover, ...]:
        """Self-hosting against every other scenario that has a price; the recommended one first."""
        if self.given_rivals is not None:
            return self.given_rivals
        main = self.study.self_host
        if not isinstance(main, Crossover):
            return ()
        others = [
            each
            for each in self.options
            if each not in (main.challenger, main.incumbent) and not each.hosted and each.is_priced
        ]
        months = forecast(self.evaluation, (main.challenger, *others))
        found = [crossover(self.evaluation, main.challenger, each, months) for each in others]
        return (main, *(each for each in found if isinstance(each, Crossover)))

    def label(self, result: ScenarioResult) -> str:
        """What a scenario is called in tables and at the start of a title."""
        return "The recommended mix" if result.name == RECOMMENDED else result.name

    def title(self, result: ScenarioResult) -> str:
        """What a scenario is called in a title: at most a line, the whole name stands in the tables."""
        return shortened(self.label(result), NAME_IN_TITLE)

    def category(self, k: int) -> str:
        """What a category is called in a title."""
        return shortened(self.evaluation.demand.names[k], NAME_IN_TITLE)

    def head(self, result: ScenarioResult) -> str:
        """What a scenario is called at the head of a column."""
        return "Recommended mix" if result.name == RECOMMENDED else shortened(result.name, NAME_IN_TITLE)

    def phrase(self, strategy: Strategy) -> str:
        """A strategy as a noun phrase."""
        return strategy_phrase(strategy, self.advice.setting.states)


def longest_wait_s(result: ScenarioResult) -> float | None:
    """Seconds to the first answer token that 95 of 100 requests stay under, in the slowest category that is known."""
    known = result.latency.p95_s[np.isfinite(result.latency.p95_s)]
    return float(known.max()) if known.size else None


def in_full(chart: ChartSpec, basis: Basis) -> ChartSpec:
    """A chart of scenarios with their names in full: on paper there is room, and nothing can be pointed at."""
    names = {each.name: basis.label(each) for each in (*basis.evaluation.scenarios, *basis.options)}
    full = [names.get(name, name) for name in chart.table.get("scenario", ())]
    if chart.kind == "scatter" and len(full) == len(chart.marks):
        marks = tuple(replace(mark, label=name) for mark, name in zip(chart.marks, full, strict=True))
        return _without_outlier(replace(chart, marks=marks))
    totals = [usd_whole(total) for total in chart.table.get("total_usd", ())]
    bars = tuple(
        replace(bar, name=name, end_label=total) for bar, name, total in zip(chart.bars, full, totals, strict=True)
    )
    caption = chart.caption.replace("in the table only", "in scenarios.csv only")
    return replace(chart, bars=bars, caption=caption)


def _without_outlier(chart: ChartSpec) -> ChartSpec:
    """A scatter without the one point far above all others, which would press them together; the caption names it."""
    ranked = sorted(chart.marks, key=lambda mark: -mark.y)
    if len(ranked) < 3 or ranked[0].role == "chosen" or ranked[0].y <= OFF_SCALE * ranked[1].y:
        return chart
    far, others = ranked[0], tuple(mark for mark in chart.marks if mark is not ranked[0])
    widest = max(mark.x for mark in others)
    return replace(
        chart,
        marks=others,
        series=tuple(line for line in chart.series if far.y not in line.y),
        x=replace(chart.x, ticks=usd_ticks(widest), high=top_and_step(widest, 4)[0]),
        y=replace(chart.y, ticks=usd_ticks(ranked[1].y), high=top_and_step(ranked[1].y, 4)[0]),
        caption=f"{chart.caption} Off the scale: {far.label}, invoice {usd_whole(far.y)}, errors {usd_whole(far.x)}.",
    )


def largest(values: NDArray[np.float64]) -> list[int]:
    """Positions in reading order; of very many only the largest, since the files hold all of them."""
    if len(values) <= MOST_ROWS:
        return list(range(len(values)))
    return sorted(np.argsort(-values, kind="stable")[:MOST_KEPT].tolist())


def left_out_note(count_: int, which: str, file: str) -> Rich:
    """What a table says that does not hold every category."""
    return () if count_ <= MOST_ROWS else (f"The {MOST_KEPT} {which} of {count_} categories; all are in {file}.",)


def seller_name(basis: Basis, seller: str) -> str:
    """A seller as people write it."""
    record = basis.evaluation.catalog.seller_names.get(seller)
    return record.display if record is not None else seller


NUMERALS = ("No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten", "Eleven", "Twelve")


def spelled(number_: int) -> str:
    """A small number as the first word of a title.

    >>> spelled(4), spelled(60)
    ('Four', '60')
    """
    return NUMERALS[number_] if 0 <= number_ < len(NUMERALS) else str(number_)


def change_usd(value: float) -> str:
    """A difference with its sign, in whole dollars.

    >>> change_usd(542.7), change_usd(-2045.2)
    ('+$543', '−$2,045')
    """
    return number(usd_whole(value)) if round(value) <= 0 else f"+{usd_whole(value)}"


def whole(value: float | None) -> str:
    """Whole dollars with a true minus."""
    return number(usd_whole(value))


def cents(value: float | None) -> str:
    """Dollars and cents with a true minus."""
    return number(usd_cents(value))


def short_usd(value: float | None) -> str:
    """Money with three significant digits and a true minus."""
    return number(usd(value))
