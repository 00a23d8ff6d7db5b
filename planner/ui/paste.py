"""A table pasted from a sheet: read strictly, shown before it is taken, every fault with its line."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import Any

import pandas as pd
import streamlit as st

from planner.ui import edits, grid, show, state
from pricing.errors import InputError, Problem

Document = dict[str, Any]
MOST_LINES, MOST_CHARACTERS = 200, 60_000
ORDER = ("name", "requests_per_month", "input_tokens_per_request", "output_tokens_per_request", "cached_input_share",
         "complex_share", "error_cost_usd")
KNOWN = {
    "category": "name", "name": "name", "feature": "name", "requests": "requests_per_month",
    "requests a month": "requests_per_month", "tokens in": "input_tokens_per_request",
    "input": "input_tokens_per_request", "input tokens": "input_tokens_per_request",
    "tokens out": "output_tokens_per_request", "output": "output_tokens_per_request",
    "output tokens": "output_tokens_per_request", "cached": "cached_input_share", "complex": "complex_share",
    "error cost": "error_cost_usd", **{field: field for field in ORDER},
}
EXAMPLE = ("Category\tRequests\tTokens in\tTokens out\tCached\tComplex\tError cost\n"
           "Invoices\t60k\t3000\t400\t10 %\t10 %\t$2")


@dataclass(frozen=True, slots=True)
class Pasted:
    """Rows that can be taken and problems of those that cannot."""

    rows: tuple[Document, ...]
    problems: tuple[Problem, ...]


def read_paste(text: str) -> Pasted:
    """Categories from pasted text: tabs, semicolons or commas between cells, a line of headings if there is one.

    >>> [row["name"] for row in read_paste("Triage\\t200k\\t600\\t20").rows]
    ['Triage']
    """
    if len(text) > MOST_CHARACTERS:
        return Pasted((), (Problem("Paste", f"{len(text):,} characters", "a table of this size",
                                   f"Paste at most {MOST_CHARACTERS:,}."),))
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines:
        return Pasted((), ())
    if len(lines) > MOST_LINES:
        return Pasted((), (Problem("Paste", f"{len(lines)} lines", "a table of this size",
                                   f"Paste at most {MOST_LINES} lines."),))
    between = "\t" if "\t" in lines[0] else ";" if ";" in lines[0] else ","
    table = list(csv.reader(io.StringIO("\n".join(lines)), delimiter=between))
    heading = [KNOWN.get(cell.strip().casefold().replace("_", " "), KNOWN.get(cell.strip().casefold(), ""))
               for cell in table[0]]
    has_heading = sum(bool(field) for field in heading) >= min(2, len(heading))
    fields = heading if has_heading else list(ORDER)
    rows, problems = [], []
    for number, cells in enumerate(table[1:] if has_heading else table, 2 if has_heading else 1):
        row, faults = _read_row(number, cells, fields)
        problems += faults
        if not faults:
            rows.append(row)
    return Pasted(tuple(rows), tuple(problems))


def _read_row(number: int, cells: list[str], fields: list[str]) -> tuple[Document, list[Problem]]:
    row: Document = dict(grid.NEW)
    problems: list[Problem] = []
    if len(cells) > len(fields):
        problems.append(Problem(f"Line {number}", f"{len(cells)} cells", f"as many as the {len(fields)} columns",
                                "Paste with tabs between the cells."))
        return row, problems
    for field, cell in zip(fields, cells, strict=False):
        if not field or not cell.strip():
            continue
        try:
            patch, _ = grid.read_cell(field, cell, f"Line {number}, {grid.COLUMNS[field][0]}")
        except InputError as error:
            problems += error.problems
            continue
        row |= {name: value for name, value in patch.items() if value is not None}
    if row["name"] == grid.NEW["name"]:
        problems.append(Problem(f"Line {number}", "an empty name", "a category", "Write a name in the first cell."))
    return row, problems


@st.dialog("Paste a table", width="large")
def paste_dialog() -> None:
    """Text area, what was understood, and the button that takes it."""
    show.small("One category in a line, cells from a sheet or with commas between: category, requests, tokens in, "
               "tokens out, cached, complex, error cost.")
    text = st.text_area("Table", key="paste_text", height=160, placeholder=EXAMPLE, max_chars=MOST_CHARACTERS)
    pasted = read_paste(text or "")
    for problem in pasted.problems[:8]:
        show.problem(str(problem))
    if len(pasted.problems) > 8:
        show.small(f"And {len(pasted.problems) - 8} more lines with problems.")
    if not pasted.rows:
        return
    known = {category.name for category in state.plan().workload.categories}
    st.dataframe(
        pd.DataFrame([
            {"Category": row["name"], "Requests": f"{row['requests_per_month']:,.10g}",
             "Tokens in": f"{row['input_tokens_per_request']:,.10g}",
             "Tokens out": f"{row['output_tokens_per_request']:,.10g}",
             "What happens": "replaces its figures" if row["name"] in known else "is added"} for row in pasted.rows
        ]),
        hide_index=True, width="stretch", alt="Rows as they were understood",
    )
    many = len(pasted.rows)
    label = f"Take {many} {'category' if many == 1 else 'categories'}"
    if st.button(label, type="primary", key="paste_take", disabled=bool(pasted.problems)):
        state.revise(lambda document: _take(document, pasted.rows), f"Pasted {many} categories", toast=True)
        st.rerun()


def _take(document: Document, rows: tuple[Document, ...]) -> None:
    for row in rows:
        names = edits.category_names(document)
        if row["name"] in names:
            grid.patch_category(document, names.index(row["name"]),
                                {field: value for field, value in row.items() if field != "name"})
        else:
            edits.add_category(document, row)
