"""Charts on paper: no word over another, none over a line, and bars that are as long as they say."""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET  # its own output, made a moment ago
from itertools import combinations

import pytest

from planner.engine.study import Study
from planner.report.basis import Basis
from planner.report.charts import chart_svg, draw_lines
from planner.report.content import build_report
from planner.report.document import Figure, Pair
from planner.report.drawing import ACCENT, HATCH, Box, Sheet, word_box, wrapped
from planner.report.drawing_bars import draw_bars
from planner.report.glyphs import text_width
from planner.report.sections.staircase_chart import staircase_chart
from planner.views.chart_spec import Axis, Bar, ChartSpec, Mark, Series
from tests.report.conftest import TODAY, category, study_of

SVG = "{http://www.w3.org/2000/svg}"


def figures(study: Study) -> list[Figure]:
    found = []
    for page in build_report(study, today=TODAY).pages:
        for block in page.blocks:
            parts = [block.left, block.right] if isinstance(block, Pair) else [block]
            found += [part for part in parts if isinstance(part, Figure)]
    return found


@pytest.fixture(scope="module")
def sheets(studies: dict[str, Study], example: Study) -> list[tuple[str, Sheet]]:
    """Every chart with axes of every template, drawn."""
    return [
        (f"{study.plan.name}: {figure.chart.name}", draw_lines(figure.chart, figure.width, figure.height))
        for study in (example, *studies.values())
        for figure in figures(study)
        if figure.chart.kind not in ("bars_stacked", "shares")
    ]


def test_no_word_lies_over_another_or_outside_the_sheet(sheets: list[tuple[str, Sheet]]) -> None:
    assert len(sheets) > 15
    for name, sheet in sheets:
        for one, other in combinations(sheet.words, 2):
            assert not shrunk(one).meets(shrunk(other)), name
        inside = Box(-0.5, -0.5, sheet.width + 0.5, sheet.height + 0.5)
        assert all(box.within(inside) for box in sheet.words), name


def shrunk(box: Box) -> Box:
    """Without the last half point, in which letters have no ink."""
    return Box(box.left + 0.5, box.top + 0.5, box.right - 0.5, box.bottom - 0.5)


def test_no_line_runs_through_a_label(sheets: list[tuple[str, Sheet]]) -> None:
    for name, sheet in sheets:
        crossed = [box for box in sheet.words if any(shrunk(box).is_crossed_by(*line) for line in sheet.strokes)]
        assert crossed == [], name


def test_names_are_text_and_never_markup() -> None:
    name = "<b>&\"x'</b> \x01"
    chart = ChartSpec(
        "c",
        "scatter",
        name,
        name,
        name,
        x=Axis(name, ticks=((0, name), (1, "1"))),
        y=Axis(ticks=((0, name),)),
        marks=(Mark(0.5, 0.5, name),),
        series=(Series(name, "chosen", (0.0, 1.0), (0.0, 1.0), end_label=name),),
    )
    texts = [each.text or "" for each in ET.fromstring(chart_svg(chart, 493, 200)).iter(f"{SVG}text")]  # noqa: S314
    assert any("<b>&\"x'</b> □" in text for text in texts)


def stack(lengths: list[float], others: list[float]) -> ChartSpec:
    bars = tuple(
        Bar(f"Option {i}", i == 0, f"${a + b:,.0f}") for i, (a, b) in enumerate(zip(lengths, others, strict=True))
    )
    return ChartSpec(
        "bars",
        "bars_stacked",
        "t",
        "c",
        "a",
        bars=bars,
        series=(
            Series("Chat", "category", tuple(lengths)),
            Series("Errors", "errors", tuple(others)),
        ),
    )


def bars_of(chart: ChartSpec) -> list[tuple[str, float, float]]:
    """Fill, left edge and width of every bar part, the legend's swatches left out."""
    root = ET.fromstring(draw_bars(chart, 493.0).svg())  # noqa: S314
    parts = [each for each in root.iter(f"{SVG}rect") if float(each.get("height", "0")) > 10]
    return [(str(each.get("fill")), float(each.get("x", "0")), float(each.get("width", "0"))) for each in parts]


def test_a_bar_is_as_long_as_its_figure_and_errors_are_hatched() -> None:
    # 100 + 100 against 300 + 0: the first bar's parts are equal, the second bar is three parts long
    parts = bars_of(stack([100.0, 300.0], [100.0, 0.0]))
    assert [fill for fill, _, _ in parts] == ["#0F2A47", HATCH, "#0F2A47"]
    first, errors, second = parts
    assert errors[2] == pytest.approx(first[2], abs=0.02)
    assert second[2] == pytest.approx(3 * first[2], abs=0.05)
    assert errors[1] == pytest.approx(first[1] + first[2], abs=0.02)


def test_a_bar_far_beyond_the_others_is_cut_and_the_others_keep_their_scale() -> None:
    parts = bars_of(stack([100.0, 120.0, 5000.0], [0.0, 0.0, 0.0]))
    widths = [width for _, _, width in parts]
    assert widths[1] / widths[0] == pytest.approx(1.2, abs=0.01)
    assert widths[2] < 1.2 * widths[1]
    assert "$5,000" in draw_bars(stack([100.0, 120.0, 5000.0], [0.0, 0.0, 0.0]), 493.0).svg()


def test_blue_is_for_the_recommended_option_alone(studies: dict[str, Study]) -> None:
    for study in studies.values():
        basis = Basis(study, TODAY, "0")
        if not basis.rivals or basis.best is None:
            continue
        chart = staircase_chart(basis)
        chosen = {series.name for series in chart.series if series.role == "chosen"}
        assert chosen <= {basis.label(basis.best)}


def test_the_staircase_costs_what_the_break_even_says_at_its_crossings(example: Study) -> None:
    basis = Basis(example, TODAY, "0")
    for each in basis.rivals:
        for crossing in each.invoice.crossings:
            at = crossing.requests_per_month
            below, above = (
                each.incumbent_curve.usd(v) - each.challenger_curve.usd(v) for v in (at * 0.999999, at * 1.000001)
            )
            assert (below < 0 <= above) == (crossing.direction == "rising")


def test_long_names_wrap_and_nothing_is_cut() -> None:
    name = "a" * 90 + " bb " + "客" * 40
    lines = wrapped(name, 100.0)
    assert "".join("".join(lines).split()) == "".join(name.split())
    assert max(text_width(line, 9.0) for line in lines) <= 100.0


def test_a_box_knows_what_crosses_it() -> None:
    box = Box(10, 10, 20, 20)
    assert box.is_crossed_by((0, 0), (30, 30))
    assert not box.is_crossed_by((0, 0), (9, 9))
    assert not box.is_crossed_by((0, 25), (30, 25))
    assert box.is_crossed_by((15, 0), (15, 30))


def test_width_of_text_is_that_of_the_font() -> None:
    # tabular figures of Source Sans 3 are 0.497 em wide
    assert text_width("1234567890", 10.0) == pytest.approx(49.7, abs=0.1)
    box = word_box(100, 50, ["12345"], "center", size=10.0)
    assert (box.left + box.right) / 2 == pytest.approx(100)


def test_a_sheet_of_nothing_is_still_a_picture() -> None:
    assert ET.fromstring(Sheet(10, 10).svg()).get("width") == "10"  # noqa: S314
    empty = ChartSpec("c", "curve", "t", "c", "a")
    assert "<svg" in chart_svg(empty, 493, 100)
    assert ACCENT not in chart_svg(empty, 493, 100)


def test_values_that_are_not_known_are_left_out() -> None:
    chart = ChartSpec(
        "c",
        "curve",
        "t",
        "c",
        "a",
        x=Axis(ticks=((0, "0"), (2, "2"))),
        y=Axis(ticks=((0, "0"), (2, "2"))),
        series=(Series("s", "chosen", (0.0, 1.0, 2.0), (0.0, math.nan, 2.0)),),
    )
    assert "nan" not in chart_svg(chart, 300, 100)


def test_one_category_needs_no_chart_of_shares() -> None:
    names = [figure.chart.name for figure in figures(study_of([category("Only")]))]
    assert "shares" not in names
    assert "shares" in [figure.chart.name for figure in figures(study_of([category("One"), category("Two")]))]
