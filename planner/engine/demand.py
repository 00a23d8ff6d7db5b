"""The workload as arrays: what each category asks of the models in a month (the method, sections 1 to 3)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from planner.domain.assumptions import Register
from planner.domain.plan import Plan
from planner.domain.quantities import Quantity, likely
from planner.domain.workload import Category, volume_of

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Demand:
    """One entry per category on the last axis; leading axes (months, draws) broadcast."""

    names: tuple[str, ...]
    tasks: tuple[str, ...]
    complexity: tuple[str, ...]
    """low, medium or high: the level whose assumed accuracy applies."""
    requests: Floats
    """Requests a month."""
    input_tokens: Floats
    """Mean input tokens of one request."""
    output_tokens: Floats
    """Mean output tokens of one request."""
    cached_share: Floats
    cache_write_share: Floats
    batch_share: Floats
    complex_share: Floats
    complex_token_factor: Floats
    long_prompt_share: Floats
    """Share of tokens above a price step; NaN: decided by the mean prompt."""
    max_prompt_tokens: Floats
    fail_rate: Floats
    max_attempts: Floats
    billed_share: Floats
    error_cost_usd: Floats
    fix_usd: Floats
    review_usd: Floats
    handoff_usd: Floats
    handoff_share: Floats
    review_share: Floats
    catch_share: Floats
    false_alarm_share: Floats
    max_error_share: Floats
    """Ceiling on wrong answers after review; inf: none."""
    p95_latency_s: Floats
    """Limit to the first answer token; inf: none."""
    peak_factor: Floats
    is_batch: Bools
    """Nobody waits for the answers."""
    in_house_only: Bools
    error_cost_given: Bools

    @cached_property
    def routine_share(self) -> Floats:
        """Share of requests that are routine."""
        return 1.0 - self.complex_share

    @cached_property
    def served_share(self) -> Floats:
        """Share of requests answered within the allowed attempts, ``1 - p_f^n``."""
        return 1.0 - self.fail_rate**self.max_attempts

    @cached_property
    def expected_attempts(self) -> Floats:
        """Mean attempts per request, ``(1-p_f^n)/(1-p_f)``, and n when every attempt fails."""
        alive = 1.0 - self.fail_rate
        return np.where(alive > 0, self.served_share / np.where(alive > 0, alive, 1.0), self.max_attempts)

    @cached_property
    def spend_factor(self) -> Floats:
        """Billed attempts per request: successes in full, failures at their billed share."""
        return self.served_share + self.billed_share * (self.expected_attempts - self.served_share)

    @cached_property
    def segment_lengths(self) -> tuple[Floats, Floats]:
        """Length of a routine and of a complex request over the category's mean length."""
        routine = 1.0 / (self.routine_share + self.complex_share * self.complex_token_factor)
        return routine, routine * self.complex_token_factor

    def scaled(self, multiple: ArrayLike) -> Demand:
        """The same mix at ``multiple`` times the requests."""
        return replace(self, requests=self.requests * np.asarray(multiple, float))


def demand_of(plan: Plan, register: Register) -> Demand:
    """The demand of a plan's workload, every default filled from the register."""
    categories = plan.workload.categories

    def column(values: Any) -> Floats:
        return np.array(list(values), float).reshape(len(categories))

    volumes = [volume_of(category) for category in categories]
    levels = [complexity_level(category, register) for category in categories]
    complex_shares = [
        likely(category.complex_share) if category.complex_share is not None
        else register.value(f"complex_share_{level}")
        for category, level in zip(categories, levels, strict=True)
    ]
    return Demand(
        names=tuple(category.name for category in categories),
        tasks=tuple(category.task for category in categories),
        complexity=tuple(levels),
        requests=column(volume[0] for volume in volumes),
        input_tokens=column(volume[1] for volume in volumes),
        output_tokens=column(volume[2] for volume in volumes),
        cached_share=column(likely(category.cached_input_share) for category in categories),
        cache_write_share=column(likely(category.cache_write_share) for category in categories),
        batch_share=column(likely(category.batch_share) for category in categories),
        complex_share=column(complex_shares),
        complex_token_factor=column(likely(category.complex_token_factor) for category in categories),
        long_prompt_share=column(_or(category.long_prompt_share, np.nan) for category in categories),
        max_prompt_tokens=column(
            _or(category.max_prompt_tokens, volume[1]) for category, volume in zip(categories, volumes, strict=True)
        ),
        fail_rate=column(category.retries.fail_rate for category in categories),
        max_attempts=column(category.retries.max_attempts for category in categories),
        billed_share=column(category.retries.billed_share for category in categories),
        error_cost_usd=column(error_cost_usd(category, register) for category in categories),
        fix_usd=column(category.review.usd_per_fix for category in categories),
        review_usd=column(category.review.usd_per_review for category in categories),
        handoff_usd=column(category.handoff.usd for category in categories),
        handoff_share=column(category.handoff.rate for category in categories),
        review_share=column(category.review.share for category in categories),
        catch_share=column(_or(category.review.catch, register.value("review_catch_share")) for category in categories),
        false_alarm_share=column(category.review.false_alarm for category in categories),
        max_error_share=column(
            min(_or(category.max_error_rate, np.inf), _or(plan.limits.max_error_rate, np.inf))
            for category in categories
        ),
        p95_latency_s=column(latency_limit_s(category, register) for category in categories),
        peak_factor=column(peak_factor(category, register) for category in categories),
        is_batch=np.array([category.latency == "batch" for category in categories], bool),
        in_house_only=np.array([category.in_house_only for category in categories], bool),
        error_cost_given=np.array(
            [category.error_cost is not None or category.error_cost_usd is not None for category in categories], bool
        ),
    )


def _or(value: Quantity | None, otherwise: float) -> float:
    return otherwise if value is None else likely(value)


def complexity_level(category: Category, register: Register) -> str:
    """low, medium or high: as entered, else the band of the complex share, else medium."""
    if category.complexity is not None:
        return category.complexity
    if category.complex_share is None:
        return "medium"
    share = likely(category.complex_share)
    if share < register.value("complexity_edge_medium_share"):
        return "low"
    return "medium" if share < register.value("complexity_edge_high_share") else "high"


def error_cost_usd(category: Category, register: Register) -> float:
    """USD of one uncaught wrong answer: the figure, else the class's value, else 0 (with a warning elsewhere)."""
    if category.error_cost_usd is not None:
        return likely(category.error_cost_usd)
    return 0.0 if category.error_cost is None else register.value(f"error_cost_usd_{category.error_cost}")


def latency_limit_s(category: Category, register: Register) -> float:
    """Limit on the 95th percentile to the first answer token in seconds; inf where there is none."""
    if category.p95_latency_s is not None:
        return category.p95_latency_s
    if category.latency in ("interactive", "real_time"):
        return register.value(f"latency_edge_{category.latency}_s")
    return np.inf


def peak_factor(category: Category, register: Register) -> float:
    """Busiest hour over mean hour: as entered, else by the load, which is batch for batch work."""
    if category.peak_factor is not None:
        return likely(category.peak_factor)
    load = category.load or ("batch" if category.latency == "batch" else "always_on")
    return register.value(f"peak_factor_{load}")
