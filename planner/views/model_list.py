"""Every model on offer beside this plan: prices on the day, monthly cost if it did all of the work, errors, notes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from planner.domain.plan import Plan
from planner.domain.strategies import endpoints_of
from planner.engine.endpoints import Column, EndpointState, endpoint_state
from planner.engine.error_rates import ORIGINS
from planner.engine.setting import Setting
from planner.views.formatting import day as day_words
from pricing.catalog import Catalog
from pricing.errors import InputError

SOON_DAYS = 90

TIERS = {"small": "Small", "medium": "Medium", "large": "Large", "own": "Own"}
ORIGIN_WORDS = {"measured": "Measured", "entered": "Entered", "evidence": "Evidence", "assumed": "Assumed"}


def model_rows(plan: Plan, book: Catalog, day: date, today: date, setting: Setting | None,
               hosted_usd: Mapping[str, float | None] | None = None) -> pd.DataFrame:
    """One row per offer of the catalogue and endpoint of the plan, those of the plan first.

    ``setting`` holds all of them as columns; None while the plan has no work. ``hosted_usd`` gives the monthly bill of
    self-hosted endpoints, None where they cannot do all of it.
    """
    used = {name for scenario in plan.scenarios for name in endpoints_of(scenario.strategy)}
    used |= {offer.id for name in used if (offer := _offer(name, book)) is not None}
    rows = [
        _row(name, plan, book, day, today, setting, name in used, hosted_usd or {})
        for name in (*plan.endpoints, *book.offers)
    ]
    table = pd.DataFrame(rows)
    return table.sort_values("in_plan", ascending=False, kind="stable").reset_index(drop=True)


def _offer(name: str, book: Catalog) -> Any:
    try:
        return book.resolve(name)
    except InputError:
        return None


def _row(name: str, plan: Plan, book: Catalog, day: date, today: date, setting: Setting | None, is_used: bool,
         hosted_usd: Mapping[str, float | None]) -> dict[str, Any]:
    state = setting.states[name] if setting is not None else endpoint_state(name, plan, book, day)
    model = book.models.get(state.model_id) if state.model_id else None
    quote, rates, batch = state.quote, state.rates, state.batch
    is_api = state.kind == "api"
    monthly, stops, error, origin = _work(name, state, setting, hosted_usd)
    return {
        "id": name, "model": state.label, "short": state.short, "kind": state.kind,
        "vendor": book.vendor_names.get(model.vendor, model.vendor) if model and is_api else "Yours",
        "seller": book.seller_names[quote.offer.seller].display if quote and quote.offer.seller in book.seller_names
        else state.seller,
        "is_own_offer": bool(quote and book.is_own(quote.offer)) or not is_api,
        "tier": book.tier(model, day) if model and is_api else "own",
        "open_weights": bool(model and model.open_weights), "state": state.state, "in_plan": is_used,
        "input_usd_per_mtok": _price(rates, "input"), "output_usd_per_mtok": _price(rates, "output"),
        "cache_read_usd_per_mtok": _price(rates, "cache_read") if state.cache_read_known else None,
        "batch_share": _batch(rates, batch),
        "context_tokens": state.context_tokens if np.isfinite(state.context_tokens) else None,
        "monthly_usd": monthly, "stops": stops, "error_rate": error, "error_origin": origin,
        "note": _note(state, day), "source": quote.source if quote else "your plan",
        "url": quote.url if quote else None, "as_of": quote.as_of.isoformat() if quote else None,
        "freshness": book.freshness(quote, today) if quote else "fresh",
    }


def _price(rates: Any, part: str) -> float | None:
    return None if rates is None else float(np.asarray(getattr(rates, part)))


def _batch(rates: Any, batch: Any) -> float | None:
    """Batch price over standard price, output tokens."""
    if rates is None or batch is None or not float(np.asarray(rates.output)):
        return None
    return float(np.asarray(batch.output)) / float(np.asarray(rates.output))


def _work(name: str, state: EndpointState, setting: Setting | None, hosted_usd: Mapping[str, float | None]
          ) -> tuple[float | None, str, float | None, str]:
    """Monthly cost of all of the work, what stands in its way, mean error share and its weakest origin."""
    if setting is None:
        return None, "no work in the plan yet", None, ""
    m, demand, costs = setting.columns[Column(name)], setting.demand, setting.costs
    served = demand.requests * demand.served_share
    errors = setting.rates.share[:, m]
    mean = float((served * errors).sum() / served.sum()) if served.sum() > 0 else float(errors.mean())
    origin = ORIGIN_WORDS.get(ORIGINS[int(setting.rates.origin[:, m].max(initial=0))], "")
    stops = []
    if (costs.window_exceeded[:, m]).any():
        stops.append("prompts too long for it")
    if (costs.batch_refused[:, m]).any():
        stops.append("offers no batch")
    if demand.in_house_only.any() and not state.in_house:
        stops.append("not in house")
    if state.kind == "self_hosted":
        monthly = hosted_usd.get(name)
        if monthly is None:
            stops.append("cannot do all of it")
    elif state.is_priced:
        monthly = float((demand.requests * demand.spend_factor * costs.mean[:, m]).sum()) + state.fixed_usd
    else:
        monthly = None
    return (monthly if monthly is not None and np.isfinite(monthly) else None), ", ".join(stops), mean, origin


def _note(state: EndpointState, day: date) -> str:
    if state.kind == "self_hosted":
        return "Fixed cost"
    if state.quote is None:
        return "Own price"
    if not state.is_priced:
        reason = state.reason or "no price"
        return reason[:1].upper() + reason[1:]
    change = state.quote.next_change
    if change is not None and (change[0] - day).days <= SOON_DAYS:
        when = day_words(change[0])
        words = change[1].casefold()
        if "retire" in words or "switched off" in words or "no longer" in words:
            return f"Retires {when}"
        return f"Price changes {when}"
    return ""
