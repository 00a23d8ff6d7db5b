"""What each strategy does with one category's requests, for every row of draws (the method, sections 5 and 6)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from planner.domain.strategies import Cascade, Router, Single, Split, TwoModes
from planner.engine.beliefs import Basic, assumption_key
from planner.engine.cascade import Joint, escalation, joint_of_phi, reach, two_stage_error, uses_counts
from planner.engine.demand import Demand
from planner.engine.drawn_difficulty import (
    MOST_SIGMA,
    USUAL_SIGMA,
    Nodes,
    Place,
    SigmaAt,
    Singles,
    abilities,
    both_wrong,
    nodes_at,
    place_of,
    segment_abilities,
    sigma_at,
    weighted,
    wrong_at,
    wrong_below,
)
from planner.engine.drawn_rates import DrawnRates, Rates, pair_of
from planner.engine.draws import Values
from planner.engine.endpoints import Column
from planner.engine.error_rates import counted_cascade
from planner.engine.evaluate import Evaluation
from planner.engine.setting import Setting
from planner.engine.split import easiest_first

Floats = NDArray[np.float64]
ZERO, ONE = np.zeros(()), np.ones(())
_BEYOND_HIGH = 1.5
"""Draws may lie this far beyond the 90 % point of a belief, and rarely further."""


@dataclass(frozen=True)
class Part:
    """Requests of a category that one column answers, as shares of all of them; a number or one per row each."""

    column: int
    routine: Floats
    complex: Floats
    length: Floats
    """Cost of such a call over the mean: above 1 for later stages of a cascade."""


@dataclass(frozen=True)
class Route:
    """A strategy in a category."""

    parts: tuple[Part, ...]
    extra_usd: Floats
    """Router and checks, per request."""
    error_share: Floats


def cuts_of(basics: list[Basic]) -> list[float]:
    """Shares of requests at which the strategies cut the order of difficulty."""
    found: dict[float, None] = {}
    for each in basics:
        if isinstance(each, Split) and each.small_share is not None and not each.random:
            found[each.small_share] = None
        if isinstance(each, TwoModes):
            found[1.0 - each.thinking_share] = None
    return [cut for cut in found if 0.0 < cut < 1.0]


def pairs_of(basics: list[Basic], category: str, evaluation: Evaluation, setting: Setting) -> list[tuple[int, int]]:
    """Columns of the cascades of two stages whose overlap is not counted or stated."""
    found: dict[tuple[int, int], None] = {}
    for each in basics:
        if (isinstance(each, Cascade) and len(each.stages) == 2 and each.joint is None and each.phi is None
                and each.sigma is None and pair_of(each, category, evaluation) is None):
            first, second = (setting.columns[Column(name)] for name in each.stages)
            found[first, second] = None
    return list(found)


@dataclass
class Rows:
    """One category's rows: what was drawn, and what several strategies need of it, worked out once."""

    k: int
    demand: Demand
    values: Values
    drawn: DrawnRates
    rates: Rates
    setting: Setting
    evaluation: Evaluation
    cuts: list[float]
    cuts_segments: bool
    """Whether any integral ends where the routine segment does."""
    by_segment: bool
    """Whether routine and complex requests cost different amounts."""
    pairs: list[tuple[int, int]]
    """Columns of the cascades whose overlap the difficulty model gives."""
    hardness: dict[float | None, _Hardness] = field(default_factory=dict)

    def belief(self, name: str, given: float | None = None) -> Floats:
        """A value of the register as drawn, unless one is given."""
        if given is not None:
            return np.asarray(given)
        drawn = self.values.get(assumption_key(name))
        return np.asarray(self.setting.register.value(name)) if drawn is None else drawn

    def error(self, column: int) -> Floats:
        """Error share of a column; rates entered by segment move with the share of complex requests."""
        given = self.setting.rates.segments.get((self.k, column))
        if given is not None:
            return np.asarray(given.routine + (given.complex - given.routine) * self.demand.complex_share)
        return self.rates.error_share[column]

    def hard(self, sigma: float | None = None) -> _Hardness:
        """The difficulty model at the drawn spread, or at a strategy's own."""
        if sigma not in self.hardness:
            cuts = [np.asarray(cut) for cut in self.cuts] if sigma is None else []
            if self.cuts_segments:
                cuts.append(np.asarray(self.demand.routine_share))
            # decided by the belief, not by the rows: a block of rows must give what all rows together give
            most = self.setting.register["difficulty_sigma_logits"].high * _BEYOND_HIGH if sigma is None else sigma
            self.hardness[sigma] = _Hardness(self, cuts, np.atleast_1d(self.belief("difficulty_sigma_logits", sigma)),
                                             USUAL_SIGMA if most <= USUAL_SIGMA else MOST_SIGMA)
        return self.hardness[sigma]


class _Hardness:
    """P(wrong) of every model by difficulty.

    A model with one ability for all requests is read off tables. Rates entered by segment, and integrals that end at a
    share that differs from row to row, are summed over nodes.
    """

    def __init__(self, rows: Rows, cuts: list[Floats], sigma: Floats, table_reach: float) -> None:
        self.rows, self.cuts = rows, cuts
        self.at: SigmaAt = sigma_at(sigma, table_reach)
        self._places: dict[int, Place] = {}
        self._wrong: dict[int, Singles] = {}
        self._below: dict[tuple[int, float | None], Floats] = {}
        self._pairs: dict[tuple[int, int], Floats] = {}

    @cached_property
    def nodes(self) -> Nodes:
        """Difficulties at which P(wrong) is worked out."""
        return nodes_at(self.cuts, self.at.table_reach)

    @cached_property
    def spread_z(self) -> Singles:
        """Difficulty in logits, (nodes, rows)."""
        return self.nodes.z * self.at.sigma

    def is_plain(self, column: int) -> bool:
        """Whether one ability holds for routine and complex requests."""
        return (self.rows.k, column) not in self.rows.setting.rates.segments

    def place(self, column: int) -> Place:
        """Place of a model in the tables."""
        if column not in self._places:
            self._places[column] = place_of(np.atleast_1d(self.rows.error(column)), self.at)
        return self._places[column]

    def wrong(self, column: int) -> Singles:
        """P(wrong), (nodes, rows)."""
        if column not in self._wrong:
            if self.is_plain(column):
                theta = abilities(self.place(column))
            else:
                given = self.rows.setting.rates.segments[self.rows.k, column]
                share = np.atleast_1d(self.rows.demand.routine_share)
                routine, complex_ = segment_abilities(given, self.at.sigma.astype(np.float64), share)
                theta = np.where(self.nodes.upper_share <= share + 1e-9, routine, complex_)
            self._wrong[column] = wrong_at(theta, self.spread_z)
        return self._wrong[column]

    def below(self, column: int, share: Floats) -> Floats:
        """Share of all requests that are among the ``share`` easiest and answered wrong.

        ``share`` is a number, or the routine share of every row.
        """
        number = float(share) if np.ndim(share) == 0 else None
        key = column, number
        if key not in self._below:
            if number is not None and self.is_plain(column) and self.at.table_reach == USUAL_SIGMA:
                self._below[key] = wrong_below(number, self.place(column))
            else:
                self._below[key] = weighted(self.nodes.below(share), self.wrong(column))
        return self._below[key]

    def both_wrong(self, first: int, second: int) -> Floats:
        """P(both wrong)."""
        pair = first, second
        if not (self.is_plain(first) and self.is_plain(second)):
            return weighted(self.nodes.weight, self.wrong(first) * self.wrong(second))
        if pair not in self._pairs:
            # all pairs of the category at once: each model is worked out once per block of rows
            wanted = {pair, *(each for each in self.rows.pairs if self.is_plain(each[0]) and self.is_plain(each[1]))}
            thetas = {m: abilities(self.place(m)) for each in wanted for m in each}
            self._pairs |= both_wrong(thetas, sorted(wanted), self.at)
        return self._pairs[pair]


def route_of(strategy: Basic, rows: Rows) -> Route:
    """One strategy in one category."""
    match strategy:
        case Single(model=model):
            column = rows.setting.columns[Column(model)]
            return Route(_parts(rows, ((column, ONE),)), ZERO, rows.error(column))
        case Split(router=None):
            return _split(strategy, rows)
        case Split(router=router):
            assert router is not None
            return _routed(strategy, router, rows)
        case TwoModes():
            columns = rows.setting.columns
            return _easiest(rows, columns[Column(strategy.model)],
                            columns[Column(strategy.model, True, strategy.thinking_factor)],
                            1.0 - strategy.thinking_share)
        case Cascade():
            return _cascade(strategy, rows)


def _parts(rows: Rows, shares: tuple[tuple[int, Floats], ...]) -> tuple[Part, ...]:
    """Columns that take a share of every segment alike."""
    w = rows.demand.routine_share if rows.by_segment else ONE
    return tuple(Part(column, share * w, share * (1.0 - w), ONE) for column, share in shares)


def _split(strategy: Split, rows: Rows) -> Route:
    small, large = (rows.setting.columns[Column(name)] for name in (strategy.small, strategy.large))
    share = np.asarray(strategy.small_share, float)
    if not strategy.random:
        return _easiest(rows, small, large, float(share))
    error = share * rows.error(small) + (1.0 - share) * rows.error(large)
    return Route(_parts(rows, ((small, share), (large, 1.0 - share))), ZERO, error)


def _easiest(rows: Rows, small: int, large: int, small_share: float) -> Route:
    """The share that is easiest goes to the small model: what it gets wrong there, and the large one elsewhere."""
    share = np.asarray(small_share)
    if small_share <= 0.0 or small_share >= 1.0:
        error = rows.error(small if small_share >= 1.0 else large)
    else:
        hard = rows.hard()
        error = hard.below(small, share) + rows.error(large) - hard.below(large, share)
    if not rows.by_segment:
        return Route(_parts(rows, ((small, share), (large, 1.0 - share))), ZERO, error)
    w = rows.demand.routine_share
    routine, complex_ = easiest_first(share, w)
    return Route((Part(small, routine, complex_, ONE), Part(large, w - routine, 1.0 - w - complex_, ONE)), ZERO,
                 error)


def _routed(strategy: Split, router: Router, rows: Rows) -> Route:
    small, large = (rows.setting.columns[Column(name)] for name in (strategy.small, strategy.large))
    sens = rows.belief("router_sensitivity", router.sens)
    spec = rows.belief("router_specificity", router.spec)
    w, hard = rows.demand.routine_share, rows.hard()
    routine_small, routine_large = hard.below(small, w), hard.below(large, w)
    complex_small, complex_large = rows.error(small) - routine_small, rows.error(large) - routine_large
    error = spec * routine_small + (1 - spec) * routine_large + (1 - sens) * complex_small + sens * complex_large
    routine, complex_ = w * spec, (1.0 - w) * (1.0 - sens)
    parts = Part(small, routine, complex_, ONE), Part(large, w - routine, 1.0 - w - complex_, ONE)
    return Route(parts, np.asarray(router.usd_per_request), error)


def _cascade(strategy: Cascade, rows: Rows) -> Route:
    checks = len(strategy.stages) - 1
    columns = tuple(rows.setting.columns[Column(name)] for name in strategy.stages)
    accept_right = [rows.belief("cascade_accept_right", each) for each in strategy.accept_right or (None,) * checks]
    accept_wrong = [rows.belief("cascade_accept_wrong", each) for each in strategy.accept_wrong or (None,) * checks]
    lengths = [rows.belief("escalated_token_factor", strategy.escalated_token_factor)] * checks
    if strategy.escalated_token_factor is None and rows.by_segment:
        lengths = [ONE] * checks
    counted = _counted(strategy, columns, rows)
    if counted is not None:
        reached, error, factors = counted
        if strategy.escalated_token_factor is None and factors is not None:
            lengths = [np.asarray(factor) for factor in factors]
        segments = [_evenly(share, rows) for share in reached]
    else:
        segments, error = _modelled(strategy, columns, accept_right, accept_wrong, rows)
    parts = tuple(
        Part(column, routine, complex_, length)
        for column, (routine, complex_), length in zip(columns, segments, [ONE, *lengths], strict=True)
    )
    usd = strategy.usd_per_check or (0.0,) * checks
    extra = sum(((routine + complex_) * each for (routine, complex_), each in zip(segments, usd, strict=False)),
                ZERO)
    return Route(parts, np.asarray(extra), error)


def _evenly(share: Floats, rows: Rows) -> tuple[Floats, Floats]:
    w = rows.demand.routine_share if rows.by_segment else ONE
    return share * w, share * (1.0 - w)


def _counted(strategy: Cascade, columns: tuple[int, ...], rows: Rows
             ) -> tuple[list[Floats], Floats, tuple[float, ...] | None] | None:
    """Reach per stage, error share and token factors where outcomes were counted request by request."""
    if not uses_counts(strategy) or columns not in rows.rates.cells:
        return None
    found = counted_cascade(rows.evaluation.plan, rows.drawn.name, strategy.stages, rows.evaluation.catalog)
    reached: list[Any] = [0.0] * len(columns)
    error: Any = 0.0
    for cell, share in rows.rates.cells[columns].items():
        last = next((stage for stage in range(len(columns) - 1) if cell[2 * stage + 1] == "1"), len(columns) - 1)
        for stage in range(last + 1):
            reached[stage] = reached[stage] + share
        if cell[2 * last] == "0":
            error = error + share
    return reached, error, None if found is None else found.token_factors


def _modelled(strategy: Cascade, columns: tuple[int, ...], accept_right: list[Floats], accept_wrong: list[Floats],
              rows: Rows) -> tuple[list[tuple[Floats, Floats]], Floats]:
    """Reach of each stage by segment and the error share, from a joint outcome or from the difficulty model."""
    everyone = _evenly(ONE, rows)
    a, b = accept_right[0], accept_wrong[0]
    joint = _joint(strategy, columns, rows)
    if joint is not None:
        return [everyone, _evenly(escalation(joint.first_wrong, a, b), rows)], two_stage_error(joint, a, b)
    hard = rows.hard(strategy.sigma)
    if len(columns) == 2:
        first, second = (rows.error(column) for column in columns)
        both = hard.both_wrong(*columns)
        joint = Joint(1.0 - first - second + both, second - both, first - both, both)
        onward = np.asarray(escalation(first, a, b))
        if not rows.by_segment:
            return [everyone, (onward, ZERO)], two_stage_error(joint, a, b)
        w = rows.demand.routine_share
        routine = (1.0 - a) * w + (a - b) * hard.below(columns[0], w)
        return [everyone, (routine, onward - routine)], two_stage_error(joint, a, b)
    right: list[Any] = [1.0 - hard.wrong(column) for column in columns]
    reached, wrong = reach(right, _thin(accept_right), _thin(accept_wrong))
    segments = [everyone]
    for each in reached[1:]:
        whole = weighted(hard.nodes.weight, np.asarray(each, np.float32))
        if rows.by_segment:
            routine = weighted(hard.nodes.below(rows.demand.routine_share), np.asarray(each, np.float32))
            segments.append((routine, whole - routine))
        else:
            segments.append((whole, ZERO))
    return segments, weighted(hard.nodes.weight, np.asarray(wrong, np.float32))


def _thin(beliefs: list[Floats]) -> Any:
    """In single precision, so that arrays over nodes stay in it."""
    return tuple(np.asarray(each, np.float32) for each in beliefs)


def _joint(strategy: Cascade, columns: tuple[int, ...], rows: Rows) -> Joint | None:
    """Joint outcome of two stages that somebody counted or stated."""
    if strategy.joint is not None:
        tree = rows.drawn.joints[strategy]
        cells = tree.shares(rows.values[tree.root], rows.values)
        return Joint(cells["11"], cells["10"], cells["01"], cells["00"])
    if strategy.phi is not None:
        return joint_of_phi(rows.error(columns[0]), rows.error(columns[1]), strategy.phi)
    if pair_of(strategy, rows.drawn.name, rows.evaluation) is None:
        return None
    return rows.rates.joint(*(rows.drawn.canonical[column] for column in columns))


def needs_segments(basics: list[Basic], columns: set[int], k: int, setting: Setting, by_segment: bool) -> bool:
    """Whether the share of complex requests matters to any strategy beyond its price."""
    return by_segment or any((k, m) in setting.rates.segments for m in columns) or any(
        isinstance(each, Split) and each.router is not None for each in basics
    )


def columns_used(basics: list[Basic], setting: Setting) -> set[int]:
    """Columns that the strategies send requests to."""
    return {setting.columns[column] for each in basics for column in _columns(each)}


def _columns(strategy: Basic) -> Iterator[Column]:
    match strategy:
        case Single(model=model):
            yield Column(model)
        case Split(small=small, large=large):
            yield from (Column(small), Column(large))
        case TwoModes(model=model, thinking_factor=factor):
            yield from (Column(model), Column(model, True, factor))
        case Cascade(stages=stages):
            yield from map(Column, stages)
