"""Parts of the Models & prices page: filters, the table, details, discounts, own models."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from planner.domain.endpoints import Custom
from planner.ui import edits, results, show, state
from planner.ui.cells import read_count, read_share, read_usd, write_share
from planner.views.formatting import MISSING, count, day, plural, share, usd_cents, usd_per_mtok, usd_whole, whole
from planner.views.model_list import TIERS
from planner.views.price_story import period_rows, step_rows
from pricing.errors import InputError, Problem

FRESH = {"fresh": "Fresh", "amber": "Ageing", "red": "Stale or disputed"}
TIER_CHOICES = ("All", "Small", "Medium", "Large")


def filters(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows that the filters leave."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        tier = st.segmented_control("Size", TIER_CHOICES, default="All", required=True, key="models_tier",
                                    label_visibility="collapsed", persist_state="session")
        fits = st.toggle("Fits my work", True, key="models_fits", persist_state="session",
                         help="On sale on the price date, with a window long enough, and allowed for every category")
        is_open = st.toggle("Open weights", False, key="models_open", persist_state="session")
        everyone = st.toggle("All sellers", False, key="models_sellers", persist_state="session",
                             help="Hosts and clouds beside each model's maker")
        st.space("stretch")
        if st.button("Add own model", icon=":material/add:", key="own_open"):
            own_dialog()
        if st.button("Discounts", icon=":material/percent:", key="discounts_open"):
            discounts_dialog()
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        vendors = sorted(set(rows["vendor"]))
        picked = st.multiselect("Vendor", vendors, key="models_vendors", placeholder="All vendors", width=380,
                                persist_state="session")
        _price_date()
    keep = pd.Series(True, index=rows.index)
    if tier != "All":
        keep &= rows["tier"].map(TIERS).eq(str(tier))
    if fits:
        keep &= (rows["state"].isin(["priced", "free"]) & rows["stops"].eq("")) | rows["in_plan"]
    if is_open:
        keep &= rows["open_weights"]
    if not everyone:
        keep &= rows["is_own_offer"] | rows["in_plan"] | (rows["open_weights"] & is_open)
    if picked:
        keep &= rows["vendor"].isin(picked)
    return rows[keep].sort_values(["in_plan", "monthly_usd"], ascending=[False, True]).reset_index(drop=True)


def _price_date() -> None:
    plan, key = state.plan(), f"price_date_{state.session().version}"
    st.date_input("Prices of", results.price_day(), key=key, format="YYYY-MM-DD", width=170, on_change=_set_date,
                  args=(key,), min_value=date(2023, 1, 1), max_value=date(2030, 12, 31),
                  help="The day whose prices apply; announced changes count from their day")
    if plan.price_date is not None:
        st.button("Use today", key="date_today", type="tertiary", on_click=_set_today)


def _set_date(key: str) -> None:
    picked = st.session_state[key]
    if isinstance(picked, date):
        state.revise(lambda document: document.update(price_date=picked.isoformat()), f"Prices of {day(picked)}")


def _set_today() -> None:
    state.revise(lambda document: document.update(price_date=None), "Prices of today")


def model_table(rows: pd.DataFrame) -> None:
    """The table; a click on a row opens its details."""
    dates = list(rows["as_of"].dropna())
    newest = f", checked by {day(date.fromisoformat(max(dates)))}" if dates else ""
    show.small(f"{plural(len(rows), 'offer')} · prices of {day(results.price_day())}{newest} · USD per 1M tokens · "
               "monthly cost if the model did all of your work")
    if not len(rows):
        show.hint("No model passes these filters. Loosen one of them.")
        return
    monthly = rows["monthly_usd"].astype(float)
    shown = pd.DataFrame({
        "Model": rows["model"], "Size": rows["tier"].map(TIERS), "Input": rows["input_usd_per_mtok"],
        "Cached": rows["cache_read_usd_per_mtok"], "Output": rows["output_usd_per_mtok"], "Batch": rows["batch_share"],
        "Context": rows["context_tokens"], "Your cost": [whole(value) for value in monthly],
        "Wrong": rows["error_rate"].astype(float).round(4),
        "Rate from": rows["error_origin"], "Note": _notes(rows), "As of": rows["as_of"],
        "Price": rows["freshness"].map(FRESH),
    })
    hosted = rows["kind"].eq("self_hosted")
    shown.loc[hosted, ["Input", "Cached", "Output"]] = np.nan
    writers: dict[Any, Any] = {"Input": usd_per_mtok, "Cached": usd_per_mtok, "Output": usd_per_mtok, "Batch": share,
                               "Context": count, "Wrong": share}
    styled = shown.style.format(writers, na_rep=MISSING)
    column = st.column_config
    event = st.dataframe(
        styled, hide_index=True, width="stretch", height=min(42 * len(rows) + 44, 560), row_height=42,
        placeholder=MISSING, key="models_table", on_select="rerun", selection_mode="single-cell",
        alt="Models with prices, your monthly cost and error rate. Click a row for its periods, steps and sources.",
        column_config={
            "Model": column.TextColumn(width=190), "Size": column.TextColumn(width=74),
            "Input": column.NumberColumn(width=76), "Cached": column.NumberColumn(width=76),
            "Output": column.NumberColumn(width=78),
            "Batch": column.NumberColumn(width=70, help="Batch price over standard price"),
            "Context": column.NumberColumn(width=78, help="Longest prompt, tokens"),
            "Your cost": column.ProgressColumn(format="$%,d", min_value=0, max_value=float(np.nanmax([*monthly, 1.0])),
                                               width=180, help="A month, if the model did all of your work"),
            "Wrong": column.NumberColumn(width=74, help="Mean share of wrong answers over your work"),
            "Rate from": column.TextColumn(width=94, help="Where the error rate comes from"),
            "Note": column.TextColumn(width=200), "As of": column.TextColumn(width=98),
            "Price": column.TextColumn(width=130, help="How far the price can be trusted by its age"),
        },
    )
    _open_details(event, rows)


def _notes(rows: pd.DataFrame) -> list[str]:
    notes = []
    for _, row in rows.iterrows():
        parts = [part for part in ("In your plan" if row["in_plan"] else "", row["note"], row["stops"]) if part]
        notes.append(" · ".join(parts))
    return notes


def _open_details(event: Any, rows: pd.DataFrame) -> None:
    cells = list(event.selection.cells) if event and event.selection else []
    picked = rows["id"].iloc[cells[0][0]] if cells and cells[0][0] < len(rows) else None
    if picked is not None and picked != st.session_state.get("models_seen"):
        st.session_state["models_seen"] = picked
        details_dialog(str(picked))
    elif picked is None:
        st.session_state["models_seen"] = None


def _forget_details() -> None:
    st.session_state["models_seen"] = None


@st.dialog("Model and price", width="large", on_dismiss=_forget_details)
def details_dialog(name: str) -> None:
    """Every period and step of an offer, with its sources."""
    plan, book, when = state.plan(), results.catalog(), results.price_day()
    if name in plan.endpoints:
        _own_details(name)
        return
    offer = book.resolve(name)
    model, quote = book.models[offer.model], book.quote(offer, when)
    seller = book.seller_names[offer.seller].display if offer.seller in book.seller_names else offer.seller
    st.markdown(f"**{show.safe(model.display)}**")
    facts = [f"Sold by {seller}", f"{TIERS[book.tier(model, when)].lower()} model",
             f"window {count(model.context_tokens)} tokens" if model.context_tokens else "window not established",
             f"open weights ({model.licence})" if model.open_weights else "closed weights"]
    show.small(" · ".join(facts))
    if quote.reason:
        show.problem(f"{quote.reason[:1].upper()}{quote.reason[1:]}.")
    if quote.next_change is not None:
        show.hint(f"From {day(quote.next_change[0])}: {quote.next_change[1]}.")
    st.markdown("**Prices by period, USD per 1M tokens**")
    show.rows_table(["From", "Until", "Input", "Cached", "Output", "Batch in", "Batch out"],
                    [[show.safe(cell) for cell in row] for row in period_rows(offer)], "Prices by period")
    steps = step_rows(quote)
    if steps:
        st.markdown("**Long prompts cost more**")
        show.rows_table(["Prompt over", "Input", "Output"], [[show.safe(cell) for cell in row] for row in steps],
                        "Price steps by prompt length")
    origin = offer.provenance
    link = f" [Open the source]({origin.url})" if origin.url else ""
    freshness = FRESH[book.freshness(quote, state.today())].lower()
    st.markdown(f":small[:gray[{show.safe(f'Source: {origin.source}, as of {origin.as_of}; {freshness}.')}]]{link}")
    for other in origin.disagrees:
        show.small(f"{other.source} says otherwise" + (f"; settled: {other.settled}" if other.settled else "."))


def _own_details(name: str) -> None:
    endpoint = state.plan().endpoints[name]
    st.markdown(f"**{show.safe(name)}**")
    if isinstance(endpoint, Custom):
        show.rows_table(["Price", "USD"], [
            ["Input, per 1M tokens", show.safe(usd_per_mtok(endpoint.input_usd_per_mtok))],
            ["Output, per 1M tokens", show.safe(usd_per_mtok(endpoint.output_usd_per_mtok))],
            ["Fixed, a month", show.safe(usd_cents(endpoint.fixed_usd_per_month))],
            ["Once", show.safe(usd_whole(endpoint.one_off_usd))]], "Own prices")
    else:
        book = results.catalog()
        display = book.models[book.resolve_model(endpoint.model).id].display
        show.small(f"{display} on {endpoint.gpu}. Its inputs are on the Break-even page.")
    st.button("Remove", icon=":material/delete:", key="own_remove", on_click=_remove_own, args=(name,))


def _remove_own(name: str) -> None:
    state.revise(lambda document: document["endpoints"].pop(name), f"Removed {show.short(name, 40)}", toast=True)


@st.dialog("Discounts off list prices")
def discounts_dialog() -> None:
    """One share per seller; empty for none."""
    plan, book = state.plan(), results.catalog()
    rows = results.models()
    sellers = sorted({book.offers[name].seller for name in rows[rows["in_plan"]]["id"] if name in book.offers}
                     | set(plan.discounts))
    more = [seller for seller in book.seller_names if seller not in sellers]
    added = st.multiselect("Other sellers", more, key="discount_more",
                           format_func=lambda each: book.seller_names[each].display)
    with st.form("discounts", border=False):
        typed = {}
        for name in [*sellers, *added]:
            label = book.seller_names[name].display if name in book.seller_names else name
            typed[name] = st.text_input(show.safe(label), write_share(plan.discounts[name]) if name in plan.discounts
                                        else "", placeholder="no discount", key=f"discount_{name}", max_chars=20) or ""
        if st.form_submit_button("Apply", type="primary"):
            _set_discounts(typed)


def _set_discounts(typed: dict[str, str]) -> None:
    found: dict[str, float] = {}
    problems: list[Problem] = []
    for name, text in typed.items():
        if text.strip():
            try:
                found[name] = read_share(text, name)
            except InputError as error:
                problems += error.problems
    if problems:
        for problem in problems:
            show.problem(str(problem))
        return
    state.revise(lambda document: document.update(discounts=found), "Changed discounts", toast=True)
    st.rerun()


@st.dialog("Add an own model", width="medium")
def own_dialog() -> None:
    """An endpoint at an own price, such as a fine-tuned model."""
    models = sorted(results.catalog().models.values(), key=lambda model: model.display)
    with st.form("own_model", border=False):
        name = st.text_input("Name", "", max_chars=80, key="own_name", placeholder="our-tuned-model")
        with st.grid(2, min_column_width=180):
            fields = {
                "input_usd_per_mtok": st.text_input("Input, $ per 1M tokens", "", key="own_input"),
                "output_usd_per_mtok": st.text_input("Output, $ per 1M tokens", "", key="own_output"),
                "cache_read_usd_per_mtok": st.text_input("Cached input, $ per 1M", "", key="own_cached",
                                                         help="Empty: the input price"),
                "fixed_usd_per_month": st.text_input("Fixed, $ a month", "", key="own_fixed"),
                "one_off_usd": st.text_input("Once, $", "", key="own_once", help="Training, set-up"),
                "context_tokens": st.text_input("Longest prompt, tokens", "", key="own_context"),
            }
        like = st.selectbox("As able as", [None, *(model.id for model in models)], key="own_like",
                            format_func=lambda each: "not known" if each is None
                            else results.catalog().models[each].display,
                            help="Model whose ability is assumed where nothing is measured")
        in_house = st.checkbox("Runs on machines you control", key="own_house")
        if st.form_submit_button("Add", type="primary"):
            _add_own(str(name or "").strip(), fields, like, bool(in_house))


def _add_own(name: str, fields: Mapping[str, str | None], like: str | None, in_house: bool) -> None:
    problems: list[Problem] = []
    document: dict[str, Any] = {"kind": "custom", "in_house": in_house, "ability_like": like}
    if not name:
        problems.append(Problem("Name", "an empty name", "a name", "Write a name."))
    elif name in state.plan().endpoints:
        problems.append(Problem("Name", f"{name}", "free", "It is taken: write another one."))
    for field, text in fields.items():
        text = (text or "").strip()
        if not text:
            if field in ("input_usd_per_mtok", "output_usd_per_mtok"):
                problems.append(Problem(edits.words(field), "an empty field", "a price", "Write it as 0.25."))
            continue
        try:
            value = (read_count if field == "context_tokens" else read_usd)(text, edits.words(field))
            document[field] = int(value) if field == "context_tokens" else value
        except InputError as error:
            problems += error.problems
    if problems:
        for problem in problems:
            show.problem(str(problem))
        return
    if state.revise(lambda plan: plan.setdefault("endpoints", {}).update({name: document}),
                    f"Added {show.short(name, 40)}", toast=True):
        st.rerun()
    for notice in state.take_notices("refused"):
        show.problem(notice.text)
