"""The decision matrix: rules as written in articles, proved complete on loading, and the verdict on one category."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Literal, NamedTuple

from planner.domain.assumptions import Register, load_register
from planner.domain.matrix_rules import (
    AXES,
    SIZES,
    Article,
    Axis,
    Contradiction,
    Decided,
    MatrixFile,
    Rule,
    RuleOfThumb,
    Size,
    Tier,
    decide,
    deciding_rules,
    holds,
    read_matrix_file,
)
from pricing.errors import InputError, Problem, did_you_mean, quoted

MATRIX_FILE = Path(__file__).parents[1] / "defaults" / "decision_matrix.yaml"
BandAxis = Literal["volume", "complexity", "error_cost"]


class Band(NamedTuple):
    """One band of an axis: ``at_least`` belongs to it, ``below`` does not; None is open."""

    name: str
    at_least: float | None
    below: float | None


class ThumbRow(NamedTuple):
    """Dollars a month that a flagship costs more in one volume band; an open end is None."""

    band: Band
    stated_low_usd: float
    stated_high_usd: float | None
    pair_low_usd: float
    pair_high_usd: float | None


class Bands(NamedTuple):
    """The bands that a category falls into."""

    volume: str
    complexity: str
    error_cost: str
    latency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """Where a category stands: what the matrix needs to know of it.

    ``latency`` is a class (batch, background, interactive, real_time) or seconds to the first answer token for 95 of
    100 requests. ``ceiling_met_from`` is the cheapest size that keeps the category's error ceiling, ``small`` without
    a ceiling.
    """

    task: str = "other"
    tokens_per_month: float
    complex_share: float
    error_cost_usd: float
    latency: str | float = "background"
    in_house_only: bool = False
    max_prompt_tokens: float = 0.0
    ceiling_met_from: Size = "small"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the rules say of one category."""

    tier: Tier
    """Small, medium or large; self_hosted where requests must stay in house."""
    size: Size
    """Size of the model, also where it is self-hosted."""
    strategy: str
    """Form of the mix."""
    rules: tuple[str, ...]
    """Rules that were followed, in the order in which they spoke."""
    because: tuple[str, ...]
    """One sentence per rule that was followed."""
    advice: tuple[Rule, ...]
    """What else the articles advise here."""
    outranked: tuple[str, ...]
    """Rules that hold here and lost to an earlier one."""
    unmet: tuple[str, ...]
    """Filters among them: what they ask for cannot be had together with the earlier ones."""
    bands: Bands
    """The bands of the category."""


@dataclass(frozen=True, slots=True)
class PlanVerdict:
    """What the rules say of all categories together."""

    strategy: str
    rules: tuple[str, ...]
    because: tuple[str, ...]


class Matrix:
    """All rules with their verdict on every cell.

    >>> matrix = load_matrix()
    >>> triage = Position(task="classification", tokens_per_month=124e6, complex_share=0.05, error_cost_usd=0.10,
    ...                   latency="interactive")
    >>> verdict = matrix.verdict(triage)
    >>> verdict.tier, verdict.strategy, verdict.rules
    ('small', 'hosted_open', ('R16', 'R3', 'R4', 'R20'))
    """

    def __init__(self, file: MatrixFile, decided: Decided, register: Register) -> None:
        self.rules: Mapping[str, Rule] = MappingProxyType({rule.id: rule for rule in file.rules})
        self.contradictions: tuple[Contradiction, ...] = file.contradictions
        self.articles: Mapping[str, Article] = MappingProxyType(file.articles)
        self.tiers: Mapping[Tier, str] = MappingProxyType(file.tiers)
        self.strategies: Mapping[str, str] = MappingProxyType(file.strategies)
        self.rule_of_thumb: RuleOfThumb = file.rule_of_thumb
        self.axes: Mapping[Axis, tuple[str | bool, ...]] = MappingProxyType({axis: file.axes[axis] for axis in AXES})
        self._otherwise = file.otherwise_strategy
        self._strategy_names = tuple(file.strategies)
        self._decided = decided
        self._edges = {axis: tuple(register.value(key) for key in keys) for axis, keys in file.edges.items()}
        self._deciding = deciding_rules(file)
        self._advice = tuple(rule for rule in file.rules if rule.kind == "advice")
        self._plan_rules = tuple(rule for rule in file.rules if rule.kind == "plan")

    def verdict(self, position: Position) -> Verdict:
        """What the rules say of a category. Raises :class:`InputError` for a position that cannot be."""
        cell = self._cell(position)
        index = tuple(self.axes[axis].index(cell[axis]) for axis in AXES)
        size = SIZES[int(self._decided.sizes[index]).bit_length() - 1]
        followed, reasons = self._named(int(self._decided.followed[index])), []
        for rule in followed:
            case = next(case for case in rule.cases if holds(case, cell))
            reasons.append(case.because or rule.because)
        outranked = self._named(int(self._decided.outranked[index]))
        return Verdict(
            tier="self_hosted" if self._decided.self_hosted[index] else size,
            size=size,
            strategy=self._strategy_names[self._decided.strategies[index]],
            rules=tuple(rule.id for rule in followed),
            because=tuple(reasons),
            advice=tuple(rule for rule in self._advice if any(holds(case, cell) for case in rule.cases)),
            outranked=tuple(rule.id for rule in outranked),
            unmet=tuple(rule.id for rule in outranked if rule.kind == "filter"),
            bands=Bands(*(str(cell[axis]) for axis in ("volume", "complexity", "error_cost", "latency"))),
        )

    def verdict_of_plan(self, verdicts: Sequence[Verdict]) -> PlanVerdict:
        """What the rules say of all categories together: a plan rule speaks where their verdicts differ."""
        forms = {(verdict.tier, verdict.size, verdict.strategy) for verdict in verdicts}
        if len(forms) > 1 and self._plan_rules:
            strategy = next((rule.suggests for rule in self._plan_rules if rule.suggests), self._otherwise)
            return PlanVerdict(strategy, tuple(rule.id for rule in self._plan_rules),
                               tuple(rule.because for rule in self._plan_rules))
        return PlanVerdict(verdicts[0].strategy if verdicts else self._otherwise, (), ())

    def bands(self, axis: BandAxis) -> tuple[Band, ...]:
        """The bands of an axis in rising order, with their edges."""
        edges = (None, *self._edges[axis], None)
        return tuple(Band(str(name), edges[i], edges[i + 1]) for i, name in enumerate(self.axes[axis]))

    def volume_rule_of_thumb(self) -> tuple[ThumbRow, ...]:
        """What a flagship costs more than a small model in each volume band, in USD a month.

        >>> [row[1:] for row in load_matrix().volume_rule_of_thumb()][1]
        (50.0, 500.0, 4.0, 200.0)
        """
        thumb = self.rule_of_thumb
        rows = []
        for band in self.bands("volume"):
            low, high = (band.at_least or 0.0) / 1e6, None if band.below is None else band.below / 1e6
            rows.append(
                ThumbRow(
                    band, low * thumb.stated_gap_usd_per_mtok,
                    None if high is None else high * thumb.stated_gap_usd_per_mtok,
                    low * thumb.pair_gap_low_usd_per_mtok,
                    None if high is None else high * thumb.pair_gap_high_usd_per_mtok,
                )
            )
        return tuple(rows)

    def sources(self, rule: Rule) -> tuple[str, ...]:
        """Titles of the articles that state a rule."""
        return tuple(self.articles[letter].title for letter in rule.source)

    def _named(self, bits: int) -> tuple[Rule, ...]:
        return tuple(rule for number, rule in enumerate(self._deciding) if bits >> number & 1)

    def _band(self, axis: BandAxis, value: float) -> str | bool:
        return self.axes[axis][bisect_right(self._edges[axis], value)]

    def _cell(self, position: Position) -> dict[Axis, str | bool]:
        problems = list(self._impossible(position))
        if problems:
            raise InputError(problems)
        latency = position.latency
        if not isinstance(latency, str):
            latency = ("real_time", "interactive", "background")[bisect_right(self._edges["latency"], latency)]
        return {
            "task": position.task,
            "volume": self._band("volume", position.tokens_per_month),
            "complexity": self._band("complexity", position.complex_share),
            "error_cost": self._band("error_cost", position.error_cost_usd),
            "latency": latency,
            "in_house": position.in_house_only,
            "long_prompt": position.max_prompt_tokens > self._edges["long_prompt"][0],
            "ceiling_met_from": position.ceiling_met_from,
        }

    def _impossible(self, position: Position) -> Iterator[Problem]:
        for axis, word in (("task", position.task), ("latency", position.latency),
                           ("ceiling_met_from", position.ceiling_met_from)):
            known = [str(name) for name in self.axes[axis]]  # type: ignore[index]
            if isinstance(word, str) and word not in known:
                yield Problem(f"position > {axis}", quoted(word), "known to the matrix",
                              did_you_mean(word, known, f"Known are {', '.join(known)}."))
        numbers = {"tokens_per_month": position.tokens_per_month, "complex_share": position.complex_share,
                   "error_cost_usd": position.error_cost_usd, "max_prompt_tokens": position.max_prompt_tokens}
        if not isinstance(position.latency, str):
            numbers["latency"] = position.latency
        for name, number in numbers.items():
            highest = 1.0 if name == "complex_share" else math.inf
            if not (math.isfinite(number) and 0 <= number <= highest):
                yield Problem(f"position > {name}", f"{number:g}", "possible",
                              f"Give a number of 0 or more{' up to 1' if highest == 1 else ''}.")


def read_matrix(path: Path, register: Register | None = None) -> Matrix:
    """A matrix from a file of the form of the shipped one, with band edges from a register.

    Raises :class:`InputError` naming every rule, cell or entry that is wrong.
    """
    file = read_matrix_file(path)
    return Matrix(file, decide(file, path.name), register or load_register())


@cache
def _shipped() -> tuple[MatrixFile, Decided]:
    file = read_matrix_file(MATRIX_FILE)
    return file, decide(file, MATRIX_FILE.name)


@lru_cache(maxsize=16)
def load_matrix(register: Register | None = None) -> Matrix:
    """The shipped matrix, proved once; a register with a plan's own numbers moves the edges of the bands."""
    return Matrix(*_shipped(), register or load_register())
