"""The rules of the decision matrix as records, and the outcome of every cell that they decide."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from pathlib import Path
from typing import Annotated, Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray
from pydantic import BeforeValidator, Field, StringConstraints, ValidationError

from pricing.documents import load_document
from pricing.errors import InputError, Problem, did_you_mean, quoted
from pricing.record import Name, Record, problems_in

Size = Literal["small", "medium", "large"]
Tier = Literal["small", "medium", "large", "self_hosted"]
RuleKind = Literal["filter", "cell", "plan", "advice"]
Axis = Literal["task", "volume", "complexity", "error_cost", "latency", "in_house", "long_prompt", "ceiling_met_from"]

AXES: tuple[Axis, ...] = get_args(Axis)
SIZES: tuple[Size, ...] = get_args(Size)
ANY_SIZE = 0b111
DECIDING = ("filter", "cell")

Listed = BeforeValidator(lambda value: tuple(value) if isinstance(value, list) else value)
Sentence = Annotated[str, StringConstraints(min_length=3, max_length=400)]
Word = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Words = Annotated[tuple[Word | bool, ...], Listed, Field(min_length=1)]
Sizes = Annotated[tuple[Size, ...], Listed, Field(max_length=3)]
Edges = Annotated[tuple[str, ...], Listed, Field(min_length=1)]
Axes = Mapping[Axis, tuple[str | bool, ...]]
Cells = NDArray[np.bool_]


class Article(Record):
    """A source of rules."""

    title: Name
    """Its title."""
    published: date | None = None
    """When it appeared, where that is known."""


class Case(Record):
    """When a rule holds and what it then asks for."""

    when: dict[Axis, Words] = Field(default_factory=dict)
    """Values per axis; an axis that is not named may have any."""
    allow: Sizes = ()
    """Sizes of model that remain."""
    prefer: Sizes = ()
    """Sizes of model in order of preference."""
    strategy: Word | None = None
    """Form of the mix."""
    hosting: Literal["self_hosted"] | None = None
    """Where the model must run."""
    because: Sentence | None = None
    """The reason in this case, if it differs from the rule's."""


class Rule(Record):
    """One rule of the matrix."""

    id: Annotated[str, StringConstraints(pattern=r"^(R[1-9][0-9]?|ceiling)$")]
    """Its name."""
    kind: RuleKind
    """Whether it filters, decides, looks at the whole plan, or only advises."""
    precedence: int
    """Rules speak in rising order."""
    situation: Name
    """When it applies, in words."""
    answer: Name
    """What it asks for, in words."""
    because: Sentence
    """The reason, in one sentence."""
    source: Annotated[tuple[str, ...], Listed, Field(min_length=1)]
    """Letters of the articles that say so."""
    cases: Annotated[tuple[Case, ...], Listed, Field(min_length=1)]
    """When it holds, and what it then asks for."""
    closing: bool = False
    """Whether it speaks only where no earlier rule has settled the size."""

    @property
    def suggests(self) -> str | None:
        """The form of the mix that the rule names first, if it names one."""
        return next((case.strategy for case in self.cases if case.strategy), None)


class Contradiction(Record):
    """Two statements that cannot both hold, and what the planner does about it."""

    id: Annotated[str, StringConstraints(pattern=r"^C[1-9][0-9]?$")]
    """Its name."""
    contradiction: Sentence
    """What contradicts what."""
    resolution: Sentence
    """What the planner does."""


class RuleOfThumb(Record):
    """What a flagship costs more than a small model, as an article states it and as its own pair of models has it."""

    stated_gap_usd_per_mtok: Annotated[float, Field(gt=0)]
    """Gap that the article reckons with."""
    stated_source: Sentence
    """Where it is stated."""
    pair: Annotated[tuple[str, str], Listed]
    """The small and the large model that the article means."""
    pair_gap_low_usd_per_mtok: Annotated[float, Field(gt=0)]
    """Gap of that pair on input tokens."""
    pair_gap_likely_usd_per_mtok: Annotated[float, Field(gt=0)]
    """Gap of that pair at three parts input to one part output."""
    pair_gap_high_usd_per_mtok: Annotated[float, Field(gt=0)]
    """Gap of that pair on output tokens."""
    pair_source: Sentence
    """Where the pair's prices come from."""


class MatrixFile(Record):
    """The matrix as its file holds it."""

    articles: dict[str, Article]
    """The sources of the rules, by letter."""
    axes: dict[Axis, Words]
    """The values of each axis, in rising order where they have one."""
    edges: dict[Literal["volume", "complexity", "error_cost", "latency", "long_prompt"], Edges]
    """Entries of the register of assumptions at which the bands of an axis begin."""
    tiers: dict[Tier, Name]
    """Tiers in words."""
    strategies: dict[Word, Name]
    """Forms of the mix in words."""
    otherwise_strategy: Word
    """Form of the mix where no rule names one."""
    rules: Annotated[tuple[Rule, ...], Listed]
    """All rules."""
    rule_of_thumb: RuleOfThumb
    """What a flagship costs more, by volume."""
    contradictions: Annotated[tuple[Contradiction, ...], Listed]
    """Where the articles contradict themselves or each other."""


def read_matrix_file(path: Path) -> MatrixFile:
    """The matrix of a file, every name in it known. Raises :class:`InputError` with all problems."""
    document = load_document(path)
    if not isinstance(document, dict):
        raise InputError(Problem(path.name, "this document", "a decision matrix", "Write articles, axes and rules."))
    fields = dict(document)
    for key in ("rules", "contradictions"):
        if isinstance(fields.get(key), dict):
            fields[key] = [
                {"id": name, **entry} if isinstance(entry, dict) else entry for name, entry in fields[key].items()
            ]
    try:
        file = MatrixFile.model_validate(fields)
    except ValidationError as error:
        raise InputError(problems_in(error, path.name)) from None
    problems = list(_unknown_names(file, path.name))
    if problems:
        raise InputError(problems)
    return file


def _unknown_names(file: MatrixFile, place: str) -> Iterator[Problem]:
    strategies, letters = list(file.strategies), list(file.articles)
    for axis in AXES:
        if axis not in file.axes:
            yield Problem(f"{place} > axes", "nothing", f"the values of {axis}", "Add the axis.")
    if file.otherwise_strategy not in strategies:
        yield _unknown(f"{place} > otherwise_strategy", file.otherwise_strategy, strategies)
    for rule in file.rules:
        where = f"{place} > rules > {rule.id}"
        yield from (_unknown(f"{where} > source", letter, letters) for letter in rule.source if letter not in letters)
        for case in rule.cases:
            if case.strategy is not None and case.strategy not in strategies:
                yield _unknown(f"{where} > strategy", case.strategy, strategies)
            for axis, values in case.when.items():
                known = file.axes.get(axis, values)
                for value in values:
                    if value not in known:
                        yield _unknown(f"{where} > when > {axis}", str(value), [str(name) for name in known])


def _unknown(place: str, found: str, known: list[str]) -> Problem:
    return Problem(place, quoted(found), "known here", did_you_mean(found, known, f"Known are {', '.join(known)}."))


class Decided(NamedTuple):
    """The outcome of every cell, arrays of one length per axis: size as a bit, strategy by number, rules as bits."""

    sizes: NDArray[np.uint8]
    strategies: NDArray[np.int8]
    self_hosted: Cells
    followed: NDArray[np.uint64]
    outranked: NDArray[np.uint64]


class _State(NamedTuple):
    """What is still open in every cell: sizes left (three bits), strategy (-1: open), whether self-hosted."""

    sizes: NDArray[np.uint8]
    strategies: NDArray[np.int8]
    self_hosted: Cells

    def copy(self) -> _State:
        return _State(self.sizes.copy(), self.strategies.copy(), self.self_hosted.copy())


@dataclass(frozen=True, slots=True)
class _Speech:
    """What one case says: where it holds, the state that it wants, and where it is followed."""

    rule: Rule
    where: Cells
    wanted: _State
    honoured: Cells


def holds(case: Case, cell: Mapping[Axis, str | bool]) -> bool:
    """Whether a case speaks of a cell."""
    return all(cell[axis] in values for axis, values in case.when.items())


def deciding_rules(file: MatrixFile) -> tuple[Rule, ...]:
    """The rules that filter or decide, in the order in which they speak."""
    return tuple(sorted((rule for rule in file.rules if rule.kind in DECIDING), key=lambda rule: rule.precedence))


def decide(file: MatrixFile, place: str) -> Decided:
    """Every cell's outcome under the rules of a file.

    Raises :class:`InputError` naming each rule that is never decisive, each pair of rules of equal precedence that
    contradict each other in a cell, and cells that no rule decides.
    """
    axes, strategies = file.axes, tuple(file.strategies)
    shape = tuple(len(axes[axis]) for axis in AXES)
    state = _State(np.full(shape, ANY_SIZE, np.uint8), np.full(shape, -1, np.int8), np.zeros(shape, bool))
    followed, outranked = np.zeros(shape, np.uint64), np.zeros(shape, np.uint64)
    problems: list[Problem] = []
    for _, level in groupby(enumerate(deciding_rules(file)), key=lambda numbered: numbered[1].precedence):
        before = state.copy()
        spoken: list[_Speech] = []
        for number, rule in level:
            bit = np.uint64(1 << number)
            for case_number, case in enumerate(rule.cases, start=1):
                speech = _speech(rule, case, before, axes, strategies)
                changed = _apply(speech, before, state)
                if not changed:
                    problems.append(
                        Problem(f"{place} > rules > {rule.id}", f"case {case_number}", "ever decisive",
                                "Earlier rules settle every cell that it speaks of: change or remove it.")
                    )
                problems.extend(_contradictions(speech, spoken, before, axes, place))
                spoken.append(speech)
                followed[speech.where & speech.honoured] |= bit
                outranked[speech.where & ~speech.honoured] |= bit
    problems.extend(_open_cells(state.sizes, axes, place))
    if problems:
        raise InputError(problems)
    state.strategies[state.strategies < 0] = strategies.index(file.otherwise_strategy)
    return Decided(*state, followed, outranked & ~followed)


def _speech(rule: Rule, case: Case, before: _State, axes: Axes, strategies: tuple[str, ...]) -> _Speech:
    after, followed = _size_tables(case)
    form = strategies.index(case.strategy) if case.strategy else -1
    wanted = _State(
        after[before.sizes],
        np.where(before.strategies < 0, np.int8(form), before.strategies),
        before.self_hosted | (case.hosting is not None),
    )
    honoured = followed[before.sizes] | ((form >= 0) & (wanted.strategies == form)) | (case.hosting is not None)
    where = _where(case, axes)
    return _Speech(rule, where & _several(before.sizes) if rule.closing else where, wanted, honoured)


def _where(case: Case, axes: Axes) -> Cells:
    """The cells of which a case speaks."""
    cells = np.ones(tuple(len(axes[axis]) for axis in AXES), dtype=bool)
    for number, axis in enumerate(AXES):
        if axis in case.when:
            shape = [1] * len(AXES)
            shape[number] = -1
            cells &= np.array([value in case.when[axis] for value in axes[axis]]).reshape(shape)
    return cells


def _bits(sizes: tuple[Size, ...]) -> int:
    return sum(1 << SIZES.index(size) for size in sizes)


def _several(sizes: NDArray[np.uint8]) -> Cells:
    """Where more than one size is left."""
    return np.asarray(sizes & (sizes - np.uint8(1)), bool)


def _size_tables(case: Case) -> tuple[NDArray[np.uint8], Cells]:
    """For each of the eight sets of sizes left: the set that the case leaves, and whether the case is followed.

    A case is followed where it narrows the set, or where what is left is what it asks for.
    """
    after, followed = np.arange(8, dtype=np.uint8), np.zeros(8, dtype=bool)
    for left in range(1, 8):
        if case.allow and left & _bits(case.allow):
            after[left], followed[left] = left & _bits(case.allow), True
        chosen = next((size for size in case.prefer if left & _bits((size,))), None)
        if chosen is not None:
            after[left] = _bits((chosen,))
            followed[left] = after[left] != left or chosen == case.prefer[0]
    return after, followed


def _apply(speech: _Speech, before: _State, state: _State) -> bool:
    """Writes what a case changes into the state; whether it changes anything in any cell."""
    decisive = False
    for wanted, old, new in zip(speech.wanted, before, state, strict=True):
        changed = speech.where & (wanted != old)
        new[changed] = wanted[changed]
        decisive = decisive or bool(changed.any())
    return decisive


def _contradictions(
    speech: _Speech, spoken: list[_Speech], before: _State, axes: Axes, place: str
) -> Iterator[Problem]:
    for other in spoken:
        clash = np.zeros(speech.where.shape, dtype=bool)
        for mine, theirs, old in zip(speech.wanted, other.wanted, before, strict=True):
            clash |= (mine != old) & (theirs != old) & (mine != theirs)
        clash &= speech.where & other.where
        if clash.any():
            yield Problem(
                f"{place} > rules > {speech.rule.id}", f"what it asks for at {_named(clash, axes)}",
                f"what {other.rule.id} asks for there", "Give one of the two a lower precedence, or part their cases.",
            )


def _open_cells(sizes: NDArray[np.uint8], axes: Axes, place: str) -> Iterator[Problem]:
    undecided = _several(sizes)
    if undecided.any():
        others = int(undecided.sum()) - 1
        found = f"the cell {_named(undecided, axes)}" + (f" (and {others:,} more)" if others else "")
        yield Problem(f"{place} > rules", found, "decided", "Add a rule of late precedence that holds everywhere.")


def _named(cells: Cells, axes: Axes) -> str:
    """The first of some cells, in words."""
    first = np.argwhere(cells)[0]
    return ", ".join(f"{axis} {str(axes[axis][number]).lower()}" for axis, number in zip(AXES, first, strict=True))
