"""Uncertain inputs of a plan, and draws of them that do not depend on each other's order (the method, section 12).

Every input has a name of its own, and its stream of random numbers follows from that name and the seed alone: adding,
removing or reordering categories leaves the draws of all others as they are.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from planner.engine.spread import Spread
from pricing.errors import InputError, Problem, quoted

Floats = NDArray[np.float64]
Key: TypeAlias = tuple[str, ...]
Values: TypeAlias = Mapping[Key, Floats]
"""One array per input that is not at its likely value; all of one length, one entry per row."""

DEFAULT_SEED = 42
DEFAULT_DRAWS = 10_000
DRAWS_BOUNDS = (100, 100_000)
MOST_SEED = 2**63 - 1


@dataclass(frozen=True)
class UncertainInput:
    """One number of a plan that is not known for sure."""

    key: Key
    """Its name, such as (category, "Ticket triage", "requests_per_month")."""
    label: str
    """What it is called in charts and tables."""
    unit: str
    """usd, share, tokens, requests, logits or factor: how it is written."""
    spread: Spread
    likely: float
    """The value on which the point evaluation rests."""


def category_key(category: str, *name: str) -> Key:
    """The name of an input that belongs to one category."""
    return ("category", category, *name)


def stream(seed: int, key: Key) -> np.random.Generator:
    """The random numbers of one input: they follow from the seed and its name, on every machine and in every process.

    >>> bool(stream(42, ("a", "b")).random() == stream(42, ("a", "b")).random() != stream(42, ("ab",)).random())
    True
    """
    digest = hashlib.sha256("\x1f".join(key).encode()).digest()
    words = [int.from_bytes(digest[i : i + 4], "little") for i in range(0, 16, 4)]
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, *words])))


def draw(inputs: Iterable[UncertainInput], seed: int = DEFAULT_SEED, count: int = DEFAULT_DRAWS) -> dict[Key, Floats]:
    """``count`` draws of every input."""
    return {each.key: each.spread.sample(stream(seed, each.key), count) for each in inputs}


def at_likely(inputs: Iterable[UncertainInput]) -> dict[Key, Floats]:
    """One row with every input at the value of the point evaluation."""
    return {each.key: np.array([each.likely]) for each in inputs}


def one_at_a_time(inputs: tuple[UncertainInput, ...]) -> dict[Key, Floats]:
    """Two rows per input, at its 10 % and its 90 % point with all others at their medians; then one row of medians."""
    rows = 2 * len(inputs) + 1
    found = {}
    for i, each in enumerate(inputs):
        values = np.full(rows, each.spread.quantile(0.5))
        values[2 * i : 2 * i + 2] = each.spread.quantile(0.1), each.spread.quantile(0.9)
        found[each.key] = values
    return found


def checked_seed(given: object, place: str = "seed") -> int:
    """A seed as it was typed. Raises :class:`InputError` unless it is a whole number from 0 to 2^63 - 1."""
    return _whole(given, place, (0, MOST_SEED), "Leave it out for 42.")


def checked_draws(given: object, place: str = "draws") -> int:
    """A number of draws as it was typed. Raises :class:`InputError` outside 100 to 100,000.

    >>> checked_draws("10000")
    10000
    """
    return _whole(given, place, DRAWS_BOUNDS, "Leave it out for 10,000.")


def _whole(given: object, place: str, bounds: tuple[int, int], mend: str) -> int:
    text = str(given).strip().replace(",", "").replace("_", "")
    digits = text.removeprefix("-")
    number = int(text) if digits.isascii() and digits.isdigit() and len(digits) <= 20 else None
    if number is None or isinstance(given, bool) or not bounds[0] <= number <= bounds[1]:
        raise InputError(Problem(place, quoted(given, 40), f"a whole number from {bounds[0]:,} to {bounds[1]:,}", mend))
    return number
