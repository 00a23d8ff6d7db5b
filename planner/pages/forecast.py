"""What if we are wrong?"""

from __future__ import annotations

import streamlit as st

from planner.ui import forecast, menu, results, show
from planner.views.risk_charts import fan_chart, tornado_chart, tornado_rows

menu.head("What if we are wrong?")
study = results.current()
if study is None:
    show.empty_plan()
    st.stop()

card = st.container()
name = forecast.inputs(study)
if name is None:
    show.hint("No scenario can be run and priced as it stands. Add another one on the Compare page.")
    st.stop()
doubt = forecast.assessed(study)
risk = doubt.outlook.risk
with card:
    forecast.answer_card(study, doubt.outlook, name)
st.space("small")
left, right = st.columns([7, 5], gap="large")
with left:
    show.chart(fan_chart(doubt.outlook.fan, name), "forecast_fan")
with right:
    show.chart(tornado_chart(risk, doubt.planned_usd), "forecast_tornado", tornado_rows(risk))
    forecast.drawn_with(risk)
st.space("small")
forecast.odds(risk)
