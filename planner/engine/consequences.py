"""What a share of wrong answers causes: uncaught errors, fixes, review and hand-off (the method, section 3)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from planner.engine.demand import Demand

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Consequences:
    """A month's figures; shape of the error share that they follow from (categories on the last axis)."""

    expected_errors: Floats
    uncaught_errors: Floats
    residual_error_share: Floats
    error_cost_usd: Floats
    """Uncaught errors, and putting right those that review caught."""
    fix_cost_usd: Floats
    """The second part of it alone."""
    review_cost_usd: Floats
    handoff_cost_usd: Floats

    @property
    def usd(self) -> Floats:
        """Everything that is not on the invoice."""
        return self.error_cost_usd + self.review_cost_usd + self.handoff_cost_usd


def consequences(demand: Demand, error_share: Floats) -> Consequences:
    """What ``error_share`` (shape (..., categories)) causes in a month.

    Errors and reviews count on served requests; those that no attempt served are handed to a person.
    """
    served = demand.requests * demand.served_share
    errors = served * error_share
    caught = demand.review_share * demand.catch_share
    fixes = errors * caught * demand.fix_usd
    false_alarms = served * demand.review_share * (1.0 - error_share) * demand.false_alarm_share
    handed_off = demand.requests * (demand.handoff_share + 1.0 - demand.served_share)
    return Consequences(
        expected_errors=errors,
        uncaught_errors=errors * (1.0 - caught),
        residual_error_share=error_share * (1.0 - caught),
        error_cost_usd=errors * (1.0 - caught) * demand.error_cost_usd + fixes,
        fix_cost_usd=fixes,
        review_cost_usd=served * demand.review_share * demand.review_usd + false_alarms * demand.fix_usd,
        handoff_cost_usd=handed_off * demand.handoff_usd + np.zeros_like(errors),
    )


def effective_error_cost_usd(demand: Demand) -> Floats:
    """What one more error costs once review is counted: ``(1-rv*s)*L + rv*s*F - rv*a_f*F``."""
    caught = demand.review_share * demand.catch_share
    return (
        (1.0 - caught) * demand.error_cost_usd
        + caught * demand.fix_usd
        - demand.review_share * demand.false_alarm_share * demand.fix_usd
    )


def break_even_error_cost_usd(small_usd: Floats, large_usd: Floats, small_error: Floats, large_error: Floats) -> Floats:
    """L*: error cost at which a cheaper and a dearer model cost the same; NaN where the dearer is not more right.

    >>> break_even_error_cost_usd(np.array(0.001), np.array(0.005), np.array(0.05), np.array(0.01)).round(9).item()
    0.1
    """
    gap = np.asarray(small_error - large_error, float)
    saved = np.asarray(large_usd - small_usd, float)
    unknown = np.full(np.broadcast_shapes(gap.shape, saved.shape), np.nan)
    return np.asarray(np.divide(saved, gap, out=unknown, where=gap > 0))
