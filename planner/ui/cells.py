"""Numbers as people type them into cells and fields, and as they are shown there: shares in per cent, money in dollars.

What can be read in two ways is refused, never guessed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from planner.domain.quantities import Quantity, Range, parse_number
from pricing.errors import InputError, Problem, quoted

Read = Callable[[str, str], float]


def read_count(text: str, place: str) -> float:
    """A count: 12M, 1.5B, 250k, 1,200,000.

    >>> read_count("1.5B", "cell")
    1500000000.0
    """
    if "%" in text:
        raise InputError(Problem(place, quoted(text, 40), "a count", "Write digits, such as 250000 or 250k."))
    return parse_number(text, place, "a count")


def read_usd(text: str, place: str) -> float:
    """Money: 0.10, $2, 1.2k."""
    if "%" in text:
        raise InputError(Problem(place, quoted(text, 40), "an amount in dollars", "Write it as $0.10."))
    return parse_number(text, place, "an amount in dollars")


def read_plain(text: str, place: str) -> float:
    """A plain number, such as a factor."""
    if "%" in text or "$" in text:
        raise InputError(Problem(place, quoted(text, 40), "a number", "Write it as 1.5."))
    return parse_number(text, place)


def read_share(text: str, place: str) -> float:
    """A share in per cent: ``20 %``, ``20``, ``2.5``. From 0 to 1 without the sign it could be either, and is refused.

    >>> read_share("20", "cell"), read_share("0.5 %", "cell"), read_share("0", "cell")
    (0.2, 0.005, 0.0)
    """
    if "$" in text:
        raise InputError(Problem(place, quoted(text, 40), "a share", "Write it as 20 %."))
    has_sign = text.rstrip().endswith("%")
    value = parse_number(text.rstrip().removesuffix("%"), place, "a share")
    if 0 < value <= 1 and not has_sign:
        number = text.strip()
        raise InputError(
            Problem(place, f"{quoted(number, 40)} can mean {number} % or {value * 100:g} %", "",
                    f"Write {number} % or {value * 100:g} %.")
        )
    share = value / 100
    if share > 1 + 1e-12:
        raise InputError(Problem(place, f"{share * 100:,.6g} %", "a share", "Write 0 to 100."))
    return share


def write_count(value: float) -> str:
    """
    >>> write_count(150_000.0), write_count(37.5)
    ('150,000', '37.5')
    """
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.10g}"


def write_share(value: float) -> str:
    """
    >>> write_share(0.125), write_share(0.5)
    ('12.5 %', '50 %')
    """
    return f"{value * 100:.8g} %"


def write_usd(value: float) -> str:
    """
    >>> write_usd(0.1), write_usd(50), write_usd(0.0041)
    ('$0.10', '$50.00', '$0.0041')
    """
    exact = f"{value:,.10g}"
    decimals = exact.partition(".")[2]
    return f"${exact}" if len(decimals) > 2 else f"${value:,.2f}"


def write_plain(value: float) -> str:
    """
    >>> write_plain(1.0), write_plain(1.25)
    ('1', '1.25')
    """
    return f"{value:.10g}"


READERS: dict[str, Read] = {"count": read_count, "share": read_share, "usd": read_usd, "plain": read_plain}
WRITERS: dict[str, Callable[[float], str]] = {
    "count": write_count, "share": write_share, "usd": write_usd, "plain": write_plain,
}
BAR = "|"


def read_quantity(kind: str, text: str, place: str) -> float | dict[str, float]:
    """A number, or ``low | likely | high``.

    >>> read_quantity("count", "120k | 150k | 220k", "cell")
    {'low': 120000.0, 'likely': 150000.0, 'high': 220000.0}
    """
    parts = text.split(BAR)
    if len(parts) == 1:
        return READERS[kind](text, place)
    if len(parts) != 3:
        raise InputError(Problem(place, quoted(text, 40), "one number or three", "Write low | likely | high."))
    low, likely, high = (READERS[kind](part, place) for part in parts)
    if not low <= likely <= high:
        raise InputError(Problem(place, quoted(text, 40), "in rising order", "Write low | likely | high."))
    return {"low": low, "likely": likely, "high": high}


def write_quantity(kind: str, value: Quantity | None) -> str:
    """A quantity as it is typed; empty for None."""
    if value is None:
        return ""
    if isinstance(value, Range):
        return f" {BAR} ".join(WRITERS[kind](part) for part in (value.low, value.likely, value.high))
    return WRITERS[kind](float(value))


def plain_value(value: Any) -> Any:
    """What a plan file would hold for a quantity."""
    return value.model_dump() if isinstance(value, Range) else value
