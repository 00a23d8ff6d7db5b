"""What should we run, and what will it cost?"""

from __future__ import annotations

import streamlit as st

from planner.ui import menu, overview, results, show
from planner.views.charts import scenario_bars

menu.head("What should we run, and what will it cost?")
study = results.current()
if study is None:
    show.empty_plan()
    st.stop()

overview.answer_card(study)
overview.headline_figures(study)
overview.reasons_row(study)
st.space("small")
left, right = st.columns([7, 4], gap="large")
with left:
    show.chart(scenario_bars(study.evaluation, study.recommendation.scenario), "overview_bars")
with right:
    overview.volume_matrix(study)
overview.arithmetic(study)
overview.warnings(study)
