"""A chart says what its figures say, and plotly draws what the description holds."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from planner.domain.plan import parse_plan
from planner.domain.templates import find_template
from planner.engine.crossover import Crossover
from planner.engine.study import Study, study
from planner.engine.sweep import split_sweep
from planner.views.chart_spec import ChartSpec
from planner.views.charts import break_even_chart, error_scatter, scenario_bars, split_chart, workload_shares
from planner.views.formatting import share, usd
from planner.views.plotly_charts import INKS, figure, inert

SMALL, LARGE = "claude-haiku-4-5", "claude-opus-4-5"


@pytest.fixture(scope="module")
def example() -> Study:
    return study(parse_plan(find_template("example").text), date(2026, 11, 25))


@pytest.fixture(scope="module")
def charts(example: Study) -> dict[str, ChartSpec]:
    evaluation, best = example.evaluation, example.recommendation.scenario
    sweep = split_sweep(evaluation.setting, SMALL, LARGE)
    found = example.self_host
    assert isinstance(found, Crossover)
    return {
        "bars": scenario_bars(evaluation, best), "shares": workload_shares(evaluation),
        "scatter": error_scatter(evaluation, best),
        "split": split_chart(sweep, SMALL, LARGE, 0.75, evaluation.setting.states),
        "break_even": break_even_chart(found),
    }


def test_the_parts_of_a_bar_add_up_to_the_total_at_its_end(charts: dict[str, ChartSpec]) -> None:
    bars = charts["bars"]
    for row, bar in enumerate(bars.bars):
        length = sum(series.x[row] for series in bars.series)
        assert bar.end_label == usd(length)
        assert length == pytest.approx(bars.table["total_usd"][row])


def test_bars_stand_by_rising_total_with_the_chosen_one_marked(charts: dict[str, ChartSpec], example: Study) -> None:
    bars = charts["bars"]
    totals = bars.table["total_usd"].tolist()
    assert totals == sorted(totals)
    assert [bar.is_chosen for bar in bars.bars].count(True) == 1
    assert len(bars.bars) <= 6
    assert example.plan.baseline_name in bars.table["scenario"].tolist()


def test_shares_of_a_row_add_up_to_one(charts: dict[str, ChartSpec]) -> None:
    for row in range(len(charts["shares"].bars)):
        assert sum(series.x[row] for series in charts["shares"].series) == pytest.approx(1.0)


def test_the_split_names_its_minimum_and_your_point(charts: dict[str, ChartSpec]) -> None:
    split = charts["split"]
    least = split.table.loc[split.table["total_usd"].idxmin()]
    you = split.table[np.isclose(split.table["small_share"], 0.75)].iloc[0]
    assert split.title.startswith(f"{share(least['small_share'])} is cheapest")
    labels = [mark.label for mark in split.marks]
    assert f"You: 75 %, {usd(you['total_usd'])}" in labels
    assert f"lowest: {share(least['small_share'])}, {usd(least['total_usd'])}" in labels


def test_the_break_even_picture_shows_today_and_the_distance(charts: dict[str, ChartSpec], example: Study) -> None:
    found, spec = example.self_host, charts["break_even"]
    assert isinstance(found, Crossover)
    today = found.invoice.today
    assert [line.at for line in spec.lines] == [today.requests_per_month]
    gap, = spec.gaps
    assert gap.high - gap.low == pytest.approx(abs(today.challenger_usd - today.incumbent_usd))
    own = next(series for series in spec.series if series.name == found.challenger.name)
    assert np.interp(today.requests_per_month, own.x, own.y) == pytest.approx(today.challenger_usd, rel=1e-3)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_plotly_draws_the_series_of_the_description_in_the_theme(charts: dict[str, ChartSpec], theme: str) -> None:
    for spec in charts.values():
        drawn = figure(spec, theme)  # type: ignore[arg-type]
        traces = {trace.name: trace for trace in drawn.data if trace.name}
        for series in spec.series:
            assert list(traces[inert(series.name)].x) == list(series.x)
            if series.y:
                assert list(traces[inert(series.name)].y) == list(series.y)
        assert drawn.layout.font.color == INKS[theme].muted  # type: ignore[index]
        assert drawn.layout.dragmode is False


def test_every_chart_says_itself_in_words_and_has_a_table(charts: dict[str, ChartSpec]) -> None:
    for spec in charts.values():
        assert len(spec.alt) > 40
        assert spec.title
        assert spec.caption.endswith(".")
        assert "nan" not in f"{spec.title} {spec.alt}".casefold()
    assert len(charts["bars"].table) == len(charts["bars"].bars)
