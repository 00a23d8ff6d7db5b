"""Labels in charts: none covers a point, a line or another label, on a desktop or a phone."""

from __future__ import annotations

import math
from datetime import date

import numpy as np
import pandas as pd
import pytest

from planner.domain.plan import parse_plan
from planner.domain.templates import find_template
from planner.engine.evaluate import make_setting
from planner.engine.sweep import split_sweep
from planner.views.chart_spec import ChartSpec, Mark
from planner.views.charts import model_scatter, split_chart
from planner.views.label_places import Place, Room, place_labels
from pricing.catalog import load_catalog

DAY = date(2026, 11, 25)
CHARACTER, LINE = 6.0, 14.0
"""A letter and a line as narrow as they are drawn, in pixels; what is planned for is a little more."""


def box(mark: Mark, x: float, y: float, lines: list[str]) -> tuple[float, float, float, float]:
    wide, high = CHARACTER * max(map(len, lines)), LINE * len(lines)
    left = x + mark.dx - {"left": 0.0, "center": wide / 2, "right": wide}[mark.anchor]
    return left, y + mark.dy - high / 2, left + wide, y + mark.dy + high / 2


def holds(rectangle: tuple[float, float, float, float], x: float, y: float) -> bool:
    return rectangle[0] < x < rectangle[2] and rectangle[1] < y < rectangle[3]


def meet(one: tuple[float, float, float, float], other: tuple[float, float, float, float]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def models(seed: int, many: int) -> pd.DataFrame:
    """A cloud of models, three of them in the plan."""
    random = np.random.default_rng(seed)
    return pd.DataFrame({
        "model": [f"Model {i} of a Vendor" for i in range(many)],
        "monthly_usd": np.exp(random.uniform(math.log(20), math.log(20_000), many)),
        "error_rate": 0.02 + 0.06 * random.random(many) ** 2,
        "in_plan": [i < 3 for i in range(many)],
    })


def drawn(spec: ChartSpec, room: Room) -> list[tuple[Mark, float, float]]:
    low, high = math.log(spec.y.low or 1), math.log(spec.y.high or 1)
    return [(mark, mark.x / (spec.x.high or 1) * room.width, (high - math.log(mark.y)) / (high - low) * room.height)
            for mark in spec.marks]


@pytest.mark.parametrize("seed", range(5))
def test_a_cloud_of_models_names_those_of_the_plan_and_at_most_four_more(seed: int) -> None:
    spec = model_scatter(models(seed, 90))
    named = [mark for mark in spec.marks if mark.label]
    assert {mark.label for mark in named if mark.role == "chosen"} == {f"Model {i} of a Vendor" for i in range(3)}
    others = [mark for mark in named if mark.role == "context"]
    assert len(others) <= 4
    assert len(spec.marks) == 90
    assert all(mark.hover for mark in spec.marks)
    for room in (Room(1050, 330), Room(250, 330)):
        places = drawn(spec, room)
        boxes = {id(mark): box(mark, x, y, [mark.label]) for mark, x, y in places if mark.label}
        for mark in others:
            covered = [one for one, x, y in places if one is not mark and holds(boxes[id(mark)], x, y)]
            assert covered == [], (room, mark.label)
            assert not [other for other in named if other is not mark and meet(boxes[id(mark)], boxes[id(other)])]


@pytest.mark.parametrize("share", [0.0, 0.1, 0.4, 0.75, 0.95, 1.0])
@pytest.mark.parametrize("room", [Room(600, 310), Room(165, 310)], ids=["desktop", "phone"])
def test_the_split_curve_runs_through_no_label(share: float, room: Room) -> None:
    small, large = "claude-haiku-4-5", "claude-opus-4-5"
    setting = make_setting(parse_plan(find_template("example").text), DAY, [], load_catalog(), (small, large))
    spec = split_chart(split_sweep(setting, small, large), small, large, share, setting.states)
    top = spec.y.high or 1.0
    boxes = []
    for mark in spec.marks:
        rectangle = box(mark, mark.x * room.width, (1 - mark.y / top) * room.height, mark.label.rsplit(", ", 1))
        for line in spec.series:
            across = np.linspace(0, 1, 2001)
            heights = np.interp(across, line.x, line.y)
            hits = [x for x, y in zip(across * room.width, (1 - heights / top) * room.height, strict=True)
                    if holds(rectangle, x, y)]
            assert hits == [], (mark.label, line.name)
        boxes.append(rectangle)
    assert len(boxes) < 2 or not meet(boxes[0], boxes[1])


def test_lines_that_end_together_share_a_label() -> None:
    # All to the small model: whether the easiest go first or not, every request goes there.
    small, large = "claude-haiku-4-5", "claude-opus-4-5"
    setting = make_setting(parse_plan(find_template("example").text), DAY, [], load_catalog(), (small, large))
    spec = split_chart(split_sweep(setting, small, large), small, large, 0.5, setting.states)
    assert [each.end_label for each in spec.series] == ["Invoice only", "", "Total; dotted: at random"]


def test_a_label_that_may_be_dropped_is_dropped_where_it_would_cover_something() -> None:
    # Nine points 6 px apart leave no room beside the one in the middle; alone it has room on its right.
    crowd = [(x, y) for x in (0.44, 0.5, 0.56) for y in (0.44, 0.5, 0.56)]
    room = [Room(100, 100)]
    labels = ["middle one" if point == (0.5, 0.5) else "" for point in crowd]
    assert place_labels(crowd, labels, room, may_drop=range(9)) == [None] * 9
    assert place_labels([(0.2, 0.5)], ["middle one"], room, may_drop=range(9)) != [None]


def test_a_chart_can_be_kept_by_what_it_says() -> None:
    # What is drawn is remembered under the description, so equal descriptions must be one key.
    one, other, third = model_scatter(models(1, 30)), model_scatter(models(1, 30)), model_scatter(models(2, 30))
    assert hash(one) == hash(other)
    assert one == other
    assert one != third


def test_the_line_to_a_label_is_kept_free_too() -> None:
    # The second label cannot stand above, where the third point is; on its left runs the line to the first label.
    left, right, above = Place(-11, 0, "right"), Place(11, 0, "left"), Place(0, -48, "center")
    points, room = [(0.5, 0.8), (0.56, 0.65), (0.56, 0.41)], [Room(200, 200)]
    assert place_labels(points, ["", "beside", ""], room, sides=(above, left, right)) == [None, left, None]
    assert place_labels(points, ["up", "beside", ""], room, sides=(above, left, right)) == [above, right, None]
