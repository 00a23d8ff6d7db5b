"""What every section of the report starts from: the study, and the names and order of its options."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property

from planner.domain.strategies import Allocation, Strategy
from planner.engine.crossover import Crossover, crossover
from planner.engine.evaluate import Evaluation, ScenarioResult
from planner.engine.recommend import RECOMMENDED, Recommendation
from planner.engine.study import Study
from planner.report.typography import number
from planner.views.formatting import usd, usd_cents, usd_whole
from planner.views.wording import strategy_phrase

OPTIONS_IN_MEMO = 5
OPTIONS_IN_TABLES = 6


@dataclass(frozen=True)
class Basis:
    """A study, with what the sections ask of it more than once."""

    study: Study
    today: date
    version: str
    given_rivals: tuple[Crossover, ...] | None = None
    """Break-evens that the caller has already computed; None computes them."""

    @property
    def evaluation(self) -> Evaluation:
        """The evaluated plan."""
        return self.study.evaluation

    @property
    def advice(self) -> Recommendation:
        """The recommendation."""
        return self.study.recommendation

    @property
    def best(self) -> ScenarioResult | None:
        """The recommended scenario."""
        return self.advice.scenario

    @property
    def baseline(self) -> ScenarioResult | None:
        """What savings are measured against: a priced scenario other than the recommended one."""
        other, best = self.advice.baseline, self.best
        if other is None or not other.is_priced or (best is not None and other.strategy == best.strategy):
            return None
        return other

    @cached_property
    def requests(self) -> float:
        """Requests of a month."""
        return float(self.evaluation.demand.requests.sum())

    @cached_property
    def options(self) -> tuple[ScenarioResult, ...]:
        """The recommended one, then the plan's other scenarios by total, then those that cannot be run or priced."""
        best = self.best
        others = [each for each in self.evaluation.scenarios if best is None or each.strategy != best.strategy]
        ranked = sorted(others, key=lambda each: (not each.is_priced, each.total("total_usd") or 0.0))
        return (*(() if best is None else (best,)), *ranked)

    @cached_property
    def shown(self) -> tuple[ScenarioResult, ...]:
        """The options that fit into a table: the recommended one and the baseline are always among them."""
        kept = list(self.options[:OPTIONS_IN_TABLES])
        if self.baseline is not None and self.baseline not in kept:
            kept[-1] = self.baseline
        return tuple(kept)

    @cached_property
    def rivals(self) -> tuple[Crossover, ...]:
        """Self-hosting against every other scenario that has a price; the recommended one first."""
        if self.given_rivals is not None:
            return self.given_rivals
        main = self.study.self_host
        if not isinstance(main, Crossover):
            return ()
        others = [each for each in self.options if each not in (main.challenger, main.incumbent)]
        found = [crossover(self.evaluation, main.challenger, each) for each in others if not each.hosted]
        return (main, *(each for each in found if isinstance(each, Crossover)))

    def label(self, result: ScenarioResult) -> str:
        """What a scenario is called in the report."""
        if result.name != RECOMMENDED or result is not self.best:
            return result.name
        if isinstance(result.strategy, Allocation):
            return "Recommended mix"
        return self.phrase(result.strategy)

    def phrase(self, strategy: Strategy) -> str:
        """A strategy as a noun phrase."""
        return strategy_phrase(strategy, self.advice.setting.states)


def change_usd(value: float) -> str:
    """A difference with its sign, in whole dollars.

    >>> change_usd(542.7), change_usd(-2045.2)
    ('+$543', '−$2,045')
    """
    return number(usd_whole(value)) if round(value) <= 0 else f"+{usd_whole(value)}"


def whole(value: float | None) -> str:
    """Whole dollars with a true minus."""
    return number(usd_whole(value))


def cents(value: float | None) -> str:
    """Dollars and cents with a true minus."""
    return number(usd_cents(value))


def short_usd(value: float | None) -> str:
    """Money with three significant digits and a true minus."""
    return number(usd(value))
