"""Parts of the Compare page: one strategy under the hand, then all scenarios side by side."""

from __future__ import annotations

from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from planner.domain.plan import Scenario
from planner.domain.strategies import Cascade, Split, Strategy
from planner.engine.evaluate import ScenarioResult
from planner.engine.study import Study
from planner.ui import edits, errors, results, show, state, strategy_controls
from planner.views.charts import cascade_chart, error_scatter, split_chart
from planner.views.formatting import MISSING, count_whole, share, usd, usd_whole, whole
from planner.views.plotly_charts import INKS
from planner.views.scenario_table import scenarios_alt, scenarios_title, shown_scenarios
from planner.views.tables import scenarios_table
from planner.views.wording import strategy_phrase

WRITERS = {"Invoice": usd_whole, "vs baseline": share, "Errors": count_whole, "Error cost": usd_whole}
ROW_TINT = {"light": "#EAF3FB", "dark": "#15283A"}


def without_study() -> None:
    """What can be done while there is no scenario or no work."""
    plan = state.plan()
    if not plan.workload.categories:
        show.empty_plan()
        return
    show.finding("No strategy yet", "Choose a model for everything as a first scenario; others follow from there")
    strategy = strategy_controls.single()
    label = strategy_phrase(strategy, strategy_controls.states_of(strategy))
    st.button("Keep as scenario", type="primary", key="keep", icon=":material/add:", on_click=_first,
              args=(strategy, f"{label} for everything"))


def _first(strategy: Strategy, name: str) -> None:
    state.revise(lambda document: edits.add_scenario(document, Scenario(name=name, strategy=strategy)),
                 f"Added {name}", toast=True)


@st.fragment
def workbench(study: Study, version: int) -> None:
    """A strategy made with controls, what it costs, and its curve.

    A step of a slider runs this part of the page alone; a change of the plan (its ``version``) runs the whole page.
    """
    if state.session().version != version or state.session().notices:
        st.rerun()
    errors.guarded(partial(_workbench, study))


def _workbench(study: Study) -> None:
    kind = st.segmented_control("Strategy", strategy_controls.KINDS, default="Split", required=True,
                                key="strategy_kind", label_visibility="collapsed", persist_state="session")
    left, right = st.columns([3, 8], gap="large")
    with left:
        strategy = strategy_controls.MAKERS[str(kind)]()
        if strategy is None:
            return
        result = results.trial(strategy)
        _figures(result, study)
        _keep(strategy, study)
    with right:
        _curve(strategy, result, study)


def _figures(result: ScenarioResult, study: Study) -> None:
    base = study.evaluation.baseline
    with st.grid(2, min_column_width=110):
        for label, key in (("Invoice", "invoice_usd"), ("With errors", "total_usd")):
            value = result.total(key)
            other = base.total(key) if base is not None and base.is_priced else None
            change = share((value - other) / other) if value is not None and other else ""
            show.metric(label, usd(value), change, is_saving=bool(change) and change != "0 %", border=False)
    if not result.is_priced:
        show.problem(f"It cannot be run like this: {result.reason}")
    elif base is not None:
        show.small(f"Against {show.short(base.name, 40)}.")
    for words in result.warnings[:2]:
        show.small(words)


def _keep(strategy: Strategy, study: Study) -> None:
    same = next((each.name for each in study.plan.scenarios if each.strategy == strategy), None)
    if same is not None:
        show.small(f"This is {show.short(same, 40)}.")
        return
    with st.container(horizontal=True, gap="small"):
        st.button("Keep as scenario", type="primary", key="keep", icon=":material/add:", on_click=_add,
                  args=(strategy, study))
        names = [each.name for each in study.plan.scenarios]
        show.pick_once("Replace …", names, "replace", lambda name: _replace(name, strategy))


def _add(strategy: Strategy, study: Study) -> None:
    words = strategy_phrase(strategy, strategy_controls.states_of(strategy))
    name = edits.free_name(show.short(words[:1].upper() + words[1:], 60), [each.name for each in study.plan.scenarios])
    state.revise(lambda document: edits.add_scenario(document, Scenario(name=name, strategy=strategy)),
                 f"Added {name}", toast=True)


def _replace(name: str, strategy: Strategy) -> None:
    state.revise(lambda document: edits.replace_strategy(document, name, Scenario(name=name, strategy=strategy)),
                 f"Changed {show.short(name, 40)}", toast=True)
    st.rerun()


def _curve(strategy: Strategy, result: ScenarioResult, study: Study) -> None:
    if isinstance(strategy, Split) and strategy.small_share is not None:
        sweep = results.sweep(strategy.small, strategy.large)
        if pd.notna(sweep.total_usd).all():
            spec = split_chart(sweep, strategy.small, strategy.large, strategy.small_share,
                               strategy_controls.states_of(strategy), at_random=strategy.random)
            show.chart(spec, "split")
            return
    if isinstance(strategy, Cascade):
        setting = results.setting_with(strategy.stages)
        requests, leaving = result.outcome.requests, result.outcome.escalation_share
        escalated = float((requests * leaving).sum() / requests.sum()) if requests.sum() else None
        factor = strategy.escalated_token_factor or setting.register.value("escalated_token_factor")
        price = strategy.usd_per_check[0] if strategy.usd_per_check else 0.0
        spec = cascade_chart(setting, strategy.stages, price, factor, escalated)
        if pd.notna(spec.table["cascade_spend_usd"]).all():
            show.chart(spec, "cascade")
            return
    show.chart(error_scatter(study.evaluation, result), "trial")


def scenario_list(study: Study) -> None:
    """All scenarios by total, the recommended one marked; those that cannot be run say why."""
    table = shown_scenarios(study)
    show.finding(scenarios_title(study, table), "Per month, errors included in the total")
    highest = float(table["total_usd"].max()) if table["total_usd"].notna().any() else 1.0
    named = table.rename(columns={
        "scenario": "Scenario", "invoice_usd": "Invoice", "change_share": "vs baseline", "expected_errors": "Errors",
        "error_cost_usd": "Error cost", "total_usd": "Total", "what": "What it does"})
    best, runs = named["is_best"], named["status"].isin(["priced", "partly_priced"])
    shown = named[["Scenario", "Invoice", "vs baseline", "Errors", "Error cost", "Total", "What it does"]].assign(**{
        heading: [write(value) for value in named[heading]] for heading, write in WRITERS.items()},
        **{"What it does": [edits.spoken(words) for words in named["What it does"]]},
        Total=[whole(value) for value in named["Total"]])
    inks = INKS[show.theme()]
    tint = ROW_TINT[show.theme()]

    def marked(row: Any) -> list[str]:
        style = f"background-color: {tint}; color: {inks.text}; font-weight: 600" if best.iloc[row.name] else (
            "" if runs.iloc[row.name] else f"color: {inks.muted}")
        return [style] * len(row)

    partly = named["status"].eq("partly_priced")
    at_least = {i for i in range(len(named)) if partly.iloc[i]}
    column = st.column_config
    st.dataframe(
        shown.style.apply(marked, axis=1), hide_index=True, width="stretch", row_height=40, placeholder=MISSING,
        alt=scenarios_alt(table),
        column_config={
            "Scenario": column.TextColumn(width=170),
            "Invoice": column.TextColumn(help="Spend and fixed cost a month", width=88, alignment="right"),
            "vs baseline": column.TextColumn(help="Invoice against the baseline", width=92, alignment="right"),
            "Errors": column.TextColumn(help="Expected wrong answers a month", width=84, alignment="right"),
            "Error cost": column.TextColumn(help="What uncaught errors cost a month", width=92, alignment="right"),
            "Total": column.ProgressColumn(format="$%,d", min_value=0, max_value=highest or 1.0, width=200,
                                           help="Invoice, errors, review and hand-off a month"),
            "What it does": column.TextColumn(width="large"),
        },
    )
    if at_least:
        show.small("Partly priced scenarios cost at least what is shown.")
    for _, row in named[~named["status"].eq("priced")].head(6).iterrows():
        show.small(f"{show.short(row['Scenario'], 40)}. {row['What it does']}")
    show.twin(scenarios_table(study).rename(columns={"name": "scenario"})[[
        "scenario", "status", "invoice_usd", "error_cost_usd", "review_cost_usd", "handoff_cost_usd", "total_usd",
        "expected_errors", "error_rate", "error_origin"]], "scenarios", "scenarios", "Scenarios to the cent")


def manage(study: Study) -> None:
    """Rename, copy, remove a scenario, or measure savings against it."""
    names = [scenario.name for scenario in study.plan.scenarios]
    if st.session_state.get("scenario_pick") not in names:
        st.session_state["scenario_pick"] = names[0]
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        name = str(st.selectbox("Scenario", names, key="scenario_pick", width=280, persist_state="session",
                                format_func=lambda each: show.short(each, 80)))
        if st.button("Rename", icon=":material/edit:", key="scenario_rename"):
            _rename_dialog(name)
        st.button("Duplicate", icon=":material/content_copy:", key="scenario_copy", on_click=_copy, args=(name,))
        st.button("Remove", icon=":material/delete:", key="scenario_remove", on_click=_remove, args=(name,))
        st.button("Set as baseline", icon=":material/flag:", key="scenario_baseline", on_click=_baseline, args=(name,),
                  disabled=name == study.plan.baseline_name)


def _copy(name: str) -> None:
    plan = state.plan()
    copied = edits.free_name(name, [each.name for each in plan.scenarios])
    strategy = plan.scenario(name).strategy
    state.revise(lambda document: edits.add_scenario(document, Scenario(name=copied, strategy=strategy)),
                 f"Added {show.short(copied, 40)}", toast=True)


def _remove(name: str) -> None:
    state.revise(lambda document: edits.remove_scenario(document, name), f"Removed {show.short(name, 40)}", toast=True)


def _baseline(name: str) -> None:
    state.revise(lambda document: edits.set_baseline(document, name), f"Savings count from {show.short(name, 40)}",
                 toast=True)


@st.dialog("Rename a scenario")
def _rename_dialog(name: str) -> None:
    with st.form("rename_scenario", border=False):
        new = st.text_input("Name", name, max_chars=200)
        if st.form_submit_button("Rename", type="primary"):
            if state.revise(lambda document: edits.rename_scenario(document, name, str(new)),
                            f"Renamed {show.short(name, 40)}"):
                st.session_state.pop("scenario_pick", None)
            st.rerun()
