"""Drawers at the right of a page: one is open at a time, stays open while its steps are taken, and forgets its files
when it closes.
"""

from __future__ import annotations

import streamlit as st

from planner.ui import show, state
from pricing.errors import InputError

MOST_PROBLEMS = 8
_OPEN = "drawer_open"


def open_drawer(name: str) -> None:
    """Open a drawer in this run of the page."""
    st.session_state[_OPEN] = name


def is_open(name: str) -> bool:
    """Whether a drawer is to be drawn."""
    return bool(st.session_state.get(_OPEN) == name)


def close() -> None:
    """Close the drawer, and forget what it had read."""
    for key in (_OPEN, "usage_kept", "evals_kept"):
        st.session_state.pop(key, None)


def step(number: int, title: str) -> None:
    """The heading of one step."""
    st.markdown(f"**{number} · {show.safe(title)}**")


def problems(error: InputError, kept: str = "Nothing was imported. Your plan is kept.") -> None:
    """Every problem with its place and mend, in one box."""
    lines = [show.safe(str(problem)) for problem in error.problems[:MOST_PROBLEMS]]
    more = len(error.problems) - len(lines)
    st.error("\n".join([f"{show.safe(kept)}\n", *(f"- {line}" for line in lines),
                        *([f"- and {more:,} more"] if more > 0 else [])]), icon=":material/error:")


def refusals() -> None:
    """Why the plan could not take what was to be applied."""
    for notice in state.take_notices("refused"):
        show.problem(notice.text)


def remarks(lines: list[str]) -> None:
    """Things that a planner must know before applying."""
    if lines:
        st.warning("\n".join(f"- {show.safe(line)}" for line in lines), icon=":material/warning:")
