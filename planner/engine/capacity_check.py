"""The capacity law against published measurements that no fit has seen.

A measurement counts as seen by a fit if it stands in the same edition of the same source, was made on the same machine
in the same spread over GPUs, and its lengths lie within the fitted range. Everything else on the same model, GPU, count
and number format is a test of the law: other editions of that source (newer or older serving software), and other
sources. Tests under a latency limit are held against the law times the latency factor that the planner would take.
Measurements that name no prompt length (MLPerf) say nothing about the law and are left out, as are modelled figures.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np

from planner.engine.serving import LatencyClass, LatencyFactors, LengthLaw, latency_factor
from pricing.hardware import CapacityFit, Hardware, MeasuredThroughput, load_hardware

Group = Literal["fitted", "other_edition", "other_source"]

_SWEEP = "concurrency_sweep"
_CLASSES: dict[str, LatencyClass] = {
    "max_throughput": "batch", "mlperf_offline": "batch", _SWEEP: "batch",
    "mlperf_server": "standard", "sla_ttft2000_tpot50": "standard",
    "mlperf_interactive": "interactive", "sla_ttft1000_tpot25": "interactive",
}
"""The latency class that a test of this kind corresponds to; tests of other kinds are not of whole requests."""


@dataclass(frozen=True, slots=True)
class Compared:
    """One measurement beside what the law says."""

    row: MeasuredThroughput
    fit: CapacityFit
    group: Group
    """fitted: the fit has seen it. other_edition: another edition of its source. other_source: another source."""
    is_newest: bool
    """Whether the planner takes this fit for the machine; older ones are held against newer measurements too."""
    is_outside: bool
    """Prompt or answer is longer or shorter than any that the fit has seen: the law is carried on."""
    latency_class: LatencyClass
    law_requests_per_s: float
    measured_requests_per_s: float
    clamped_requests_per_s: float
    """What the law would say if lengths outside its range counted as its nearest end."""

    @property
    def ratio(self) -> float:
        """Measured over predicted: 1 is right, below 1 the law promised too much."""
        return self.measured_requests_per_s / self.law_requests_per_s

    @property
    def factor(self) -> float:
        """How far off, whichever way: 1.25 for a fifth too little and for a quarter too much."""
        return max(self.ratio, 1.0 / self.ratio)


@lru_cache(maxsize=4)
def compared_rows(factors: LatencyFactors, hardware: Hardware | None = None) -> tuple[Compared, ...]:
    """Every measurement of whole requests with a fit for its machine, once per source's own name of the model."""
    tables = hardware or load_hardware()
    fits: dict[tuple[str, str, int, str], list[CapacityFit]] = {}
    for fit in tables.fits:
        key = (fit.model_id, fit.gpu, fit.gpus_per_replica, tables.weight_class(fit.precision))
        fits.setdefault(key, []).append(fit)
    found, seen = [], set()
    for row in _saturated(tables.measurements):
        key = (row.model_id, row.gpu, row.gpus_per_replica, tables.weight_class(row.precision))
        for fit in fits.get(key, ()):
            once = (row.model_copy(update={"model_id": "", "note": ""}), fit.source, fit.parallelism)
            if once not in seen:
                seen.add(once)
                newest = max(each.edition_order for each in fits[key])
                found.append(_compared(row, fit, fit.edition_order == newest, factors, tables))
    return tuple(found)


def _saturated(rows: Iterable[MeasuredThroughput]) -> list[MeasuredThroughput]:
    """Measurements of whole requests; of a sweep over concurrency only the point of most throughput."""
    kept: list[MeasuredThroughput] = []
    best: dict[object, MeasuredThroughput] = {}
    for row in rows:
        if row.label == "modelled" or row.operating_point not in _CLASSES:
            continue
        if row.requests_per_s is None or row.input_tokens_per_request is None:
            continue
        if row.operating_point != _SWEEP:
            kept.append(row)
            continue
        machine = (row.model_id, row.gpu, row.gpus_per_replica, row.parallelism, row.precision, row.source,
                   row.input_tokens_per_request, row.output_tokens_per_request)
        before = best.get(machine)
        if before is None or (row.requests_per_s or 0.0) > (before.requests_per_s or 0.0):
            best[machine] = row
    return [*kept, *best.values()]


def _compared(row: MeasuredThroughput, fit: CapacityFit, is_newest: bool, factors: LatencyFactors, tables: Hardware
              ) -> Compared:
    prompt, answer = float(row.input_tokens_per_request or 0), float(row.output_tokens_per_request or 0)
    kind = _CLASSES[row.operating_point]
    share = latency_factor(kind, tables.memory(row.model_id), factors)
    law = LengthLaw.of_fit(fit)
    ends = tuple(np.clip((prompt, answer), *np.transpose((law.input_tokens, law.output_tokens))).tolist())
    is_outside = ends != (prompt, answer)
    own = fit.source.split()[0] in row.source
    edition = own and row.source_ref.split()[0] in fit.source
    same_test = row.parallelism == fit.parallelism and row.operating_point == "max_throughput"
    is_seen = edition and same_test and not is_outside
    return Compared(
        row=row, fit=fit, group="fitted" if is_seen else "other_edition" if own else "other_source",
        is_newest=is_newest, is_outside=is_outside, latency_class=kind,
        law_requests_per_s=share / float(law.seconds(prompt, answer).seconds),
        measured_requests_per_s=float(row.requests_per_s or 0.0),
        clamped_requests_per_s=share / float(law.seconds(*ends).seconds),
    )


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far the law lies from a set of measurements."""

    count: int
    median_ratio: float
    """Measured over predicted."""
    median_factor: float
    worst_factor: float


def agreement(rows: Iterable[Compared]) -> Agreement | None:
    """The middle and the worst of some comparisons; None without any."""
    listed = list(rows)
    if not listed:
        return None
    ratios, off = np.array([each.ratio for each in listed]), np.array([each.factor for each in listed])
    return Agreement(len(listed), float(np.median(ratios)), float(np.median(off)), float(off.max()))


def unseen(model_id: str, gpu: str | None, factors: LatencyFactors, hardware: Hardware | None = None
           ) -> tuple[Compared, ...]:
    """Measurements of a model (on one GPU, if given) that the planner's fit for the machine has not seen."""
    tables = hardware or load_hardware()
    named = {each.source_model for each in tables.fits if each.model_id == model_id}
    name = None if gpu is None else tables.gpu(gpu).name
    return tuple(
        each for each in compared_rows(factors, hardware)
        if each.fit.source_model in named and each.is_newest and each.group != "fitted" and name in (None, each.row.gpu)
    )
