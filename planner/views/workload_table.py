"""The workload as a tidy table, as entered."""

from __future__ import annotations

import pandas as pd

from planner.domain.assumptions import register_of
from planner.domain.plan import Plan
from planner.engine.demand import demand_of


def workload_table(plan: Plan) -> pd.DataFrame:
    """One row per category with the figures that the engine starts from."""
    demand = demand_of(plan, register_of(plan.assumptions))
    return pd.DataFrame(
        {
            "category": list(demand.names), "task": [task.replace("_", " ") for task in demand.tasks],
            "requests_per_month": demand.requests, "input_tokens_per_request": demand.input_tokens,
            "output_tokens_per_request": demand.output_tokens, "cached_input_share": demand.cached_share,
            "batch_share": demand.batch_share, "complex_share": demand.complex_share,
            "error_cost_usd": demand.error_cost_usd, "review_share": demand.review_share,
        }
    )
