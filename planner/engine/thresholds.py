"""Where the answer turns: the value of an input at which another strategy is chosen (the method, sections 3 and 11).

Costs are straight lines of an error cost, a price and a volume, so these inputs are moved without a new evaluation; the
share of complex requests changes rates and abilities, so there the plan is evaluated anew.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from planner.engine.candidates import Candidates
from planner.engine.evaluate import Evaluation, make_setting
from planner.engine.hosts import hosted_usd_alone
from planner.engine.options import Options, open_options
from planner.engine.router_thresholds import checks, routing
from planner.engine.turning import Here, Lines, Threshold, both_ways, choose_anew, distance, first_turns

Floats = NDArray[np.float64]
Rows = NDArray[np.intp]

FARTHEST = {"error_cost": 1e3, "price": 20.0, "volume": 100.0}
"""How many times today's value, and how small a part of it, is looked at."""
COMPLEX_STEPS, COMPLEX_HALVINGS = 4, 9
"""Each step is an evaluation of the whole plan."""


@dataclass(frozen=True)
class Turns:
    """The thresholds of a recommendation, each kind worked out when it is first asked for."""

    here: Here
    evaluation: Evaluation

    @cached_property
    def error_costs(self) -> tuple[Threshold, ...]:
        """USD of an error, per category."""
        return _sorted(_error_costs(self.here))

    @cached_property
    def prices(self) -> tuple[Threshold, ...]:
        """Prices as multiples of today's, per endpoint and category."""
        return _sorted(_prices(self.here))

    @cached_property
    def volumes(self) -> tuple[Threshold, ...]:
        """Requests a month, per category."""
        return _sorted(_volumes(self.here))

    @cached_property
    def quality(self) -> tuple[Threshold, ...]:
        """What a router or a check shows when it is no longer good enough."""
        return _sorted([*routing(self.here), *checks(self.here)])

    @cached_property
    def complex_shares(self) -> tuple[Threshold, ...]:
        """Share of complex requests, per category."""
        return _sorted(_complex_shares(self.here, lambda shares: _at_complex_shares(self.evaluation, shares)))

    @cached_property
    def every(self) -> tuple[Threshold, ...]:
        """All of them, nearest first."""
        return _sorted([*self.error_costs, *self.prices, *self.volumes, *self.quality, *self.complex_shares])


def _sorted(found: Iterable[Threshold]) -> tuple[Threshold, ...]:
    return tuple(sorted(found, key=distance))


def _at_complex_shares(evaluation: Evaluation, shares: Floats) -> Options:
    """What can be run if the categories had other shares of complex requests."""
    plan = evaluation.plan
    categories = tuple(
        category.model_copy(update={"complex_share": float(share)})
        for category, share in zip(plan.workload.categories, shares, strict=True)
    )
    moved = plan.model_copy(update={"workload": plan.workload.model_copy(update={"categories": categories})})
    setting = make_setting(moved, evaluation.day, [scenario.strategy for scenario in plan.scenarios],
                           evaluation.catalog, tuple(plan.endpoints))
    return open_options(setting, replace(evaluation, plan=moved))


def _error_costs(here: Here) -> Iterator[Threshold]:
    every, demand = here.every, here.setting.demand
    rows = np.tile(here.rows, 2)
    now = demand.error_cost_usd[rows]
    slope = every.follows.uncaught_errors[:, rows]
    lines = Lines(here, rows, every.total_usd[:, rows] - now * slope, slope)
    for i, at, then in first_turns(here, rows, both_ways(now, FARTHEST["error_cost"]), lines.answers):
        name = demand.names[rows[i]]
        yield Threshold("error_cost", name, float(now[i]), at, every.strategies[then], name)


def _prices(here: Here) -> Iterator[Threshold]:
    """Prices as multiples of today's, all of an endpoint's prices together."""
    every, setting = here.every, here.setting
    priced: dict[str, Floats] = {}
    for column, m in setting.columns.items():
        if setting.states[column.name].hosting is None:
            priced[column.name] = priced.get(column.name, 0.0) + every.spend_at(m)
    questions = [(name, k) for name, spent in priced.items() for k in here.rows.tolist()
                 if (spent[every.feasible[:, k], k] > 0).any()]
    if not questions:
        return
    rows = np.tile(np.array([k for _, k in questions], np.intp), 2)
    slope = np.stack([priced[name][:, k] for name, k in questions], axis=1)
    slope = np.concatenate((slope, slope), axis=1)
    lines = Lines(here, rows, every.total_usd[:, rows] - slope, slope)
    for i, at, then in first_turns(here, rows, both_ways(np.ones(len(rows)), FARTHEST["price"]), lines.answers):
        name, k = questions[i % len(questions)]
        yield Threshold("price", setting.states[name].short, 1.0, at, every.strategies[then], setting.demand.names[k])


def _volumes(here: Here) -> Iterator[Threshold]:
    """Requests of one category, all else the same; own hardware and fees as if the category stood alone."""
    every, demand = here.every, here.setting.demand
    rows = np.tile(here.rows[demand.requests[here.rows] > 0], 2)
    if not rows.size:
        return
    now = demand.requests[rows]
    fixed, moving = every.fixed_usd[:, rows], every.total_usd[:, rows] - every.fixed_usd[:, rows]
    lines = Lines(here, rows, fixed, moving / now)
    hosted = [_Users(here, name, rows) for name in every.hosts]

    def answers(x: Floats, columns: Rows) -> Rows:
        if any(users.rows.size for users in hosted):
            level = fixed[:, columns]
            for users in hosted:
                level[users.rows] += users.usd(x / now[columns], columns) - users.today[:, columns]
            at = (lines.order[:, columns], np.arange(len(columns)))
            lines.level[:, columns] = np.where(lines.order[:, columns] >= 0, level[at], np.inf)
        return lines.answers(x, columns)

    for i, at, then in first_turns(here, rows, both_ways(now, FARTHEST["volume"]), answers):
        name = demand.names[rows[i]]
        yield Threshold("volume", name, float(now[i]), at, every.strategies[then], name)


class _Users:
    """Candidates that use one self-hosted endpoint, and what it costs for each category alone at another volume."""

    def __init__(self, here: Here, name: str, categories: Rows) -> None:
        every = here.every
        uses = every.hosts[name].users(every.columns) & every.feasible[:, categories].any(axis=1)
        self.rows = np.nonzero(uses)[0]
        self.columns, self.calls = every.columns[self.rows], every.load[self.rows][..., categories]
        self.host, self.categories = every.hosts[name], categories
        self.today = self.usd(np.ones(len(categories)), np.arange(len(categories)))

    def usd(self, multiple: Floats, columns: Rows) -> Floats:
        """USD a month at a multiple of today's volume, per user and question."""
        calls = self.calls[..., columns] * multiple
        return hosted_usd_alone(self.host.only(self.categories[columns]), self.columns, calls)


def _complex_shares(here: Here, moved: Callable[[Floats], Options]) -> Iterator[Threshold]:
    """Share of complex requests at which the answer turns; ``moved`` evaluates the plan at other shares per category.

    All categories move at once, each on its own way, first up to 1, then down to 0. A plan that states how hard a
    category is as a level keeps that level, and one that states error rates for all requests keeps them.
    """
    demand = here.setting.demand
    now = demand.complex_share
    for far in (1.0, 0.0):
        rows = here.rows[now[here.rows] != far]

        def path(t: Floats, questions: Rows, rows: Rows = rows, far: float = far) -> Floats:
            return np.asarray(now[rows[questions]] * (1 - t) + far * t)

        def answers(x: Floats, questions: Rows, rows: Rows = rows) -> Rows:
            shares, at = now.copy(), rows[questions]
            shares[at] = x
            options = moved(shares)
            every = options.every
            there = replace(here, every=every, setting=options.setting)
            found = choose_anew(there, every.total_usd[:, at], every.error_share[:, at], every.able[:, at], at)
            return found if _same_list(every, here.every) else np.array(
                [here.every.positions.get(every.strategies[int(s)], here.chosen[k])
                 for s, k in zip(found, at, strict=True)], np.intp)

        turns = first_turns(here, rows, path, answers, COMPLEX_STEPS, COMPLEX_HALVINGS) if rows.size else ()
        for i, at, then in turns:
            name = demand.names[rows[i]]
            yield Threshold("complex_share", name, float(now[rows[i]]), at, here.every.strategies[then], name)


def _same_list(one: Candidates, other: Candidates) -> bool:
    return one.columns.shape == other.columns.shape and bool((one.columns == other.columns).all())
