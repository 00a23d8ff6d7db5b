"""Ticks at round values, written the way people read them."""

from __future__ import annotations

import math

from planner.views.formatting import count, share

Ticks = tuple[tuple[float, str], ...]


def usd_tick(value: float) -> str:
    """Dollars at an axis: whole below ten thousand, K and M above.

    >>> usd_tick(0), usd_tick(2500), usd_tick(20_000), usd_tick(1_500_000), usd_tick(0.25)
    ('$0', '$2,500', '$20K', '$1.5M', '$0.25')
    """
    if value >= 10_000:
        return f"${count(value)}"
    return f"${value:,.0f}" if value >= 1 or value == 0 else f"${value:.2g}"


def top_and_step(highest: float, wanted: int = 5) -> tuple[float, float]:
    """The round value above ``highest`` and the step that leads there in about ``wanted`` steps.

    >>> top_and_step(5870), top_and_step(59_000, 3), top_and_step(0)
    ((6000.0, 2000.0), (60000.0, 20000.0), (1.0, 1.0))
    """
    if not highest > 0 or not math.isfinite(highest):
        return 1.0, 1.0
    rough = highest / wanted
    size = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * size for factor in (1, 2, 2.5, 5, 10) if factor * size >= rough * (1 - 1e-9))
    return math.ceil(highest / step - 1e-9) * step, step


def usd_ticks(highest: float, wanted: int = 4) -> Ticks:
    """Ticks from $0 to the round value above ``highest``.

    >>> usd_ticks(5870)
    ((0.0, '$0'), (2000.0, '$2,000'), (4000.0, '$4,000'), (6000.0, '$6,000'))
    """
    top, step = top_and_step(highest, wanted)
    return tuple((i * step, usd_tick(i * step)) for i in range(round(top / step) + 1))


def share_ticks(highest: float, wanted: int = 5) -> Ticks:
    """Ticks of a share from 0 to the round value above ``highest``.

    >>> share_ticks(1.0, 4)
    ((0.0, '0 %'), (0.25, '25 %'), (0.5, '50 %'), (0.75, '75 %'), (1.0, '100 %'))
    """
    top, step = top_and_step(highest, wanted)
    return tuple((i * step, share(i * step)) for i in range(round(top / step) + 1))


def log_ticks(low: float, high: float, text: str = "count") -> Ticks:
    """Ticks of a log axis at 1, 2 and 5 times powers of ten, only powers of ten over more than three decades.

    >>> [shown for _, shown in log_ticks(2e5, 16e6)]
    ['200K', '500K', '1M', '2M', '5M', '10M']
    """
    if not 0 < low < high:
        return ()
    decades = math.log10(high / low)
    factors = (1, 2, 5) if decades <= 3 else (1,)
    every = 1 if decades <= 8 else math.ceil(decades / 8)
    values = [
        factor * 10.0**power
        for power in range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
        for factor in factors
        if (power % every == 0 or len(factors) > 1)
    ]
    write = usd_tick if text == "usd" else count
    return tuple((value, write(value)) for value in values if low * (1 - 1e-9) <= value <= high * (1 + 1e-9))
