"""The content of the report, before any format: one place decides what is said and in which order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from planner import __version__
from planner.domain.plan import plan_hash
from planner.engine.crossover import Crossover
from planner.engine.study import Study
from planner.report.basis import Basis
from planner.report.document import Page, Report
from planner.report.sections.assumptions import assumptions_page
from planner.report.sections.break_even import break_even_page
from planner.report.sections.cost import cost_page
from planner.report.sections.decision import decision_page
from planner.report.sections.quality import quality_page
from planner.report.sections.rollout import rollout_page
from planner.report.sections.workload import workload_page

QUALIFIER = "Planning figure, not a quote"


def build_report(study: Study, *, today: date, rivals: Sequence[Crossover] | None = None) -> Report:
    """Everything that a reader gets of a study.

    ``rivals`` are break-evens that are already computed, the one against the recommended option first; without them
    they are computed here. ``today`` is the day the report bears; the clock is not read.
    """
    basis = Basis(study, today, __version__, None if rivals is None else tuple(rivals))
    day = study.evaluation.day.isoformat()
    return Report(
        title=f"{study.plan.name}: which AI models to run, and what they cost",
        plan_name=study.plan.name,
        stamp=(
            f"Prices in force on {day}{_read_on(study)}",
            f"planner {__version__}",
            f"plan {plan_hash(study.plan)}",
            QUALIFIER,
        ),
        pages=tuple(_pages(basis)),
        keywords=("AI models", "monthly cost", "break-even"),
    )


def _read_on(study: Study) -> str:
    """When the sellers' lists were read, if not on the price date itself."""
    states = study.recommendation.setting.states.values()
    days = sorted({state.quote.as_of for state in states if state.quote is not None})
    if not days or days == [study.evaluation.day]:
        return ""
    return f", read on {days[0].isoformat()}" + (f" to {days[-1].isoformat()}" if len(days) > 1 else "")


def _pages(basis: Basis) -> Iterator[Page]:
    yield decision_page(basis)
    if basis.evaluation.demand.names:
        yield workload_page(basis)
    best = basis.best
    if best is not None and best.is_priced and basis.requests > 0:
        yield cost_page(basis, best)
        yield quality_page(basis, best)
        if (page := break_even_page(basis)) is not None:
            yield page
        if (page := rollout_page(basis, best)) is not None:
            yield page
    yield assumptions_page(basis)
