"""Forecast and risk as plain text for a terminal."""

from __future__ import annotations

from planner.engine.forecast import Forecast
from planner.engine.study import Study
from planner.engine.uncertainty import Outlook
from planner.views.formatting import MISSING, month, share, usd_whole
from planner.views.text import columns, plan_stamp
from planner.views.wording_risk import (
    budget_sentence,
    confidence_sentence,
    input_words,
    seed_words,
)


def risk_text(outlook: Outlook, study: Study) -> str:
    """Bands, odds, the tornado and the budget."""
    risk = outlook.risk
    rows = []
    for each in risk.scenarios:
        total, invoice = each.total_usd, each.invoice_usd
        cells = [usd_whole(getattr(part, point)) if part else MISSING
                 for part in (invoice, total) for point in ("p10", "p50", "p90")]
        beats = MISSING if risk.best in (None, each.name) else share(risk.chance(each.name, risk.best or ""))
        rows.append((each.name, *cells, beats))
    header = ("Scenario", "Invoice P10", "P50", "P90", "Total P10", "P50", "P90", "Cheaper than best")
    parts = [f"{plan_stamp(study.evaluation)} · {seed_words(outlook)}", "", confidence_sentence(risk), "",
             columns(header, rows)]
    if risk.tornado:
        swings = [
            (each.label, input_words(each.low, each.unit), input_words(each.high, each.unit),
             usd_whole(each.at_low_usd), usd_whole(each.at_high_usd), "yes" if each.flips else "no")
            for each in risk.tornado
        ]
        lead = "Lead" if risk.second is not None else "Total"
        heads = ("What matters most", "Low", "High", f"{lead} at low", f"{lead} at high", "Flips")
        parts += ["", columns(heads, swings)]
    said = budget_sentence(outlook.fan)
    return "\n".join([*parts, *(["", f"{risk.best}: {said}"] if said else [])])


def forecast_text(lines: Forecast, outlook: Outlook, study: Study) -> str:
    """The invoice of every scenario, month by month, its bands at the end, and what changes when."""
    names = [line.name for line in lines.scenarios]
    rows = [(month(each), *(usd_whole(line.invoice_usd[j]) for line in lines.scenarios))
            for j, each in enumerate(lines.months)]
    fan = outlook.fan
    for label, point in (("last month, P10", "p10"), ("last month, P90", "p90")):
        rows.append((label, *(usd_whole(getattr(fan.scenario(name).invoice_usd, point)[-1]) for name in names)))
    parts = [f"{plan_stamp(study.evaluation)} · {seed_words(outlook)}", "", "Invoice by month, likely line",
             columns(("Month", *names), rows)]
    events = dict.fromkeys((each.month, each.what) for line in lines.scenarios for each in line.events)
    parts += [f"  {month(when)}: {what}" for when, what in events]
    said = budget_sentence(fan)
    return "\n".join([*parts, *(["", f"{fan.best}: {said}"] if said else [])])
