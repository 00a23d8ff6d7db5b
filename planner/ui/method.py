"""Parts of the Method page: the plan worked through, the register, rules and contradictions, limits, glossary."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import streamlit as st

from planner.domain.assumptions import Assumption, register_of
from planner.domain.matrix import load_matrix
from planner.engine.evaluate import Evaluation
from planner.engine.recommend import RECOMMENDED
from planner.engine.study import Study
from planner.ui import edits, show, state
from planner.ui.cells import BAR, read_quantity, write_plain
from planner.views.tables import assumptions_table, results
from planner.views.worked import GLOSSARY, NOT_COUNTED, worked_steps
from pricing.errors import InputError


def worked_example(study: Study) -> None:
    """Each formula with this plan's numbers, for one category in one scenario."""
    every = {("The recommended mix" if each.name == RECOMMENDED else each.name): each for each in results(study)}
    names = list(study.evaluation.demand.names)
    best = study.recommendation.scenario
    first = next((label for label, each in every.items() if best is not None and each.name == best.name), None)
    with st.container(horizontal=True, gap="small"):
        category = _choice("Category", names, names[0], "method_category")
        label = _choice("Scenario", list(every), first or next(iter(every)), "method_scenario")
    result, k = every[label], names.index(category)
    if result.blocked[k] is not None:
        show.problem(f"{category} cannot be worked out in {label}: {result.blocked[k]}.")
        return
    evaluation = study.evaluation
    if result.name == RECOMMENDED:
        evaluation = _with_setting(study)
    for step in worked_steps(evaluation, result, k):
        with st.container(border=True):
            note = f"  \n:small[:gray[{show.safe(step.note)}]]" if step.note else ""
            st.markdown(f"**{show.safe(step.title)}: {show.safe(step.result)}**  \n"
                        f":gray[{show.safe(step.formula)}]  \n{show.safe(step.numbers)}{note}")


def _with_setting(study: Study) -> Evaluation:
    """The evaluation over the endpoints that the recommendation chose from."""
    return replace(study.evaluation, setting=study.recommendation.setting)


def _choice(label: str, names: list[str], default: str, key: str) -> str:
    if key in st.session_state and st.session_state[key] not in names:
        del st.session_state[key]
    return str(st.selectbox(label, names, names.index(default), key=key, width=320, persist_state="session",
                            format_func=lambda each: show.short(each, 60)))


def register_table(study: Study | None) -> None:
    """Every assumption with range, unit, source and origin; your own values and the way back."""
    register = register_of(state.plan().assumptions)
    groups = dict(register.groups)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        origin = st.segmented_control("Origin", ("All", "Yours", "Default"), default="All", required=True,
                                      key="register_origin", persist_state="session")
        group = st.selectbox("Part", ["All", *groups.values()], key="register_group", width=260,
                             persist_state="session")
    entries = [each for each in register.values()
               if (group == "All" or groups[each.group] == group)
               and (origin == "All" or (each.origin == "plan") == (origin == "Yours"))]
    if not entries:
        show.hint("No assumption here. Choose another part or origin.")
    else:
        shown = pd.DataFrame([
            {"Assumption": each.label, "Value": write_plain(each.value),
             "Range": f"{write_plain(each.low)} to {write_plain(each.high)}", "Unit": register.unit(each.id).label,
             "Origin": "Yours" if each.origin == "plan" else "Default", "Kind": each.kind.capitalize(),
             "As of": each.as_of, "What it does": each.sentence, "Source": each.source} for each in entries
        ])
        column = st.column_config
        st.dataframe(shown, hide_index=True, width="stretch", row_height=38, height=min(38 * len(shown) + 42, 460),
                     alt="The register of assumptions",
                     column_config={"Assumption": column.TextColumn(width=230),
                                    "Value": column.TextColumn(width=80, alignment="right"),
                                    "Range": column.TextColumn(width=120, alignment="right"),
                                    "Unit": column.TextColumn(width=120), "Origin": column.TextColumn(width=80),
                                    "Kind": column.TextColumn(width=90), "As of": column.TextColumn(width=90),
                                    "What it does": column.TextColumn(width=360),
                                    "Source": column.TextColumn(width=420)})
    if study is not None:
        show.csv_button(assumptions_table(study), "assumptions", "assumptions")
    _change(list(register.values()))


def _change(entries: list[Assumption]) -> None:
    st.markdown("### Your own value", anchors=False)
    by_id = {each.id: each for each in entries}
    key = str(st.selectbox("Assumption", list(by_id), key="assumption_pick", persist_state="session",
                           format_func=lambda each: by_id[each].label))
    entry = by_id[key]
    unit = register_of(state.plan().assumptions).unit(key)
    show.small(f"{entry.sentence} Source: {entry.source} ({entry.as_of}).")
    own = state.plan().assumptions.get(key)
    now = f" {BAR} ".join(write_plain(part) for part in dict.fromkeys((entry.low, entry.value, entry.high))) if (
        own is not None and entry.low != entry.high) else write_plain(entry.value)
    takes = f"{unit.expected[:1].upper()}{unit.expected[1:]}; or low {BAR} likely {BAR} high"
    form = st.form(f"assumption_{key}_{state.session().version}", border=False)
    with form, st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        typed = st.text_input(f"Value ({unit.label})", now, width=280, max_chars=80, help=takes)
        applied = st.form_submit_button("Use it", type="primary")
        reset = st.form_submit_button("Back to the default", disabled=own is None)
    if applied or reset:
        _set(entry, None if reset else str(typed))
        st.rerun()


def _set(entry: Assumption, text: str | None) -> None:
    if text is None:
        state.revise(lambda document: edits.set_assumption(document, entry.id, None), f"Default for {entry.label}")
        return
    try:
        value = read_quantity("plain", text, entry.label)
    except InputError as error:
        state.refuse(error)
        return
    try:
        # all of the plan's own values at once: some must stay in rising order
        register_of({}).with_overrides({**state.plan().assumptions, entry.id: value})
    except InputError as error:
        state.refuse(error)
        return
    state.revise(lambda document: edits.set_assumption(document, entry.id, value), f"Changed {entry.label}", toast=True)


def rules() -> None:
    """The articles' rules and how their contradictions are resolved."""
    matrix = load_matrix()
    show.finding("Where the articles contradict each other", "What the planner does instead")
    for each in matrix.contradictions:
        st.markdown(f"**{show.safe(each.id)}** {show.safe(each.contradiction)}  \n:gray[{show.safe(each.resolution)}]")
    with st.expander(f"All {len(matrix.rules)} rules of the matrix", icon=":material/rule:"):
        show.rows_table(["Rule", "When", "Prefer", "Because"], [
            [each.id, show.safe(each.situation), show.safe(each.answer), show.safe(each.because)]
            for each in matrix.rules.values()], "Rules of the decision matrix")
    with st.expander("The articles", icon=":material/menu_book:"):
        for letter, article in matrix.articles.items():
            st.markdown(f"**{show.safe(letter)}** {show.safe(article.title)}")


def limits() -> None:
    """What no figure holds."""
    show.finding("What is not counted", "Nothing of this is in any figure: weigh it beside them")
    st.markdown("\n".join(f"- {show.safe(words)}" for words in NOT_COUNTED))


def glossary() -> None:
    """Words as they are used here."""
    show.rows_table(["Word", "Meaning"], [[f"**{show.safe(word)}**", show.safe(words)] for word, words in GLOSSARY],
                    "Glossary")
