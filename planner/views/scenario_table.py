"""The table of scenarios as it is shown: sorted by total, states in words, the recommended row marked."""

from __future__ import annotations

import pandas as pd

from planner.engine.recommend import RECOMMENDED
from planner.engine.study import Study
from planner.views.formatting import count_whole, listed, share, usd, usd_whole
from planner.views.records import monthly_values, saving_values
from planner.views.tables import results
from planner.views.wording import strategy_phrase

STATUS = {"partly_priced": "Partly priced", "unpriced": "No price", "infeasible": "Not possible", "retired": "Retired"}


def shown_scenarios(study: Study) -> pd.DataFrame:
    """One row per scenario: figures as numbers, words where a figure is not known.

    Columns: scenario, invoice_usd, saving_share, expected_errors, error_cost_usd, total_usd, what, status, is_best.
    """
    states, best = study.recommendation.setting.states, study.recommendation.scenario
    rows = []
    for result in results(study):
        month = monthly_values(result, study.evaluation)
        saving = saving_values(result, study.evaluation.baseline)
        what = strategy_phrase(result.strategy, states)
        what = what[:1].upper() + what[1:]
        if result.name == study.plan.baseline_name:
            what = f"Baseline: {what}"
        if not result.is_priced:
            what = f"{STATUS[result.status]}: {result.reason}"
        rows.append({
            "scenario": result.name, "invoice_usd": month["invoice_usd"],
            "change_share": None if saving["invoice_share"] is None or result.name == study.plan.baseline_name
            else -saving["invoice_share"],
            "expected_errors": month["expected_errors"], "error_cost_usd": month["error_cost_usd"],
            "total_usd": month["total_usd"], "what": what, "status": result.status,
            "is_best": best is not None and result.strategy == best.strategy and result.name in (
                best.name, study.recommendation.from_plan),
        })
    table = pd.DataFrame(rows)
    table["order"] = [0 if status == "priced" else 1 if status == "partly_priced" else 2 for status in table["status"]]
    return table.sort_values(["order", "total_usd"], kind="stable").drop(columns="order").reset_index(drop=True)


def scenarios_title(study: Study, table: pd.DataFrame | None = None) -> str:
    """Who wins, by how much, over whom; ``table`` is that of :func:`shown_scenarios`, if it is there already."""
    table = shown_scenarios(study) if table is None else table
    priced = table[(table["status"] == "priced")]
    if not len(priced):
        return "No scenario can be run and priced in full"
    best = priced[priced["is_best"]]
    if not len(best):
        return f"{priced.iloc[0]['scenario']} has the lowest total"
    rest = priced[~priced["is_best"]]
    name = "The recommended mix" if best.iloc[0]["scenario"] == RECOMMENDED else str(best.iloc[0]["scenario"])
    if not len(rest):
        return f"{name} is the only one that can be run and priced in full"
    gap = float(rest.iloc[0]["total_usd"]) - float(best.iloc[0]["total_usd"])
    other = str(rest.iloc[0]["scenario"])
    if gap >= 0:
        return f"{name} wins by {usd(gap)} a month over {other}"
    return f"{name} costs {usd(-gap)} a month more than {other} and makes fewer errors, or keeps a limit"


def scenarios_alt(table: pd.DataFrame) -> str:
    """The table in words."""
    parts = [
        f"{row['scenario']}: invoice {usd_whole(row['invoice_usd'])}, total {usd_whole(row['total_usd'])}, "
        f"{count_whole(row['expected_errors'])} errors, {share(row['change_share'])} against the baseline"
        for _, row in table.iterrows()
    ]
    return f"Scenarios by total. {listed(parts, 'and')}."
