"""How far a break-even moves with what it rests on: one input at a time, and over GPU price by API price.

The permanent break-even is found exactly for every changed case (:func:`planner.engine.crossings.find_crossings`). An
input moves on both sides of the comparison: where the incumbent runs own hardware too, its rent changes as well.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from planner.domain.assumptions import Register
from planner.domain.quantities import Range
from planner.engine.beliefs import latency_entry
from planner.engine.crossings import find_crossings
from planner.engine.evaluate import Evaluation, ScenarioResult
from planner.engine.hosting import Hosted, server_entry
from planner.engine.self_host import SelfHostTerms, staircase_at_load
from planner.engine.serving import LengthLaw
from planner.engine.staircase import CostCurve, Staircase

Floats = NDArray[np.float64]

API_PRICE = "api_price"
MONTHS_PER_YEAR = 12


@dataclass(frozen=True, slots=True)
class InputRange:
    """One input of a break-even: what is planned, and how low and high it may be."""

    key: str
    label: str
    unit: str
    planned: float
    low: float
    high: float
    source: str
    kind: str
    """published, measured, fitted, derived, or judgement."""


@dataclass(frozen=True, slots=True)
class Swing:
    """What becomes of the break-even at both ends of one input, all others as planned."""

    input: InputRange
    low_break_even: float | None
    """Requests a month of the permanent break-even at the low end; None: never."""
    high_break_even: float | None
    low_gap_usd: float
    """Challenger minus incumbent a month at today's volume, at the low end; below 0 the challenger is cheaper."""
    high_gap_usd: float

    @property
    def break_even_swing(self) -> float:
        """Requests a month between both ends: infinite where only one of them has a break-even, 0 where none has."""
        ends = (self.low_break_even, self.high_break_even)
        if None in ends:
            return 0.0 if ends == (None, None) else np.inf
        return abs(float(ends[0] or 0.0) - float(ends[1] or 0.0))

    @property
    def gap_swing_usd(self) -> float:
        """USD a month at today's volume between both ends."""
        return abs(self.low_gap_usd - self.high_gap_usd)


@dataclass(frozen=True)
class Sensitivity:
    """All inputs of one comparison, those first that move the break-even most."""

    challenger: str
    incumbent: str
    today_requests: float
    planned_break_even: float | None
    """Requests a month; None: never."""
    planned_gap_usd: float
    swings: tuple[Swing, ...]


# --- a scenario's bill with its inputs laid open -------------------------------------------------------------------


@dataclass(frozen=True)
class _Side:
    """One scenario: what it pays by request and besides, and its own servers."""

    fixed_usd: float
    listed_usd: float
    """A month's spend at sellers' list prices."""
    other_usd: float
    """Whatever else grows with volume: own endpoints, checks, and the cost of errors where it counts."""
    requests: float
    hosted: tuple[Hosted, ...]

    @classmethod
    def of(cls, result: ScenarioResult, requests: float, with_errors: bool) -> _Side:
        outcome = result.outcome
        listed = sum(use.spend_usd for use in result.endpoints if "/" in use.id)
        follows = float(outcome.follows.usd.sum()) if with_errors else 0.0
        return cls(
            fixed_usd=float(outcome.fixed_cost_usd.sum()) - sum(each.monthly_usd for each in result.hosted),
            listed_usd=listed, other_usd=float(outcome.spend_usd.sum()) - listed + follows, requests=requests,
            hosted=tuple(each for each in result.hosted if each.terms is not None),
        )

    def curve(self, stairs: Sequence[Staircase], api_factor: float = 1.0) -> CostCurve:
        scale = self.requests if self.requests > 0 else 1.0
        sloped = self.listed_usd * api_factor + self.other_usd if self.requests > 0 else 0.0
        return CostCurve(self.fixed_usd, sloped / scale, tuple(each.per_multiple_of(1.0 / scale) for each in stairs))


class _Case(NamedTuple):
    """One endpoint's terms, load and usable share, before they are drawn as a staircase."""

    terms: SelfHostTerms
    load: float
    usable: float


def _planned(hosted: Hosted) -> _Case:
    assert hosted.terms is not None, "only sized endpoints have a staircase"
    return _Case(hosted.terms, hosted.load, hosted.usable)


def _stairs(hosted: Hosted, case: _Case) -> Staircase:
    """Monthly USD by multiples of the plan's volume."""
    assert hosted.stairs is not None, "only sized endpoints have a staircase"
    return staircase_at_load(case.terms, case.load, case.usable, hosted.stairs.usd_per_request)


# --- the inputs ---------------------------------------------------------------------------------------------------


class _Where(NamedTuple):
    """What an input's range is looked up with."""

    evaluation: Evaluation
    hosted: Hosted

    @property
    def register(self) -> Register:
        return self.evaluation.register

    @property
    def terms(self) -> SelfHostTerms:
        return _planned(self.hosted).terms

    def entry(self, key: str, name: str, planned: float, label: str = "") -> InputRange:
        """The register's range, widened to hold what is planned."""
        found = self.register[name]
        return InputRange(key, label or found.label, self.register.unit(name).label, planned, min(found.low, planned),
                          max(found.high, planned), found.source, found.kind)


def _number(value: ArrayLike) -> float:
    return float(np.asarray(value, np.float64))


def _rent(where: _Where) -> InputRange | None:
    quote, planned = where.hosted.machine.rent, _number(where.terms.usd_per_gpu_hour)
    if where.terms.mode != "rent" or quote is None:
        return None
    return InputRange("usd_per_gpu_hour", "GPU rent", "USD per GPU-hour", planned, min(quote.low, planned),
                      max(quote.high, planned), quote.source, quote.kind)


def _server(where: _Where) -> InputRange | None:
    buy = where.terms.buy
    if where.terms.mode != "buy" or buy is None:
        return None
    name = server_entry("capex_usd_per_server", where.hosted.machine.gpu, where.register)
    return where.entry("capex_usd_per_server", name, _number(buy.capex_usd_per_server))


def _at_server_price(case: _Case, value: float) -> _Case:
    assert case.terms.buy is not None, "servers that are bought have a price"
    return case._replace(terms=replace(case.terms, buy=replace(case.terms.buy, capex_usd_per_server=value)))


def _utilization(where: _Where) -> InputRange:
    return where.entry("target_utilization", "target_utilization", _number(where.terms.target_utilization))


def _latency(where: _Where) -> InputRange | None:
    if where.hosted.machine.capacity is None or not isinstance(where.hosted.machine.capacity, LengthLaw):
        return None  # a test at the latency target needs no factor
    return where.entry("latency_factor", latency_entry(where.hosted), _number(where.terms.latency_factor))


def _law(where: _Where) -> InputRange | None:
    fit = where.hosted.machine.fit
    if fit is None:
        return None
    error = fit.max_abs_error_share
    return InputRange("seconds_factor", "Error of the speed fit", "times the seconds per request", 1.0, 1.0 - error,
                      1.0 + error, f"Largest distance of the fit from {fit.shapes_used} measured lengths: {fit.source}",
                      "fitted")


def _peak(where: _Where) -> InputRange | None:
    """Busy hour over mean hour of all work together, each category at the end of its own range."""
    demand, register, loads = where.evaluation.demand, where.register, where.hosted.load_by_category
    own = where.terms.peak_factor
    mean_load = loads / (demand.peak_factor if own is None else np.broadcast_to(_number(own), loads.shape))
    if not mean_load.sum() > 0:
        return None
    ranges: list[tuple[float, float, float]] = []
    sources: dict[str, str] = {}
    kinds: set[str] = set()
    for category, planned in zip(where.evaluation.plan.workload.categories, demand.peak_factor, strict=True):
        name = f"peak_factor_{category.load or ('batch' if category.latency == 'batch' else 'always_on')}"
        given = category.peak_factor
        entry = register[name]
        low, high = (given.low, given.high) if isinstance(given, Range) else (entry.low, entry.high)
        planned = float(planned) if own is None else _number(own)
        ranges.append((planned, min(low, planned), max(high, planned)))
        sources[entry.label], kinds = entry.source, kinds | {entry.kind}
    planned, low, high = (mean_load @ np.array(ranges) / mean_load.sum()).tolist()
    worst = "judgement" if "judgement" in kinds else min(kinds)
    return InputRange("peak_factor", "Busiest hour", "times the mean hour", planned, low, high,
                      "; ".join(f"{label}: {source}" for label, source in sources.items()), worst)


class _Lever(NamedTuple):
    """An input of own servers: its range, and a case with another value of it."""

    range_of: Callable[[_Where], InputRange | None]
    at: Callable[[_Case, float, float], _Case]
    """From the case, the value, and what is planned."""


def _term(key: str, name: str, only: str | None = None) -> _Lever:
    """A field of the terms with the register's entry for it."""

    def range_of(where: _Where) -> InputRange | None:
        if only not in (None, where.terms.mode):
            return None
        return where.entry(key, name, _number(getattr(where.terms, key)))

    def at(case: _Case, value: float, _: float) -> _Case:
        changed: dict[str, Any] = {key: value}
        return case._replace(terms=replace(case.terms, **changed))

    return _Lever(range_of, at)


def _spare(where: _Where) -> InputRange:
    return where.entry("redundancy", "redundancy_replicas", float(where.terms.redundancy))


_LEVERS: tuple[_Lever, ...] = (
    _Lever(_rent, lambda case, value, _: case._replace(terms=replace(case.terms, usd_per_gpu_hour=value))),
    _Lever(_server, lambda case, value, _: _at_server_price(case, value)),
    _Lever(_utilization, lambda case, value, planned: case._replace(usable=case.usable * value / planned)),
    _Lever(_latency, lambda case, value, planned: case._replace(usable=case.usable * value / planned)),
    _Lever(_peak, lambda case, value, planned: case._replace(load=case.load * value / planned)),
    _Lever(_law, lambda case, value, planned: case._replace(load=case.load * value / planned)),
    _Lever(_spare, lambda case, value, _: case._replace(terms=replace(case.terms, redundancy=round(value)))),
    _term("fte", "self_host_fte"),
    _term("fte_usd_per_month", "fte_usd_per_month"),
    _term("overhead", "overhead_share", only="rent"),
)


def _api_range(evaluation: Evaluation) -> InputRange:
    """List prices a year from now over today's: the plan's own range of drift, else the register's."""
    drift = evaluation.plan.monthly_price_drift
    entry = evaluation.register["list_price_factor_in_a_year"]
    low, high, source, kind = entry.low, entry.high, entry.source, entry.kind
    if isinstance(drift, Range):
        low, high = ((1.0 + each) ** MONTHS_PER_YEAR for each in (drift.low, drift.high))
        source, kind = "Price drift a month, entered in the plan", "judgement"
    return InputRange(API_PRICE, entry.label, "times today's list prices", 1.0, min(low, 1.0), max(high, 1.0), source,
                      kind)


# --- one input at a time ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Comparison:
    """Both sides, ready to be asked for one changed case after another."""

    challenger: _Side
    incumbent: _Side

    @cached_property
    def planned(self) -> dict[str, Staircase]:
        return {each.id: _stairs(each, _planned(each)) for side in (self.challenger, self.incumbent)
                for each in side.hosted}

    def verdict(self, changed: dict[str, Staircase], api_factor: float = 1.0) -> tuple[float | None, float]:
        """The permanent break-even and the gap at today's volume, with some endpoints' staircases changed."""
        stairs = self.planned | changed
        challenger, incumbent = (
            side.curve([stairs[each.id] for each in side.hosted], api_factor)
            for side in (self.challenger, self.incumbent)
        )
        return permanent_break_even(challenger, incumbent), float(
            challenger.usd(self.challenger.requests) - incumbent.usd(self.challenger.requests)
        )


def permanent_break_even(challenger: CostCurve, incumbent: CostCurve) -> float | None:
    """Requests a month from which the challenger is the cheaper for good; None where that never comes.

    >>> permanent_break_even(CostCurve(fixed_usd=50.0), CostCurve(usd_per_request=0.01))
    5000.0
    """
    found = find_crossings(challenger, incumbent, 1)
    return (found.last_rising or 0.0) if found.ends_cheaper else None


def _comparison(evaluation: Evaluation, challenger: ScenarioResult, incumbent: ScenarioResult, with_errors: bool
                ) -> _Comparison | str:
    for result in (challenger, incumbent):
        if not result.is_priced:
            return f"{result.name} cannot be compared: {result.reason}"
    requests = float(evaluation.demand.requests.sum())
    return _Comparison(*(_Side.of(each, requests, with_errors) for each in (challenger, incumbent)))


def sensitivity(evaluation: Evaluation, challenger: ScenarioResult, incumbent: ScenarioResult,
                with_errors: bool = False) -> Sensitivity | str:
    """The permanent break-even at the low and the high end of every input, all others as planned.

    Ranges are the register's, for the rent the cheapest and the dearest provider on demand. Sorted by swing: first the
    inputs that decide whether there is a break-even at all, then by requests, then by USD at today's volume. A sentence
    where one of the scenarios has no price.
    """
    sides = _comparison(evaluation, challenger, incumbent, with_errors)
    if isinstance(sides, str):
        return sides
    settled, gap = sides.verdict({})
    swings = [*_own_swings(evaluation, sides)]
    if sides.challenger.listed_usd or sides.incumbent.listed_usd:
        api = _api_range(evaluation)
        swings.append(Swing(api, *_both(sides.verdict({}, api.low), sides.verdict({}, api.high))))
    swings = [each for each in swings if each.input.low < each.input.high]
    swings.sort(key=lambda each: (-each.break_even_swing, -each.gap_swing_usd))
    return Sensitivity(challenger.name, incumbent.name, sides.challenger.requests, settled, gap, tuple(swings))


def _own_swings(evaluation: Evaluation, sides: _Comparison) -> Iterator[Swing]:
    endpoints = {each.id: each for side in (sides.challenger, sides.incumbent) for each in side.hosted}
    for lever in _LEVERS:
        ranges = {name: lever.range_of(_Where(evaluation, each)) for name, each in endpoints.items()}
        known = {name: found for name, found in ranges.items() if found is not None}
        if not known:
            continue
        ends = [
            sides.verdict({
                name: _stairs(endpoints[name], lever.at(_planned(endpoints[name]), getattr(found, end), found.planned))
                for name, found in known.items()
            })
            for end in ("low", "high")
        ]
        yield Swing(next(iter(known.values())), *_both(*ends))


def _both(low: tuple[float | None, float], high: tuple[float | None, float]
          ) -> tuple[float | None, float | None, float, float]:
    return low[0], high[0], low[1], high[1]


# --- GPU price by API price ---------------------------------------------------------------------------------------

FACTORS = (0.5, 0.75, 1.0, 1.25, 1.5, 2.0)
"""Multiples of today's prices at which the table of both prices is worked out unless others are asked for."""


@dataclass(frozen=True)
class PriceGrid:
    """The permanent break-even over GPU price (rows) and API price (columns)."""

    gpu_factors: tuple[float, ...]
    """Multiples of the planned rent, or of the price of a server."""
    api_factors: tuple[float, ...]
    """Multiples of the sellers' prices."""
    requests_per_month: Floats
    """Shape (rows, columns); NaN: never, 0: from the first request."""
    gap_usd: Floats
    """Challenger minus incumbent a month at today's volume; same shape."""


def price_grid(evaluation: Evaluation, challenger: ScenarioResult, incumbent: ScenarioResult,
               gpu_factors: Sequence[float] = FACTORS, api_factors: Sequence[float] = FACTORS,
               with_errors: bool = False) -> PriceGrid | str:
    """The permanent break-even where GPUs and APIs cost multiples of what they cost now; a sentence as above."""
    sides = _comparison(evaluation, challenger, incumbent, with_errors)
    if isinstance(sides, str):
        return sides
    endpoints = {each.id: each for side in (sides.challenger, sides.incumbent) for each in side.hosted}
    settled, gaps = np.full((2, len(gpu_factors), len(api_factors)), np.nan)
    for i, gpu in enumerate(gpu_factors):
        changed = {name: _stairs(each, _at_gpu_price(_planned(each), gpu)) for name, each in endpoints.items()}
        for j, api in enumerate(api_factors):
            found, gaps[i, j] = sides.verdict(changed, api)
            settled[i, j] = np.nan if found is None else found
    return PriceGrid(tuple(gpu_factors), tuple(api_factors), settled, gaps)


def _at_gpu_price(case: _Case, factor: float) -> _Case:
    terms = case.terms
    if terms.buy is not None and terms.mode == "buy":
        return _at_server_price(case, _number(terms.buy.capex_usd_per_server) * factor)
    return case._replace(terms=replace(terms, usd_per_gpu_hour=_number(terms.usd_per_gpu_hour) * factor))
