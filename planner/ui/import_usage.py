"""Usage exports into the workload: upload, see what was read, group, compare with the plan, apply."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import streamlit as st

from planner.domain.plan import Plan
from planner.domain.workload import volume_of
from planner.ingest import GROUPINGS, Grouping, UsagePlan, UsageReading, group_by, to_workload
from planner.ingest.apart import read_usage_apart
from planner.ingest.files import open_table
from planner.ingest.formats.generic import FIELDS, REQUIRED, folded
from planner.ingest.usage import LABELS, Kind
from planner.ui import drawer, origins, results, show, state, usage_edits
from planner.views.formatting import MISSING, count, plural, usd_cents
from pricing.errors import InputError

NAME = "usage"
TYPES = ["csv", "tsv", "txt", "json", "jsonl", "ndjson"]
GROUP_WORDS: dict[Grouping, str] = {
    "source": "As the export groups it", "project": "Project", "key": "API key", "team": "Team", "tag": "Tag",
    "feature": "Feature", "model": "Model",
}
MAPPED = {
    "time": "Day or time", "model": "Model", "input_tokens": "Input tokens (cached ones included)",
    "output_tokens": "Output tokens", "requests": "Requests", "cached_input_tokens": "Cached input tokens",
    "cost_usd": "Cost in USD", "project": "Project",
}
MOST_GROUPS = 12


@dataclass
class Kept:
    """What was read of the uploaded files, so that a choice below does not read them again."""

    files: tuple[str, ...]
    mapping: Mapping[str, str] = field(default_factory=dict)
    reading: UsageReading | None = None
    error: InputError | None = None
    columns: tuple[str, ...] = ()
    """Columns of a table of no known form; empty where the files are known exports."""
    plans: dict[Grouping, UsagePlan] = field(default_factory=dict)


@st.dialog("Import usage", width="medium", position="right", on_dismiss=drawer.close)
def show_drawer() -> None:
    """All steps; each appears once the one before is done."""
    drawer.step(1, "Upload")
    uploaded = st.file_uploader("Usage exports", type=TYPES, accept_multiple_files=True, key="usage_files",
                                max_upload_size=25)
    if not uploaded:
        show.small("CSV or JSON as downloaded from a provider's console or API, from a gateway, from a bill in the "
                   "FOCUS format, or any table with date, model, requests and tokens. Files are read in memory and "
                   "forgotten; names of people are left out.")
        return
    kept = _kept(tuple(file.file_id for file in uploaded), [(file.name, file.getvalue()) for file in uploaded])
    if kept.error is not None:
        drawer.problems(kept.error)
    if kept.reading is None:
        return
    _detected(kept.reading)
    grouping = _grouping(kept.reading)
    try:
        if grouping not in kept.plans:
            kept.plans[grouping] = to_workload(kept.reading, grouping, state.plan().workload.name, results.catalog())
    except InputError as error:
        drawer.problems(error)
        return
    found = kept.plans[grouping]
    for note in found.notes:
        show.small(note)
    _apply(found)


# Reading -----------------------------------------------------------------------------------------------------------


def _kept(ids: tuple[str, ...], files: Sequence[tuple[str, bytes]]) -> Kept:
    """The reading of these files, from before or anew."""
    kept = st.session_state.get("usage_kept")
    if not isinstance(kept, Kept) or kept.files != ids:
        kept = Kept(ids)
        _read(kept, files, {})
        if kept.error is not None and any(each.place.endswith("row 1") for each in kept.error.problems):
            kept.columns = columns_of(files)
        st.session_state["usage_kept"] = kept
    if kept.columns:
        mapping = _ask_mapping(kept.columns)
        if mapping and mapping != kept.mapping:
            _read(kept, files, mapping)
    return kept


def _read(kept: Kept, files: Sequence[tuple[str, bytes]], mapping: Mapping[str, str]) -> None:
    kept.mapping, kept.reading, kept.error, kept.plans = mapping, None, None, {}
    with st.spinner("Reading the files …"):
        try:
            kept.reading = read_usage_apart(files, mapping)
        except InputError as error:
            kept.error = error


def columns_of(files: Sequence[tuple[str, bytes]]) -> tuple[str, ...]:
    """Columns that all CSV files share, as the reading with most columns tells them; empty if one is no table."""
    shared: set[str] | None = None
    for name, content in files:
        start = content[:4096].replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")
        if start[:1] in (b"{", b"["):
            return ()
        try:
            tables = open_table(name, content)
        except InputError:
            return ()
        columns = set(max(tables, key=lambda table: len(table.columns)).columns) if tables else set()
        shared = columns if shared is None else shared & columns
    return tuple(sorted(column for column in shared or () if column.strip()))


def _ask_mapping(columns: tuple[str, ...]) -> dict[str, str]:
    """The user's columns by field; empty while too little is chosen."""
    st.markdown("**Which column is which?**")
    show.small("The header is of no known export. Day, model, input and output tokens are needed.")
    mapping: dict[str, str] = {}
    with st.grid(2, min_column_width=200):
        for name, label in MAPPED.items():
            meant = [at for at, column in enumerate(columns) if folded(column) in FIELDS[name]]
            chosen = st.selectbox(label, columns, index=meant[0] if meant else None, key=f"usage_map_{name}",
                                  placeholder="Choose a column" if name in (*REQUIRED, "input_tokens") else "None",
                                  format_func=show.short)
            if chosen is not None:
                mapping[name] = chosen
    return mapping if {*REQUIRED, "input_tokens"} <= mapping.keys() else {}


# What was found ----------------------------------------------------------------------------------------------------


def _detected(reading: UsageReading) -> None:
    drawer.step(2, "What was found")
    show.rows_table(
        ["File", "Format", "Days", "Rows"],
        [[show.safe(show.short(file.name, 28)), show.safe(file.title), f"{file.period.days:,}",
          f"{file.usage_rows:,}"] for file in reading.files], "Files as they were understood")
    totals, period = reading.totals, reading.period
    last = period.end_exclusive.fromordinal(period.end_exclusive.toordinal() - 1)
    show.small(f"{plural(period.days, 'day')} from {period.start} to {last} (UTC) in "
               f"{plural(len(reading.groups), 'group')}.")
    cost = totals.cost_usd
    show.rows_table(
        ["Requests", "Input tokens", "of them cached", "Output tokens", "Billed"],
        [[_count(totals.requests), _count(totals.input_tokens), _count(totals.cached_input_tokens),
          _count(totals.output_tokens), MISSING if cost is None else show.safe(usd_cents(cost))]],
        "Totals over all files")
    warnings = list(reading.warnings)
    unknown = [name for name in reading.unknown_models if not any(name in line for line in warnings)]
    if unknown:
        warnings.append(f"Not in the catalogue: {', '.join(map(show.short, unknown[:10]))}.")
    drawer.remarks(warnings[:10])


def _count(number: int | None) -> str:
    return MISSING if number is None else show.safe(count(number))


def _grouping(reading: UsageReading) -> Grouping:
    """What makes a category, among what the files tell."""
    drawer.step(3, "Group into categories, scaled to a month")
    usage = [row for row in reading.rows if row.kind is Kind.USAGE]
    told = [label for at, label in enumerate(LABELS) if any(row.labels[at] for row in usage)]
    options = [each for each in GROUPINGS if each in ("source", "model") or each in told]
    chosen = st.selectbox("One category per", options, key="usage_grouping", format_func=GROUP_WORDS.__getitem__)
    groups = group_by(reading, chosen)
    show.small(", ".join(dict.fromkeys(show.short(group.name, 30) for group in groups[:MOST_GROUPS]))
               + (" and more" if len(groups) > MOST_GROUPS else ""))
    return chosen


# Applying ----------------------------------------------------------------------------------------------------------


def _apply(found: UsagePlan) -> None:
    drawer.step(4, "Before and after")
    mode = st.radio("What to do", ["replace", "add"], horizontal=True, key="usage_mode", label_visibility="collapsed",
                    format_func={"replace": "Replace the workload", "add": "Add to the workload"}.__getitem__)
    is_replacing = mode == "replace"
    has_today = bool(found.plan.scenarios) and is_replacing
    is_baseline = has_today and st.checkbox("Add today's models as a scenario, and measure savings against it", True,
                                            key="usage_today")
    rows = before_after(state.plan(), found.plan, is_replacing)
    show.rows_table(["Category", "Requests before", "Requests after", "Tokens in", "Tokens out", ""], rows,
                    "Categories of the plan before and after the import, per month")
    if is_replacing:
        show.small("A category of the same name keeps what no export tells: its task, error cost, complexity and "
                   "latency.")
    if st.button("Apply", type="primary", key="usage_apply", icon=":material/check:"):
        _take(found, is_replacing, is_baseline)
    drawer.refusals()


def before_after(plan: Plan, fresh: Plan, is_replacing: bool) -> list[list[str]]:
    """One row per category before or after, in words, names escaped."""
    old = {each.name: volume_of(each) for each in plan.workload.categories}
    new = {each.name: volume_of(each) for each in fresh.workload.categories}
    rows: list[list[str]] = []
    for name, (requests, sent, received) in new.items():
        is_same = is_replacing and name in old
        rows.append([show.safe(show.short(name, 40)), show.safe(count(old[name][0])) if is_same else MISSING,
                     *(show.safe(count(each)) for each in (requests, sent, received)),
                     "new figures" if is_same else "new"])
    for name, (requests, sent, received) in old.items():
        if is_replacing and name in new:
            continue
        after = [MISSING] * 3 if is_replacing else [show.safe(count(each)) for each in (requests, sent, received)]
        rows.append([show.safe(show.short(name, 40)), show.safe(count(requests)), *after,
                     "removed" if is_replacing else "stays"])
    return rows


def _take(found: UsagePlan, is_replacing: bool, is_baseline: bool) -> None:
    before = {each.name: origins.value_origins(each) for each in state.plan().workload.categories}
    names: dict[str, str] = {}

    def edit(document: usage_edits.Document) -> None:
        names.update(usage_edits.take_usage(document, found.plan, is_replacing, is_baseline))

    many = plural(len(found.workload.categories), "category", "categories")
    if not state.revise(edit, f"Imported usage as {many}", toast=True):
        return
    placed = {each.name: each for each in state.plan().workload.categories}
    for title, name in names.items():
        told = {each.field for each in found.origins if each.category == title and each.source != "assumed"}
        earlier = before.get(name, {}) if is_replacing else {}
        origins.imported(placed[name], told, earlier)
    state.session().grid_version += 1
    drawer.close()
    st.rerun()
