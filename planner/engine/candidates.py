"""Every strategy worth considering for a category, priced and checked at once (the method, section 11)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from planner.domain.plan import Plan
from planner.domain.references import rate_key
from planner.domain.strategies import Allocation, Cascade, Single, Split, TwoModes, endpoints_of
from planner.engine.cascade import escalation, joint_of_counts, two_stage_error
from planner.engine.consequences import Consequences, consequences
from planner.engine.difficulty import quadrature, right_by_node
from planner.engine.endpoints import Column, UnitCosts
from planner.engine.error_rates import counted_cascade
from planner.engine.evaluate import Basic, route
from planner.engine.hosting import Hosted
from planner.engine.hosts import HostedEndpoint, hosted_usd_alone
from planner.engine.latency import late
from planner.engine.setting import Setting
from planner.engine.split import easiest_first
from pricing.catalog import Catalog

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Rows = NDArray[np.intp]

SPLIT_SHARES = np.round(np.arange(1, 20) * 0.05, 2)
"""Shares to the small model that are tried: 5 to 95 % in steps of 5."""
STAGES = 3
NONE = -1


@dataclass(frozen=True)
class Candidates:
    """Strategies on the first axis, categories on the last; NaN where a price is missing.

    A strategy calls up to three endpoint columns, its slots, in reading order.
    """

    strategies: tuple[Basic, ...]
    columns: Rows
    """Endpoint column per slot, shape (strategies, 3); -1 where a slot is empty."""
    load: Floats
    """Calls per request at their billed length, shape (strategies, 3, 2, categories): routine, complex."""
    usd: Floats
    """Spend a month per slot, shape (strategies, 3, categories)."""
    extra_usd: Floats
    """Routers and checks a month."""
    fixed_usd: Floats
    """Fixed cost a month if the category stood alone."""
    error_share: Floats
    follows: Consequences
    feasible: Bools
    able: Bools
    """Feasible, an error ceiling apart."""
    late: Bools
    """Whose known 95th percentile to the first answer token misses the category's limit."""
    own: Bools
    """Whether the plan itself names the strategy in a scenario."""
    hosts: Mapping[str, HostedEndpoint]
    """Own hardware by endpoint, and what a call takes of it."""

    @cached_property
    def spend_usd(self) -> Floats:
        """Spend a month: calls, routers and checks."""
        return np.asarray(self.usd.sum(axis=1) + self.extra_usd)

    @cached_property
    def invoice_usd(self) -> Floats:
        """Spend and fixed cost a month, if the category stood alone."""
        return self.spend_usd + self.fixed_usd

    @cached_property
    def total_usd(self) -> Floats:
        """Invoice, errors, review and hand-off a month, if the category stood alone."""
        return self.invoice_usd + self.follows.usd

    @cached_property
    def endpoints(self) -> NDArray[np.intp]:
        """Number of endpoints that each strategy needs."""
        return np.array([len(endpoints_of(each)) for each in self.strategies], np.intp)

    @cached_property
    def kinds(self) -> NDArray[np.str_]:
        """Kind of every strategy: single, split, cascade, two_modes."""
        return np.array([each.kind for each in self.strategies])

    @cached_property
    def forms(self) -> NDArray[np.intp]:
        """Strategies with one number are one answer: the same endpoints in the same form, with another share."""
        keys = np.unique(self.kinds, return_inverse=True)[1].ravel()
        for slot in range(STAGES):
            keys = keys * (int(self.columns.max(initial=0)) + 2) + self.columns[:, slot] + 1
        return np.asarray(keys)

    @cached_property
    def positions(self) -> Mapping[Basic, int]:
        """Position of every strategy."""
        return {strategy: s for s, strategy in enumerate(self.strategies)}

    def spend_at(self, column: int) -> Floats:
        """Spend a month at one endpoint column, shape (strategies, categories)."""
        return np.asarray(np.where((self.columns == column)[:, :, None], self.usd, 0.0).sum(axis=1))

    def repriced(self, costs: UnitCosts, factor: Floats) -> Floats:
        """Spend a month per slot at other unit costs; ``factor`` is billed requests a month per category."""
        return slot_usd(self.columns, self.load, costs) * factor


class _Part(NamedTuple):
    """Some strategies with what they call, get wrong and pay for checks; arrays as in :class:`Candidates`."""

    strategies: Sequence[Basic]
    columns: Rows
    load: Floats
    calls: Floats
    """Calls per request per slot, shape (strategies, 3, categories)."""
    error: Floats
    extra: Floats


def candidates(setting: Setting, plan: Plan, catalog: Catalog, allowed: Bools,
               alone: Mapping[str, Sequence[Hosted]] | None = None) -> Candidates:
    """Single models, splits in steps of 5 %, cascades of two and three stages, two modes, and the plan's own ways.

    ``allowed`` (categories, columns) says which endpoint may serve which category; ``alone`` holds own hardware by
    endpoint, sized for each category as its only work. Splits and cascades go from the cheaper to the dearer endpoint,
    unless the plan names another order.
    """
    named = _named(plan)
    parts = [_singles(setting), *_pairs(setting, plan, catalog, allowed)]
    listed = {strategy: i for i, strategy in enumerate(each for part in parts for each in part.strategies)}
    parts += [_own(strategy, setting, plan, catalog) for strategy in named if strategy not in listed]
    strategies = tuple(strategy for part in parts for strategy in part.strategies)
    own = np.array([strategy in named for strategy in strategies], bool)
    columns, load, calls, error, extra = (np.concatenate([part[i] for part in parts]) for i in range(1, 6))
    demand = setting.demand
    factor = demand.requests * demand.spend_factor
    usd = slot_usd(columns, load, setting.costs) * factor
    follows = consequences(demand, error)
    hosts = {name: HostedEndpoint.of(name, each, setting) for name, each in (alone or {}).items()}
    fixed = _fixed(setting, columns, load, hosts)
    known = np.isfinite(usd).all(axis=1) & np.isfinite(fixed) & np.isfinite(error)
    under = follows.residual_error_share <= demand.max_error_share + 1e-12
    may = np.where((columns == NONE)[:, :, None], True, allowed.T[columns]).all(axis=1)
    ordered = _ordered(columns, setting) | own[:, None]
    is_cascade = np.array([isinstance(strategy, Cascade) for strategy in strategies], bool)
    slow = late(columns, calls, is_cascade, setting.timings, demand.p95_latency_s)
    able = may & ordered & known & ~slow
    return Candidates(strategies, columns, load, usd, extra * factor, fixed, error, follows, able & under, able, slow,
                      own, hosts)


def slot_usd(columns: Rows, load: Floats, costs: UnitCosts) -> Floats:
    """USD of one request per slot, shape (strategies, 3, categories); an endpoint that gets nothing costs nothing."""
    unit = np.stack((costs.routine.T, costs.complex.T), axis=1)[columns]
    return np.asarray(np.where(load > 0, load * unit, 0.0).sum(axis=2))


def _named(plan: Plan) -> dict[Basic, None]:
    """Every basic strategy of the plan's scenarios, once."""
    found: dict[Basic, None] = {}
    for scenario in plan.scenarios:
        strategy = scenario.strategy
        parts = (strategy.default, *strategy.by_category.values()) if isinstance(strategy, Allocation) else (strategy,)
        found.update(dict.fromkeys(parts))
    return found


def _ordered(columns: Rows, setting: Setting) -> Bools:
    """Whether every slot is cheaper than the next one."""
    mean = setting.costs.mean.T
    result = np.ones((len(columns), mean.shape[1]), bool)
    for slot in range(STAGES - 1):
        both = (columns[:, slot + 1] != NONE)[:, None]
        result &= ~both | (mean[columns[:, slot]] < mean[columns[:, slot + 1]])
    return result


def _slots(*columns: Rows) -> Rows:
    filled = [*columns, *(np.full(len(columns[0]), NONE, np.intp) for _ in range(STAGES - len(columns)))]
    return np.stack(filled, axis=1)


def _loads(*slots: Floats) -> Floats:
    """Slots of shape (..., 2, categories) side by side, empty ones filled with 0."""
    filled = [*slots, *(np.zeros_like(slots[0]) for _ in range(STAGES - len(slots)))]
    return np.stack(filled, axis=-3)


def _singles(setting: Setting) -> _Part:
    plain = [(column.name, m) for column, m in setting.columns.items() if not column.thinking]
    index = np.array([m for _, m in plain], np.intp)
    w = setting.demand.routine_share
    one = np.broadcast_to(np.stack((w, 1.0 - w)), (len(index), 2, len(w)))
    error, load = setting.rates.share[:, index].T, _loads(one)
    return _Part([Single(model=name) for name, _ in plain], _slots(index), load, load.sum(axis=2), error,
                 np.zeros_like(error))


def _pairs(setting: Setting, plan: Plan, catalog: Catalog, allowed: Bools) -> list[_Part]:
    """Everything that needs two endpoints or more, or one in two modes."""
    mean = setting.costs.mean
    plain = [(column.name, m) for column, m in setting.columns.items() if not column.thinking and allowed[:, m].any()]
    index = np.array([m for _, m in plain], np.intp)
    names = [name for name, _ in plain]
    cheaper = np.asarray((mean[:, index, None] < mean[:, None, index]).any(axis=0))
    pairs = np.argwhere(cheaper)
    parts = []
    if len(pairs):
        strategies: list[Basic] = [
            Split(small=names[a], large=names[b], small_share=f) for a, b in pairs for f in SPLIT_SHARES.tolist()
        ]
        parts = [_splits(strategies, index[pairs[:, 0]], index[pairs[:, 1]], setting),
                 *_cascades(names, index, pairs, cheaper, setting, plan, catalog)]
    modes = [(column, m, setting.columns[Column(column.name)]) for column, m in setting.columns.items()
             if column.thinking and Column(column.name) in setting.columns]
    if modes:
        strategies = [
            TwoModes(model=column.name, thinking_share=round(1.0 - f, 2), thinking_factor=column.output_factor)
            for column, _, _ in modes for f in SPLIT_SHARES.tolist()
        ]
        parts.append(_splits(strategies, np.array([m for *_, m in modes]), np.array([m for _, m, _ in modes]), setting))
    return parts


def _splits(strategies: Sequence[Basic], small: Rows, large: Rows, setting: Setting) -> _Part:
    """Easiest first at every share of SPLIT_SHARES between the columns ``small`` and ``large``."""
    w = setting.demand.routine_share
    count, shares = len(w), len(SPLIT_SHARES)
    cuts = np.concatenate((np.broadcast_to(SPLIT_SHARES, (count, shares)), w[:, None]), axis=1)
    nodes = quadrature(cuts)
    routine, complex_ = setting.abilities()
    used = np.unique(np.concatenate((small, large)))
    wrong = np.zeros((len(setting.columns), count, shares + 2))
    for m in used.tolist():
        right = right_by_node(routine[:, m], complex_[:, m], w, nodes, setting.sigma)
        wrong[m] = (nodes.weight * (1.0 - right)).sum(axis=-1)
    # pieces go from easy to hard, so the wrong answers of the easiest f are a running sum
    running = np.cumsum(wrong, axis=-1)
    pieces = (nodes.upper[:, None, :] <= SPLIT_SHARES[:, None] + 1e-12).sum(axis=-1) - 1
    below = np.moveaxis(np.take_along_axis(running, pieces[None], axis=-1), -1, 1)
    error = below[small] + running[large, :, -1][:, None, :] - below[large]
    easy, hard = (part.T for part in easiest_first(SPLIT_SHARES, w[:, None]))
    at_small, at_large = np.stack((easy, hard), axis=1), np.stack((w - easy, 1.0 - w - hard), axis=1)
    load = np.broadcast_to(_loads(at_small, at_large), (len(small), shares, STAGES, 2, count))
    load = load.reshape(len(strategies), STAGES, 2, count)
    error = error.reshape(len(strategies), count)
    columns = _slots(np.repeat(small, shares), np.repeat(large, shares))
    return _Part(strategies, columns, load, load.sum(axis=2), error, np.zeros_like(error))


class Moments(NamedTuple):
    """Sums over difficulty that every cascade of two or three stages is made of, per segment.

    Shape (categories, 2, first) and so on for further stages, in shares of all requests.
    """

    passed_wrong: Floats
    """Wrong answers of the first stage that its check lets pass."""
    reach_second: Floats
    wrong_second: Floats
    """Requests that reach the second stage and are answered wrong there."""
    reach_third: Floats
    wrong_third: Floats


def cascade_moments(setting: Setting, index: Rows, accept_right: float, accept_wrong: float) -> Moments:
    """The moments of all cascades over the columns ``index``, as matrix products over the difficulty nodes.

    Given the difficulty the stages are independent (the method, section 6), so each is a sum of products.
    """
    w = setting.demand.routine_share
    nodes = quadrature(w[:, None])
    routine, complex_ = setting.abilities()
    right = np.stack([
        right_by_node(routine[:, m], complex_[:, m], w, nodes, setting.sigma) for m in index.tolist()
    ], axis=2)
    wrong = 1.0 - right
    onward = (1.0 - accept_wrong) - (accept_right - accept_wrong) * right
    weighted = onward * nodes.weight[:, :, None, :]
    twice = (weighted[:, :, :, None, :] * onward[:, :, None, :, :]).reshape(*right.shape[:2], -1, right.shape[-1])
    flipped = np.swapaxes(wrong, -1, -2)
    return Moments(
        passed_wrong=accept_wrong * (wrong * nodes.weight[:, :, None, :]).sum(axis=-1),
        reach_second=weighted.sum(axis=-1), wrong_second=weighted @ flipped,
        reach_third=weighted @ np.swapaxes(onward, -1, -2),
        wrong_third=(twice @ flipped).reshape(*right.shape[:2], len(index), len(index), len(index)),
    )


def cascade_results(moments: Moments, pairs: Rows, triples: Rows, accept_wrong: float
                    ) -> tuple[tuple[Floats, Floats], tuple[Floats, Floats, Floats]]:
    """(error, reach of stage 2) of the pairs and (error, reach of stages 2 and 3) of the triples.

    Errors have shape (cascades, categories), reaches (cascades, 2, categories).
    """
    p, r2, w2, r3, w3 = moments
    a, b = pairs.T
    error2 = (p[:, :, a] + w2[:, :, a, b]).sum(axis=1).T
    first, second, third = triples.T
    error3 = (p[:, :, first] + accept_wrong * w2[:, :, first, second] + w3[:, :, first, second, third]).sum(axis=1).T
    reach2, reach3 = np.moveaxis(r2, -1, 0), np.moveaxis(r3[:, :, first, second], -1, 0)
    return ((error2, np.swapaxes(reach2[a], 1, 2)),
            (error3, np.swapaxes(reach2[first], 1, 2), np.swapaxes(reach3, 1, 2)))


def _cascades(names: list[str], index: Rows, pairs: Rows, cheaper: Bools, setting: Setting, plan: Plan,
              catalog: Catalog) -> list[_Part]:
    value, demand = setting.register.value, setting.demand
    a, b = value("cascade_accept_right"), value("cascade_accept_wrong")
    triples = np.argwhere(cheaper[:, :, None] & cheaper[None, :, :])
    two, three = cascade_results(cascade_moments(setting, index, a, b), pairs, triples, b)
    gamma = escalated_factor(setting)
    w = demand.routine_share
    start = np.stack((w, 1.0 - w))
    check_usd = _check_usd(plan)

    def part(stages: Rows, error: Floats, *reached: Floats) -> _Part:
        paid = (check_usd,) * len(reached) if check_usd > 0 else None
        strategies: list[Basic] = [
            Cascade(stages=tuple(names[i] for i in row), usd_per_check=paid) for row in stages
        ]
        if plan.evaluations and len(reached) == 1:
            _count_pairs(strategies, error, reached[0], setting, plan, catalog, (a, b))
        first = np.broadcast_to(start, reached[0].shape)
        load = _loads(first, *(each * gamma for each in reached))
        calls = _loads(first, *reached).sum(axis=2)
        checks = check_usd * calls[:, : len(reached)].sum(axis=1)
        return _Part(strategies, _slots(*index[stages].T), load, calls, error, checks)

    parts = [part(pairs, *two)] + ([part(triples, *three)] if len(triples) else [])
    for each in parts if plan.evaluations else []:
        _count_cascades(each, setting, plan, catalog)
    return parts


def _check_usd(plan: Plan) -> float:
    """What checking one answer costs by the plan's own cascades, the dearest if they differ; else nothing."""
    return max((max(each.usd_per_check or (0.0,)) for each in _named(plan) if isinstance(each, Cascade)), default=0.0)


def has_usual_check(strategy: Basic) -> bool:
    """Whether a strategy is a cascade that rests on the register's check and on nothing that was given for it."""
    return isinstance(strategy, Cascade) and not any(
        given is not None for given in (strategy.accept_right, strategy.accept_wrong, strategy.escalated_token_factor,
                                        strategy.phi, strategy.joint, strategy.sigma)
    )


def escalated_factor(setting: Setting) -> Floats:
    """Length of a request that reaches a later stage over the mean, per category (gamma, the method, section 6)."""
    return np.where(setting.demand.complex_token_factor != 1.0, 1.0, setting.register.value("escalated_token_factor"))


def _count_pairs(strategies: Sequence[Basic], error: Floats, reach: Floats, setting: Setting, plan: Plan,
                 catalog: Catalog, accept: tuple[float, float]) -> None:
    """Measured joint outcomes in place of the difficulty model's, where a category has them."""
    demand = setting.demand
    names = {name for each in strategies for name in endpoints_of(each)}
    keys = {name: rate_key(name, plan, catalog) for name in names}
    rows = {tuple(keys[name] for name in endpoints_of(each)): row for row, each in enumerate(strategies)}
    for k, category in enumerate(demand.names):
        segments = np.array([demand.routine_share[k], demand.complex_share[k]])
        pairs = [pair for each in plan.evaluations if each.category == category for pair in each.pairs]
        # the first of several counts of one pair is the one that is used elsewhere
        for pair in reversed(pairs):
            row = rows.get((rate_key(pair.small, plan, catalog), rate_key(pair.large, plan, catalog)))
            if row is not None:
                joint = joint_of_counts(pair)
                error[row, k] = two_stage_error(joint, *accept)
                reach[row, :, k] = escalation(joint.first_wrong, *accept) * segments


def _count_cascades(part: _Part, setting: Setting, plan: Plan, catalog: Catalog) -> None:
    """Cascades that were replayed request by request are taken as they are evaluated."""
    for k, category in enumerate(setting.demand.names):
        if not any(each.category == category and each.cascades for each in plan.evaluations):
            continue
        for row, strategy in enumerate(part.strategies):
            if counted_cascade(plan, category, endpoints_of(strategy), catalog) is not None:
                mine = _own(strategy, setting, plan, catalog, np.array([k]))
                part.load[row, :, :, k], part.calls[row, :, k] = mine.load[0, :, :, 0], mine.calls[0, :, 0]
                part.error[row, k] = mine.error[0, 0]


def _own(strategy: Basic, setting: Setting, plan: Plan, catalog: Catalog, rows: Rows | None = None) -> _Part:
    """One strategy exactly as it is evaluated, in the categories ``rows`` or in all."""
    routed = route(strategy, np.arange(len(setting.demand.names)) if rows is None else rows, plan, setting, catalog)
    used: dict[int, None] = {}
    for name in endpoints_of(strategy):
        used[setting.columns[Column(name)]] = None
    if isinstance(strategy, TwoModes):
        used[setting.columns[Column(strategy.model, True, strategy.thinking_factor)]] = None
    columns = _slots(*(np.array([m], np.intp) for m in used))
    load, calls = (_loads(*(part[:, :, m] for m in used))[None] for part in (routed.load, routed.calls))
    return _Part([strategy], columns, load, calls.sum(axis=2), routed.error_share[None], routed.extra_usd[None])


def _fixed(setting: Setting, columns: Rows, load: Floats, hosts: Mapping[str, HostedEndpoint]) -> Floats:
    """Fixed cost a month of each strategy if its category were the endpoint's only work."""
    fixed = np.zeros((len(columns), len(setting.demand.names)))
    for name, state in setting.states.items():
        if name in hosts:
            rows = np.nonzero(hosts[name].users(columns))[0]
            fixed[rows] += hosted_usd_alone(hosts[name], columns[rows], load[rows])
        elif state.fixed_usd > 0:
            own = [m for column, m in setting.columns.items() if column.name == name]
            fixed[np.isin(columns, own).any(axis=1)] += state.fixed_usd
    return fixed
