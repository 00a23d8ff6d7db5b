"""Dialogs: what they say, what they take, and what they refuse while the plan stays as it was."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
import streamlit as st

from planner.domain.plan import build_plan, parse_plan, plan_document
from planner.domain.templates import find_template
from planner.engine.evaluate import ScenarioResult
from planner.engine.study import study
from planner.ui import models, paste, state
from planner.views.formatting import usd_whole
from tests.pages.conftest import Bench


@pytest.fixture
def bench(visit: Callable[..., Bench]) -> Bench:
    """The example plan."""
    return visit("example")


def press(bench: Bench, opener: str, button: str) -> None:
    """Press a button in a dialog, by its key or by what is written on it.

    The bench runs the whole page, so that the dialog has to be opened in the same run; a browser runs the dialog alone.
    """
    bench.app.button(key=opener).click()
    next(each for each in bench.app.button if button in (each.key, each.label)).click().run()


def paste_in(bench: Bench, text: str) -> None:
    """Open the dialog and paste."""
    bench.go("workload.py")
    bench.click("paste_open")
    bench.app.button(key="paste_open").click()
    bench.app.text_area(key="paste_text").set_value(text).run()


def texts(bench: Bench) -> str:
    return " ".join(each.value.replace("\\", "") for each in (*bench.app.markdown, *bench.app.error))


def test_why_not_compares_to_the_cent_with_the_recommendation(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    # Streamlit's bench cannot open a menu: the menu answers what would be picked.
    monkeypatch.setattr(st, "menu_button", lambda _label, options, key, **_: (
        "Haiku for everything" if key == "why_not" and "Haiku for everything" in options else None))
    bench.go("overview.py")
    assert bench.complaints() == []
    found = study(bench.plan, state.today())
    haiku, best = found.evaluation.scenario("Haiku for everything"), found.recommendation.scenario
    table = next(each.value for each in bench.app.table if "Recommended" in each.value.columns)
    assert list(table["Per month"]) == ["Invoice", "Error cost", "Total"]  # nobody reviews or takes over in this plan
    assert list(table["This one"]) == [haiku.total(key) for key in ("invoice_usd", "error_cost_usd", "total_usd")]
    assert list(table["Recommended"]) == [best.total(key) for key in ("invoice_usd", "error_cost_usd", "total_usd")]
    assert "a month more in all: the invoice is" in texts(bench)


@pytest.mark.parametrize(
    ("name", "said"),
    [("claude-haiku-4-5", "Sold by Anthropic"), ("our-llama", "Llama 3.3 70B on H100 SXM")],
)
def test_details_of_a_model(bench: Bench, monkeypatch: pytest.MonkeyPatch, name: str, said: str) -> None:
    monkeypatch.setattr(models, "_open_details", lambda _event, _rows: models.details_dialog(name))
    bench.go("models.py")
    assert bench.complaints() == []
    assert said in texts(bench)
    if name != "our-llama":
        assert [list(each.value.columns)[:3] for each in bench.app.table] == [["From", "Until", "Input"]]
        assert "Source: " in texts(bench)


def test_an_own_model_is_added_with_its_prices(bench: Bench) -> None:
    bench.go("models.py")
    bench.click("own_open")
    for key, typed in {"own_name": "our-tuned", "own_input": "$0.25", "own_output": "1.5", "own_fixed": "2k",
                       "own_context": "128k"}.items():
        bench.app.text_input(key=key).set_value(typed)
    press(bench, "own_open", "Add")
    assert bench.complaints() == []
    added = bench.plan.endpoints["our-tuned"]
    assert added.kind == "custom"
    assert (added.input_usd_per_mtok, added.output_usd_per_mtok) == (0.25, 1.5)
    assert (added.fixed_usd_per_month, added.context_tokens) == (2000.0, 128_000)


def test_an_own_model_without_name_or_price_is_refused_in_words(bench: Bench) -> None:
    bench.go("models.py")
    bench.click("own_open")
    before = bench.plan
    bench.app.text_input(key="own_output").set_value("cheap")
    press(bench, "own_open", "Add")
    said = " ".join(bench.complaints()).replace("\\", "")
    assert bench.plan == before
    assert "Name" in said
    assert "Input price: an empty field" in said
    assert 'Output price: "cheap"' in said
    assert not re.search(r"[a-z]_[a-z]", said)


def test_a_discount_is_a_share_and_lowers_the_bill(bench: Bench) -> None:
    bench.go("models.py")
    bench.click("discounts_open")
    bench.app.text_input(key="discount_anthropic").set_value("20 %")
    press(bench, "discounts_open", "Apply")
    assert bench.complaints() == []
    assert bench.plan.discounts == {"anthropic": 0.2}


def test_a_discount_that_can_be_read_in_two_ways_is_refused(bench: Bench) -> None:
    bench.go("models.py")
    bench.click("discounts_open")
    bench.app.text_input(key="discount_anthropic").set_value("0.2")
    press(bench, "discounts_open", "Apply")
    assert "can mean 0.2 % or 20 %" in " ".join(bench.complaints()).replace("\\", "")
    assert bench.plan.discounts == {}


def test_a_pasted_table_is_shown_and_then_taken(bench: Bench) -> None:
    # Ticket triage is there already: its figures are replaced. Invoices is new.
    paste_in(bench, "Category\tRequests\nTicket triage\t1M\nInvoices\t60k")
    press(bench, "paste_open", "paste_take")
    assert bench.complaints() == []
    volumes = {each.name: each.requests_per_month for each in bench.plan.workload.categories}
    assert (volumes["Ticket triage"], volumes["Invoices"]) == (1e6, 6e4)
    assert len(volumes) == 5


def test_a_faulty_line_keeps_the_whole_paste_out(bench: Bench) -> None:
    before = bench.plan
    paste_in(bench, "Invoices,60k\nBad,many")
    assert 'Line 2, Requests: "many" is not a count' in " ".join(bench.complaints()).replace("\\", "")
    assert bench.app.button(key="paste_take").disabled
    assert bench.plan == before


def test_commas_and_semicolons_part_cells_as_tabs_do() -> None:
    for between in ("\t", ";", ","):
        found = paste.read_paste(between.join(["Invoices", "60k", "3000", "400"]))
        assert found.problems == ()
        assert [row["output_tokens_per_request"] for row in found.rows] == [400.0]


def test_totals_of_the_table_are_rounded_as_everywhere(bench: Bench) -> None:
    # A bar column cuts decimals off in the browser: it must get whole dollars, halves up, as in the file.
    app = bench.go("compare.py")
    rows = app.dataframe[0].value
    totals = {each.name: each.total("total_usd") for each in _evaluated(bench)}
    shown = {row["Scenario"]: row["Total"] for _, row in rows.iterrows() if row["Scenario"] in totals}
    assert len(shown) >= 5
    assert {name: f"${value:,.0f}" for name, value in shown.items()} == {
        name: usd_whole(totals[name]) for name in shown}
    assert any(round(value % 1, 6) >= 0.5 for value in totals.values() if value is not None)  # cutting would show
    app = bench.go("models.py")
    costs = app.dataframe[0].value["Your cost"].dropna()
    assert len(costs) > 20
    assert (costs == costs.round()).all()


def _evaluated(bench: Bench) -> list[ScenarioResult]:
    return list(study(bench.plan, state.today()).evaluation.scenarios)


def test_a_missing_measurement_is_asked_for_by_its_name_on_screen(visit: Callable[..., Bench]) -> None:
    # No public benchmark covers this model on this card: the plan must say how fast a server is.
    document = plan_document(parse_plan(find_template("example").text))
    own = next(each for each in document["endpoints"].values() if each["kind"] == "self_hosted")
    own["gpus_per_replica"], own["precision"] = 7, "BF16"
    for field in ("measured_requests_per_s", "capacity"):
        own.pop(field, None)
    bench = visit(build_plan(document))
    for file in ("compare.py", "break_even.py", "overview.py"):
        app = bench.go(file)
        said = texts(bench) + " ".join(str(frame.value.to_dict()) for frame in app.dataframe)
        assert "measured_requests_per_s" not in said, file


def test_a_strategy_is_kept_out_of_the_workbench(bench: Bench) -> None:
    # The workbench runs by itself; what it changes in the plan shows on the whole page.
    bench.go("compare.py")
    bench.app.slider(key="split_share").set_value(40).run()
    bench.click("keep")
    assert bench.complaints() == []
    added = bench.plan.scenarios[-1]
    assert added.strategy.kind == "split"
    assert added.strategy.small_share == pytest.approx(0.4)
    assert added.name in list(bench.app.dataframe[0].value["Scenario"])
