"""One strategy per category so that the whole costs least and keeps the plan's limits (the method, section 11).

Without a limit on the whole, and without hardware or fees that categories share, every category is on its own: the
least cost wins. Everything else is a linear programme in whole numbers, which HiGHS solves and proves.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from planner.engine.hosts import Pool
from planner.engine.self_host import cost_at_load

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Rows = NDArray[np.intp]
Status = Literal["optimal", "feasible", "infeasible", "unknown"]

NEAR = 1e-9
"""Relative difference below which two amounts are one."""


@dataclass(frozen=True)
class Coupling:
    """Limits on all categories together."""

    budget_usd: float | None = None
    """Highest invoice a month."""
    min_sellers: int = 1
    max_seller_share: float = 1.0
    """Highest share of the invoice that one seller may get."""

    @property
    def is_set(self) -> bool:
        """Whether any of them limits anything."""
        return self.budget_usd is not None or self.min_sellers > 1 or self.max_seller_share < 1.0


@dataclass(frozen=True)
class Fee:
    """A fixed amount a month that is paid once somebody uses an endpoint."""

    usd: float
    seller: int
    members: Bools
    """Options that need it."""


@dataclass(frozen=True)
class SharedPool:
    """One way to size hardware that categories share; of the pools of one host at most one runs."""

    host: int
    seller: int
    pool: Pool
    load: Floats
    """Busy-hour load of every option in replicas; 0 where it does not use the host."""


@dataclass(frozen=True)
class Problem:
    """Options of all categories on one axis; amounts are USD a month without fees and shared hardware."""

    category: Rows
    """Category of every option."""
    categories: int
    cost_usd: Floats
    """What is minimised: spend, errors, review, hand-off."""
    invoice_usd: Floats
    seller_usd: Floats
    """Part of the invoice per seller, shape (sellers, options)."""
    uses: Bools
    """Whether an option buys from a seller, shape (sellers, options)."""
    hosts: Bools
    """Whether an option runs on a host, shape (hosts, options)."""
    models: Bools
    """Whether an option uses a model, shape (models, options); may be empty if upkeep is free."""
    fees: tuple[Fee, ...] = ()
    pools: tuple[SharedPool, ...] = ()
    upkeep_usd_per_model: float = 0.0
    """For each model beyond the first."""
    upkeep_usd_per_seller: float = 0.0
    """For each seller beyond the first."""
    limits: Coupling = field(default_factory=Coupling)

    def only(self, keep: Bools) -> Problem:
        """The same problem with some of its options."""
        rows = np.nonzero(keep)[0]
        return replace(
            self, category=self.category[rows], cost_usd=self.cost_usd[rows], invoice_usd=self.invoice_usd[rows],
            seller_usd=self.seller_usd[:, rows], uses=self.uses[:, rows], hosts=self.hosts[:, rows],
            models=self.models[:, rows],
            fees=tuple(replace(fee, members=fee.members[rows]) for fee in self.fees if fee.members[rows].any()),
            pools=tuple(
                replace(pool, load=pool.load[rows]) for pool in self.pools if self.hosts[pool.host, rows].any()
            ),
        )


@dataclass(frozen=True)
class Worth:
    """What a choice of one option per category costs, everything shared included."""

    total_usd: float
    invoice_usd: float
    seller_usd: Floats
    sellers: int

    def keeps(self, limits: Coupling, slack: float = 1e-6) -> bool:
        """Whether every limit holds, up to a relative ``slack``."""
        budget, largest = limits.budget_usd, float(self.seller_usd.max(initial=0.0))
        return (
            (budget is None or self.invoice_usd <= budget * (1 + slack) + NEAR)
            and self.sellers >= limits.min_sellers
            and largest <= limits.max_seller_share * self.invoice_usd * (1 + slack) + NEAR
        )


@dataclass(frozen=True)
class Solution:
    """The best choice found and the proof."""

    status: Status
    chosen: Rows | None
    """Option per category; None where there is none."""
    worth: Worth | None
    bound_usd: float
    """No choice has a lower total."""

    @property
    def gap(self) -> float:
        """How far the total may be above the least one, as a share; 0 where it is proven."""
        if self.worth is None or self.worth.total_usd <= 0:
            return 0.0
        gap = (self.worth.total_usd - self.bound_usd) / self.worth.total_usd
        return 0.0 if gap < 1e-6 else float(gap)


def worth(problem: Problem, chosen: Rows) -> Worth | None:
    """What a choice costs in all; None where shared hardware cannot serve the categories together.

    A host that is not used costs nothing; one that is used is sized by the cheapest pool that serves all its work.
    """
    total = float(problem.cost_usd[chosen].sum())
    invoice = float(problem.invoice_usd[chosen].sum())
    seller = problem.seller_usd[:, chosen].sum(axis=1)
    for fee in problem.fees:
        if fee.members[chosen].any():
            total, invoice = total + fee.usd, invoice + fee.usd
            seller[fee.seller] += fee.usd
    for host in range(len(problem.hosts)):
        used = problem.hosts[host, chosen]
        if not used.any():
            continue
        served = problem.category[chosen[used]]
        able = [each for each in problem.pools if each.host == host and each.pool.serves[served].all()]
        if not able:
            return None
        usd = min(_pool_usd(each, float(each.load[chosen].sum())) for each in able)
        total, invoice = total + usd, invoice + usd
        seller[able[0].seller] += usd
    sellers = int(problem.uses[:, chosen].any(axis=1).sum())
    upkeep = problem.upkeep_usd_per_model * max(int(problem.models[:, chosen].any(axis=1).sum()) - 1, 0)
    upkeep += problem.upkeep_usd_per_seller * max(sellers - 1, 0)
    return Worth(total + upkeep, invoice + upkeep, seller, sellers)


def _pool_usd(each: SharedPool, load: float) -> float:
    return float(cost_at_load(each.pool.terms, load, each.pool.usable).total_usd)


def optimise(problem: Problem, seconds: float = 5.0, start: tuple[Rows, ...] = ()) -> Solution:
    """The choice of least total that keeps the limits, with its proof.

    ``start`` may hold choices that are worth trying first: a good one lets hardware be ruled out without solving. Where
    ``seconds`` run out the best choice so far is returned with the gap that is left.
    """
    least = _least(problem, problem.cost_usd)
    if least is None:
        return Solution("infeasible", None, None, np.inf)
    bound = float(problem.cost_usd[least].sum())
    best: tuple[Rows, Worth] | None = None
    for choice in (*start, least, *_without_sharing(problem)):
        found = worth(problem, choice)
        if found is not None and found.keeps(problem.limits) and (best is None or found.total_usd < best[1].total_usd):
            best = choice, found
    if best is not None and best[1].total_usd <= bound + NEAR * abs(bound):
        return Solution("optimal", best[0], best[1], bound)
    kept = undominated(problem, _worth_having(problem, None if best is None else best[1].total_usd))
    smaller = problem.only(kept)
    rows = np.nonzero(kept)[0]
    if best is not None and not _is_coupled(smaller):
        # what remains is separable, so the least cost of what remains cannot be beaten
        alone = _least(smaller, smaller.cost_usd)
        found = None if alone is None else worth(problem, rows[alone])
        if alone is not None and found is not None:
            better = found.total_usd < best[1].total_usd
            return Solution("optimal", rows[alone] if better else best[0], found if better else best[1],
                            min(found.total_usd, best[1].total_usd))
    return _solved(problem, smaller, rows, best, seconds)


def _solved(problem: Problem, smaller: Problem, rows: Rows, best: tuple[Rows, Worth] | None, seconds: float
            ) -> Solution:
    from planner.engine.milp import solve  # HiGHS is loaded by those who need it

    status, chosen, bound = solve(smaller, seconds)
    if chosen is not None:
        found = worth(problem, rows[chosen])
        if found is not None and found.keeps(problem.limits) and (best is None or found.total_usd <= best[1].total_usd):
            best = rows[chosen], found
    if best is None:
        return Solution("infeasible" if status == "infeasible" else "unknown", None, None, bound)
    return Solution("optimal" if status == "optimal" else "feasible", best[0], best[1], min(bound, best[1].total_usd))


def _least(problem: Problem, usd: Floats, among: Bools | None = None) -> Rows | None:
    """The option of least ``usd`` per category; None if a category has none."""
    rows = np.arange(len(usd)) if among is None else np.nonzero(among)[0]
    if not rows.size:
        return None if problem.categories else np.zeros(0, np.intp)
    order = rows[np.lexsort((usd[rows], problem.category[rows]))]
    found, first = np.unique(problem.category[order], return_index=True)
    return order[first] if len(found) == problem.categories else None


def _without_sharing(problem: Problem) -> list[Rows]:
    """The least cost and the least invoice without fees and hosts: choices that are quick to try."""
    shared = np.asarray(problem.hosts.any(axis=0))
    for fee in problem.fees:
        shared = shared | fee.members
    found = [_least(problem, problem.cost_usd, ~shared), _least(problem, problem.invoice_usd, ~shared)]
    return [choice for choice in found if choice is not None]


def _worth_having(problem: Problem, incumbent_usd: float | None) -> Bools:
    """Options that are not ruled out by what their fee or host costs at the least.

    The least cost of everything else plus that fee is a lower bound on any choice that pays it.
    """
    keep = np.ones(len(problem.cost_usd), bool)
    least = np.full(problem.categories, np.inf)
    np.minimum.at(least, problem.category, problem.cost_usd)
    if incumbent_usd is None:
        return keep
    slack = incumbent_usd - float(least.sum())
    regret = problem.cost_usd - least[problem.category]
    for fee in problem.fees:
        keep &= ~(fee.members & (regret + fee.usd > slack + NEAR * incumbent_usd))
    for host in range(len(problem.hosts)):
        able = [each.pool.least_usd for each in problem.pools if each.host == host]
        floor = min(able, default=np.inf)
        keep &= ~(problem.hosts[host] & (regret + floor > slack + NEAR * incumbent_usd))
    return np.asarray(keep & (regret <= slack + NEAR * abs(incumbent_usd)))


def _is_coupled(problem: Problem) -> bool:
    upkeep = problem.upkeep_usd_per_model + problem.upkeep_usd_per_seller
    return bool(problem.limits.is_set or problem.fees or problem.hosts.any() or upkeep > 0)


def undominated(problem: Problem, keep: Bools) -> Bools:
    """Options that no other option of their category replaces without loss, among ``keep``.

    One option replaces another if it needs the same fees and hosts (and buys from the same sellers and uses the same
    models, where that matters), and is no dearer in cost, invoice, load and every seller's part.
    """
    rows = np.nonzero(keep)[0]
    if not rows.size:
        return keep
    by_seller = problem.limits.min_sellers > 1 or problem.limits.max_seller_share < 1.0
    flags = [problem.hosts[:, rows], *(fee.members[None, rows] for fee in problem.fees)]
    if by_seller or problem.upkeep_usd_per_seller > 0:
        flags.append(problem.uses[:, rows])
    if problem.upkeep_usd_per_model > 0:
        flags.append(problem.models[:, rows])
    signature = np.packbits(np.concatenate(flags), axis=0).astype(np.int64) if sum(map(len, flags)) else None
    group = problem.category[rows].astype(np.int64)
    if signature is not None:
        group = np.unique(np.vstack((group, signature)), axis=1, return_inverse=True)[1].ravel()
    measures = [problem.cost_usd[rows]]
    if problem.limits.budget_usd is not None or problem.limits.max_seller_share < 1.0:
        measures.append(problem.invoice_usd[rows])
    if problem.limits.max_seller_share < 1.0:
        # a seller's part less what the invoice allows it: never worse if no larger
        measures = [measures[0], measures[1],
                    *(problem.seller_usd[:, rows] - problem.limits.max_seller_share * problem.invoice_usd[rows])]
    measures += [each.load[rows] for each in problem.pools]
    result = np.zeros_like(keep)
    result[rows[_front(group, np.array(measures))]] = True
    return result


def _front(group: Rows, measures: Floats) -> Rows:
    """Positions that no other member of their group beats or equals in every measure (the first of equals stays)."""
    order = np.lexsort((*measures[::-1], group))
    ordered = measures[:, order]
    starts = np.nonzero(np.diff(group[order], prepend=-1))[0]
    ends = np.append(starts[1:], len(order))
    keep = np.zeros(len(order), bool)
    if len(measures) <= 2:
        last = ordered[-1]
        for low, high in zip(starts.tolist(), ends.tolist(), strict=True):
            # sorted by cost: an option counts if its other measure is below all before it
            before = np.minimum.accumulate(np.concatenate(([np.inf], last[low:high - 1])))
            keep[low:high] = last[low:high] < before if len(measures) == 2 else np.arange(high - low) == 0
        return np.asarray(order[keep])
    for low, high in zip(starts.tolist(), ends.tolist(), strict=True):
        part = ordered[:, low:high]
        no_worse = (part[:, :, None] <= part[:, None, :]).all(axis=0)
        # equals come in order, so only an earlier one may stand for a later one
        earlier = np.triu(np.ones((high - low, high - low), bool), 1)
        strictly = no_worse & ~no_worse.T
        keep[low:high] = ~(strictly | (no_worse & earlier)).any(axis=0)
    return np.asarray(order[keep])
