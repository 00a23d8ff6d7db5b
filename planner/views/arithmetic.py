"""A scenario's cost by category, rounded so that every row and column adds up to the cent."""

from __future__ import annotations

import numpy as np
import pandas as pd

from planner.engine.evaluate import Evaluation, ScenarioResult
from planner.views.formatting import count_whole, in_cents, share, usd_cents

PARTS = (("Spend", "spend_usd"), ("Fixed", "fixed_cost_usd"), ("Error cost", "error_cost_usd"),
         ("Review", "review_cost_usd"), ("Hand-off", "handoff_cost_usd"))


def arithmetic_rows(result: ScenarioResult, evaluation: Evaluation) -> pd.DataFrame:
    """One row per category and one for their sum, as text.

    Each part is split over the categories by largest remainder, so that columns add up; a row's total is the sum of
    its parts as shown. What is zero everywhere is left out.
    """
    outcome, names = result.outcome, evaluation.demand.names
    columns: dict[str, list[str]] = {
        "Category": [*names, "All"], "Requests": [count_whole(float(n)) for n in outcome.requests],
        "Wrong": [share(float(e)) for e in outcome.error_share],
    }
    served = float(outcome.served_requests.sum())
    wrong = float(outcome.follows.expected_errors.sum())
    columns["Requests"].append(count_whole(float(outcome.requests.sum())))
    columns["Wrong"].append(share(wrong / served if served > 0 else 0.0))
    whole = np.zeros(len(names) + 1)
    for label, field in PARTS:
        holder = outcome if hasattr(outcome, field) else outcome.follows
        values = np.asarray(getattr(holder, field), float)
        cents = np.array(in_cents(list(values)))
        cents = np.append(cents, np.round(np.nansum(cents), 2))
        whole = whole + cents
        if np.nan_to_num(cents).any() or np.isnan(cents[:-1]).any():
            columns[label] = [usd_cents(float(value)) for value in cents]
    columns["Total"] = [usd_cents(float(value)) for value in whole]
    return pd.DataFrame(columns)
