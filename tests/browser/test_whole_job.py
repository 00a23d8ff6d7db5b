"""The whole job in a browser: pick a template, edit a cell, try a split, keep it, hand over. One set of figures."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page
from pypdf import PdfReader

from planner.domain.plan import load_plan
from planner.views.formatting import rounded_parts, usd_cents
from tests.browser.waiting import rerun, settled

DESKTOP_HEIGHT = 1400


def open_tab(page: Page, name: str) -> None:
    with rerun(page):
        page.get_by_role("link", name=name, exact=True).first.click()


def edit_cell(page: Page, grid: Locator, x: int, y: int, text: str) -> None:
    """Type into a cell of the canvas at a place of the grid."""
    grid.scroll_into_view_if_needed()
    box = grid.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + x, box["y"] + y)
    page.keyboard.press("Enter")
    editor = page.locator("#portal textarea, #portal input").first
    editor.wait_for()
    editor.fill(text)
    with rerun(page):
        page.keyboard.press("Enter")


def cells(table: Locator) -> list[list[str]]:
    """The text of a table that is drawn on a canvas, from the table that screen readers get."""
    table.locator("[role=grid]").wait_for(state="attached")
    rows = table.locator("[role=grid] tr")
    return [row.locator("td, th").all_text_contents() for row in rows.all()]


def download(page: Page, label: str, folder: Path) -> Path:
    with page.expect_download() as expected:
        page.get_by_role("button", name=label).click()
    path = folder / expected.value.suggested_filename
    expected.value.save_as(path)
    return path


def test_from_a_template_to_the_hand_over(open_page: Callable[..., Page], tmp_path: Path) -> None:
    page = open_page(height=DESKTOP_HEIGHT)

    page.get_by_role("button", name=re.compile("Support desk 2026")).click()
    with rerun(page):
        page.get_by_text("New: Ticket triage").click()
    assert page.get_by_role("button", name=re.compile("Ticket triage")).count() >= 1

    open_tab(page, "Workload")
    grid = page.get_by_test_id("stDataFrame").first
    edit_cell(page, grid, 265, 55, "1.2M")  # the requests of the first row
    assert page.get_by_text("1.2M").first.is_visible()

    open_tab(page, "Compare")
    slider = page.locator("input[type=range]").first
    slider.focus()
    for _ in range(5):
        with rerun(page):
            page.keyboard.press("ArrowRight")
    settled(page)
    assert page.get_by_text("You: 80 %").count() == 1
    with rerun(page):
        page.get_by_role("button", name="Keep as scenario").click()
    page.get_by_role("button", name="Show as table").nth(1).click()
    settled(page)
    shown = page.get_by_test_id("stDataFrame").nth(1)
    on_screen = cells(shown)

    open_tab(page, "Export & share")
    pdf = download(page, "Download PDF", tmp_path)
    bundle = download(page, "Download CSV", tmp_path)
    plan = load_plan(download(page, "Download plan", tmp_path))

    assert plan.workload.categories[0].requests_per_month == 1_200_000
    kept = next(each for each in plan.scenarios if getattr(each.strategy, "small_share", None) == 0.8)
    with zipfile.ZipFile(bundle) as archive:
        text = archive.read("scenarios.csv").decode("utf-8")
    rows = {row["name"]: row for row in csv.DictReader(io.StringIO(text))}
    header = on_screen[0]
    for line in on_screen[1:]:
        row = rows[line[header.index("Scenario")]]
        # The file holds unrounded figures; on screen the parts are rounded so that they add up to the total.
        in_file = [float(row[f"{part}_usd"]) for part in ("invoice", "error_cost", "review_cost", "handoff_cost")]
        expected = [usd_cents(value) for value in (*rounded_parts(in_file, 2), float(row["total_usd"]))]
        headings = ("Invoice", "Error cost", "Review", "Hand-off", "Total")
        assert [line[header.index(heading)] for heading in headings] == expected, row["name"]
    assert kept.name in {line[header.index("Scenario")] for line in on_screen[1:]}
    written = " ".join(page.extract_text() for page in PdfReader(pdf).pages)
    best = next(row for row in rows.values() if row["recommended"] == "true")
    assert f"{float(best['total_usd']):,.2f}" in written


@pytest.mark.parametrize("width", [360, 1280])
def test_no_page_scrolls_sideways(open_page: Callable[..., Page], app_url: str, width: int) -> None:
    page = open_page(width=width)
    for name in ("", "workload", "models", "compare", "break_even", "export", "method"):
        page.goto(f"{app_url}/{name}")
        settled(page)
        assert page.evaluate("document.scrollingElement.scrollWidth") <= width, name
        main = page.get_by_test_id("stMain")
        assert main.evaluate("main => main.scrollWidth - main.clientWidth") <= 0, name


def test_the_answer_and_the_first_figure_are_on_the_first_screen(open_page: Callable[..., Page]) -> None:
    # Measured from the top: the sentence within 200 px and a figure within 400 on a desktop, 650 on a phone.
    for width, sentence, figure in ((1280, 230, 420), (360, 350, 700)):
        page = open_page(width=width)
        answer = page.get_by_role("heading", level=2).first.bounding_box()
        metric = page.get_by_test_id("stMetric").first.bounding_box()
        assert answer is not None
        assert metric is not None
        assert answer["y"] < sentence
        assert metric["y"] < figure


def test_a_chart_tells_who_does_not_see_it(page: Page) -> None:
    chart = page.get_by_test_id("stPlotlyChart").first
    assert "Bars of the monthly total" in (chart.get_attribute("aria-label") or chart.inner_html())
