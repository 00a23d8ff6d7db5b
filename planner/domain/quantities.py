"""A number, or a number with its low and high; and numbers as people type them."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from pydantic import model_validator

from pricing.errors import InputError, Problem, quoted
from pricing.record import Record

Floats: TypeAlias = NDArray[np.float64]


class Range(Record):
    """What somebody believes about a number: it lies between low and high, most likely at ``likely``."""

    low: float
    """The value that is undercut in one case out of ten."""
    likely: float
    """The value used wherever one number is shown."""
    high: float
    """The value that is passed in one case out of ten."""

    @model_validator(mode="after")
    def _ordered(self) -> Range:
        if not self.low <= self.likely <= self.high:
            raise ValueError("low, likely and high must stand in this order")
        return self


Quantity: TypeAlias = float | Range

OUT_OF_BOUNDS = "must lie"
"""How a refusal for leaving the bounds begins."""


@dataclass(frozen=True, slots=True)
class Within:
    """Lowest and highest value of a quantity: checked on reading, and the bounds of its form field."""

    low: float
    high: float

    def __call__(self, value: Quantity) -> Quantity:
        """The value itself, if every part of it lies inside."""
        parts = (value.low, value.likely, value.high) if isinstance(value, Range) else (value,)
        for part in parts:
            if not self.low <= part <= self.high:
                raise ValueError(f"{OUT_OF_BOUNDS} from {self.low:,.15g} to {self.high:,.15g}")
        return value


def likely(quantity: Quantity) -> float:
    """The one number of a quantity.

    >>> likely(3.0), likely(Range(low=1, likely=2, high=5))
    (3.0, 2.0)
    """
    return quantity.likely if isinstance(quantity, Range) else float(quantity)


_SUFFIX = {"": 1.0, "k": 1e3, "m": 1e6, "b": 1e9, "bn": 1e9, "t": 1e12, "tn": 1e12, "%": 0.01}
_TYPED = re.compile(
    r"^\$?\s*(?P<number>\d{1,3}(?:[, '\u00a0\u202f]\d{3})+(?:\.\d+)?|\d+(?:\.\d*)?|\.\d+)"
    r"\s*(?P<suffix>k|m|bn?|tn?|%)?$",
    re.IGNORECASE,
)


def parse_number(text: str, place: str, expected: str = "a number") -> float:
    """The number that a person typed: ``12M``, ``1.5B``, ``250k``, ``1,200,000``, ``$0.10``, ``75 %``.

    A comma is a thousands separator, never a decimal one; what could be read in two ways is refused.
    Raises :class:`InputError` with the place.

    >>> parse_number("1.5B", "cell"), parse_number("1,200,000", "cell"), parse_number("75 %", "cell")
    (1500000000.0, 1200000.0, 0.75)
    """
    match = _TYPED.match(text.strip()) if len(text) <= 40 else None
    if not match:
        raise InputError(
            Problem(place, quoted(text, 40) if text.strip() else "an empty cell", expected,
                    "Write digits, such as 250000, 250k, 1.5B or 1,200,000.")
        )
    value = float(re.sub(r"[, '\u00a0\u202f]", "", match["number"])) * _SUFFIX[(match["suffix"] or "").lower()]
    if not math.isfinite(value):
        raise InputError(Problem(place, quoted(text, 40), expected, "Write a smaller number."))
    return value
