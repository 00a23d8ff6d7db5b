"""One category's demand and unit costs for every row of draws (the method, sections 1 and 2).

USD of a request is a sum of products: tokens of each kind times their price. Prices are therefore read off the exact
unit costs once, as coefficients, and the rows are one matrix product of features and coefficients.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from planner.domain.quantities import likely
from planner.domain.workload import Category
from planner.engine.demand import Demand
from planner.engine.draws import Values, category_key
from planner.engine.endpoints import Column, EndpointState, unit_costs
from planner.engine.setting import Setting

Floats = NDArray[np.float64]

_ARRAYS = (
    "requests", "input_tokens", "output_tokens", "cached_share", "cache_write_share", "batch_share", "complex_share",
    "complex_token_factor", "long_prompt_share", "max_prompt_tokens", "fail_rate", "max_attempts", "billed_share",
    "error_cost_usd", "fix_usd", "review_usd", "handoff_usd", "handoff_share", "review_share", "catch_share",
    "false_alarm_share", "max_error_share", "p95_latency_s", "peak_factor", "is_batch", "in_house_only",
    "error_cost_given",
)


def category_demand(demand: Demand, category: Category, k: int, values: Values) -> Demand:
    """Category ``k`` alone with what was drawn in place of its likely values: every field a number or one per row."""

    def given(field: str) -> Floats | None:
        drawn = values.get(category_key(category.name, field))
        if drawn is not None:
            return drawn
        stated = getattr(category, field)
        return None if stated is None else np.asarray(likely(stated))

    drawn = {
        field: found for field, name in (
            ("cached_share", "cached_input_share"), ("catch_share", "review_catch_share"),
            *((name, name) for name in ("cache_write_share", "batch_share", "complex_share", "complex_token_factor",
                                        "error_cost_usd", "peak_factor")),
        ) if (found := values.get(category_key(category.name, name))) is not None
    }
    requests, tokens_in, tokens_out = _volumes(*(given(field) for field in (
        "requests_per_month", "input_tokens_per_request", "output_tokens_per_request", "monthly_input_tokens",
        "monthly_output_tokens",
    )))
    volume = {"requests": requests, "input_tokens": tokens_in, "output_tokens": tokens_out}
    fields: dict[str, Any] = _alone(demand, k) | drawn | volume
    fields["cache_write_share"] = np.minimum(fields["cache_write_share"], 1.0 - fields["cached_share"])
    return replace(demand, **fields)


def _alone(demand: Demand, k: int) -> dict[str, Any]:
    """The fields of category ``k`` alone."""
    named = {field: getattr(demand, field)[k : k + 1] for field in ("names", "tasks", "complexity")}
    return named | {field: np.asarray(getattr(demand, field)[k]) for field in _ARRAYS}


def _volumes(requests: Floats | None, each_in: Floats | None, each_out: Floats | None, month_in: Floats | None,
             month_out: Floats | None) -> tuple[Floats, Floats, Floats]:
    """Any two of requests, tokens per request and tokens a month give the third, as in the plan itself."""
    for month, each in ((month_in, each_in), (month_out, each_out)):
        if requests is None and month is not None and each is not None and np.all(each > 0):
            requests = month / each
    served = np.zeros(()) if requests is None else requests

    def per_request(each: Floats | None, month: Floats | None) -> Floats:
        if each is not None:
            return each
        total = np.zeros(()) if month is None else month
        return np.asarray(np.divide(total, served, out=np.zeros(np.broadcast_shapes(total.shape, served.shape)),
                                    where=served > 0))

    return served, per_request(each_in, month_in), per_request(each_out, month_out)


def as_rows(demand: Demand) -> Demand:
    """The same demand with an axis of one category behind the rows, as functions over categories take it."""
    behind: dict[str, Any] = {field: np.asarray(getattr(demand, field))[..., None] for field in _ARRAYS}
    return replace(demand, **behind)


@dataclass(frozen=True)
class PriceSheet:
    """Prices of all columns on one day for one category."""

    coefficients: Floats
    """USD by column and feature; NaN where the endpoint has no price."""
    exact: bool
    """Whether a price step lies within the drawn lengths, so that every row must be priced by itself."""
    columns: tuple[Column, ...]
    states: Mapping[str, EndpointState]
    reference: float

    def usd(self, demand: Demand, features: Floats) -> tuple[Floats, Floats, Floats]:
        """USD a month if every request went to a column: mean, routine and complex length; (columns, rows)."""
        if self.exact:
            costs = unit_costs(as_rows(demand), list(self.columns), self.states, self.reference)
            scale = demand.requests * demand.spend_factor
            mean, routine, complex_ = (
                np.moveaxis(np.broadcast_to(part, (features.shape[1], 1, len(self.columns)))[:, 0], -1, 0) * scale
                for part in (costs.mean, costs.routine, costs.complex)
            )
            return mean, routine, complex_
        fee = self.coefficients[:, :1] * features[:1]
        if self.coefficients.shape[1] > 5:
            fee = fee + self.coefficients[:, 5:6] * features[5:6]
        mean = self.coefficients @ features
        if np.ndim(demand.complex_token_factor) == 0 and demand.complex_token_factor == 1.0:
            return mean, mean, mean
        routine_length, complex_length = demand.segment_lengths
        return mean, fee + (mean - fee) * routine_length, fee + (mean - fee) * complex_length


def features(demand: Demand, rows: int, has_batch: bool) -> Floats:
    """What prices are multiplied with, (features, rows): requests, then tokens by kind; the same again for batch."""
    scale = demand.requests * demand.spend_factor
    tokens_in, read, write = demand.input_tokens, demand.cached_share, demand.cache_write_share
    prompts = scale * tokens_in
    found = [scale, prompts, prompts * read, prompts * write, scale * demand.output_tokens]
    if has_batch:
        b = demand.batch_share
        found = [each * (1.0 - b) for each in found] + [each * b for each in found]
    return np.stack([np.broadcast_to(each, (rows,)) for each in found])


def price_sheet(setting: Setting, k: int, reference: float, lengths: tuple[float, float], has_batch: bool
                ) -> PriceSheet:
    """Coefficients for category ``k``, found from the exact unit costs at five points that lie between two steps.

    ``lengths``: the shortest and the longest mean prompt that was drawn.
    """
    demand, columns = setting.demand, tuple(setting.columns)
    least = max(lengths[0], 1e-3)
    most = max(lengths[1], least * 1.001)
    coefficients = [_coefficients(demand, k, columns, setting.states, reference, least, most, batch)
                    for batch in ((0.0, 1.0) if has_batch else (0.0,))]
    stepped = any(
        least * factor <= threshold < most * factor
        for state in setting.states.values()
        for factor in (state.tokenizer_factor / reference if np.isfinite(reference) else 1.0,)
        for threshold, _, _ in state.steps
    )
    return PriceSheet(np.concatenate(coefficients, axis=1), stepped, columns, setting.states, reference)


def _coefficients(demand: Demand, k: int, columns: tuple[Column, ...], states: Mapping[str, EndpointState],
                  reference: float, least: float, most: float, batch: float) -> Floats:
    """USD per request, per input token, extra per cached and per written token, per output token; (columns, 5)."""
    point = _alone(demand, k) | {
        "input_tokens": np.array([least, most, most, most, most]), "output_tokens": np.array([0, 0, 0, 0, most]),
        "cached_share": np.array([0.0, 0, 1, 0, 0]), "cache_write_share": np.array([0.0, 0, 0, 1, 0]),
        "batch_share": np.full(5, batch), "complex_token_factor": np.ones(()),
    }
    usd = unit_costs(as_rows(replace(demand, **point)), list(columns), states, reference).mean[:, 0].T
    per_token = (usd[:, 1] - usd[:, 0]) / (most - least)
    fee = usd[:, 0] - per_token * least
    return np.stack((fee, per_token, *((usd[:, i] - usd[:, 1]) / most for i in (2, 3, 4))), axis=1)
