"""Try, check, escalate: two or three stages (the method, section 6)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike, NDArray

from planner.domain.plan import CountedCascade
from planner.domain.strategies import Cascade, JointCounts
from planner.engine.difficulty import quadrature, right_by_node
from planner.engine.endpoints import Column
from planner.engine.setting import Routed, Setting

Floats = NDArray[np.float64]
Rows = NDArray[np.intp]


@dataclass(frozen=True)
class Joint:
    """P(first right?, second right?) of two stages; arrays of one shape that add up to 1."""

    both_right: Floats
    only_first: Floats
    only_second: Floats
    both_wrong: Floats

    @property
    def first_right(self) -> Floats:
        """Accuracy of the first stage."""
        return self.both_right + self.only_first

    @property
    def first_wrong(self) -> Floats:
        """Error share of the first stage."""
        return self.only_second + self.both_wrong

    @property
    def overlap(self) -> Floats:
        """How much more often both fail than independence would have it (kappa)."""
        return self.both_wrong - self.first_wrong * (self.only_first + self.both_wrong)


def joint_of_counts(counts: JointCounts) -> Joint:
    """Shares of counted outcomes."""
    return Joint(*(np.asarray(part / counts.total) for part in (counts.n11, counts.n10, counts.n01, counts.n00)))


def joint_of_phi(first_error: ArrayLike, second_error: ArrayLike, phi: ArrayLike) -> Joint:
    """The joint outcomes of two error shares with correlation ``phi``, cut to what is possible.

    >>> joint = joint_of_phi(0.2, 0.1, 0.0)
    >>> round(float(joint.both_wrong), 9), round(float(joint.first_right), 9)
    (0.02, 0.8)
    """
    q1, q2 = np.asarray(first_error, float), np.asarray(second_error, float)
    spread = np.sqrt(q1 * (1 - q1) * q2 * (1 - q2))
    both = np.clip(q1 * q2 + np.asarray(phi) * spread, np.maximum(0.0, q1 + q2 - 1.0), np.minimum(q1, q2))
    return Joint(1.0 - q1 - q2 + both, q2 - both, q1 - both, both)


def two_stage_error(joint: Joint, accept_right: ArrayLike, accept_wrong: ArrayLike) -> Floats:
    """Final error share: ``pi_0. b + (1-a) pi_10 + (1-b) pi_00``."""
    a, b = np.asarray(accept_right, float), np.asarray(accept_wrong, float)
    return np.asarray(joint.first_wrong * b + (1.0 - a) * joint.only_first + (1.0 - b) * joint.both_wrong)


def escalation(first_error: ArrayLike, accept_right: ArrayLike, accept_wrong: ArrayLike) -> Floats:
    """Share of requests that leave the first stage.

    >>> round(float(escalation(0.2, 0.9, 0.2)), 9)
    0.24
    """
    q, a, b = np.asarray(first_error, float), np.asarray(accept_right, float), np.asarray(accept_wrong, float)
    return (1.0 - q) * (1.0 - a) + q * (1.0 - b)


@dataclass(frozen=True)
class CountedOutcome:
    """A cascade as it was counted, request by request (the method, section 6: exact)."""

    reached: tuple[float, ...]
    """Share of requests that reach each stage."""
    error_share: float
    independent_error_share: float
    """What the stages' own rates would say if they failed independently."""
    accept_right: tuple[float, ...]
    """Per check: share of right answers that it let pass."""
    accept_wrong: tuple[float, ...]


def counted_outcome(cells: Mapping[str, float]) -> CountedOutcome:
    """Reach, error and check rates from counted cells: first right, first accepted, second right, and so on.

    >>> found = counted_outcome({"111": 70, "101": 10, "010": 5, "001": 10, "000": 5})
    >>> found.reached, found.error_share, found.accept_right
    ((1.0, 0.25), 0.1, (0.875,))
    """
    digits = np.array([[int(digit) for digit in cell] for cell in cells], bool)
    weight = np.array(list(cells.values()), float)
    weight = weight / weight.sum()
    right, accepted = digits[:, 0::2], digits[:, 1::2]
    here = np.ones(len(weight), bool)
    reached, error = [1.0], 0.0
    for stage in range(accepted.shape[1]):
        error += float(weight[here & accepted[:, stage] & ~right[:, stage]].sum())
        here = here & ~accepted[:, stage]
        reached.append(float(weight[here].sum()))
    error += float(weight[here & ~right[:, -1]].sum())
    rates = [float(weight[right[:, stage]].sum()) for stage in range(right.shape[1])]
    accept_right = tuple(_share_of(weight, accepted[:, i], right[:, i]) for i in range(accepted.shape[1]))
    accept_wrong = tuple(_share_of(weight, accepted[:, i], ~right[:, i]) for i in range(accepted.shape[1]))
    _, independent = reach([np.asarray(rate) for rate in rates], accept_right, accept_wrong)
    return CountedOutcome(tuple(reached), error, float(independent), accept_right, accept_wrong)


def _share_of(weight: Floats, part: NDArray[np.bool_], whole: NDArray[np.bool_]) -> float:
    """Weight of ``part`` within ``whole``; 0 where the whole is empty."""
    total = float(weight[whole].sum())
    return float(weight[part & whole].sum()) / total if total > 0 else 0.0


def limit_escalation(first_usd: ArrayLike, check_usd: ArrayLike, second_usd: ArrayLike, token_factor: ArrayLike = 1.0
                     ) -> Floats:
    """Escalation share above which asking the second model alone is cheaper.

    >>> round(float(limit_escalation(1.0, 0.0, 5.0)), 9), round(float(limit_escalation(1.0, 0.0, 5.0, 1.1)), 3)
    (0.8, 0.727)
    """
    saved = 1.0 - (np.asarray(first_usd, float) + np.asarray(check_usd)) / np.asarray(second_usd, float)
    return np.asarray(saved / np.asarray(token_factor, float))


def reach(right: list[Floats], accept_right: tuple[float, ...], accept_wrong: tuple[float, ...]
          ) -> tuple[list[Floats], Floats]:
    """Share of requests that reach each stage, and the final error share, at given P(right) per stage.

    Given the difficulty of a request the stages are independent, so this holds at every node.
    """
    reached = [np.ones_like(right[0])]
    error = np.zeros_like(right[0])
    for p, a, b in zip(right, accept_right, accept_wrong, strict=False):
        error = error + reached[-1] * (1.0 - p) * b
        reached.append(reached[-1] * (1.0 - p * a - (1.0 - p) * b))
    return reached, error + reached[-1] * (1.0 - right[-1])


def terms_of(strategy: Cascade, setting: Setting) -> tuple[tuple[float, ...], tuple[float, ...], tuple[float, ...]]:
    """Share of right and of wrong answers accepted, and USD, per check; defaults from the register."""
    checks = len(strategy.stages) - 1
    right = strategy.accept_right or (setting.register.value("cascade_accept_right"),) * checks
    wrong = strategy.accept_wrong or (setting.register.value("cascade_accept_wrong"),) * checks
    return right, wrong, strategy.usd_per_check or (0.0,) * checks


def uses_counts(strategy: Cascade) -> bool:
    """Whether counted outcomes of a cascade may stand for it: nothing that they decide is given by hand."""
    return all(given is None for given in (strategy.accept_right, strategy.accept_wrong, strategy.phi, strategy.joint,
                                           strategy.sigma))


def route_cascade(strategy: Cascade, setting: Setting, rows: Rows, joints: Mapping[int, JointCounts],
                  counted: Mapping[int, CountedCascade] = MappingProxyType({})) -> Routed:
    """A cascade in some categories; ``joints`` holds measured joint outcomes by category index.

    ``counted`` holds outcomes counted request by request, which replace the model of the cascade altogether.
    """
    accept_right, accept_wrong, check_usd = terms_of(strategy, setting)
    columns = [setting.columns[Column(name)] for name in strategy.stages]
    rates = setting.rates.share[rows][:, columns].T
    demand = setting.demand
    w = demand.routine_share[rows]
    factor = _token_factor(strategy, setting, rows)
    spread = setting.sigma if strategy.sigma is None else strategy.sigma
    nodes = quadrature(w[:, None])
    right = [right_by_node(*setting.ability(column, rows, spread), w, nodes, spread) for column in columns]
    reached, wrong = reach(right, accept_right, accept_wrong)
    # (stages, 2, categories): share of all requests that are routine or complex and reach the stage
    shares = np.stack([(nodes.weight * part).sum(axis=-1).T for part in reached])
    error = (nodes.weight * wrong).sum(axis=(-1, -2))
    _, independent = reach([1.0 - rate for rate in rates], accept_right, accept_wrong)
    given = _given_joint(strategy, rates, rows, joints)
    for row, joint in given.items():
        a, b = accept_right[0], accept_wrong[0]
        onward = float(escalation(joint.first_wrong, a, b))
        shares[1, :, row] = onward * np.array([w[row], 1.0 - w[row]])
        error[row] = float(two_stage_error(joint, a, b))
        independent[row] = float(error[row]) - float(joint.overlap) * (a - b)
    lengths = np.ones((len(columns), len(rows)))
    lengths[1:] = factor
    for row, k in enumerate(rows.tolist()):
        if k in counted:
            found = counted_outcome(counted[k].cells)
            shares[:, :, row] = np.outer(found.reached, (w[row], 1.0 - w[row]))
            error[row], independent[row] = found.error_share, found.independent_error_share
            if strategy.escalated_token_factor is None and counted[k].token_factors is not None:
                lengths[1:, row] = counted[k].token_factors
    usd = np.stack([
        np.stack((setting.costs.routine[rows, column], setting.costs.complex[rows, column])) for column in columns
    ])
    stage_usd = np.where(shares > 0, shares * usd, 0.0).sum(axis=1) * lengths
    paid = np.array([*check_usd, 0.0])[:, None]
    extra = (shares.sum(axis=1) * paid).sum(axis=0)
    calls = np.zeros((2, len(rows), len(setting.columns)))
    load, by_column = calls.copy(), np.zeros((len(rows), len(setting.columns)))
    for stage, column in enumerate(columns):
        calls[:, :, column] += shares[stage]
        load[:, :, column] += shares[stage] * lengths[stage]
        by_column[:, column] += stage_usd[stage]
    mean_usd = setting.costs.mean[rows][:, columns].T
    none = np.full(len(rows), np.nan)
    return Routed(
        usd=stage_usd.sum(axis=0) + extra, extra_usd=extra, worst_usd=(mean_usd * lengths + paid).sum(axis=0),
        calls=calls, load=load, usd_by_column=by_column, error_share=error,
        escalation_share=shares[1].sum(axis=0), random_error_share=none, best_order_error_share=none,
        independent_error_share=independent,
    )


def _token_factor(strategy: Cascade, setting: Setting, rows: Rows) -> Floats:
    """gamma per category: as given; else 1 where complex requests have their own length, else the register's."""
    if strategy.escalated_token_factor is not None:
        return np.full(len(rows), strategy.escalated_token_factor)
    return np.where(
        setting.demand.complex_token_factor[rows] != 1.0, 1.0, setting.register.value("escalated_token_factor")
    )


def _given_joint(strategy: Cascade, rates: Floats, rows: Rows, joints: Mapping[int, JointCounts]) -> dict[int, Joint]:
    """Joint outcomes that somebody gave, by position: the strategy's own before measured ones."""
    if strategy.joint is not None:
        return dict.fromkeys(range(len(rows)), joint_of_counts(strategy.joint))
    if strategy.phi is not None:
        return {row: joint_of_phi(rates[0, row], rates[1, row], strategy.phi) for row in range(len(rows))}
    if strategy.sigma is not None:
        return {}
    return {row: joint_of_counts(joints[int(k)]) for row, k in enumerate(rows) if int(k) in joints}
