"""The workload as a grid: a frame that stays the same per key, and edits that go straight into the plan.

Streamlit's editor must not be fed its own output. So the frame is built once per ``grid_version``; what is typed is
compared with what was taken before, put into the plan cell by cell, and the version is bumped whenever the frame must
be drawn anew: rows came or went, a value was refused, or the plan changed elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from planner.domain.assumptions import register_of
from planner.domain.plan import Plan
from planner.domain.quantities import likely
from planner.domain.workload import Category, volume_of
from planner.engine.demand import complexity_level, error_cost_usd
from planner.ui import edits, origins, show, state
from planner.ui.cells import READERS, write_count, write_share, write_usd
from pricing.errors import InputError, Problem, quoted

LATENCIES = {"interactive": "Interactive", "real_time": "Real time", "background": "Background", "batch": "Batch"}
CLASSES = ("low", "medium", "high", "critical")
COLUMNS = {
    "name": ("Category", "What you call this kind of request"),
    "requests_per_month": ("Requests", "Calls to a model in a month; 12M, 1.5B and 250k are understood"),
    "input_tokens_per_request": ("Tokens in", "Mean tokens sent with one request, cached ones included"),
    "output_tokens_per_request": ("Tokens out", "Mean tokens billed as output of one request"),
    "cached_input_share": ("Cached", "Share of input tokens read from the prompt cache, in per cent"),
    "complex_share": ("Complex", "Share of requests that need judgement or several steps, in per cent"),
    "error_cost_usd": ("Error cost", "What one wrong answer costs: dollars, or low, medium, high, critical"),
    "latency": ("Answer in", "How soon the answer must come"),
    "in_house_only": ("In-house", "Only on machines you control"),
}
KINDS = {"requests_per_month": "count", "input_tokens_per_request": "count", "output_tokens_per_request": "count",
         "cached_input_share": "share", "complex_share": "share", "error_cost_usd": "usd"}
WIDTHS = {"requests_per_month": 106, "input_tokens_per_request": 106, "output_tokens_per_request": 106,
          "cached_input_share": 92, "complex_share": 98, "error_cost_usd": 104}
VOLUME = ("requests_per_month", "input_tokens_per_request", "output_tokens_per_request")
NEW = {"name": "New category", "requests_per_month": 0.0, "input_tokens_per_request": 0.0,
       "output_tokens_per_request": 0.0}

Document = dict[str, Any]


def complex_share_of(category: Category, plan: Plan) -> float:
    """The share in force: entered, or the register's for the category's complexity."""
    if category.complex_share is not None:
        return likely(category.complex_share)
    register = register_of(plan.assumptions)
    return register.value(f"complex_share_{complexity_level(category, register)}")


def cell_texts(category: Category, plan: Plan) -> dict[str, Any]:
    """One row of the grid."""
    requests, tokens_in, tokens_out = volume_of(category)
    return {
        "name": category.name, "requests_per_month": write_count(requests),
        "input_tokens_per_request": write_count(tokens_in), "output_tokens_per_request": write_count(tokens_out),
        "cached_input_share": write_share(likely(category.cached_input_share)),
        "complex_share": write_share(complex_share_of(category, plan)),
        "error_cost_usd": write_usd(error_cost_usd(category, register_of(plan.assumptions))),
        "latency": LATENCIES[category.latency], "in_house_only": category.in_house_only,
    }


def frame(plan: Plan) -> pd.DataFrame:
    """All rows, with where their values come from."""
    rows = [{**cell_texts(category, plan), "origin": origins.row_origin(category)}
            for category in plan.workload.categories]
    return pd.DataFrame(rows, columns=[*COLUMNS, "origin"]).astype({"in_house_only": "boolean"})


def show_grid() -> None:
    """The editor, and what it has to say about the last edit."""
    here = state.session()
    kept = st.session_state.get("grid")
    if kept is not None and kept["seen"] and f"grid_{kept['version']}" not in st.session_state:
        # Streamlit forgets an editor while another page is shown: what was typed is in the plan, so start afresh
        here.grid_version += 1
    if kept is None or kept["version"] != here.grid_version:
        kept = {"version": here.grid_version, "frame": frame(here.plan), "seen": {}}
        st.session_state["grid"] = kept
    key = f"grid_{here.grid_version}"
    st.data_editor(
        kept["frame"], key=key, on_change=_take, args=(key,), num_rows="dynamic", hide_index=True,
        row_height=40, width="stretch", column_config=_config(), disabled=["origin"],
        alt="The workload, one category in a row; every cell but the last can be edited",
    )
    if take_edits(key):  # an edit that came without its callback, as after a lost connection
        st.rerun()
    for notice in state.take_notices("echo"):
        show.small(notice.text)


def _config() -> dict[str, Any]:
    column = st.column_config
    config: dict[str, Any] = {
        name: column.TextColumn(label, help=help_text, alignment="right", max_chars=40, width=WIDTHS[name])
        for name, (label, help_text) in COLUMNS.items() if name in KINDS
    }
    config["name"] = column.TextColumn(*COLUMNS["name"][:1], help=COLUMNS["name"][1], max_chars=200, width=178)
    config["latency"] = column.SelectboxColumn(COLUMNS["latency"][0], help=COLUMNS["latency"][1],
                                               options=list(LATENCIES.values()), required=True, width=112)
    config["in_house_only"] = column.CheckboxColumn(COLUMNS["in_house_only"][0], help=COLUMNS["in_house_only"][1],
                                                    width=92)
    config["origin"] = column.TextColumn("Origin", help="Where the row's values come from", width=84)
    return config


def _take(key: str) -> None:
    take_edits(key)


def take_edits(key: str) -> bool:
    """Put what was typed since the last call into the plan; False if there was nothing new."""
    typed = st.session_state[key]
    kept = st.session_state["grid"]
    if kept["version"] != state.session().grid_version:
        return False
    seen: dict[int, dict[str, Any]] = kept["seen"]
    source: pd.DataFrame = kept["frame"]
    redraw = False
    fresh = _fresh(typed["edited_rows"], seen, source)
    for row, cells in fresh:
        redraw |= not _take_row(row, cells)
    kept["seen"] = {int(row): dict(cells) for row, cells in typed["edited_rows"].items()}
    for added in typed["added_rows"]:
        _add_row(added)
        redraw = True
    if typed["deleted_rows"]:
        _remove_rows(sorted(map(int, typed["deleted_rows"]), reverse=True))
        redraw = True
    if redraw:
        state.session().grid_version += 1
    return redraw or bool(fresh)


def _fresh(edited: Mapping[Any, Mapping[str, Any]], seen: Mapping[int, Mapping[str, Any]], source: pd.DataFrame
           ) -> list[tuple[int, dict[str, Any]]]:
    """Cells that differ from what was taken before, and cells that went back to the frame's value."""
    now = {int(row): dict(cells) for row, cells in edited.items()}
    changed: list[tuple[int, dict[str, Any]]] = []
    for row in sorted({*now, *seen}):
        cells = {name: value for name, value in now.get(row, {}).items() if seen.get(row, {}).get(name) != value}
        back = {name: source.iloc[row][name] for name in seen.get(row, {}) if name not in now.get(row, {})}
        if cells or back:
            changed.append((row, {**back, **cells}))
    return changed


def _take_row(row: int, cells: Mapping[str, Any]) -> bool:
    """Put some cells of a row into the plan; False if one was refused."""
    whole = True
    for field, typed in cells.items():
        category = state.plan().workload.categories[row]
        label = COLUMNS[field][0]
        place = f"{show.short(category.name, 40)}, {label}"
        before = cell_texts(category, state.plan())[field]
        try:
            patch, understood = read_cell(field, typed, place)
        except InputError as error:
            state.refuse(error, f"Kept {before}.")
            whole = False
            continue
        done = state.revise(lambda document, patch=patch: patch_category(document, row, patch),  # type: ignore[misc]
                            f"Changed {place}", from_grid=True)
        if done and understood:
            state.say(f"Understood: {place} = {understood}", "echo")
        whole &= done
    return whole


def read_cell(field: str, typed: Any, place: str) -> tuple[Document, str]:
    """What a cell means for a category's document, and what was understood where it was not typed that way.

    >>> read_cell("requests_per_month", "12M", "Triage, Requests")
    ({'requests_per_month': 12000000.0}, '12,000,000')
    >>> read_cell("error_cost_usd", "high", "Triage, Error cost")
    ({'error_cost': 'high', 'error_cost_usd': None}, '')
    """
    if field == "in_house_only":
        return {field: bool(typed)}, ""
    text = "" if typed is None else str(typed).strip()
    if field == "latency":
        return {field: next((key for key, words in LATENCIES.items() if words == text), text)}, ""
    if field == "name":
        if not text:
            raise InputError(Problem(place, "an empty cell", "a name", "Write a name."))
        return {"name": text}, ""
    word = text.casefold()
    if field == "error_cost_usd" and word in CLASSES:
        return {"error_cost": word, "error_cost_usd": None}, ""
    if field == "complex_share" and word in CLASSES[:3]:
        return {"complexity": word, "complex_share": None}, ""
    kind = KINDS[field]
    if kind == "usd" and text and not text[0].isdigit() and text[0] not in "$.":
        raise InputError(Problem(place, quoted(text, 40), "an amount in dollars",
                                 f"Write it as $0.10, or one of {', '.join(CLASSES)}."))
    number = READERS[kind](text, place)
    written = {"count": write_count, "share": write_share, "usd": write_usd}[kind](number)
    patch: Document = {field: number}
    if field == "error_cost_usd":
        patch["error_cost"] = None
    return patch, "" if written.replace(",", "") == text.replace(",", "") else written


def patch_category(document: Document, number: int, patch: Document) -> None:
    """Put changed fields into a category; None takes a field out. A volume that is changed is given per request."""
    category = edits.categories(document)[number]
    if "name" in patch and patch["name"] != category["name"]:
        origins.renamed(category["name"], patch["name"])
        edits.rename_category(document, number, patch["name"])
    if any(field in patch for field in VOLUME):
        known = volume_of(state.plan().workload.categories[number])
        for field, value in zip(VOLUME, known, strict=True):
            if category.get(field) is None:
                category[field] = value
        category.pop("monthly_input_tokens", None)
        category.pop("monthly_output_tokens", None)
    for field, value in patch.items():
        if value is None:
            category.pop(field, None)
        elif field != "name":
            category[field] = value


def _add_row(cells: Mapping[str, Any]) -> None:
    """A new row: what was typed or pasted into it, and zeros for the rest."""
    category: Document = dict(NEW)
    for field, typed in cells.items():
        if field not in COLUMNS or typed in (None, ""):
            continue
        place = f"New row, {COLUMNS[field][0]}"
        try:
            patch, _ = read_cell(field, typed, place)
        except InputError as error:
            state.refuse(error, "Put 0 there instead." if field in VOLUME else "Left it out.")
            continue
        category |= {name: value for name, value in patch.items() if value is not None}
    name = str(category["name"])
    state.revise(lambda document: _added(document, category), f"Added {show.short(name, 40)}")


def _added(document: Document, category: Document) -> None:
    edits.add_category(document, category)


def _remove_rows(rows: list[int]) -> None:
    names = [state.plan().workload.categories[row].name for row in rows]
    what = f"Removed {show.short(names[0], 40)}" if len(names) == 1 else f"Removed {len(names)} categories"

    def remove(document: Document) -> None:
        for row in rows:
            edits.remove_category(document, row)

    state.revise(remove, what, toast=True)
