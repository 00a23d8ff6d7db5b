"""Which strategy?"""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from planner.ui import compare, menu, results, show, state
from planner.views.charts import error_scatter, errors_title, scenario_bars

menu.head("Which strategy?")
study = results.current()
if study is None:
    compare.without_study()
    st.stop()

compare.workbench(study, state.session().version)
st.space("small")
compare.scenario_list(study)
compare.manage(study)
st.space("small")
best = study.recommendation.scenario
left, right = st.columns(2, gap="large")
with left:
    bars = scenario_bars(study.evaluation, best)
    show.chart(replace(bars, title=errors_title(study.evaluation, best)), "compare_bars")
with right:
    show.chart(error_scatter(study.evaluation, best), "compare_scatter")
