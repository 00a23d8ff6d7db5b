"""Every template on every page: figures, and nothing that reads as a failure."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from planner.domain.plan import Plan, build_plan, dump_plan, parse_plan, plan_document
from planner.domain.templates import TEMPLATES, find_template
from tests.pages.conftest import FILES, Bench

QUESTIONS = {
    "overview.py": "What should we run, and what will it cost?", "workload.py": "What do we ask the models to do?",
    "models.py": "What can we choose from?", "compare.py": "Which strategy?",
    "break_even.py": "When does self-hosting pay?", "forecast.py": "What if we are wrong?",
    "export.py": "How do I hand this over?",
    "method.py": "How is it computed?",
}
HOSTILE = (
    "**bold** _it_ `code` # [link](http://x) :red[x]", "<script>alert(1)</script><b>x</b>", "$E=mc^2$ costs $5",
    "x" * 200, "🧾 عقود مراجعة عقد", "=HYPERLINK(\"x\") %{x} {{y}} :material/delete:",
)


def with_plan(**changes: object) -> Plan:
    """The example plan with other top-level entries."""
    return build_plan({**plan_document(parse_plan(find_template("example").text)), **changes})


@pytest.mark.parametrize("slug", ["example", *TEMPLATES])
def test_every_page_shows_every_template(visit: Callable[..., Bench], slug: str) -> None:
    bench = visit(slug)
    for file in FILES:
        app = bench.go(file)
        assert bench.complaints() == [], file
        assert app.title[0].value == QUESTIONS[file]


def test_names_are_text_on_every_page(visit: Callable[..., Bench]) -> None:
    # Six categories and six scenarios whose names are markup: none may change what a page says or break it.
    document = plan_document(parse_plan(find_template("example").text))
    first = document["workload"]["categories"][1]
    document["workload"]["categories"] = [{**first, "name": name} for name in HOSTILE]
    document["evaluations"] = []
    document["scenarios"] = [
        {"name": name, "strategy": {"kind": "single", "model": model}}
        for name, model in zip(HOSTILE, ["claude-opus-4-5", "claude-haiku-4-5", "our-llama"] * 2, strict=True)
    ]
    document["baseline"], document["name"] = HOSTILE[0], HOSTILE[1]
    bench = visit(build_plan(document))
    for file in FILES:
        app = bench.go(file)
        assert bench.complaints() == [], file
        said = [each.value for each in app.markdown]
        assert not [text for text in said if "<script>" in text.replace("\\<", "").replace("\\>", "")]
        assert not [text for text in said if ":red[x]" in text]


@pytest.mark.parametrize(
    "changes",
    [
        {"workload": {"categories": []}, "scenarios": [], "baseline": None},
        {"scenarios": [], "baseline": None},
        {"workload": {"categories": []}, "evaluations": [],
         "scenarios": [{"name": "Haiku", "strategy": {"kind": "single", "model": "claude-haiku-4-5"}}],
         "baseline": "Haiku"},
    ],
    ids=["nothing at all", "no scenario", "no work"],
)
def test_an_empty_plan_is_never_a_blank_page(visit: Callable[..., Bench], changes: dict[str, object]) -> None:
    bench = visit(with_plan(**changes, **({} if "evaluations" in changes else {"evaluations": []})))
    for file in FILES:
        app = bench.go(file)
        assert bench.complaints() == [], file
        assert [each for each in app.markdown if len(each.value) > 20], file


def test_zero_volume_costs_nothing_and_divides_by_nothing(visit: Callable[..., Bench]) -> None:
    document = plan_document(parse_plan(find_template("example").text))
    for category in document["workload"]["categories"]:
        category["requests_per_month"] = 0.0
    bench = visit(build_plan(document))
    for file in FILES:
        bench.go(file)
        assert bench.complaints() == [], file
    app = bench.go("overview.py")
    values = {metric.label: metric.value for metric in app.metric}
    assert values["With errors"].startswith("$")
    assert "nan" not in " ".join([*values.values(), *(each.value for each in app.markdown)]).casefold()


def test_sixty_categories_fit(visit: Callable[..., Bench]) -> None:
    document = plan_document(parse_plan(find_template("example").text))
    first = document["workload"]["categories"][0]
    document["workload"]["categories"] = [{**first, "name": f"Feature {number}"} for number in range(60)]
    document["evaluations"] = []
    document["scenarios"] = [each for each in document["scenarios"] if each["strategy"]["kind"] != "allocation"]
    document["limits"] = {}
    bench = visit(build_plan(document))
    for file in FILES:
        bench.go(file)
        assert bench.complaints() == [], file


def test_scenarios_that_cannot_be_run_say_why(visit: Callable[..., Bench]) -> None:
    # claude-opus-4-1 was retired before 25 Nov 2026; contracts of 37,500 tokens in house leave no API at all.
    document = plan_document(parse_plan(find_template("example").text))
    document["price_date"] = "2026-11-25"
    document["scenarios"].append({"name": "Old Opus", "strategy": {"kind": "single", "model": "claude-opus-4-1"}})
    document["workload"]["categories"][3]["in_house_only"] = True
    bench = visit(build_plan(document))
    for file in FILES:
        bench.go(file)
        if file != "break_even.py":
            assert [words for words in bench.complaints() if "our fault" in words] == [], file
    app = bench.go("compare.py")
    rows = app.dataframe[0].value
    old = rows[rows["Scenario"] == "Old Opus"].iloc[0]
    assert "etired" in old["What it does"] or "in house" in old["What it does"]
    assert old["Total"] != old["Total"]  # unknown, not 0


def test_a_plan_that_went_through_the_pages_is_unchanged(visit: Callable[..., Bench]) -> None:
    bench = visit("example")
    before = dump_plan(bench.plan)
    for file in FILES:
        bench.go(file)
    assert dump_plan(bench.plan) == before


def test_an_own_model_that_no_scenario_names_may_win(visit: Callable[..., Bench]) -> None:
    # At $0.0001 per 1M tokens and as able as Opus it is the answer everywhere.
    document = plan_document(parse_plan(find_template("example").text))
    document["endpoints"]["our-tuned"] = {
        "kind": "custom", "input_usd_per_mtok": 0.0001, "output_usd_per_mtok": 0.0001,
        "ability_like": "claude-opus-4-5",
    }
    bench = visit(build_plan(document))
    for file in FILES:
        app = bench.go(file)
        assert bench.complaints() == [], file
    app = bench.go("overview.py")
    assert any("our\\-tuned" in each.value for each in app.markdown)
