"""Results of models on single requests, as an evaluation file holds them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class MeasuredRequests:
    """One row per request, one column per model; NaN where a model was not asked or nothing was noted."""

    models: tuple[str, ...]
    """Ids that a plan knows, and the file's own names of models that it does not know."""
    unknown: tuple[str, ...]
    """Models among them that neither the price list nor the plan knows."""
    categories: tuple[str | None, ...]
    """Category of each request; None where the file has none."""
    correct: Floats
    """1 right, 0 wrong; shape (requests, models), as all that follow."""
    accepted: Floats
    """1 where the check let the answer pass, 0 where it did not."""
    usd: Floats
    """What the request cost."""
    latency_s: Floats
    """Seconds for the whole answer."""
    input_tokens: Floats
    output_tokens: Floats
    notes: tuple[str, ...]
    """What the reader of the file decided: thresholds, columns left aside."""

    def rows(self, category: str | None) -> MeasuredRequests:
        """The requests of one category."""
        keep = np.array([name == category for name in self.categories], bool)
        return MeasuredRequests(
            self.models, self.unknown, tuple(name for name in self.categories if name == category), self.correct[keep],
            self.accepted[keep], self.usd[keep], self.latency_s[keep], self.input_tokens[keep],
            self.output_tokens[keep], self.notes,
        )

    @property
    def category_names(self) -> tuple[str | None, ...]:
        """The categories that occur, in the order of the file."""
        return tuple(dict.fromkeys(self.categories))
