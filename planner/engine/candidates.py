"""Every strategy worth considering for a category, priced and checked at once (the method, section 11)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from planner.domain.plan import Plan
from planner.domain.strategies import Cascade, Single, Split
from planner.engine.cascade import counted_outcome, escalation, joint_of_counts, reach, two_stage_error
from planner.engine.consequences import Consequences, consequences
from planner.engine.difficulty import quadrature, right_by_node
from planner.engine.endpoints import Column
from planner.engine.error_rates import counted_cascade, counted_pair
from planner.engine.hosting import host_staircase
from planner.engine.latency import late
from planner.engine.setting import Setting
from planner.engine.split import easiest_first, usd_at_shares
from pricing.catalog import Catalog

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

SPLIT_SHARES = np.round(np.arange(1, 20) * 0.05, 2)
"""Shares to the small model that are tried: 5 to 95 % in steps of 5."""


@dataclass(frozen=True)
class Candidates:
    """Strategies on the first axis, categories on the last; NaN where a price is missing."""

    strategies: tuple[Single | Split | Cascade, ...]
    first: NDArray[np.intp]
    """Column of the cheaper or first endpoint."""
    second: NDArray[np.intp]
    """Column of the other endpoint; the same for single models."""
    first_usd: Floats
    """Spend a month at the first endpoint."""
    second_usd: Floats
    """Spend a month at the second endpoint."""
    fixed_usd: Floats
    """Fixed cost a month if the category stood alone."""
    error_share: Floats
    follows: Consequences
    feasible: Bools
    late: Bools
    """Whose known 95th percentile to the first answer token misses the category's limit."""

    @property
    def invoice_usd(self) -> Floats:
        """Spend and fixed cost a month."""
        return self.first_usd + self.second_usd + self.fixed_usd

    @property
    def total_usd(self) -> Floats:
        """Invoice, errors, review and hand-off a month."""
        return self.invoice_usd + self.follows.usd

    @property
    def endpoints(self) -> NDArray[np.intp]:
        """Number of endpoints that each strategy needs."""
        return np.asarray(1 + (self.first != self.second))


def candidates(setting: Setting, plan: Plan, catalog: Catalog, allowed: Bools) -> Candidates:
    """Single models, splits in steps of 5 % and two-stage cascades over the plain columns of ``setting``.

    ``allowed`` (categories, columns) says which endpoint may serve which category.
    """
    columns = [(column.name, m) for column, m in setting.columns.items() if not column.thinking]
    parts = [_singles(columns, setting)]
    pairs = [(a, b) for a in columns for b in columns if a[1] != b[1]]
    if pairs:
        parts += [_splits(pairs, setting), _cascades(pairs, setting, plan, catalog)]
    strategies = tuple(strategy for part in parts for strategy in part[0])
    first, second = (np.concatenate([part[i] for part in parts]) for i in (1, 2))
    first_usd, second_usd, error, load, calls = (np.concatenate([part[i] for part in parts]) for i in (3, 4, 5, 6, 7))
    is_cascade = np.array([isinstance(strategy, Cascade) for strategy in strategies], bool)
    slow = late(first, second, calls, is_cascade, setting.timings, setting.demand.p95_latency_s)
    demand = setting.demand
    factor = demand.requests * demand.spend_factor
    follows = consequences(demand, error)
    may = allowed[:, first].T & allowed[:, second].T
    cheaper_first = setting.costs.mean[:, first].T < setting.costs.mean[:, second].T
    ordered = (first == second)[:, None] | cheaper_first
    fixed = _fixed(columns, setting, first, second, load)
    known = np.isfinite(first_usd) & np.isfinite(second_usd) & np.isfinite(fixed)
    under = follows.residual_error_share <= demand.max_error_share + 1e-12
    return Candidates(
        strategies, first, second, first_usd * factor, second_usd * factor, fixed, error, follows,
        may & ordered & known & under & ~slow, slow,
    )


_Part = tuple[
    list[Single | Split | Cascade], NDArray[np.intp], NDArray[np.intp], Floats, Floats, Floats, Floats, Floats
]
"""Strategies, both columns, spend at both, error share, load on and calls to both endpoints per request."""


def _singles(columns: list[tuple[str, int]], setting: Setting) -> _Part:
    index = np.array([m for _, m in columns], np.intp)
    usd = setting.costs.mean[:, index].T
    load = np.stack((np.ones_like(usd), np.zeros_like(usd)), axis=1)
    return ([Single(model=name) for name, _ in columns], index, index, usd, np.zeros_like(usd),
            setting.rates.share[:, index].T, load, load)


def _splits(pairs: list[tuple[tuple[str, int], tuple[str, int]]], setting: Setting) -> _Part:
    small = np.array([a[1] for a, _ in pairs], np.intp)
    large = np.array([b[1] for _, b in pairs], np.intp)
    w = setting.demand.routine_share
    count = len(w)
    cuts = np.concatenate((np.broadcast_to(SPLIT_SHARES, (count, len(SPLIT_SHARES))), w[:, None]), axis=1)
    nodes = quadrature(cuts)
    routine, complex_ = setting.abilities()
    wrong = np.stack([
        (nodes.weight * (1.0 - right_by_node(routine[:, m], complex_[:, m], w, nodes, setting.sigma))).sum(axis=-1)
        for m in range(len(setting.columns))
    ])
    # below[m, j, k]: wrong answers of m among the easiest SPLIT_SHARES[j] of category k
    inside = nodes.upper[None, :, :] <= SPLIT_SHARES[:, None, None] + 1e-12
    below = np.einsum("mkp,jkp->mjk", wrong, inside)
    whole = wrong.sum(axis=-1)[:, None, :]
    error = below[small] + (whole - below)[large]
    share = SPLIT_SHARES[:, None]
    easy, hard = (part.T for part in easiest_first(share, w))
    costs = setting.costs
    parts_usd = np.stack((costs.routine, costs.complex), axis=-1)
    at_small = np.moveaxis(usd_at_shares(parts_usd, np.stack((easy, hard), axis=1)), 0, -1)[small]
    rest = np.stack((w[:, None] - easy, 1.0 - w[:, None] - hard), axis=1)
    at_large = np.moveaxis(usd_at_shares(parts_usd, rest), 0, -1)[large]
    shares = np.broadcast_to(share, (len(pairs), len(SPLIT_SHARES), count))
    load = np.stack((shares, 1.0 - shares), axis=2)
    strategies: list[Single | Split | Cascade] = [
        Split(small=a, large=b, small_share=float(f)) for (a, _), (b, _) in pairs for f in SPLIT_SHARES
    ]
    flat = (len(strategies), count)
    return (strategies, np.repeat(small, len(SPLIT_SHARES)), np.repeat(large, len(SPLIT_SHARES)),
            at_small.reshape(flat), at_large.reshape(flat), error.reshape(flat), load.reshape(flat[0], 2, count),
            load.reshape(flat[0], 2, count))


def _cascades(pairs: list[tuple[tuple[str, int], tuple[str, int]]], setting: Setting, plan: Plan, catalog: Catalog
              ) -> _Part:
    small = np.array([a[1] for a, _ in pairs], np.intp)
    large = np.array([b[1] for _, b in pairs], np.intp)
    value = setting.register.value
    a, b = value("cascade_accept_right"), value("cascade_accept_wrong")
    demand = setting.demand
    w = demand.routine_share
    nodes = quadrature(w[:, None])
    routine, complex_ = setting.abilities()
    right = np.stack([
        right_by_node(routine[:, m], complex_[:, m], w, nodes, setting.sigma) for m in range(len(setting.columns))
    ])
    reached, error_at = reach([right[small], right[large]], (a,), (b,))
    onward = (nodes.weight * reached[1]).sum(axis=-1)
    error = (nodes.weight * error_at).sum(axis=(-1, -2))
    gamma = np.where(demand.complex_token_factor != 1.0, 1.0, value("escalated_token_factor"))
    gamma = np.tile(gamma, (len(pairs), 1))
    for row, ((name, _), (other, _)) in enumerate(pairs if plan.evaluations else []):
        for k, category in enumerate(demand.names):
            counted = counted_pair(plan, category, name, other, catalog)
            if counted is not None:
                joint = joint_of_counts(counted)
                error[row, k] = two_stage_error(joint, a, b)
                onward[row, k] = escalation(joint.first_wrong, a, b) * np.array([w[k], 1.0 - w[k]])
            replayed = counted_cascade(plan, category, (name, other), catalog)
            if replayed is not None:
                outcome = counted_outcome(replayed.cells)
                error[row, k] = outcome.error_share
                onward[row, k] = outcome.reached[1] * np.array([w[k], 1.0 - w[k]])
                gamma[row, k] = gamma[row, k] if replayed.token_factors is None else replayed.token_factors[0]
    costs = setting.costs
    usd_small = w * costs.routine[:, small].T + (1.0 - w) * costs.complex[:, small].T
    usd_large = gamma * (onward[..., 0] * costs.routine[:, large].T + onward[..., 1] * costs.complex[:, large].T)
    calls = np.stack((np.ones_like(usd_small), onward.sum(axis=-1)), axis=1)
    load = np.stack((calls[:, 0], calls[:, 1] * gamma), axis=1)
    return ([Cascade(stages=(name, other)) for (name, _), (other, _) in pairs], small, large, usd_small, usd_large,
            error, load, calls)


def _fixed(columns: list[tuple[str, int]], setting: Setting, first: NDArray[np.intp], second: NDArray[np.intp],
           load: Floats) -> Floats:
    """Fixed cost a month of each strategy if its category were the endpoint's only work; load is (strategy, 2, k)."""
    demand = setting.demand
    fixed = np.zeros((len(first), len(demand.names)))
    for name, m in columns:
        state = setting.states[name]
        for position, which in ((0, first), (1, second)):
            chosen = np.nonzero((which == m) & ((position == 0) | (first != second)))[0]
            if not chosen.size:
                continue
            if state.hosting is None:
                fixed[chosen] += state.fixed_usd
                continue
            for k in range(len(demand.names)):
                stairs = host_staircase(state, Column(name), k, demand, setting.register)
                fixed[chosen, k] += np.nan if stairs is None else stairs.usd(load[chosen, position, k])
    return fixed
