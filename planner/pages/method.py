"""How is it computed?"""

from __future__ import annotations

import streamlit as st

from planner.ui import menu, method, results, show

menu.head("How is it computed?")
study = results.current()
worked, register, rules, limits, glossary = st.tabs(
    ["Worked example", "Assumptions", "Contradictions", "Not counted", "Glossary"])
with worked:
    if study is None:
        show.empty_plan()
    else:
        method.worked_example(study)
with register:
    method.register_table(study)
with rules:
    method.rules()
with limits:
    method.limits()
with glossary:
    method.glossary()
