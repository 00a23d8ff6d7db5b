"""Who gets what: calls and spend per endpoint, and fixed cost per category (the method, section 3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from planner.domain.references import ROUTING_AND_CHECKS
from planner.engine.endpoints import EndpointState
from planner.engine.hosting import Hosted
from planner.engine.setting import Routed, Setting

Floats = NDArray[np.float64]

EXTRA_ENDPOINT = ROUTING_AND_CHECKS


@dataclass(frozen=True)
class EndpointUse:
    """One endpoint's part in a scenario."""

    id: str
    label: str
    seller: str
    requests: float
    """Calls in a month, repeated attempts included."""
    spend_usd: float
    fixed_cost_usd: float
    one_off_usd: float
    """Paid once before it can run, hardware aside."""
    replicas: int | None
    calls_by_category: Floats
    spend_by_category: Floats


def fixed_cost_usd(routed: Routed, setting: Setting, hosted: Mapping[int, Hosted]) -> Floats:
    """Hosting by load, own endpoints' fees by calls, upkeep of further models and vendors by requests."""
    d = setting.demand
    fixed = np.zeros(len(d.names))
    calls = d.requests * routed.calls.sum(axis=0).T
    used: dict[str, EndpointState] = {}
    for column, m in setting.columns.items():
        state = setting.states[column.name]
        if not (routed.calls[:, :, m] > 0).any():
            continue
        first = column.name not in used
        used[column.name] = state
        if first and m in hosted:
            fixed += hosted[m].monthly_usd * _shares(hosted[m].load_by_category)
        elif first:
            fixed += state.fixed_usd * _shares(calls[m])
    models = {state.model_id or state.id for state in used.values()}
    vendors = {state.seller for state in used.values()}
    upkeep = max(len(models) - 1, 0) * setting.register.value("upkeep_usd_per_extra_model") + max(
        len(vendors) - 1, 0
    ) * setting.register.value("upkeep_usd_per_extra_vendor")
    return fixed + upkeep * _shares(d.requests)


def _shares(weights: Floats) -> Floats:
    """Weights as shares that add up to 1; equal shares where there is no weight at all."""
    total = weights.sum()
    return weights / total if total > 0 else np.full(len(weights), 1.0 / max(len(weights), 1))


def endpoint_uses(routed: Routed, setting: Setting, hosted: Mapping[int, Hosted]) -> list[EndpointUse]:
    """Every endpoint that gets calls, modes of one endpoint together; router and checks as a line of their own."""
    d = setting.demand
    uses: dict[str, EndpointUse] = {}
    for column, m in setting.columns.items():
        per_request = routed.calls[:, :, m].sum(axis=0)
        if not (per_request > 0).any():
            continue
        state = setting.states[column.name]
        before = uses.get(state.id)
        calls = d.requests * per_request * d.expected_attempts
        spend = np.where(per_request > 0, d.requests * routed.usd_by_column[:, m] * d.spend_factor, 0.0)
        fixed = 0.0 if before else hosted[m].monthly_usd if m in hosted else state.fixed_usd
        uses[state.id] = EndpointUse(
            id=state.id, label=state.label, seller=state.seller,
            requests=float(calls.sum()) + (before.requests if before else 0.0),
            spend_usd=float(spend.sum()) + (before.spend_usd if before else 0.0),
            fixed_cost_usd=fixed + (before.fixed_cost_usd if before else 0.0),
            one_off_usd=0.0 if m in hosted else state.one_off_usd,
            replicas=hosted[m].replicas if m in hosted else None,
            calls_by_category=calls + (before.calls_by_category if before else 0.0),
            spend_by_category=spend + (before.spend_by_category if before else 0.0),
        )
    extra = d.requests * routed.extra_usd * d.spend_factor
    if (extra > 0).any():
        uses[EXTRA_ENDPOINT] = EndpointUse(EXTRA_ENDPOINT, "Routing and checks", "own", float(d.requests.sum()),
                                           float(extra.sum()), 0.0, 0.0, None, d.requests, extra)
    return list(uses.values())
