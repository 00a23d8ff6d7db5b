"""The optimiser's problem as a linear programme in whole numbers, for HiGHS (the method, section 11)."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import highspy
import numpy as np
from numpy.typing import NDArray

from planner.engine.optimise import NEAR, Problem, SharedPool, Status

Floats = NDArray[np.float64]
Rows = NDArray[np.intp]

RELATIVE_GAP = 1e-5
TINY = 1e-7
KEPT = 4
"""Options per category that are tried first, by reduced cost."""
THREADS = 1
"""One and the same in the whole process: HiGHS keeps its first choice, and one thread makes results repeat."""


class _Model:
    """Columns and rows as they are added, entries as triplets."""

    def __init__(self) -> None:
        self.cost: list[Floats] = []
        self.upper: list[Floats] = []
        self.whole: list[NDArray[np.bool_]] = []
        self.columns = 0
        self.lower_row: list[Floats] = []
        self.upper_row: list[Floats] = []
        self.rows = 0
        self.entries: list[tuple[Rows, Rows, Floats]] = []

    def add_columns(self, cost: Floats, upper: float = 1.0, whole: bool = True) -> Rows:
        first, count = self.columns, len(cost)
        self.cost.append(np.asarray(cost, float))
        self.upper.append(np.full(count, upper))
        self.whole.append(np.full(count, whole))
        self.columns += count
        return np.arange(first, first + count)

    def add_rows(self, count: int, lower: float = -np.inf, upper: float = np.inf) -> Rows:
        first = self.rows
        self.lower_row.append(np.full(count, lower))
        self.upper_row.append(np.full(count, upper))
        self.rows += count
        return np.arange(first, first + count)

    def put(self, row: Rows | int, column: Rows | int, value: Floats | float) -> None:
        rows, columns, values = np.broadcast_arrays(row, column, np.asarray(value, float))
        self.entries.append((rows.ravel(), columns.ravel(), values.ravel()))

    def row(self, terms: Sequence[tuple[Rows | int, Floats | float]], lower: float = -np.inf, upper: float = np.inf
            ) -> None:
        at = int(self.add_rows(1, lower, upper)[0])
        for columns, values in terms:
            self.put(at, columns, values)

    def program(self, in_whole_numbers: bool) -> highspy.HighsLp:
        rows, columns, values = (np.concatenate(part) for part in zip(*self.entries, strict=True))
        # one entry per place: a seller's part and the invoice meet in one row
        place, where = np.unique(rows * self.columns + columns, return_inverse=True)
        values = np.asarray(np.bincount(where, values, len(place)), np.float64)
        rows, columns = np.divmod(place, self.columns)
        lp = highspy.HighsLp()
        lp.num_col_, lp.num_row_ = self.columns, self.rows
        lp.col_cost_ = np.concatenate(self.cost)
        lp.col_lower_, lp.col_upper_ = np.zeros(self.columns), np.concatenate(self.upper)
        lp.row_lower_, lp.row_upper_ = np.concatenate(self.lower_row), np.concatenate(self.upper_row)
        lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        lp.a_matrix_.start_ = np.searchsorted(rows, np.arange(self.rows + 1)).astype(np.int32)
        lp.a_matrix_.index_ = columns.astype(np.int32)
        lp.a_matrix_.value_ = values
        kinds = (highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger)
        if in_whole_numbers:
            lp.integrality_ = [kinds[int(whole)] for whole in np.concatenate(self.whole)]
        return lp


def solve(problem: Problem, seconds: float) -> tuple[Status, Rows | None, float]:
    """Status, option per category, and the lower bound on the total in USD.

    The relaxation, in which shares of options may be taken, gives a bound and the regret of every option. A few options
    of least regret per category are solved in whole numbers first; what they reach rules out every option whose regret
    alone is above it, and only what is left, often nothing, is solved again.
    """
    end = time.monotonic() + seconds
    relaxed = _run(problem, seconds, whole=False)
    if relaxed.status == "infeasible":
        return "infeasible", None, np.inf
    first: _Run | None = None
    tried = np.ones(len(problem.category), bool)
    if relaxed.regret is not None:
        tried = _of_least_regret(problem, relaxed.regret)
        first = _run(problem.only(tried), max(end - time.monotonic(), 0.1))
    if first is None or first.chosen is None:
        last = _run(problem, max(end - time.monotonic(), 0.1))
        return last.status, last.chosen, max(last.bound_usd, relaxed.bound_usd)
    reached = float(first.total_usd)
    slack = reached - relaxed.bound_usd + NEAR * abs(reached)
    left = relaxed.regret <= slack if relaxed.regret is not None else tried
    chosen = np.nonzero(tried)[0][first.chosen]
    if not (left & ~tried).any():
        bound = max(min(first.bound_usd, reached), relaxed.bound_usd)
        return first.status, chosen, bound
    last = _run(problem.only(left), max(end - time.monotonic(), 0.1))
    if last.chosen is not None and last.total_usd <= reached:
        chosen = np.nonzero(left)[0][last.chosen]
    status: Status = "optimal" if last.status == "optimal" else "feasible"
    return status, chosen, max(min(last.bound_usd, reached), relaxed.bound_usd)


def _of_least_regret(problem: Problem, regret: Floats) -> NDArray[np.bool_]:
    """The KEPT options of least regret in every category."""
    order = np.lexsort((regret, problem.category))
    sizes = np.bincount(problem.category, minlength=problem.categories)
    place = np.arange(len(order)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    kept = np.zeros(len(order), bool)
    kept[order[place < KEPT]] = True
    return kept


@dataclass(frozen=True)
class _Run:
    """What one run of the solver says; USD."""

    status: Status
    chosen: Rows | None
    total_usd: float
    bound_usd: float
    regret: Floats | None
    """Of the relaxation: how much dearer the whole becomes at the least if the option is taken."""


def _run(problem: Problem, seconds: float, whole: bool = True) -> _Run:
    scale = max(float(np.abs(problem.cost_usd).max(initial=0.0)), 1e-9)
    model, x = _model(problem, scale)
    highs = highspy.Highs()  # type: ignore[no-untyped-call]
    for name, value in (("output_flag", False), ("threads", THREADS), ("time_limit", seconds), ("random_seed", 0),
                        ("mip_rel_gap", RELATIVE_GAP), ("mip_abs_gap", 0.0)):
        highs.setOptionValue(name, value)
    if highs.passModel(model.program(whole)) == highspy.HighsStatus.kError:
        raise RuntimeError("the optimiser's own programme is malformed")
    highs.run()
    status, found = highs.getModelStatus(), highs.getInfo()
    # the first model and the first seller are free of upkeep
    upkeep = problem.upkeep_usd_per_model + problem.upkeep_usd_per_seller
    if status in (highspy.HighsModelStatus.kInfeasible, highspy.HighsModelStatus.kUnboundedOrInfeasible):
        return _Run("infeasible", None, np.inf, np.inf, None)
    done = status == highspy.HighsModelStatus.kOptimal
    solved = int(found.primal_solution_status) == int(highspy.SolutionStatus.kSolutionStatusFeasible)
    total = found.objective_function_value * scale - upkeep
    if not whole:
        regret = np.asarray(highs.getSolution().col_dual)[x] * scale if done else None
        return _Run("optimal" if done else "unknown", None, total, total if done else -np.inf, regret)
    bound = found.mip_dual_bound * scale - upkeep if np.isfinite(found.mip_dual_bound) else -np.inf
    if not solved:
        return _Run("unknown", None, np.inf, bound, None)
    taken = np.nonzero(np.asarray(highs.getSolution().col_value)[x] > 0.5)[0]
    chosen = taken[np.argsort(problem.category[taken], kind="stable")]
    return _Run("optimal" if done else "feasible", chosen, total, bound, None)


def _model(problem: Problem, scale: float) -> tuple[_Model, Rows]:
    model = _Model()
    x = model.add_columns(problem.cost_usd / scale)
    every = model.add_rows(problem.categories, 1.0, 1.0)
    model.put(every[problem.category], x, 1.0)
    # terms of the invoice and of each seller's part beside the options'
    invoice: list[tuple[Rows, Floats]] = [(x, problem.invoice_usd)]
    parts: list[list[tuple[Rows, Floats]]] = [[(x, part)] for part in problem.seller_usd]
    for fee in problem.fees:
        y = model.add_columns(np.array([fee.usd / scale]), whole=False)
        _bound_by(model, problem, fee.members, x, y)
        usd = np.array([fee.usd])
        invoice.append((y, usd))
        parts[fee.seller].append((y, usd))
    for host in range(len(problem.hosts)):
        pools = [each for each in problem.pools if each.host == host]
        _add_host(model, problem, host, pools, x, scale, invoice, parts)
    _add_upkeep(model, problem, x, scale, invoice)
    _add_limits(model, problem, x, invoice, parts)
    return model, x


def _bound_by(model: _Model, problem: Problem, members: NDArray[np.bool_], x: Rows, y: Rows) -> None:
    """Per category: the options of ``members`` only if ``y``; and ``y`` only with one of them, for nobody may pay a fee
    in vain to make another seller's share look small."""
    rows = np.nonzero(members)[0]
    model.row([(y, 1.0), (x[rows], -1.0)], upper=0.0)
    used, which = np.unique(problem.category[rows], return_inverse=True)
    at = model.add_rows(len(used), upper=0.0)
    model.put(at[which], x[rows], 1.0)
    model.put(at, int(y[0]), -1.0)


def _add_host(model: _Model, problem: Problem, host: int, pools: list[SharedPool], x: Rows, scale: float,
              invoice: list[tuple[Rows, Floats]], parts: list[list[tuple[Rows, Floats]]]) -> None:
    """At most one pool of a host runs, with whole replicas in whole billing units for the load it gets."""
    rows = np.nonzero(problem.hosts[host])[0]
    if not rows.size:
        return
    runs = model.add_columns(np.array([each.pool.base_usd / scale for each in pools]))
    model.row([(runs, 1.0)], upper=1.0)
    model.row([(runs, 1.0), (x[rows], -1.0)], upper=0.0)
    used, which = np.unique(problem.category[rows], return_inverse=True)
    at = model.add_rows(len(used), upper=0.0)
    model.put(at[which], x[rows], 1.0)
    for column, each in zip(runs, pools, strict=True):
        able = np.nonzero(each.pool.serves[used])[0]
        model.put(at[able], int(column), -1.0)
        terms, usable = each.pool.terms, each.pool.usable
        needed = each.load[rows] / usable
        most = np.zeros(problem.categories)
        np.maximum.at(most, problem.category[rows], needed)
        ceiling = float(most.sum())
        highest = float(max(np.ceil(ceiling) + terms.redundancy + 1, terms.min_replicas))
        replicas = model.add_columns(np.zeros(1), highest)
        per_unit = terms.gpus_per_replica / each.pool.unit_gpus
        units = model.add_columns(np.array([each.pool.unit_usd / scale]), float(np.ceil(highest * per_unit)))
        y, r = int(column), int(replicas[0])
        # replicas - spare >= load, unless this pool does not run
        model.row([(r, 1.0), (y, -float(terms.redundancy) - ceiling), (x[rows], -needed)], lower=-ceiling)
        model.row([(r, 1.0), (y, -float(max(1 + terms.redundancy, terms.min_replicas)))], lower=0.0)
        model.row([(int(units[0]), 1.0), (r, -per_unit)], lower=0.0, upper=1.0 - TINY)
        if terms.min_replicas <= 1 + terms.redundancy:
            model.row([(r, 1.0), (y, -1.0 - float(terms.redundancy)), (x[rows], -needed)], upper=0.0)
        base, step = np.array([each.pool.base_usd]), np.array([each.pool.unit_usd])
        invoice += [(np.array([y]), base), (units, step)]
        parts[each.seller] += [(np.array([y]), base), (units, step)]


def _add_upkeep(model: _Model, problem: Problem, x: Rows, scale: float, invoice: list[tuple[Rows, Floats]]) -> None:
    """What every model and seller costs; the first of each is free, which the caller takes off again."""
    for usd, members in ((problem.upkeep_usd_per_model, problem.models), (problem.upkeep_usd_per_seller, problem.uses)):
        for each in members if usd > 0 else ():
            if each.any():
                y = model.add_columns(np.array([usd / scale]), whole=False)
                _bound_by(model, problem, each, x, y)
                invoice.append((y, np.array([usd])))


def _add_limits(model: _Model, problem: Problem, x: Rows, invoice: list[tuple[Rows, Floats]],
                parts: list[list[tuple[Rows, Floats]]]) -> None:
    limits = problem.limits
    upkeep = problem.upkeep_usd_per_model + problem.upkeep_usd_per_seller
    if limits.budget_usd is not None:
        scale = max(limits.budget_usd, 1.0)
        model.row([(columns, usd / scale) for columns, usd in invoice], upper=(limits.budget_usd + upkeep) / scale)
    if limits.min_sellers > 1:
        z = model.add_columns(np.zeros(len(problem.uses)), whole=False)
        at = model.add_rows(len(z), upper=0.0)
        seller, option = np.nonzero(problem.uses)
        model.put(at, z, 1.0)
        model.put(at[seller], x[option], -1.0)
        model.row([(z, 1.0)], lower=float(limits.min_sellers))
    if limits.max_seller_share < 1.0:
        scale = max(float(problem.invoice_usd.max(initial=0.0)), 1e-9)
        share = limits.max_seller_share
        for part in parts:
            terms = [(columns, -share * usd / scale) for columns, usd in invoice]
            terms += [(columns, usd / scale) for columns, usd in part]
            model.row(terms, upper=-share * upkeep / scale)
