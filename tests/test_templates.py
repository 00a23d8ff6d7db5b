"""The plans to start from: complete, commented, and of the sizes that their comments claim."""

from __future__ import annotations

from datetime import date

import pytest

from planner.domain.assumptions import load_register
from planner.domain.matrix import Position, load_matrix
from planner.domain.plan import Plan, parse_plan
from planner.domain.quantities import Range, likely
from planner.domain.strategies import endpoints_of
from planner.domain.templates import TEMPLATES, TEMPLATES_FOLDER, Template, example_plan, find_template, list_templates
from planner.domain.workload import volume_of
from pricing.catalog import load_catalog
from pricing.documents import parse_document
from pricing.errors import InputError

EVERY = [*list_templates(), example_plan()]
FIRST_DAY = date(2026, 11, 25)


def plan_of(template: Template) -> Plan:
    return parse_plan(template.text, template.path.name)


@pytest.fixture(params=EVERY, ids=lambda template: template.slug)
def template(request: pytest.FixtureRequest) -> Template:
    found: Template = request.param
    return found


def test_there_is_one_file_for_each_name_and_no_other() -> None:
    assert {path.stem for path in TEMPLATES_FOLDER.glob("*.yaml")} == {*TEMPLATES, "example"}
    assert len(TEMPLATES) == 10


def test_a_template_says_in_its_first_line_what_it_is(template: Template) -> None:
    assert template.text.startswith(f"# {template.summary}\n")
    assert 20 < len(template.summary) < 110
    assert template.title == parse_document(template.text, template.slug)["name"]


def test_a_template_is_a_plan_that_says_everything_itself(template: Template) -> None:
    plan = plan_of(template)
    assert plan.price_date is None
    assert plan.baseline == plan.scenarios[0].name
    assert 4 <= len(plan.scenarios) <= 6
    assert isinstance(plan.monthly_growth, Range)
    for category in plan.workload.categories:
        assert isinstance(category.requests_per_month, Range)
        assert category.error_cost is not None
        assert category.complex_share is not None
        assert "latency" in category.model_fields_set
        assert category.task != "other"


@pytest.mark.parametrize(
    ("slug", "requests", "tokens_in", "tokens_out", "cached", "complex_share", "error_cost"),
    [
        ("support_bot", 150_000, 2_000, 400, 0.50, 0.20, "low"),
        ("ticket_triage", 200_000, 600, 20, 0.60, 0.05, "low"),
        ("document_extraction", 60_000, 3_000, 400, 0.10, 0.10, "medium"),
        ("content_moderation", 2_000_000, 500, 20, 0.40, 0.05, "medium"),
        ("rag_search", 100_000, 6_000, 400, 0.20, 0.30, "medium"),
        ("coding_assistant", 80_000, 14_000, 1_200, 0.85, 0.40, "medium"),
        ("contract_review", 2_000, 37_500, 2_500, 0.10, 0.75, "high"),
        ("summaries", 50_000, 2_500, 400, 0.10, 0.20, "low"),
        ("marketing_copy", 5_000, 1_200, 900, 0.30, 0.60, "medium"),
        ("research_agent", 3_000, 60_000, 4_000, 0.80, 0.90, "high"),
    ],
)
def test_a_template_has_the_sizes_of_its_kind_of_work(
    slug: str, requests: float, tokens_in: float, tokens_out: float, cached: float, complex_share: float,
    error_cost: str,
) -> None:
    (category,) = plan_of(find_template(slug)).workload.categories
    assert volume_of(category) == (requests, tokens_in, tokens_out)
    assert likely(category.cached_input_share) == cached
    assert category.complex_share == complex_share
    assert category.error_cost == error_cost


def test_a_template_compares_the_six_ways_to_run_the_work() -> None:
    for template in list_templates():
        plan = plan_of(template)
        kinds = [scenario.strategy.kind for scenario in plan.scenarios]
        assert kinds == ["single", "single", "split", "cascade", "single", "single"], template.slug
        flagship, small, hybrid, cascade, hosted, own = (endpoints_of(scenario.strategy) for scenario in plan.scenarios)
        assert hybrid == (*small, *flagship)
        assert cascade == (*small, *flagship)
        assert "/" in hosted[0]
        assert plan.endpoints[own[0]].kind == "self_hosted"


def test_every_model_of_a_template_is_on_sale_and_stays_so_to_its_horizon(template: Template) -> None:
    catalog, plan = load_catalog(), plan_of(template)
    last_day = date(FIRST_DAY.year + plan.horizon_months // 12, FIRST_DAY.month, FIRST_DAY.day)
    assert plan.horizon_months == 24
    for name in {name for scenario in plan.scenarios for name in endpoints_of(scenario.strategy)} - set(plan.endpoints):
        model = catalog.models[catalog.resolve(name).model]
        assert model.released is None or model.released <= FIRST_DAY, name
        assert model.retires_on is None or model.retires_on > last_day, name


def test_an_own_endpoint_holds_eight_of_the_longest_prompts_it_gets(template: Template) -> None:
    # Llama 3.3 70B: weights in FP8 70.6 GB; 2 x 80 layers x 8 heads x 128 x 2 bytes = 327,680 bytes per token of a
    # request in flight; of each GPU 90 % less 3.5 GB is usable: 2 H100 hold 137 GB, 2 H200 hold 246.8 GB
    plan, value = plan_of(template), load_register().value
    own = plan.endpoints["our-llama"]
    assert own.kind == "self_hosted"
    vram_gb = {"H100 SXM": 80, "H200": 141}[own.gpu]
    usable_gb = 2 * (vram_gb * value("gpu_memory_utilization") - value("memory_reserve_gb_per_gpu"))
    scenario = plan.scenarios[-1].strategy
    for category in plan.workload.categories:
        elsewhere = scenario.kind == "allocation" and category.name in scenario.by_category
        if not elsewhere:
            assert category.max_prompt_tokens is not None
            held = likely(category.max_prompt_tokens) + volume_of(category)[2]
            assert 70.6 + value("kv_sequences") * held * 327_680 / 1e9 <= usable_gb, category.name


def test_the_example_opens_with_four_kinds_of_work_and_error_rates_of_three_origins() -> None:
    plan = plan_of(example_plan())
    assert plan.name == "Support desk 2026"
    assert [category.name for category in plan.workload.categories] == [
        "Support bot", "Ticket triage", "Document extraction", "Contract review",
    ]
    # 150,000 + 200,000 + 60,000 + 2,000
    assert plan.workload.requests_per_month == 412_000
    entered = {category.name for category in plan.workload.categories if category.error_rates}
    assert entered == {"Support bot", "Document extraction", "Contract review"}
    (measured,) = plan.evaluations
    assert measured.category == "Ticket triage"
    (pair,) = measured.pairs
    # the joint counts add up to the single ones: 383 + 5 = 388 right by the small model, 383 + 8 = 391 by the large one
    assert (pair.n11 + pair.n10, pair.n11 + pair.n01, pair.total) == (388, 391, 400)


def test_the_matrix_has_a_verdict_on_every_category_of_every_template(template: Template) -> None:
    value = load_register().value
    for category in plan_of(template).workload.categories:
        requests, tokens_in, tokens_out = volume_of(category)
        verdict = load_matrix().verdict(
            Position(
                task=category.task, tokens_per_month=requests * (tokens_in + tokens_out),
                complex_share=likely(category.complex_share or 0.0),
                error_cost_usd=value(f"error_cost_usd_{category.error_cost}"), latency=category.latency,
                max_prompt_tokens=likely(category.max_prompt_tokens or 0.0),
            )
        )
        assert verdict.rules
        assert verdict.unmet == ()


def test_a_template_that_does_not_exist_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(InputError, match='Did you mean "ticket_triage"'):
        find_template("ticket_traige")
    assert find_template("Support Bot") is find_template("support-bot")
