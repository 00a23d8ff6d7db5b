"""A plan worked through on one day: what every page and report starts from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING

from planner.domain.plan import Plan
from planner.domain.strategies import endpoints_of
from planner.engine.crossover import Crossover, crossover
from planner.engine.evaluate import Evaluation, ScenarioResult, evaluate
from planner.engine.recommend import Recommendation, recommend
from pricing.catalog import Catalog

if TYPE_CHECKING:
    from planner.engine.uncertainty import Outlook


@dataclass(frozen=True)
class Study:
    """One plan on one day."""

    evaluation: Evaluation
    recommendation: Recommendation
    self_host: Crossover | str | None
    """Self-hosting against the best way without own hardware, which is the recommendation unless that hosts itself.

    A sentence if they cannot be compared, None if nothing is hosted.
    """

    @property
    def plan(self) -> Plan:
        """The plan."""
        return self.evaluation.plan

    @cached_property
    def outlook(self) -> Outlook:
        """The plan under doubt at the usual seed and draws, worked out when it is first asked for."""
        from planner.engine.uncertainty import assess_study

        return assess_study(self)


def study(plan: Plan, today: date, catalog: Catalog | None = None) -> Study:
    """Evaluate a plan at its price date (``today`` if it names none) and recommend."""
    evaluation = evaluate(plan, plan.priced_on(today), catalog)
    advice = recommend(evaluation)
    return Study(evaluation, advice, _self_host(evaluation, advice))


def hosting_scenarios(evaluation: Evaluation) -> tuple[ScenarioResult, ...]:
    """The plan's scenarios that use own hardware, those that can be run first."""
    names = {name for name, endpoint in evaluation.plan.endpoints.items() if endpoint.kind == "self_hosted"}
    found = [each for each in evaluation.scenarios if names & set(endpoints_of(each.strategy))]
    return tuple(sorted(found, key=lambda each: not each.is_priced))


def _self_host(evaluation: Evaluation, advice: Recommendation) -> Crossover | str | None:
    hosting = hosting_scenarios(evaluation)
    if not hosting:
        return None
    challenger = hosting[0]
    incumbent = advice.scenario
    if incumbent is None or incumbent.hosted:
        rented = [each for each in evaluation.scenarios if each.is_priced and not each.hosted]
        incumbent = min(rented, key=lambda each: each.total("total_usd") or 0.0, default=None)
    if incumbent is None:
        return None
    # the recommendation may use an endpoint that no scenario of the plan names
    return crossover(replace(evaluation, setting=advice.setting), challenger, incumbent)
