"""Tables about own servers; columns carry raw figures, :func:`in_words` gives them headings and text for the page."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

import pandas as pd

from planner.domain.assumptions import Register
from planner.engine.capacity_check import agreement, compared_rows
from planner.engine.evaluate import ScenarioResult
from planner.engine.hosting import latency_factors
from planner.engine.hosting_month import Duty, Pooling, ReplicaDuty, month_parts
from planner.engine.hosting_options import HostedModel, HostingChoice, ServerClaim
from planner.engine.sensitivity import PriceGrid, Sensitivity
from planner.views.formatting import MISSING, count, share, times, usd, usd_cents
from planner.views.hosting_words import NEVER, PARTS, at_most_times, claim_words, input_words, volume_words

SENSITIVITY_KEYS = (
    "input", "unit", "low", "planned", "high", "break_even_low_requests_per_month",
    "break_even_high_requests_per_month", "swing_requests_per_month", "gap_low_usd", "gap_high_usd", "kind", "source",
)


def sensitivity_table(found: Sensitivity) -> pd.DataFrame:
    """One row per input, those that move the break-even most first.

    An empty break-even is "never"; a swing is infinite where only one end has a break-even. The gap is own servers
    minus the alternative a month at today's volume.
    """
    return pd.DataFrame([
        {"input": each.input.label, "unit": each.input.unit, "low": each.input.low, "planned": each.input.planned,
         "high": each.input.high, "break_even_low_requests_per_month": each.low_break_even,
         "break_even_high_requests_per_month": each.high_break_even,
         "swing_requests_per_month": each.break_even_swing, "gap_low_usd": each.low_gap_usd,
         "gap_high_usd": each.high_gap_usd, "kind": each.input.kind, "source": each.input.source}
        for each in found.swings
    ], columns=list(SENSITIVITY_KEYS))


def price_grid_table(grid: PriceGrid) -> pd.DataFrame:
    """One row per pair of multiples: GPU price, API price, the break-even (empty: never) and the gap today."""
    return pd.DataFrame([
        {"gpu_price_factor": gpu, "api_price_factor": api,
         "break_even_requests_per_month": _known(float(grid.requests_per_month[i, j])),
         "gap_usd": float(grid.gap_usd[i, j])}
        for i, gpu in enumerate(grid.gpu_factors) for j, api in enumerate(grid.api_factors)
    ], columns=["gpu_price_factor", "api_price_factor", "break_even_requests_per_month", "gap_usd"])


def price_grid_shown(grid: PriceGrid) -> pd.DataFrame:
    """The break-even as a square: GPU price down, API price across, in words."""
    rows = {"GPU price": [f"{factor:g}×" for factor in grid.gpu_factors]}
    for j, factor in enumerate(grid.api_factors):
        rows[f"API price {factor:g}×"] = [
            volume_words(_known(float(value))) for value in grid.requests_per_month[:, j]
        ]
    return pd.DataFrame(rows)


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None


def month_table(results: Sequence[ScenarioResult]) -> pd.DataFrame:
    """What a month is paid for, one row per part and one column of USD per scenario; the last row is the invoice.

    Parts that are 0 in all scenarios are left out.
    """
    parts = [month_parts(result) for result in results]
    used = [name for name in PARTS if any(each.get(name, 0.0) for each in parts)]
    rows = [{"part": PARTS[name], **{f"{result.name}, invoice_usd": each.get(name, 0.0)
             for result, each in zip(results, parts, strict=True)}} for name in used]
    total = {f"{result.name}, invoice_usd": sum(each.values()) for result, each in zip(results, parts, strict=True)}
    return pd.DataFrame([*rows, {"part": "Invoice", **total}])


DUTY_KEYS = ("endpoint", "category", "requests_per_s", "seconds_per_request", "requests_per_s_per_server", "servers")


def duty_table(duties: Sequence[ReplicaDuty]) -> pd.DataFrame:
    """What one server must do in the busiest hour: by category, then all together, for each endpoint."""
    def row(duty: ReplicaDuty, part: Duty) -> dict[str, Any]:
        return {"endpoint": duty.endpoint, "category": part.category, "requests_per_s": part.requests_per_s,
                "seconds_per_request": part.seconds_per_request,
                "requests_per_s_per_server": part.replica_requests_per_s, "servers": part.replicas}

    return pd.DataFrame([row(duty, part) for duty in duties for part in (*duty.by_category, duty.pooled)],
                        columns=list(DUTY_KEYS))


HEADROOM_KEYS = ("endpoint", "model", "gpu", "gpus_per_replica", "carrying", "spare", "requests_per_s",
                 "available_requests_per_s", "headroom_requests_per_month", "headroom_share", "headroom_months",
                 "servers_then")


def headroom_table(duties: Sequence[ReplicaDuty]) -> pd.DataFrame:
    """Per endpoint: requests a second needed and available, and how far it is to the next server."""
    return pd.DataFrame([
        {"endpoint": each.endpoint, "model": each.model, "gpu": each.gpu, "gpus_per_replica": each.gpus_per_replica,
         "carrying": each.carrying, "spare": each.spare, "requests_per_s": each.pooled.requests_per_s,
         "available_requests_per_s": _known(each.available_requests_per_s),
         "headroom_requests_per_month": _known(each.headroom.requests_per_month),
         "headroom_share": _known(each.headroom.share), "headroom_months": each.headroom.months,
         "servers_then": each.headroom.replicas_then}
        for each in duties
    ], columns=list(HEADROOM_KEYS))


POOLING_KEYS = ("endpoint", "category", "latency_class", "busy_hour_load", "usable_share", "servers_carrying",
                "servers", "servers_usd")


def pooling_table(found: Pooling) -> pd.DataFrame:
    """Each category on servers of its own, their sum, and all of them in one pool."""
    rows: list[dict[str, Any]] = [
        {"endpoint": found.endpoint, "category": each.category, "latency_class": each.latency_class,
         "busy_hour_load": each.load, "usable_share": each.usable_share, "servers_carrying": each.carrying,
         "servers": each.replicas, "servers_usd": each.servers_usd} for each in found.alone
    ]
    rows.append({"endpoint": found.endpoint, "category": "Separate pools together",
                 "servers_carrying": sum(each.carrying for each in found.alone), "servers": found.separate_replicas,
                 "servers_usd": found.separate_servers_usd})
    rows.append({"endpoint": found.endpoint, "category": "One pool", "servers": found.pooled_replicas,
                 "servers_usd": found.pooled_servers_usd})
    return pd.DataFrame(rows, columns=list(POOLING_KEYS))


CHOICE_KEYS = (
    "model", "gpu", "gpus_per_replica", "precision", "fits_memory", "has_fit", "replicas", "gpus", "usd_per_gpu_hour",
    "usd_per_month", "speed_label", "rent_label", "memory_label", "seconds_outside", "need_gb", "usable_gb", "reason",
)


def choices_table(choices: Sequence[HostingChoice]) -> pd.DataFrame:
    """Model, machine, memory, replicas and USD a month, cheapest first; where each figure comes from beside it."""
    return pd.DataFrame([asdict(each) for each in choices], columns=list(CHOICE_KEYS))


CHECK_KEYS = ("group", "model", "gpu", "gpus_per_replica", "precision", "input_tokens_per_request",
              "output_tokens_per_request", "operating_point", "measured_requests_per_s", "law_requests_per_s",
              "measured_over_law", "is_outside", "is_newest", "label", "source", "edition", "as_of", "fitted_to")


def capacity_check_table(register: Register) -> pd.DataFrame:
    """Every measurement that no fit has seen beside what the law says, worst agreement last within a model."""
    rows = [each for each in compared_rows(latency_factors(register)) if each.group != "fitted"]
    rows.sort(key=lambda each: (each.group != "other_source", each.row.source_model, each.row.gpu, each.factor))
    return pd.DataFrame([
        {"group": each.group, "model": each.row.source_model, "gpu": each.row.gpu,
         "gpus_per_replica": each.row.gpus_per_replica, "precision": each.row.precision,
         "input_tokens_per_request": each.row.input_tokens_per_request,
         "output_tokens_per_request": each.row.output_tokens_per_request, "operating_point": each.row.operating_point,
         "measured_requests_per_s": each.measured_requests_per_s, "law_requests_per_s": each.law_requests_per_s,
         "measured_over_law": each.ratio, "is_outside": each.is_outside, "is_newest": each.is_newest,
         "label": each.row.label, "source": each.row.source, "edition": each.row.source_ref, "as_of": each.row.as_of,
         "fitted_to": each.fit.source} for each in rows
    ], columns=list(CHECK_KEYS))


CHECK_SUMMARY_KEYS = ("group", "model", "gpu", "measurements", "median_measured_over_law", "median_factor",
                      "worst_factor")


def capacity_summary_table(register: Register) -> pd.DataFrame:
    """How far the law lies from unseen measurements, by source group, model and GPU; the planner's own fits only."""
    groups: dict[tuple[str, str, str], list[Any]] = {}
    for each in compared_rows(latency_factors(register)):
        if each.group != "fitted" and each.is_newest:
            groups.setdefault((each.group, each.row.source_model, each.row.gpu), []).append(each)
    rows = []
    for (group, model, gpu), members in groups.items():
        found = agreement(members)
        if found is not None:
            rows.append({"group": group, "model": model, "gpu": gpu, "measurements": found.count,
                         "median_measured_over_law": found.median_ratio, "median_factor": found.median_factor,
                         "worst_factor": found.worst_factor})
    rows.sort(key=lambda row: (row["group"] != "other_source", row["model"], row["gpu"]))
    return pd.DataFrame(rows, columns=list(CHECK_SUMMARY_KEYS))


HOSTED_KEYS = ("endpoint", "model", "what", "seller", "spend_usd", "over_cheapest", "claim", "reason")


def hosted_table(found: HostedModel) -> pd.DataFrame:
    """The same work on own servers, at every host of the model, and at the vendor's own models.

    ``over_cheapest`` is the multiple of the cheapest host.
    """
    best = None if found.cheapest is None else found.cheapest.spend_usd
    rows = [{"what": "own servers", "seller": "own", "spend_usd": found.own_usd}]
    rows += [{"what": each.label, "seller": each.seller, "spend_usd": each.spend_usd, "reason": each.reason}
             for each in found.offers]
    rows += [{"what": f"{each.label} ({each.against}, {each.tier})", "seller": found.vendor,
              "spend_usd": each.spend_usd, "claim": claim_words(each)} for each in found.gaps]
    for row in rows:
        paid = row["spend_usd"]
        row |= {"endpoint": found.endpoint, "model": found.model,
                "over_cheapest": float(paid) / best if isinstance(paid, float) and best else None}
    return pd.DataFrame(rows, columns=list(HOSTED_KEYS))


def server_claim_table(found: ServerClaim) -> pd.DataFrame:
    """The article's sum beside the plan's: what is paid, tokens a month, and the API bill for them."""
    return pd.DataFrame([
        {"case": "As articles do the sum: bare rent, full speed day and night", "servers_usd": found.bare_rent_usd,
         "tokens_per_month": found.flat_out_tokens, "api_usd": found.claimed_api_usd},
        {"case": "First step in full, one server as full as it may be", "servers_usd": found.first_step_usd,
         "tokens_per_month": found.usable_tokens, "api_usd": found.usable_api_usd},
        {"case": "Your plan", "servers_usd": found.plan_usd, "tokens_per_month": found.plan_tokens,
         "api_usd": found.plan_api_usd},
    ])


# --- in words -------------------------------------------------------------------------------------------------------

HEADINGS = {
    "input": "Input", "low": "Low", "planned": "Planned", "high": "High", "swing_requests_per_month": "Swing",
    "break_even_low_requests_per_month": "Break-even at low",
    "break_even_high_requests_per_month": "Break-even at high",
    "gap_low_usd": "Gap today at low", "gap_high_usd": "Gap today at high", "gap_usd": "Gap today",
    "requests_per_s": "Needed per second", "seconds_per_request": "Seconds each",
    "requests_per_s_per_server": "One server serves", "servers": "Servers", "servers_usd": "Servers a month",
    "usd_per_gpu_hour": "Per GPU-hour", "usd_per_month": "A month", "fits_memory": "Fits", "has_fit": "Speed known",
    "speed_label": "Speed", "rent_label": "Rent", "memory_label": "Memory",
    "seconds_outside": "Lengths outside the fit",
    "gpus_per_replica": "GPUs per server", "replicas": "Servers", "gpus": "GPUs", "gpu": "GPU", "need_gb": "Needs GB",
    "usable_gb": "Offers GB", "over_cheapest": "Times the cheapest", "what": "Where", "api_usd": "API for the same",
    "measured_over_law": "Measured over law", "median_measured_over_law": "Middle, measured over law",
    "median_factor": "Half lie within", "worst_factor": "All lie within", "available_requests_per_s": "Available",
    "headroom_requests_per_month": "Room in requests a month", "headroom_share": "Room", "headroom_months": "Months",
    "servers_then": "Servers then", "latency_class": "Waiting time", "break_even_requests_per_month": "Break-even",
    "is_outside": "Outside the fit", "is_newest": "Fit in use", "spend_usd": "A month", "gpu_price_factor": "GPU price",
    "api_price_factor": "API price", "servers_carrying": "Carry the load",
}
_BREAK_EVENS = {"break_even_low_requests_per_month", "break_even_high_requests_per_month",
                "break_even_requests_per_month"}
_TIMES = {"measured_over_law", "median_measured_over_law", "over_cheapest", "gpu_price_factor", "api_price_factor"}
_WITHIN = {"median_factor", "worst_factor"}
_TEXT = {"other_source": "Another source", "other_edition": "Another edition", True: "yes", False: "no"}


def in_words(table: pd.DataFrame, columns: Sequence[str] | None = None) -> pd.DataFrame:
    """A table of this module as people read it, with ``columns`` chosen and put in order if they are given.

    >>> in_words(pd.DataFrame({"input": ["GPU rent"], "unit": ["USD per GPU-hour"], "low": [1.89]}), ["input", "low"])
          Input    Low
    0  GPU rent  $1.89
    """
    wanted = [str(name) for name in (columns or table.columns)]
    units = table["unit"].tolist() if "unit" in table.columns else []
    shown: dict[str, list[str]] = {}
    for name in wanted:
        values = table[name].tolist()
        if name in ("low", "planned", "high") and units:
            cells = [input_words(float(value), unit) for value, unit in zip(values, units, strict=True)]
        else:
            cells = [_cell(name, value) for value in values]
        shown[_heading(name)] = cells
    return pd.DataFrame(shown)


def _heading(name: str) -> str:
    if name.endswith(", invoice_usd"):
        return name.removesuffix(", invoice_usd")
    text = HEADINGS.get(name) or name.removesuffix("_usd").replace("_", " ")
    return text[:1].upper() + text[1:]


def _cell(name: str, value: Any) -> str:
    missing = value is None or value is pd.NaT or (isinstance(value, float) and math.isnan(value))
    if name in _BREAK_EVENS:
        return NEVER if missing else volume_words(float(value))
    if missing:
        return MISSING
    if isinstance(value, (bool, str)):
        return _TEXT.get(value, str(value))
    if isinstance(value, float) and math.isinf(value):
        return "all or nothing" if name == "swing_requests_per_month" else MISSING
    return _writer(name)(float(value))


def _writer(name: str) -> Callable[[float], str]:
    if name in _TIMES:
        return times
    if name in _WITHIN:
        return at_most_times
    if name.endswith("_share"):
        return share
    if name == "usd_per_gpu_hour":
        return usd_cents
    return usd if name.endswith("_usd") or name == "usd_per_month" else count
