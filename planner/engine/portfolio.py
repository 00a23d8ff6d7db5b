"""The candidates of all categories as one problem, and the choice among them (the method, section 11)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from planner.domain.plan import Limits
from planner.engine.candidates import Candidates
from planner.engine.hosts import Need, pools
from planner.engine.optimise import Coupling, Fee, Problem, SharedPool, Solution, Worth, optimise, worth
from planner.engine.setting import Setting

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Rows = NDArray[np.intp]


@dataclass(frozen=True)
class Portfolio:
    """The problem, and which strategy each of its options is."""

    problem: Problem
    strategy: Rows
    """Position among the candidates, per option."""
    index: Rows
    """Option of every strategy and category; -1 where it is not open."""
    sellers: tuple[str, ...]

    def options(self, strategies: Rows) -> Rows | None:
        """The options that stand for one strategy per category; None where one of them is not open."""
        found = self.index[strategies, np.arange(len(strategies))]
        return None if (found < 0).any() else found

    def worth(self, strategies: Rows) -> Worth | None:
        """What one strategy per category costs in all; None where they cannot be run together."""
        options = self.options(strategies)
        return None if options is None else worth(self.problem, options)


def coupling(limits: Limits) -> Coupling:
    """The plan's limits on the whole."""
    return Coupling(limits.monthly_budget_usd, limits.min_vendors, limits.max_vendor_share)


def portfolio(every: Candidates, setting: Setting, limits: Coupling, feasible: Bools | None = None) -> Portfolio:
    """All feasible candidates as options; hardware and fees are left out of their cost, since categories share them."""
    strategy, category = np.nonzero(every.feasible if feasible is None else feasible)
    states = setting.states
    sellers = tuple(dict.fromkeys(state.seller for state in states.values()))
    seller_of = np.array([sellers.index(states[column.name].seller) for column in setting.columns], np.intp)
    columns = every.columns[strategy]
    usd = every.usd[strategy, :, category]
    cost = every.spend_usd[strategy, category] + every.follows.usd[strategy, category]
    invoice = every.spend_usd[strategy, category].copy()
    slot_seller = np.where(columns >= 0, seller_of[columns], -1)
    seller_usd = np.stack([np.where(slot_seller == v, usd, 0.0).sum(axis=1) for v in range(len(sellers))])
    uses = np.stack([(slot_seller == v).any(axis=1) for v in range(len(sellers))])
    shared: list[SharedPool] = []
    hosts = np.zeros((len(every.hosts), len(strategy)), bool)
    calls = every.load[strategy, :, :, category]
    for host, (name, hosted) in enumerate(every.hosts.items()):
        hosts[host] = hosted.users(columns)
        if not hosts[host].any():
            continue
        seller = sellers.index(states[name].seller)
        egress = np.nan_to_num(_taken(hosted.needs, columns, calls, category)[1])
        cost, invoice = cost + egress, invoice + egress
        seller_usd[seller] += egress
        shared += [SharedPool(host, seller, pool, _taken(pool.needs, columns, calls, category)[0])
                   for pool in pools(hosted, setting)]
    fees = []
    for name, state in states.items():
        own = [m for column, m in setting.columns.items() if column.name == name]
        members = np.asarray(np.isin(columns, own).any(axis=1))
        if state.hosting is None and state.fixed_usd > 0 and members.any():
            fees.append(Fee(state.fixed_usd, sellers.index(state.seller), members))
    value = setting.register.value
    problem = Problem(
        category, len(setting.demand.names), cost, invoice, seller_usd, uses, hosts, _models(setting, columns),
        tuple(fees), tuple(shared), value("upkeep_usd_per_extra_model"), value("upkeep_usd_per_extra_vendor"), limits,
    )
    index = np.full((len(every.strategies), problem.categories), -1, np.intp)
    index[strategy, category] = np.arange(len(strategy))
    return Portfolio(problem, strategy, index, sellers)


def _taken(needs: Mapping[int, Need], columns: Rows, calls: Floats, category: Rows) -> tuple[Floats, Floats]:
    """(load, egress) of options that each stand for one category; ``calls`` has shape (options, slots, 2)."""
    of_each = {m: Need(need.load[:, category], need.egress_usd[:, category]) for m, need in needs.items()}
    load, egress = np.zeros(len(columns)), np.zeros(len(columns))
    for m, need in of_each.items():
        here = np.where((columns == m)[:, :, None], calls, 0.0).sum(axis=1)
        load, egress = load + (here * need.load.T).sum(axis=1), egress + (here * need.egress_usd.T).sum(axis=1)
    return load, egress


def _models(setting: Setting, columns: Rows) -> Bools:
    """Which options use which model; of no interest, and empty, while a further model costs nothing."""
    if setting.register.value("upkeep_usd_per_extra_model") <= 0:
        return np.zeros((0, len(columns)), bool)
    of_column = [setting.states[column.name].model_id or setting.states[column.name].id for column in setting.columns]
    models = list(dict.fromkeys(of_column))
    return np.stack([
        np.isin(columns, [m for m, model in enumerate(of_column) if model == each]).any(axis=1) for each in models
    ])


@dataclass(frozen=True)
class Pick:
    """One strategy per category, and how good it is known to be."""

    strategies: Rows | None
    """Position among the candidates per category; None where nothing keeps all limits."""
    least: Rows | None
    """The choice of least total, before small differences were given up for fewer errors."""
    solution: Solution
    alone: Bools
    """Per category: whether it is chosen as if it stood alone."""


def pick(every: Candidates, found: Portfolio, materiality_usd: float, seconds: float = 5.0) -> Pick:
    """The choice of least total that keeps the limits; where a category can have fewer errors for less than
    ``materiality_usd`` more, it does."""
    alone = [choose(every, k, 0.0) for k in range(found.problem.categories)]
    start = None if None in alone else found.options(np.array(alone, np.intp))
    solution = optimise(found.problem, seconds, () if start is None else (start,))
    if solution.chosen is None:
        return Pick(None, None, solution, np.zeros(found.problem.categories, bool))
    least = found.strategy[solution.chosen]
    strategies = least.copy()
    rows = np.arange(len(least))
    total, shares = every.total_usd, every.fixed_usd > 0
    for k in rows.tolist():
        # what shares hardware or a fee with other categories is weighed with them, not alone
        others = bool(shares[np.delete(strategies, k), np.delete(rows, k)].any())
        if others and shares[least[k], k]:
            continue
        near = every.feasible[:, k] & (total[:, k] <= total[least[k], k] + materiality_usd)
        if others:
            near &= ~shares[:, k]
        best = _fewest_errors(every, k, np.nonzero(near)[0])
        if best != strategies[k] and _still_keeps(found, strategies, k, best, materiality_usd):
            strategies[k] = best
    own = [choose(every, k, materiality_usd) for k in rows.tolist()]
    preferred = np.array([-1 if s is None else s for s in own], np.intp)
    return Pick(strategies, least, solution, np.asarray(preferred == strategies))


def choose(every: Candidates, k: int, materiality_usd: float) -> int | None:
    """The candidate for a category on its own: within ``materiality_usd`` of the least total, the one with the fewest
    errors.

    Equal errors are settled by fewer endpoints, then by the lower total. None where nothing is feasible.
    """
    open_ = np.nonzero(every.feasible[:, k])[0]
    if not open_.size:
        return None
    total = every.total_usd[open_, k]
    return _fewest_errors(every, k, open_[total <= total.min() + materiality_usd])


def _fewest_errors(every: Candidates, k: int, among: Rows) -> int:
    error = np.round(every.follows.residual_error_share[among, k], 12)
    return int(among[np.lexsort((every.total_usd[among, k], every.endpoints[among], error))[0]])


def _still_keeps(found: Portfolio, strategies: Rows, k: int, candidate: int, materiality_usd: float) -> bool:
    """Whether every limit of the whole, and the threshold, hold with another strategy in one category."""
    problem = found.problem
    if not problem.limits.is_set and problem.upkeep_usd_per_model + problem.upkeep_usd_per_seller == 0:
        return True
    changed = strategies.copy()
    changed[k] = candidate
    before, after = found.worth(strategies), found.worth(changed)
    return after is not None and after.keeps(problem.limits) and (
        before is None or after.total_usd <= before.total_usd + materiality_usd
    )
