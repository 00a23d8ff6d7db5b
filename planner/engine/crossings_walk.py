"""Crossings of two bills with several staircases between them: the volumes in question, walked through in blocks.

Why nothing outside of those volumes can cross is said in :mod:`planner.engine.crossings`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from planner.engine.bill_difference import TIE, BillDifference, Crossings, starts_cheaper
from planner.engine.staircase import SLACK

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

BLOCK_STEPS = 32_768
MOST_BLOCKS = 32
"""Blocks that are walked through at most, a million steps; further crossings are then not counted."""


class _Strip(NamedTuple):
    """Lines between which every staircase stays, and with them the difference of the bills."""

    difference: BillDifference
    first_units: Floats
    per_request: Floats
    """Units per request in the long run."""
    lowest: Floats
    highest: Floats
    """Least and most units above that line."""

    def at(self, requests: float) -> tuple[float, float]:
        """Lower and upper bound of the difference, with room for rounding."""
        stairs, signs = self.difference.stairs, np.array(self.difference.signs)
        usd = np.array([steps.usd_per_unit for steps in stairs])
        lower = usd * np.maximum(self.first_units, self.per_request * requests + self.lowest)
        upper = usd * np.maximum(self.first_units, self.per_request * requests + self.highest)
        line = self.difference.fixed + self.difference.slope * requests
        room = TIE * (abs(self.difference.fixed) + abs(self.difference.slope) * requests + float(upper.sum()))
        low = line + float(np.where(signs > 0, lower, -upper).sum())
        high = line + float(np.where(signs > 0, upper, -lower).sum())
        return low - room, high + room

    @property
    def knots(self) -> list[float]:
        """0 and the volumes at which a bound bends; between two of them, and beyond the last, bounds are straight."""
        bends = np.concatenate([self.first_units - self.lowest, self.first_units - self.highest])
        places = bends / np.concatenate([self.per_request, self.per_request])
        return [0.0, *sorted({float(place) for place in places if place > 0})]


def _strip(difference: BillDifference) -> _Strip:
    first, slopes, lowest, highest = [], [], [], []
    for steps in difference.stairs:
        index = np.arange(steps.period_steps + 1)
        slope = steps.period_units / (steps.period_replicas * steps.requests_per_replica)
        units, ends = steps.units(index).astype(np.float64), steps.up_to(index)
        first.append(units[0])
        slopes.append(slope)
        lowest.append((units[1:] - slope * ends[1:]).min())
        highest.append((units[1:] - slope * ends[:-1]).max())
    return _Strip(difference, np.array(first), np.array(slopes), np.array(lowest), np.array(highest))


def _below_zero(start: float, end: float, at_start: float, at_end: float) -> tuple[float, float]:
    """Where a straight line is at most 0 between two places; an empty stretch where it is not. The end may be endless:
    then ``at_end`` is the value one unit of length ``max(1, start)`` further on."""
    length = max(1.0, start) if np.isinf(end) else end - start
    slope = (at_end - at_start) / length
    if at_start <= 0:
        stops = start + at_start / -slope if slope > 0 else np.inf
        return start, min(end, stops)
    return (start + at_start / -slope if slope < 0 else np.inf), end


def _windows(strip: _Strip) -> list[tuple[float, float]]:
    """The stretches of volume in which the verdict is not certain from the bounds; the last may be endless."""
    knots = strip.knots
    found: list[tuple[float, float]] = []
    for start, end in zip(knots, [*knots[1:], np.inf], strict=True):
        (low, high), further = strip.at(start), strip.at(start + max(1.0, start) if np.isinf(end) else end)
        from_low, to_low = _below_zero(start, end, low, further[0])
        from_high, to_high = _below_zero(start, end, -high, -further[1])
        begins, finishes = max(from_low, from_high), min(to_low, to_high)
        if begins < finishes:
            if found and found[-1][1] >= begins:
                begins = found.pop()[0]
            found.append((begins, finishes))
    return found


class _Block(NamedTuple):
    """The crossings strictly inside a stretch of volume, and the verdicts at its two ends."""

    requests: Floats
    is_rising: Bools
    at_start: bool
    at_end: bool


def _block(difference: BillDifference, begins: float, finishes: float) -> _Block:
    """Crossings between two volumes: pieces between the merged boundaries, each straight, with exact whole units."""
    boundaries, first_steps = [], []
    for steps in difference.stairs:
        first = int(steps.step_at(begins))
        first += int(steps.up_to(first) <= begins)
        boundaries.append(steps.up_to(np.arange(first, int(steps.step_at(finishes)))))
        first_steps.append(first)
    boundaries = _together(boundaries, difference)
    inner = np.unique(np.concatenate(boundaries))
    starts, ends = np.append(begins, inner), np.append(inner, finishes)
    level = np.full(len(starts), difference.fixed)
    for sign, steps, own, first in zip(difference.signs, difference.stairs, boundaries, first_steps, strict=True):
        level += sign * steps.usd_per_unit * steps.units(first + np.searchsorted(own, starts, side="right"))
    at_start = starts_cheaper(level + difference.slope * starts, difference.slope)
    at_end = level + difference.slope * ends >= 0
    changes, rising = np.empty(2 * len(starts) - 1, np.bool_), np.empty(2 * len(starts) - 1, np.bool_)
    changes[0::2], rising[0::2] = at_start != at_end, at_end
    changes[1::2], rising[1::2] = at_end[:-1] != at_start[1:], at_start[1:]
    places = np.empty(len(changes))
    roots = -level / difference.slope if difference.slope else ends
    places[0::2], places[1::2] = np.clip(roots, starts, ends), inner
    return _Block(places[changes], rising[changes], bool(at_start[0]), bool(at_end[-1]))


def _together(boundaries: list[Floats], difference: BillDifference) -> list[Floats]:
    """The boundaries of each staircase, those that coincide but for the slack of the ceiling put in one place.

    Endpoints of one kind often step at the same volume, say one with half of the traffic of the other. The slack is a
    share of a replica, so that their boundaries then lie a tiny fraction of a request apart; no volume lies in between.
    """
    carries = [steps.requests_per_replica for steps in difference.stairs]
    near = min(2.0 * SLACK * max(carries), 1e-3 * min(carries))
    merged = np.sort(np.concatenate(boundaries))
    if not merged.size:
        return boundaries
    is_last = np.append(np.diff(merged) > near, True)
    places = merged[is_last]
    return [places[np.searchsorted(places, own)] for own in boundaries]


def _blocks(windows: list[tuple[float, float]], width: float, backwards: bool = False) -> Iterator[tuple[float, float]]:
    """The windows cut into stretches of at most ``width``, from below or from above."""
    for begins, finishes in reversed(windows) if backwards else windows:
        place = finishes if backwards else begins
        while place > begins if backwards else place < finishes:
            further = max(begins, place - width) if backwards else min(finishes, place + width)
            yield (further, place) if backwards else (place, further)
            place = further


class _Seen(NamedTuple):
    """What a walk upwards has met."""

    requests: Floats
    is_rising: Bools
    total: int
    last_rising: float | None
    last_place: float
    is_cheaper: bool | None
    """The verdict at its end; None where it went nowhere."""


def _seen(difference: BillDifference, stretches: Iterable[tuple[float, float]], most: int, beyond: float) -> _Seen:
    """Crossings over stretches in ascending order; ends early with ``most`` of them and one above ``beyond``."""
    requests: list[Floats] = []
    rising: list[Bools] = []
    total, listed, last_rising, last_place = 0, 0, None, 0.0
    verdict: bool | None = None
    for begins, finishes in stretches:
        block = _block(difference, begins, finishes)
        places, ups = block.requests, block.is_rising
        if verdict is not None and verdict != block.at_start:
            places, ups = np.append(begins, places), np.append(block.at_start, ups)
        verdict = block.at_end
        total += len(places)
        if ups.any():
            last_rising = float(places[ups][-1])
        if len(places):
            last_place = float(places[-1])
            requests.append(places[: most - listed])
            rising.append(ups[: most - listed])
            listed += len(requests[-1])
        if listed >= most and last_place > beyond:
            break
    return _Seen(np.concatenate([np.empty(0), *requests]), np.concatenate([np.empty(0, np.bool_), *rising]), total,
                 last_rising, last_place, verdict)


def _last_rising(difference: BillDifference, stretches: Iterable[tuple[float, float]], otherwise: float) -> float:
    """The last rising crossing over stretches in descending order, or ``otherwise`` where they hold none."""
    above: bool | None = None
    for begins, finishes in stretches:
        block = _block(difference, begins, finishes)
        if above and not block.at_end:
            return finishes
        if block.is_rising.any():
            return float(block.requests[block.is_rising][-1])
        above = block.at_start
    return otherwise


def walked(difference: BillDifference, most: int) -> Crossings:
    """All crossings of bills with several staircases between them.

    Where the long-run slopes lie so close together that millions of steps are in question, the first ``most`` and the
    last rising one are looked for from both ends, and what lies between is not counted. Where the slopes are the same,
    bills that have crossed beyond their first steps do so for ever, since the pattern of the steps comes back.
    """
    strip = _strip(difference)
    windows = _windows(strip)
    density = sum(steps.period_steps / (steps.period_replicas * steps.requests_per_replica)
                  for steps in difference.stairs)
    width = BLOCK_STEPS / density
    blocks = sum(1.0 + (finishes - begins) / width for begins, finishes in windows)
    end = windows[-1][1] if windows else 0.0
    if np.isinf(end):
        seen = _seen(difference, islice(_blocks(windows, width), MOST_BLOCKS), most, strip.knots[-1])
        if seen.last_place > strip.knots[-1]:
            return Crossings(seen.requests, seen.is_rising, np.inf, None, None, True)
        return Crossings(seen.requests, seen.is_rising, seen.total, seen.is_cheaper, seen.last_rising, False)
    ends_cheaper = strip.at(1.0 + 2.0 * max(end, strip.knots[-1]))[0] > 0
    if blocks <= MOST_BLOCKS:
        seen = _seen(difference, _blocks(windows, width), most, np.inf)
        return Crossings(seen.requests, seen.is_rising, seen.total, ends_cheaper, seen.last_rising, True)
    seen = _seen(difference, islice(_blocks(windows, width), MOST_BLOCKS // 2), most, np.inf)
    backwards = islice(_blocks(windows, width, backwards=True), MOST_BLOCKS)
    last = _last_rising(difference, backwards, otherwise=end)
    return Crossings(seen.requests, seen.is_rising, seen.total, ends_cheaper, last, False)
