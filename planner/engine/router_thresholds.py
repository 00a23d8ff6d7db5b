"""How bad a router or a check may be before the answer turns, told by what can be seen (the method, sections 5, 6)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from planner.domain.strategies import Cascade, Split
from planner.engine.candidates import NONE, cascade_moments, cascade_results, escalated_factor, has_usual_check
from planner.engine.split import easiest_first_error
from planner.engine.turning import Here, Threshold, choose_anew, first_turns, moved_usd

Floats = NDArray[np.float64]
Rows = NDArray[np.intp]


def routing(here: Here) -> Iterator[Threshold]:
    """How far a router may fall from easiest first towards random, told by the wrong answers of the small model."""
    every, setting = here.every, here.setting
    demand, rates, mean = setting.demand, setting.rates.share, setting.costs.mean
    is_split = np.array([isinstance(each, Split) and each.router is None and not each.random
                         for each in every.strategies], bool)
    rows = here.rows[is_split[here.chosen[here.rows]]]
    if not rows.size:
        return
    f = np.array([each.small_share or 0.0 if isinstance(each, Split) else 0.0 for each in every.strategies])[:, None]
    small, large = every.columns[:, 0], np.maximum(every.columns[:, 1], 0)
    month = (demand.requests * demand.spend_factor)[rows]
    flips = is_split[:, None]
    error = every.error_share[:, rows]
    random_error = np.where(flips, f * rates[rows][:, small].T + (1 - f) * rates[rows][:, large].T, error)
    spend = every.spend_usd[:, rows]
    random_spend = np.where(flips, (f * mean[rows][:, small].T + (1 - f) * mean[rows][:, large].T) * month, spend)
    fixed = every.fixed_usd[:, rows]
    feasible = every.able[:, rows]
    random_usd, easy_usd = moved_usd(here, random_error, rows), every.follows.usd[:, rows]

    def answers(t: Floats, columns: Rows) -> Rows:
        def between(a: Floats, b: Floats) -> Floats:
            return a[:, columns] * (1 - t) + b[:, columns] * t

        total = between(spend, random_spend) + fixed[:, columns] + between(easy_usd, random_usd)
        return choose_anew(here, total, between(error, random_error), feasible[:, columns], rows[columns])

    for i, at, then in first_turns(here, rows, lambda t, _: t, answers):
        k, s = int(rows[i]), int(here.chosen[rows[i]])
        easiest = _small_error(here, s, k)
        moved = easiest + at * (float(rates[k, small[s]]) - easiest)
        name = demand.names[k]
        yield Threshold("small_error", name, easiest, moved, every.strategies[then], name)


def _small_error(here: Here, s: int, k: int) -> float:
    """Wrong answers among those of the small model of a split, easiest first."""
    setting = here.setting
    strategy = here.every.strategies[s]
    assert isinstance(strategy, Split), "only splits have a small model"
    m = int(here.every.columns[s, 0])
    share, w = np.array([strategy.small_share or 0.0]), setting.demand.routine_share[[k]]
    never = np.array([np.inf])
    # a large model that is never wrong leaves the small model's errors alone
    wrong = easiest_first_error(share, w, setting.ability(m, np.array([k])), (never, never), setting.sigma)
    return float(wrong[0] / share[0])


def checks(here: Here) -> Iterator[Threshold]:
    """How bad a check may be: told by the share that it sends on, and by the wrong answers among those it lets pass."""
    every, setting = here.every, here.setting
    a, b = (setting.register.value(f"cascade_accept_{side}") for side in ("right", "wrong"))
    plain = np.array([has_usual_check(every.strategies[s]) for s in here.chosen[here.rows]], bool)
    rows = here.rows[plain]
    if not rows.size:
        return
    for kind, far in (("escalation", (0.0, b)), ("accepted_error", (a, 1.0))):
        moving = _Checked(here, rows, (a, b), far)
        for i, at, then in first_turns(here, rows, lambda t, _: t, moving.answers):
            k, s = int(rows[i]), int(here.chosen[rows[i]])
            wrong = float(setting.rates.share[k, every.columns[s, 0]])
            right_now, wrong_now = a, b
            right_then, wrong_then = (a + at * (far[0] - a), b + at * (far[1] - b))
            name = setting.demand.names[k]
            tell = _sent_on if kind == "escalation" else _passed_wrong
            yield Threshold(kind, name, tell(wrong, right_now, wrong_now), tell(wrong, right_then, wrong_then),
                            every.strategies[then], name)


def _sent_on(wrong: float, accept_right: float, accept_wrong: float) -> float:
    return (1 - wrong) * (1 - accept_right) + wrong * (1 - accept_wrong)


def _passed_wrong(wrong: float, accept_right: float, accept_wrong: float) -> float:
    passed = (1 - wrong) * accept_right + wrong * accept_wrong
    return wrong * accept_wrong / passed if passed > 0 else 0.0


class _Checked:
    """All cascades with the register's check, at a check between today's (0) and a worse one (1).

    Error and spend of up to three stages are quadratic in the check's rates, so three points give them everywhere.
    Where joint outcomes were counted the quadratic is shifted to agree with them today.
    """

    def __init__(self, here: Here, rows: Rows, now: tuple[float, float], far: tuple[float, float]) -> None:
        every, setting = here.every, here.setting
        self.here, self.rows = here, rows
        cascades = np.array([has_usual_check(each) for each in every.strategies], bool)
        two, three = (np.nonzero(cascades & ((every.columns[:, 2] == NONE) == flag))[0] for flag in (True, False))
        self.members = np.concatenate((two, three))
        index, inverse = np.unique(every.columns[self.members], return_inverse=True)
        position = inverse.reshape(-1, every.columns.shape[1])
        index, position = (index[1:], position - 1) if index[0] == NONE else (index, position)
        unit = np.stack((setting.costs.routine.T, setting.costs.complex.T), axis=1)
        gamma, month = escalated_factor(setting), setting.demand.requests * setting.demand.spend_factor
        errors, spends = [], []
        for t in (0.0, 0.5, 1.0):
            a, b = (start + t * (end - start) for start, end in zip(now, far, strict=True))
            moments = cascade_moments(setting, index, a, b)
            pairs, triples = position[: len(two), :2], position[len(two):]
            first, second = cascade_results(moments, pairs, triples, b)
            errors.append(np.concatenate((first[0], second[0])))
            onward = (first[1] * unit[every.columns[two, 1]]).sum(axis=1)
            later = second[1] * unit[every.columns[three, 1]] + second[2] * unit[every.columns[three, 2]]
            checked = self._check_usd(three)[:, None] * second[1].sum(axis=1)
            spends.append(np.concatenate((onward * gamma, later.sum(axis=1) * gamma + checked)) * month)
        self.error = [part[:, rows] for part in _quadratic(errors, every.error_share[self.members])]
        first_usd = every.usd[self.members, 0]
        self.spend = [part[:, rows] for part in _quadratic(spends, every.spend_usd[self.members] - first_usd)]
        self.first_usd = first_usd[:, rows]
        self.feasible = every.able[:, rows]

    def _check_usd(self, members: Rows) -> Floats:
        """USD of the second check; the first is run on every request whatever it lets pass."""
        cascades = (self.here.every.strategies[int(s)] for s in members)
        return np.array([(each.usd_per_check or (0.0, 0.0))[1] for each in cascades if isinstance(each, Cascade)])

    def answers(self, t: Floats, columns: Rows) -> Rows:
        """The candidate chosen at the check ``t`` per category in ``columns``."""
        every, rows = self.here.every, self.rows[columns]
        error = every.error_share[:, rows].copy()
        spend = every.spend_usd[:, rows].copy()
        error[self.members] = sum(part[:, columns] * t**power for power, part in enumerate(self.error))
        spend[self.members] = self.first_usd[:, columns] + sum(
            part[:, columns] * t**power for power, part in enumerate(self.spend)
        )
        total = spend + every.fixed_usd[:, rows] + moved_usd(self.here, error, rows)
        return choose_anew(self.here, total, error, self.feasible[:, columns], rows)


def _quadratic(points: list[Floats], today: Floats) -> tuple[Floats, Floats, Floats]:
    """Coefficients of the parabola through values at 0, 1/2 and 1, shifted to ``today`` at 0."""
    start, middle, end = points
    return today, -3 * start + 4 * middle - end, 2 * start - 4 * middle + 2 * end
