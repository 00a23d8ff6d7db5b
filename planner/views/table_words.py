"""Column names and figures of tables as people read them; the CSV keeps the raw ones."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import date
from typing import Any

import pandas as pd

from planner.views.formatting import MISSING, count_whole, rounded_parts, share, usd_cents, usd_per_mtok

WORDS = {
    "scenario": "Scenario", "category": "Category", "model": "Model", "reason": "Reason", "status": "Status",
    "invoice_usd": "Invoice", "spend_usd": "Spend", "total_usd": "Total", "random_total_usd": "Total, at random",
    "error_review_handoff_usd": "Errors and people", "error_cost_usd": "Error cost", "small_share": "Share to small",
    "error_rate": "Wrong answers", "escalation_share": "Escalated", "cascade_spend_usd": "Cascade",
    "large_only_spend_usd": "Large model alone", "requests_per_month": "Requests a month",
    "tokens_per_month": "Tokens a month", "direction": "What happens", "challenger_usd": "Self-hosted",
    "incumbent_usd": "Alternative", "is_beaten": "Beaten in both", "monthly_usd": "Your cost a month",
    "in_plan": "In your plan", "error_origin": "Error rate from", "bill_share": "Bill", "tokens_share": "Tokens",
    "requests_share": "Requests", "input_tokens_per_request": "Tokens in", "output_tokens_per_request": "Tokens out",
    "fixed_cost_usd": "Fixed cost", "requests": "Requests", "review_cost_usd": "Review", "handoff_cost_usd": "Hand-off",
}
VALUES = {
    "rising": "becomes the cheaper", "falling": "ceases to be", True: "yes", False: "no", "priced": "Priced",
    "partly_priced": "Partly priced", "unpriced": "No price", "infeasible": "Not possible", "retired": "Retired",
    "measured": "Measured", "entered": "Entered", "evidence": "Evidence", "assumed": "Assumed", "small": "Small",
    "medium": "Medium", "large": "Large", "own": "Own",
}


def column_words(name: str) -> str:
    """A column's heading.

    >>> column_words("invoice_usd"), column_words("Triage, invoice_usd"), column_words("cached_input_share")
    ('Invoice', 'Triage', 'Cached input')
    """
    if name in WORDS:
        return WORDS[name]
    if name.endswith(", invoice_usd"):
        return name.removesuffix(", invoice_usd")
    for suffix in ("_usd_per_mtok", "_usd", "_share", "_rate"):
        name = name.removesuffix(suffix)
    text = name.replace("_", " ")
    return text[:1].upper() + text[1:]


def _writer(name: str) -> Callable[[Any], str]:
    if name.endswith("_usd_per_mtok"):
        return usd_per_mtok
    if name.endswith("_usd"):
        return usd_cents
    if name.endswith(("_share", "_rate")):
        return share
    return count_whole


def cell_words(name: str, value: Any) -> str:
    """One figure or name of a column.

    >>> cell_words("invoice_usd", 12.3), cell_words("error_rate", 0.013), cell_words("direction", "rising")
    ('$12.30', '1.3 %', 'becomes the cheaper')
    """
    if value is None or value is pd.NaT or (isinstance(value, float) and not math.isfinite(value)):
        return MISSING
    if isinstance(value, bool) or (isinstance(value, str) and value in VALUES):
        return VALUES[value]
    if isinstance(value, (str, date)):
        return str(value)
    return _writer(name)(float(value)) if hasattr(value, "__float__") else str(value)


def headed(table: pd.DataFrame) -> pd.DataFrame:
    """The table with headings and figures in words; parts of a total are rounded so that they add up to it."""
    shown = table.copy()
    parts = [name for name in table.columns if str(name).endswith("_usd") and name != "total_usd"]
    if "total_usd" in table.columns and parts:
        for i in range(len(table)):
            values = [float(table.iloc[i][name]) for name in parts]
            whole = table.iloc[i]["total_usd"]
            if whole is not None and math.isclose(sum(values), float(whole), rel_tol=1e-6, abs_tol=1e-6):
                for name, value in zip(parts, rounded_parts(values, 2), strict=True):
                    shown.loc[shown.index[i], name] = value
    words = {name: [cell_words(str(name), value) for value in shown[name].tolist()] for name in table.columns}
    headings = [column_words(str(name)) for name in table.columns]
    frame = pd.DataFrame(words)
    frame.columns = pd.Index([heading if headings.count(heading) == 1 else f"{heading} ({i + 1})"
                              for i, heading in enumerate(headings)])
    return frame
