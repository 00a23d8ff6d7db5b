"""What own GPUs can carry: seconds per request, busy-hour load, replicas, memory (the method, section 8).

Every assumption comes in as an argument. Functions are pure and take arrays of any broadcastable shape: categories lie
on the last axis, draws or months or plans on the axes before it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from planner.engine.staircase import SLACK
from pricing.errors import InputError, Problem
from pricing.hardware import CapacityFit, Gpu, MemoryTerms, ModelMemory, memory_need_gb, usable_gb

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

HOURS_PER_MONTH = 730.0
SECONDS_PER_HOUR = 3600.0

SHORTEST_MEASURED_TOKENS = 128.0
"""The shortest prompt and answer in any measurement behind a fit: nothing is known of the time below."""

LatencyClass = Literal["batch", "standard", "interactive"]


# --- how long one replica works on a request ---------------------------------------------------------------------


class RequestSeconds(NamedTuple):
    """Seconds of one replica per request, and where the token counts left the fitted range."""

    seconds: Floats
    input_outside: Bools
    """The prompt is shorter or longer than any in the measurements."""
    output_outside: Bools
    """The same for the answer."""


class Capacity(Protocol):
    """Something that says how long one replica works on a request."""

    def seconds(self, input_tokens: ArrayLike, output_tokens: ArrayLike) -> RequestSeconds:
        """Seconds of one replica per request of these lengths."""
        ...

    def latency_factor(self, latency_factor: ArrayLike) -> Floats:
        """Share of that speed which is left at the latency target."""
        ...


def seconds_per_request(
    a: ArrayLike, b: ArrayLike, c: ArrayLike, input_tokens: ArrayLike, output_tokens: ArrayLike
) -> Floats:
    """Seconds of one replica per request, ``a*I + b*O + c*O*(I + O/2)`` (the method, section 8).

    >>> float(seconds_per_request(1e-4, 2e-4, 0.0, 1_000, 500))
    0.2
    """
    prompt, answer = np.asarray(input_tokens, np.float64), np.asarray(output_tokens, np.float64)
    return np.asarray(np.multiply(a, prompt) + np.multiply(b, answer) + np.multiply(c, answer * (prompt + answer / 2)))


@dataclass(frozen=True, slots=True)
class LengthLaw:
    """Capacity by the lengths of prompt and answer, with the range in which it was fitted."""

    a_s_per_input_token: float
    b_s_per_output_token: float
    c_s_per_output_token_per_context_token: float = 0.0
    input_tokens: tuple[float, float] = (0.0, np.inf)
    """Shortest and longest prompt in the measurements; a law that the user wrote holds everywhere."""
    output_tokens: tuple[float, float] = (0.0, np.inf)
    """The same for answers."""

    @classmethod
    def of_fit(cls, fit: CapacityFit) -> LengthLaw:
        """The law of a row of the capacity table."""
        return cls(
            fit.a_s_per_input_token, fit.b_s_per_output_token, fit.c_s_per_output_token_per_context_token,
            (fit.min_input_tokens, fit.max_input_tokens), (fit.min_output_tokens, fit.max_output_tokens),
        )

    def seconds(self, input_tokens: ArrayLike, output_tokens: ArrayLike) -> RequestSeconds:
        """Seconds per request; lengths outside the fitted range are flagged, and the law is carried on beyond it.

        Measurements that a fit has not seen lie near the law on both sides of its range, and far from what the nearest
        end of the range would say (:mod:`planner.engine.capacity_check`). Below the shortest length that was ever
        measured a request counts as that, which is on the safe side. One without any token takes no time.

        >>> law = LengthLaw(1e-4, 1e-4, input_tokens=(100, 1_000))
        >>> law.seconds([50, 500, 4_000], 0).seconds.tolist()
        [0.01, 0.05, 0.4]
        """
        prompt, answer = np.broadcast_arrays(
            np.asarray(input_tokens, np.float64), np.asarray(output_tokens, np.float64)
        )
        (least_prompt, most_prompt), (least_answer, most_answer) = self.input_tokens, self.output_tokens
        floor_prompt, floor_answer = (min(least, SHORTEST_MEASURED_TOKENS) for least in (least_prompt, least_answer))
        seconds = seconds_per_request(
            self.a_s_per_input_token, self.b_s_per_output_token, self.c_s_per_output_token_per_context_token,
            np.maximum(prompt, floor_prompt), np.maximum(answer, floor_answer),
        )
        empty = (prompt == 0) & (answer == 0)
        return RequestSeconds(
            np.where(empty, 0.0, seconds), ((prompt < least_prompt) | (prompt > most_prompt)) & ~empty,
            ((answer < least_answer) | (answer > most_answer)) & ~empty,
        )

    def latency_factor(self, latency_factor: ArrayLike) -> Floats:
        """The fits come from tests without a latency limit: the factor counts in full."""
        return np.asarray(latency_factor, np.float64)


@dataclass(frozen=True, slots=True)
class MeasuredRate:
    """The user's own measurement: requests per second of one replica, at the latency target, for this mix of work."""

    requests_per_s: float

    def seconds(self, input_tokens: ArrayLike, output_tokens: ArrayLike) -> RequestSeconds:
        """The same seconds for every request: the measurement does not tell lengths apart."""
        shape = np.broadcast_shapes(np.shape(input_tokens), np.shape(output_tokens))
        no = np.zeros(shape, np.bool_)
        return RequestSeconds(np.full(shape, 1.0 / self.requests_per_s), no, no)

    def latency_factor(self, latency_factor: ArrayLike) -> Floats:
        """1: the test was run at the latency target, so nothing is taken off again."""
        return np.ones(np.shape(latency_factor))


def length_warnings(law: LengthLaw, names: Sequence[str], input_tokens: ArrayLike, output_tokens: ArrayLike
                    ) -> list[str]:
    """A sentence for every category whose mean length lies outside the fitted range, with both figures."""
    found = law.seconds(input_tokens, output_tokens)
    sentences = []
    for flags, values, (least, most), what in (
        (found.input_outside, input_tokens, law.input_tokens, "prompts"),
        (found.output_outside, output_tokens, law.output_tokens, "answers"),
    ):
        lengths = np.broadcast_to(np.asarray(values, np.float64), flags.shape)
        for name, flag, length in zip(names, np.atleast_1d(flags), np.atleast_1d(lengths), strict=True):
            if flag:
                floor = min(least, SHORTEST_MEASURED_TOKENS)
                effect = (
                    f"counted as {floor:,.0f}, they really take less time" if length < floor else
                    "the capacity law is carried on beyond it"
                    + (", and they may take still more time" if length > most else "")
                )
                sentences.append(f"{name}: {what} of {length:,.0f} tokens lie outside the measured range of "
                                 f"{least:,.0f} to {most:,.0f}; {effect}.")
    return sentences


# --- how many replicas run ---------------------------------------------------------------------------------------


class LatencyFactors(NamedTuple):
    """Share of the full throughput that is left at a latency target, from the register of assumptions."""

    batch: float
    standard: float
    interactive: float
    large_mixture: float
    """For a large mixture of experts, in place of standard and interactive."""
    large_mixture_from_b_params: float
    """Billions of parameters from which a mixture of experts counts as large."""


def latency_factor(latency_class: LatencyClass, model: ModelMemory | None, factors: LatencyFactors) -> float:
    """The factor of a latency class for a model; a model without known size takes the class's own.

    >>> latency_factor("interactive", None, LatencyFactors(1.0, 0.88, 0.54, 0.48, 200))
    0.54
    """
    is_large = model is not None and model.is_mixture and model.total_params_b >= factors.large_mixture_from_b_params
    if is_large and latency_class != "batch":
        return factors.large_mixture
    return {"batch": factors.batch, "standard": factors.standard, "interactive": factors.interactive}[latency_class]


def usable_share(capacity: Capacity, latency_factor: ArrayLike, target_utilization: ArrayLike) -> Floats:
    """Share of a replica's full speed that is planned on: what is left at the latency target, and not all of that.

    >>> float(usable_share(LengthLaw(1e-4, 1e-4), 0.75, 0.8)), float(usable_share(MeasuredRate(2.0), 0.75, 0.8))
    (0.6000000000000001, 0.8)
    """
    return np.asarray(capacity.latency_factor(latency_factor) * np.asarray(target_utilization), np.float64)


def category_loads(
    peak_factor: ArrayLike, calls_per_request: ArrayLike, requests_per_month: ArrayLike, seconds: ArrayLike
) -> Floats:
    """Busy-hour load of each category, in whole replicas' worth of work, ``peak*x*N*t / 3600 / 730``.

    ``calls_per_request`` is what the strategy sends here (its share, times expected attempts). 0 is fine anywhere.
    """
    busy = np.multiply(peak_factor, calls_per_request) * np.multiply(requests_per_month, seconds)
    return np.asarray(busy / SECONDS_PER_HOUR / HOURS_PER_MONTH, np.float64)


def busy_hour_load(
    peak_factor: ArrayLike, calls_per_request: ArrayLike, requests_per_month: ArrayLike, seconds: ArrayLike
) -> Floats:
    """The load of all categories (the last axis) on one pooled endpoint.

    >>> float(busy_hour_load(2.0, [1.0, 0.5], [1_314_000, 2_628_000], 0.5))
    1.0
    """
    loads = category_loads(peak_factor, calls_per_request, requests_per_month, seconds)
    return np.asarray(np.atleast_1d(loads).sum(axis=-1), np.float64)


def shares_of_load(loads: ArrayLike) -> Floats:
    """Each category's share (last axis) of an endpoint's fixed cost: by load, and equal parts where there is none.

    >>> shares_of_load([3.0, 1.0]).tolist(), shares_of_load([0.0, 0.0]).tolist()
    ([0.75, 0.25], [0.5, 0.5])
    """
    parts = np.asarray(loads, np.float64)
    whole = parts.sum(axis=-1, keepdims=True)
    return np.asarray(np.where(whole > 0, parts / np.where(whole > 0, whole, 1.0), 1.0 / parts.shape[-1]))


def above_zero(usable: ArrayLike) -> Floats:
    """The usable share as an array. Raises :class:`InputError` where it is 0: no number of replicas would do."""
    share = np.asarray(usable, np.float64)
    if np.any(share <= 0):
        raise InputError(Problem("usable share of a replica", f"{share.min():g}", "above 0",
                                 "Raise target_utilization or latency_factor."))
    return share


def replicas(load: ArrayLike, usable: ArrayLike, min_replicas: ArrayLike, redundancy: ArrayLike) -> Floats:
    """Replicas that run: ``max(min_replicas, max(1, ceil(load/usable - 1e-9)) + redundancy)``; one even without work.

    >>> replicas([0.0, 0.8, 0.81], 0.8, 1, 1).tolist()
    [2.0, 2.0, 3.0]
    """
    carrying = np.maximum(1.0, np.ceil(np.asarray(load, np.float64) / above_zero(usable) - SLACK))
    return np.asarray(np.maximum(min_replicas, carrying + np.asarray(redundancy, np.float64)), np.float64)


class ReplicaCapacity(NamedTuple):
    """What one replica carries at its usable share."""

    usable_requests_per_s: Floats
    """In the busy hour."""
    requests_per_month: Floats
    """Over a month whose busy hour is ``peak_factor`` times its mean."""
    tokens_per_month: Floats
    """Input and output tokens of those requests."""


def replica_capacity(
    seconds: ArrayLike, usable: ArrayLike, peak_factor: ArrayLike, tokens_per_request: ArrayLike
) -> ReplicaCapacity:
    """What one replica carries of requests that take ``seconds`` (above 0) and hold so many tokens each.

    >>> replica_capacity(0.5, 0.8, 2.0, 1_000).requests_per_month.item()
    2102400.0
    """
    in_busy_hour = np.asarray(usable, np.float64) / np.asarray(seconds, np.float64)
    monthly = in_busy_hour / np.asarray(peak_factor) * SECONDS_PER_HOUR * HOURS_PER_MONTH
    return ReplicaCapacity(in_busy_hour, np.asarray(monthly), np.asarray(monthly * np.asarray(tokens_per_request)))


# --- whether the model fits in memory ----------------------------------------------------------------------------


class MemoryVerdict(NamedTuple):
    """Whether a replica's GPUs hold the model and its cache; ``fits`` is None where nothing is known."""

    fits: bool | None
    need_gb: float | None
    weights_gb: float | None
    cache_gb: float | None
    usable_gb: float
    reason: str
    """A sentence with both figures."""


def memory_verdict(
    model_name: str, memory: ModelMemory | None, gpu: Gpu, gpus_per_replica: int, precision: str,
    max_prompt_tokens: float, output_tokens: float, terms: MemoryTerms,
) -> MemoryVerdict:
    """Whether ``gpus_per_replica`` GPUs hold the model; ``precision`` is FP4, FP8 or BF16 (``weight_class``)."""
    room = usable_gb(gpus_per_replica, gpu.vram_gb, terms)
    machine = f"{gpus_per_replica} x {gpu.name}"
    if memory is None:
        return MemoryVerdict(None, None, None, None, room, f"{model_name}: how much memory it needs is not known, so "
                             f"nobody checked that it fits the {room:,.1f} GB of {machine}.")
    weights = memory.weights_gb(precision, terms.fp4_gb_per_b_params)
    need = memory_need_gb(weights, memory.kv_bytes_per_token, terms.sequences, max_prompt_tokens, output_tokens)
    fits = need <= room
    tokens = max_prompt_tokens + output_tokens
    reason = (
        f"{model_name} in {precision} needs {need:,.1f} GB ({weights:,.1f} GB of weights and {need - weights:,.1f} GB "
        f"for {terms.sequences:,.0f} requests of {tokens:,.0f} tokens); {machine} offer{'s' * (gpus_per_replica == 1)} "
        f"{room:,.1f} GB{'' if fits else ': too little'}."
    )
    return MemoryVerdict(fits, need, weights, need - weights, room, reason)
