"""What hosting an open model on own GPUs costs a month, by part and as a staircase (the method, section 8).

How much the GPUs carry is :mod:`planner.engine.serving`. Every assumption comes in as an argument; functions are pure
and take arrays of any broadcastable shape, categories on the last axis.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from planner.engine.serving import (
    HOURS_PER_MONTH,
    Capacity,
    RequestSeconds,
    above_zero,
    category_loads,
    replicas,
    usable_share,
)
from planner.engine.staircase import NO_TRAFFIC, Staircase
from pricing.errors import InputError, Problem

Floats = NDArray[np.float64]

MONTHS_PER_YEAR = 12.0
BYTES_PER_GB = 1e9


@dataclass(frozen=True, slots=True)
class BuyTerms:
    """Servers that are bought. Every field may be an array, such as one value per draw, but for the GPU count."""

    gpus_per_server: int
    capex_usd_per_server: ArrayLike
    amortisation_months: ArrayLike
    residual_share: ArrayLike
    cost_of_capital: ArrayLike
    """Per year, on the mean balance."""
    kw_per_server: ArrayLike
    usd_per_kw_month: ArrayLike
    maintenance_share: ArrayLike
    """Per year, of the purchase price."""
    load_share: ArrayLike
    """Mean power draw over the most that a server can draw."""
    pue: ArrayLike
    usd_per_kwh: ArrayLike


@dataclass(frozen=True, slots=True)
class SelfHostTerms:
    """Everything a self-hosted endpoint costs, with all defaults filled in; names as in the plan file.

    Amounts, factors and shares may be arrays that broadcast, such as one value per draw; GPU counts are whole numbers.
    What meets the categories needs an axis for them, shape (draws, 1): prefix_hit_share, thinking_factor, peak_factor,
    egress_usd_per_gb, bytes_per_token.
    """

    gpus_per_replica: int
    usd_per_gpu_hour: ArrayLike
    billing_unit_gpus: int
    commitment: ArrayLike
    redundancy: int
    min_replicas: int
    latency_factor: ArrayLike
    target_utilization: ArrayLike
    overhead: ArrayLike
    fte: ArrayLike
    fte_usd_per_month: ArrayLike
    other_fixed_usd_per_month: ArrayLike
    egress_usd_per_gb: ArrayLike
    bytes_per_token: ArrayLike
    one_off_usd: ArrayLike
    dual_run_months: ArrayLike
    prefix_hit_share: ArrayLike = 0.0
    thinking_factor: ArrayLike = 1.0
    peak_factor: ArrayLike | None = None
    """Busy hour over mean hour for all of its work, in place of the categories' own; None keeps theirs."""
    mode: Literal["rent", "buy"] = "rent"
    buy: BuyTerms | None = None
    """Required in mode "buy"."""


class UnitPrice(NamedTuple):
    """What one more billing unit or server costs a month, by part."""

    gpus: int
    parts: Mapping[str, Floats]

    @property
    def usd(self) -> Floats:
        """The sum of the parts."""
        return np.asarray(sum(self.parts.values()), np.float64)


def _rented(terms: SelfHostTerms) -> UnitPrice:
    per_gpu = np.asarray(terms.usd_per_gpu_hour, np.float64) * np.asarray(terms.commitment) * HOURS_PER_MONTH
    rent = terms.billing_unit_gpus * per_gpu
    return UnitPrice(terms.billing_unit_gpus, {"rent_usd": rent, "overhead_usd": rent * np.asarray(terms.overhead)})


def _bought(terms: SelfHostTerms) -> UnitPrice:
    buy = terms.buy
    if buy is None:
        raise InputError(Problem("mode", '"buy"', "complete without the price of a server",
                                 'Give capex_usd_per_server and its fellows, or write mode: rent.'))
    capex, kw = np.asarray(buy.capex_usd_per_server, np.float64), np.asarray(buy.kw_per_server, np.float64)
    drawn_kw = kw * np.asarray(buy.load_share) * np.asarray(buy.pue)
    return UnitPrice(buy.gpus_per_server, {
        "depreciation_usd": capex * (1.0 - np.asarray(buy.residual_share)) / np.asarray(buy.amortisation_months),
        # interest falls on the mean balance, which is half of the price
        "capital_usd": capex * np.asarray(buy.cost_of_capital) / (2.0 * MONTHS_PER_YEAR),
        "colocation_usd": kw * np.asarray(buy.usd_per_kw_month),
        "maintenance_usd": capex * np.asarray(buy.maintenance_share) / MONTHS_PER_YEAR,
        "power_usd": drawn_kw * HOURS_PER_MONTH * np.asarray(buy.usd_per_kwh),
    })


_UNIT_PRICE: dict[str, Callable[[SelfHostTerms], UnitPrice]] = {"rent": _rented, "buy": _bought}


def unit_price(terms: SelfHostTerms) -> UnitPrice:
    """Monthly cost of one billing unit (rent) or server (buy): the method, section 8.

    Idle hours are paid in full. Raises :class:`InputError` when servers are to be bought and no price is given.
    """
    return _UNIT_PRICE[terms.mode](terms)


class HostedWork(NamedTuple):
    """What an endpoint has to do in a month; arrays over categories (last axis), other axes broadcast."""

    requests_per_month: ArrayLike
    """Requests of the category, all of them."""
    calls_per_request: ArrayLike
    """Calls that the strategy sends here per request: its share times expected attempts; 0 for none."""
    input_tokens_per_request: ArrayLike
    output_tokens_per_request: ArrayLike
    peak_factor: ArrayLike
    """Busy hour over mean hour of the category."""


def request_seconds(terms: SelfHostTerms, capacity: Capacity, work: HostedWork) -> RequestSeconds:
    """Seconds of one replica per call of each category: cached prefixes cost nothing, thinking makes answers longer."""
    prompt = np.multiply(work.input_tokens_per_request, np.subtract(1.0, terms.prefix_hit_share))
    return capacity.seconds(prompt, np.multiply(work.output_tokens_per_request, terms.thinking_factor))


def work_loads(terms: SelfHostTerms, capacity: Capacity, work: HostedWork) -> Floats:
    """Busy-hour load of each category in replicas; their sum over the last axis is the endpoint's load."""
    peak = work.peak_factor if terms.peak_factor is None else terms.peak_factor
    seconds = request_seconds(terms, capacity, work).seconds
    return np.atleast_1d(category_loads(peak, work.calls_per_request, work.requests_per_month, seconds))


def egress_usd(terms: SelfHostTerms, work: HostedWork) -> Floats:
    """USD a month to send out the answers of each category."""
    per_token = np.multiply(terms.bytes_per_token, terms.egress_usd_per_gb) / BYTES_PER_GB
    answers = np.multiply(work.output_tokens_per_request, terms.thinking_factor)
    calls = np.multiply(work.requests_per_month, work.calls_per_request)
    return np.atleast_1d(np.asarray(calls * answers * per_token, np.float64))


@dataclass(frozen=True, slots=True)
class SelfHostCost:
    """A month of one self-hosted endpoint; the parts add up to ``total_usd``."""

    load: Floats
    """Busy-hour work in replicas."""
    replicas: Floats
    units: Floats
    """Billing units rented, or servers bought."""
    gpus: Floats
    """GPUs paid for."""
    parts: Mapping[str, Floats]
    """Rent and overhead, or depreciation, capital, colocation, maintenance and power; then people, other, egress."""

    @property
    def total_usd(self) -> Floats:
        """The whole month: the sum of the parts."""
        return np.asarray(sum(self.parts.values()), np.float64)

    @property
    def cash_usd(self) -> Floats:
        """The month without depreciation, for a payback that counts the purchase itself as cash."""
        return np.asarray(self.total_usd - self.parts.get("depreciation_usd", 0.0), np.float64)


def cost_at_load(terms: SelfHostTerms, load: ArrayLike, usable: ArrayLike, egress: ArrayLike = 0.0) -> SelfHostCost:
    """A month at a busy-hour load (of any shape): ``rent or buy + FTE*salary + other + egress``, by part.

    ``egress`` is the month's egress in USD. One-off cost and dual running are apart.
    """
    running = replicas(load, usable, terms.min_replicas, terms.redundancy)
    price = unit_price(terms)
    units = np.ceil(running * terms.gpus_per_replica / price.gpus)
    parts: dict[str, ArrayLike] = {name: units * usd for name, usd in price.parts.items()}
    parts["people_usd"] = np.multiply(terms.fte, terms.fte_usd_per_month)
    parts["other_fixed_usd"] = terms.other_fixed_usd_per_month
    parts["egress_usd"] = egress
    arrays = np.broadcast_arrays(*(np.asarray(usd, np.float64) for usd in parts.values()))
    return SelfHostCost(np.asarray(load, np.float64), running, units, units * price.gpus,
                        dict(zip(parts, arrays, strict=True)))


def self_host_cost(terms: SelfHostTerms, capacity: Capacity, work: HostedWork) -> SelfHostCost:
    """A month of an endpoint that does this work, categories pooled (the method, section 8)."""
    usable = usable_share(capacity, terms.latency_factor, terms.target_utilization)
    load = work_loads(terms, capacity, work).sum(axis=-1)
    return cost_at_load(terms, load, usable, egress_usd(terms, work).sum(axis=-1))


def staircase_at_load(
    terms: SelfHostTerms, load_per_request: float, usable: float, egress_usd_per_request: float = 0.0
) -> Staircase:
    """The same cost as an exact function of volume, with the mix of work held; terms must hold single numbers.

    ``load_per_request`` is the busy-hour load over the scenario's requests a month; 0 for an endpoint that gets none,
    which then costs its first step for good.
    """
    several = [field.name for field in fields(terms) if np.size(getattr(terms, field.name)) > 1]
    price, share = unit_price(terms), float(above_zero(usable))
    if np.size(price.usd) > 1:
        several.append("buy")
    if several:
        raise InputError(Problem(several[0], "several values", "one number", "A staircase is drawn for one case."))
    people = float(np.multiply(terms.fte, terms.fte_usd_per_month))
    return Staircase(
        requests_per_replica=share / load_per_request if load_per_request > 0 else NO_TRAFFIC,
        usd_per_unit=float(price.usd), gpus_per_replica=terms.gpus_per_replica, unit_gpus=price.gpus,
        min_replicas=terms.min_replicas, redundancy=terms.redundancy,
        base_usd=people + float(np.asarray(terms.other_fixed_usd_per_month)), usd_per_request=egress_usd_per_request,
    )


def self_host_staircase(terms: SelfHostTerms, capacity: Capacity, work: HostedWork, requests_per_month: float
                        ) -> Staircase:
    """The staircase of an endpoint over the workload's requests a month, its mix held as in ``work``.

    ``requests_per_month`` is the volume (above 0) to which ``work`` belongs. A workload without any requests has no
    mix to hold: describe it with one request a month.
    """
    usable = usable_share(capacity, terms.latency_factor, terms.target_utilization)
    load = float(work_loads(terms, capacity, work).sum())
    egress = float(egress_usd(terms, work).sum())
    return staircase_at_load(terms, load / requests_per_month, float(usable), egress / requests_per_month)
