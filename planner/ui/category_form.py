"""Every field of one category as a form: for small screens, and for what has no column in the grid."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import streamlit as st

from planner.domain.strategies import endpoints_of
from planner.domain.workload import Category, HandOff, Retries, Review, SegmentRates
from planner.engine.endpoints import endpoint_state
from planner.ui import edits, results, show, state
from planner.ui.cells import BAR, read_quantity, read_share, write_quantity, write_share
from planner.ui.grid import LATENCIES, patch_category
from pricing.errors import InputError, Problem, quoted
from pricing.record import Record

Document = dict[str, Any]
NONE = "not set"


@dataclass(frozen=True, slots=True)
class Field:
    """One field of the form: where it is in a category's document, how it is called and typed."""

    path: str
    label: str
    kind: str
    """count, share, usd, plain, text, yes_no or choice."""
    choices: tuple[str, ...] = ()


GROUPS: tuple[tuple[str, tuple[Field, ...]], ...] = (
    ("Work", (
        Field("requests_per_month", "Requests a month", "count"),
        Field("input_tokens_per_request", "Tokens in, per request", "count"),
        Field("output_tokens_per_request", "Tokens out, per request", "count"),
        Field("max_prompt_tokens", "Longest prompt, tokens", "count"),
        Field("task", "Task", "choice", ("classification", "extraction", "moderation", "summarisation", "qa",
                                         "translation", "routing", "chat", "rag", "routine_code", "creative",
                                         "reasoning", "advanced_code", "long_context", "agent", "other")),
        Field("unit", "Business unit", "text"),
        Field("requests_per_unit", "Requests per unit", "plain"),
    )),
    ("Cache and batch", (
        Field("cached_input_share", "Read from cache", "share"),
        Field("cache_write_share", "Written to cache", "share"),
        Field("batch_share", "Sent in batch", "share"),
        Field("long_prompt_share", "Above the price step", "share"),
    )),
    ("Difficulty and errors", (
        Field("complexity", "Complexity", "choice", (NONE, "low", "medium", "high")),
        Field("complex_share", "Complex requests", "share"),
        Field("complex_token_factor", "Complex over routine length", "plain"),
        Field("error_cost_usd", "Cost of one error", "usd"),
        Field("error_cost", "Or its class", "choice", (NONE, "low", "medium", "high", "critical")),
        Field("max_error_rate", "Highest error rate", "share"),
    )),
    ("Review, hand-off, retries", (
        Field("review.share", "Answers reviewed", "share"),
        Field("review.catch", "Errors found by review", "share"),
        Field("review.false_alarm", "False alarms", "share"),
        Field("review.usd_per_review", "One review", "usd"),
        Field("review.usd_per_fix", "One correction", "usd"),
        Field("handoff.rate", "Handed to a person", "share"),
        Field("handoff.usd", "One hand-off", "usd"),
        Field("retries.fail_rate", "Attempts that fail", "share"),
        Field("retries.max_attempts", "Most attempts", "count"),
        Field("retries.billed_share", "Billed when failed", "share"),
    )),
    ("When and where", (
        Field("latency", "Answer in", "choice", tuple(LATENCIES)),
        Field("p95_latency_s", "p95 to first word, s", "plain"),
        Field("load", "Load over the day", "choice", (NONE, "always_on", "office_hours", "batch")),
        Field("peak_factor", "Or busiest hour over mean", "plain"),
        Field("in_house_only", "In-house only", "yes_no"),
    )),
)
PARTS: dict[str, type[Record]] = {"review": Review, "handoff": HandOff, "retries": Retries}
WHOLE = {"retries.max_attempts"}


def shown_value(category: Category, field: Field) -> str:
    """The field's value as it stands in the form."""
    value: Any = category
    for part in field.path.split("."):
        value = getattr(value, part)
    if field.kind in ("text", "choice"):
        return NONE if value is None and field.choices else "" if value is None else str(value)
    return write_quantity(field.kind, value)


def field_help(field: Field) -> str:
    """The sentence that the record says about the field."""
    first, _, second = field.path.partition(".")
    record: type[Record] = PARTS[first] if second else Category
    words = record.model_fields[second or first].description or ""
    return show.safe(words) + (f" One number, or low {BAR} likely {BAR} high." if _takes_range(field) else "")


def _takes_range(field: Field) -> bool:
    return "." not in field.path and field.kind in ("count", "share", "usd") and field.path not in (
        "max_error_rate", "long_prompt_share")


def typed_value(field: Field, text: str, place: str) -> Any:
    """What was typed, as it is written in a plan file; None for an empty field."""
    text = text.strip()
    if field.kind == "choice":
        return None if text == NONE else text
    if not text:
        return None
    if field.kind == "text":
        return text
    value = read_quantity(field.kind, text, place)
    if isinstance(value, dict) and not _takes_range(field):
        raise InputError(Problem(place, quoted(text, 40), "one number", "Write one number."))
    if field.path in WHOLE and not isinstance(value, dict):
        if not value.is_integer():
            raise InputError(Problem(place, quoted(text, 40), "a whole number", "Write it without a point."))
        return int(value)
    return value


def show_form() -> None:
    """Choice of a category, its fields, its order, its copy and its removal."""
    plan = state.plan()
    names = [category.name for category in plan.workload.categories]
    wanted = st.session_state.get("category_pick")
    if wanted not in names:
        st.session_state["category_pick"] = names[0]
    picked = st.selectbox("Category", names, key="category_pick", format_func=lambda name: show.short(name, 80),
                          persist_state="session")
    number = names.index(picked)
    _order_buttons(number, len(names))
    category = plan.workload.categories[number]
    version = state.session().version
    with st.form(f"category_{number}_{version}", border=True):
        texts: dict[str, str | bool] = {}
        tabs = st.tabs([title for title, _ in GROUPS] + ["Error rates"])
        for tab, (_, fields) in zip(tabs, GROUPS, strict=False):
            with tab, st.grid(3, min_column_width=200):
                for field in fields:
                    texts[field.path] = _widget(category, field, f"{number}_{version}")
        with tabs[-1]:
            rates = _rate_fields(category, f"{number}_{version}")
        if st.form_submit_button("Apply", type="primary"):
            _apply(number, category, texts, rates)
            st.rerun()


def _widget(category: Category, field: Field, suffix: str) -> str | bool:
    key, help_text = f"field_{field.path}_{suffix}", field_help(field)
    if field.kind == "yes_no":
        return bool(st.checkbox(field.label, bool(getattr(category, field.path)), key=key, help=help_text))
    now = shown_value(category, field)
    if field.kind == "choice":
        return str(st.selectbox(field.label, field.choices, field.choices.index(now), key=key, help=help_text,
                                format_func=_choice_words))
    return st.text_input(field.label, now, key=key, help=help_text, max_chars=120) or ""


def _choice_words(choice: str) -> str:
    words = {"qa": "Questions and answers", "rag": "Answers from documents (RAG)"}
    return words.get(choice, choice.replace("_", " ").capitalize())


def _rate_fields(category: Category, suffix: str) -> dict[str, str]:
    """Known error rates by endpoint of the plan: one share, or routine / complex."""
    show.small("Share of wrong answers that you measured or expect: 3 %, or routine / complex as 3 % / 16 %. "
               "Empty: evidence or assumption.")
    plan = state.plan()
    names = list(dict.fromkeys([*category.error_rates, *(name for scenario in plan.scenarios
                                                         for name in endpoints_of(scenario.strategy))]))
    texts: dict[str, str] = {}
    with st.grid(3, min_column_width=200):
        for name in names:
            model = name.removesuffix("#thinking")
            label = endpoint_state(model, plan, results.catalog(), results.price_day()).label
            suffix_words = ", thinking" if name != model else ""
            texts[name] = st.text_input(show.safe(label) + suffix_words, rate_text(category.error_rates.get(name)),
                                        key=f"rate_{name}_{suffix}", max_chars=40) or ""
    return texts


def rate_text(rate: float | SegmentRates | None) -> str:
    """A known error rate as it is typed."""
    if rate is None:
        return ""
    if isinstance(rate, SegmentRates):
        return f"{write_share(rate.routine)} / {write_share(rate.complex)}"
    return write_share(rate)


def typed_rate(text: str, place: str) -> float | dict[str, float] | None:
    """An error rate as it is written in a plan file.

    >>> typed_rate("3 % / 16 %", "field"), typed_rate("", "field")
    ({'routine': 0.03, 'complex': 0.16}, None)
    """
    parts = [part for part in text.split("/") if part.strip()]
    if not parts:
        return None
    if len(parts) > 2:
        raise InputError(Problem(place, quoted(text, 40), "one or two shares", "Write 3 %, or 3 % / 16 %."))
    shares = [read_share(part, place) for part in parts]
    return shares[0] if len(shares) == 1 else {"routine": shares[0], "complex": shares[1]}


def _apply(number: int, category: Category, texts: dict[str, str | bool], rates: dict[str, str]) -> None:
    """Put every changed field into the plan, or say what is wrong with all of them."""
    patch: Document = {}
    problems: list[Problem] = []
    for _, fields in GROUPS:
        for field in fields:
            typed = texts[field.path]
            if isinstance(typed, bool):
                if typed != getattr(category, field.path):
                    patch[field.path] = typed
                continue
            if typed == shown_value(category, field):
                continue
            try:
                patch[field.path] = typed_value(field, typed, field.label)
            except InputError as error:
                problems += error.problems
    known = {name: rate_text(category.error_rates.get(name)) for name in rates}
    changed_rates: Document = {}
    for name, text in rates.items():
        if text != known[name]:
            try:
                changed_rates[name] = typed_rate(text, name)
            except InputError as error:
                problems += error.problems
    if problems:
        state.refuse(InputError(problems))
        return
    if patch or changed_rates:
        state.revise(lambda document: _patch(document, number, patch, changed_rates),
                     f"Changed {show.short(category.name, 40)}")


def _patch(document: Document, number: int, patch: Document, rates: Document) -> None:
    category = edits.categories(document)[number]
    for path, value in patch.items():
        first, _, second = path.partition(".")
        if second:
            part: Document = category.setdefault(first, {})
            if value is None:
                part.pop(second, None)
            else:
                part[second] = value
    for rival, other in (("error_cost", "error_cost_usd"), ("load", "peak_factor")):
        if patch.get(rival) is not None and other not in patch:
            category.pop(other, None)
        if patch.get(other) is not None and rival not in patch:
            category.pop(rival, None)
    own = category.setdefault("error_rates", {})
    for name, value in rates.items():
        if value is None:
            own.pop(name, None)
        else:
            own[name] = value
    patch_category(document, number, {path: value for path, value in patch.items() if "." not in path})


def _revise(edit: Callable[[Document], object], what: str, toast: bool) -> None:
    state.revise(lambda document: (edit(document), None)[1], what, toast)


def _order_buttons(number: int, count: int) -> None:
    name = show.short(state.plan().workload.categories[number].name, 40)
    with st.container(horizontal=True, gap="small"):
        for label, icon, edit, what, is_off in (
            ("Up", "arrow_upward", lambda d: edits.move_category(d, number, -1), f"Moved {name} up", number == 0),
            ("Down", "arrow_downward", lambda d: edits.move_category(d, number, 1), f"Moved {name} down",
             number == count - 1),
            ("Duplicate", "content_copy", lambda d: edits.duplicate_category(d, number), f"Duplicated {name}", False),
            ("Remove", "delete", lambda d: edits.remove_category(d, number), f"Removed {name}", False),
        ):
            st.button(label, icon=f":material/{icon}:", key=f"category_{label}", disabled=is_off,
                      on_click=_revise, args=(edit, what, label == "Remove"))
