"""Two scenarios of a plan against each other over volume and time (the method, section 8)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from planner.engine.break_even import (
    BreakEven,
    CostCurve,
    cumulative_challenger_usd,
    find_break_even,
    month_or_none,
    payback,
    reached_in_month,
)
from planner.engine.evaluate import Evaluation, ScenarioResult
from planner.engine.forecast import Forecast, ScenarioForecast, forecast

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Timing:
    """Months counted from 1; None where it does not happen within the horizon."""

    payback_month: int | None
    sustained_payback_month: int | None
    reached_in_month: int | None


@dataclass(frozen=True)
class Crossover:
    """A challenger against an incumbent: by invoice, and with errors, review and hand-off included."""

    challenger: ScenarioResult
    incumbent: ScenarioResult
    challenger_curve: CostCurve
    incumbent_curve: CostCurve
    invoice: BreakEven
    including_errors: BreakEven
    timing: Timing
    timing_including_errors: Timing
    one_off_usd: float


def cost_curve(result: ScenarioResult, requests: float, with_errors: bool = False) -> CostCurve:
    """Monthly USD of a scenario over requests a month, the mix of categories held."""
    stairs = tuple(hosted.stairs for hosted in result.hosted if hosted.stairs is not None)
    hosted_usd = sum(hosted.monthly_usd for hosted in result.hosted)
    outcome = result.outcome
    sloped = float(outcome.spend_usd.sum()) + (float(outcome.follows.usd.sum()) if with_errors else 0.0)
    scale = 1.0 / requests if requests > 0 else 1.0
    return CostCurve(
        fixed_usd=float(outcome.fixed_cost_usd.sum()) - hosted_usd,
        usd_per_request=sloped / requests if requests > 0 else 0.0,
        staircases=tuple(each.per_multiple_of(scale) for each in stairs),
    )


def crossover(evaluation: Evaluation, challenger: ScenarioResult, incumbent: ScenarioResult,
              months: Forecast | None = None) -> Crossover | str:
    """When ``challenger`` costs less than ``incumbent``; a sentence where one of them has no price."""
    for result in (challenger, incumbent):
        if not result.is_priced:
            return f"{result.name} cannot be compared: {result.reason}"
    requests = float(evaluation.demand.requests.sum())
    demand = evaluation.demand
    tokens = float((demand.requests * (demand.input_tokens + demand.output_tokens)).sum())
    per_request = tokens / requests if requests > 0 else 0.0
    lines = months or forecast(evaluation, (challenger, incumbent))
    curves, verdicts, timings = [], [], []
    for with_errors in (False, True):
        pair = cost_curve(challenger, requests, with_errors), cost_curve(incumbent, requests, with_errors)
        verdict = find_break_even(*pair, requests, tokens_per_request=per_request)
        curves.append(pair)
        verdicts.append(verdict)
        timings.append(_timing(challenger, lines, incumbent.name, verdict, with_errors))
    return Crossover(challenger, incumbent, curves[0][0], curves[0][1], verdicts[0], verdicts[1], timings[0],
                     timings[1], one_off_usd(challenger))


def one_off_usd(result: ScenarioResult) -> float:
    """What is paid once before a scenario can run: setting up hardware, training a model."""
    hosted = sum(float(np.asarray(each.machine.terms.one_off_usd)) for each in result.hosted)
    return hosted + sum(use.one_off_usd for use in result.endpoints)


def _timing(challenger: ScenarioResult, lines: Forecast, incumbent: str, found: BreakEven, with_errors: bool) -> Timing:
    mine, other = lines.scenario(challenger.name), lines.scenario(incumbent)
    running, against = _monthly(mine, with_errors), _monthly(other, with_errors)
    servers, price, written_off = _servers(challenger, lines)
    terms = [hosted.machine.terms for hosted in challenger.hosted]
    cumulative = cumulative_challenger_usd(
        running - written_off, against, one_off_usd=one_off_usd(challenger),
        dual_run_months=max((float(np.asarray(each.dual_run_months)) for each in terms), default=0.0),
        servers=servers, capex_usd_per_server=price,
    )
    when = payback(cumulative, np.cumsum(against))
    permanent = None if found.permanent is None else found.permanent.requests_per_month
    return Timing(month_or_none(when.month), month_or_none(when.sustained_month),
                  month_or_none(reached_in_month(lines.requests, permanent)))


def _monthly(line: ScenarioForecast, with_errors: bool) -> Floats:
    return line.total_usd if with_errors else line.invoice_usd


def _servers(challenger: ScenarioResult, lines: Forecast) -> tuple[Floats, float, Floats]:
    """Servers that are bought by month, their price, and the depreciation in the monthly bill."""
    count = len(lines.months)
    today = float(lines.requests[0]) if lines.requests[0] > 0 else 1.0
    for hosted in challenger.hosted:
        buy = hosted.machine.terms.buy
        if hosted.stairs is not None and buy is not None:
            multiples = lines.requests / today
            servers = hosted.stairs.units(hosted.stairs.step_at(multiples)).astype(float)
            price = float(np.asarray(buy.capex_usd_per_server))
            monthly = price * (1.0 - float(np.asarray(buy.residual_share))) / float(np.asarray(buy.amortisation_months))
            return servers, price, servers * monthly
    return np.zeros(count), 0.0, np.zeros(count)
