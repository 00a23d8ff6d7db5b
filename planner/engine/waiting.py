"""How long people wait under a scenario, and where that is too long (the method, section 9)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from planner.domain.strategies import Cascade, Single, Split, Strategy, TwoModes, strategy_for
from planner.engine.latency import LATE_SHARE, Moments, Paths, paths_of
from planner.engine.setting import Routed, Setting

Floats = NDArray[np.float64]


def scenario_paths(strategy: Strategy, routed: Routed, setting: Setting) -> Paths:
    """The paths of every category under its own strategy; a path that a category does not have has share 0."""
    groups: dict[Single | Split | Cascade | TwoModes, list[int]] = {}
    for k, name in enumerate(setting.demand.names):
        groups.setdefault(strategy_for(strategy, name), []).append(k)
    calls = routed.calls.sum(axis=0)
    found = {
        tuple(members): paths_of(part, np.array(members), calls[members], routed.escalation_share[members],
                                 setting.columns, setting.timings)
        for part, members in groups.items()
    }
    if len(found) == 1:
        return next(iter(found.values()))
    most = max((len(paths.shares) for paths in found.values()), default=1)
    whole = np.zeros((5, most, len(setting.demand.names)))
    for members, paths in found.items():
        for into, values in zip(whole, (paths.shares, *paths.first, *paths.whole), strict=True):
            into[: len(values), list(members)] = values
    return Paths(whole[0], Moments(whole[1], whole[2]), Moments(whole[3], whole[4]))


def missed_limits(paths: Paths, setting: Setting) -> tuple[str | None, ...]:
    """Per category, in words, that its known 95th percentile is above its limit; None where it is not.

    Such a scenario can be run and has a price, but it is not recommended.
    """
    demand, waits = setting.demand, setting.timings.waits
    limits = demand.p95_latency_s
    limited = np.isfinite(limits) & waits
    late = limited & (paths.share_within(limits) < LATE_SHARE - 1e-9) if limited.any() else limited
    if not late.any():
        return (None,) * len(demand.names)
    p95 = paths.latency(waits).p95_s
    return tuple(
        f"{name} must show its first answer token within {limits[k]:g} s in 95 of 100 requests, and this takes "
        f"{p95[k]:.1f} s" if late[k] else None
        for k, name in enumerate(demand.names)
    )


def latency_warnings(paths: Paths, calls: Floats, setting: Setting) -> Iterator[str]:
    """Limits that could not be checked, and limits that only some of the sources keep.

    ``calls`` (categories, columns) are calls per request.
    """
    demand, times = setting.demand, setting.timings
    limits = demand.p95_latency_s
    limited = np.isfinite(limits) & times.waits
    if not limited.any():
        return
    within = paths.share_within(limits)
    unknown = np.nonzero(limited & np.isnan(within))[0]
    if unknown.size:
        missing = [
            setting.states[column.name].label for column, m in setting.columns.items()
            if np.isnan(times.whole.mean[unknown, m]).any() and (calls[unknown, m] > 0).any()
        ]
        names = ", ".join(demand.names[k] for k in unknown)
        yield f"No measured latency of {', '.join(dict.fromkeys(missing))}: the limit of {names} is not checked."
    for column, m in setting.columns.items():
        found = times.measured[m]
        if found is None or found.high_ttft_s <= found.row.ttft_p50_s:
            continue
        factor = found.high_ttft_s / found.row.ttft_p50_s
        near = limited & (calls[:, m] > 0) & (within >= LATE_SHARE) & (paths.share_within(limits / factor) < LATE_SHARE)
        if near.any():
            names = ", ".join(demand.names[k] for k in np.nonzero(near)[0])
            yield (
                f"{setting.states[column.name].label}: sources put the middle wait for the first token between "
                f"{found.low_ttft_s:.1f} and {found.high_ttft_s:.1f} s; at the slower one the limit of {names} is "
                "missed."
            )
