"""The fan, the tornado and the odds say what their figures say."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from planner.engine.forecast_bands import BudgetLine, Fan, MonthBands, ScenarioBands
from planner.engine.uncertainty import Band, Outlook, Risk, ScenarioRisk, Swing
from planner.views.chart_spec import ChartSpec
from planner.views.plotly_charts import INKS, figure
from planner.views.risk_charts import (
    end_shifts,
    fan_chart,
    odds_matrix,
    odds_rows,
    odds_table,
    odds_title,
    outlook_words,
    tornado_chart,
    tornado_rows,
)

MONTHS = (date(2026, 11, 25), date(2026, 12, 1), date(2027, 1, 1), date(2027, 2, 1))
NAN = float("nan")


def bands(p50: list[float], passed: list[float] | None = None, month: date | None = None, budget: float = 300.0
          ) -> ScenarioBands:
    """An invoice whose P10 is half of the middle and whose P90 is twice it."""
    middle = np.array(p50)
    points = MonthBands(middle / 2, middle, middle * 2)
    line = None if passed is None else BudgetLine(budget, np.array(passed), month)
    return ScenarioBands("Haiku", points, points, points, line, line)


def fan(of: ScenarioBands, budget: float | None = 300.0) -> Fan:
    return Fan(MONTHS, (of,), budget, 0.0, "Haiku")


PASSED = bands([100.0, 200.0, 400.0, 800.0], [0.0, 0.1, 0.62, 0.9], MONTHS[2])


def risk(*swings: Swing, confidence: str = "clear", chance: float = 0.96) -> Risk:
    """Haiku against Opus and a scenario without a price."""
    cheaper = np.array([[0.5, chance, NAN], [1.0 - chance, 0.5, NAN], [NAN, NAN, NAN]])
    scenarios = (
        ScenarioRisk("Haiku", "priced", Band(50.0, 100.0, 200.0), Band(60.0, 120.0, 240.0)),
        ScenarioRisk("Opus", "priced", Band(500.0, 600.0, 700.0), Band(510.0, 620.0, 730.0)),
        ScenarioRisk("Old", "retired", None, None),
    )
    return Risk(42, 10_000, scenarios, cheaper, "Haiku", "Opus", Band(100.0, 500.0, 900.0),
                confidence, swings, ())  # type: ignore[arg-type]


VOLUME = Swing("Requests of Triage", "requests", 90_000.0, 210_000.0, 300.0, 900.0, 80.0, 160.0)
ERROR = Swing("Error cost of Triage", "usd", 0.5, 9.0, 450.0, -50.0, 100.0, 700.0)


def test_the_fan_marks_the_month_of_crossing_with_its_probability() -> None:
    # Month 3 (January) is the first by which at least half of the outcomes are above $300.
    spec = fan_chart(fan(PASSED), "Haiku")
    mark, = spec.marks
    assert (mark.x, mark.y, mark.label) == (2.0, 300.0, "Jan 2027: 62 % chance")
    assert spec.title == "More likely than not, you pass $300 by Jan 2027"
    line, = spec.lines
    assert (line.at, line.axis, line.label, line.is_limit) == (300.0, "y", "Budget $300", True)


def test_the_fan_starts_at_zero_and_holds_every_point() -> None:
    spec = fan_chart(fan(PASSED), "Haiku")
    assert spec.y.low == 0.0
    assert spec.y.high is not None
    assert spec.y.high >= 1600.0
    assert [series.end_label for series in spec.series if series.end_label] == ["P90 $1,600", "P50 $800", "P10 $400"]
    outline = spec.series[0]
    assert outline.y == (200.0, 400.0, 800.0, 1600.0, 400.0, 200.0, 100.0, 50.0)


@pytest.mark.parametrize(
    ("passed", "month", "title"),
    [
        ([0.0, 0.0, 0.02, 0.08], None, "Very likely you stay below $300 until Feb 2027"),
        ([0.0, 0.1, 0.2, 0.4], None, "More likely than not, you stay below $300 until Feb 2027"),
        ([0.8, 0.8, 0.9, 0.9], MONTHS[0], "The invoice is above $300 from the start in 80 % of outcomes"),
    ],
)
def test_the_title_of_the_fan_follows_the_odds(passed: list[float], month: date | None, title: str) -> None:
    spec = fan_chart(fan(bands([100.0, 110.0, 120.0, 130.0], passed, month)), "Haiku")
    assert spec.title == title
    assert len(spec.marks) == (0 if month is None else 1)


@pytest.mark.parametrize(
    ("middle", "title"),
    [
        ([100.0, 200.0, 300.0, 400.0], "The invoice grows from $100 to $400 a month in the middle case"),
        ([400.0, 300.0, 200.0, 100.0], "The invoice falls from $400 to $100 a month in the middle case"),
        ([100.0] * 4, "The invoice stays at $100 a month in the middle case"),
        ([0.0] * 4, "Nothing is paid in any month"),
    ],
)
def test_without_a_budget_the_title_says_where_the_invoice_goes(middle: list[float], title: str) -> None:
    spec = fan_chart(fan(bands(middle), None), "Haiku")
    assert spec.title == title
    assert spec.lines == spec.marks == ()


def test_a_line_ends_where_a_price_is_missing() -> None:
    spec = fan_chart(fan(bands([100.0, 110.0, NAN, NAN]), None), "Haiku")
    assert len(spec.series[2].x) == 2
    assert spec.caption.endswith("a price is missing from Jan 2027 on.")
    assert fan_chart(fan(bands([NAN] * 4), None), "Haiku").is_empty


def test_the_answer_is_the_chance_or_the_range() -> None:
    assert outlook_words(Outlook(risk(), fan(PASSED)), "Haiku")[0] == (
        "90 % chance to pass $300 a month by Feb 2027; as likely as not by Jan 2027")
    said, more = outlook_words(Outlook(risk(), fan(bands([100.0, 200.0, 300.0, 400.0]), None)), "Haiku")
    assert said == "The invoice lies between $200 and $800 a month in Feb 2027, in 8 of 10 outcomes"
    assert more == "Enter a budget to see when the invoice would pass it."


def test_labels_at_the_end_of_the_fan_do_not_touch() -> None:
    # 10 and 5 pixels apart become 17 and 17; the middle label stays.
    upper, middle, lower = end_shifts([60.0, 50.0, 45.0], 17.0)
    assert (upper, middle, lower) == (-7.0, 0.0, 12.0)


def test_the_tornado_draws_the_lead_at_both_ends_from_the_middle() -> None:
    spec = tornado_chart(risk(VOLUME), 500.0)
    low, high = spec.series
    assert (low.x, high.x) == ((300.0,), (900.0,))
    assert (low.segment_labels, high.segment_labels) == (("90K",), ("210K",))
    assert (spec.lines[0].at, spec.lines[0].label) == (500.0, "middle $500")
    assert len(spec.lines) == 1  # nothing turns the answer, so no line of equality
    assert spec.title == "Requests of Triage matter most"
    bar = figure(spec).data[1]
    assert (bar.base, list(bar.x)) == (500.0, [400.0])


def test_an_input_that_turns_the_answer_is_the_finding_and_equality_is_drawn() -> None:
    spec = tornado_chart(risk(VOLUME, ERROR), 500.0)
    assert spec.title == "Only this would turn the answer: Error cost of Triage"
    assert [line.at for line in spec.lines] == [500.0, 0.0]
    assert spec.x.low is not None
    assert spec.x.low < -50.0
    rows = tornado_rows(risk(VOLUME, ERROR))
    assert rows["Turns the answer"].tolist() == ["no", "yes"]
    assert rows["High"].tolist() == ["210K", "$9.00"]


def test_an_answer_that_the_middle_values_already_turn_is_said() -> None:
    spec = tornado_chart(risk(ERROR), -20.0)
    assert spec.title == "Opus costs less with every input in its middle"
    rows = odds_rows(risk(confidence="too_close", chance=0.2)).set_index("Scenario")
    assert rows.loc["Opus", "How sure"] == "Likely cheaper"


def test_a_tornado_without_inputs_has_nothing_to_draw() -> None:
    assert tornado_chart(risk(), 500.0).is_empty


@pytest.mark.parametrize(
    ("confidence", "chance", "title"),
    [
        ("clear", 0.96, "Haiku is clearly cheaper than Opus"),
        ("likely", 0.8, "Haiku is likely cheaper than Opus"),
        ("too_close", 0.6, "Haiku or Opus: too close to call"),
        ("too_close", 0.2, "Opus costs less than Haiku in 80 % of outcomes"),
    ],
)
def test_odds_are_worded_by_how_sure_they_are(confidence: str, chance: float, title: str) -> None:
    assert odds_title(risk(confidence=confidence, chance=chance)) == title


def test_what_has_no_price_is_unknown_in_the_odds() -> None:
    rows = odds_rows(risk()).set_index("Scenario")
    assert list(rows.loc["Old"]) == ["–"] * 5
    assert list(rows.loc["Opus", ["Haiku costs less", "How sure"]]) == ["96 %", "Clear"]
    assert list(rows.loc["Haiku", ["Haiku costs less", "How sure"]]) == ["–", "–"]
    assert odds_table(risk())["Opus"][0] == 0.96
    assert odds_matrix(risk()).values.tolist() == [["Haiku", "–", "96 %"], ["Opus", "4 %", "–"]]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_both_pictures_are_drawn_in_the_theme(theme: str) -> None:
    specs: list[ChartSpec] = [fan_chart(fan(PASSED), "Haiku"), tornado_chart(risk(VOLUME, ERROR), 500.0)]
    ink = INKS[theme]  # type: ignore[index]
    for spec in specs:
        drawn = figure(spec, theme)  # type: ignore[arg-type]
        assert drawn.layout.font.color == ink.muted
        assert len(spec.alt) > 40
        assert "nan" not in f"{spec.title} {spec.alt}".casefold()
    assert figure(specs[0], theme).data[0].fillcolor == ink.band  # type: ignore[arg-type]
