"""What can be run for each category of a plan, on which endpoint and why not (the method, sections 10 and 11)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from planner.engine.candidates import Candidates, candidates
from planner.engine.demand import Demand
from planner.engine.endpoints import UnitCosts, unit_costs
from planner.engine.evaluate import Evaluation, obstacle
from planner.engine.hosting import Hosted, host
from planner.engine.latency import Moments, mixture_quantiles
from planner.engine.setting import Setting

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Options:
    """A setting with what can be run in it."""

    setting: Setting
    reasons: NDArray[np.object_]
    """Per category and column: why the endpoint alone cannot serve the category, or None."""
    every: Candidates
    batched_usd: Floats | None
    """Total a month of every candidate if all of a category went through the sellers' batch service; NaN where it does
    not wait or they have none; None where no category waits."""


def open_options(setting: Setting, evaluation: Evaluation) -> Options:
    """The candidates of a setting, and what stands in the way of each endpoint."""
    alone = _alone(setting)
    reasons = _obstacles(setting, alone)
    allowed = np.array([reason is None for reason in reasons.ravel()], bool).reshape(reasons.shape)
    every = candidates(setting, evaluation.plan, evaluation.catalog, allowed, alone)
    return Options(setting, reasons, every, _batched_usd(setting, every, evaluation))


def _batched_usd(setting: Setting, every: Candidates, evaluation: Evaluation) -> Floats | None:
    demand = setting.demand
    waits = np.array([each.latency in ("batch", "background") and each.p95_latency_s is None
                      for each in evaluation.plan.workload.categories], bool) & (demand.batch_share < 1)
    if not waits.any():
        return None
    batched = replace(demand, batch_share=np.where(waits, 1.0, demand.batch_share))
    usd = every.repriced(_unit_costs(batched, setting, evaluation), demand.requests * demand.spend_factor)
    return np.where(waits, usd.sum(axis=1) + every.extra_usd + every.fixed_usd + every.follows.usd, np.nan)


def rebuilt(demand: Demand, setting: Setting, evaluation: Evaluation) -> tuple[Setting, Candidates]:
    """The candidates for a changed demand."""
    if demand is setting.demand:
        return setting, open_options(setting, evaluation).every
    other = replace(setting, demand=demand, costs=_unit_costs(demand, setting, evaluation))
    return other, open_options(other, evaluation).every


def _unit_costs(demand: Demand, setting: Setting, evaluation: Evaluation) -> UnitCosts:
    counted = evaluation.plan.tokens_counted_with
    reference = np.nan if counted is None else evaluation.catalog.resolve_model(counted).tokenizer_factor
    return unit_costs(demand, list(setting.columns), setting.states, reference)


def _alone(setting: Setting) -> dict[str, tuple[Hosted, ...]]:
    """Own hardware by endpoint, sized for each category as its only work, in every mode that the plan names."""
    demand = setting.demand
    found = {}
    every = np.arange(len(demand.names))
    calls = np.zeros((len(every), 2, len(every)))
    calls[every, 0, every], calls[every, 1, every] = demand.routine_share, demand.complex_share
    for name, state in setting.states.items():
        if state.hosting is not None:
            modes = [column for column in setting.columns if column.name == name]
            found[name] = tuple(host(state, [(mode, each / len(modes)) for mode in modes], demand, setting.register)
                                for each in calls)
    return found


def _obstacles(setting: Setting, alone: Mapping[str, Sequence[Hosted]]) -> NDArray[np.object_]:
    """Per category and column: why the endpoint alone cannot serve the category, or None."""
    found = np.full((len(setting.demand.names), len(setting.columns)), None, object)
    for column, m in setting.columns.items():
        own = alone.get(column.name)
        for k in range(len(setting.demand.names)):
            stop = obstacle(k, column, m, setting, {} if own is None else {m: own[k]})
            found[k, m] = None if stop is None else stop[1]
    return found


def why_not(k: int, s: int, here: Options) -> str | None:
    """Why a candidate cannot serve a category."""
    every, demand = here.every, here.setting.demand
    for m in every.columns[s][every.columns[s] >= 0].tolist():
        if here.reasons[k, m] is not None:
            return str(here.reasons[k, m])
    if every.late[s, k]:
        return _too_late(k, int(every.columns[s, 0]), here.setting)
    residual, ceiling = every.follows.residual_error_share[s, k], demand.max_error_share[k]
    if residual > ceiling + 1e-12:
        return f"{residual:.1%} wrong answers, above the ceiling of {ceiling:.1%}"
    return None


def _too_late(k: int, column: int, setting: Setting) -> str:
    """Why an endpoint alone misses the latency limit, with both figures."""
    first = setting.timings.first
    p95 = mixture_quantiles(np.ones(1), Moments(first.mean[k, column, None], first.variance[k, column, None]), (0.95,))
    return (f"{float(p95[0]):.1f} s to the first answer token in 95 of 100 requests, above the limit of "
            f"{setting.demand.p95_latency_s[k]:g} s")
