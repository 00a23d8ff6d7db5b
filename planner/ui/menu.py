"""The list of pages, and the head that every page shares: question, plan menu, undo and redo."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from planner.domain.plan import parse_plan
from planner.domain.templates import example_plan, find_template, list_templates
from planner.ui import edits, origins, show, state
from pricing.errors import InputError

PAGES = (
    ("overview.py", "Overview"),
    ("workload.py", "Workload"),
    ("models.py", "Models & prices"),
    ("compare.py", "Compare"),
    ("break_even.py", "Break-even"),
    ("forecast.py", "Forecast & risk"),
    ("export.py", "Export & share"),
    ("method.py", "Method"),
)
"""File in planner/pages and name in the menu, in reading order; the first one is the landing page."""

ICON = (
    '<svg viewBox="0 0 32 32" xmlns="http://www.w3.org/2000/svg"><g fill="#0B6BB8"><rect x="3" y="4" width="26" '
    'height="6"/><rect x="3" y="13" width="18" height="6"/><rect x="3" y="22" width="11" height="6"/></g></svg>'
)
"""The browser tab's picture, drawn here so that nothing is fetched."""

OPEN_FILE, RENAME, ZERO, EXAMPLE = "Open a plan file …", "Rename this plan …", "Start from zero", "example"


def pages() -> list[Any]:
    """The pages for ``st.navigation``."""
    return [
        st.Page(f"planner/pages/{file}", title=title, url_path=file.removesuffix(".py"), default=number == 0)
        for number, (file, title) in enumerate(PAGES)
    ]


def head(question: str) -> None:
    """The page's question with the plan menu and undo, then what the last action has to say."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.title(question, width="stretch", anchor=False)
        _plan_menu()
        back, again = state.next_undo(), state.next_redo()
        st.button("", icon=":material/undo:", key="undo", on_click=state.undo, disabled=back is None,
                  help=f"Undo: {show.safe(show.short(back))}" if back else "Nothing to undo")
        st.button("", icon=":material/redo:", key="redo", on_click=state.redo, disabled=again is None,
                  help=f"Redo: {show.safe(show.short(again))}" if again else "Nothing to redo")
    show.notices()


def _plan_menu() -> None:
    titles = {f"template:{each.slug}": f"New: {each.title}" for each in list_templates()}
    titles |= {f"template:{EXAMPLE}": f"Example: {example_plan().title}", "open": OPEN_FILE,
               "rename": RENAME, "zero": ZERO}
    order = ["rename", "open", f"template:{EXAMPLE}", *(key for key in titles if key.startswith("template:")
             and not key.endswith(EXAMPLE))]
    order.append("zero")
    actions: dict[str, Callable[[], None]] = {"open": _open_dialog, "rename": _rename_dialog, "zero": from_zero}

    def pick(option: str) -> None:
        if option in actions:
            actions[option]()
        else:
            start_from(option.removeprefix("template:"))
            st.rerun()

    show.pick_once(show.safe(show.short(state.plan().name, 22)), order, "plan_menu", pick,
                   icon=":material/folder_open:", names=titles.__getitem__)


def start_from(slug: str) -> None:
    """Make a template the plan; undo brings the old plan back."""
    template = find_template(slug)
    old = state.plan().name
    fresh = parse_plan(template.text)
    origins.opened(fresh, "template")
    state.put(fresh, f"Opened {template.title} in place of {old}")
    state.say(f"Opened {template.title}. The arrow at the top brings {show.short(old, 30)} back.")


def from_zero() -> None:
    """Take all categories out; the scenarios stay, without their choices per category."""

    def clear(document: edits.Document) -> None:
        for number in reversed(range(len(edits.categories(document)))):
            edits.remove_category(document, number)

    if state.revise(clear, "Started from zero"):
        state.say("Took all categories out. The arrow at the top brings them back.")
    st.rerun()


@st.dialog("Rename this plan")
def _rename_dialog() -> None:
    with st.form("rename", border=False):
        name = st.text_input("Name", state.plan().name, max_chars=200)
        if st.form_submit_button("Rename", type="primary"):
            state.revise(lambda document: document.update(name=name), f"Renamed the plan to {show.short(name, 40)}")
            st.rerun()


@st.dialog("Open a plan file")
def _open_dialog() -> None:
    open_file_form("dialog")


def open_file_form(key: str) -> None:
    """Upload of a plan file: it is read whole or not at all, and the old plan stays until then."""
    uploaded = st.file_uploader("Plan file (YAML or JSON)", type=["yaml", "yml", "json"], key=f"upload_{key}",
                                max_upload_size=2)
    if uploaded is None:
        return
    try:
        text = uploaded.getvalue().decode("utf-8-sig")
        opened = parse_plan(text, "file")
    except UnicodeDecodeError:
        show.problem("The file is not UTF-8 text. Save it as UTF-8 and open it again. Your plan is kept.")
        return
    except InputError as error:
        shown = [str(problem).removeprefix("file > ") for problem in error.problems[:12]]
        more = len(error.problems) - len(shown)
        st.error("\n".join([f"{show.safe('The file was not opened. Your plan is kept.')}\n",
                            *(f"- {show.safe(line)}" for line in shown), *([f"- and {more} more"] if more else [])]),
                 icon=":material/error:")
        return
    if opened == state.plan():
        show.hint("This is the plan that is already open.")
        return
    show.small(f"{opened.name}: {len(opened.workload.categories)} categories, {len(opened.scenarios)} scenarios.")
    if st.button("Open it", type="primary", key=f"open_{key}"):
        old = state.plan().name
        origins.opened(opened, "file")
        state.put(opened, f"Opened {show.short(opened.name, 40)} in place of {show.short(old, 40)}")
        state.say(f"Opened {show.short(opened.name, 40)}. The arrow at the top brings the old plan back.")
        st.rerun()
