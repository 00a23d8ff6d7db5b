"""Parts of the Export page: one card per format, the plan file in and out, page 1 as it will print."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from datetime import date
from functools import partial
from typing import Any, Protocol

import streamlit as st

from planner import __version__
from planner.domain.plan import Plan, dump_plan, plan_hash
from planner.engine.crossover import Crossover
from planner.engine.study import Study
from planner.ui import menu, results, show, state
from planner.views.formatting import count_whole, day, listed, share, times, usd, usd_whole
from planner.views.records import crossover_values, evaluation_values, recommendation_values
from planner.views.scenario_table import shown_scenarios
from planner.views.wording import CONFIDENCE, reasons, sentence

WORDS = {
    "pdf": ("PDF recommendation", "Decision on one page, then workload, cost, quality, break-even, roll-out, "
            "assumptions.", "Download PDF", ":material/picture_as_pdf:"),
    "csv": ("CSV bundle", "Tidy tables with raw numbers, units in the names.", "Download CSV",
            ":material/table_chart:"),
}
PAPERS = {"a4": "A4", "us-letter": "Letter"}


class Format(Protocol):
    """What a card needs to know of one way to hand a study over; the page brings those that there are."""

    @property
    def name(self) -> str:
        """Short name, as on the command line."""

    @property
    def label(self) -> str:
        """What a reader gets."""

    @property
    def suffix(self) -> str:
        """Ending of the file that is downloaded."""

    @property
    def media_type(self) -> str:
        """Media type of that file."""

    @property
    def render(self) -> Callable[..., Any]:
        """The content from a study, a day and options."""

    @property
    def download(self) -> Callable[[Any], bytes]:
        """The content as one file."""


def file_name(plan: Plan, suffix: str) -> str:
    """A file name out of a plan's name.

    >>> file_name(Plan(name="Support desk / 2026"), ".pdf")
    'support-desk-2026.pdf'
    """
    stem = re.sub(r"[^0-9a-z]+", "-", plan.name.casefold()).strip("-")[:60]
    return f"{stem or 'plan'}{suffix}"


def _made(form: Format, study: Study, today: date, options: tuple[tuple[str, str | bool], ...]) -> bytes:
    """The file of a format. Runs outside the page: nothing of Streamlit in here."""
    return form.download(form.render(study, today, **dict(options)))


def _json(study: Study) -> bytes:
    found = study.self_host
    values = {"evaluate": evaluation_values(study.evaluation), "recommend": recommendation_values(study),
              "break_even": crossover_values(found) if isinstance(found, Crossover) else None}
    return json.dumps(values, ensure_ascii=False, indent=1, allow_nan=False).encode("utf-8")


def _card(title: str, text: str, label: str, icon: str, make: Callable[[], bytes], name: str, mime: str, key: str,
          primary: bool = False) -> None:
    with st.container(border=True), st.container(horizontal=True, wrap=False, vertical_alignment="center"):
        st.markdown(f"**{show.safe(title)}**  \n:gray[{show.safe(text)}]", width="stretch")
        st.download_button(label, make, name, mime, key=key, icon=icon, width=170, on_click="ignore",
                           type="primary" if primary else "secondary")


def cards(study: Study | None, formats: Sequence[Format]) -> None:
    """Every format, the plan itself and JSON."""
    plan, today = state.plan(), state.today()
    if study is not None:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            paper = st.segmented_control("Paper", list(PAPERS), default="a4", required=True, key="paper",
                                         format_func=PAPERS.__getitem__, label_visibility="collapsed",
                                         persist_state="session")
            with_bom = st.toggle("CSV for older Excel", False, key="with_bom", persist_state="session",
                                 help="Marks the files as UTF-8, so that Excel shows accents right")
        options: dict[str, tuple[tuple[str, str | bool], ...]] = {
            "pdf": (("paper", str(paper)),), "csv": (("with_bom", bool(with_bom)),)}
        for number, form in enumerate(formats):
            title, text, label, icon = WORDS.get(form.name, (form.label, "", f"Download {form.name.upper()}",
                                                             ":material/download:"))
            _card(title, text, label, icon, partial(_made, form, study, today, options.get(form.name, ())),
                  file_name(plan, form.suffix), form.media_type, f"download_{form.name}", primary=number == 0)
    _card("Plan file", "YAML; opens here again, runs in the command line.", "Download plan", ":material/code:",
          partial(_dump, plan), file_name(plan, ".yaml"), "application/yaml", "download_plan")
    if study is not None:
        _card("JSON", "Every figure under stable keys, for scripts.", "Download JSON", ":material/data_object:",
              partial(_json, study), file_name(plan, ".json"), "application/json", "download_json")
    show.small(f"Every page is stamped: prices of {day(results.price_day())} · plan {plan_hash(plan)} · "
               f"version {__version__}")


def _dump(plan: Plan) -> bytes:
    return dump_plan(plan).encode("utf-8")


def open_card() -> None:
    """A plan file comes in; the old plan stays until it is read whole."""
    st.markdown("### Open a plan file", anchors=False)
    menu.open_file_form("export")


def preview(study: Study) -> None:
    """Page 1 in short: the decision, its figures, the options, what would change it."""
    st.markdown("### Page 1, in short", anchors=False)
    advice = study.recommendation
    best, base = advice.scenario, advice.baseline
    with st.container(border=True):
        show.small(f"{show.short(study.plan.name)} · decision · {day(study.evaluation.day)} · "
                   f"{CONFIDENCE[advice.confidence].lower()}")
        st.markdown(f"## {show.safe(sentence(study))}", anchors=False)
        if best is None:
            return
        invoice = best.total("invoice_usd")
        other = base.total("invoice_usd") if base is not None and base.is_priced else None
        found = study.self_host
        multiple = found.invoice.today.multiple_of_break_even if isinstance(found, Crossover) else None
        saved = None if other is None or invoice is None else other - invoice
        with st.grid(4, min_column_width=100):
            for label, value in (
                ("Invoice", usd(invoice)), ("Saving", usd(saved)),
                ("With errors", usd(best.total("total_usd"))), ("Break-even", times(multiple)),
            ):
                st.markdown(f":small[:gray[{label}]]  \n**{show.safe(value)}**")
        table = shown_scenarios(study).head(5)
        rows = [
            [f"**{show.safe(show.short(row['scenario'], 40))}**" if row["is_best"]
             else show.safe(show.short(row["scenario"], 40)),
             *(show.safe(text) for text in (usd_whole(row["invoice_usd"]), usd_whole(row["total_usd"]),
                                            count_whole(row["expected_errors"])))]
            for row in table.to_dict("records")
        ]
        show.rows_table(["Option", "Invoice", "With errors", "Errors"], rows, "Options by total")
        changes = [reason.changes_if for reason in reasons(study) if reason.changes_if]
        if changes:
            st.markdown(f"**This changes if** {show.safe(listed(changes, 'or'))}.")
        budget = study.plan.limits.monthly_budget_usd
        if budget and invoice is not None:
            st.markdown(f"**Budget:** {show.safe(share(invoice / budget))} of {show.safe(usd(budget))} a month.")
        show.small("Planning figure, not a quote")
