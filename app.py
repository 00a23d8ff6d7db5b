"""The planner on screen: page settings, the list of pages, one error handler. Start it with ``make run``."""

from __future__ import annotations

import gc
import logging

import streamlit as st

from planner.ui import errors, menu

st.set_page_config(page_title="Model portfolio planner", page_icon=menu.ICON, layout="wide",
                   initial_sidebar_state="collapsed")


@st.cache_resource(show_spinner=False)
def _warm() -> bool:
    """Load once what every page needs and take it out of the garbage collector's rounds: reruns stay free of its
    pauses of about 85 ms."""
    import plotly.graph_objects as go

    from planner.domain.matrix import load_matrix
    from planner.ui import results

    logging.getLogger("planner").setLevel(logging.INFO)
    go.Figure(go.Scatter(x=[1], y=[1])).to_json()
    load_matrix()
    results.catalog()
    gc.collect()
    gc.freeze()
    return True


_warm()
errors.guarded(st.navigation(menu.pages(), position="top").run)
