"""One month of own servers taken apart: what is paid for, what a replica has to do, and what pooling saves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil, isclose, isinf, log

import numpy as np
from numpy.typing import NDArray

from planner.domain.endpoints import SelfHosted
from planner.domain.quantities import likely
from planner.engine.evaluate import Evaluation, ScenarioResult
from planner.engine.hosting import Hosted, latency_class_of
from planner.engine.self_host import SelfHostTerms, unit_price
from planner.engine.serving import (
    HOURS_PER_MONTH,
    SECONDS_PER_HOUR,
    LatencyClass,
    latency_factor,
    replicas,
    usable_share,
)
from pricing.hardware import load_hardware

Floats = NDArray[np.float64]

SPARE = "spare_usd"
API = "api_usd"
OTHER = "other_usd"
ON_TOP = ("overhead_usd",)
"""Parts of a unit's price that stand apart from the GPUs themselves."""


def carrying_replicas(hosted: Hosted) -> int:
    """Replicas that the load needs, spare ones not counted; one even without work."""
    return int(replicas(hosted.load, hosted.usable, 1, 0))


def month_parts(result: ScenarioResult) -> Mapping[str, float]:
    """USD a month of a scenario by what it is paid for; the parts add up to its invoice.

    Replicas that carry the load, by part of their price (rent; or depreciation, capital, colocation, maintenance,
    power), the spare ones with all of theirs but overhead, overhead, people, other fixed cost and egress of the
    servers; then what is paid to APIs, and what else the scenario costs each month.
    """
    found: dict[str, float] = {}

    def add(name: str, usd: float) -> None:
        found[name] = found.get(name, 0.0) + usd

    for hosted in result.hosted:
        if hosted.terms is None or hosted.cost is None:
            continue
        price = unit_price(hosted.terms)
        units = float(hosted.cost.units)
        carrying = ceil(carrying_replicas(hosted) * hosted.terms.gpus_per_replica / price.gpus)
        for name, usd in price.parts.items():
            if name in ON_TOP:
                add(name, float(usd) * units)
                continue
            add(name, float(usd) * carrying)
            add(SPARE, float(usd) * (units - carrying))
        for name in ("people_usd", "other_fixed_usd", "egress_usd"):
            add(name, float(hosted.cost.parts[name]))
    servers = sum(each.monthly_usd for each in result.hosted)
    fixed = float(result.outcome.fixed_cost_usd.sum())
    add(API, float(result.outcome.spend_usd.sum()))
    add(OTHER, 0.0 if isclose(fixed, servers, rel_tol=1e-12) else fixed - servers)
    return found


# --- what one replica must do -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Duty:
    """The busy hour of one kind of work, or of all of it."""

    category: str
    requests_per_s: float
    """Needed in the busy hour."""
    seconds_per_request: float
    """Of one replica at full speed; NaN without any request."""
    replica_requests_per_s: float
    """What one replica serves of this work at its usable share."""
    replicas: float
    """Replicas' worth of work."""


@dataclass(frozen=True, slots=True)
class Headroom:
    """How much more volume fits before the next server."""

    requests_per_month: float
    """More than today, all categories of the plan together; infinite without any work."""
    share: float
    """The same over today's volume."""
    months: int | None
    """Until then at the plan's growth; None without growth, or where no volume reaches it."""
    replicas_then: int


@dataclass(frozen=True)
class ReplicaDuty:
    """One endpoint in its busy hour."""

    endpoint: str
    model: str
    gpu: str
    gpus_per_replica: int
    usable_share: float
    """Share of a replica's full speed that is planned on."""
    by_category: tuple[Duty, ...]
    """Categories that it serves."""
    pooled: Duty
    carrying: int
    """Replicas that carry the load."""
    spare: int
    available_requests_per_s: float
    """What the carrying replicas serve of this mix at their usable share."""
    headroom: Headroom


def replica_duties(evaluation: Evaluation, result: ScenarioResult) -> tuple[ReplicaDuty, ...]:
    """What the servers of a scenario have to do and can do; endpoints that cannot be sized are left out."""
    uses = {use.id: use for use in result.endpoints}
    found = []
    for hosted in result.hosted:
        if hosted.terms is None or hosted.stairs is None:
            continue
        own_peak = hosted.terms.peak_factor
        peak = evaluation.demand.peak_factor if own_peak is None else np.asarray(own_peak, np.float64)
        per_s = np.asarray(uses[hosted.id].calls_by_category * peak / SECONDS_PER_HOUR / HOURS_PER_MONTH)
        rows = [
            _duty(name, float(need), float(load), hosted.usable)
            for name, need, load in zip(evaluation.demand.names, per_s, hosted.load_by_category, strict=True)
            if load > 0
        ]
        pooled = _duty("All together", float(per_s.sum()), hosted.load, hosted.usable)
        carrying = carrying_replicas(hosted)
        found.append(ReplicaDuty(
            endpoint=hosted.id, model=hosted.machine.model_name, gpu=hosted.machine.gpu.name,
            gpus_per_replica=hosted.machine.gpus_per_replica, usable_share=hosted.usable, by_category=tuple(rows),
            pooled=pooled, carrying=carrying, spare=hosted.replicas - carrying,
            available_requests_per_s=carrying * pooled.replica_requests_per_s, headroom=_headroom(evaluation, hosted),
        ))
    return tuple(found)


def _duty(name: str, requests_per_s: float, load: float, usable: float) -> Duty:
    seconds = load / requests_per_s if requests_per_s > 0 else np.nan
    return Duty(name, requests_per_s, seconds, usable / seconds if seconds > 0 else np.nan, load / usable)


def _headroom(evaluation: Evaluation, hosted: Hosted) -> Headroom:
    stairs = hosted.stairs
    assert stairs is not None, "only sized endpoints have a staircase"
    step = stairs.step_at(1.0)
    reach = float(stairs.up_to(step))
    growth = likely(evaluation.plan.monthly_growth)
    months = None
    if growth > 0 and not isinf(reach):
        months = max(1, ceil(log(reach) / log(1.0 + growth)))
    then = hosted.replicas if isinf(reach) else int(stairs.last_replicas(step)) + 1
    return Headroom((reach - 1.0) * float(evaluation.demand.requests.sum()), reach - 1.0, months, then)


# --- one pool or a server for each kind of work -------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Alone:
    """One category on servers of its own, of the same machine."""

    category: str
    latency_class: LatencyClass
    load: float
    """Busy-hour work in whole replicas at full speed."""
    usable_share: float
    carrying: int
    replicas: int
    servers_usd: float
    """GPUs and what comes on top of them; people are left out on both sides."""


@dataclass(frozen=True)
class Pooling:
    """All categories of an endpoint on one pool, against a pool for each; the reasons add up to the difference."""

    endpoint: str
    alone: tuple[Alone, ...]
    pooled_replicas: int
    pooled_servers_usd: float
    shared_spare: int
    """Replicas fewer because one pool needs its spare ones once."""
    shared_rest: int
    """Replicas fewer because parts of a server add up to whole ones."""
    strictness: int
    """Replicas more because all of the pool is planned for its strictest latency class."""
    floor: int
    """Replicas fewer because the least number that must run counts once."""

    @property
    def separate_replicas(self) -> int:
        """Replicas of all separate pools."""
        return sum(each.replicas for each in self.alone)

    @property
    def separate_servers_usd(self) -> float:
        """USD a month of all separate pools."""
        return sum(each.servers_usd for each in self.alone)


def pooling(evaluation: Evaluation, result: ScenarioResult) -> tuple[Pooling, ...]:
    """What pooling does for each endpoint of a scenario that serves two categories or more.

    A pool of its own serves a category at its own latency class, batch without a spare replica, unless the plan fixes
    them. The law counts batch work at its mean and not at a peak, but as if it also ran in the busy hour: that it
    could wait for the night is not counted.
    """
    return tuple(
        _pooling(evaluation, each) for each in result.hosted
        if each.terms is not None and int((each.load_by_category > 0).sum()) > 1
    )


def _pooling(evaluation: Evaluation, hosted: Hosted) -> Pooling:
    terms, cost, own = hosted.terms, hosted.cost, evaluation.plan.endpoints[hosted.id]
    assert isinstance(own, SelfHosted), "only own hardware is pooled"
    assert terms is not None, "only sized endpoints are pooled"
    assert cost is not None, "only sized endpoints are pooled"
    served = np.nonzero(hosted.load_by_category > 0)[0]
    alone = tuple(_alone(evaluation, hosted, own, int(k)) for k in served)
    together = sum(int(replicas(each.load, hosted.usable, 1, 0)) for each in alone)
    pooled = carrying_replicas(hosted)
    wanted = [0 if own.redundancy is None and each.latency_class == "batch" else _spare_wanted(evaluation, own)
              for each in alone]
    shared_spare, shared_rest = sum(wanted) - terms.redundancy, together - pooled
    strictness = together - sum(each.carrying for each in alone)
    separate = sum(each.replicas for each in alone)
    return Pooling(
        endpoint=hosted.id, alone=alone, pooled_replicas=hosted.replicas,
        pooled_servers_usd=float(cost.units * unit_price(terms).usd), shared_spare=shared_spare,
        shared_rest=shared_rest, strictness=strictness,
        floor=separate - hosted.replicas - shared_spare - shared_rest + strictness,
    )


def _spare_wanted(evaluation: Evaluation, own: SelfHosted) -> int:
    return int(evaluation.register.value("redundancy_replicas")) if own.redundancy is None else own.redundancy


def _alone(evaluation: Evaluation, hosted: Hosted, own: SelfHosted, k: int) -> Alone:
    machine, terms = hosted.machine, hosted.terms
    assert terms is not None, "only sized endpoints are pooled"
    assert machine.capacity is not None, "only sized endpoints are pooled"
    only = np.zeros(len(evaluation.demand.names), np.bool_)
    only[k] = True
    kind = own.latency_class or latency_class_of(evaluation.demand, only)
    share = own.latency_factor
    if share is None:
        share = latency_factor(kind, load_hardware().memory(machine.model_id), machine.latency_factors)
    usable = float(usable_share(machine.capacity, share, terms.target_utilization))
    spare = 0 if own.redundancy is None and kind == "batch" else _spare_wanted(evaluation, own)
    load = float(hosted.load_by_category[k])
    carrying = int(replicas(load, usable, 1, 0))
    running = int(replicas(load, usable, terms.min_replicas, spare))
    return Alone(evaluation.demand.names[k], kind, load, usable, carrying, running, _servers_usd(terms, running))


def _servers_usd(terms: SelfHostTerms, running: int) -> float:
    price = unit_price(terms)
    return ceil(running * terms.gpus_per_replica / price.gpus) * float(price.usd)
