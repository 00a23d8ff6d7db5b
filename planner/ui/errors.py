"""What a visitor sees when something goes wrong: what it was, that the plan is kept, and a way on."""

from __future__ import annotations

import logging
from collections.abc import Callable

import streamlit as st

from planner.ui import show, state
from pricing.errors import InputError

LOG = logging.getLogger("planner")


def guarded(run: Callable[[], None]) -> None:
    """Run a page; a fault ends in a message instead of a traceback, and the plan stays as it is."""
    try:
        run()
    except InputError as error:
        st.error("\n".join([f"{show.safe('This plan cannot be worked out:')}\n",
                            *(f"- {show.safe(str(problem))}" for problem in error.problems[:12])]),
                 icon=":material/error:")
        _way_out()
    except Exception:
        LOG.exception("a page failed")
        show.problem("Something went wrong on this page, and it is our fault. Your plan is kept.")
        _way_out()


def _way_out() -> None:
    back = state.next_undo()
    if back is not None:
        st.button(f"Undo: {show.safe(show.short(back))}", icon=":material/undo:", on_click=state.undo, key="way_out")
