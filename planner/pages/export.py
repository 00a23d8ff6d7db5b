"""How do I hand this over?"""

from __future__ import annotations

import streamlit as st

from planner.report import FORMATS
from planner.ui import hand_over, menu, results, show

menu.head("How do I hand this over?")
study = results.current()
left, right = st.columns([5, 6], gap="large")
with left:
    hand_over.cards(study, FORMATS)
    hand_over.open_card()
with right:
    if study is None:
        show.empty_plan()
    else:
        hand_over.preview(study)
