"""Error rates and joint outcomes of the models in one category, as functions of what was drawn (the method, 4 and 12).

Measured rates are ``Beta(1/2 + x, 1/2 + n - x)``. Measured pairs are ``Dirichlet(1/4 + counts)``, written as its parts:
the first model's rate, and the second one's among requests that the first got right and among those it got wrong. The
parts are independent Betas and the margins are that Beta, so both rates, escalation and overlap move together. Outcomes
of a cascade that were counted request by request are the same tree with more branches.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from planner.domain.plan import CountedCascade, CountedPair
from planner.domain.references import THINKING, rate_key
from planner.domain.strategies import Cascade, JointCounts
from planner.engine.beliefs import Basic, of_register
from planner.engine.cascade import Joint, joint_of_phi, uses_counts
from planner.engine.difficulty import logistic, logit
from planner.engine.draws import Key, UncertainInput, Values, category_key
from planner.engine.endpoints import Column
from planner.engine.error_rates import ORIGINS, counted_cascade, counted_pair
from planner.engine.evaluate import Evaluation
from planner.engine.setting import Setting
from planner.engine.spread import BetaShare, LogitNormal

Floats = NDArray[np.float64]

MEASURED, ENTERED, EVIDENCE, ASSUMED = range(len(ORIGINS))
_SURE = 1e-6
PAIR_PRIOR = 0.25
RATE_PRIOR = 0.5


@dataclass(frozen=True)
class Tree:
    """Counts by outcome, drawn digit by digit; every branch is a Beta of its own."""

    key: Key
    counts: Mapping[str, float]
    """Counts by digits: first right, (first accepted,) second right and so on."""
    root: Key
    """Input that gives the first model's error rate."""

    @property
    def depth(self) -> int:
        """Digits of an outcome."""
        return len(next(iter(self.counts)))

    def branches(self) -> list[str]:
        """Outcomes so far from which a further digit follows, the empty one left out."""
        return [format(i, f"0{d}b") for d in range(1, self.depth) for i in range(2**d)]

    def total(self, start: str) -> float:
        """Count of all outcomes that begin so."""
        return sum(count for cell, count in self.counts.items() if cell.startswith(start))

    def inputs(self, label: str) -> Iterator[UncertainInput]:
        """One input per branch: the share of outcomes that go on with 1."""
        for start in self.branches():
            hits, misses = self.total(start + "1"), self.total(start + "0")
            prior = 0.5 ** (len(start) + 1)
            likely = hits / (hits + misses) if hits + misses > 0 else 0.5
            yield UncertainInput((*self.key, start), label, "share", BetaShare(hits, misses, prior), likely)

    def shares(self, first_error: Floats, values: Values) -> dict[str, Floats]:
        """Share of every outcome."""
        found = {"1": 1.0 - first_error, "0": first_error}
        for start in self.branches():
            on = values[(*self.key, start)]
            found[start + "1"], found[start + "0"] = found[start] * on, found[start] * (1.0 - on)
        return {cell: share for cell, share in found.items() if len(cell) == self.depth}


@dataclass(frozen=True)
class _Step:
    """A counted tree, the columns of its stages, and which of them take their rate from it."""

    tree: Tree
    columns: tuple[int, ...]
    digits: tuple[int, ...]
    """Position of each stage's right-or-wrong digit."""
    first: int | None
    """Column whose rate is the root; None: the root has a rate of its own."""
    gives: tuple[int, ...]
    """Stages whose error rate is the margin of this tree."""
    keeps_margins: bool
    """Whether the joint outcome is fitted to rates that other counts already gave."""


@dataclass
class Rates:
    """What the draws say about one category."""

    error_share: dict[int, Floats]
    """By column."""
    pairs: dict[tuple[int, int], Joint] = field(default_factory=dict)
    cells: dict[tuple[int, ...], dict[str, Floats]] = field(default_factory=dict)

    def joint(self, first: int, second: int) -> Joint:
        """Joint outcome of two columns that were measured together, whichever was written first."""
        if (first, second) in self.pairs:
            return self.pairs[first, second]
        found = self.pairs[second, first]
        return Joint(found.both_right, found.only_second, found.only_first, found.both_wrong)


@dataclass(frozen=True)
class DrawnRates:
    """Error rates of the columns that one category uses."""

    k: int
    name: str
    own: Mapping[int, Key]
    """Columns whose rate is an input of its own."""
    assumed: Mapping[int, float]
    """Columns that move with the category's assumed accuracy: their distance from it in logits."""
    fixed: Mapping[int, float]
    steps: tuple[_Step, ...]
    inputs: tuple[UncertainInput, ...]
    joints: Mapping[Cascade, Tree]
    """Joint counts that a strategy brings along."""
    canonical: Mapping[int, int]
    """Column under which measurements of a column are kept: names of one endpoint share theirs."""

    def rates(self, values: Values) -> Rates:
        """Error rates and joint outcomes for every row of ``values``."""
        found: dict[int, Floats] = {m: np.asarray(share) for m, share in self.fixed.items()}
        found |= {m: values[key] for m, key in self.own.items()}
        if self.assumed:
            accuracy = np.clip(values[category_key(self.name, "assumed_accuracy")], _SURE, 1.0 - _SURE)
            base = logit(accuracy)
            found |= {m: logistic(-(base + step)) for m, step in self.assumed.items()}
        rates = Rates(found)
        for step in self.steps:
            self._apply(step, rates, values)
        return rates

    def _apply(self, step: _Step, rates: Rates, values: Values) -> None:
        first = values[step.tree.root] if step.first is None else rates.error_share[step.first]
        cells = step.tree.shares(first, values)
        for stage in step.gives:
            digit = step.digits[stage]
            rates.error_share[step.columns[stage]] = np.asarray(
                sum(share for cell, share in cells.items() if cell[digit] == "0")
            )
        if step.tree.depth > 2:
            rates.cells[step.columns] = cells
            return
        joint = Joint(cells["11"], cells["10"], cells["01"], cells["00"])
        if step.keeps_margins:
            a, b = (rates.error_share[m] for m in step.columns)
            spread = np.sqrt(joint.first_right * joint.first_wrong * (joint.both_right + joint.only_second)
                             * (joint.only_first + joint.both_wrong))
            joint = joint_of_phi(a, b, joint.overlap / np.where(spread > 0, spread, 1.0))
        rates.pairs[step.columns[0], step.columns[1]] = joint


def strategy_joint(cascade: Cascade, counts: JointCounts) -> Tree:
    """The tree of joint counts that a strategy brings along."""
    key: Key = ("joint", *cascade.stages, *(f"{each:g}" for each in (counts.n11, counts.n10, counts.n01, counts.n00)))
    return Tree(key, _of_pair(counts), (*key, "root"))


def _of_pair(counts: JointCounts) -> dict[str, float]:
    return {"11": counts.n11, "10": counts.n10, "01": counts.n01, "00": counts.n00}


def drawn_rates(k: int, basics: list[Basic], columns: set[int], evaluation: Evaluation, setting: Setting) -> DrawnRates:
    """How the error rates of category ``k`` follow from the draws."""
    return _Builder(k, basics, columns, evaluation, setting).build()


class _Builder:
    def __init__(self, k: int, basics: list[Basic], columns: set[int], evaluation: Evaluation, setting: Setting
                 ) -> None:
        self.k, self.basics, self.setting = k, basics, setting
        self.plan, self.catalog = evaluation.plan, evaluation.catalog
        self.name = setting.demand.names[k]
        self.listed = list(setting.columns)
        self.columns = columns
        self.by_key = {self._rate_key(m): m for m in sorted(columns)}
        self.inputs: dict[Key, UncertainInput] = {}
        self.own: dict[int, Key] = {}
        self.taken: set[int] = set()

    def _rate_key(self, m: int) -> str:
        column = self.listed[m]
        return rate_key(column.name, self.plan, self.catalog) + (THINKING if column.thinking else "")

    def _label(self, m: int) -> str:
        column = self.listed[m]
        thinking = " with thinking" if column.thinking else ""
        return f"Wrong answers of {self.setting.states[column.name].short}{thinking} in {self.name}"

    def build(self) -> DrawnRates:
        steps = [*self._cells(), *self._pairs()]
        assumed: dict[int, float] = {}
        fixed: dict[int, float] = {}
        for m in sorted(self.columns - self.taken):
            origin = int(self.setting.rates.origin[self.k, m])
            has_band = bool(self.setting.rates.low[self.k, m] < self.setting.rates.high[self.k, m])
            if origin == MEASURED or (origin == EVIDENCE and has_band):
                self._own_rate(m)
            elif origin == ASSUMED and (accuracy := self._assumed_accuracy()) is not None:
                assumed[m] = float(logit(1.0 - self.setting.rates.share[self.k, m]) - logit(accuracy))
            else:
                fixed[m] = float(self.setting.rates.share[self.k, m])
        joints = {
            each: strategy_joint(each, each.joint) for each in self.basics
            if isinstance(each, Cascade) and each.joint is not None
        }
        for tree in joints.values():
            self._root(tree, "Counted overlap of the cascade")
        canonical = {m: self.by_key[self._rate_key(m)] for m in self.columns}
        return DrawnRates(self.k, self.name, self.own, assumed, fixed, tuple(steps), tuple(self.inputs.values()),
                          joints, canonical)

    def _assumed_accuracy(self) -> float | None:
        """The accuracy that the category's assumed rates rest on, now an input; None where it has no range."""
        key = category_key(self.name, "assumed_accuracy")
        entry = f"accuracy_at_ability_zero_{self.setting.demand.complexity[self.k]}"
        for each in of_register(key, f"Assumed right answers in {self.name}", entry, self.setting.register):
            self.inputs[key] = each
        return self.inputs[key].likely if key in self.inputs else None

    def _own_rate(self, m: int) -> None:
        """An input for the rate of a column; endpoints that run the same model at the same rate share it."""
        rates, state = self.setting.rates, self.setting.states[self.listed[m].name]
        share, low, high = (float(part[self.k, m]) for part in (rates.share, rates.low, rates.high))
        model = state.id if state.kind == "custom" or state.model_id is None else state.model_id
        key = category_key(self.name, "error_share", model + (THINKING if self.listed[m].thinking else ""))
        checked = rates.checked.get((self.k, m), 0.0)
        spread = (BetaShare(share * checked, checked - share * checked, RATE_PRIOR) if checked
                  else LogitNormal(low, high))
        before = self.inputs.get(key)
        if before is not None and (before.spread != spread or before.likely != share):
            key = (*key, self.listed[m].name)
        self.own[m] = key
        self.taken.add(m)
        self.inputs[key] = UncertainInput(key, self._label(m), "share", spread, share)

    def _root(self, tree: Tree, label: str) -> None:
        """Inputs of a tree whose first rate belongs to no column."""
        wrong, right = tree.total("0"), tree.total("1")
        self.inputs[tree.root] = UncertainInput(tree.root, label, "share", BetaShare(wrong, right, RATE_PRIOR),
                                                wrong / (wrong + right))
        self.inputs |= {each.key: each for each in tree.inputs(label)}

    def _cells(self) -> Iterator[_Step]:
        """Cascades of this plan whose outcomes were counted request by request."""
        cascades = {each.stages: each for each in self.basics if isinstance(each, Cascade) and uses_counts(each)}
        for _, each in sorted(cascades.items()):
            found = counted_cascade(self.plan, self.name, each.stages, self.catalog)
            if found is not None:
                yield self._of_cells(each, found)

    def _of_cells(self, cascade: Cascade, found: CountedCascade) -> _Step:
        width = 2 * len(cascade.stages) - 1
        counts = {format(i, f"0{width}b"): 0.0 for i in range(2**width)} | dict(found.cells)
        columns = tuple(self.setting.columns[Column(name)] for name in cascade.stages)
        return self._step("cells", counts, columns, tuple(range(0, width, 2)), " > ".join(found.stages))

    def _pairs(self) -> Iterator[_Step]:
        """Measured pairs of columns that are used; neither their order nor that of their models matters."""
        found: dict[tuple[int, int], dict[str, float]] = {}
        for evaluation in self.plan.evaluations:
            for pair in evaluation.pairs if evaluation.category == self.name else ():
                small, large = (self.by_key.get(rate_key(name, self.plan, self.catalog))
                                for name in (pair.small, pair.large))
                if small is None or large is None or small == large:
                    continue
                counts = _of_pair(pair)
                if self._rate_key(small) > self._rate_key(large):
                    small, large, counts = large, small, {cell[::-1]: count for cell, count in counts.items()}
                found.setdefault((small, large), counts)
        for columns, counts in sorted(found.items(), key=lambda item: [self._rate_key(m) for m in item[0]]):
            named = " > ".join(self._rate_key(m) for m in columns)
            yield self._step("pair", counts, columns, (0, 1), named)

    def _step(self, kind: str, counts: dict[str, float], columns: tuple[int, ...], digits: tuple[int, ...], named: str
              ) -> _Step:
        key = category_key(self.name, kind, named)
        tree = Tree(key, counts, (*key, "root"))
        matches = [self._same_counts(m, counts, digit) for m, digit in zip(columns, digits, strict=True)]
        models = " and ".join(self.setting.states[self.listed[m].name].short for m in columns)
        label = f"Shared failures of {models} in {self.name}"
        first: int | None = columns[0] if matches[0] else None
        if first is None:
            self._root(tree, label)
        else:
            if first not in self.taken:
                self._own_rate(first)
            self.inputs |= {each.key: each for each in tree.inputs(label)}
        gives = tuple(i for i in range(1, len(columns)) if matches[i] and columns[i] not in self.taken)
        keeps = kind == "pair" and all(matches) and not gives
        self.taken |= {columns[i] for i in gives}
        return _Step(tree, columns, digits, first, gives, keeps)

    def _same_counts(self, m: int, counts: Mapping[str, float], digit: int) -> bool:
        """Whether a column's rate rests on exactly these requests."""
        checked = self.setting.rates.checked.get((self.k, m), 0.0)
        wrong = sum(count for cell, count in counts.items() if cell[digit] == "0")
        return checked == sum(counts.values()) and abs(self.setting.rates.share[self.k, m] * checked - wrong) < 1e-6


def pair_of(cascade: Cascade, category: str, evaluation: Evaluation) -> CountedPair | None:
    """The measured pair behind a cascade of two stages in a category, if one applies."""
    if len(cascade.stages) != 2 or cascade.sigma is not None or cascade.phi is not None or cascade.joint is not None:
        return None
    return counted_pair(evaluation.plan, category, cascade.stages[0], cascade.stages[1], evaluation.catalog)
