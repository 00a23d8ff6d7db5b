"""When does self-hosting pay?"""

from __future__ import annotations

import streamlit as st

from planner.engine.crossover import Crossover
from planner.ui import hosting, menu, results, self_hosting, show
from planner.views.charts import break_even_chart

menu.head("When does self-hosting pay?")
study = results.current()
if study is None:
    show.empty_plan()
    st.stop()
if not self_hosting.own_endpoints(study.plan):
    self_hosting.without_hosting()
    st.stop()

card = st.container()
sides = self_hosting.choose_sides(study)
if sides is None:
    show.hint("There is nothing to hold self-hosting against. Add a scenario without own machines on the Compare page.")
    st.stop()
challenger, incumbent = sides
found = results.against(challenger, incumbent, study)
facts = hosting.facts(study, challenger, incumbent) if isinstance(found, Crossover) else None
with card:
    self_hosting.verdict_card(found, study)
left, right = st.columns([8, 3], gap="large")
with left:
    if isinstance(found, Crossover) and facts is not None:
        lines = hosting.beside(facts, self_hosting.beside(study, found))
        show.chart(break_even_chart(found, lines), "break_even")
        crossings, today = st.columns(2, gap="large")
        with crossings:
            self_hosting.crossings(found)
        with today:
            self_hosting.capacity(challenger)
    else:
        show.hint("Once the servers can be sized, both bills are drawn here over volume. Change what is on the right: "
                  "another GPU, another number of GPUs, or the requests per second that you measured.")
with right:
    self_hosting.inputs(study, challenger)
    hosting.sources(study, challenger)
if facts is not None:
    hosting.what_moves_it(facts)
    hosting.month(facts)
    hosting.duty(facts)
    hosting.pools(facts)
hosting.choices(study)
if facts is not None:
    hosting.claims(facts)
