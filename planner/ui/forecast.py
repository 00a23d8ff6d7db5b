"""Parts of the Forecast page: what is assumed of the months ahead, the answer under doubt, and how sure it is."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import numpy as np
import streamlit as st

from planner.domain.plan import plan_hash
from planner.engine.draws import DEFAULT_SEED
from planner.engine.response import respond
from planner.engine.study import Study
from planner.engine.uncertainty import Outlook, Risk, assess_study, evaluation_of, scenarios_of
from planner.ui import cells, edits, show, state
from planner.ui.overview import BADGES
from planner.views.formatting import count_whole, day
from planner.views.risk_charts import capital, named, odds_matrix, odds_rows, odds_table, odds_title, outlook_words
from planner.views.wording import CONFIDENCE
from planner.views.wording_risk import confidence_sentence
from pricing.errors import InputError, Problem, quoted

HORIZONS = (12, 24, 36)
SEED = "forecast_seed"
MOST_NEW_SEED = 1_000_000
KEPT = 64


@dataclass(frozen=True)
class Doubt:
    """A plan under doubt, and the decision with every input at its median."""

    outlook: Outlook
    planned_usd: float
    """What the second-best scenario costs more than the best; the best one's total if it is alone, NaN without one."""


def assessed(study: Study) -> Doubt:
    """Bands, odds and what matters most, drawn once per plan, seed and day and shared by all visitors."""
    return _assessed(plan_hash(study.plan), seed(), study.evaluation.day, study)


@st.cache_resource(show_spinner="Drawing the months ahead …", max_entries=KEPT)
def _assessed(name: str, seed: int, day: date, _study: Study) -> Doubt:
    outlook = _study.outlook if seed == DEFAULT_SEED else assess_study(_study, seed)
    return Doubt(outlook, _planned_usd(_study, outlook.risk))


def _planned_usd(study: Study, risk: Risk) -> float:
    if risk.best is None:
        return float("nan")
    names = [each.name for each in risk.scenarios]
    response = respond(evaluation_of(study), scenarios_of(study))
    medians = {each.key: np.array([each.spread.quantile(0.5)]) for each in response.inputs}
    total = response.totals(medians).total_usd()[:, 0]
    best = float(total[names.index(risk.best)])
    return best if risk.second is None else float(total[names.index(risk.second)]) - best


def seed() -> int:
    """The seed of this visitor."""
    return int(st.session_state.get(SEED, DEFAULT_SEED))


# What is assumed -----------------------------------------------------------------------------------------------------


def inputs(study: Study) -> str | None:
    """Scenario, horizon, growth, price trend, budget and seed in one row; returns the scenario, None if none can run.

    All but the scenario and the seed are part of the plan.
    """
    plan = study.plan
    with st.grid(6, min_column_width=145):
        name = _scenario(study)
        _horizon(plan.horizon_months)
        _field("Growth a month", "growth", cells.write_quantity("share", plan.monthly_growth), _growth,
               "Growth of requests: low | likely | high, or one number. Write -2 % for shrinking.")
        _field("Price trend a month", "drift", cells.write_quantity("share", plan.monthly_price_drift), _drift,
               "Change of API prices on top of announced ones: low | likely | high, or one number.")
        budget = plan.limits.monthly_budget_usd
        _field("Budget a month", "budget", _money(budget), _budget,
               "The invoice that should not be passed. Empty for none.", "none")
        st.session_state.setdefault(SEED, DEFAULT_SEED)
        st.number_input("Seed", 0, 2**53 - 1, step=1, key=SEED, persist_state="session",
                        help="The same seed gives the same figures on every machine.")
    return name


def _scenario(study: Study) -> str | None:
    """The scenario whose months are shown: the recommended one first, without those that cannot be run and priced."""
    best = study.recommendation.scenario
    results = sorted((each for each in scenarios_of(study) if each.is_priced),
                     key=lambda each: best is None or each.strategy != best.strategy)
    names = [each.name for each in results]
    if st.session_state.get("forecast_scenario") not in names:
        st.session_state.pop("forecast_scenario", None)
    return st.selectbox("Scenario", names, key="forecast_scenario", persist_state="session",
                        placeholder="None has a price", format_func=show.short)


def _money(value: float | None) -> str:
    if value is None:
        return ""
    return f"${value:,.0f}" if value.is_integer() else cells.write_usd(value)


def _horizon(months: int) -> None:
    key = f"forecast_horizon_{_round()}"

    def set_horizon() -> None:
        chosen = int(st.session_state[key])
        state.revise(lambda document: document.update(horizon_months=chosen), f"Set the horizon to {chosen} months")

    st.segmented_control("Horizon, months", sorted({*HORIZONS, months}), default=months, required=True, key=key,
                         on_change=set_horizon)


def _round() -> str:
    """Part of the key of widgets that show the plan: it changes with the plan, and when a value was refused."""
    return f"{state.session().version}_{st.session_state.get('forecast_refused', 0)}"


def _field(label: str, name: str, text: str, write: Callable[[edits.Document, str], None], help_text: str,
           placeholder: str = "") -> None:
    key = f"forecast_{name}_{_round()}"

    def set_value() -> None:
        typed = str(st.session_state[key]).strip()
        try:
            write({}, typed)  # reads it first, so that a value that cannot be read is refused with its reason
            is_kept = state.revise(lambda document: write(document, typed), f"{label}: {typed or 'none'}")
        except InputError as error:
            state.refuse(error)
            is_kept = False
        if not is_kept:
            st.session_state["forecast_refused"] = st.session_state.get("forecast_refused", 0) + 1

    st.text_input(label, text, key=key, help=help_text, placeholder=placeholder, on_change=set_value, max_chars=80)


def _growth(document: edits.Document, typed: str) -> None:
    document["monthly_growth"] = _read_change(typed, "Growth a month")


def _drift(document: edits.Document, typed: str) -> None:
    document["monthly_price_drift"] = _read_change(typed, "Price trend a month")


def _read_change(typed: str, place: str) -> float | dict[str, float]:
    """A change in per cent that may be negative, or three of them in rising order."""
    parts = [part.strip().replace("\N{MINUS SIGN}", "-") for part in (typed or "0").split(cells.BAR)]
    found = [-cells.read_share(part[1:], place) if part.startswith("-") else
             cells.read_share(part.removeprefix("+"), place) for part in parts]
    if len(found) == 1:
        return found[0]
    if len(found) != 3 or sorted(found) != found:
        raise InputError(Problem(place, quoted(typed, 40), "one number, or three in rising order",
                                 "Write low | likely | high."))
    return dict(zip(("low", "likely", "high"), found, strict=True))


def _budget(document: edits.Document, typed: str) -> None:
    amount = cells.read_usd(typed, "Budget a month") if typed else None
    document["limits"] = {**(document.get("limits") or {}), "monthly_budget_usd": amount}


# The answer ----------------------------------------------------------------------------------------------------------


def answer_card(study: Study, outlook: Outlook, name: str) -> None:
    """When the budget is passed, or where the invoice will lie; then how sure the choice is."""
    risk = outlook.risk
    said, more = outlook_words(outlook, name)
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            if risk.confidence is not None:
                icon, colour = BADGES[risk.confidence]
                st.badge(CONFIDENCE[risk.confidence], icon=icon, color=colour)
            show.small(f"{capital(named(name))} · prices of {day(study.evaluation.day)} · planning figure, not a quote")
        st.markdown(f"## {show.safe(said)}", anchors=False)
        st.markdown(show.safe(" ".join(part for part in (confidence_sentence(risk), more) if part)))


def drawn_with(risk: Risk) -> None:
    """How many draws, and a way to see that another seed says the same."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        show.small(f"{count_whole(risk.draws)} draws, seed {risk.seed}")
        st.button("New seed", key="new_seed", type="tertiary", icon=":material/casino:", on_click=_new_seed,
                  help="Draws again: what stays the same does not hang on chance")


def _new_seed() -> None:
    st.session_state[SEED] = secrets.randbelow(MOST_NEW_SEED)


def odds(risk: Risk) -> None:
    """Every scenario's bands, and how often each costs less than each other."""
    show.finding(odds_title(risk), f"All scenarios in the same {count_whole(risk.draws)} draws. P10 to P90: 8 of 10 "
                 "outcomes. Clear: from 90 %. Likely: from 70 %. Below that it is too close to call.")
    st.dataframe(odds_rows(risk), hide_index=True, width="stretch", row_height=38,
                 alt="Scenarios with their bands a month and how often the best one costs less")
    matrix = odds_matrix(risk)
    if len(matrix) > 1:
        with st.expander("How often each costs less than each other", icon=":material/balance:"):
            st.dataframe(matrix, hide_index=True, width="stretch", row_height=38,
                         alt="How often the scenario of the row has a lower total than that of the column")
            show.small("Share of the draws in which the row has a lower total than the column.")
    show.csv_button(odds_table(risk), "odds", "odds")
