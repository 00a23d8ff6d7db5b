"""One row of each hardware table as a record, and the two formulas about memory."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal, NamedTuple

from pydantic import Field

from pricing.record import Name, Record

Label = Literal["measured", "derived", "fitted", "modelled", "judgement"]
PricingType = Literal["on_demand", "spot", "reserved_1yr", "reserved_3yr", "own_tco"]
Segment = Literal["marketplace", "neocloud", "hyperscaler", "index", "estimate"]
Remark = Annotated[str, Field(max_length=400)]
Amount = Annotated[float, Field(ge=0, le=1e9)]
Positive = Annotated[float, Field(gt=0, le=1e9)]
Count = Annotated[int, Field(ge=1, le=100_000)]


class Sourced(Record):
    """What every row of the hardware tables carries."""

    label: Label
    """How the figure came about: measured, derived from measurements, fitted, modelled, or judgement."""
    source: Name
    """Where the figure comes from."""
    as_of: Name
    """Day, month or edition to which the figure refers; "undated" when the source gives none."""

    @property
    def day(self) -> date | None:
        """``as_of`` as a day, or None where it names a month or an edition only."""
        try:
            return date.fromisoformat(self.as_of) if len(self.as_of) == 10 else None
        except ValueError:
            return None


class GpuRent(Sourced):
    """What one provider asks for an hour of one GPU."""

    gpu: Name
    """The GPU rented."""
    provider: Name
    """Who rents it out, or whose estimate this is."""
    segment: Segment
    """Marketplace, neocloud, hyperscaler, an index over several, or an estimate."""
    pricing_type: PricingType
    """On demand, spot, reserved for one or three years, or the owner's full cost."""
    usd_per_gpu_hour_min: Positive | None
    """The lowest price over regions; empty when not known."""
    usd_per_gpu_hour_median: Positive
    """The median price over regions."""
    usd_per_gpu_hour_max: Positive | None
    """The highest price over regions; empty when not known."""
    regions_count: Count | None
    """How many regions the figures span; empty when not known."""
    sku: Remark
    """The provider's own name for the offer."""
    note: Remark
    """What a reader should know about the figure."""


class Gpu(Sourced):
    """One kind of GPU and what it rents for."""

    name: Name
    """The name shown."""
    vram_gb: Positive
    """Memory of one GPU in GB."""
    note: Remark
    """What a reader should know about it."""
    rents: tuple[GpuRent, ...]
    """Every rent known, of every kind."""


class RentQuote(Record):
    """The rent to start from: the middle of the list prices on demand, and how far they reach."""

    value: Positive
    """USD per GPU-hour: the median over providers."""
    low: Positive
    """USD per GPU-hour of the cheapest provider."""
    high: Positive
    """USD per GPU-hour of the dearest provider."""
    kind: Label
    """Derived: a median of list prices."""
    source: Name
    """How many list prices stand behind it, and whose."""
    as_of: date | None
    """The oldest dated price among them; empty when none is dated."""


class CapacityFit(Sourced):
    """Seconds of one replica per request, ``a*I + b*O + c*O*(I + O/2)``, fitted to measured throughput."""

    model_id: Name
    """The model, by its catalogue id."""
    gpu: Name
    """The GPU."""
    gpus_per_replica: Count
    """GPUs that serve one copy of the model."""
    parallelism: Name
    """How the copy was spread over its GPUs."""
    precision: Name
    """Number format of the weights in the test."""
    a_s_per_input_token: Amount
    """Seconds per input token."""
    b_s_per_output_token: Amount
    """Seconds per output token."""
    c_s_per_output_token_per_context_token: Amount
    """Seconds per output token and token of context that it looks back on."""
    shapes_used: Count
    """Measured lengths behind the fit."""
    min_input_tokens: Count
    """Shortest prompt in the measurements."""
    max_input_tokens: Count
    """Longest prompt in the measurements."""
    min_output_tokens: Count
    """Shortest answer in the measurements."""
    max_output_tokens: Count
    """Longest answer in the measurements."""
    mean_abs_error_share: Annotated[float, Field(ge=0, le=1)]
    """Mean distance of the fit from the measurements."""
    max_abs_error_share: Annotated[float, Field(ge=0, le=1)]
    """Largest distance of the fit from the measurements."""
    edition_order: Count
    """Age of the source's edition: a higher number is newer."""
    source_model: Name
    """The name of the model in the source."""
    note: Remark
    """Set when the measurements are of another release of the same architecture and size."""


class ModelMemory(Sourced):
    """What sets the memory that a model needs."""

    model_id: Name
    """The model, by its catalogue id."""
    total_params_b: Positive
    """Parameters in billions (1e9)."""
    active_params_b: Positive
    """Parameters used per token, in billions; fewer than the total in a mixture of experts."""
    layers: Count
    """Layers of the network."""
    kv_heads: Count | None
    """Key and value heads; empty for a compressed cache."""
    head_dim: Count | None
    """Width of a head; empty for a compressed cache."""
    attention: Name
    """Kind of attention."""
    kv_bytes_per_token: Positive
    """Bytes that one token of context holds in the cache at 16 bits."""
    kv_note: Name
    """Whether that is exact or an upper bound."""
    weights_gb_bf16: Positive
    """GB of the weights at 16 bits."""
    weights_gb_fp8: Positive
    """GB of the weights at 8 bits."""
    weights_gb_published: Positive | None
    """GB of the weights as published; empty when not known."""
    published_precision: Literal["FP4", "FP8", "BF16"] | None
    """Number format of the published weights."""
    source_model: Name
    """The name of the model in the source."""
    note: Remark
    """What a reader should know about it."""

    @property
    def is_mixture(self) -> bool:
        """True for a mixture of experts: only part of the parameters work on a token."""
        return self.active_params_b < self.total_params_b

    def weights_gb(self, precision: str, fp4_gb_per_b_params: float) -> float:
        """GB of the weights in a number format of the precision table: FP4, FP8 or BF16.

        The published checkpoint counts where its format is the one asked for; 4-bit weights that nobody published
        take ``fp4_gb_per_b_params`` per billion parameters (the method, section 8).
        """
        if self.weights_gb_published is not None and precision == self.published_precision:
            return self.weights_gb_published
        by_precision = {
            "FP4": self.total_params_b * fp4_gb_per_b_params,
            "FP8": self.weights_gb_fp8,
            "BF16": self.weights_gb_bf16,
        }
        return by_precision[precision]


class MeasuredThroughput(Sourced):
    """One published throughput of a model on a machine: a check beside the fit."""

    model_id: Name
    """The model, by its catalogue id."""
    gpu: Name
    """The GPU."""
    gpus_per_replica: Count
    """GPUs in the test, of one replica or of a whole system (see the note)."""
    parallelism: Name
    """How the copy was spread over its GPUs."""
    precision: Name
    """Number format of the weights in the test."""
    engine: Name
    """The serving software."""
    input_tokens_per_request: Count | None
    """Prompt length of the test; empty when not given."""
    output_tokens_per_request: Count | None
    """Answer length of the test; empty when not given."""
    operating_point: Name
    """Whether the test ran flat out or inside a latency limit."""
    concurrency: Count | None
    """Requests in flight; empty when not given."""
    ttft_ms: Positive | None
    """Time to the first token, or its limit, in milliseconds; empty when not given."""
    tpot_ms: Positive | None
    """Time per later token, or its limit, in milliseconds; empty when not given."""
    output_tokens_per_s_replica: Positive | None
    """Output tokens a second of the whole machine; empty when only input was measured."""
    input_tokens_per_s_replica: Positive | None
    """Input tokens a second of the whole machine; empty when not given."""
    sample_count: Count | None
    """Submissions behind the figure; empty when not given."""
    basis: Name
    """How the figure was obtained, in the source's terms."""
    source_ref: Name
    """Edition or place inside the source."""
    source_model: Name
    """The name of the model in the source."""
    note: Remark
    """What a reader should know about it."""

    @property
    def requests_per_s(self) -> float | None:
        """Requests a second of the whole machine, or None where the source does not allow to say."""
        if self.output_tokens_per_s_replica is None or self.output_tokens_per_request is None:
            return None
        return self.output_tokens_per_s_replica / self.output_tokens_per_request


class MemoryTerms(NamedTuple):
    """Beliefs about memory use, from the register of assumptions."""

    sequences: float
    """Requests held in memory at the same time."""
    memory_utilization: float
    """Share of a GPU's memory that the server may use."""
    reserve_gb_per_gpu: float
    """GB per GPU for activations and the runtime."""
    fp4_gb_per_b_params: float
    """GB of 4-bit weights per billion parameters where no checkpoint is published."""


def memory_need_gb(
    weights_gb: float, kv_bytes_per_token: float, sequences: float, max_prompt_tokens: float, output_tokens: float
) -> float:
    """GB for the weights and the cache of ``sequences`` requests of full length (the method, section 8).

    >>> memory_need_gb(70.0, 500_000, 8, 3_000, 1_000)
    86.0
    """
    return weights_gb + kv_bytes_per_token * sequences * (max_prompt_tokens + output_tokens) / 1e9


def usable_gb(gpu_count: int, vram_gb: float, terms: MemoryTerms) -> float:
    """GB that the server may fill on ``gpu_count`` GPUs; never below 0.

    >>> usable_gb(2, 80.0, MemoryTerms(8, 0.90, 3.5, 0.55))
    137.0
    """
    return max(0.0, gpu_count * (vram_gb * terms.memory_utilization - terms.reserve_gb_per_gpu))


class SourceName(Record):
    """One line of the table of names: what a source calls a thing, and what we call it."""

    kind: Literal["model", "gpu", "precision"]
    """What is named."""
    source_name: Name
    """The name in a source."""
    name: Name
    """Our name: a catalogue id, the name of a GPU, or FP4, FP8, BF16."""
    note: Remark
    """What a reader should know about the translation."""
