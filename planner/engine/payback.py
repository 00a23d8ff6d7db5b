"""When an endpoint with a one-off cost, such as a fine-tuned model, has earned it (the method, section 7)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from planner.domain.plan import Plan
from planner.engine.candidates import Candidates
from planner.engine.evaluate import Basic
from planner.engine.setting import Setting

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Payback:
    """A one-off cost against what it saves a month, errors included."""

    endpoint: str
    one_off_usd: float
    saving_usd: float
    """A month, hosting paid; 0 or less: it never pays."""
    months: float | None
    """None where it never pays."""
    categories: tuple[str, ...]
    """Where it is worth using."""
    instead_of: tuple[Basic, ...]
    """What would run there without it, in the order of ``categories``."""


def payback_months(one_off_usd: float, saving_usd: float) -> float | None:
    """Months until a monthly saving has paid a one-off; None if there is no saving.

    >>> payback_months(20_000.0, 2_500.0), payback_months(20_000.0, 0.0)
    (8.0, None)
    """
    return one_off_usd / saving_usd if saving_usd > 0 else None


def paybacks(every: Candidates, setting: Setting, plan: Plan) -> tuple[Payback, ...]:
    """Every endpoint of the plan with a one-off cost and a price of its own, used wherever it saves something.

    The saving of a category is the least total without the endpoint less the least total with it, its fixed fee left
    out; the fee is taken once from the sum. What nothing else can serve counts for nothing: there is no alternative.
    """
    rows = np.arange(len(setting.demand.names))
    found = []
    for name, endpoint in plan.endpoints.items():
        state = setting.states.get(name)
        if endpoint.kind != "custom" or state is None or state.one_off_usd <= 0:
            continue
        own = [m for column, m in setting.columns.items() if column.name == name]
        uses = np.asarray(np.isin(every.columns, own).any(axis=1))
        total = np.where(every.feasible, every.total_usd, np.inf) - np.where(uses, state.fixed_usd, 0.0)[:, None]
        with_it, without = (np.where(side[:, None], total, np.inf) for side in (uses, ~uses))
        instead = without.argmin(axis=0)
        least_with, least_without = with_it.min(axis=0), without[instead, rows]
        both = np.isfinite(least_with) & np.isfinite(least_without)
        saved = np.where(both, np.where(both, least_without, 0.0) - np.where(both, least_with, 0.0), 0.0)
        worth = np.nonzero(saved > 0)[0]
        saving = float(saved[worth].sum()) - state.fixed_usd
        found.append(Payback(
            name, state.one_off_usd, saving, payback_months(state.one_off_usd, saving),
            tuple(setting.demand.names[k] for k in worth), tuple(every.strategies[int(instead[k])] for k in worth),
        ))
    return tuple(found)
