"""Tidy tables of a worked-through plan, one per CSV file; columns carry the keys of the command line's JSON.

Figures are unrounded; money that is shown to the cent goes through :func:`planner.views.formatting.in_cents`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from types import MappingProxyType

import pandas as pd

from planner.engine.crossover import Crossover
from planner.engine.evaluate import ScenarioResult
from planner.engine.forecast import forecast
from planner.engine.study import Study
from planner.engine.uncertainty import evaluation_of, scenarios_of
from planner.views.records import (
    category_values,
    crossover_values,
    monthly_values,
    recommendation_values,
    saving_values,
    stamp,
)
from planner.views.records_risk import forecast_rows
from planner.views.wording import sentence, strategy_phrase
from pricing.catalog import Quote

# What an empty table is headed with: a plan without categories still has a file for every table.
NAMED = ("name", "recommended", "baseline", "status", "reason", "strategy")
MONTH_KEYS = ("requests", "spend_usd", "fixed_cost_usd", "invoice_usd", "error_cost_usd", "total_usd")
SAVING_KEYS = ("saving_spend_usd", "saving_invoice_usd", "saving_total_usd", "saving_reason")
CATEGORY_KEYS = ("requests", "spend_usd", "fixed_cost_usd", "invoice_usd", "error_cost_usd", "total_usd", "error_rate")
CHOICE_KEYS = ("name", "rule_tier", "rule_strategy", "rules", "economic_strategy", "total_usd", "agree", "why")
PRICE_KEYS = ("id", "model", "seller", "status", "reason", "input_usd_per_mtok", "output_usd_per_mtok", "price_date")


def results(study: Study) -> list[ScenarioResult]:
    """The plan's scenarios, and the recommended one if it is not among them."""
    advice = study.recommendation
    extra = [advice.scenario] if advice.scenario is not None and advice.from_plan is None else []
    return [*study.evaluation.scenarios, *extra]


def scenarios_table(study: Study) -> pd.DataFrame:
    """One row per scenario: status, the month, and what it saves against the baseline."""
    evaluation, states = study.evaluation, study.recommendation.setting.states
    best = study.recommendation.scenario
    rows = [
        {
            "name": result.name, "recommended": best is not None and result.strategy == best.strategy,
            "baseline": result.name == evaluation.plan.baseline_name, "status": result.status,
            "reason": result.reason, "strategy": strategy_phrase(result.strategy, states),
            **monthly_values(result, evaluation),
            **{f"saving_{key}" if key != "reason" else "saving_reason": value
               for key, value in saving_values(result, evaluation.baseline).items()},
        }
        for result in results(study)
    ]
    return pd.DataFrame(rows, columns=None if rows else [*NAMED, *MONTH_KEYS, *SAVING_KEYS])


def categories_table(study: Study) -> pd.DataFrame:
    """One row per scenario and category."""
    evaluation = study.evaluation
    rows = [
        {"scenario": result.name, **values}
        for result in results(study)
        for k in range(len(evaluation.demand.names))
        if (values := category_values(k, result, evaluation))
    ]
    return pd.DataFrame(rows, columns=None if rows else ["scenario", "name", *CATEGORY_KEYS])


def endpoints_table(study: Study) -> pd.DataFrame:
    """One row per scenario and endpoint."""
    rows = [
        {"scenario": result.name, "id": use.id, "label": use.label, "seller": use.seller, "requests": use.requests,
         "spend_usd": use.spend_usd, "fixed_cost_usd": use.fixed_cost_usd, "replicas": use.replicas}
        for result in results(study) for use in result.endpoints
    ]
    return pd.DataFrame(rows, columns=["scenario", "id", "label", "seller", "requests", "spend_usd", "fixed_cost_usd",
                                       "replicas"])


def recommendation_table(study: Study) -> pd.DataFrame:
    """One row per category: what the rules say, what the figures say, and why."""
    values = recommendation_values(study)
    rows = [
        {
            "name": each["name"], "rule_tier": each["rule"]["tier"], "rule_strategy": each["rule"]["strategy"],
            "rules": " ".join(each["rule"]["rules"]), "economic_strategy": each["economic"]["words"],
            "economic_size": each["economic"]["size"], "total_usd": each["economic"]["total_usd"],
            "agree": each["agree"], "why": each["why"], "recommendation": values["sentence"],
            "confidence": values["confidence"],
        }
        for each in values["categories"]
    ]
    return pd.DataFrame(rows, columns=None if rows else list(CHOICE_KEYS))


def break_even_table(study: Study) -> pd.DataFrame:
    """One row per crossing of self-hosting and the recommended mix, by invoice and with errors included."""
    columns = ["challenger", "incumbent", "basis", "requests_per_month", "tokens_per_month", "direction", "permanent"]
    found = study.self_host
    if not isinstance(found, Crossover):
        return pd.DataFrame(columns=columns)
    values = crossover_values(found)
    rows = []
    for basis, part in (("invoice", values), ("total", values["including_errors"])):
        settled = part["permanent"]["requests_per_month"] if part["permanent"] else None
        rows += [
            {"challenger": values["challenger"], "incumbent": values["incumbent"], "basis": basis, **crossing,
             "permanent": crossing["requests_per_month"] == settled} for crossing in part["crossings"]
        ]
    return pd.DataFrame(rows, columns=columns)


def forecast_table(study: Study) -> pd.DataFrame:
    """One row per scenario and month: the likely line and its bands at the usual seed."""
    lines = forecast(evaluation_of(study), scenarios_of(study))
    columns = ["scenario", "month", "requests", "spend_usd", "fixed_cost_usd", "invoice_usd", "total_usd",
               *(f"{part}_{point}_usd" for part in ("invoice", "total") for point in ("p10", "p50", "p90")),
               "budget_passed_share", "event"]
    return pd.DataFrame(forecast_rows(lines, study.outlook), columns=columns)


def _quotes(study: Study) -> dict[str, Quote]:
    states = study.recommendation.setting.states
    return {state.id: state.quote for state in states.values() if state.quote is not None}


def prices_table(study: Study) -> pd.DataFrame:
    """One row per catalogue offer that the plan uses, list prices before discounts."""
    rows = []
    for offer_id, quote in _quotes(study).items():
        rates, batch = quote.rates, quote.batch
        rows.append({
            "id": offer_id, "model": quote.model.display, "seller": quote.offer.seller, "status": quote.state,
            "reason": quote.reason,
            "input_usd_per_mtok": None if rates is None else rates.input,
            "cache_read_usd_per_mtok": rates.cache_read if rates is not None and quote.cache_read_known else None,
            "cache_write_usd_per_mtok": rates.cache_write if rates is not None and quote.cache_write_known else None,
            "output_usd_per_mtok": None if rates is None else rates.output,
            "batch_input_usd_per_mtok": None if batch is None else batch.input,
            "batch_output_usd_per_mtok": None if batch is None else batch.output,
            "context_tokens": quote.model.context_tokens,
            "price_date": quote.day.isoformat(), "as_of": quote.as_of.isoformat(),
            "valid_until": quote.valid_until.isoformat() if quote.valid_until else None,
            "next_change": f"{quote.next_change[0]}: {quote.next_change[1]}" if quote.next_change else None,
            "source": quote.source, "url": quote.url,
        })
    return pd.DataFrame(rows, columns=None if rows else list(PRICE_KEYS))


def assumptions_table(study: Study) -> pd.DataFrame:
    """The register of assumptions with the plan's own values, in its order."""
    register = study.evaluation.register
    return pd.DataFrame([
        {"id": each.id, "label": each.label, "group": register.groups[each.group], "value": each.value,
         "low": each.low, "high": each.high, "unit": register.unit(each.id).label, "kind": each.kind,
         "origin": each.origin, "source": each.source, "as_of": each.as_of, "sentence": each.sentence}
        for each in register.values()
    ])


def about_table(study: Study, today: date | None = None) -> pd.DataFrame:
    """What names this result: plan, hash, price date, version."""
    values = stamp(study.evaluation)
    rows = [*values.items(), ("recommendation", sentence(study)), ("note", "Planning figure, not a quote")]
    if today is not None:
        rows.append(("made_on", today.isoformat()))
    return pd.DataFrame(rows, columns=["item", "value"])


TABLES: Mapping[str, Callable[[Study], pd.DataFrame]] = MappingProxyType({
    "scenarios": scenarios_table,
    "categories": categories_table,
    "endpoints": endpoints_table,
    "recommendation": recommendation_table,
    "break_even": break_even_table,
    "forecast": forecast_table,
    "prices": prices_table,
    "assumptions": assumptions_table,
    "about": about_table,
})
"""Every table of the hand-over by file name, in reading order."""
