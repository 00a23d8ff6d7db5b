"""Evaluation files: one row per request with what each model got right, in a wide or a long table.

Wide: ``<model>_correct`` (1 or 0) or ``<model>_score`` with a threshold, one column per model. Long: a column ``model``
with ``correct`` or ``score``, one row per request and model. Beside them, where known: tokens, cost, latency, whether a
check accepted the answer, the request's id and its category. Everything else is refused with row and column.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import NamedTuple

import numpy as np

from planner.domain.measured import MeasuredRequests
from planner.domain.plan import Plan
from planner.domain.references import THINKING
from planner.ingest.evaluation_table import Table, read_table, table_of
from pricing.catalog import Catalog
from pricing.errors import InputError, Problem, quoted

IDS = ("query_id", "id", "question_id", "item_id", "request_id", "sample_id")
CATEGORIES = ("category", "task")
SHARED_INPUT = ("prompt_tok", "prompt_tokens", "input_tokens", "in_tok")
THRESHOLD = 0.5
MOST_PROBLEMS = 20

FIELDS: Mapping[str, tuple[str, float]] = {
    "correct": ("correct", 1.0), "score": ("score", 1.0), "accepted": ("accepted", 1.0), "accept": ("accepted", 1.0),
    "in_tok": ("input_tokens", 1.0), "input_tokens": ("input_tokens", 1.0), "prompt_tokens": ("input_tokens", 1.0),
    "out_tok": ("output_tokens", 1.0), "output_tokens": ("output_tokens", 1.0),
    "completion_tokens": ("output_tokens", 1.0), "cost_usd": ("usd", 1.0), "usd": ("usd", 1.0),
    "latency_s": ("latency_s", 1.0), "latency_ms": ("latency_s", 0.001), "duration_ms": ("latency_s", 0.001),
}
"""Endings of a wide table's columns, or columns of a long one: what they hold, and the factor to its unit."""

_WORDS = {"1": 1.0, "0": 0.0, "1.0": 1.0, "0.0": 0.0, "true": 1.0, "false": 0.0, "yes": 1.0, "no": 0.0}
_MISSING = ("", "na", "n/a", "nan", "null", "none")
_QUANTITIES = ("correct", "accepted", "usd", "latency_s", "input_tokens", "output_tokens")


class Cell(NamedTuple):
    """Where one figure of one model stands."""

    model: str
    field: str
    column: int
    factor: float


class Faults:
    """Collects what is wrong, so that all of it is told at once."""

    def __init__(self) -> None:
        self.found: list[Problem] = []

    def add(self, place: str, found: str, expected: str, mend: str) -> None:
        """One more problem."""
        self.found.append(Problem(place, found, expected, mend))

    def check(self) -> None:
        """Raise what was found, if anything."""
        if self.found:
            more = len(self.found) - MOST_PROBLEMS
            rest = [Problem("and", f"{more:,} more cells like these", "", "Mend the first and try again.")]
            raise InputError([*self.found[:MOST_PROBLEMS], *(rest if more > 0 else [])])


def load_evaluations(paths: Sequence[Path], catalog: Catalog, plan: Plan | None = None,
                     threshold: float | None = None, names: Mapping[str, str] | None = None) -> MeasuredRequests:
    """Evaluation files as one set of requests; rows of several files are joined by category and id.

    ``threshold`` turns a score into right or wrong (0.5 where none is given and no score is above 1); ``names`` says
    which model a name in the files stands for. Raises :class:`InputError` with file, row and column.
    """
    return collect([read_table(path) for path in paths], catalog, plan, threshold, names)


def parse_evaluations(text: str, place: str, catalog: Catalog, plan: Plan | None = None,
                      threshold: float | None = None, names: Mapping[str, str] | None = None) -> MeasuredRequests:
    """One evaluation file from its text; see :func:`load_evaluations`."""
    return collect([table_of(text, place)], catalog, plan, threshold, names)


def collect(tables: Sequence[Table], catalog: Catalog, plan: Plan | None = None, threshold: float | None = None,
            names: Mapping[str, str] | None = None) -> MeasuredRequests:
    """Tables read into one set of requests."""
    faults = Faults()
    notes: list[str] = []
    figures: dict[str, dict[tuple[int, str], float]] = {name: {} for name in _QUANTITIES}
    rows: dict[tuple[str | None, str], int] = {}
    told: dict[str, str] = {}
    seen: dict[tuple[int, str], str] = {}
    for table in tables:
        is_long = "model" in table.folded and ("correct" in table.folded or "score" in table.folded)
        cells = _long_cells if is_long else _wide_cells(table, faults, notes)
        id_column, category_column = _one_of(table, IDS), _one_of(table, CATEGORIES)
        shared = None if is_long else _one_of(table, SHARED_INPUT)
        for line, row in table.rows:
            category = None if category_column is None else row[category_column].strip() or None
            own_id = "" if id_column is None else row[id_column].strip()
            key = (category, own_id or f"{table.place} row {line}")
            at = rows.setdefault(key, len(rows))
            for cell in cells(table, row, line, faults) if callable(cells) else cells:
                where = f"{table.place} > row {line} > {table.header[cell.column]}"
                value = _value(row[cell.column], cell, where, threshold, faults)
                if value is None:
                    continue
                name = told.setdefault(cell.model, cell.model)
                field = "correct" if cell.field == "score" else cell.field
                if field == "correct":
                    before = seen.setdefault((at, name), where)
                    if before != where:
                        faults.add(where, f"a second result of {quoted(name)} for request {quoted(key[1])}",
                                   f"told apart from {before}", "Give every request its own id, or remove one row.")
                        continue
                figures[field][at, name] = value
            if shared is not None:
                _share_input(row[shared], at, cells, figures["input_tokens"])
        faults.check()
        if any(ending == "score" for ending in _judged_by(table, cells)):
            notes.append(f"{table.place}: a score of {THRESHOLD if threshold is None else threshold:g} or more counts "
                         "as right.")
    return _assembled(rows, figures, list(told), notes, catalog, plan, names or {}, faults, threshold,
                      [table.place for table in tables])


def _one_of(table: Table, wanted: Sequence[str]) -> int | None:
    return next((table.folded.index(name) for name in wanted if name in table.folded), None)


def _wide_cells(table: Table, faults: Faults, notes: list[str]) -> list[Cell]:
    """The columns of a wide table that say something of a model."""
    found: dict[tuple[str, str], Cell] = {}
    aside: list[str] = []
    for column, name in enumerate(table.header):
        ending = next((each for each in FIELDS if table.folded[column].endswith(("_" + each, " " + each))), None)
        if ending is None or table.folded[column] in (*IDS, *CATEGORIES, *SHARED_INPUT):
            if table.folded[column] not in (*IDS, *CATEGORIES, *SHARED_INPUT):
                aside.append(name)
            continue
        model, (field, factor) = name[: -len(ending) - 1].strip(), FIELDS[ending]
        if (model, field) in found:
            faults.add(f"{table.place} > row 1", f"a second column {quoted(name)}", "told apart from the first",
                       "Keep one column of each kind per model.")
        found.setdefault((model, field), Cell(model, field, column, factor))
    judged = {model for model, field in found if field in ("correct", "score")}
    if not judged:
        faults.add(
            f"{table.place} > row 1", f"a header of {', '.join(map(quoted, table.header[:6]))}", "an evaluation file",
            "Name a column <model>_correct (1 or 0) or <model>_score per model, or have columns model and correct, "
            "one row per request.",
        )
        faults.check()
    both = {model for model in judged if (model, "correct") in found and (model, "score") in found}
    aside += [table.header[cell.column] for (model, _), cell in found.items() if model not in judged]
    if aside:
        notes.append(f"{table.place}: columns left aside: {', '.join(dict.fromkeys(aside))}.")
    return [cell for (model, field), cell in found.items()
            if model in judged and not (field == "score" and model in both)]


def _judged_by(table: Table, cells: Sequence[Cell] | Callable[..., list[Cell]]) -> set[str]:
    """Whether answers are judged by ``correct``, by ``score`` or by both."""
    if callable(cells):
        return {"correct"} if "correct" in table.folded else {"score"}
    return {cell.field for cell in cells} & {"correct", "score"}


def _long_cells(table: Table, row: Sequence[str], line: int, faults: Faults) -> list[Cell]:
    """What a row of a long table says of its model."""
    model = row[table.folded.index("model")].strip()
    if not model:
        faults.add(f"{table.place} > row {line} > model", "an empty cell", "a model", "Write the model's id.")
        return []
    columns = {name: FIELDS[name] for name in table.folded if name in FIELDS}
    if "correct" in columns:
        columns.pop("score", None)
    return [Cell(model, field, table.folded.index(name), factor) for name, (field, factor) in columns.items()]


def _value(text: str, cell: Cell, where: str, threshold: float | None, faults: Faults) -> float | None:
    """The figure in a cell; None where it is missing or wrong."""
    word = text.strip().casefold()
    if word in _MISSING:
        return None
    if cell.field in ("correct", "accepted"):
        if word not in _WORDS:
            faults.add(where, quoted(text, 40), "right or wrong", "Write 1 or 0; leave it empty if it is not known.")
        return _WORDS.get(word)
    try:
        number = float(word)
    except ValueError:
        number = math.nan
    low, high = (-math.inf, math.inf) if cell.field == "score" and threshold is not None else (
        (-1.0, 1.0) if cell.field == "score" else (0.0, 1e12))  # overlap metrics fall a little below 0
    if not (math.isfinite(number) and low <= number <= high):
        mend = ("Write a number from 0 to 1, or say from which score on an answer is right (--threshold)."
                if cell.field == "score" else "Write a number such as 0.25, without units or thousands separators.")
        faults.add(where, quoted(text, 40), "a score" if cell.field == "score" else "a number from 0", mend)
        return None
    return float(number >= (THRESHOLD if threshold is None else threshold)) if cell.field == "score" else (
        number * cell.factor)


def _share_input(text: str, at: int, cells: Sequence[Cell] | Callable[..., list[Cell]],
                 tokens: dict[tuple[int, str], float]) -> None:
    """The one prompt length of a wide row counts for every model that has none of its own."""
    if callable(cells) or not text.strip().replace(".", "", 1).isdigit():
        return
    for cell in cells:
        tokens.setdefault((at, cell.model), float(text))


def _assembled(
    rows: Mapping[tuple[str | None, str], int], figures: Mapping[str, Mapping[tuple[int, str], float]],
    told: Sequence[str], notes: Sequence[str], catalog: Catalog, plan: Plan | None, names: Mapping[str, str],
    faults: Faults, threshold: float | None, places: Sequence[str],
) -> MeasuredRequests:
    judged = [name for name in told if any(model == name for _, model in figures["correct"])]
    place = ", ".join(places)
    if not judged:
        faults.add(place, "a file without a single result", "an evaluation file", "Fill in at least one row.")
        faults.check()
    ids: dict[str, str] = {}
    unknown: list[str] = []
    for name in judged:
        found = resolved(names.get(name, name), catalog, plan)
        if found is None and name in names:
            faults.add(f"--model {name}={names[name]}", quoted(names[name]), "a model of the price list or the plan",
                       "Name a model id, seller/model or an endpoint of the plan.")
        if found is None:
            unknown.append(name)
        other = next((known for known, model_id in ids.items() if model_id == (found or name)), None)
        if other is not None:
            faults.add(place, f"{quoted(other)} and {quoted(name)} both stand for {quoted(found or name)}, which",
                       "allowed", "Import them apart, or tell them apart with --model NAME=MODEL.")
        ids[name] = found or name
    for name in names:
        if name not in told:
            faults.add(f"--model {name}", quoted(name), "a model of the file", f"The file has: {', '.join(told)}.")
    faults.check()
    position = {name: column for column, name in enumerate(judged)}
    arrays = {field: np.full((len(rows), len(judged)), np.nan) for field in _QUANTITIES}
    for field, known in figures.items():
        for (at, name), value in known.items():
            if name in position:
                arrays[field][at, position[name]] = value
    keep = np.isfinite(arrays["correct"]).any(axis=1)
    said = list(notes)
    if unknown:
        said.append("Not in the price list, so kept out of plans: "
                    + ", ".join(f"{name}{_guess(name, catalog)}" for name in unknown)
                    + ". Say which model is meant with --model NAME=MODEL.")
    return MeasuredRequests(
        tuple(ids[name] for name in judged), tuple(unknown),
        tuple(category for (category, _), kept in zip(rows, keep, strict=True) if kept),
        **{field: array[keep] for field, array in arrays.items()}, notes=tuple(said),
    )


def _guess(name: str, catalog: Catalog) -> str:
    near = get_close_matches(name.casefold(), list(catalog.models), n=1, cutoff=0.7)
    return f" ({near[0]}?)" if near else ""


def resolved(name: str, catalog: Catalog, plan: Plan | None = None) -> str | None:
    """The id that a plan uses for a name in an evaluation file; None for a model that nobody knows."""
    base, thinking = name.removesuffix(THINKING), THINKING if name.endswith(THINKING) else ""
    if plan is not None and base in plan.endpoints:
        return name
    model = catalog.find_model(base)
    if model is not None:
        return model.id + thinking
    try:
        return catalog.resolve(base).id + thinking
    except InputError:
        return None
