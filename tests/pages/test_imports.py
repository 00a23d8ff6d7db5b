"""The two import drawers: a file becomes part of the plan, which can be taken back, or is refused with its place."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.pages.conftest import Bench

TABLE = b"""date,model,requests,input_tokens,output_tokens,project
2026-10-01,gpt-5-mini,100,200000,30000,Support bot
2026-10-02,gpt-5-mini,300,600000,90000,Support bot
2026-10-01,claude-opus-4-5,20,80000,4000,Contracts
"""
"""Two days: 400 requests of Support bot with 2,000 tokens in and 300 out each, 20 of Contracts with 4,000 and 200."""

EVALUATION = b"""id,claude-haiku-4-5_correct,claude-opus-4-5_correct
1,1,1
2,0,1
3,1,1
4,0,0
"""
"""Of 4 requests Haiku errs on two and Opus on one: 50 % and 25 % wrong."""


@pytest.fixture
def bench(visit: Callable[..., Bench]) -> Bench:
    """The example plan on the Workload page: Support bot, Ticket triage, Document extraction, Contract review."""
    opened = visit("example")
    opened.go("workload.py")
    return opened


def upload(bench: Bench, drawer: str, *files: tuple[str, bytes]) -> None:
    """Open a drawer and choose files in it."""
    if not bench.app.file_uploader:
        bench.click(f"import_{drawer}_open")
    chosen = [(name, content, "text/csv") for name, content in files]
    bench.app.file_uploader(key=f"{drawer}_files" if drawer == "usage" else "evals_file").set_value(
        chosen if drawer == "usage" else chosen[0])
    bench.app.run()


def names(bench: Bench) -> list[str]:
    return [category.name for category in bench.plan.workload.categories]


def said(bench: Bench) -> str:
    """Everything on the page, as a reader sees it."""
    shown = (*bench.app.markdown, *bench.app.error, *bench.app.warning, *bench.app.info)
    tables = " ".join(each.value.to_string() for each in bench.app.table)
    return (" ".join(str(each.value) for each in shown) + tables).replace("\\", "")


def offers(bench: Bench, key: str) -> bool:
    return any(each.key == key for each in bench.app.button)


# Usage -------------------------------------------------------------------------------------------------------------


def test_usage_replaces_the_workload_and_is_taken_back(bench: Bench) -> None:
    before = bench.plan
    upload(bench, "usage", ("usage.csv", TABLE))
    assert bench.complaints() == []
    assert bench.plan == before  # nothing happens before Apply
    bench.click("usage_apply")
    assert names(bench) == ["Support bot", "Contracts"]
    # 400 requests in 2 days, in a mean month of 365/12 days: 400 / 2 * 30.41667 = 6,083.33
    support = bench.plan.workload.categories[0]
    assert support.requests_per_month == pytest.approx(6_083.33, rel=1e-5)
    assert (support.input_tokens_per_request, support.output_tokens_per_request) == (2_000.0, 300.0)
    assert bench.plan.baseline == "Today"
    assert bench.plan.scenario("Today").strategy.by_category["Contracts"].model == "claude-opus-4-5"
    assert not bench.app.file_uploader  # the drawer is closed
    assert bench.complaints() == []
    assert any("Imported usage as 2 categories" in each.value for each in bench.app.toast)
    bench.click("undo")
    assert bench.plan == before


def test_a_category_of_the_same_name_keeps_what_no_export_tells(bench: Bench) -> None:
    old = bench.plan.workload.categories[0]
    upload(bench, "usage", ("usage.csv", TABLE))
    bench.click("usage_apply")
    new = bench.plan.workload.categories[0]
    kept = ("task", "complexity", "complex_share", "error_cost", "error_cost_usd", "latency", "in_house_only", "review")
    assert {name: getattr(new, name) for name in kept} == {name: getattr(old, name) for name in kept}


def test_usage_is_added_beside_the_workload_under_free_names(bench: Bench) -> None:
    before = bench.plan
    upload(bench, "usage", ("usage.csv", TABLE))
    bench.app.radio(key="usage_mode").set_value("add").run()
    bench.click("usage_apply")
    assert names(bench) == [each.name for each in before.workload.categories] + ["Support bot 2", "Contracts"]
    assert bench.plan.scenarios == before.scenarios
    assert bench.plan.baseline == before.baseline


def test_usage_can_be_grouped_by_model_and_without_todays_scenario(bench: Bench) -> None:
    before = bench.plan
    upload(bench, "usage", ("usage.csv", TABLE))
    assert bench.app.selectbox(key="usage_grouping").options == ["As the export groups it", "Project", "Model"]
    bench.app.selectbox(key="usage_grouping").set_value("model").run()
    bench.app.checkbox(key="usage_today").uncheck().run()
    bench.click("usage_apply")
    assert names(bench) == ["gpt-5-mini", "claude-opus-4-5"]
    assert bench.plan.baseline == before.baseline
    assert [each.name for each in bench.plan.scenarios] == [each.name for each in before.scenarios]


def test_what_the_file_told_is_from_a_file_and_the_rest_is_a_default(bench: Bench) -> None:
    upload(bench, "usage", ("usage.csv", TABLE))
    bench.click("usage_apply")
    grid = bench.app.session_state["grid"]["frame"]
    assert list(grid["origin"])[1] == "File"
    # Contracts: requests, tokens in and tokens out are told, six other values are not; Support bot's six stay its own
    counted = next(each.value for each in bench.app.table if "Values" in each.value.columns)
    assert dict(zip(counted["Origin"], counted["Values"], strict=True)) == {
        "From a template": 6, "From a file": 6, "Entered by you": 0, "Defaults": 6}


def test_several_files_are_read_together_and_each_is_named(bench: Bench, repository: Path) -> None:
    samples = repository / "tests" / "ingest" / "samples"
    files = ("openrouter_activity.csv", "litellm_spend_logs.csv")
    upload(bench, "usage", *((name, (samples / name).read_bytes()) for name in files))
    assert bench.complaints() == []
    text = said(bench)
    assert "openrouter_activity.csv" in text
    # OpenRouter tells 12 to 16 October, LiteLLM 15 to 20 October: the 15th and 16th must not count twice
    assert "tells the same traffic as openrouter_generations_csv on 2 days" in text
    bench.click("usage_apply")
    assert "RAG search" in names(bench)


def test_columns_of_an_unknown_header_are_asked_for(bench: Bench) -> None:
    upload(bench, "usage", ("own.csv", b"Tag,Engine,Hin,Her\n2026-10-01,gpt-5-mini,1000,200\n"))
    assert not offers(bench, "usage_apply")
    for field, column in (("time", "Tag"), ("model", "Engine"), ("input_tokens", "Hin"), ("output_tokens", "Her")):
        bench.app.selectbox(key=f"usage_map_{field}").set_value(column).run()
    assert bench.complaints() == []
    bench.click("usage_apply")
    # 1,000 tokens in one day: 1,000 * 365 / 12 = 30,416.7 a month
    assert bench.plan.workload.categories[0].monthly_input_tokens == pytest.approx(30_416.7)


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("archive.csv", b"PK\x03\x04" + bytes(500), "archive.csv: a ZIP or spreadsheet file"),
        ("page.csv", b"<html><script>alert(1)</script></html>", "page.csv: a web page"),
        ("deep.json", b"[" * 100_000, "deep.json"),
        ("nul.csv", b"date,model\n\x00,\x00\n", "nul.csv: a NUL character"),
        ("empty.csv", b"", "empty.csv: an empty file"),
        ("usage.csv", TABLE.replace(b"300,600000", b"300,many"), 'row 3 > input_tokens: "many" is not'),
        ("costs.csv", b"a,b\n1,2\n", "costs.csv > row 1: this header"),
    ],
)
def test_a_file_that_is_no_export_is_refused_with_its_place(bench: Bench, name: str, content: bytes, expected: str
                                                           ) -> None:
    before = bench.plan
    upload(bench, "usage", (name, content))
    assert expected in " ".join(bench.complaints()).replace("\\", "")
    assert not offers(bench, "usage_apply")
    assert bench.plan == before
    assert len(bench.app.exception) == 0


def test_names_in_a_file_are_text(bench: Bench) -> None:
    upload(bench, "usage", ("usage.csv", TABLE.replace(b"Contracts", b":red[**x**]")))
    shown = [str(cell) for each in bench.app.table for cell in each.value.to_numpy().ravel()]
    assert [cell for cell in shown if ":red[" in cell] == []
    assert r"\:red\[\*\*x\*\*\]" in shown
    bench.click("usage_apply")
    assert names(bench)[1] == ":red[**x**]"
    assert bench.complaints() == []


def test_what_was_read_is_forgotten_once_the_drawer_closes(bench: Bench) -> None:
    upload(bench, "usage", ("usage.csv", TABLE))
    assert "usage_kept" in bench.app.session_state
    bench.click("usage_apply")
    assert "usage_kept" not in bench.app.session_state


# Evaluations -------------------------------------------------------------------------------------------------------


def test_an_evaluation_becomes_measured_results_and_is_taken_back(bench: Bench) -> None:
    before = bench.plan
    upload(bench, "evals", ("evals.csv", EVALUATION))
    assert bench.complaints() == []
    text = said(bench)
    assert "50 %" in text
    assert "25 %" in text
    assert "claude-haiku-4-5 in place of claude-opus-4-5: undecided" in text
    bench.app.selectbox(key="evals_category").set_value(3).run()
    bench.click("evals_apply")
    measured = next(each for each in bench.plan.evaluations if each.category == "Contract review")
    counted = {name: (each.n, each.correct) for name, each in measured.models.items()}
    assert counted == {"claude-haiku-4-5": (4, 2), "claude-opus-4-5": (4, 3)}
    # both right on 1 and 3, Opus alone on 2, neither on 4
    pair = measured.pairs[0]
    assert (pair.small, pair.n11, pair.n10, pair.n01, pair.n00) == ("claude-haiku-4-5", 2, 0, 1, 1)
    assert not bench.app.file_uploader
    assert any("Imported an evaluation" in each.value for each in bench.app.toast)
    bench.click("undo")
    assert bench.plan == before


def test_an_evaluation_by_category_goes_where_the_file_says(bench: Bench) -> None:
    lines = EVALUATION.decode().splitlines()
    rows = [f"{line},{name}" for line, name in zip(lines[1:], ["Support bot"] * 2 + ["Contract review"] * 2,
                                                   strict=True)]
    upload(bench, "evals", ("evals.csv", "\n".join([f"{lines[0]},category", *rows]).encode()))
    bench.click("evals_apply")
    found = {each.category: each.models["claude-opus-4-5"] for each in bench.plan.evaluations
             if each.category in ("Support bot", "Contract review")}
    assert {name: (each.n, each.correct) for name, each in found.items()} == {
        "Support bot": (2, 2), "Contract review": (2, 1)}


def test_an_unknown_model_is_left_out_until_it_is_named(bench: Bench) -> None:
    upload(bench, "evals", ("evals.csv", EVALUATION.replace(b"claude-haiku-4-5", b"small-one")))
    assert "not in the price list" in said(bench)
    bench.app.selectbox(key="evals_name_0").set_value("claude-haiku-4-5").run()
    bench.click("evals_apply")
    measured = next(each for each in bench.plan.evaluations if each.category == "Support bot")
    assert measured.models["claude-haiku-4-5"].correct == 2


def test_a_file_of_unknown_models_alone_cannot_be_applied(bench: Bench) -> None:
    upload(bench, "evals", ("evals.csv", b"id,nobody_correct\n1,1\n2,0\n"))
    assert "nobody is not in the price list or the plan" in " ".join(bench.complaints()).replace("\\", "")
    assert not offers(bench, "evals_apply")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (EVALUATION.replace(b"2,0,1", b"2,maybe,1"), 'row 3 > claude-haiku-4-5_correct: "maybe" is not right or wrong'),
        (EVALUATION.replace(b"2,0,1", b"2,0"), "row 3: 2 cells is not as wide as the header"),
        (TABLE, "is not an evaluation file"),
        (b"id,a_correct\n1,\xff\n", "row 2: a byte that is not UTF-8"),
        (b",,\n,,\n", "a file of empty cells"),
        (b"", "an empty file"),
        (b"id," + b",".join(b"m%d_correct" % at for at in range(25)) + b"\n" + b"1," + b",".join([b"1"] * 25) + b"\n",
         "a file of 25 models"),
        (b"id,claude-haiku-4-5_score\n1,40\n", "set below from which score"),
    ],
)
def test_a_file_that_is_no_evaluation_is_refused_with_its_place(bench: Bench, content: bytes, expected: str) -> None:
    before = bench.plan
    upload(bench, "evals", ("evals.csv", content))
    text = " ".join(bench.complaints()).replace("\\", "")
    assert expected in text
    assert "--" not in text  # nobody here sees a command line
    assert not offers(bench, "evals_apply")
    assert bench.plan == before


def test_a_score_counts_from_the_threshold_that_is_given(bench: Bench) -> None:
    upload(bench, "evals", ("evals.csv", b"id,claude-haiku-4-5_score\n1,40\n2,80\n3,90\n"))
    bench.app.number_input(key="evals_threshold").set_value(75.0).run()
    bench.click("evals_apply")
    measured = next(each for each in bench.plan.evaluations if each.category == "Support bot")
    assert (measured.models["claude-haiku-4-5"].n, measured.models["claude-haiku-4-5"].correct) == (3, 2)
