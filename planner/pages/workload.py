"""What do we ask the models to do?"""

from __future__ import annotations

import streamlit as st

from planner.ui import category_form, grid, menu, results, show, state, workload
from planner.views.charts import workload_shares
from planner.views.workload_table import workload_table

menu.head("What do we ask the models to do?")
study = results.current()
workload.buttons()
if not state.plan().workload.categories:
    show.finding("No work yet", "Add a category from a template, paste a table, or start with an empty row")
    st.stop()

workload.totals(study)
grid.show_grid()
show.twin(workload_table(state.plan()), "workload", "workload", "The workload with all its figures")
with st.expander("Edit one category in a form, with every field", icon=":material/edit_note:"):
    category_form.show_form()
st.space("small")
left, right = st.columns([7, 4], gap="large")
with left:
    if study is not None:
        show.chart(workload_shares(study.evaluation), "shares")
with right:
    workload.origin_table()
