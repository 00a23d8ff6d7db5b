"""Forecast and risk as plain values under stable keys: what ``--json`` prints and the tables are made of."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np

from planner.engine.forecast import Forecast
from planner.engine.forecast_bands import BudgetLine, Fan, MonthBands
from planner.engine.study import Study
from planner.engine.uncertainty import Band, Outlook, Swing
from planner.views.records import Values, number, stamp


def month_key(month: date) -> str:
    """A month as it stands in JSON and CSV.

    >>> month_key(date(2026, 11, 22))
    '2026-11'
    """
    return f"{month.year}-{month.month:02d}"


def risk_values(outlook: Outlook, study: Study) -> Values:
    """The whole of ``risk --json``."""
    risk, fan = outlook.risk, outlook.fan
    in_plan = {each.name for each in study.evaluation.scenarios}
    names = [each.name for each in risk.scenarios]
    return {
        **stamp(study.evaluation), "seed": risk.seed, "draws": risk.draws,
        "scenarios": [
            {"name": each.name, "status": each.status, "in_plan": each.name in in_plan,
             "total_usd": _band(each.total_usd), "invoice_usd": _band(each.invoice_usd),
             "budget": _budget(each.name, fan)}
            for each in risk.scenarios
        ],
        "cheaper": [
            {"a": a, "b": b, "p": float(risk.cheaper[i, j])}
            for i, a in enumerate(names) for j, b in enumerate(names)
            if i != j and np.isfinite(risk.cheaper[i, j])
        ],
        "best": risk.best, "second": risk.second, "confidence": risk.confidence, "lead_usd": _band(risk.lead_usd),
        "tornado": [swing_values(each) for each in risk.tornado],
        "budget": _budget(risk.best, fan),
    }


def swing_values(each: Swing) -> Values:
    """One row of the tornado."""
    return {
        "input": each.label, "unit": each.unit, "low": each.low, "high": each.high, "swing_usd": each.swing_usd,
        "lead_at_low_usd": each.at_low_usd, "lead_at_high_usd": each.at_high_usd,
        "best_total_at_low_usd": each.best_at_low_usd, "best_total_at_high_usd": each.best_at_high_usd,
        "flips": each.flips,
    }


def forecast_values(lines: Forecast, outlook: Outlook, study: Study) -> Values:
    """The whole of ``forecast --json``: the likely line of every scenario, and its bands."""
    fan = outlook.fan
    return {
        **stamp(study.evaluation), "seed": outlook.risk.seed, "draws": outlook.risk.draws,
        "months": [month_key(each) for each in lines.months],
        "requests": [float(each) for each in lines.requests],
        "scenarios": [
            {
                "name": line.name, "spend_usd": _numbers(line.spend_usd),
                "fixed_cost_usd": _numbers(line.fixed_cost_usd), "invoice_usd": _numbers(line.invoice_usd),
                "total_usd": _numbers(line.total_usd), "replicas": _numbers(line.replicas),
                "spend_band_usd": _month_bands(bands.spend_usd), "invoice_band_usd": _month_bands(bands.invoice_usd),
                "total_band_usd": _month_bands(bands.total_usd),
                "events": [{"month": month_key(each.month), "what": each.what} for each in line.events],
                "budget": _budget(line.name, fan),
            }
            for line in lines.scenarios for bands in (fan.scenario(line.name),)
        ],
    }


def forecast_rows(lines: Forecast, outlook: Outlook) -> list[Values]:
    """One row per scenario and month: the likely line, its bands, and the chance that the budget was passed."""
    rows = []
    for line in lines.scenarios:
        bands = outlook.fan.scenario(line.name)
        what_changes = {each.month: each.what for each in reversed(line.events)}
        for j, month in enumerate(lines.months):
            rows.append({
                "scenario": line.name, "month": month_key(month), "requests": float(lines.requests[j]),
                "spend_usd": number(line.spend_usd[j]), "fixed_cost_usd": number(line.fixed_cost_usd[j]),
                "invoice_usd": number(line.invoice_usd[j]), "total_usd": number(line.total_usd[j]),
                **{f"{name}_{point}_usd": number(getattr(part, point)[j])
                   for name, part in (("invoice", bands.invoice_usd), ("total", bands.total_usd))
                   for point in ("p10", "p50", "p90")},
                "budget_passed_share": None if bands.budget is None else float(bands.budget.by_month[j]),
                "event": what_changes.get(month),
            })
    return rows


def _numbers(values: Any) -> list[float | None]:
    return [number(each) for each in values]


def _band(band: Band | None) -> Values:
    return {point: None if band is None else getattr(band, point) for point in ("p10", "p50", "p90")}


def _month_bands(bands: MonthBands) -> Values:
    return {point: _numbers(getattr(bands, point)) for point in ("p10", "p50", "p90")}


def _budget(name: str | None, fan: Fan) -> Values:
    """When a scenario's invoice passes the budget: the month by which that is as likely as not, and the chance of it
    within the horizon; nulls with a reason where there is nothing to say."""
    bands = next((each for each in fan.scenarios if each.name == name), None)
    found = {"scenario": name, "basis": "invoice_usd", "budget_usd": fan.budget_usd,
             "planning_margin_share": fan.planning_margin_share}
    if bands is None or bands.budget is None or bands.budget_with_margin is None:
        reason = "the plan has no limits.monthly_budget_usd" if fan.budget_usd is None else "a price is missing"
        return {"month": None, "p": None, "reason": reason, **found}
    return {**_line(bands.budget), "reason": None, **found, "p_by_month": _numbers(bands.budget.by_month),
            "with_margin": {"line_usd": bands.budget_with_margin.line_usd, **_line(bands.budget_with_margin)}}


def _line(line: BudgetLine) -> Values:
    return {"month": None if line.month is None else month_key(line.month), "p": line.chance}
