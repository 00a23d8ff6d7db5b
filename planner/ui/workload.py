"""Parts of the Workload page: ways to add work, totals, origin of the values."""

from __future__ import annotations

import streamlit as st

from planner.domain.plan import parse_plan, plan_document
from planner.domain.templates import find_template, list_templates
from planner.domain.workload import volume_of
from planner.engine.study import Study
from planner.ui import drawer, edits, grid, import_evals, import_usage, origins, paste, show, state
from planner.views.formatting import count, count_whole, plural, share


def buttons() -> None:
    """Add from a template, paste a table, import files, add an empty category."""
    titles = {each.slug: each.title for each in list_templates()}
    with st.container(horizontal=True, gap="small"):
        show.pick_once("Add from template", list(titles), "add_template", _add_template, icon=":material/add:",
                       kind="primary", names=titles.__getitem__)
        if st.button("Paste table", icon=":material/content_paste:", key="paste_open"):
            drawer.close()
            paste.paste_dialog()
        st.button("Import usage file", icon=":material/upload_file:", key="import_usage_open",
                  on_click=drawer.open_drawer, args=(import_usage.NAME,))
        st.button("Import evaluation", icon=":material/fact_check:", key="import_evals_open",
                  on_click=drawer.open_drawer, args=(import_evals.NAME,))
        st.button("Empty row", icon=":material/playlist_add:", key="add_empty", on_click=_add_empty)
    if drawer.is_open(import_usage.NAME):
        import_usage.show_drawer()
    elif drawer.is_open(import_evals.NAME):
        import_evals.show_drawer()


def _add_template(slug: str) -> None:
    """The categories of a template, under free names."""
    template = find_template(slug)
    fresh = parse_plan(template.text)
    documents = plan_document(fresh)["workload"]["categories"]
    names: list[str] = []

    def add(document: edits.Document) -> None:
        for each in documents:
            names.append(edits.add_category(document, each))

    if state.revise(add, f"Added {template.title}", toast=True):
        for name in names:
            added = next(each for each in state.plan().workload.categories if each.name == name)
            origins.added(added, "template")
        state.session().grid_version += 1
    st.rerun()


def _add_empty() -> None:
    state.revise(lambda document: _added(document), "Added an empty category")


def _added(document: edits.Document) -> None:
    edits.add_category(document, dict(grid.NEW))


def totals(study: Study | None) -> None:
    """Requests, tokens and the largest part of the bill, always in view."""
    plan = state.plan()
    volumes = [volume_of(category) for category in plan.workload.categories]
    requests = sum(n for n, _, _ in volumes)
    sent, written = sum(n * i for n, i, _ in volumes), sum(n * o for n, _, o in volumes)
    with st.grid(4, min_column_width=140):
        show.metric("Requests a month", count(requests), plural(len(volumes), "category", "categories"))
        cached = ""
        if study is not None and sent > 0:
            demand = study.evaluation.demand
            read = float((demand.requests * demand.input_tokens * demand.cached_share).sum())
            cached = f"{share(read / sent)} cached"
        show.metric("Input tokens", count(sent), cached)
        show.metric("Output tokens", count(written),
                    f"{share(written / (sent + written))} of tokens" if sent + written > 0 else "")
        _largest(study)


def _largest(study: Study | None) -> None:
    base = study.evaluation.baseline if study is not None else None
    bill = base.total("invoice_usd") if base is not None and base.is_priced else None
    if study is None or base is None or not bill:
        show.metric("Largest part", "–", "no traffic yet")
        return
    k = int(base.outcome.invoice_usd.argmax())
    name = study.evaluation.demand.names[k]
    show.metric("Largest part", share(float(base.outcome.invoice_usd[k]) / bill), show.short(name, 15),
                help_text=f"Share of {show.safe(name)} in the bill of {show.safe(base.name)}")


def origin_table() -> None:
    """How many values come from where."""
    plan = state.plan()
    counted = origins.totals(plan)
    show.finding("Where the numbers come from", f"Origin of the {sum(counted.values())} values in the grid")
    show.rows_table(["Origin", "Values"], [[label, number] for label, number in counted.items()],
                    "Values by origin", count_whole)
    if counted["From a template"] > 0:
        show.small("Template values are typical sizes, not yours: replace those that matter most.")
