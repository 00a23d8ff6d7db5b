"""The PDF: what a reader finds on its pages, that it can be read aloud, and that no name breaks it."""

from __future__ import annotations

import io
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from typing import Any

import pypdf
import pytest

from planner.domain.plan import plan_hash
from planner.engine.study import Study
from planner.report import FORMATS, render_pdf
from planner.report.content import build_report
from planner.report.document import Bold, Headline, Headlines, Page, Report, Table
from planner.report.pdf import render_report
from planner.views.formatting import in_cents, usd, usd_cents, usd_whole
from planner.views.tables import scenarios_table
from planner.views.wording import deck, reasons, sentence
from tests.report.conftest import TODAY, category, study_of, words

Read = Callable[..., str]


@pytest.fixture(scope="module")
def pdf(example: Study) -> bytes:
    return render_pdf(example, TODAY)


@pytest.fixture(scope="module")
def pages(pdf: bytes, read_pdf: Read) -> list[str]:
    return [words(page) for page in read_pdf(pdf).split("\f")[:-1]]


# What it says ------------------------------------------------------------------------------------------------------


def test_page_1_carries_the_sentence_what_it_does_to_errors_and_every_reason(example: Study, pages: list[str]) -> None:
    assert sentence(example) in pages[0]
    assert deck(example) in pages[0]
    assert [reason.because for reason in reasons(example) if reason.because not in pages[0]] == []


def test_the_headline_numbers_are_the_tables_figures_rounded(example: Study, pages: list[str]) -> None:
    table = scenarios_table(example).set_index("name")
    best = table[table["recommended"]].iloc[0]
    for figure in (best["invoice_usd"], best["saving_invoice_usd"], best["total_usd"]):
        assert usd(figure) in pages[0]


def test_each_option_on_page_1_has_the_invoice_and_the_total_of_the_table(
    example: Study, pdf: bytes, read_pdf: Read
) -> None:
    page = read_pdf(pdf, layout=True).split("\f")[0]
    table = scenarios_table(example).set_index("name")
    shown = [name for name in table.index if re.search(rf"^\s*{re.escape(name)}\b.*\$", page, re.MULTILINE)]
    assert len(shown) >= 3
    for name in shown:
        lines = [line for line in page.splitlines() if line.strip().startswith(name)]
        amounts = next(found for line in lines if len(found := re.findall(r"\$[\d,]+", line)) == 2)
        assert amounts == [usd_whole(table.loc[name, "invoice_usd"]), usd_whole(table.loc[name, "total_usd"])], name


def test_cents_add_up_and_are_the_tables_cents(example: Study) -> None:
    report = build_report(example, today=TODAY)
    cost = next(page for page in report.pages if page.section == "Cost")
    table = next(block for block in cost.blocks if isinstance(block, Table) and "by category" in block.title)
    named = {column.head: i for i, column in enumerate(table.columns)}
    figures = scenarios_table(example).set_index("name")
    count = len(example.evaluation.demand.names)
    assert len(named) > 4
    for result in example.evaluation.scenarios:
        if result.name not in named:
            continue
        column = [str(row.cells[named[result.name]]) for row in table.rows]
        parts, (invoice, beside, total) = [dollars(each) for each in column[:count]], map(dollars, column[count:])
        assert sum(parts) == invoice
        assert invoice + beside == total
        assert column[count] == usd_cents(figures.loc[result.name, "invoice_usd"])
        assert column[-1] == usd_cents(figures.loc[result.name, "total_usd"])
        assert column[:count] == [usd_cents(part) for part in in_cents(result.outcome.invoice_usd.tolist())]


def dollars(text: str) -> int:
    """Cents of "$1,234.50"."""
    return round(float(text.replace("$", "").replace(",", "").replace("−", "-")) * 100)


def test_every_page_bears_price_date_version_plan_and_that_it_is_no_quote(example: Study, pages: list[str]) -> None:
    assert len(pages) >= 6
    for number, page in enumerate(pages, 1):
        assert f"Page {number} of {len(pages)}" in page
        assert f"Prices in force on {example.evaluation.day.isoformat()}" in page
        assert f"plan {plan_hash(example.plan)}" in page
        assert "Planning figure, not a quote" in page


def test_the_pages_follow_each_other_as_a_decision_is_read(pages: list[str]) -> None:
    order = [
        "DECISION MEMO",
        "2 WORKLOAD",
        "3 COST",
        "4 QUALITY AND RISK",
        "5 BREAK-EVEN",
        "6 ROLL-OUT",
        "7 ASSUMPTIONS",
    ]
    found = [next(i for i, page in enumerate(pages) if eyebrow in page) for eyebrow in order]
    assert found == sorted(found)


def test_prices_stand_with_their_date_and_source(example: Study, pages: list[str]) -> None:
    last = " ".join(pages)
    for state in example.recommendation.setting.states.values():
        if state.quote is not None:
            assert state.quote.model.display in last
            assert state.quote.as_of.isoformat() in last


@pytest.mark.parametrize("paper", ["a4", "us-letter"])
def test_no_page_holds_a_line_or_two_only(
    studies: dict[str, Study], example: Study, read_pdf: Read, paper: str
) -> None:
    # several categories, a split with its curve, a cascade that self-hosting crosses
    for study in (example, studies["coding_assistant"], studies["content_moderation"]):
        texts = read_pdf(render_pdf(study, TODAY, paper=paper)).split("\f")[:-1]
        assert min(len(text.split()) for text in texts) > 90, study.plan.name


# What it is --------------------------------------------------------------------------------------------------------


def test_the_same_study_gives_the_same_bytes(example: Study, pdf: bytes) -> None:
    assert render_pdf(example, TODAY) == pdf


def test_two_processes_with_other_hash_seeds_give_the_same_bytes() -> None:
    code = (
        "import hashlib; from datetime import date; from planner.domain.plan import load_plan; "
        "from planner.domain.templates import example_plan; from planner.engine.study import study; "
        "from planner.report import FORMATS; found = study(load_plan(example_plan().path), date(2026, 11, 25)); "
        "print([hashlib.sha256(each.download(each.render(found, date(2026, 11, 25)))).hexdigest() for each in FORMATS])"
    )
    running = [
        subprocess.Popen([sys.executable, "-c", code], env={"PYTHONHASHSEED": seed}, stdout=subprocess.PIPE, text=True)
        for seed in ("1", "2")
    ]
    made = {process.communicate(timeout=120)[0] for process in running}
    assert len(made) == 1
    assert len(made.pop()) > 64 * len(FORMATS)


def reader(content: bytes) -> Any:
    return pypdf.PdfReader(io.BytesIO(content))


def test_it_can_be_read_aloud(example: Study, pdf: bytes) -> None:
    found = reader(pdf)
    root = found.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "en"
    assert example.plan.name in found.metadata.title
    kinds = structure(root["/StructTreeRoot"])
    assert kinds["H1"] == len(build_report(example, today=TODAY).pages)
    assert kinds["Table"] >= 8
    assert kinds["TH"] >= 40
    assert kinds["Figure"] >= 4
    assert "pdfuaid:part" in root["/Metadata"].get_data().decode()


def structure(node: Any) -> dict[str, int]:
    """How often each kind of element occurs below one; every figure must have words in its place."""
    counts: dict[str, int] = {}
    todo = [node]
    while todo:
        each = todo.pop().get_object()
        if isinstance(each, list):
            todo += each
        elif isinstance(each, dict):
            kind = str(each.get("/S", ""))[1:]
            counts[kind] = counts.get(kind, 0) + 1
            if kind == "Figure":
                assert len(str(each.get("/Alt", ""))) > 20
            todo += [each["/K"]] if "/K" in each and not isinstance(each["/K"], int) else []
    return counts


def test_fonts_are_inside_and_charts_are_no_pictures(pdf: bytes) -> None:
    fonts = set()
    for page in reader(pdf).pages:
        resources = page["/Resources"]
        for font in resources.get("/Font", {}).values():
            below = font.get_object()["/DescendantFonts"][0].get_object()
            fonts.add(str(below["/BaseFont"]))
            assert {"/FontFile2", "/FontFile3"} & set(below["/FontDescriptor"].get_object())
        for item in resources.get("/XObject", {}).values():
            assert item.get_object()["/Subtype"] != "/Image"
    assert fonts
    assert all("SourceSans3" in name.replace("-", "") for name in fonts)


def test_paper_is_a4_or_letter(example: Study, pdf: bytes) -> None:
    assert [round(float(side)) for side in reader(pdf).pages[0].mediabox[2:]] == [595, 842]
    letter = reader(render_pdf(example, TODAY, paper="us-letter"))
    assert [round(float(side)) for side in letter.pages[0].mediabox[2:]] == [612, 792]
    with pytest.raises(ValueError, match="a4, us-letter"):
        render_pdf(example, TODAY, paper="a3")


def test_it_is_below_a_megabyte(pdf: bytes) -> None:
    assert len(pdf) < 1_000_000


def test_the_day_that_it_bears_is_the_one_given(example: Study, read_pdf: Read) -> None:
    page = words(read_pdf(render_pdf(example, date(2027, 3, 31))).split("\f")[0])
    assert "31 Mar 2027" in page
    assert "from 1 Apr 2027" in page
    assert "15 Jun 2027" in page  # the 15th of the third month after March


# What it bears -----------------------------------------------------------------------------------------------------

HOSTILE = [
    '#read("/etc/passwd") $x$ *b* _i_ `c` [d] @e <f>',
    "<script>alert(1)</script> & \"quoted\" 'so'",
    "#set page(width: 1pt); #panic()",
    "=HYPERLINK(1) {{ 7 * 7 }} \\u{41} // no comment",
]


def test_markup_in_names_is_printed_as_it_is_written(read_pdf: Read) -> None:
    study = study_of([category(name) for name in HOSTILE], name=HOSTILE[0])
    content = render_pdf(study, TODAY)
    text = words(read_pdf(content))
    for name in HOSTILE:
        assert words(name) in text
    assert "root:" not in text
    assert "pdfuaid:part" in reader(content).trailer["/Root"]["/Metadata"].get_data().decode()


def test_chinese_and_japanese_are_printed_and_other_scripts_leave_a_box_each(read_pdf: Read) -> None:
    study = study_of([category("客服 カテゴリー Ελληνικά Кириллица"), category("한국 \U0001f600 שלום")], name="客服")
    content = render_pdf(study, TODAY)
    text = words(read_pdf(content))
    assert "客服 カテゴリー Ελληνικά Кириллица" in text
    assert "□□ □ □□□□" in text
    assert "pdfuaid:part" in reader(content).trailer["/Root"]["/Metadata"].get_data().decode()


def test_a_character_that_slips_through_costs_the_standard_and_not_the_report(read_pdf: Read) -> None:
    # a headline's value is the planner's own text and goes in unchecked
    page = Page("Memo", "Title", (Bold("Lead"),), (Headlines((Headline("Label", "\U0001f600", "", "below"),)),))
    content = render_report(Report("Title", "Plan", ("stamp",), (page,)))
    assert "Lead" in read_pdf(content)
    assert "pdfuaid:part" not in reader(content).trailer["/Root"]["/Metadata"].get_data().decode()


def test_a_name_of_200_letters_without_a_space_stays_on_the_page_in_full(read_pdf: Read) -> None:
    long = "x" * 99 + "Y" + "z" * 99
    text = read_pdf(render_pdf(study_of([category(long), category("Other")]), TODAY))
    assert long in "".join(text.split())


def test_a_plan_without_categories_says_so(read_pdf: Read) -> None:
    text = words(read_pdf(render_pdf(study_of([]), TODAY)))
    assert "No traffic yet" in text
    assert not re.search(r"\bnan\b|\bNone is\b|\binf\b", text)


def test_no_traffic_is_no_division_by_zero(read_pdf: Read) -> None:
    text = words(read_pdf(render_pdf(study_of([category("Idle", requests_per_month=0)]), TODAY)))
    assert "No traffic yet" in text
    assert "Idle" in text
    assert "nan" not in text


def test_sixty_categories_are_all_there_and_the_header_returns_on_every_page(read_pdf: Read) -> None:
    study = study_of([category(f"Kind {i:02d}", requests_per_month=1000 + i) for i in range(60)])
    content = render_pdf(study, TODAY)
    pages = [words(page) for page in read_pdf(content).split("\f")[:-1]]
    text = " ".join(pages)
    assert [i for i in range(60) if f"Kind {i:02d} {1000 + i:,}" not in text] == []
    assert all("Category" in page for page in pages if "Kind 30" in page)
    assert len(content) < 1_000_000
    assert len(pages) < 20


def test_limits_that_are_not_kept_stand_beside_the_ask(read_pdf: Read) -> None:
    # 4M requests of 1,000 tokens in and 100 out cost Haiku $6,000 a month; both models come from one seller
    study = study_of(
        [category("Letters", requests_per_month=4_000_000, error_cost="low")],
        limits={"monthly_budget_usd": 100, "min_vendors": 2},
    )
    memo = words(read_pdf(render_pdf(study, TODAY)).split("\f")[0])
    assert "above the budget of $100" in memo
    assert "does not keep the plan’s limit of at least 2 sellers" in memo


def test_what_cannot_be_run_is_named_with_its_reason_and_without_a_price(read_pdf: Read) -> None:
    study = study_of([category("Patient letters", in_house_only=True)])
    text = words(read_pdf(render_pdf(study, TODAY)))
    assert "Patient letters must stay in house" in text
    assert "Approve" not in text


def test_an_option_that_cannot_run_stands_apart_from_those_that_can(read_pdf: Read) -> None:
    # Haiku takes 200,000 tokens of prompt, Gemini 3.5 Flash a million
    study = study_of(
        [category("Books", input_tokens_per_request=300_000, max_prompt_tokens=400_000)],
        scenarios=[
            {"name": "Haiku alone", "strategy": {"kind": "single", "model": "claude-haiku-4-5"}},
            {"name": "Flash alone", "strategy": {"kind": "single", "model": "google/gemini-3.5-flash"}},
        ],
    )
    text = words(read_pdf(render_pdf(study, TODAY)))
    assert "cannot run" in text
    assert "One option left out" in text or "1 option left out" in text
    assert "Books has prompts of 400,000 tokens" in text
