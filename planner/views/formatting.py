"""Numbers as text. The only place that rounds: screen, PDF and CSV show the same figure.

Money in headlines has three significant digits ($812; $4,120; $1.24M), in tables whole dollars or cents; tokens and
requests are K, M, B; a minus is the ASCII hyphen, because Streamlit reads the sign of a change from it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date

import numpy as np

MISSING = "–"

_STEPS = ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "K"))


def _significant(value: float, digits: int) -> float:
    return 0.0 if value == 0 else round(value, digits - 1 - math.floor(math.log10(abs(value))))


def _whole(value: float) -> int:
    """The nearest whole number, halves away from zero: $1,834.50 is $1,835 wherever it was summed up."""
    size = math.floor(abs(value) + 0.5 + 1e-6)
    return -size if value < 0 else size


def whole(value: float | None) -> float:
    """A figure as :func:`usd_whole` and :func:`count_whole` write it, for tables that write numbers by themselves.

    >>> whole(4257.5), whole(4731.84), whole(None)
    (4258.0, 4732.0, nan)
    """
    return math.nan if value is None or not math.isfinite(value) else float(_whole(value))


def usd(value: float | None) -> str:
    """Money for a headline: three significant digits, two below a dollar.

    >>> usd(812.4), usd(4118), usd(1_240_000), usd(0.0041), usd(-3069), usd(12.346), usd(None)
    ('$812', '$4,120', '$1.24M', '$0.0041', '-$3,070', '$12.30', '–')
    >>> usd(0.1), usd(0.25)
    ('$0.10', '$0.25')
    """
    if value is None or not math.isfinite(value):
        return MISSING
    sign, size = ("-" if value < 0 else ""), abs(value)
    rounded = _significant(size, 3 if size >= 1 else 2)
    if rounded == 0:
        return "$0"
    if rounded >= 1e6:
        return f"{sign}${_scaled(rounded, 3)}"
    if rounded >= 100:
        return f"{sign}${rounded:,.0f}"
    if rounded >= 1:
        return f"{sign}${rounded:,.2f}"
    whole, _, decimals = _plain(rounded).partition(".")
    return f"{sign}${whole}.{decimals.ljust(2, '0')}"


def usd_whole(value: float | None) -> str:
    """Money in a table of whole dollars.

    >>> usd_whole(4586.4), usd_whole(1834.5), usd_whole(-0.2), usd_whole(None)
    ('$4,586', '$1,835', '$0', '–')
    """
    if value is None or not math.isfinite(value):
        return MISSING
    rounded = _whole(value)
    return f"-${-rounded:,}" if rounded < 0 else f"${rounded:,}"


def usd_cents(value: float | None) -> str:
    """Money to the cent.

    >>> usd_cents(1520.4), usd_cents(-3.005)
    ('$1,520.40', '-$3.00')
    """
    if value is None or not math.isfinite(value):
        return MISSING
    rounded = round(value, 2) + 0.0
    return f"-${-rounded:,.2f}" if rounded < 0 else f"${rounded:,.2f}"


def usd_per_mtok(value: float | None) -> str:
    """A price per 1M tokens: two decimals, more where the price has more.

    >>> usd_per_mtok(5), usd_per_mtok(0.075), usd_per_mtok(None)
    ('$5.00', '$0.075', '–')
    """
    if value is None or not math.isfinite(value):
        return MISSING
    text = _plain(round(value, 6))
    whole, _, decimals = text.partition(".")
    return f"${int(whole):,}.{decimals.ljust(2, '0')}"


def _plain(value: float) -> str:
    text = f"{value:.12f}".rstrip("0").rstrip(".")
    return text or "0"


def _scaled(value: float, digits: int) -> str:
    for size, suffix in _STEPS:
        if value >= size * (1 - 0.5 * 10**-digits):
            return f"{_plain(_significant(value / size, digits))}{suffix}"
    return _plain(_significant(value, digits))


def count(value: float | None) -> str:
    """Requests or tokens for a headline, K, M, B with at most three digits.

    >>> count(412_000), count(7_712_000), count(999_999), count(312), count(0)
    ('412K', '7.71M', '1M', '312', '0')
    """
    if value is None or not math.isfinite(value):
        return MISSING
    return f"-{_scaled(-value, 3)}" if value < 0 else _scaled(value, 3) if value >= 1000 else _plain(
        _significant(value, 3)
    )


def count_whole(value: float | None) -> str:
    """A count in a table.

    >>> count_whole(6967.8)
    '6,968'
    """
    return MISSING if value is None or not math.isfinite(value) else f"{_whole(value):,}"


def share(value: float | None) -> str:
    """A share in per cent, without decimals from 10 % on and with one below.

    >>> share(0.67), share(0.0132), share(0.08), share(0.0), share(-0.6)
    ('67 %', '1.3 %', '8 %', '0 %', '-60 %')
    """
    if value is None or not math.isfinite(value):
        return MISSING
    percent = value * 100
    digits = 0 if abs(percent) >= 9.95 or percent == 0 else 1 if abs(percent) >= 0.095 else 2
    text = f"{percent:.{digits}f}"
    text = text.rstrip("0").rstrip(".") if digits else text
    return f"{'0' if float(text) == 0 else text} %"


def times(value: float | None) -> str:
    """A multiple.

    >>> times(0.27), times(3.7), times(19.4)
    ('0.27×', '3.7×', '19×')
    """
    if value is None or not math.isfinite(value):
        return MISSING
    return f"{_plain(_significant(value, 2))}×"


def seconds(value: float | None) -> str:
    """A time: two digits, whole seconds from ten on.

    >>> seconds(0.456), seconds(2.44), seconds(93.6), seconds(None)
    ('0.46 s', '2.4 s', '94 s', '–')
    """
    if value is None or not math.isfinite(value):
        return MISSING
    return f"{_whole(value)} s" if value >= 9.95 else f"{_plain(_significant(value, 2))} s"


def day(value: date | None) -> str:
    """A day as people write it.

    >>> day(date(2026, 11, 5))
    '5 Nov 2026'
    """
    return MISSING if value is None else f"{value.day} {value:%b %Y}"


def month(value: date) -> str:
    """A month.

    >>> month(date(2028, 10, 1))
    'Oct 2028'
    """
    return f"{value:%b %Y}"


def in_cents(parts: Sequence[float]) -> list[float]:
    """Amounts rounded to cents so that they still add up to the rounded total (largest remainder).

    >>> in_cents([0.335, 0.335, 0.33])
    [0.34, 0.33, 0.33]
    """
    return rounded_parts(parts, 2)


def rounded_parts(parts: Sequence[float], digits: int) -> list[float]:
    """Parts rounded to ``digits`` so that they add up to the rounded total; what is not finite stays as it is."""
    values = np.asarray(parts, float)
    known = np.isfinite(values)
    scaled = values[known] * 10.0**digits
    # a little over the edge of a float is not over the edge: 2.0000000000000004 counts as 2
    floors = np.floor(scaled + 1e-6)
    missing = round(float(scaled.sum())) - int(floors.sum())
    order = np.argsort(-(scaled - floors), kind="stable")
    if missing > 0:
        floors[order[:missing]] += 1
    result = values.copy()
    result[known] = np.round(floors / 10.0**digits, digits)
    return [float(value) for value in result]


def listed(names: Sequence[str], last: str = "and") -> str:
    """Names in a sentence.

    >>> listed(["a"]), listed(["a", "b"]), listed(["a", "b", "c"])
    ('a', 'a and b', 'a, b and c')
    """
    return "".join(names) if len(names) < 2 else f"{', '.join(names[:-1])} {last} {names[-1]}"


def plural(number: float, one: str, many: str | None = None) -> str:
    """A count with its noun.

    >>> plural(1, "category", "categories"), plural(3, "model")
    ('1 category', '3 models')
    """
    return f"{count(number)} {one if number == 1 else (many or one + 's')}"
