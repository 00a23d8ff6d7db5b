"""Endpoints that a plan declares itself: hosted on own hardware, or bought at an own price."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from pricing.record import Record
from pricing.units import COUNT, FACTOR, MONTHS, SHARE, USD, USD_PER_MTOK

Share = Annotated[float, Field(ge=0, le=1), SHARE]
Usd = Annotated[float, Field(ge=0, le=1e12), USD]
Mtok = Annotated[float, Field(ge=0, le=100_000), USD_PER_MTOK]
Factor = Annotated[float, Field(gt=0, le=1000), FACTOR]
GpuCount = Annotated[int, Field(ge=1, le=1024), COUNT]


class Capacity(Record):
    """Seconds of one replica that a request takes: a*input + b*output + c*output*(input + output/2)."""

    a_s_per_input_token: Annotated[float, Field(gt=0, le=1)]
    """Seconds per input token."""
    b_s_per_output_token: Annotated[float, Field(gt=0, le=1)]
    """Seconds per output token."""
    c_s_per_output_token_per_context_token: Annotated[float, Field(ge=0, le=1)] = 0.0
    """Seconds per output token and token of context."""


class SelfHosted(Record):
    """An open model on GPUs that you rent or own. Fields left out take the register's values."""

    kind: Literal["self_hosted"] = "self_hosted"
    model: Annotated[str, Field(min_length=1, max_length=200)]
    """The open model that runs there."""
    gpu: Annotated[str, Field(min_length=1, max_length=80)]
    """The GPU, by the name in the GPU table."""
    gpus_per_replica: GpuCount | None = None
    """GPUs that hold one copy of the model; the smallest count that fits if left out."""
    precision: Annotated[str, Field(min_length=1, max_length=20)] | None = None
    """Number format of the weights, such as FP8."""
    usd_per_gpu_hour: Annotated[float, Field(ge=0, le=10_000), USD] | None = None
    """Rent of one GPU for an hour; the median on-demand rent if left out."""
    billing_unit_gpus: GpuCount = 1
    """GPUs that are rented together, such as 8 for a whole node."""
    commitment: Annotated[float, Field(gt=0, le=1)] = 1.0
    """Price under a commitment over the on-demand price."""
    redundancy: Annotated[int, Field(ge=0, le=100)] | None = None
    """Spare replicas that stand by."""
    min_replicas: Annotated[int, Field(ge=1, le=10_000)] | None = None
    """Replicas that always run."""
    latency_class: Literal["batch", "standard", "interactive"] | None = None
    """How soon answers must come; follows the categories if left out."""
    latency_factor: Annotated[float, Field(ge=0.01, le=1), SHARE] | None = None
    """Share of the full throughput that is left at the latency target."""
    target_utilization: Annotated[float, Field(ge=0.01, le=1), SHARE] | None = None
    """Share of the capacity that you plan to use in the busiest hour."""
    peak_factor: Factor | None = None
    """Busiest hour over mean hour of everything this endpoint serves."""
    prefix_hit_share: Share = 0.0
    """Share of input tokens that the server still holds from an earlier request."""
    overhead: Annotated[float, Field(ge=0, le=10)] | None = None
    """Storage, network and monitoring on top of the rent."""
    fte: Annotated[float, Field(ge=0, le=1000)] | None = None
    """Engineers that keep it running, in full-time posts."""
    fte_usd_per_month: Usd | None = None
    """What one full-time post costs a month."""
    other_fixed_usd_per_month: Usd = 0.0
    """Anything else that is paid each month."""
    egress_usd_per_gb: Annotated[float, Field(ge=0, le=100), USD] | None = None
    """What it costs to send out one gigabyte."""
    bytes_per_token: Annotated[float, Field(ge=0, le=1000)] | None = None
    """Bytes sent out per output token."""
    thinking_factor: Factor = 1.0
    """Tokens that this model writes for one token counted in the workload."""
    one_off_usd: Usd | None = None
    """Paid once to set it up."""
    dual_run_months: Annotated[float, Field(ge=0, le=60), MONTHS] | None = None
    """Months in which the old way still runs beside it."""
    capacity: Capacity | None = None
    """Your own capacity law in place of the table's."""
    measured_requests_per_s: Annotated[float, Field(ge=1e-6, le=1e6)] | None = None
    """Requests per second that one replica served in your own test, at the latency target."""
    mode: Literal["rent", "buy"] = "rent"
    """Whether the GPUs are rented or bought."""
    gpus_per_server: GpuCount = 8
    """GPUs in one server that you buy."""
    capex_usd_per_server: Usd | None = None
    """Price of one server."""
    amortisation_months: Annotated[float, Field(ge=1, le=240), MONTHS] | None = None
    """Months over which a server is written off."""
    residual_share: Share | None = None
    """Share of the price that a server is still worth afterwards."""
    cost_of_capital: Annotated[float, Field(ge=0, le=1)] | None = None
    """Yearly cost of the money tied up."""
    kw_per_server: Annotated[float, Field(ge=0, le=1000)] | None = None
    """Power that one server draws at most, in kW."""
    usd_per_kw_month: Usd | None = None
    """Rack space, per kW and month."""
    maintenance_share: Share | None = None
    """Yearly upkeep as a share of the price."""
    load_share: Share | None = None
    """Mean power draw over the most it can draw."""
    pue: Annotated[float, Field(ge=1, le=5)] | None = None
    """Power of the whole site over power of the servers."""
    usd_per_kwh: Annotated[float, Field(ge=0, le=100), USD] | None = None
    """Price of electricity."""


class Custom(Record):
    """An endpoint bought at your own price, such as a fine-tuned model."""

    kind: Literal["custom"] = "custom"
    input_usd_per_mtok: Mtok
    """Price of 1M input tokens."""
    output_usd_per_mtok: Mtok
    """Price of 1M output tokens."""
    cache_read_usd_per_mtok: Mtok | None = None
    """Price of 1M input tokens read from the prompt cache; the input price if left out."""
    cache_write_usd_per_mtok: Mtok | None = None
    """Price of 1M input tokens written to the prompt cache; the input price if left out."""
    batch_factor: Annotated[float, Field(gt=0, le=1), FACTOR] | None = None
    """Batch price over standard price; left out, batch is not offered."""
    usd_per_request: Usd = 0.0
    """Fee per request."""
    fixed_usd_per_month: Usd = 0.0
    """Hosting or licence paid each month."""
    one_off_usd: Usd = 0.0
    """Paid once, such as training."""
    context_tokens: Annotated[int, Field(ge=1, le=10**9)] | None = None
    """Longest prompt it takes."""
    thinking_factor: Factor = 1.0
    """Tokens that this model writes for one token counted in the workload."""
    tokenizer_factor: Factor = 1.0
    """Tokens it counts for one token of the reference tokenizer."""
    in_house: bool = False
    """Whether it runs on machines you control."""
    ability_like: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    """Catalogue model whose ability is assumed where nothing is measured."""


Endpoint: TypeAlias = Annotated[SelfHosted | Custom, Field(discriminator="kind")]

