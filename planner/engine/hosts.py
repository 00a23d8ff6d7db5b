"""What single calls take of own hardware, so that strategies can share it (the method, sections 8 and 11)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from planner.engine.hosting import Hosted, hosted_work
from planner.engine.self_host import SelfHostTerms, cost_at_load, egress_usd, unit_price, work_loads
from planner.engine.setting import Setting

Floats = NDArray[np.float64]
Rows = NDArray[np.intp]

RANKS = {"batch": 0, "standard": 1, "interactive": 2}


@dataclass(frozen=True)
class Need:
    """What one call per request takes, shape (2, categories): routine, complex."""

    load: Floats
    """Busy-hour load in replicas."""
    egress_usd: Floats
    """USD a month to send out the answers."""


@dataclass(frozen=True)
class HostedEndpoint:
    """One self-hosted endpoint as each category would need it."""

    alone: tuple[Hosted, ...]
    """Sized for each category as its only work."""
    needs: Mapping[int, Need]
    """By endpoint column: an endpoint has one for each mode of its model."""

    @classmethod
    def of(cls, name: str, alone: Sequence[Hosted], setting: Setting) -> HostedEndpoint:
        """The endpoint's needs per call, from its sizing for each category alone; NaN where it cannot run."""
        shape = (2, len(setting.demand.names))
        columns = [m for column, m in setting.columns.items() if column.name == name]
        needs = {m: Need(np.full(shape, np.nan), np.full(shape, np.nan)) for m in columns}
        done: dict[tuple[int, str], dict[int, Need]] = {}
        for k, each in enumerate(alone):
            if np.isfinite(each.usable):
                key = (each.machine.gpus_per_replica, each.machine.precision)
                if key not in done:
                    done[key] = _needs(columns, each, setting)
                for m in columns:
                    needs[m].load[:, k] = done[key][m].load[:, k]
                    needs[m].egress_usd[:, k] = done[key][m].egress_usd[:, k]
        return cls(tuple(alone), needs)

    def users(self, columns: Rows) -> NDArray[np.bool_]:
        """Strategies that run here; ``columns`` per slot, shape (strategies, slots)."""
        return np.asarray(np.isin(columns, list(self.needs)).any(axis=1))

    def only(self, categories: Rows) -> HostedEndpoint:
        """The same for some categories, in that order, one of them perhaps several times."""
        needs = {m: Need(need.load[:, categories], need.egress_usd[:, categories]) for m, need in self.needs.items()}
        return HostedEndpoint(tuple(self.alone[int(k)] for k in categories), needs)


def _needs(columns: Sequence[int], each: Hosted, setting: Setting) -> dict[int, Need]:
    """Needs of all categories on the hardware of ``each``."""
    machine, shape = each.machine, (2, len(setting.demand.names))
    assert machine.capacity is not None, "only endpoints of known speed are sized"
    listed, found = list(setting.columns), {}
    for m in columns:
        work = hosted_work(listed[m], np.ones(shape), setting.demand)
        load = work_loads(machine.terms, machine.capacity, work)
        found[m] = Need(load.reshape(shape), egress_usd(machine.terms, work).reshape(shape))
    return found


def taken(needs: Mapping[int, Need], columns: Rows, calls: Floats) -> tuple[Floats, Floats]:
    """(load in replicas, egress in USD) of strategies, shape (strategies, categories).

    ``columns`` (strategies, slots) are endpoint columns and ``calls`` (strategies, slots, 2, categories) the calls per
    request there.
    """
    shape = (len(columns), calls.shape[-1])
    load, egress = np.zeros(shape), np.zeros(shape)
    for m, need in needs.items():
        here = np.where((columns == m)[:, :, None, None], calls, 0.0).sum(axis=1)
        load += (here * need.load).sum(axis=1)
        egress += (here * need.egress_usd).sum(axis=1)
    return load, egress


def hosted_usd_alone(endpoint: HostedEndpoint, columns: Rows, calls: Floats) -> Floats:
    """Monthly USD of the endpoint if a category were its only work; NaN where it cannot run.

    Arguments as in ``taken``.
    """
    load, egress = taken(endpoint.needs, columns, calls)
    result = np.full(load.shape, np.nan)
    groups: dict[tuple[int, str, float, int], list[int]] = {}
    for k, each in enumerate(endpoint.alone):
        if np.isfinite(each.usable):
            size = (each.machine.gpus_per_replica, each.machine.precision, each.usable, _terms(each).redundancy)
            groups.setdefault(size, []).append(k)
    for rows in groups.values():
        each = endpoint.alone[rows[0]]
        result[:, rows] = cost_at_load(_terms(each), load[:, rows], each.usable, egress[:, rows]).total_usd
    return result


def _terms(each: Hosted) -> SelfHostTerms:
    return each.machine.terms if each.terms is None else each.terms


@dataclass(frozen=True)
class Pool:
    """One way to size a shared endpoint: for some categories together, at their strictest need."""

    serves: NDArray[np.bool_]
    """Categories that it may serve when sized this way."""
    needs: Mapping[int, Need]
    usable: float
    """Busy-hour load that one replica carries."""
    terms: SelfHostTerms
    unit_usd: float
    """One more billing unit or server a month."""
    unit_gpus: int
    base_usd: float
    """People and other cost a month, whatever the load."""

    @property
    def least_usd(self) -> float:
        """What it costs as soon as it runs at all."""
        return float(cost_at_load(self.terms, 0.0, self.usable).total_usd)


def pools(endpoint: HostedEndpoint, setting: Setting) -> list[Pool]:
    """Every way to size an endpoint that is shared: by the strictest latency class and the most GPUs in a replica.

    An endpoint that serves several categories is sized for the strictest of them, so what a category costs there
    depends on its company. Each pool is one company; an optimiser picks at most one per endpoint.
    """
    alone = endpoint.alone
    able = np.array([np.isfinite(each.usable) for each in alone], bool)
    ranks = np.array([RANKS[each.latency_class] for each in alone])
    gpus = np.array([each.machine.gpus_per_replica for each in alone])
    found: list[Pool] = []
    for rank in sorted(set(ranks[able].tolist())):
        for size in sorted(set(gpus[able].tolist())):
            serves = able & (ranks <= rank) & (gpus <= size)
            strictest, largest = serves & (ranks == rank), serves & (gpus == size)
            if not strictest.any() or not largest.any():
                continue
            built = alone[int(np.nonzero(largest)[0][0])]
            spare = _terms(alone[int(np.nonzero(strictest)[0][0])]).redundancy
            terms = replace(_terms(built), redundancy=spare)
            usable = min(alone[int(k)].usable for k in np.nonzero(serves)[0])
            price, empty = unit_price(terms), cost_at_load(terms, 0.0, usable)
            base = float(empty.parts["people_usd"]) + float(empty.parts["other_fixed_usd"])
            needs = _needs(list(endpoint.needs), built, setting)
            found.append(Pool(serves, needs, float(usable), terms, float(price.usd), price.gpus, base))
    return found
