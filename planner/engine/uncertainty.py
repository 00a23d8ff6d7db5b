"""What the doubt about a plan's inputs means for its decision: bands, odds, a tornado (the method, section 12).

Every scenario is priced on the same draws, so the chance that one is cheaper than another is paired: what both share,
such as volume, does not blur it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from planner.engine.beliefs import DRIFT_KEY, GROWTH_KEY
from planner.engine.draws import (
    DEFAULT_DRAWS,
    DEFAULT_SEED,
    UncertainInput,
    Values,
    checked_draws,
    checked_seed,
    draw,
    one_at_a_time,
)
from planner.engine.evaluate import Evaluation, ScenarioResult
from planner.engine.forecast_bands import Fan, fan, later_prices
from planner.engine.response import Response, Totals, blocks, respond
from planner.engine.study import Study

Floats = NDArray[np.float64]
Confidence: TypeAlias = Literal["clear", "likely", "too_close"]

CLEAR_SHARE, LIKELY_SHARE = 0.9, 0.7
"""Chance of being the cheaper from which a lead is called clear, and from which likely.

At 90 % the 80 % band of the difference just leaves out 0.
"""
TORNADO_ROWS = 8


@dataclass(frozen=True)
class Band:
    """Undercut in 10, 50 and 90 of 100 draws."""

    p10: float
    p50: float
    p90: float


@dataclass(frozen=True)
class ScenarioRisk:
    """One scenario's month."""

    name: str
    status: str
    invoice_usd: Band | None
    """None where a price is missing."""
    total_usd: Band | None


@dataclass(frozen=True)
class Swing:
    """What one input does to the decision, all others at their medians."""

    label: str
    unit: str
    low: float
    """Its 10 % point."""
    high: float
    """Its 90 % point."""
    at_low_usd: float
    """What the second-best scenario costs more than the best at the low value; the best one's total if it is alone."""
    at_high_usd: float
    best_at_low_usd: float
    """Total of the best scenario at the low value."""
    best_at_high_usd: float

    @property
    def swing_usd(self) -> float:
        """How far the difference moves."""
        return abs(self.at_high_usd - self.at_low_usd)

    @property
    def flips(self) -> bool:
        """Whether the second-best scenario becomes the cheaper one at either end."""
        return min(self.at_low_usd, self.at_high_usd) < 0.0


@dataclass(frozen=True)
class Risk:
    """A month of every scenario under doubt."""

    seed: int
    draws: int
    scenarios: tuple[ScenarioRisk, ...]
    cheaper: Floats
    """P(row's scenario has a lower total than the column's); ties count half, NaN where a total is unknown."""
    best: str | None
    """The recommended scenario, else the runnable one with the least median total."""
    second: str | None
    """The runnable scenario with the least median total besides."""
    lead_usd: Band | None
    """What the second costs more than the best."""
    confidence: Confidence | None
    """None where there are no two scenarios to compare."""
    tornado: tuple[Swing, ...]
    """Inputs by how far they move the decision, at most eight."""
    inputs: tuple[UncertainInput, ...]

    def chance(self, name: str, other: str) -> float:
        """P(``name`` has a lower total than ``other``)."""
        names = [each.name for each in self.scenarios]
        return float(self.cheaper[names.index(name), names.index(other)])


@dataclass(frozen=True)
class Outlook:
    """A month under doubt, and the months after it."""

    risk: Risk
    fan: Fan


def scenarios_of(study: Study) -> tuple[ScenarioResult, ...]:
    """The plan's scenarios, and the recommended one if it is not among them."""
    best = study.recommendation.scenario
    results = study.evaluation.scenarios
    is_further = best is not None and all(best.strategy != each.strategy for each in results)
    return (*results, best) if best is not None and is_further else results


def evaluation_of(study: Study) -> Evaluation:
    """The evaluation with every endpoint that the plan's scenarios or the recommended one use."""
    return replace(study.evaluation, setting=study.recommendation.setting)


def assess_study(study: Study, seed: object = DEFAULT_SEED, draws: object = DEFAULT_DRAWS, months: int | None = None
                 ) -> Outlook:
    """The outlook of a worked-through plan: its scenarios, and the recommended one if it is not among them."""
    best, results = study.recommendation.scenario, scenarios_of(study)
    named = next((each.name for each in results if best is not None and each.strategy == best.strategy), None)
    return assess(evaluation_of(study), results, seed, draws, months, named, _materiality_usd(study.evaluation))


def _materiality_usd(evaluation: Evaluation) -> float:
    own = evaluation.plan.limits.materiality_usd
    return evaluation.register.value("materiality_usd") if own is None else own


def assess(evaluation: Evaluation, results: tuple[ScenarioResult, ...] | None = None, seed: object = DEFAULT_SEED,
           draws: object = DEFAULT_DRAWS, months: int | None = None, best: str | None = None,
           materiality_usd: float = 0.0) -> Outlook:
    """Draw every uncertain input and price all scenarios on the draws, this month and over the horizon.

    Raises InputError for a seed that is no whole number from 0, or draws outside 100 to 100,000.
    """
    checked = checked_seed(seed), checked_draws(draws)
    scenarios = evaluation.scenarios if results is None else results
    later = later_prices(evaluation, months)
    response = respond(evaluation, scenarios, later.settings)
    values = draw(response.inputs, *checked)
    parts = [(block, response.totals(block)) for block in blocks(values)]
    invoice = np.concatenate([totals.invoice_usd() for _, totals in parts], axis=1)
    total = invoice + np.concatenate([totals.follows_usd for _, totals in parts], axis=1)
    risk = _risk(response, checked, invoice, total, best, materiality_usd)
    return Outlook(risk, fan(evaluation, scenarios, later, parts, risk.best))


def _risk(response: Response, checked: tuple[int, int], invoice: Floats, total: Floats, best: str | None,
          materiality_usd: float) -> Risk:
    results = response.results
    medians = np.median(total, axis=1) if len(results) else np.zeros(0)
    ranked = sorted((s for s, each in enumerate(results) if each.is_priced and np.isfinite(medians[s])),
                    key=lambda s: (float(medians[s]), s))
    first = next((s for s in ranked if results[s].name == best), ranked[0] if ranked else None)
    second = next((s for s in ranked if s != first and results[s].strategy != results[first].strategy), None) \
        if first is not None else None
    lead = None if first is None or second is None else band(total[second] - total[first])
    cheaper = odds(total)
    confidence = None if lead is None else confidence_of(float(cheaper[first, second]), lead, materiality_usd)
    return Risk(
        seed=checked[0], draws=checked[1],
        scenarios=tuple(
            ScenarioRisk(each.name, each.status, band(invoice[s]), band(total[s])) for s, each in enumerate(results)
        ),
        cheaper=cheaper, best=None if first is None else results[first].name,
        second=None if second is None else results[second].name, lead_usd=lead, confidence=confidence,
        tornado=() if first is None else tornado(response, first, second), inputs=response.inputs,
    )


def band(values: Floats) -> Band | None:
    """The 10, 50 and 90 % points of some draws; None where any of them is unknown."""
    if not np.isfinite(values).all():
        return None
    return Band(*(float(each) for each in np.percentile(values, (10, 50, 90))))


def odds(total: Floats) -> Floats:
    """Share of draws in which each scenario (rows) costs less than each other one; ties count half.

    >>> odds(np.array([[1.0, 2.0, 3.0, 4.0], [2.0, 2.0, 4.0, 1.0]])).tolist()
    [[0.5, 0.625], [0.375, 0.5]]
    """
    count = len(total)
    found = np.full((count, count), 0.5)
    for a in range(count):
        for b in range(a):
            known = np.isfinite(total[a]).all() and np.isfinite(total[b]).all()
            less, equal = (total[a] < total[b]).mean(), (total[a] == total[b]).mean()
            found[a, b] = float(less + equal / 2.0) if known else np.nan
            found[b, a] = 1.0 - found[a, b]
    found[~np.isfinite(total).all(axis=1), :] = np.nan
    return found


def confidence_of(chance: float, lead: Band, materiality_usd: float) -> Confidence:
    """How sure the lead of the best scenario over the second-best is.

    Too close to call: the best is the cheaper in fewer than 70 of 100 draws, or its median lead is not worth choosing
    by. Clear: in at least 90, so that the 80 % band of the difference leaves out 0. Likely: between.

    >>> confidence_of(0.95, Band(20.0, 100.0, 300.0), 50.0), confidence_of(0.95, Band(2.0, 10.0, 30.0), 50.0)
    ('clear', 'too_close')
    """
    if chance < LIKELY_SHARE or lead.p50 <= materiality_usd:
        return "too_close"
    return "clear" if chance >= CLEAR_SHARE and lead.p10 > 0 else "likely"


def tornado(response: Response, best: int, second: int | None) -> tuple[Swing, ...]:
    """Each input at its 10 and 90 % points, the rest at their medians, by the swing of second best minus best."""
    inputs = tuple(each for each in response.inputs if each.key not in (GROWTH_KEY, DRIFT_KEY))
    if not inputs:
        return ()
    values: Values = one_at_a_time(inputs)
    totals: list[Totals] = [response.totals(block) for block in blocks(values)]
    total = np.concatenate([each.total_usd() for each in totals], axis=1)
    gap = total[best] if second is None else total[second] - total[best]
    swings = [
        Swing(each.label, each.unit, float(values[each.key][2 * i]), float(values[each.key][2 * i + 1]),
              float(gap[2 * i]), float(gap[2 * i + 1]), float(total[best, 2 * i]), float(total[best, 2 * i + 1]))
        for i, each in enumerate(inputs)
    ]
    moving = [each for each in swings if each.swing_usd > 1e-9 * float(np.abs(total[best]).max())]
    return tuple(sorted(moving, key=lambda each: (-each.swing_usd, each.label))[:TORNADO_ROWS])
