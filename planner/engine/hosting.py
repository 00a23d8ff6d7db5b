"""A plan's self-hosted endpoint: its register defaults filled in, sized for the calls it gets, and its monthly cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from planner.domain.assumptions import Register
from planner.domain.endpoints import SelfHosted
from planner.engine.demand import Demand
from planner.engine.endpoints import Column, EndpointState
from planner.engine.self_host import (
    BuyTerms,
    HostedWork,
    SelfHostCost,
    SelfHostTerms,
    request_seconds,
    self_host_cost,
    self_host_staircase,
    work_loads,
)
from planner.engine.serving import (
    Capacity,
    LatencyClass,
    LatencyFactors,
    LengthLaw,
    MeasuredRate,
    MemoryVerdict,
    latency_factor,
    length_warnings,
    memory_verdict,
    usable_share,
)
from planner.engine.staircase import Staircase
from pricing.hardware import CapacityFit, Gpu, Hardware, MemoryTerms, RentQuote, load_hardware

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Machine:
    """What a self-hosted endpoint runs on, before any traffic."""

    model_name: str
    model_id: str
    gpu: Gpu
    fit: CapacityFit | None
    capacity: Capacity | None
    gpus_per_replica: int
    precision: str
    terms: SelfHostTerms
    memory: MemoryTerms
    rent: RentQuote | None
    latency_factors: LatencyFactors
    fault: str | None
    """Why it cannot be sized at all; None if it can."""


@dataclass(frozen=True)
class Hosted:
    """One self-hosted endpoint at this month's load."""

    id: str
    machine: Machine
    latency_class: LatencyClass
    replicas: int
    load: float
    """Busy-hour load in whole replicas' worth of work."""
    usable: float
    """Share of a replica's full speed that is planned on."""
    load_by_category: Floats
    seconds_by_category: Floats
    monthly_usd: float
    cost: SelfHostCost | None
    stairs: Staircase | None
    """Monthly USD by multiples of the plan's volume."""
    memory: MemoryVerdict | None
    infeasible: str | None
    warnings: tuple[str, ...]
    terms: SelfHostTerms | None = None
    """The machine's terms at the latency factor and with the spare replicas of this work; None if not sized."""


def memory_terms(register: Register) -> MemoryTerms:
    """Memory assumptions from the register."""
    value = register.value
    return MemoryTerms(
        sequences=value("kv_sequences"), memory_utilization=value("gpu_memory_utilization"),
        reserve_gb_per_gpu=value("memory_reserve_gb_per_gpu"),
        fp4_gb_per_b_params=value("fp4_gb_per_billion_parameters"),
    )


def latency_factors(register: Register) -> LatencyFactors:
    """Throughput left at a latency target, from the register."""
    value = register.value
    return LatencyFactors(
        value("latency_factor_batch"), value("latency_factor_standard"), value("latency_factor_interactive"),
        value("latency_factor_large_moe"), value("large_moe_threshold_billion_parameters"),
    )


@lru_cache(maxsize=64)
def machine(own: SelfHosted, model_id: str, model_name: str, longest_prompt: float, output_tokens: float,
            register: Register) -> Machine:
    """The hardware of an endpoint with every default filled in. Raises InputError for an unknown GPU or format."""
    hardware = load_hardware()
    gpu = hardware.gpu(own.gpu)
    memory = memory_terms(register)
    fit, fault = _fit(own, model_id, model_name, gpu, longest_prompt, output_tokens, memory, hardware)
    count = own.gpus_per_replica or (fit.gpus_per_replica if fit else 1)
    precision = own.precision or (fit.precision if fit else "FP8")
    capacity: Capacity | None = LengthLaw.of_fit(fit) if fit else None
    if own.capacity is not None:
        law = own.capacity
        capacity = LengthLaw(law.a_s_per_input_token, law.b_s_per_output_token,
                             law.c_s_per_output_token_per_context_token)
    if own.measured_requests_per_s is not None:
        capacity = MeasuredRate(own.measured_requests_per_s)
    rent = hardware.rent_usd_per_gpu_hour(own.gpu)
    rate = own.usd_per_gpu_hour if own.usd_per_gpu_hour is not None else (rent.value if rent else None)
    if capacity is None and fault is None:
        fault = (
            f"how fast {model_name} runs on {count} x {gpu.name} is not known: enter the requests per second of one "
            "replica that you measured (measured_requests_per_s)"
        )
    if rate is None and own.mode == "rent":
        fault = fault or f"no rent is known for {gpu.name}: enter usd_per_gpu_hour"
    return Machine(model_name, model_id, gpu, fit, capacity, count, precision, _terms(own, gpu, count, rate or 0.0,
                   register), memory, rent, latency_factors(register), fault)


def _fit(own: SelfHosted, model_id: str, name: str, gpu: Gpu, longest_prompt: float, output_tokens: float,
         memory: MemoryTerms, hardware: Hardware) -> tuple[CapacityFit | None, str | None]:
    if own.capacity is not None or own.measured_requests_per_s is not None:
        return None, None
    if own.gpus_per_replica is not None:
        return hardware.capacity(model_id, gpu.name, own.gpus_per_replica, own.precision), None
    fit = hardware.smallest_fit(model_id, gpu.name, own.precision, longest_prompt, output_tokens, memory)
    if fit is None and hardware.fits_of(model_id, gpu.name, own.precision):
        return None, f"no number of {gpu.name} with a measured speed holds {name} with prompts this long"
    return fit, None


def _terms(own: SelfHosted, gpu: Gpu, count: int, rate: float, register: Register) -> SelfHostTerms:
    value = register.value

    def default(given: float | None, key: str) -> float:
        return value(key) if given is None else float(given)

    return SelfHostTerms(
        gpus_per_replica=count, usd_per_gpu_hour=rate, billing_unit_gpus=own.billing_unit_gpus,
        commitment=own.commitment,
        redundancy=int(value("redundancy_replicas")) if own.redundancy is None else own.redundancy,
        min_replicas=int(value("min_replicas")) if own.min_replicas is None else own.min_replicas,
        latency_factor=1.0 if own.latency_factor is None else own.latency_factor,
        target_utilization=default(own.target_utilization, "target_utilization"),
        overhead=default(own.overhead, "overhead_share"), fte=default(own.fte, "self_host_fte"),
        fte_usd_per_month=default(own.fte_usd_per_month, "fte_usd_per_month"),
        other_fixed_usd_per_month=own.other_fixed_usd_per_month,
        egress_usd_per_gb=default(own.egress_usd_per_gb, "egress_usd_per_gb"),
        bytes_per_token=default(own.bytes_per_token, "bytes_per_token"),
        one_off_usd=default(own.one_off_usd, "self_host_one_off_usd"),
        dual_run_months=default(own.dual_run_months, "dual_run_months"), prefix_hit_share=own.prefix_hit_share,
        thinking_factor=own.thinking_factor, peak_factor=own.peak_factor, mode=own.mode,
        buy=_buy_terms(own, gpu, register) if own.mode == "buy" else None,
    )


def server_entry(stem: str, gpu: Gpu, register: Register) -> str:
    """The register's entry about a server with this GPU; that of an H100 server where it has none."""
    key = f"{stem}_{gpu.name.split()[0].split('-')[0].lower()}"
    return key if key in register else f"{stem}_h100"


def _buy_terms(own: SelfHosted, gpu: Gpu, register: Register) -> BuyTerms:
    def by_gpu(given: float | None, stem: str) -> float:
        return register.value(server_entry(stem, gpu, register)) if given is None else given

    def default(given: float | None, key: str) -> float:
        return register.value(key) if given is None else given

    return BuyTerms(
        gpus_per_server=own.gpus_per_server, capex_usd_per_server=by_gpu(own.capex_usd_per_server,
                                                                          "capex_usd_per_server"),
        amortisation_months=default(own.amortisation_months, "amortisation_months"),
        residual_share=default(own.residual_share, "residual_share"),
        cost_of_capital=default(own.cost_of_capital, "cost_of_capital_share_per_year"),
        kw_per_server=by_gpu(own.kw_per_server, "kw_per_server"),
        usd_per_kw_month=default(own.usd_per_kw_month, "colo_usd_per_kw_month"),
        maintenance_share=default(own.maintenance_share, "maintenance_share_per_year"),
        load_share=default(own.load_share, "power_load_share"), pue=default(own.pue, "pue"),
        usd_per_kwh=default(own.usd_per_kwh, "usd_per_kwh"),
    )


Part = tuple[Column, Floats]
"""One mode of an endpoint and its calls per request, shape (2, categories), routine and complex."""


def host(state: EndpointState, parts: Sequence[Part], demand: Demand, register: Register) -> Hosted:
    """The endpoint at the plan's volume, all its modes on the same replicas.

    Requests of one length share a replica's time; where complex requests are longer each part counts at its own length.
    """
    own = state.hosting
    assert own is not None, "only self-hosted endpoints are hosted"
    tables = load_hardware()
    served = np.asarray(np.any([(calls > 0).any(axis=0) for _, calls in parts], axis=0))
    longest = float(np.maximum(demand.max_prompt_tokens, demand.input_tokens)[served].max(initial=0.0))
    answers = state.output_factor * max(
        float(demand.output_tokens[(calls > 0).any(axis=0)].max(initial=0.0)) * column.output_factor
        for column, calls in parts
    )
    built = machine(own, state.model_id or own.model, state.label.split(",")[0], longest, answers, register)
    verdict = memory_verdict(
        built.model_name, tables.memory(built.model_id), built.gpu, built.gpus_per_replica,
        tables.weight_class(built.precision), longest, answers, built.memory,
    )
    fault = built.fault or (verdict.reason.rstrip(".") if verdict.fits is False else None)
    latency_class = own.latency_class or latency_class_of(demand, served)
    nothing = np.zeros(len(demand.names))
    if built.capacity is None or fault is not None:
        return Hosted(state.id, built, latency_class, 0, np.nan, np.nan, nothing, nothing, np.nan, None, None, verdict,
                      fault, ())
    share = own.latency_factor
    if share is None:
        share = latency_factor(latency_class, tables.memory(built.model_id), built.latency_factors)
    terms = replace(built.terms, latency_factor=share)
    if own.redundancy is None and latency_class == "batch":
        terms = replace(terms, redundancy=0)  # nobody waits: work that a failed replica drops is done later
    work = _together([hosted_work(column, calls, demand) for column, calls in parts])
    cost = self_host_cost(terms, built.capacity, work)
    return Hosted(
        id=state.id, machine=built, latency_class=latency_class, replicas=int(cost.replicas), load=float(cost.load),
        usable=float(usable_share(built.capacity, share, terms.target_utilization)),
        load_by_category=work_loads(terms, built.capacity, work).reshape(-1, len(demand.names)).sum(axis=0),
        seconds_by_category=request_seconds(terms, built.capacity, work).seconds[: len(demand.names)],
        monthly_usd=float(cost.total_usd), cost=cost, stairs=self_host_staircase(terms, built.capacity, work, 1.0),
        memory=verdict, infeasible=None, warnings=tuple(_warnings(built, verdict, demand, terms, parts)),
        terms=terms,
    )


def hosted_work(column: Column, calls: Floats, demand: Demand) -> HostedWork:
    """Routine and complex calls of every category as separate rows, each with its own length."""
    lengths = np.stack(demand.segment_lengths)
    return HostedWork(
        requests_per_month=np.tile(demand.requests, 2), calls_per_request=(calls * demand.expected_attempts).ravel(),
        input_tokens_per_request=(demand.input_tokens * lengths).ravel(),
        output_tokens_per_request=(demand.output_tokens * column.output_factor * lengths).ravel(),
        peak_factor=np.tile(demand.peak_factor, 2),
    )


def _together(works: Sequence[HostedWork]) -> HostedWork:
    """The rows of all of them, one after the other."""
    return HostedWork(*(np.concatenate([np.asarray(rows) for rows in columns]) for columns in zip(*works, strict=True)))


def latency_class_of(demand: Demand, served: NDArray[np.bool_]) -> LatencyClass:
    """The strictest class of the work it gets: interactive under a limit, batch if nothing waits, else standard."""
    if np.isfinite(demand.p95_latency_s[served]).any():
        return "interactive"
    return "batch" if served.any() and demand.is_batch[served].all() else "standard"


def _warnings(built: Machine, verdict: MemoryVerdict, demand: Demand, terms: SelfHostTerms, parts: Sequence[Part]
              ) -> list[str]:
    said = [verdict.reason] if verdict.fits is None else []
    for column, calls in parts if isinstance(built.capacity, LengthLaw) else ():
        assert isinstance(built.capacity, LengthLaw)
        used = np.nonzero((calls > 0).any(axis=0))[0]
        prompts = demand.input_tokens[used] * (1.0 - np.asarray(terms.prefix_hit_share))
        answers = demand.output_tokens[used] * np.asarray(terms.thinking_factor) * column.output_factor
        said += length_warnings(built.capacity, [demand.names[k] for k in used], prompts, answers)
    return said


def host_staircase(state: EndpointState, column: Column, k: int, demand: Demand, register: Register
                   ) -> Staircase | None:
    """Monthly USD of the endpoint by calls per request of category ``k``, its only work; None where it cannot run."""
    calls = np.zeros((2, len(demand.names)))
    calls[:, k] = demand.routine_share[k], demand.complex_share[k]
    return host(state, [(column, calls)], demand, register).stairs
