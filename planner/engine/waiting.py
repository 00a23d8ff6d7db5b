"""How long people wait under a scenario, and where that is too long (the method, section 9)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from planner.domain.strategies import Cascade, Single, Split, Strategy, TwoModes, strategy_for
from planner.engine.latency import Latency, latency
from planner.engine.setting import Routed, Setting

Floats = NDArray[np.float64]


def scenario_latency(strategy: Strategy, routed: Routed, setting: Setting) -> Latency:
    """Median and 95th percentile of every category under its own strategy."""
    groups: dict[Single | Split | Cascade | TwoModes, list[int]] = {}
    for k, name in enumerate(setting.demand.names):
        groups.setdefault(strategy_for(strategy, name), []).append(k)
    found = Latency(*(np.full(len(setting.demand.names), np.nan) for _ in Latency._fields))
    calls = routed.calls.sum(axis=0)
    for part, members in groups.items():
        rows = np.array(members)
        seconds = latency(part, rows, calls[rows], routed.escalation_share[rows], setting.columns, setting.timings)
        for whole, own in zip(found, seconds, strict=True):
            whole[rows] = own
    return found


def block_late(seconds: Latency, setting: Setting, blocked: list[str | None], kinds: list[str]) -> None:
    """A known 95th percentile above the category's limit stops the category."""
    limits = setting.demand.p95_latency_s
    for k in np.nonzero(seconds.p95_s > limits + 1e-6)[0].tolist():
        if kinds[k] != "infeasible":
            kinds[k] = "infeasible"
            blocked[k] = (
                f"{setting.demand.names[k]} must show its first answer token within {limits[k]:g} s in 95 of 100 "
                f"requests, and this takes {seconds.p95_s[k]:.1f} s"
            )


def latency_warnings(seconds: Latency, calls: Floats, setting: Setting) -> Iterator[str]:
    """Limits that could not be checked, and limits that only some of the sources keep.

    ``calls`` (categories, columns) are calls per request.
    """
    demand, times = setting.demand, setting.timings
    limits = demand.p95_latency_s
    limited = np.isfinite(limits) & times.waits
    unknown = np.nonzero(limited & np.isnan(seconds.p95_s))[0]
    if unknown.size:
        missing = [
            setting.states[column.name].label for column, m in setting.columns.items()
            if times.measured[m] is None and (calls[unknown, m] > 0).any()
        ]
        names = ", ".join(demand.names[k] for k in unknown)
        yield f"No measured latency of {', '.join(dict.fromkeys(missing))}: the limit of {names} is not checked."
    for column, m in setting.columns.items():
        found = times.measured[m]
        if found is None or found.high_ttft_s <= found.row.ttft_p50_s:
            continue
        factor = found.high_ttft_s / found.row.ttft_p50_s
        near = limited & (calls[:, m] > 0) & (seconds.p95_s <= limits) & (seconds.p95_s * factor > limits)
        if near.any():
            names = ", ".join(demand.names[k] for k in np.nonzero(near)[0])
            yield (
                f"{setting.states[column.name].label}: sources put the middle wait for the first token between "
                f"{found.low_ttft_s:.1f} and {found.high_ttft_s:.1f} s; at the slower one the limit of {names} is "
                "missed."
            )
