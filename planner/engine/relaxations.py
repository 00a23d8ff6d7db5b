"""What stands in the way when nothing keeps every limit, and what it costs to give way (the method, section 11)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from planner.domain.strategies import Allocation, Strategy
from planner.engine.candidates import Candidates
from planner.engine.demand import Demand
from planner.engine.optimise import Coupling, Problem, Solution, Worth, optimise
from planner.engine.portfolio import Portfolio, portfolio
from planner.engine.setting import Setting

Floats = NDArray[np.float64]
Rows = NDArray[np.intp]
Rebuild = Callable[[Demand], tuple[Setting, Candidates]]
"""Candidates for a changed demand."""


@dataclass(frozen=True)
class Relaxation:
    """One limit given way, and what can be run then."""

    limit: str
    """Name of the limit in the plan, or ``requests`` where less work is the way out."""
    category: str | None
    """The category whose limit it is; None for a limit on the whole."""
    now: float | None
    needed: float | None
    """The value at which something can be run; None where the limit has to go."""
    strategy: Strategy
    invoice_usd: float
    total_usd: float
    together: bool = False
    """Whether it helps only if the other limits in the way give way as well."""


@dataclass(frozen=True)
class Obstruction:
    """Limits without each of which something could be run, and the cheapest ways to give way."""

    binding: tuple[str, ...]
    relaxations: tuple[Relaxation, ...]


class _Way(NamedTuple):
    """A limit, and the fields that it sets with their values when it is dropped."""

    limit: str
    demand: dict[str, Any]
    coupling: dict[str, Any]


def _ways(demand: Demand, coupling: Coupling) -> list[_Way]:
    """Every limit that is set."""
    nothing, no = np.full(len(demand.names), np.inf), np.zeros(len(demand.names))
    return [way for is_set, way in (
        (coupling.budget_usd is not None, _Way("monthly_budget_usd", {}, {"budget_usd": None})),
        (coupling.min_sellers > 1, _Way("min_vendors", {}, {"min_sellers": 1})),
        (coupling.max_seller_share < 1.0, _Way("max_vendor_share", {}, {"max_seller_share": 1.0})),
        (np.isfinite(demand.max_error_share).any(), _Way("max_error_rate", {"max_error_share": nothing}, {})),
        (demand.in_house_only.any(), _Way("in_house_only", {"in_house_only": no > 0}, {})),
        (np.isfinite(demand.p95_latency_s).any(), _Way("p95_latency_s", {"p95_latency_s": nothing}, {})),
        ((demand.batch_share > 0).any(), _Way("batch_share", {"batch_share": no}, {})),
        ((demand.max_prompt_tokens > demand.input_tokens).any(),
         _Way("max_prompt_tokens", {"max_prompt_tokens": demand.input_tokens}, {})),
    ) if is_set]


def obstruction(setting: Setting, coupling: Coupling, rebuild: Rebuild, seconds: float = 5.0) -> Obstruction:
    """Which limits stand in the way, found by dropping one at a time, and the two cheapest ways to give way.

    Where no single limit is to blame, those are named that nothing keeps even without all the others, or else all of
    them, since only together they leave nothing; these then give way together.
    """
    ways = _ways(setting.demand, coupling)
    found = {way.limit: _given_way(way, *_solved([way], setting, coupling, rebuild, seconds), coupling, setting.demand,
                                   seconds)
             for way in ways}
    binding = [limit for limit, given in found.items() if given]
    if not binding:
        binding = [way.limit for way in ways if _solved(
            [other for other in ways if other is not way], setting, coupling, rebuild, seconds
        )[3].chosen is None] or [way.limit for way in ways]
        return Obstruction(tuple(binding), tuple(_together(binding, ways, setting, coupling, rebuild, seconds)))
    relaxations = list({(each.limit, each.needed, each.total_usd): each for given in found.values() for each in given}
                       .values())
    # less work for less money is no way to do all of it, so it comes last
    relaxations.sort(key=lambda each: (each.limit == "requests", each.total_usd))
    return Obstruction(tuple(binding), tuple(relaxations[:2]))


def _together(binding: list[str], ways: list[_Way], setting: Setting, coupling: Coupling, rebuild: Rebuild,
              seconds: float) -> list[Relaxation]:
    """How far each of several limits has to give way if all of them do; all of the plan's if that is not enough."""
    for names in (binding, [way.limit for way in ways]):
        dropped = [way for way in ways if way.limit in names]
        solved = _solved(dropped, setting, coupling, rebuild, seconds)
        if solved[3].chosen is not None:
            return [
                replace(each, together=True) for way in dropped
                for each in _given_way(way, *solved, coupling, setting.demand, seconds)[:1]
            ]
    return []


def _solved(dropped: list[_Way], setting: Setting, coupling: Coupling, rebuild: Rebuild, seconds: float
            ) -> tuple[Setting, Candidates, Portfolio, Solution]:
    demand, whole = setting.demand, coupling
    for way in dropped:
        demand, whole = replace(demand, **way.demand), replace(whole, **way.coupling)
    other, every = rebuild(demand)
    found = portfolio(every, other, whole)
    return other, every, found, optimise(found.problem, seconds)


def _given_way(way: _Way, setting: Setting, every: Candidates, found: Portfolio, solution: Solution,
               coupling: Coupling, before: Demand, seconds: float) -> list[Relaxation]:
    """What can be run without a limit, and how far the limit has to give way for it; none if it is not to blame."""
    if solution.chosen is None or solution.worth is None:
        return []
    chosen, value = found.strategy[solution.chosen], solution.worth

    def said(strategies: Rows, worth: Worth, now: float | None, needed: float | None, category: str | None = None
             ) -> Relaxation:
        return Relaxation(way.limit, category, now, needed, as_strategy(every, strategies, setting), worth.invoice_usd,
                          worth.total_usd)

    if way.limit == "monthly_budget_usd":
        return _budgets(found, chosen, value, coupling.budget_usd or 0.0, said, seconds)
    if way.limit == "min_vendors":
        return [said(chosen, value, float(coupling.min_sellers), float(value.sellers))]
    if way.limit == "max_vendor_share":
        largest = float(value.seller_usd.max()) / value.invoice_usd if value.invoice_usd > 0 else 1.0
        return [said(chosen, value, coupling.max_seller_share, largest)]
    given = [said(chosen, value, *_own_limit(way.limit, before, every, chosen))]
    if way.limit == "max_error_rate":
        given += _lowest_ceiling(setting, every, coupling, before, seconds, said)
    return given


def _lowest_ceiling(setting: Setting, every: Candidates, coupling: Coupling, before: Demand, seconds: float,
                    said: Callable[..., Relaxation]) -> list[Relaxation]:
    """The ceilings raised no further than something can be run in each category on its own."""
    residual = every.follows.residual_error_share
    reach = np.where(every.able, residual, np.inf).min(axis=0)
    under = every.able & (residual <= np.maximum(before.max_error_share, reach) + 1e-12)
    found = portfolio(every, setting, coupling, under)
    solution = optimise(found.problem, seconds)
    if solution.chosen is None or solution.worth is None:
        return []
    chosen = found.strategy[solution.chosen]
    return [said(chosen, solution.worth, *_own_limit("max_error_rate", before, every, chosen))]


def _budgets(found: Portfolio, chosen: Rows, value: Worth, budget: float, said: Callable[..., Relaxation],
             seconds: float) -> list[Relaxation]:
    """The budget that the least total needs, the smallest that does, and the work that today's budget pays for."""
    result = [said(chosen, value, budget, value.invoice_usd)]
    least = optimise(_by_invoice(found.problem), seconds)
    cheapest = None if least.chosen is None else found.worth(found.strategy[least.chosen])
    if least.chosen is None or cheapest is None:
        return result
    strategies = found.strategy[least.chosen]
    if cheapest.invoice_usd < value.invoice_usd * (1.0 - 1e-9):
        result.append(said(strategies, cheapest, budget, cheapest.invoice_usd))
    if 0 < budget < cheapest.invoice_usd and not found.problem.fees and not found.problem.hosts[:, least.chosen].any():
        part = budget / cheapest.invoice_usd
        less = replace(cheapest, total_usd=cheapest.total_usd * part, invoice_usd=budget)
        result.append(replace(said(strategies, less, 1.0, part), limit="requests"))
    return result


def _by_invoice(problem: Problem) -> Problem:
    """The same choice with the invoice to be minimised; a trace of the total settles ties."""
    return replace(problem, cost_usd=problem.invoice_usd + 1e-6 * problem.cost_usd)


def _own_limit(limit: str, demand: Demand, every: Candidates, chosen: Rows
               ) -> tuple[float | None, float | None, str | None]:
    """(now, needed, category) of a limit that categories have, at the category that has to give way most."""
    if limit == "max_error_rate":
        residual = every.follows.residual_error_share[chosen, np.arange(len(chosen))]
        over = residual - demand.max_error_share
        k = int(np.argmax(over))
        several = int((over > 1e-12).sum()) > 1
        return float(demand.max_error_share[k]), float(residual[k]), None if several else demand.names[k]
    stands = {
        "in_house_only": demand.in_house_only, "p95_latency_s": np.isfinite(demand.p95_latency_s),
        "batch_share": demand.batch_share > 0, "max_prompt_tokens": demand.max_prompt_tokens > demand.input_tokens,
    }
    rows = np.nonzero(stands[limit])[0]
    if len(rows) != 1:
        return None, None, None
    k = int(rows[0])
    return (None if limit == "in_house_only" else float(getattr(demand, limit)[k])), None, demand.names[k]


def as_strategy(every: Candidates, chosen: Rows, setting: Setting) -> Strategy:
    """One strategy per category as one; the commonest is the default."""
    picked = [every.strategies[int(s)] for s in chosen]
    default = max(dict.fromkeys(picked), key=picked.count)
    others = {name: each for name, each in zip(setting.demand.names, picked, strict=True) if each != default}
    return Allocation(default=default, by_category=others) if others else default
