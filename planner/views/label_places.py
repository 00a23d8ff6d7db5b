"""Where the labels of points go, so that none covers a point, a line or another label."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from planner.views.chart_spec import Anchor

CHARACTER_PX = 6.6
LINE_PX = 16.0


class Place(NamedTuple):
    """A label's offset from its point in pixels (right and down are positive) and the side it is set from."""

    dx: float
    dy: float
    anchor: Anchor


SIDES = (
    Place(11, 0, "left"), Place(-11, 0, "right"), Place(0, -16, "center"), Place(0, 16, "center"),
    Place(9, -14, "left"), Place(9, 14, "left"), Place(-9, -14, "right"), Place(-9, 14, "right"),
    Place(14, -30, "left"), Place(14, 30, "left"), Place(-14, -30, "right"), Place(-14, 30, "right"),
)
"""Tried in this order; the first that covers least is taken."""


class _Box(NamedTuple):
    left: float
    top: float
    right: float
    bottom: float


def place_labels(
    points: Sequence[tuple[float, float]], labels: Sequence[str], width: float, height: float,
    lines: Sequence[tuple[tuple[float, float], tuple[float, float]]] = (),
) -> list[Place]:
    """A place for each label; ``points`` and the ends of ``lines`` are in pixels from the top left of the plot.

    >>> place_labels([(50, 50), (60, 50)], ["left one", "right one"], 300, 100)[1]
    Place(dx=11, dy=0, anchor='left')
    """
    taken = [_Box(x - 8, y - 8, x + 8, y + 8) for x, y in points]
    taken += [
        _Box(min(a[0], b[0]) - 1, min(a[1], b[1]) - 1, max(a[0], b[0]) + 1, max(a[1], b[1]) + 1) for a, b in lines
    ]
    places: list[Place] = []
    frame = _Box(0, 0, width, height)
    for number, ((x, y), label) in enumerate(zip(points, labels, strict=True)):
        if not label:
            places.append(SIDES[0])
            continue
        others = [box for i, box in enumerate(taken) if i != number]
        sides = [side for side in SIDES if _has_room(side, x / width)]
        best = min(sides, key=lambda side: (_harm(_box(x, y, side, label), others, frame), SIDES.index(side)))
        places.append(best)
        taken.append(_box(x, y, best, label))
    return places


def _has_room(side: Place, place: float) -> bool:
    """Whether a label on this side stays inside on a screen of half the width."""
    return place < 0.6 if side.anchor == "left" else place > 0.4 if side.anchor == "right" else 0.2 < place < 0.8


def _box(x: float, y: float, place: Place, label: str) -> _Box:
    wide = CHARACTER_PX * len(label)
    left = x + place.dx - {"left": 0.0, "center": wide / 2, "right": wide}[place.anchor]
    middle = y + place.dy
    return _Box(left, middle - LINE_PX / 2, left + wide, middle + LINE_PX / 2)


def _harm(box: _Box, others: Sequence[_Box], frame: _Box) -> float:
    covered = sum(_overlap(box, other) for other in others)
    inside = _overlap(box, frame)
    outside = max((box.right - box.left) * (box.bottom - box.top) - inside, 0.0)
    return round(covered + 4 * outside, 3)


def _overlap(one: _Box, other: _Box) -> float:
    wide = min(one.right, other.right) - max(one.left, other.left)
    high = min(one.bottom, other.bottom) - max(one.top, other.top)
    return max(wide, 0.0) * max(high, 0.0)
