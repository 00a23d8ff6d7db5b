"""Evaluation files into measured results of a plan: upload, see error rates and verdicts, choose a category, apply."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import streamlit as st

from planner.domain.assumptions import register_of
from planner.domain.measured import MeasuredRequests
from planner.domain.plan import Evaluation, plan_document
from planner.engine.measured import Measured, measure
from planner.ingest.evaluation_plan import plan_categories, with_evaluations
from planner.ingest.evaluations import parse_evaluations
from planner.ui import drawer, results, show, state
from planner.views.formatting import MISSING, count_whole, plural, share
from planner.views.measured import pair_sentence
from pricing.errors import InputError, Problem

NAME = "evals"
MOST_MODELS, MOST_PAIRS, MOST_ASKED = 24, 12, 8
_HERE = (
    (" Or give all results to one: --category NAME.", " Or give all results to one category."),
    (", or say from which score on an answer is right (--threshold)", ", or set below from which score on it is right"),
    ("tell them apart with --model NAME=MODEL", "tell them apart in the header"),
)
"""Words of the command line, and what the drawer says in their place."""


@dataclass
class Kept:
    """What was read of the uploaded file, so that a choice below does not read it again."""

    key: tuple[str, float | None]
    names: Mapping[str, str] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()
    """Names in the file that stand for no known model by themselves."""
    requests: MeasuredRequests | None = None
    whole: Measured | None = None
    error: InputError | None = None


@st.dialog("Import an evaluation", width="medium", position="right", on_dismiss=drawer.close)
def show_drawer() -> None:
    """All steps; each appears once the one before is done."""
    drawer.step(1, "Upload")
    uploaded = st.file_uploader("Evaluation file", type=["csv", "tsv", "txt"], key="evals_file", max_upload_size=10)
    if uploaded is None:
        show.small("A CSV with one row per request and a column <model>_correct (1 or 0) or <model>_score per model; "
                   "or with columns model and correct, one row per request and model. Tokens, cost, latency and "
                   "category are read where they are there.")
        return
    kept = _kept(uploaded.file_id, uploaded.name, uploaded.getvalue())
    if kept.error is not None:
        drawer.problems(_worded(kept.error))
    if kept.requests is None or kept.whole is None:
        return
    _results(kept.requests, kept.whole)
    _apply(kept.requests)


def _kept(file_id: str, name: str, content: bytes) -> Kept:
    """The reading of this file under the choices made, from before or anew."""
    threshold = None
    if b"score" in content[:100_000].split(b"\n", 1)[0].lower():
        threshold = st.number_input("A score counts as right from", value=None, placeholder="0.5", step=0.1,
                                    key="evals_threshold")
    kept = st.session_state.get("evals_kept")
    if not isinstance(kept, Kept) or kept.key != (file_id, threshold):
        kept = Kept((file_id, threshold))
        _fill(kept, name, content, {})
        kept.unknown = () if kept.requests is None else kept.requests.unknown[:MOST_ASKED]
        st.session_state["evals_kept"] = kept
    if kept.unknown:
        names = _ask_names(kept.unknown)
        if names != kept.names:
            _fill(kept, name, content, names)
    return kept


def _fill(kept: Kept, name: str, content: bytes, names: Mapping[str, str]) -> None:
    kept.names, kept.requests, kept.whole, kept.error = names, None, None, None
    with st.spinner("Reading the file …"):
        try:
            kept.requests = _read(name, content, kept.key[1], names)
            kept.whole = measure(kept.requests, results.catalog(), results.price_day(), margin())
        except InputError as error:
            kept.error = error


def _ask_names(unknown: Sequence[str]) -> dict[str, str]:
    """Which model each unknown name stands for, where the visitor says so."""
    show.small("These names are in neither the price list nor the plan. Say which model each one is, or leave it out.")
    models = [*state.plan().endpoints, *results.catalog().models]
    names = {}
    with st.grid(2, min_column_width=200):
        for at, name in enumerate(unknown):
            chosen = st.selectbox(show.safe(show.short(name, 40)), models, index=None, placeholder="Left out",
                                  key=f"evals_name_{at}")
            if chosen is not None:
                names[name] = chosen
    return names


def _read(name: str, content: bytes, threshold: float | None, names: Mapping[str, str]) -> MeasuredRequests:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = content[: error.start].count(b"\n") + 1
        raise InputError(Problem(f"{name} > row {row}", "a byte that is not UTF-8", "text",
                                 "Save the file as CSV in UTF-8.")) from None
    requests = parse_evaluations(text, name, results.catalog(), state.plan(), threshold, names)
    if len(requests.models) > MOST_MODELS:
        raise InputError(Problem(name, f"a file of {len(requests.models):,} models", f"of at most {MOST_MODELS}",
                                 "Keep the columns of the models that you choose between."))
    return requests


def margin() -> float:
    """How many more errors still count as good enough in this plan."""
    own = state.plan().limits.quality_margin
    return register_of(state.plan().assumptions).value("quality_margin_share") if own is None else own


def _worded(error: InputError) -> InputError:
    """The problems in the words of the drawer."""
    told = []
    for problem in error.problems:
        mend = problem.mend
        for there, here in _HERE:
            mend = mend.replace(there, here)
        told.append(Problem(problem.place, problem.found, problem.expected, mend))
    return InputError(told)


def _results(requests: MeasuredRequests, whole: Measured) -> None:
    drawer.step(2, "What was measured")
    names = [name for name in requests.category_names if name is not None]
    show.small(f"{plural(len(requests.categories), 'request')}, {plural(len(whole.models), 'model')}"
               + (f", {plural(len(names), 'category', 'categories')}" if names else ", no category") + ".")
    show.rows_table(
        ["Model", "Wrong", "95 % interval", "Answers", ""],
        [[show.safe(show.short(each.name, 32)), show.safe(share(each.error_share)),
          show.safe(f"{share(each.low)} to {share(each.high)}"), count_whole(each.n),
          show.safe(_said(each.name, each.dominated_by, requests.unknown))] for each in whole.models],
        "Measured error rates with their intervals")
    drawer.remarks([note for note in requests.notes if not note.startswith("Not in the price list")])
    if whole.pairs:
        show.small(f"Is the cheaper model good enough? Within {share(margin())} more errors:")
        show.rows_table(
            ["Pair", "Requests to settle it"],
            [[show.safe(pair_sentence(pair, margin())),
              show.safe(count_whole(pair.paired.samples_needed)) if pair.paired.samples_needed else MISSING]
             for pair in whole.pairs[:MOST_PAIRS]], "Verdict on each pair of models")
        if len(whole.pairs) > MOST_PAIRS:
            show.small(f"And {len(whole.pairs) - MOST_PAIRS} more pairs, all of them applied.")


def _said(name: str, dominated_by: str | None, unknown: Sequence[str]) -> str:
    if name in unknown:
        return "not in the price list"
    return f"{show.short(dominated_by, 28)} is no dearer and errs no more" if dominated_by else ""


def _apply(requests: MeasuredRequests) -> None:
    if not state.plan().workload.categories:
        show.hint("The plan has no category yet. Add one, then import the evaluation.")
        return
    drawer.step(3, "Into the plan")
    try:
        parts = _parts(requests)
        found = [measure(part, results.catalog(), results.price_day(), margin()).evaluation(name, requests.unknown)
                 for name, part in parts.items()]
    except InputError as error:
        drawer.problems(_worded(error))
        return
    found = [each for each in found if each.models]
    if not found:
        drawer.problems(InputError(Problem(
            "models", ", ".join(map(show.short, requests.unknown[:MOST_ASKED])), "in the price list or the plan",
            "Name the columns after model ids, or add the model on the Models page.")))
        return
    held = {each.category for each in state.plan().evaluations}
    show.rows_table(["Category", "Answers", "Models", ""],
                    [[show.safe(show.short(each.category, 40)),
                      count_whole(max(counted.n for counted in each.models.values())), str(len(each.models)),
                      "joins what was measured before" if each.category in held else "new"] for each in found],
                    "What the plan gets")
    show.small("Measured error rates replace assumed ones for these models in this category. Results of the same "
               "models from before give way to the new ones.")
    if st.button("Apply", type="primary", key="evals_apply", icon=":material/check:"):
        _take(found)
    drawer.refusals()


def _parts(requests: MeasuredRequests) -> dict[str, MeasuredRequests]:
    """The requests by category of the plan: as the file says where that fits, else all to a chosen one."""
    names = [category.name for category in state.plan().workload.categories]
    try:
        told: dict[str, MeasuredRequests] | None = plan_categories(requests, state.plan(), None)
    except InputError:
        told = None
    as_told = None if told is None else "As the file says"
    has_names = any(name is not None for name in requests.category_names)
    if told is None and has_names:
        show.small("The file's categories are not those of the plan, so all results go to one: "
                   + ", ".join(show.short(name or "none", 30) for name in requests.category_names[:6]) + ".")
    options = ([as_told] if as_told is not None and has_names else []) + names
    chosen = st.selectbox("Category that was evaluated", range(len(options)), key="evals_category",
                          format_func=lambda at: show.safe(show.short(options[at])))
    return told if told is not None and options[chosen] is as_told else plan_categories(
        requests, state.plan(), options[chosen])


def _take(found: Sequence[Evaluation]) -> None:
    def edit(document: dict[str, object]) -> None:
        changed = with_evaluations(state.plan(), found, results.catalog())
        document["evaluations"] = plan_document(changed)["evaluations"]

    many = plural(len(found), "category", "categories")
    if state.revise(edit, f"Imported an evaluation of {many}", toast=True):
        drawer.close()
        st.rerun()
