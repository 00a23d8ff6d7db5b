"""Ways to show things that every page shares. Names are text here: :func:`safe` takes their markup away."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from typing import Any, Literal

import pandas as pd
import streamlit as st

from planner.ui import state
from planner.ui.edits import spoken
from planner.views.chart_spec import ChartSpec
from planner.views.csv_text import csv_text
from planner.views.plotly_charts import CONFIG, Theme, figure
from planner.views.table_words import headed

_MARKUP = re.compile(r"([!-/:-@\[-`{-~])")
_PERCENT = re.compile(r"(?<=\d) %")
"""A number and its sign stay in one line."""
MAX_NAME = 60


def safe(text: str) -> str:
    """Text that Streamlit shows as it is: no markdown, no colour or icon directive, no formula, no link.

    >>> safe("*Triage* :red[x] $1"), safe("a-b")
    ('\\\\*Triage\\\\* \\\\:red\\\\[x\\\\] \\\\$1', 'a\\\\-b')
    """
    return _MARKUP.sub(r"\\\1", text)


def short(text: str, most: int = MAX_NAME) -> str:
    """A name cut to a length."""
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"


def theme() -> Theme:
    """The theme that the visitor sees."""
    return "dark" if st.context.theme.type == "dark" else "light"


def small(text: str) -> None:
    """Secondary text; ``text`` is raw and is escaped here."""
    st.markdown(f":small[:gray[{safe(spoken(text))}]]")


def finding(title: str, caption: str) -> None:
    """A section's title, its finding, with a grey line below that says what is shown."""
    title = _PERCENT.sub("\u00a0%", title)
    st.markdown(f"### {safe(title)}\n\n:small[:gray[{safe(caption)}]]", anchors=False)


def problem(text: str) -> None:
    """Something that cannot be, with a way out."""
    st.error(safe(spoken(text)), icon=":material/error:")


def hint(text: str) -> None:
    """Something to know, without alarm."""
    st.info(safe(text), icon=":material/info:")


def notices() -> None:
    """What the last action has to say: toasts for what was done, boxes for what was refused."""
    for notice in state.take_notices("done"):
        st.toast(safe(notice.text), icon=":material/check:")
    refused = state.take_notices("refused")
    if refused:
        st.error("  \n".join(safe(spoken(notice.text)) for notice in refused), icon=":material/error:")


def metric(label: str, value: str, pill: str = "", *, is_saving: bool = False, help_text: str | None = None,
           border: bool = True) -> None:
    """One headline figure: the label names the unit, the pill qualifies it. A saving is green when it falls.

    The label is Streamlit text: escape a name in it before.
    """
    st.metric(
        label, value, pill or None, border=border, height="stretch" if border else "content", help=help_text,
        delta_color="inverse" if is_saving else "off", delta_arrow="auto" if is_saving else "off",
    )


@lru_cache(maxsize=128)
def _figure(spec: ChartSpec, seen: Theme) -> Any:
    """A chart that was drawn before need not be drawn again; nobody changes a figure."""
    return figure(spec, seen)


def chart(spec: ChartSpec, key: str, shown: pd.DataFrame | None = None) -> None:
    """A chart under its finding, with its table and its CSV below.

    ``shown``: the table in words, where the raw one does not say how its figures are written.
    """
    finding(spec.title, spec.caption)
    if spec.is_empty:
        hint("There is nothing to draw yet.")
        return
    st.plotly_chart(_figure(spec, theme()), theme=None, config=CONFIG, key=f"chart_{key}", alt=spec.alt,
                    width="stretch")
    twin(spec.table, key, spec.name, spec.alt, shown)


def twin(table: pd.DataFrame, key: str, file_name: str, alt: str = "", shown: pd.DataFrame | None = None) -> None:
    """"Show as table" and "CSV" for figures that are also drawn."""
    with st.container(horizontal=True, gap="small"):
        is_open = st.session_state.get(f"open_{key}", False)
        st.button("Hide table" if is_open else "Show as table", key=f"table_{key}", type="tertiary",
                  icon=":material/table_rows:", on_click=_toggle, args=(f"open_{key}",))
        csv_button(table, key, file_name)
    if st.session_state.get(f"open_{key}", False):
        st.dataframe(headed(table) if shown is None else shown, hide_index=True, placeholder="–", alt=alt or None,
                     width="stretch")


def _toggle(name: str) -> None:
    st.session_state[name] = not st.session_state.get(name, False)


def csv_button(table: pd.DataFrame, key: str, file_name: str) -> None:
    """Download of a table's unrounded figures."""
    st.download_button("CSV", partial(_csv, table), f"{file_name}.csv", "text/csv", key=f"csv_{key}", type="tertiary",
                       icon=":material/download:", on_click="ignore")


def _csv(table: pd.DataFrame) -> bytes:
    return csv_text(table).encode("utf-8")


def rows_table(header: Sequence[str], rows: Sequence[Sequence[Any]], alt: str,
               written: Callable[[Any], str] | None = None) -> None:
    """A small table without chrome. Text cells are Streamlit text: escape names before.

    Columns of numbers stand on the right and are written by ``written``.
    """
    frame = pd.DataFrame([list(row) for row in rows], columns=list(header))
    shown: Any = frame if written is None else frame.style.format(written, subset=list(
        frame.select_dtypes("number").columns), na_rep="–")
    st.table(shown, border="horizontal", hide_index=True, alt=alt)


Kind = Literal["primary", "secondary", "tertiary"]


def pick_once(label: str, options: Sequence[str], key: str, on_pick: Callable[[str], None], *, icon: str | None = None,
              kind: Kind = "secondary", names: Callable[[str], str] = str, help_text: str | None = None) -> None:
    """A menu that does something with what is picked, once."""
    picked = st.menu_button(label, list(options), key=key, icon=icon, type=kind, help=help_text,
                            format_func=lambda option: safe(short(names(option))))
    if picked is not None:
        on_pick(picked)


def empty_plan() -> None:
    """What a page shows while there is nothing to compute."""
    has_work = bool(state.plan().workload.categories)
    title = "No strategy yet" if has_work else "No work yet"
    finding(title, "Add a scenario on the Compare page." if has_work else
            "Start from a template, open a plan file, or add a first category on the Workload page.")
    page = "planner/pages/compare.py" if has_work else "planner/pages/workload.py"
    st.page_link(page, label="Go to Compare" if has_work else "Go to Workload", icon=":material/arrow_forward:")
