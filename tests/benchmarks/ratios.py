"""Two things timed in turn in one run, so that a busy machine slows both and their ratio holds."""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median


def seconds(action: Callable[[], object], repeats: int = 1) -> float:
    """Seconds of one call, as the mean of ``repeats`` in a row."""
    start = time.perf_counter()
    for _ in range(repeats):
        action()
    return (time.perf_counter() - start) / repeats


def ratio(
    measured: Callable[[], object], against: Callable[[], object], *, repeats: int = 1, against_repeats: int = 1,
    rounds: int = 15,
) -> float:
    """Median over rounds of one call of ``measured`` over one call of ``against``, taken in turn after a warm-up."""
    measured(), against()
    pairs = [(seconds(measured, repeats), seconds(against, against_repeats)) for _ in range(rounds)]
    return median(mine / other for mine, other in pairs)
