"""Two monthly bills subtracted: a straight line with steps, and the words for where it changes its sign."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from planner.engine.staircase import CostCurve, Staircase

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

TIE = 1e-12
"""Slopes that differ by less than this share of themselves are the same: floats carry no more."""


class Crossings(NamedTuple):
    """Where the verdict changes, in ascending order of volume, and how it ends."""

    requests: Floats
    """The first ones, as many as were asked for."""
    is_rising: Bools
    """True where the challenger becomes the cheaper, False where it ceases to be."""
    total: float
    """All of them; infinite where the bills cross for ever."""
    ends_cheaper: bool | None
    """Whether the challenger is the cheaper for good in the end; None where the bills cross for ever."""
    last_rising: float | None
    """The last volume at which the challenger becomes the cheaper; None without one, or where they cross for ever."""
    is_complete: bool
    """False where too many steps of several staircases would have to be looked at: ``total`` is then a least one."""


class BillDifference(NamedTuple):
    """Incumbent minus challenger: ``fixed + slope*N + sum of sign*usd_per_unit*units``."""

    fixed: float
    slope: float
    signs: tuple[float, ...]
    stairs: tuple[Staircase, ...]


def bill_difference(challenger: CostCurve, incumbent: CostCurve) -> BillDifference:
    """What is left of the two bills after staircases that stand on both sides, or never rise, are taken out."""
    fixed = incumbent.fixed_usd - challenger.fixed_usd
    slope = incumbent.usd_per_request - challenger.usd_per_request
    bare: list[tuple[float, Staircase]] = []
    for sign, curve in ((-1.0, challenger), (1.0, incumbent)):
        for stairs in curve.staircases:
            fixed += sign * stairs.base_usd
            slope += sign * stairs.usd_per_request
            steps = replace(stairs, base_usd=0.0, usd_per_request=0.0)
            if (-sign, steps) in bare:
                bare.remove((-sign, steps))
            elif steps.usd_per_unit == 0 or np.isinf(steps.requests_per_replica):
                fixed += sign * steps.usd_per_unit * int(steps.units(0))
            else:
                bare.append((sign, steps))
    return BillDifference(fixed, slope, tuple(sign for sign, _ in bare), tuple(steps for _, steps in bare))


def starts_cheaper(at_start: ArrayLike, slope: float) -> Bools:
    """The verdict just after the start of a piece, from the value that the piece has there."""
    value = np.asarray(at_start, np.float64)
    return np.asarray(value > 0 if slope < 0 else value >= 0)
