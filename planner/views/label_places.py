"""Where the labels of points go, so that none covers a point, a line or another label on a desktop or a phone."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from planner.views.chart_spec import Anchor

Floats = NDArray[np.float64]
CHARACTER_PX = 6.8
LINE_PX = 17.0
MARGIN_PX = 14.0
"""Beside the plot there is room for this much of a label."""
CLOSE_PX = 6.5
"""A point and what belongs to it, measured from its middle."""


class Place(NamedTuple):
    """A label's offset from its point in pixels (right and down are positive) and the side it is set from."""

    dx: float
    dy: float
    anchor: Anchor

    @property
    def is_far(self) -> bool:
        """Whether a thin line should join the label to its point."""
        return abs(self.dy) >= 30


class Room(NamedTuple):
    """Width and height of a plot in pixels."""

    width: float
    height: float


Shares = Sequence[tuple[float, float]]
"""Points as shares of the plot's width and height, from its top left."""

SIDES = (
    Place(11, 0, "left"), Place(-11, 0, "right"), Place(0, -17, "center"), Place(0, 17, "center"),
    Place(9, -14, "left"), Place(9, 14, "left"), Place(-9, -14, "right"), Place(-9, 14, "right"),
    Place(14, -30, "left"), Place(14, 30, "left"), Place(-14, -30, "right"), Place(-14, 30, "right"),
)
"""Close to the point; tried in this order, and the first that covers least is taken."""

LED = tuple(
    Place(dx, dy, "center") for dy in (-48, 48, -68, 68, -92, 92, -116, 116, -140, 140)
    for dx in (0, 44, -44, 72, -72, 100, -100)
)
"""Farther away, for labels that a thin line joins to their point."""


def place_labels(
    points: Shares, labels: Sequence[str], rooms: Sequence[Room], lines: Sequence[Shares] = (),
    sides: Sequence[Place] = SIDES, may_drop: Collection[int] = (),
) -> list[Place | None]:
    """A place for each label that suits every room; None for an empty one.

    A label of several lines holds line feeds. Those in ``may_drop`` stand close to their point or
    are left out (None) rather than cover anything.

    >>> place_labels([(0.1, 0.5), (0.12, 0.5)], ["", "right one"], [Room(300, 100)])
    [None, Place(dx=11, dy=0, anchor='left')]
    """
    taken = [_obstacles(points, lines, room) for room in rooms]
    places: list[Place | None] = []
    for number, ((across, down), label) in enumerate(zip(points, labels, strict=True)):
        best: Place | None = None
        least = np.inf
        for side in (() if not label else SIDES if number in may_drop else sides):
            harm = 0.0
            for room, boxes in zip(rooms, taken, strict=True):
                harm += _harm(_box(across * room.width, down * room.height, side, label), boxes, number, room)
            if harm < least:
                best, least = side, harm
            if harm == 0:
                break
        if best is not None and least > 0 and number in may_drop:
            best = None
        places.append(best)
        if best is not None:
            taken = [np.vstack([boxes, *_covered(across * room.width, down * room.height, best, label)])
                     for room, boxes in zip(rooms, taken, strict=True)]
    return places


def _obstacles(points: Shares, lines: Sequence[Shares], room: Room) -> Floats:
    """Boxes (left, top, right, bottom) of all points, in their order, then of the pieces of the lines."""
    at = np.array(points, float).reshape(-1, 2) * room
    boxes = [np.hstack([at - CLOSE_PX, at + CLOSE_PX])]
    for line in lines:
        corners = np.array(line, float).reshape(-1, 2) * room
        if len(corners) > 1:
            boxes.append(np.hstack([np.minimum(corners[:-1], corners[1:]) - 1.5,
                                    np.maximum(corners[:-1], corners[1:]) + 1.5]))
    return np.vstack(boxes)


def _box(x: float, y: float, place: Place, label: str) -> Floats:
    lines = label.split("\n")
    wide, high = CHARACTER_PX * max(map(len, lines)), LINE_PX * len(lines)
    left = x + place.dx - {"left": 0.0, "center": wide / 2, "right": wide}[place.anchor]
    top = y + place.dy - high / 2
    return np.array([left, top, left + wide, top + high])


def _covered(x: float, y: float, place: Place, label: str) -> tuple[Floats, ...]:
    """What a placed label takes: its box, and for one far away the thin line to its point."""
    if not place.is_far:
        return (_box(x, y, place, label),)
    along = np.linspace(0, 1, 13)[:, None] * (place.dx, place.dy) + (x, y)
    return _box(x, y, place, label), np.hstack([np.minimum(along[:-1], along[1:]) - 1.5,
                                                np.maximum(along[:-1], along[1:]) + 1.5])


def _harm(box: Floats, boxes: Floats, own: int, room: Room) -> float:
    """Pixels that are covered, and four times those that stick out."""
    over = np.clip(np.minimum(box[2:], boxes[:, 2:]) - np.maximum(box[:2], boxes[:, :2]), 0.0, None).prod(axis=1)
    over[own] = 0.0
    inside = np.clip(np.minimum(box[2:], (room.width + MARGIN_PX, room.height)) - np.maximum(box[:2], 0.0), 0.0, None)
    outside = float((box[2:] - box[:2]).prod() - inside.prod())
    return round(float(over.sum()) + 4 * max(outside, 0.0), 3)
