"""Monthly bills as exact functions of volume: own GPUs are a staircase, not a price per token."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import gcd, inf
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Wholes = NDArray[np.int64]

SLACK = 1e-9
"""A load this little above a whole replica does not start another one (the method, section 8)."""

_MOST_REPLICAS = 2.0**50
"""Whole numbers stay exact up to here, times the GPUs of any unit; no volume within 10^15 requests comes near it."""


class Steps(NamedTuple):
    """The steps of a staircase, one array element each; a step holds for ``from_requests < N <= up_to_requests``."""

    from_requests: Floats
    up_to_requests: Floats
    replicas: Floats
    units: Floats
    usd_at_start: Floats
    usd_at_end: Floats


@dataclass(frozen=True, slots=True)
class Staircase:
    """Monthly USD of one endpoint on own hardware for ``N`` requests a month, with the mix of work held.

    ``n = max(1, ceil(N / requests_per_replica - 1e-9))`` replicas carry the load, ``max(min_replicas, n + redundancy)``
    run, and their GPUs are paid in whole units (a billing unit, or a server): the method, section 8. Volume may be in
    any unit, such as multiples of today's, as long as ``requests_per_replica``, ``usd_per_request`` and the argument of
    :meth:`usd` share it (see :meth:`per_multiple_of`).

    A step reaches up to and including its last request; the next one starts just above it. Steps are counted from 0,
    and each costs more than the one before.

    >>> Staircase(requests_per_replica=1e6, usd_per_unit=3_000.0, base_usd=5_000.0).usd([0, 1e6, 1.5e6]).tolist()
    [8000.0, 8000.0, 11000.0]
    """

    requests_per_replica: float
    """Requests a month that one replica carries at its usable share; infinite if this endpoint gets no traffic."""
    usd_per_unit: float
    """Monthly USD of one billing unit or server."""
    gpus_per_replica: int = 1
    """GPUs that one replica needs."""
    unit_gpus: int = 1
    """GPUs in one billing unit or server."""
    min_replicas: int = 1
    """Replicas that always run."""
    redundancy: int = 0
    """Spare replicas besides those that carry the load."""
    base_usd: float = 0.0
    """Monthly USD whatever the volume: people and other fixed cost."""
    usd_per_request: float = 0.0
    """USD per request on top of the steps, such as egress."""

    @property
    def first_replicas(self) -> int:
        """Replicas that run at the smallest volume."""
        return max(self.min_replicas, 1 + self.redundancy)

    @property
    def period_replicas(self) -> int:
        """Replicas after which the pattern of replicas and units repeats."""
        return self.unit_gpus // gcd(self.gpus_per_replica, self.unit_gpus)

    @property
    def period_units(self) -> int:
        """Units that such a period adds."""
        return self.gpus_per_replica // gcd(self.gpus_per_replica, self.unit_gpus)

    @property
    def period_steps(self) -> int:
        """Steps in such a period: every replica is a step unless several share a unit."""
        return self.period_replicas if self.gpus_per_replica >= self.unit_gpus else self.period_units

    @property
    def usd_per_request_in_the_long_run(self) -> float:
        """The slope that the staircase follows at large volume: a marginal replica over the requests it carries."""
        per_replica = self.usd_per_unit * self.gpus_per_replica / self.unit_gpus
        return self.usd_per_request + per_replica / self.requests_per_replica

    def last_replicas(self, step: ArrayLike) -> Wholes:
        """The most replicas that run on a step."""
        index = np.asarray(step, np.int64)
        if self.gpus_per_replica >= self.unit_gpus:
            return self.first_replicas + index
        return (self._first_units() + index) * self.unit_gpus // self.gpus_per_replica

    def units(self, step: ArrayLike) -> Wholes:
        """The units that are paid on a step."""
        index = np.asarray(step, np.int64)
        if self.gpus_per_replica >= self.unit_gpus:
            return -(-(self.first_replicas + index) * self.gpus_per_replica // self.unit_gpus)
        return self._first_units() + index

    def up_to(self, step: ArrayLike) -> Floats:
        """The largest volume on a step; the next step starts just above it."""
        carrying = self.last_replicas(step) - self.redundancy
        return np.asarray((carrying + SLACK) * self.requests_per_replica, np.float64)

    def step_at(self, requests: ArrayLike) -> Wholes:
        """The step on which a volume lies, whole even where the division that finds it is not."""
        volume = np.asarray(requests, np.float64)
        step = self._step_of(self.replicas_at(volume))
        step = np.where(volume > self.up_to(step), step + 1, step)
        before = np.maximum(step - 1, 0)
        return np.where((step > 0) & (volume <= self.up_to(before)), before, step)

    def replicas_at(self, requests: ArrayLike) -> Wholes:
        """Replicas that run at a volume."""
        carrying = np.ceil(np.asarray(requests, np.float64) / self.requests_per_replica - SLACK)
        return np.maximum(self.min_replicas, _whole(np.maximum(1.0, carrying)) + self.redundancy)

    def usd(self, requests: ArrayLike) -> Floats:
        """Monthly USD at a volume, of any shape."""
        volume = np.asarray(requests, np.float64)
        units = self.units(self.step_at(volume))
        return np.asarray(self.base_usd + self.usd_per_request * volume + self.usd_per_unit * units, np.float64)

    def steps_to(self, requests: float, most: int = 400) -> Steps:
        """The steps from 0 up to the one that holds ``requests``, at most ``most`` of them.

        >>> steps = Staircase(1e6, 3_000.0, redundancy=1).steps_to(2.5e6)
        >>> steps.replicas.tolist(), steps.usd_at_end.tolist()
        ([2.0, 3.0, 4.0], [6000.0, 9000.0, 12000.0])
        """
        step = np.arange(min(int(self.step_at(requests)) + 1, most))
        ends = self.up_to(step)
        starts = np.concatenate([[0.0], ends[:-1]])
        units = self.units(step).astype(np.float64)
        stairs = self.base_usd + self.usd_per_unit * units
        at_end = np.where(np.isinf(ends), np.inf if self.usd_per_request else stairs, stairs)
        finite = np.isfinite(ends)
        at_end[finite] += self.usd_per_request * ends[finite]
        return Steps(starts, ends, self.last_replicas(step).astype(np.float64), units,
                     stairs + self.usd_per_request * starts, at_end)

    def per_multiple_of(self, requests: float) -> Staircase:
        """The same staircase over multiples of ``requests`` (above 0) in place of requests."""
        return replace(self, requests_per_replica=self.requests_per_replica / requests,
                       usd_per_request=self.usd_per_request * requests)

    def _first_units(self) -> int:
        return -(-self.first_replicas * self.gpus_per_replica // self.unit_gpus)

    def _step_of(self, replicas: Wholes) -> Wholes:
        if self.gpus_per_replica >= self.unit_gpus:
            return replicas - self.first_replicas
        return -(-replicas * self.gpus_per_replica // self.unit_gpus) - self._first_units()


def _whole(values: Floats) -> Wholes:
    """Whole numbers as integers, cut where they would overflow."""
    return np.asarray(np.minimum(values, _MOST_REPLICAS), np.int64)


NO_TRAFFIC = inf
"""``requests_per_replica`` of an endpoint that gets no traffic: it stands on its first step for good."""


@dataclass(frozen=True, slots=True)
class CostCurve:
    """A monthly bill as a function of requests a month, with the mix of categories held.

    >>> CostCurve(fixed_usd=100.0, usd_per_request=0.01).usd([0, 1_000]).tolist()
    [100.0, 110.0]
    """

    fixed_usd: float = 0.0
    """USD a month whatever the volume."""
    usd_per_request: float = 0.0
    """USD per request of the workload."""
    staircases: tuple[Staircase, ...] = ()
    """One for each self-hosted endpoint that the scenario uses."""

    def usd(self, requests: ArrayLike) -> Floats:
        """Monthly USD at volumes of any shape."""
        volume = np.asarray(requests, np.float64)
        line = self.fixed_usd + self.usd_per_request * volume
        return np.asarray(line + sum(stairs.usd(volume) for stairs in self.staircases), np.float64)
